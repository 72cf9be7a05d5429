#!/usr/bin/env python3
"""What each of the seven hooks is told, and what its answer changes (internals.md §7 and §2.4, accounts.md HK4 to HK6).
hook_calls.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import sys, time, uuid
from hook_rig import HOOKS, PW, Countersign, Rig, Tally, User, addr, claims_of, default_binary, entered, fresh_code, good, is_, made, phone, rows_of, tag

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
NEVER = "0001-01-01T00:00:00Z"


def only_call(rig, mark, hook):
    calls = rig.calls_of(mark, hook)
    assert len(calls) == 1, "asked %d times" % len(calls)
    return calls[0]


def check_metadata(request, name):
    m = request.json["metadata"]
    assert list(request.json)[0] == "metadata" and set(m) == {"uuid", "time", "name", "ip_address"} and m["name"] == name and m["ip_address"] == "127.0.0.1", m
    assert str(uuid.UUID(m["uuid"])) == m["uuid"] != request.headers["webhook-id"] and m["time"].endswith("Z"), m
    assert request.headers["content-type"] == "application/json" and request.headers["accept-encoding"] == "identity", request.headers


# --- created --------------------------------------------------------------------------------------------------------
def before(rig, a, b):
    """Before: the account as it will be, not yet stored; the id is the final one. Once for each way to make one, never for an admin's."""
    e = tag("told", "before_user_created")
    there = []

    def look(request):
        there.append(rows_of(a, address=e)["users"])
        return good({})
    rig.claim(e, "before_user_created", look)
    u = is_(a.call("POST", "/signup", {"email": e, "password": PW, "data": {"k": 1}}), 200).json["user"]
    call = only_call(rig, e, "before_user_created")
    check_metadata(call, "before-user-created")
    told = call.json["user"]
    assert set(call.json) == {"metadata", "user"} and told["id"] == u["id"] and told["email"] == e and there == [0], (told, there)
    assert told["role"] == "" and told["created_at"] == told["updated_at"] == NEVER and told["identities"] == [], told
    assert told["user_metadata"]["k"] == 1 and told["app_metadata"] == {"provider": "email", "providers": ["email"]} and PW not in call.body.decode(), told
    e = tag("admin", "before_user_created")
    rig.claim(e, "before_user_created", "own")
    made(a, e)
    assert not rig.calls_of(e, "before_user_created")


def before_everywhere(rig, a, b):
    """Before: refused sign-ups by /otp, /invite and /admin/generate_link make no account either; anonymous ones too."""
    no = good({"error": {"http_code": 403, "message": "closed"}})
    admin = b.admin_token()
    for path, token, more in (("/otp", None, {}), ("/invite", admin, {}), ("/admin/generate_link", admin, {"type": "signup", "password": PW}), ("/magiclink", None, {})):
        e = tag("closed", "before_user_created")
        rig.claim(e, "before_user_created", no)
        is_(b.call("POST", path, {"email": e, **more}, token), 403, "unknown", "closed")
        assert rows_of(b, address=e)["users"] == 0 and len(rig.calls_of(e, "before_user_created")) == 1, path
    mark = uuid.uuid4().hex
    rig.claim(mark, "before_user_created", no)
    n = b.sql("select count(*) from users")
    is_(b.call("POST", "/signup", {"data": {"mark": mark}}), 403, "unknown", "closed")
    assert b.sql("select count(*) from users") == n


def after(rig, a, b):
    """After: told once the account is stored; not when it is confirmed at once, but of an anonymous one."""
    e = tag("told", "after_user_created")
    there = []
    rig.claim(e, "after_user_created", lambda request: there.append(rows_of(b, address=e)["users"]) or good({}))
    u = is_(b.call("POST", "/signup", {"email": e, "password": PW}), 200).json
    call = only_call(rig, e, "after_user_created")
    check_metadata(call, "after-user-created")
    assert call.json["user"]["id"] == u["id"] and there == [1], there
    e = tag("atonce", "after_user_created")
    rig.claim(e, "after_user_created", "own")
    is_(a.call("POST", "/signup", {"email": e, "password": PW}), 200)
    assert not rig.calls_of(e, "after_user_created"), "called although confirmed at once"
    mark = uuid.uuid4().hex
    rig.claim(mark, "after_user_created", "own")
    is_(a.call("POST", "/signup", {"data": {"mark": mark}}), 200)
    assert only_call(rig, mark, "after_user_created").json["user"]["is_anonymous"] is True
    e = tag("invited", "after_user_created")
    rig.claim(e, "after_user_created", "own")
    is_(b.call("POST", "/invite", {"email": e}, b.admin_token()), 200)
    assert len(rig.calls_of(e, "after_user_created")) == 1, "not called for an invitation"


# --- messages -------------------------------------------------------------------------------------------------------
def sms(rig, a, b):
    """Send SMS: user, code and phone; the code works; nothing else is sent."""
    p = phone()
    rig.claim(p, "send_sms", "own")
    is_(b.call("POST", "/otp", {"phone": p}), 200)
    call = only_call(rig, p, "send_sms")
    check_metadata(call, "send-sms")
    told = call.json
    assert set(told) == {"metadata", "user", "sms"} and set(told["sms"]) == {"otp", "phone"} and told["sms"]["phone"] == p and told["user"]["phone"] == p, told
    s = is_(b.call("POST", "/verify", {"type": "sms", "phone": p, "token": told["sms"]["otp"]}), 200).json
    assert s["user"]["id"] == told["user"]["id"], (s["user"], told["user"])
    assert b.sql("select count(*) from outbox where kind = 'sms'") == [["0"]]
    s = is_(b.call("POST", "/otp", {"phone": phone(), "channel": "carrier pigeon"}), 200) and s
    is_(b.call("PUT", "/user", {"data": {"n": 1}}, s["access_token"]), 200)
    rig.claim(p, "send_sms", "own")
    time.sleep(1.1)
    is_(b.call("POST", "/otp", {"phone": p}), 200)
    told = only_call(rig, p, "send_sms").json["user"]
    assert told["user_metadata"].get("n") == 1 and told["role"] == "authenticated" and told["phone_confirmed_at"], "not the account as it is: %s" % told


def email(rig, a, b):
    """Send e-mail: all fields of email_data; token and hash belong together and work; no mail is sent besides."""
    e = tag("told", "send_email")
    rig.claim(e, "send_email", "own")
    is_(b.call("POST", "/signup", {"email": e, "password": PW}), 200)
    call = only_call(rig, e, "send_email")
    check_metadata(call, "send-email")
    told, d = call.json, call.json["email_data"]
    assert set(told) == {"metadata", "user", "email_data"} and told["user"]["email"] == e, told
    assert set(d) == {"token", "token_hash", "redirect_to", "email_action_type", "site_url", "token_new", "token_hash_new", "old_email", "old_phone", "provider", "factor_type"}, d
    assert d["email_action_type"] == "signup" and d["site_url"] == base_of(b) and d["redirect_to"] == "http://localhost:3000" and d["token_new"] == d["token_hash_new"] == "", d
    is_(b.call("POST", "/verify", {"type": "signup", "email": e, "token": wrong_code(d["token"])}), 403, "otp_expired")
    assert is_(b.call("POST", "/verify", {"type": "signup", "token_hash": d["token_hash"]}), 200).json["user"]["email"] == e
    is_(b.call("POST", "/verify", {"type": "signup", "email": e, "token": d["token"]}), 403, "otp_expired")
    assert b.sql("select count(*) from outbox") == [["0"]]


def base_of(s):
    return "http://127.0.0.1:%d" % s.port


def action_types(rig, a, b):
    """Send e-mail: the kinds by their names."""
    e = tag("kinds", "send_email")
    made(b, e)
    u = entered(b, e)
    for name, send in (("recovery", lambda: b.call("POST", "/recover", {"email": e})), ("reauthentication", lambda: b.call("GET", "/reauthenticate", token=u.token)),
                       ("magiclink", lambda: time.sleep(1.1) or b.call("POST", "/otp", {"email": e}))):
        rig.claim(e, "send_email", "own")
        is_(send(), 200)
        d = only_call(rig, e, "send_email").json["email_data"]
        assert d["email_action_type"] == name and d["token"], d
    e = tag("kinds", "send_email")
    rig.claim(e, "send_email", "own")
    is_(b.call("POST", "/invite", {"email": e}, b.admin_token()), 200)
    assert only_call(rig, e, "send_email").json["email_data"]["email_action_type"] == "invite"


def crossed(rig, a, b):
    """Send e-mail: a change of address calls once, with crossed hashes (HK5): token with token_hash_new, token_new with token_hash."""
    for first, second in (({"email": "old", "token": "token"}, {"email": "new", "token": "token_new"}), ({"token_hash": "token_hash_new"}, {"token_hash": "token_hash"}),
                          ({"token_hash": "token_hash"}, {"email": "old", "token": "token"}), ({"email": "new", "token": "token_new"}, {"token_hash": "token_hash_new"})):
        at = {"old": tag("old", "send_email"), "new": addr()}
        made(b, at["old"])
        u = entered(b, at["old"])
        rig.claim(at["new"], "send_email", "own")
        is_(b.call("PUT", "/user", {"email": at["new"]}, u.token), 200)
        call = only_call(rig, at["new"], "send_email")
        d = call.json["email_data"]
        assert d["email_action_type"] == "email_change" and call.json["user"]["email"] == at["old"] and call.json["user"]["new_email"] == at["new"], call.json["user"]
        assert len({d["token"], d["token_new"]}) == len({d["token_hash"], d["token_hash_new"]}) == 2, d
        body = lambda way: {"type": "email_change", **{k: at.get(v) or d[v] for k, v in way.items()}}
        half = is_(b.call("POST", "/verify", body(first)), 200).json
        assert half.get("code") == "200" and "access_token" not in half, half
        s = is_(b.call("POST", "/verify", body(second)), 200).json
        assert s["user"]["email"] == at["new"] and s["user"]["id"] == u.id, s["user"]


def change_guessed(rig, a, b):
    """Send e-mail: ten wrong codes void an address's code of a change, never its link nor the other address's code (rule S2)."""
    e, new = tag("old", "send_email"), addr()
    made(b, e)
    u = entered(b, e)
    rig.claim(new, "send_email", "own")
    is_(b.call("PUT", "/user", {"email": new}, u.token), 200)
    d = only_call(rig, new, "send_email").json["email_data"]
    for n in range(10):
        is_(b.call("POST", "/verify", {"type": "email_change", "email": e, "token": wrong_code(d["token"], n)}), 403, "otp_expired")
    is_(b.call("POST", "/verify", {"type": "email_change", "email": e, "token": d["token"]}), 403, "otp_expired")
    half = is_(b.call("POST", "/verify", {"type": "email_change", "email": new, "token": d["token_new"]}), 200).json
    assert "access_token" not in half, half
    s = is_(b.call("POST", "/verify", {"type": "email_change", "token_hash": d["token_hash_new"]}), 200).json
    assert s["user"]["email"] == new and s["user"]["id"] == u.id, s["user"]


def wrong_code(code, n=0):
    return "%06d" % ((int(code) + 1 + n) % 1000000)


def simple_change(rig, c, s):
    """Send e-mail: a change without the old address's consent carries the new address's code alone."""
    for way in ({"email": "new", "token": "token"}, {"token_hash": "token_hash"}):
        e, new = tag("old", "send_email"), addr()
        made(s, e)
        u = entered(s, e)
        rig.claim(new, "send_email", "own")
        is_(s.call("PUT", "/user", {"email": new}, u.token), 200)
        d = only_call(rig, new, "send_email").json["email_data"]
        assert d["token_new"] == d["token_hash_new"] == "", d
        body = {k: new if v == "new" else d[v] for k, v in way.items()}
        assert is_(s.call("POST", "/verify", {"type": "email_change", **body}), 200).json["user"]["email"] == new


def instead_of_provider(rig, c, s):
    """Send SMS: the hook takes the place of a provider, also of one whose settings are not whole."""
    p = phone()
    rig.claim(p, "send_sms", "own")
    is_(s.call("POST", "/otp", {"phone": p}), 200)
    is_(s.call("POST", "/verify", {"type": "sms", "phone": p, "token": only_call(rig, p, "send_sms").json["sms"]["otp"]}), 200)


def notices(rig, c, s):
    """Send e-mail: notifications go through the hook by their names; that one fails does not fail the request."""
    e = tag("notice", "send_email")
    made(s, e)
    u = entered(s, e)
    rig.claim(e, "send_email", (500, {}, b""))
    is_(s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
    d = only_call(rig, e, "send_email").json["email_data"]
    assert d["email_action_type"] == "password_changed_notification" and d["token"] == "", d
    is_(s.sign_in(e, "another " + PW), 200)
    f = is_(u.enroll(), 200).json
    ch = is_(u.challenge(f["id"]), 200).json
    rig.claim(e, "send_email", "own")
    u.take(is_(u.verify(f["id"], ch["id"], fresh_code(f["totp"]["secret"])), 200).json)
    d = only_call(rig, e, "send_email").json["email_data"]
    assert (d["email_action_type"], d["factor_type"]) == ("mfa_factor_enrolled_notification", "totp"), d


def nothing_twice(rig, a, b):
    """A mail that is held up by the sending limit calls no hook; a failed send may be asked for again at once."""
    e = tag("limit", "send_email")
    rig.claim(e, "send_email", [(500, {}, b""), "own"])
    is_(b.call("POST", "/signup", {"email": e, "password": PW}), 500)
    is_(b.call("POST", "/signup", {"email": e, "password": PW}), 200)
    is_(b.call("POST", "/signup", {"email": e, "password": PW}), 429, "over_email_send_rate_limit")
    assert len(rig.calls_of(e, "send_email")) == 2


# --- attempts -------------------------------------------------------------------------------------------------------
def password(rig, a, b):
    """Password attempt: told of right and wrong ones of an account that exists, is not banned and has a password."""
    e = tag("told", "password")
    u = made(a, e)
    rig.claim(u["id"], "password_verification_attempt", good({"decision": "continue"}))
    is_(a.sign_in(e, "wrong"), 400, "invalid_credentials", "Invalid login credentials")
    is_(a.sign_in(e, PW), 200)
    calls = rig.calls_of(u["id"], "password_verification_attempt")
    check_metadata(calls[0], "password-verification")
    assert [{k: v for k, v in c.json.items() if k != "metadata"} for c in calls] == [{"user_id": u["id"], "valid": False}, {"user_id": u["id"], "valid": True}], calls
    seen = len(rig.receiver.of("/password_verification_attempt"))
    is_(a.sign_in(addr(), PW), 400, "invalid_credentials")
    is_(a.call("PUT", "/admin/users/" + u["id"], {"ban_duration": "1h"}, a.admin_token()), 200)
    is_(a.sign_in(e, PW), 400, "user_banned")
    assert len(rig.receiver.of("/password_verification_attempt")) == seen, "called for an unknown or banned account"


def password_rejected(rig, a, b):
    """Password attempt: reject refuses a right password, in its own words or the preset ones; other decisions do not."""
    e = tag("reject", "password")
    u = made(a, e)
    first = entered(a, e)
    for answer, text in (({"decision": "reject", "message": "too late <at night>"}, "too late <at night>"), ({"decision": "reject"}, "Further password verification attempts will be rejected."),
                         ({"decision": "reject", "message": "", "should_logout_user": False}, "Further password verification attempts will be rejected.")):
        rig.claim(u["id"], "password_verification_attempt", good(answer))
        is_(a.sign_in(e, PW), 400, "invalid_credentials", text)
    is_(a.call("GET", "/user", token=first.token), 200)
    for answer in ({"decision": "continue", "should_logout_user": True}, {"decision": "Reject"}, {"decision": None}, {}):
        rig.claim(u["id"], "password_verification_attempt", good(answer))
        is_(a.sign_in(e, PW), 200)
    is_(a.call("GET", "/user", token=first.token), 200)
    rig.claim(u["id"], "password_verification_attempt", good({"decision": "reject", "should_logout_user": True}))
    is_(a.sign_in(e, "wrong"), 400, "invalid_credentials")
    assert rows_of(a, address=e)["sessions"] == 0
    is_(a.call("GET", "/user", token=first.token), 403, "session_not_found")


def mfa(rig, a, b):
    """MFA attempt: told of right and wrong codes; reject ends every session, also of other devices; wrong codes stay wrong."""
    e = tag("told", "mfa")
    made(a, e)
    u, other = entered(a, e), entered(a, e)
    f = is_(u.enroll(), 200).json
    rig.claim(f["id"], "mfa_verification_attempt", good({"decision": "continue"}))
    wrong = next(w for w in ("000000", "111111", "222222") if w != fresh_code(f["totp"]["secret"]))
    is_(u.verify(f["id"], is_(u.challenge(f["id"]), 200).json["id"], wrong), 422, "mfa_verification_failed")
    u.take(is_(u.verify(f["id"], is_(u.challenge(f["id"]), 200).json["id"], fresh_code(f["totp"]["secret"])), 200).json)
    calls = rig.calls_of(f["id"], "mfa_verification_attempt")
    check_metadata(calls[0], "mfa-verification")
    assert [{k: v for k, v in c.json.items() if k != "metadata"} for c in calls] == [
        {"user_id": u.id, "factor_id": f["id"], "factor_type": "totp", "valid": valid} for valid in (False, True)], [c.json for c in calls]
    other = entered(a, e)
    rig.claim(f["id"], "mfa_verification_attempt", good({"decision": "reject"}))
    is_(other.verify(f["id"], is_(other.challenge(f["id"]), 200).json["id"], wrong), 403, "mfa_verification_rejected", "Further MFA verification attempts will be rejected.")
    assert rows_of(a, address=e)["sessions"] == 0
    for session in (u, other):
        is_(a.call("GET", "/user", token=session.token), 403, "session_not_found")
    other = entered(a, e)
    rig.claim(f["id"], "mfa_verification_attempt", good({"decision": "reject", "message": "no more"}))
    is_(other.verify(f["id"], is_(other.challenge(f["id"]), 200).json["id"], fresh_code(f["totp"]["secret"])), 403, "mfa_verification_rejected", "no more")
    assert rows_of(a, address=e)["sessions"] == 0


# --- access tokens --------------------------------------------------------------------------------------------------
def with_claims(change):
    def answer(request):
        claims = dict(request.json["claims"])
        change(claims)
        return good({"claims": claims})
    return answer


def token(rig, a, b):
    """Access token: told the claims and how one signed in, at sign-in, refresh and MFA verification; its claims are the token's."""
    e = tag("told", "token")
    u = made(a, e)
    rig.claim(e, "custom_access_token", with_claims(lambda c: c.update(plan={"name": "pro <1>"}, role="editor", exp=c["exp"] + 60, aud=["x", "authenticated"])))
    s = is_(a.sign_in(e, PW), 200).json
    call = only_call(rig, e, "custom_access_token")
    check_metadata(call, "customize-access-token")
    told, got = call.json, claims_of(s["access_token"])
    assert list(told) == ["metadata", "user_id", "claims", "authentication_method"] and told["user_id"] == u["id"] and told["authentication_method"] == "password", told
    assert list(told["claims"]) == [k for k in ("iss", "sub", "aud", "exp", "iat", "email", "phone", "app_metadata", "user_metadata", "role", "aal", "amr", "session_id", "is_anonymous")], list(told["claims"])
    assert told["claims"]["aud"] == "authenticated" and got["plan"] == {"name": "pro <1>"} and got["role"] == "editor" and got["exp"] == told["claims"]["exp"] + 60, got
    assert list(got) == sorted(got) and s["expires_at"] == told["claims"]["exp"], (list(got), s["expires_at"])
    user = User(a, s, e, PW)
    is_(a.call("GET", "/user", token=user.token), 200)
    rig.claim(e, "custom_access_token", with_claims(lambda c: c.update(plan="free")))
    s = is_(user.refreshed(), 200).json
    assert claims_of(s["access_token"])["plan"] == "free"
    assert only_call(rig, e, "custom_access_token").json["authentication_method"] == "token_refresh", only_call(rig, e, "custom_access_token").json["authentication_method"]
    user.take(s)
    f = is_(user.enroll(), 200).json
    rig.claim(e, "custom_access_token", with_claims(lambda c: c.update(plan="mfa")))
    s = is_(user.verify(f["id"], is_(user.challenge(f["id"]), 200).json["id"], fresh_code(f["totp"]["secret"])), 200).json
    told = only_call(rig, e, "custom_access_token").json
    assert claims_of(s["access_token"])["plan"] == "mfa" and told["claims"]["aal"] == "aal2" and told["authentication_method"] == "totp", told


def token_refused(rig, a, b):
    """Access token: claims that do not fit the schema are refused with the faults by name, and no session is left."""
    e = tag("schema", "token")
    made(a, e)
    schema = "output claims do not conform to the expected schema: \n"
    for answer, text in ((good({}), "output claims field is missing"), (good({"claims": "x"}), schema + "- (root): Invalid type. Expected: object, given: string"),
                         (with_claims(lambda c: c.pop("aud")), schema + "- (root): aud is required"), (with_claims(lambda c: c.update(role=1)), schema + "- role: Invalid type. Expected: string, given: integer"),
                         (with_claims(lambda c: c.update(role=None)), schema + "- role: Invalid type. Expected: string, given: null"),
                         (with_claims(lambda c: c.update(exp=None)), schema + "- exp: Invalid type. Expected: integer, given: null"),
                         (with_claims(lambda c: c.update(iss=None)), schema + "- iss: Invalid type. Expected: string, given: null"),
                         (with_claims(lambda c: c.update(exp="soon")), schema + "- exp: Invalid type. Expected: integer, given: string"),
                         (with_claims(lambda c: c.update(app_metadata=[])), schema + "- app_metadata: Invalid type. Expected: object, given: array"),
                         (with_claims(lambda c: c.update(amr={})), schema + "- amr: Invalid type. Expected: array, given: object"),
                         (with_claims(lambda c: c.update(is_anonymous="no")), schema + "- is_anonymous: Invalid type. Expected: boolean, given: string")):
        rig.claim(e, "custom_access_token", answer)
        is_(a.sign_in(e, PW), 500, "unexpected_failure", text)
        assert rows_of(a, address=e)["sessions"] == 0, text
    for name in ("exp", "iat", "sub", "email", "phone", "role", "aal", "session_id", "is_anonymous"):
        rig.claim(e, "custom_access_token", with_claims(lambda c: c.pop(name)))
        is_(a.sign_in(e, PW), 500, "unexpected_failure", schema + "- (root): %s is required" % name)
    for name in ("iss", "amr", "app_metadata", "user_metadata"):
        rig.claim(e, "custom_access_token", with_claims(lambda c: c.pop(name)))
        assert name not in claims_of(is_(a.sign_in(e, PW), 200).json["access_token"])


def token_at_refresh(rig, a, b):
    """Access token: a refusal at refresh keeps the refresh token good, and at MFA verification the session low."""
    e = tag("refresh", "token")
    made(a, e)
    u = entered(a, e)
    rig.claim(e, "custom_access_token", [(500, {}, b""), (400, {}, b""), good({"error": {"http_code": 403, "message": "no"}}), "own"])
    for status in (500, 500, 403):
        is_(u.refreshed(), status)
    u.take(is_(u.refreshed(), 200).json)
    f = is_(u.enroll(), 200).json
    rig.claim(e, "custom_access_token", [(500, {}, b""), "own"])
    c = is_(u.challenge(f["id"]), 200).json["id"]
    code = fresh_code(f["totp"]["secret"])
    is_(u.verify(f["id"], c, code), 500)
    assert [x["status"] for x in is_(a.call("GET", "/user", token=u.token), 200).json["factors"]] == ["unverified"]
    is_(u.verify(f["id"], c, code), 200)


def main():
    t = Tally(quiet=True)
    with Rig() as rig:
        often = {"GOTRUE_SMTP_MAX_FREQUENCY": "1s", "GOTRUE_SMS_MAX_FREQUENCY": "1s", "GOTRUE_RATE_LIMIT_EMAIL_SENT": "10000", "GOTRUE_RATE_LIMIT_SMS_SENT": "10000"}
        unconfirmed = {"GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_SMS_AUTOCONFIRM": "false"}
        notify = {"GOTRUE_MAILER_NOTIFICATIONS_%s_ENABLED" % k: "true" for k in ("PASSWORD_CHANGED", "MFA_FACTOR_ENROLLED")}
        first = Countersign(binary, env={**rig.settings(*HOOKS), **often})
        second = Countersign(binary, env={**rig.settings(*HOOKS), **often, **unconfirmed})
        third = Countersign(binary, env={**rig.settings("send_email", "send_sms"), "GOTRUE_SMS_PROVIDER": "twilio", **often, **unconfirmed, **notify, "GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED": "false"})
        with first, second, third:
            a, b, c = first.server(), second.server(), third.server()
            for step in (before, before_everywhere, after, sms, email, action_types, crossed, change_guessed, nothing_twice, password, password_rejected, mfa, token, token_refused, token_at_refresh):
                t.step(step.__doc__, step, rig, a, b)
            for step in (simple_change, instead_of_provider, notices):
                t.step(step.__doc__, step, rig, third, c)
            for one in (first, second, third):
                t.step("database", one.check_db)
                t.step("no secret in the log", no_secret, one)
    return t.close()


def no_secret(c):
    log = c.log_text()
    for secret in (PW, "secret 1 of a test hook", "whsec_", c.environment()["GOTRUE_JWT_SECRET"]):
        assert secret not in log, "the log holds %r" % secret[:12]


if __name__ == "__main__":
    sys.exit(main())
