"""What a server of this API must answer, one check per promise; the contract has more rows than are checked here.

A check is a function of (server, kit) and fails by AssertionError. better=True marks where the official server fails today
and this project must not.
"""
import json, time, uuid, threading
from wire import API_VERSION, claims_of, hs256, totp, wait_for_fresh_step, b64

CHECKS = []


def check(ident, needs=(), better=False, slow=False):
    def keep(fn):
        CHECKS.append(dict(id=ident, needs=set(needs), better=better, slow=slow, fn=fn, doc=" ".join((fn.__doc__ or "").split())))
        return fn
    return keep


def is_(answer, status, code=None, text=None, part=None):
    assert answer.status == status, "wanted %s, got %s" % (status, answer.short())
    if code is not None:
        assert answer.code == code, "wanted code %s, got %s" % (code, answer.short())
    if text is not None:
        assert answer.message == text, "wanted %r, got %r" % (text, answer.message)
    if part is not None:
        assert part in (answer.message or ""), "wanted %r in %r" % (part, answer.message)
    return answer


_last_step = {}


def fresh_code(secret):
    """A valid code of a step not used before for this secret (waits where all live ones were used)."""
    while True:
        now = int(time.time() // 30)
        step = max(now, _last_step.get(secret, 0) + 1)
        if step <= now + 1 and 30 - time.time() % 30 > 1.5:
            _last_step[secret] = step
            return totp(secret, step_offset=step - now)
        time.sleep(0.5)


def used(user):
    _last_step[user.secret] = int(time.time() // 30)
    return user


def mfa_user(s, name="phone app"):
    u = s.sign_up()
    wait_for_fresh_step()
    u.with_totp(name)
    return used(u)


def again(u, token=None):
    """Challenge and verify the user's verified factor once more."""
    c = u.challenge(u.factor, token=token)
    assert c.status == 200, c.short()
    return u.verify(u.factor, c.json["id"], fresh_code(u.secret), token=token)


def older(s, table, ident, seconds, column="created_at"):
    s.age(table, ident, seconds, column)


# --- G: who is asking ---------------------------------------------------------------------------------------------
@check("G1")
def no_bearer(s, kit):
    """Without a bearer token: 401 no_authorization; the scheme's case does not matter."""
    is_(s.call("POST", "/factors", {"factor_type": "totp"}), 401, "no_authorization", "This endpoint requires a valid Bearer token")
    is_(s.call("POST", "/factors/not-a-uuid/verify", {}), 401, "no_authorization")
    u = s.sign_up()
    is_(s.call("GET", "/user", headers={"Authorization": "bearer " + u.token}), 200)
    is_(s.call("GET", "/user", headers={"Authorization": "BEARER " + u.token}), 200)
    is_(s.call("GET", "/user", headers={"Authorization": "Basic " + u.token}), 401, "no_authorization")


@check("G2")
def forged_jwt(s, kit):
    """A malformed, expired or wrongly signed token: 403 bad_jwt."""
    u = s.sign_up()
    good = claims_of(u.token)
    is_(s.call("GET", "/user", token="abc"), 403, "bad_jwt", part="invalid JWT: unable to parse or verify signature")
    is_(s.call("GET", "/user", token=hs256(good, "another secret")), 403, "bad_jwt")
    is_(s.call("GET", "/user", token=hs256({**good, "exp": int(time.time()) - 5}, s.secret)), 403, "bad_jwt", part="expired")
    head, body, sig = u.token.split(".")
    is_(s.call("GET", "/user", token=head + "." + body + "." + sig[:-2] + ("AA" if sig[-2:] != "AA" else "BB")), 403, "bad_jwt")
    none = b64(b'{"alg":"none","typ":"JWT"}') + "." + body + "."
    is_(s.call("GET", "/user", token=none), 403, "bad_jwt")
    is_(s.call("GET", "/user", token=hs256(good, "", {"alg": "none"})), 403, "bad_jwt")
    tampered = b64(json.dumps({**good, "aal": "aal2"}).encode())
    is_(s.call("GET", "/user", token=head + "." + tampered + "." + sig), 403, "bad_jwt")


@check("G4")
def deleted_user(s, kit):
    """The user was deleted: 403 user_not_found."""
    u = s.sign_up()
    is_(s.call("DELETE", "/admin/users/" + u.id, token=s.admin_token()), 200)
    is_(s.call("GET", "/user", token=u.token), 403, "user_not_found", "User from sub claim in JWT does not exist")


@check("G5")
def ended_session(s, kit):
    """The session is gone: 403 session_not_found, at once after a logout."""
    u = s.sign_up()
    is_(s.call("POST", "/logout?scope=global", token=u.token), 204)
    is_(s.call("GET", "/user", token=u.token), 403, "session_not_found", "Session from session_id claim in JWT does not exist")
    is_(u.enroll(), 403, "session_not_found")
    u2 = s.sign_up()
    odd = hs256({**claims_of(u2.token), "session_id": "zzz"}, s.secret)
    is_(s.call("GET", "/user", token=odd), 403, "bad_jwt", "invalid claim: session_id claim must be a UUID")


@check("G7")
def anonymous_user(s, kit):
    """An anonymous user may not use factors: 403 no_authorization."""
    a = is_(s.call("POST", "/signup", {"data": {}}), 200)
    assert a.json["user"]["is_anonymous"] is True
    is_(s.call("POST", "/factors", {"factor_type": "totp"}, a.json["access_token"]), 403, "no_authorization",
        "Anonymous user not allowed to perform these actions")


@check("G8")
def factor_id_shape(s, kit):
    """A factor id that is no UUID: 404 validation_failed."""
    u = s.sign_up()
    is_(u.challenge("nope"), 404, "validation_failed", "factor_id must be an UUID")
    is_(s.call("DELETE", "/factors/nope", token=u.token), 404, "validation_failed", "factor_id must be an UUID")


@check("G9")
def foreign_factor(s, kit):
    """Unknown or someone else's factor: 404 mfa_factor_not_found on every path."""
    owner, thief = s.sign_up(), s.sign_up()
    f = owner.enroll().json
    c = owner.challenge(f["id"]).json
    for fid in (f["id"], str(uuid.uuid4())):
        is_(thief.challenge(fid), 404, "mfa_factor_not_found", "Factor not found")
        is_(thief.verify(fid, c["id"], totp(f["totp"]["secret"])), 404, "mfa_factor_not_found", "Factor not found")
        is_(s.call("DELETE", "/factors/" + fid, token=thief.token), 404, "mfa_factor_not_found", "Factor not found")
    is_(s.call("DELETE", "/admin/users/%s/factors/%s" % (thief.id, f["id"]), token=s.admin_token()), 404, "mfa_factor_not_found", "Factor not found")
    assert [x["id"] for x in s.call("GET", "/admin/users/%s/factors" % owner.id, token=s.admin_token()).json] == [f["id"]]


@check("G10")
def bad_json(s, kit):
    """Unreadable JSON: 400 bad_json; a body over 1 MiB: 413 request_entity_too_large."""
    u = s.sign_up()
    js = {"Content-Type": "application/json"}
    is_(s.call("POST", "/factors", raw=b'{"factor_type":', token=u.token, headers=js), 400, "bad_json", part="Could not parse request body as JSON")
    is_(s.call("POST", "/factors", raw=b"", token=u.token, headers=js), 400, "bad_json")
    is_(s.call("POST", "/factors", raw=b"[1]", token=u.token, headers=js), 400, "bad_json")
    is_(s.call("POST", "/factors", {"factor_type": 7}, u.token), 400, "bad_json")
    f = u.enroll().json["id"]
    is_(s.call("POST", "/factors/%s/verify" % f, {"challenge_id": "x", "code": "123456"}, u.token), 400, "bad_json")
    is_(s.call("POST", "/factors/%s/verify" % f, {"challenge_id": str(uuid.uuid4()), "code": 123456}, u.token), 400, "bad_json")
    big = json.dumps({"factor_type": "totp", "friendly_name": "x" * (1 << 20)}).encode()
    is_(s.call("POST", "/factors", raw=big, token=u.token, headers=js), 413, "request_entity_too_large")


@check("G12")
def sessionless_token(s, kit):
    """A valid token that names no session cannot enroll."""
    u = s.sign_up()
    claims = {k: v for k, v in claims_of(u.token).items() if k != "session_id"}
    is_(s.call("POST", "/factors", {"factor_type": "totp"}, hs256(claims, s.secret)), 500, "unexpected_failure",
        "A valid session and a registered user are required to enroll a factor")


@check("G13")
def error_envelopes(s, kit):
    """With the version header: {code,message} and the header echoed; without it: {code:int,error_code,msg}."""
    new = s.call("POST", "/factors", {"factor_type": "totp"})
    assert new.json == {"code": "no_authorization", "message": "This endpoint requires a valid Bearer token"}, new.json
    assert new.headers.get("x-supabase-api-version") == API_VERSION and new.headers.get("x-sb-error-code") == "no_authorization", new.headers
    old = s.call("POST", "/factors", {"factor_type": "totp"}, version=None)
    assert old.json == {"code": 401, "error_code": "no_authorization", "msg": "This endpoint requires a valid Bearer token"}, old.json


# --- E: enroll -----------------------------------------------------------------------------------------------------
@check("E1")
def unknown_type(s, kit):
    """factor_type must be totp, phone or webauthn."""
    u = s.sign_up()
    for t in ("", "sms", "TOTP"):
        is_(s.call("POST", "/factors", {"factor_type": t}, u.token), 400, "validation_failed", "factor_type needs to be totp, phone, or webauthn")


@check("E2")
def enroll_totp(s, kit):
    """The answer has id, type, friendly_name (always a string) and totp{qr_code SVG, secret, uri}; the factor is unverified."""
    u = s.sign_up()
    a = is_(u.enroll("mine", issuer="ACME Co"), 200)
    assert set(a.json) == {"id", "type", "friendly_name", "totp"} and a.json["type"] == "totp" and a.json["friendly_name"] == "mine", a.json
    assert "<svg" in a.json["totp"]["qr_code"] and "</svg>" in a.json["totp"]["qr_code"]
    b = is_(s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": None, "issuer": None}, u.token), 200)
    assert b.json["friendly_name"] == ""
    me = s.call("GET", "/user", token=u.token).json
    assert {f["status"] for f in me["factors"]} == {"unverified"} and len(me["factors"]) == 2
    is_(s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "extra", "unknown_key": [1, {}]}, u.token), 200)


@check("E6")
def same_name(s, kit):
    """A second factor of the same friendly name is refused, '' included."""
    u = s.sign_up()
    is_(u.enroll("mary"), 200)
    is_(u.enroll("mary"), 422, "mfa_factor_name_conflict", 'A factor with the friendly name "mary" for this user already exists')
    is_(u.enroll(""), 200)
    is_(u.enroll(""), 422, "mfa_factor_name_conflict", 'A factor with the friendly name "" for this user already exists')


@check("E10")
def enroll_needs_aal2(s, kit):
    """With a verified factor, an aal1 session may not enroll another."""
    u = mfa_user(s)
    low = u.another_session()
    is_(low.enroll("second"), 403, "insufficient_aal", "AAL2 required to enroll a new factor")
    is_(u.enroll("second"), 200)


# --- C: challenge -------------------------------------------------------------------------------------------------
@check("C1")
def challenge_totp(s, kit):
    """A challenge: id, type, expires_at 300 s ahead; the body is not needed; several may be open."""
    u = s.sign_up()
    f = u.enroll().json["id"]
    a = is_(u.challenge(f, {"channel": None}), 200)
    assert set(a.json) == {"id", "type", "expires_at"} and a.json["type"] == "totp", a.json
    assert 295 <= a.json["expires_at"] - time.time() <= 301, a.json
    b = is_(s.call("POST", "/factors/%s/challenge" % f, token=u.token), 200)
    assert b.json["id"] != a.json["id"]
    listed = s.call("GET", "/user", token=u.token).json["factors"][0]
    assert listed["last_challenged_at"], listed


# --- V: verify ----------------------------------------------------------------------------------------------------
@check("V1")
def empty_code(s, kit):
    """An empty code: 400, before the challenge is looked at."""
    u = s.sign_up()
    f = u.enroll().json["id"]
    is_(u.verify(f, str(uuid.uuid4()), ""), 400, "validation_failed", "Code needs to be non-empty")


@check("V2")
def foreign_challenge(s, kit):
    """An unknown challenge, or one of another factor: 422 mfa_factor_not_found."""
    u = s.sign_up()
    a, b = u.enroll("a").json, u.enroll("b").json
    c = u.challenge(b["id"]).json["id"]
    for ch in (str(uuid.uuid4()), c):
        is_(u.verify(a["id"], ch, totp(a["totp"]["secret"])), 422, "mfa_factor_not_found", "MFA factor with the provided challenge ID not found")


@check("V3")
def challenge_once(s, kit):
    """A challenge that was used is spent: 422, and no new tokens."""
    u = s.sign_up()
    e = u.enroll().json
    wait_for_fresh_step()
    c = u.challenge(e["id"]).json["id"]
    v = is_(u.verify(e["id"], c, fresh_code(e["totp"]["secret"])), 200)
    a = is_(u.verify(e["id"], c, fresh_code(e["totp"]["secret"]), token=v.json["access_token"]), 422)
    assert a.code in ("mfa_ip_address_mismatch", "mfa_challenge_expired"), a.short()


@check("V4", needs={"sql"})
def challenge_expires(s, kit):
    """After 300 s the challenge answers mfa_challenge_expired and is gone."""
    u = s.sign_up()
    e = u.enroll().json
    c = u.challenge(e["id"]).json["id"]
    older(s, "mfa_challenges", c, 301)
    wait_for_fresh_step()
    is_(u.verify(e["id"], c, totp(e["totp"]["secret"])), 422, "mfa_challenge_expired",
        "MFA challenge %s has expired, verify against another challenge or create a new challenge." % c)
    is_(u.verify(e["id"], c, totp(e["totp"]["secret"])), 422, "mfa_factor_not_found")


@check("V5")
def wrong_code(s, kit):
    """A wrong code: 422 mfa_verification_failed; the challenge stays usable."""
    u = s.sign_up()
    e = u.enroll().json
    c = u.challenge(e["id"]).json["id"]
    wait_for_fresh_step()
    good = totp(e["totp"]["secret"])
    live = {totp(e["totp"]["secret"], step_offset=o) for o in (-2, -1, 0, 1, 2)}
    bad = next("%06d" % n for n in range(10) if "%06d" % n not in live)
    for code in (bad, good[:5], good + "0", "abcdef", "１２３４５６"):
        is_(u.verify(e["id"], c, code), 422, "mfa_verification_failed", "Invalid TOTP code entered")
    is_(u.verify(e["id"], c, good), 200)


@check("V6")
def drift(s, kit):
    """One step of drift either way passes, two do not."""
    for offset, status in ((-2, 422), (2, 422), (-1, 200), (1, 200)):
        u = s.sign_up()
        e = u.enroll().json
        c = u.challenge(e["id"]).json["id"]
        wait_for_fresh_step()
        is_(u.verify(e["id"], c, totp(e["totp"]["secret"], step_offset=offset)), status)


@check("V7")
def verified(s, kit):
    """Success: a bearer session of the same session_id at aal2, amr with totp first, the factor verified in user.factors."""
    u = s.sign_up()
    before = claims_of(u.token)
    time.sleep(1.1)
    wait_for_fresh_step()
    e = u.enroll().json
    c = u.challenge(e["id"]).json["id"]
    v = is_(u.verify(e["id"], c, totp(e["totp"]["secret"])), 200)
    assert set(v.json) >= {"access_token", "token_type", "expires_in", "expires_at", "refresh_token", "user"}, v.json.keys()
    assert v.json["token_type"] == "bearer" and isinstance(v.json["expires_in"], int)
    now = claims_of(v.json["access_token"])
    assert before["aal"] == "aal1" and [m["method"] for m in before["amr"]] == ["password"], before
    assert now["session_id"] == before["session_id"] and now["aal"] == "aal2" and now["sub"] == before["sub"]
    assert [m["method"] for m in now["amr"]] == ["totp", "password"], now["amr"]
    f = v.json["user"]["factors"]
    assert [x["status"] for x in f] == ["verified"], f
    is_(s.call("GET", "/user", token=v.json["access_token"]), 200)


@check("V8")
def other_sessions(s, kit):
    """Success ends the user's other aal1 sessions; other aal2 sessions live on."""
    u = mfa_user(s)
    second = u.another_session()
    second.factor, second.secret = u.factor, u.secret
    is_(again(second), 200)
    is_(s.call("GET", "/user", token=u.token), 200)
    third = u.another_session()
    third.factor, third.secret = u.factor, u.secret
    fourth = u.another_session()
    is_(again(third), 200)
    is_(s.call("GET", "/user", token=fourth.token), 403, "session_not_found")
    is_(s.call("GET", "/user", token=u.token), 200)


@check("V20", better=True)
def totp_single_use(s, kit):
    """A TOTP code counts once (RFC 6238 5.2): on a new challenge the same code is refused."""
    u = s.sign_up()
    e = u.enroll().json
    wait_for_fresh_step(12)
    code = totp(e["totp"]["secret"])
    c = u.challenge(e["id"]).json["id"]
    v = is_(u.verify(e["id"], c, code), 200)
    c2 = u.challenge(e["id"], token=v.json["access_token"]).json["id"]
    is_(u.verify(e["id"], c2, code, token=v.json["access_token"]), 422, "mfa_verification_failed")


@check("V21", better=True)
def older_step_refused(s, kit):
    """After a step was used, an earlier one no longer counts."""
    u = s.sign_up()
    e = u.enroll().json
    wait_for_fresh_step(12)
    c = u.challenge(e["id"]).json["id"]
    v = is_(u.verify(e["id"], c, totp(e["totp"]["secret"])), 200)
    c2 = u.challenge(e["id"], token=v.json["access_token"]).json["id"]
    is_(u.verify(e["id"], c2, totp(e["totp"]["secret"], step_offset=-1), token=v.json["access_token"]), 422, "mfa_verification_failed")


@check("V22", better=True)
def guessing_is_stopped(s, kit):
    """Guessing locks the factor: well before 100 wrong codes every answer is 429, a right code included; another factor is unaffected."""
    u = mfa_user(s)
    low = u.another_session()
    statuses = []
    for i in range(100):
        c = u.challenge(u.factor, token=low.token)
        if c.status == 429:
            statuses.append(429)
            break
        a = u.verify(u.factor, c.json["id"], "%06d" % i, token=low.token)
        statuses.append(a.status)
        if a.status == 429:
            break
    assert 429 in statuses, "100 wrong codes, never stopped"
    assert statuses.index(429) <= 20, "stopped only after %d guesses" % statuses.index(429)


# --- U: unenroll, A: admin -----------------------------------------------------------------------------------------
@check("U1")
def unenroll_verified(s, kit):
    """A verified factor is removed only at aal2."""
    u = mfa_user(s)
    low = u.another_session()
    is_(s.call("DELETE", "/factors/" + u.factor, token=low.token), 422, "insufficient_aal", "AAL2 required to unenroll verified factor")
    a = is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    assert a.json == {"id": u.factor}, a.json


@check("U2")
def unenroll_unverified(s, kit):
    """An unverified factor may go at aal1."""
    u = s.sign_up()
    f = u.enroll().json["id"]
    assert is_(s.call("DELETE", "/factors/" + f, token=u.token), 200).json == {"id": f}
    is_(s.call("DELETE", "/factors/" + f, token=u.token), 404, "mfa_factor_not_found")
    assert not s.call("GET", "/user", token=u.token).json.get("factors")


@check("U3")
def unenroll_downgrades(s, kit):
    """Removing the factor takes its sessions down to aal1 and drops the amr entry; the session lives."""
    u = mfa_user(s)
    is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    r = is_(u.refreshed(), 200)
    c = claims_of(r.json["access_token"])
    assert c["aal"] == "aal1" and [m["method"] for m in c["amr"]] == ["password"], c


@check("A1")
def admin_lists(s, kit):
    """Admin lists a bare array, [] where there is none, and never a secret."""
    u = s.sign_up()
    a = is_(s.call("GET", "/admin/users/%s/factors" % u.id, token=s.admin_token()), 200)
    assert a.json == [], a.json
    e = u.enroll("one").json
    a = is_(s.call("GET", "/admin/users/%s/factors" % u.id, token=s.admin_token()), 200)
    f = a.json[0]
    assert e["totp"]["secret"] not in a.raw.decode()
    assert set(f) >= {"id", "created_at", "updated_at", "status", "friendly_name", "factor_type"} and f["status"] == "unverified", f


@check("A2")
def admin_deletes(s, kit):
    """Admin deletion returns the factor, removes it, and takes its sessions down to aal1 without ending them."""
    u = mfa_user(s)
    a = is_(s.call("DELETE", "/admin/users/%s/factors/%s" % (u.id, u.factor), token=s.admin_token()), 200)
    assert a.json["id"] == u.factor and a.json["factor_type"] == "totp", a.json
    assert s.call("GET", "/admin/users/%s/factors" % u.id, token=s.admin_token()).json == []
    r = is_(u.refreshed(), 200)
    assert claims_of(r.json["access_token"])["aal"] == "aal1"


@check("A4")
def admin_ids(s, kit):
    """Admin paths: a bad user id 404 validation_failed, an unknown one 404 user_not_found."""
    is_(s.call("GET", "/admin/users/nope/factors", token=s.admin_token()), 404, "validation_failed", "user_id must be an UUID")
    is_(s.call("GET", "/admin/users/%s/factors" % uuid.uuid4(), token=s.admin_token()), 404, "user_not_found", "User not found")


@check("A5")
def admin_gate(s, kit):
    """Only service_role and supabase_admin are admins; tokens without exp, aud or with a sub that is no UUID are fine."""
    u = s.sign_up()
    paths = [("GET", "/admin/users"), ("GET", "/admin/users/" + u.id), ("GET", "/admin/users/%s/factors" % u.id),
             ("POST", "/admin/users"), ("PUT", "/admin/users/" + u.id), ("DELETE", "/admin/users/" + u.id), ("POST", "/admin/generate_link"),
             ("GET", "/admin/audit"), ("POST", "/invite")]
    for method, path in paths:
        is_(s.call(method, path, {} if method in ("POST", "PUT") else None), 401, "no_authorization")
        is_(s.call(method, path, {} if method in ("POST", "PUT") else None, u.token), 403, "not_admin", "User not allowed")
        is_(s.call(method, path, {} if method in ("POST", "PUT") else None, hs256({"role": "service_role"}, "wrong")), 403, "bad_jwt")
    is_(s.call("GET", "/admin/users/" + u.id, token=hs256({"role": "supabase_admin", "sub": "1234567890"}, s.secret)), 200)


# --- S: sessions, R: refresh tokens -------------------------------------------------------------------------------
@check("S1")
def sign_in_again(s, kit):
    """A password sign-in after MFA gives a new aal1 session; the aal2 one survives."""
    u = mfa_user(s)
    low = u.another_session()
    assert claims_of(low.token)["aal"] == "aal1" and low.session_id != u.session_id
    assert [f["status"] for f in low.session["user"]["factors"]] == ["verified"]
    is_(s.call("GET", "/user", token=u.token), 200)


@check("S2")
def refresh_keeps(s, kit):
    """A refresh keeps session_id, aal2 and amr."""
    u = mfa_user(s)
    r = is_(u.refreshed(), 200)
    c = claims_of(r.json["access_token"])
    assert c["session_id"] == u.session_id and c["aal"] == "aal2" and sorted(m["method"] for m in c["amr"]) == ["password", "totp"], c


@check("S3")
def amr_order(s, kit):
    """amr is newest first with one entry per method; verifying again renews its timestamp."""
    u = mfa_user(s)
    first = {m["method"]: m["timestamp"] for m in claims_of(u.token)["amr"]}
    time.sleep(1.2)
    v = is_(again(u), 200)
    amr = claims_of(v.json["access_token"])["amr"]
    assert [m["method"] for m in amr] == ["totp", "password"] and amr[0]["timestamp"] > first["totp"], amr


@check("S5")
def claims(s, kit):
    """The access token carries all the documented claims and a typ header.

    iss: the official server leaves it out where GOTRUE_JWT_ISSUER is not set, so set it."""
    u = s.sign_up()
    c = claims_of(u.token)
    need = {"iss", "sub", "aud", "exp", "iat", "email", "phone", "app_metadata", "user_metadata", "role", "aal", "amr", "session_id", "is_anonymous"}
    assert need <= set(c), need - set(c)
    assert c["aud"] == "authenticated" and c["role"] == "authenticated" and c["phone"] == "" and c["is_anonymous"] is False, c
    head = json.loads(__import__("wire").unb64(u.token.split(".")[0]))
    assert head["typ"] == "JWT" and head["alg"] in ("HS256", "ES256", "RS256"), head


@check("S7")
def password_change_ends_others(s, kit):
    """A password change ends the other sessions and keeps the current one."""
    u = s.sign_up()
    other = u.another_session()
    is_(s.call("PUT", "/user", {"password": "another correct horse"}, u.token), 200)
    is_(s.call("GET", "/user", token=other.token), 403, "session_not_found")
    is_(s.call("GET", "/user", token=u.token), 200)


@check("S8")
def logout_scopes(s, kit):
    """logout: global, local, others; any other scope 400."""
    u = s.sign_up()
    b, _ = u.another_session(), u.another_session()
    is_(s.call("POST", "/logout?scope=some", token=u.token), 400, "validation_failed", 'Unsupported logout scope "some"')
    is_(s.call("POST", "/logout?scope=others", token=u.token), 204)
    is_(s.call("GET", "/user", token=b.token), 403, "session_not_found")
    is_(s.call("GET", "/user", token=u.token), 200)
    d = u.another_session()
    is_(s.call("POST", "/logout?scope=local", token=d.token), 204)
    is_(s.call("GET", "/user", token=u.token), 200)
    is_(s.call("POST", "/logout", token=u.token), 204)
    is_(s.call("GET", "/user", token=u.token), 403, "session_not_found")


@check("R1")
def refresh_shape(s, kit):
    """Malformed refresh tokens: 400 validation_failed; unknown ones: refresh_token_not_found."""
    for bad in ("", "short", "UPPERCASE-12", "x" * 40):
        a = s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": bad})
        is_(a, 400, "validation_failed")
    is_(s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": "abcdefghij12"}), 400, "refresh_token_not_found",
        "Invalid Refresh Token: Refresh Token Not Found")


@check("R3")
def rotation(s, kit):
    """Each refresh gives a new token; the last one again (its answer was lost) gives the same new one."""
    u = s.sign_up()
    a = is_(u.refreshed(), 200).json["refresh_token"]
    b = is_(u.refreshed(), 200).json["refresh_token"]
    assert a != u.refresh and b == a, (a, b)
    c = is_(u.refreshed(a), 200).json["refresh_token"]
    assert c != a


@check("R5", needs={"no-reuse-interval"})
def reuse_detected(s, kit):
    """An old refresh token used again ends the family: 400 refresh_token_already_used, for the newest too."""
    u = s.sign_up()
    a = u.refreshed().json["refresh_token"]
    b = u.refreshed(a).json["refresh_token"]
    c = u.refreshed(b).json["refresh_token"]
    time.sleep(kit.get("reuse_interval", 0) + 1.2)
    is_(u.refreshed(u.refresh), 400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    a = u.refreshed(c)
    assert a.status == 400 and a.code in ("refresh_token_already_used", "refresh_token_not_found"), a.short()


@check("R11")
def concurrent_refresh(s, kit):
    """Concurrent refreshes of one token converge on one result."""
    u = s.sign_up()
    got = []
    threads = [threading.Thread(target=lambda: got.append(u.refreshed())) for _ in range(8)]
    [t.start() for t in threads]; [t.join() for t in threads]
    ok = [g for g in got if g.status == 200]
    assert len(ok) == 8 and len({g.json["refresh_token"] for g in ok}) == 1, [g.short()[:60] for g in got]


@check("R12")
def sign_in_errors(s, kit):
    """Wrong passwords and unknown users answer alike; an unknown grant is refused."""
    u = s.sign_up()
    a = is_(s.sign_in(u.email, "wrong password"), 400, "invalid_credentials", "Invalid login credentials")
    b = is_(s.sign_in("nobody-%s@example.com" % uuid.uuid4().hex, "wrong password"), 400, "invalid_credentials", "Invalid login credentials")
    assert a.json == b.json
    is_(s.call("POST", "/token?grant_type=magic", {}), 400, "invalid_credentials", "unsupported_grant_type")


@check("F1")
def user_json(s, kit):
    """The user object has the documented fields, null-free metadata and RFC 3339 times."""
    u = s.sign_up(data={"nick": "n"})
    me = is_(s.call("GET", "/user", token=u.token), 200).json
    need = {"id", "aud", "role", "email", "email_confirmed_at", "phone", "confirmed_at", "last_sign_in_at", "app_metadata", "user_metadata", "identities",
            "created_at", "updated_at", "is_anonymous"}
    assert need <= set(me), need - set(me)
    assert me["app_metadata"] == {"provider": "email", "providers": ["email"]}, me["app_metadata"]
    assert me["user_metadata"]["nick"] == "n", me["user_metadata"]
    i = me["identities"][0]
    assert {"identity_id", "id", "user_id", "identity_data", "provider", "created_at", "updated_at"} <= set(i), i


@check("M1")
def prefixless_and_slash(s, kit):
    """A trailing slash reaches the same endpoint."""
    u = s.sign_up()
    is_(s.call("POST", "/factors/", {"factor_type": "totp"}, u.token), 200)


@check("M2")
def public_pages(s, kit):
    """health, settings and jwks answer without a token."""
    h = is_(s.call("GET", "/health"), 200).json
    assert {"version", "name", "description"} <= set(h), h
    st = is_(s.call("GET", "/settings"), 200).json
    assert "external" in st and "disable_signup" in st and "mailer_autoconfirm" in st, st
    k = is_(s.call("GET", "/.well-known/jwks.json"), 200).json
    assert isinstance(k["keys"], list)
    is_(s.call("GET", "/no-such-thing"), 404)


def preflight(s, headers, path="/factors", method="POST"):
    return s.call("OPTIONS", path, headers={"Origin": "http://app.example", "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers})


def allows(a, headers):
    assert a.status in (200, 204), a.short()
    assert a.headers.get("access-control-allow-origin") in ("*", "http://app.example"), a.headers
    allowed = [h.strip() for h in a.headers.get("access-control-allow-headers", "").lower().split(",")]
    for h in headers.split(","):
        assert h in allowed or allowed == ["*"], (h, allowed)


@check("M3")
def cors(s, kit):
    """A browser on another origin may call: the preflight allows the auth client's headers (sent as browsers do: lower case,
    sorted, no blanks), and answers, errors too, carry Access-Control-Allow-Origin and expose the version header."""
    for path, method in (("/factors", "POST"), ("/user", "GET"), ("/user", "PUT"), ("/factors/%s" % uuid.uuid4(), "DELETE"), ("/token", "POST")):
        a = preflight(s, "authorization,content-type,x-client-info,x-supabase-api-version", path, method)
        allows(a, "authorization,content-type,x-client-info,x-supabase-api-version")
        assert method in a.headers.get("access-control-allow-methods", ""), a.headers
    for a in (s.call("GET", "/health", headers={"Origin": "http://app.example"}), s.call("GET", "/user", headers={"Origin": "http://app.example"})):
        assert a.headers.get("access-control-allow-origin") in ("*", "http://app.example"), a.headers
        assert "x-supabase-api-version" in a.headers.get("access-control-expose-headers", "").lower(), a.headers


@check("M4", better=True)
def cors_apikey(s, kit):
    """The preflight allows `apikey` too, which createClient's pages send, without being configured for it.

    The official server: only with GOTRUE_CORS_ALLOWED_HEADERS=apikey (hosted, a gateway in front answers preflights)."""
    allows(preflight(s, "apikey,authorization,content-type,x-client-info,x-supabase-api-version"), "apikey,authorization,content-type")
