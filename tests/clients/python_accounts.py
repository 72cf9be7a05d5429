#!/usr/bin/env python3
"""Walk every account call through the official Python client, supabase_auth, first the synchronous one, then the asynchronous one, against
a server that wants addresses confirmed: python_accounts.py --url URL --anon-key KEY --service-key KEY --mail-dir DIR --sms-dir DIR
--database FILE|URL. One suite serves both clients: what a call returns is awaited where it can be. Ends with 'N passed, N failed'.
"""
import argparse, asyncio, inspect, os, sys, time, traceback, urllib.parse, urllib.request, uuid
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "conformance"))
from accounts import mail_to, phone, sms_to  # noqa: E402
from wire import Server, claims_of  # noqa: E402
from supabase_auth import AsyncGoTrueClient, SyncGoTrueClient  # noqa: E402
from supabase_auth.errors import AuthApiError, AuthSessionMissingError, AuthWeakPasswordError  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for name in ("url", "anon-key", "service-key", "mail-dir", "sms-dir", "database"):
    p.add_argument("--" + name, required=True)
p.add_argument("-v", action="store_true")
a = p.parse_args()
PW, NEW_PW, SITE = "correct horse battery", "another horse battery", "http://localhost:3000"
KIT = {"mail": a.mail_dir, "sms": a.sms_dir}
passed = failed = 0


def address():
    return "pa-%s@example.com" % uuid.uuid4().hex[:12]


async def got(value):
    return await value if inspect.isawaitable(value) else value


async def refused(call, code, status, kind=AuthApiError):
    try:
        result = await got(call())
    except kind as e:
        assert getattr(e, "code", None) == code and e.status == status, (e.code, e.status, str(e))
        return e
    raise AssertionError("wanted %s, got %r" % (code, result))


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *what):
        return None


def follow(link):
    """A click on a link: where it leads, and the fields of query and fragment."""
    try:
        urllib.request.build_opener(NoRedirect).open(link, timeout=20)
    except urllib.error.HTTPError as e:
        assert e.code == 303, e.code
        to = urllib.parse.urlsplit(e.headers["Location"])
        return {k: v[0] for part in (to.query, to.fragment) for k, v in urllib.parse.parse_qs(part).items()}
    raise AssertionError("the link led nowhere")


async def admin(make):
    return (await got(make(key=a.service_key))).admin


async def confirmed(make, **more):
    """A client signed in with a password; its address was confirmed by an admin."""
    e = address()
    u = (await got((await admin(make)).create_user({"email": e, "password": PW, "email_confirm": True, **more}))).user
    c = await got(make())
    r = await got(c.sign_in_with_password({"email": e, "password": PW}))
    assert r.user.id == u.id and r.session.token_type == "bearer"
    return c, e, u


async def sign_up_by_code(make):
    c, e = await got(make()), address()
    r = await got(c.sign_up({"email": e, "password": PW, "options": {"data": {"nick": "n"}}}))
    assert r.session is None and r.user.email == e and r.user.confirmation_sent_at and not r.user.email_confirmed_at and r.user.user_metadata["nick"] == "n", r
    await refused(lambda: c.sign_in_with_password({"email": e, "password": PW}), "email_not_confirmed", 400)
    await refused(lambda: c.verify_otp({"email": e, "token": "000000" if mail_to(KIT, e).code != "000000" else "111111", "type": "signup"}), "otp_expired", 403)
    r = await got(c.verify_otp({"email": e, "token": mail_to(KIT, e).code, "type": "signup"}))
    assert r.session and r.user.email_confirmed_at and (await got(c.get_session())).access_token == r.session.access_token
    await refused(lambda: c.verify_otp({"email": e, "token": mail_to(KIT, e).code, "type": "signup"}), "otp_expired", 403)
    again = await got((await got(make())).sign_up({"email": e, "password": PW}))
    assert again.user.identities == [] and again.user.id != r.user.id and again.session is None, again
    await refused(lambda: c.sign_up({"email": address(), "password": "abc"}), "weak_password", 422, AuthWeakPasswordError)


async def sign_up_by_link(make):
    c, e = await got(make()), address()
    await got(c.sign_up({"email": e, "password": PW, "options": {"email_redirect_to": SITE + "/welcome"}}))
    m = mail_to(KIT, e)
    assert m.redirect_to == SITE + "/welcome" and m.type == "signup", m.link
    fields = follow(m.link)
    assert fields["type"] == "signup" and fields["token_type"] == "bearer", fields
    r = await got(c.set_session(fields["access_token"], fields["refresh_token"]))
    assert r.user.email == e and (await got(c.get_user())).user.id == r.user.id
    assert follow(m.link)["error_code"] == "otp_expired"


async def sign_up_pkce(make):
    c, e = await got(make(flow="pkce")), address()
    await got(c.sign_up({"email": e, "password": PW}))
    fields = follow(mail_to(KIT, e).link)
    assert set(fields) == {"code"}, fields
    await refused(lambda: c.exchange_code_for_session({"auth_code": str(uuid.uuid4()), "code_verifier": "x" * 43}), "flow_state_not_found", 404)
    c2 = await got(make(flow="pkce"))
    await refused(lambda: c2.exchange_code_for_session({"auth_code": fields["code"], "code_verifier": "x" * 43}), "bad_code_verifier", 400)
    r = await exchanged(c, fields["code"])
    assert r.user.email == e and claims_of(r.session.access_token)["amr"][0]["method"] == "email/signup", r.session


async def exchanged(c, code):
    """The client keeps the verifier itself, in its storage."""
    return await got(c.exchange_code_for_session({"auth_code": code, "code_verifier": ""}))


async def sign_up_by_phone(make):
    c, n = await got(make()), phone()
    r = await got(c.sign_up({"phone": "+" + n, "password": PW}))
    assert r.session is None and r.user.phone == n, r
    r = await got(c.verify_otp({"phone": "+" + n, "token": sms_to(KIT, n), "type": "sms"}))
    assert r.session and r.user.phone_confirmed_at
    assert (await got((await got(make())).sign_in_with_password({"phone": "+" + n, "password": PW}))).user.id == r.user.id


async def anonymous(make):
    c = await got(make())
    r = await got(c.sign_in_anonymously({"options": {"data": {"k": 1}}}))
    assert r.user.is_anonymous and r.user.user_metadata == {"k": 1} and (await got(c.get_user_identities())).identities == []
    e = address()
    changed = (await got(c.update_user({"email": e}))).user
    assert changed.new_email == e, changed
    r = await got(c.verify_otp({"email": e, "token": mail_to(KIT, e).code, "type": "email_change"}))
    assert r.user.email == e and r.user.is_anonymous is False
    assert (await got(c.update_user({"password": PW}))).user.id == r.user.id
    assert (await got((await got(make())).sign_in_with_password({"email": e, "password": PW}))).user.id == r.user.id


async def otp_email(make):
    c, e = await got(make()), address()
    await refused(lambda: c.sign_in_with_otp({"email": e, "options": {"should_create_user": False}}), "otp_disabled", 422)
    await got(c.sign_in_with_otp({"email": e, "options": {"data": {"from": "otp"}}}))
    r = await got(c.verify_otp({"email": e, "token": mail_to(KIT, e).code, "type": "email"}))
    assert r.user.email == e and r.user.user_metadata["from"] == "otp", r.user
    await got(c.sign_in_with_otp({"email": e}))
    m = mail_to(KIT, e, 2)
    assert m.type == "magiclink"
    r = await got(c.verify_otp({"token_hash": m.hash, "type": "email"}))
    assert r.session and claims_of(r.session.access_token)["amr"][0]["method"] == "otp"
    await got(c.sign_in_with_otp({"email": e}))
    assert (await got(c.verify_otp({"email": e, "token": mail_to(KIT, e, 3).code, "type": "magiclink"}))).user.id == r.user.id


async def otp_pkce(make):
    c, e, u = await confirmed(make)
    c = await got(make(flow="pkce"))
    await got(c.sign_in_with_otp({"email": e}))
    r = await exchanged(c, follow(mail_to(KIT, e).link)["code"])
    assert r.user.id == u.id and claims_of(r.session.access_token)["amr"][0]["method"] == "magiclink"


async def otp_phone(make):
    c, n = await got(make()), phone()
    await got(c.sign_in_with_otp({"phone": "+" + n}))
    r = await got(c.verify_otp({"phone": "+" + n, "token": sms_to(KIT, n), "type": "sms"}))
    assert r.user.phone == n and r.session
    await got(c.sign_in_with_otp({"phone": n}))
    assert (await got(c.verify_otp({"phone": n, "token": sms_to(KIT, n, 2), "type": "sms"}))).user.id == r.user.id


async def recovery(make):
    for flow in ("implicit", "pkce"):
        _, e, u = await confirmed(make)
        c = await got(make(flow=flow))
        await got(c.reset_password_for_email(e, {"redirect_to": SITE + "/reset"}))
        m = mail_to(KIT, e)
        assert m.type == "recovery" and m.redirect_to == SITE + "/reset"
        r = await (exchanged(c, follow(m.link)["code"]) if flow == "pkce" else got(c.verify_otp({"email": e, "token": m.code, "type": "recovery"})))
        assert r.user.id == u.id
        await got(c.update_user({"password": NEW_PW}))
        await refused(lambda: c.sign_in_with_password({"email": e, "password": PW}), "invalid_credentials", 400)
        await got(c.sign_in_with_password({"email": e, "password": NEW_PW}))
    await got(c.reset_password_for_email(address()))


async def resend(make):
    c, e = await got(make()), address()
    await got(c.sign_up({"email": e, "password": PW}))
    first = mail_to(KIT, e).code
    time.sleep(0.05)
    await got(c.resend({"type": "signup", "email": e}))
    second = mail_to(KIT, e, 2).code
    if first != second:
        await refused(lambda: c.verify_otp({"email": e, "token": first, "type": "signup"}), "otp_expired", 403)
    assert (await got(c.verify_otp({"email": e, "token": second, "type": "signup"}))).session
    n = phone()
    await got(c.sign_up({"phone": n, "password": PW}))
    time.sleep(0.05)
    await got(c.resend({"type": "sms", "phone": n}))
    assert (await got(c.verify_otp({"phone": n, "token": sms_to(KIT, n, 2), "type": "sms"}))).session
    e2 = address()
    c, e, u = await confirmed(make)
    await got(c.update_user({"email": e2}))
    mail_to(KIT, e2)
    time.sleep(0.05)
    await got(c.resend({"type": "email_change", "email": e}))
    mail_to(KIT, e2, 2)
    await got(c.resend({"type": "signup", "email": address()}))


async def reauthentication(make):
    c, e, u = await confirmed(make)
    session = claims_of((await got(c.get_session())).access_token)["session_id"]
    (Server(a.url, "", a.database) if "://" in a.database else Server(a.url, "", None, a.database)).age("sessions", session, 25 * 3600)
    await refused(lambda: c.update_user({"password": NEW_PW}), "reauthentication_needed", 400)
    await got(c.reauthenticate())
    await refused(lambda: c.update_user({"password": NEW_PW, "nonce": "12345"}), "reauthentication_not_valid", 422)
    await got(c.update_user({"password": NEW_PW, "nonce": mail_to(KIT, e).code}))
    await got(c.sign_in_with_password({"email": e, "password": NEW_PW}))
    await refused(lambda: c.update_user({"password": NEW_PW}), "same_password", 422)


async def update_user(make):
    c, e, u = await confirmed(make)
    r = await got(c.update_user({"data": {"a": 1, "b": {"c": [1, 2]}}}))
    assert r.user.user_metadata["a"] == 1 and r.user.user_metadata["b"] == {"c": [1, 2]}
    r = await got(c.update_user({"data": {"a": None}}))
    assert "a" not in r.user.user_metadata and "b" in r.user.user_metadata
    new = address()
    r = await got(c.update_user({"email": new}))
    assert r.user.email == e and r.user.new_email == new
    half = await got(c.verify_otp({"email": e, "token": mail_to(KIT, e).code, "type": "email_change"}))
    assert half.session is None and half.user is None, half
    r = await got(c.verify_otp({"email": new, "token": mail_to(KIT, new).code, "type": "email_change"}))
    assert r.user.email == new and r.user.id == u.id
    n = phone()
    r = await got(c.update_user({"phone": "+" + n}))
    r = await got(c.verify_otp({"phone": "+" + n, "token": sms_to(KIT, n), "type": "phone_change"}))
    assert r.user.phone == n and sorted(i.provider for i in r.user.identities) == ["email", "phone"], r.user.identities
    other = address()
    await got((await admin(make)).create_user({"email": other, "password": PW, "email_confirm": True}))
    await refused(lambda: c.update_user({"email": other}), "email_exists", 422)


async def identities(make):
    c, e, u = await confirmed(make)
    n = phone()
    await got(c.update_user({"phone": n}))
    await got(c.verify_otp({"phone": n, "token": sms_to(KIT, n), "type": "phone_change"}))
    found = (await got(c.get_user_identities())).identities
    assert [i.provider for i in found] == ["email", "phone"], found
    await got(c.unlink_identity(found[1]))
    left = (await got(c.get_user_identities())).identities
    assert [i.identity_id for i in left] == [found[0].identity_id]
    await refused(lambda: c.unlink_identity(left[0]), "single_identity_not_deletable", 422)


async def sessions(make):
    c, e, u = await confirmed(make)
    d = await got(make())
    await got(d.sign_in_with_password({"email": e, "password": PW}))
    before = await got(d.get_session())
    r = await got(d.refresh_session())
    assert r.session.refresh_token != before.refresh_token and r.user.id == u.id
    copy = await got(make())
    r = await got(copy.set_session(r.session.access_token, r.session.refresh_token))
    assert r.user.id == u.id
    await refused(lambda: copy.refresh_session("A" * 12), "validation_failed", 400)
    await refused(lambda: copy.refresh_session("a" * 12), "refresh_token_not_found", 400)
    claims = (await got(copy.get_claims()))["claims"]
    assert claims["sub"] == u.id and claims["email"] == e and claims["aal"] == "aal1", claims
    token = (await got(c.get_session())).access_token
    await got(d.sign_out({"scope": "others"}))
    await refused(lambda: c.get_user(token), "session_not_found", 403)
    assert (await got(d.get_user())).user.id == u.id
    await got(d.sign_out({"scope": "local"}))
    assert await got(d.get_session()) is None
    try:
        await got(d.update_user({"data": {}}))
        raise AssertionError("a call without a session went through")
    except AuthSessionMissingError:
        pass
    e1, e2 = await got(make()), await got(make())
    for one in (e1, e2):
        await got(one.sign_in_with_password({"email": e, "password": PW}))
    token = (await got(e2.get_session())).access_token
    await got(e1.sign_out())
    await refused(lambda: e2.get_user(token), "session_not_found", 403)


async def admin_users(make):
    ad, e, n = await admin(make), address(), phone()
    u = (await got(ad.create_user({"email": e, "phone": n, "password": PW, "email_confirm": True, "phone_confirm": True, "user_metadata": {"x": 1}, "app_metadata": {"plan": "pro"}}))).user
    assert u.email == e and u.phone == n and u.email_confirmed_at and u.phone_confirmed_at and u.app_metadata["plan"] == "pro" and u.user_metadata["x"] == 1, u
    await refused(lambda: ad.create_user({"email": e, "password": PW}), "email_exists", 422)
    await refused(lambda: ad.create_user({"phone": n, "password": PW}), "phone_exists", 422)
    assert (await got(ad.get_user_by_id(u.id))).user.email == e
    page = await got(ad.list_users(page=1, per_page=2))
    assert len(page) == 2 and page[0].id != page[1].id
    r = (await got(ad.update_user_by_id(u.id, {"email": "x" + e, "user_metadata": {"x": None, "y": 2}, "app_metadata": {"plan": "free"}, "ban_duration": "1h"}))).user
    assert r.email == "x" + e and "x" not in r.user_metadata and r.user_metadata["y"] == 2 and r.app_metadata["plan"] == "free", r
    c = await got(make())
    await refused(lambda: c.sign_in_with_password({"email": "x" + e, "password": PW}), "user_banned", 400)
    await got(ad.update_user_by_id(u.id, {"ban_duration": "none", "password": NEW_PW}))
    await got(c.sign_in_with_password({"email": "x" + e, "password": NEW_PW}))
    await got(ad.delete_user(u.id, should_soft_delete=True))
    await refused(lambda: c.sign_in_with_password({"email": "x" + e, "password": NEW_PW}), "invalid_credentials", 400)
    await got(ad.delete_user(u.id))
    await refused(lambda: ad.get_user_by_id(u.id), "user_not_found", 404)
    low = (await got(make())).admin
    await refused(lambda: low.create_user({"email": address()}), "not_admin", 403)


async def admin_invite(make):
    ad, e, c = await admin(make), address(), await got(make())
    u = (await got(ad.invite_user_by_email(e, {"data": {"team": "a"}, "redirect_to": SITE + "/join"}))).user
    assert u.email == e and u.invited_at and u.user_metadata["team"] == "a"
    m = mail_to(KIT, e)
    assert m.type == "invite" and m.redirect_to == SITE + "/join"
    fields = follow(m.link)
    r = await got(c.set_session(fields["access_token"], fields["refresh_token"]))
    assert r.user.id == u.id and r.user.email_confirmed_at
    await refused(lambda: ad.invite_user_by_email(e), "email_exists", 422)


async def admin_links(make):
    ad, c = await admin(make), await got(make())
    for kind, more, verify in (("signup", {"password": PW}, "signup"), ("invite", {}, "invite"), ("magiclink", {}, "magiclink"), ("recovery", {}, "recovery")):
        e = address()
        if kind == "recovery":
            await got(ad.create_user({"email": e, "password": PW, "email_confirm": True}))
        link = await got(ad.generate_link({"type": kind, "email": e, "options": {"redirect_to": SITE + "/x"}, **more}))
        props = link.properties
        assert props.email_otp.isdigit() and props.redirect_to == SITE + "/x" and props.hashed_token in props.action_link and link.user.email == e, props
        assert props.verification_type == kind or kind == "magiclink", props
        r = await got(c.verify_otp({"token_hash": props.hashed_token, "type": props.verification_type}))
        assert r.user.email == e and r.session
        await refused(lambda: c.verify_otp({"email": e, "token": props.email_otp, "type": verify}), "otp_expired", 403)
    _, e, u = await confirmed(make)
    new = address()
    for kind, at in (("email_change_current", e), ("email_change_new", new)):
        link = await got(ad.generate_link({"type": kind, "email": e, "new_email": new}))
        r = await got(c.verify_otp({"email": at, "token": link.properties.email_otp, "type": "email_change"}))
    assert r.user is None or r.user.id == u.id


async def admin_sign_out(make):
    c, e, u = await confirmed(make)
    d = await got(make())
    await got(d.sign_in_with_password({"email": e, "password": PW}))
    ad, mine, other = await admin(make), (await got(c.get_session())).access_token, (await got(d.get_session())).access_token
    await got(ad.sign_out(mine, "others"))
    await refused(lambda: d.get_user(other), "session_not_found", 403)
    await got(ad.sign_out(mine, "local"))
    await refused(lambda: c.get_user(mine), "session_not_found", 403)


async def run(kind, make):
    global passed, failed
    for step in (sign_up_by_code, sign_up_by_link, sign_up_pkce, sign_up_by_phone, anonymous, otp_email, otp_pkce, otp_phone, recovery, resend, reauthentication, update_user, identities, sessions,
                 admin_users, admin_invite, admin_links, admin_sign_out):
        name = "%s: %s" % (kind, step.__name__.replace("_", " "))
        try:
            await step(make)
            passed += 1
            print("ok   ", name, flush=True)
        except Exception as e:
            failed += 1
            print("FAIL ", name, "-", type(e).__name__, str(e)[:500], flush=True)
            if a.v:
                traceback.print_exc()


def maker(kind):
    def make(key=a.anon_key, flow="implicit"):
        return kind(url=a.url, headers={"apikey": key, "Authorization": "Bearer " + key}, flow_type=flow, auto_refresh_token=False)
    return make


asyncio.run(run("sync", maker(SyncGoTrueClient)))
asyncio.run(run("async", maker(AsyncGoTrueClient)))
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed))
