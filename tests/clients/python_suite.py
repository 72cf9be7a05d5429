#!/usr/bin/env python3
"""Walk every call of issue 3's API through the official Python client, first the synchronous one, then the asynchronous one.

python_suite.py --url http://127.0.0.1:9999 --anon-key KEY --service-key KEY. One suite serves both clients: what a call returns is
awaited where it can be. Ends with 'N passed, N failed'.
"""
import argparse, asyncio, base64, hashlib, hmac, inspect, struct, sys, time, traceback, uuid
import httpx
from supabase import acreate_client, create_client
from supabase_auth.errors import AuthApiError, AuthSessionMissingError, AuthWeakPasswordError

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--url", required=True); p.add_argument("--anon-key", required=True); p.add_argument("--service-key", required=True); p.add_argument("-v", action="store_true")
a = p.parse_args()
PW = "correct horse battery staple"
passed = failed = 0


def totp(secret, step_offset=0):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time() // 30) + step_offset), hashlib.sha1).digest()
    start = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[start:start + 4])[0] & 0x7FFFFFFF) % 1000000)


def address():
    return "py-%s@example.com" % uuid.uuid4().hex[:12]


async def got(value):
    return await value if inspect.isawaitable(value) else value


async def refused(call, code, kind=AuthApiError, status=None):
    """The call raises the client's error with this code."""
    try:
        result = await got(call())
    except kind as e:
        assert getattr(e, "code", None) == code, "wanted code %s, got %s %s" % (code, getattr(e, "code", None), e)
        assert status is None or e.status == status, (status, e.status)
        return e
    raise AssertionError("wanted %s, got %r" % (code, result))


async def fresh(make):
    """A client whose user has just signed up."""
    c = await got(make(a.anon_key))
    email = address()
    r = await got(c.auth.sign_up({"email": email, "password": PW}))
    assert r.session and r.user.email == email, r
    return c, email, r


async def raised(make):
    """A client at aal2; also the factor and its secret. The next step's code is still free."""
    c, email, r = await fresh(make)
    e = await got(c.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "phone app"}))
    while time.time() % 30 > 26:
        time.sleep(0.3)
    await got(c.auth.mfa.challenge_and_verify({"factor_id": e.id, "code": totp(e.totp.secret)}))
    return c, email, e


async def sign_up_and_in(make):
    c, email, r = await fresh(make)
    assert r.session.token_type == "bearer" and r.session.expires_in == 3600 and r.user.aud == "authenticated" and r.user.role == "authenticated", r
    assert r.user.identities and r.user.identities[0].provider == "email" and r.user.email_confirmed_at, r.user
    other = await got(make(a.anon_key))
    s = await got(other.auth.sign_in_with_password({"email": email, "password": PW}))
    assert s.user.id == r.user.id and s.session.access_token != r.session.access_token
    await refused(lambda: other.auth.sign_in_with_password({"email": email, "password": "wrong"}), "invalid_credentials", status=400)
    await refused(lambda: other.auth.sign_up({"email": email, "password": PW}), "user_already_exists", status=422)


async def metadata(make):
    c = await got(make(a.anon_key))
    r = await got(c.auth.sign_up({"email": address(), "password": PW, "options": {"data": {"nick": "n", "deep": {"x": [1]}}}}))
    assert r.user.user_metadata["nick"] == "n" and r.user.user_metadata["deep"] == {"x": [1]}, r.user.user_metadata
    u = await got(c.auth.update_user({"data": {"nick": None, "more": "ü"}}))
    assert "nick" not in u.user.user_metadata and u.user.user_metadata["more"] == "ü", u.user.user_metadata


async def weak_password(make):
    c = await got(make(a.anon_key))
    try:
        await got(c.auth.sign_up({"email": address(), "password": "abc"}))
        raise AssertionError("a weak password was taken")
    except AuthWeakPasswordError as e:
        assert e.reasons == ["length"], e.reasons


async def anonymous(make):
    c = await got(make(a.anon_key))
    r = await got(c.auth.sign_in_anonymously())
    assert r.user.is_anonymous and r.session, r
    await refused(lambda: c.auth.mfa.enroll({"factor_type": "totp"}), "no_authorization", status=403)


async def user_and_claims(make):
    c, email, r = await fresh(make)
    u = await got(c.auth.get_user())
    assert u.user.id == r.user.id and u.user.email == email
    claims = await got(c.auth.get_claims())
    assert claims["claims"]["sub"] == r.user.id and claims["claims"]["aal"] == "aal1", claims
    await refused(lambda: c.auth.get_user("not.a.jwt"), "bad_jwt", status=403)


async def refresh(make):
    c, email, r = await fresh(make)
    n = await got(c.auth.refresh_session())
    assert n.session.refresh_token != r.session.refresh_token and n.user.id == r.user.id
    other = await got(make(a.anon_key))
    s = await got(other.auth.set_session(n.session.access_token, n.session.refresh_token))
    assert s.user.id == r.user.id
    await refused(lambda: other.auth.refresh_session("not-a-refresh-token"), "validation_failed", status=400)


async def password_change(make):
    c, email, r = await fresh(make)
    await refused(lambda: c.auth.update_user({"password": PW}), "same_password", status=422)
    await got(c.auth.update_user({"password": "another horse altogether"}))
    other = await got(make(a.anon_key))
    await refused(lambda: other.auth.sign_in_with_password({"email": email, "password": PW}), "invalid_credentials")
    await got(other.auth.sign_in_with_password({"email": email, "password": "another horse altogether"}))


async def sign_out(make):
    c, email, r = await fresh(make)
    b, d = await got(make(a.anon_key)), await got(make(a.anon_key))
    for x in (b, d):
        await got(x.auth.sign_in_with_password({"email": email, "password": PW}))
    await got(b.auth.sign_out({"scope": "others"}))
    await refused(lambda: c.auth.get_user(r.session.access_token), "session_not_found", status=403)
    assert (await got(b.auth.get_user())).user.email == email
    await got(b.auth.sign_out({"scope": "local"}))
    assert await got(b.auth.get_session()) is None
    await got(d.auth.sign_in_with_password({"email": email, "password": PW}))
    token = (await got(d.auth.get_session())).access_token
    await got(d.auth.sign_out())
    await refused(lambda: c.auth.get_user(token), "session_not_found", status=403)


async def enroll(make):
    c, email, r = await fresh(make)
    e = await got(c.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "mine", "issuer": "Acme"}))
    assert e.type == "totp" and e.friendly_name == "mine" and len(e.totp.secret) == 32 and e.totp.uri.startswith("otpauth://totp/Acme:"), e
    assert e.totp.qr_code.startswith("data:image/svg+xml;utf-8,<") and "</svg>" in e.totp.qr_code
    bare = await got(c.auth.mfa.enroll({"factor_type": "totp"}))
    assert bare.friendly_name == "", bare
    await refused(lambda: c.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "mine"}), "mfa_factor_name_conflict", status=422)
    factors = await got(c.auth.mfa.list_factors())
    assert len(factors.all) == 2 and factors.totp == [] and {f.status for f in factors.all} == {"unverified"}, factors
    gone = await got(c.auth.mfa.unenroll({"factor_id": bare.id}))
    assert gone.id == bare.id
    await refused(lambda: c.auth.mfa.unenroll({"factor_id": bare.id}), "mfa_factor_not_found", status=404)


async def verify(make):
    c, email, r = await fresh(make)
    level = await got(c.auth.mfa.get_authenticator_assurance_level())
    assert (level.current_level, level.next_level) == ("aal1", "aal1"), level
    e = await got(c.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "f"}))
    ch = await got(c.auth.mfa.challenge({"factor_id": e.id}))
    assert isinstance(ch.expires_at, int) and 290 <= ch.expires_at - time.time() <= 301, ch
    while time.time() % 30 > 26:
        time.sleep(0.3)
    wrong = next(x for x in ("000000", "111111", "222222", "333333") if x not in {totp(e.totp.secret, o) for o in (-1, 0, 1)})
    await refused(lambda: c.auth.mfa.verify({"factor_id": e.id, "challenge_id": ch.id, "code": wrong}), "mfa_verification_failed", status=422)
    code = totp(e.totp.secret)
    v = await got(c.auth.mfa.verify({"factor_id": e.id, "challenge_id": ch.id, "code": code}))
    assert v.user.factors[0].status == "verified" and v.access_token and v.refresh_token and v.expires_in == 3600, v
    level = await got(c.auth.mfa.get_authenticator_assurance_level())
    assert (level.current_level, level.next_level) == ("aal2", "aal2"), level
    assert sorted(m.method for m in level.current_authentication_methods) == ["password", "totp"], level
    await refused(lambda: c.auth.mfa.challenge_and_verify({"factor_id": e.id, "code": code}), "mfa_verification_failed", status=422)
    factors = await got(c.auth.mfa.list_factors())
    assert [f.id for f in factors.totp] == [e.id], factors
    low = await got(make(a.anon_key))
    await got(low.auth.sign_in_with_password({"email": email, "password": PW}))
    level = await got(low.auth.mfa.get_authenticator_assurance_level())
    assert (level.current_level, level.next_level) == ("aal1", "aal2"), level
    await refused(lambda: low.auth.mfa.unenroll({"factor_id": e.id}), "insufficient_aal", status=422)
    await refused(lambda: low.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "g"}), "insufficient_aal", status=403)
    await refused(lambda: low.auth.update_user({"password": "another horse altogether"}), "insufficient_aal", status=401)


async def aal_over_refresh(make):
    c, email, e = await raised(make)
    await got(c.auth.refresh_session())
    level = await got(c.auth.mfa.get_authenticator_assurance_level())
    assert level.current_level == "aal2", level
    await got(c.auth.mfa.unenroll({"factor_id": e.id}))
    await got(c.auth.refresh_session())
    level = await got(c.auth.mfa.get_authenticator_assurance_level())
    assert (level.current_level, level.next_level) == ("aal1", "aal1"), level


async def recovery_codes(make):
    c, email, e = await raised(make)
    session = await got(c.auth.get_session())
    made = httpx.post(a.url + "/auth/v1/factors/recovery-codes", headers={"Authorization": "Bearer " + session.access_token}, json={})
    assert made.status_code == 200, made.text
    listed = await got(c.auth.mfa.list_factors())
    assert [(f.id, f.factor_type) for f in listed.all] == [(e.id, "totp"), (made.json()["id"], "recovery_code")] and [f.id for f in listed.totp] == [e.id], listed
    other = await got(make(a.anon_key))
    await got(other.auth.sign_in_with_password({"email": email, "password": PW}))
    level = await got(other.auth.mfa.get_authenticator_assurance_level())
    assert (level.current_level, level.next_level) == ("aal1", "aal2"), level
    assert [f.factor_type for f in (await got(other.auth.mfa.list_factors())).all] == ["totp", "recovery_code"]


async def switched_off(make):
    c, email, r = await fresh(make)
    await refused(lambda: c.auth.mfa.enroll({"factor_type": "phone", "phone": "+15551234567", "friendly_name": "p"}), "mfa_phone_enroll_not_enabled", status=422)


async def without_session(make):
    c = await got(make(a.anon_key))
    for call in (lambda: c.auth.mfa.enroll({"factor_type": "totp"}), lambda: c.auth.update_user({"data": {}})):
        try:
            await got(call())
            raise AssertionError("a call without a session went through")
        except AuthSessionMissingError:
            pass


async def admin_users(make):
    admin = (await got(make(a.service_key))).auth.admin
    email = address()
    u = (await got(admin.create_user({"email": email, "password": PW, "email_confirm": True, "user_metadata": {"n": 1}, "app_metadata": {"plan": "pro"}}))).user
    assert u.email == email and u.email_confirmed_at and u.app_metadata["plan"] == "pro", u
    assert (await got(admin.get_user_by_id(u.id))).user.id == u.id
    assert u.id in [x.id for x in await got(admin.list_users(page=1, per_page=1000))]
    changed = (await got(admin.update_user_by_id(u.id, {"user_metadata": {"n": 2}, "ban_duration": "1h"}))).user
    assert changed.user_metadata["n"] == 2
    c = await got(make(a.anon_key))
    await refused(lambda: c.auth.sign_in_with_password({"email": email, "password": PW}), "user_banned", status=400)
    await got(admin.update_user_by_id(u.id, {"ban_duration": "none"}))
    s = await got(c.auth.sign_in_with_password({"email": email, "password": PW}))
    await refused(lambda: admin.create_user({"email": email, "password": PW}), "email_exists", status=422)
    await got(admin.delete_user(u.id))
    await refused(lambda: admin.get_user_by_id(u.id), "user_not_found", status=404)
    await refused(lambda: c.auth.get_user(s.session.access_token), "user_not_found", status=403)
    notadmin = (await got(make(a.anon_key))).auth.admin
    await refused(lambda: notadmin.list_users(), "not_admin", status=403)


async def admin_sign_out(make):
    c, email, r = await fresh(make)
    admin = (await got(make(a.service_key))).auth.admin
    await got(admin.sign_out(r.session.access_token, "global"))
    await refused(lambda: c.auth.get_user(r.session.access_token), "session_not_found", status=403)


async def admin_factors(make):
    c, email, e = await raised(make)
    admin = (await got(make(a.service_key))).auth.admin
    uid = (await got(c.auth.get_user())).user.id
    listed = await got(admin.mfa.list_factors({"user_id": uid}))
    assert [f.id for f in listed] == [e.id] and listed[0].status == "verified", listed
    gone = await got(admin.mfa.delete_factor({"id": e.id, "user_id": uid}))
    assert gone.id == e.id, gone
    await got(c.auth.refresh_session())
    level = await got(c.auth.mfa.get_authenticator_assurance_level())
    assert (level.current_level, level.next_level) == ("aal1", "aal1"), level
    await refused(lambda: admin.mfa.delete_factor({"id": e.id, "user_id": uid}), "mfa_factor_not_found", status=404)


async def run(kind, make):
    global passed, failed
    for step in (sign_up_and_in, metadata, weak_password, anonymous, user_and_claims, refresh, password_change, sign_out, enroll, verify, aal_over_refresh, recovery_codes, switched_off, without_session, admin_users,
                 admin_sign_out, admin_factors):
        name = "%s: %s" % (kind, step.__name__.replace("_", " "))
        try:
            await step(make)
            passed += 1
            print("ok   ", name, flush=True)
        except Exception as e:
            failed += 1
            print("FAIL ", name, "-", type(e).__name__, str(e)[:400], flush=True)
            if a.v:
                traceback.print_exc()


asyncio.run(run("sync", lambda key: create_client(a.url, key)))
asyncio.run(run("async", lambda key: acreate_client(a.url, key)))
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed))
