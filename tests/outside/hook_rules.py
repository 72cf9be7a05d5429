#!/usr/bin/env python3
"""What must hold also where hooks make each request run twice (docs/decisions/0005-asking-first.md): codes count once, guesses are counted, races have one winner, a
refusal of the hook uses nothing up; the claims hook at every way in; the MFA hook and the kinds of factor. On SQLite, and on PostgreSQL
with three nodes. hook_rules.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import re, sys, urllib.parse, uuid
from hook_rig import JSON, PW, Rig, Tally, addr, at_once, claims_of, default_binary, fresh_code, good, is_, made, on_both_engines, phone
from settings import ALL_ON, CONFIRM, body, link_in, person, place, texts_to
from totp_checks import wrong
from wire import totp, wait_for_fresh_step

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
PHONE = {"GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true", "GOTRUE_MFA_PHONE_MAX_FREQUENCY": "1ms"}
NO = good({"error": {"http_code": 403, "message": "no"}})


def with_totp(p):
    u = person(p)
    f = is_(u.enroll(), 200).json
    u.factor, u.secret = f["id"], f["totp"]["secret"]
    return u


def open_one(u, factor=None, more=None):
    return is_(u.challenge(factor or u.factor, more), 200).json["id"]


def verified(u):
    return u.take(is_(u.verify(u.factor, open_one(u), fresh_code(u.secret)), 200).json)


def spread(p, count, call):
    return at_once(count, lambda n: call(n, p.servers[n % len(p.servers)]))


def verify_path(u, factor=None):
    return "/factors/%s/verify" % (factor or u.factor)


# --- one winner -----------------------------------------------------------------------------------------------------
def one_code(rig, p):
    """A TOTP code on one challenge, and on eight, from all nodes at once: one gets tokens; it is used up for good."""
    for many in (False, True):
        u = with_totp(p)
        challenges = [open_one(u) for _ in range(8 if many else 1)]
        wait_for_fresh_step(10)
        code = totp(u.secret)
        got = spread(p, 8, lambda n, s: s.call("POST", verify_path(u), {"challenge_id": challenges[n % len(challenges)], "code": code}, u.token))
        assert sorted(a.status for a in got)[0] == 200 and [a.status for a in got].count(200) == 1 and all(a.status in (200, 422) for a in got), [a.short() for a in got]
        u.take([a for a in got if a.status == 200][0].json)
        is_(u.verify(u.factor, open_one(u), code), 422, "mfa_verification_failed")
        is_(p.s.call("GET", "/user", token=u.token), 200)


def guesses(rig, p):
    """Forty wrong codes at once: ten are looked at, the hook hears of no more; then a right one is 429."""
    u = verified(with_totp(p))
    rig.claim(u.factor, "mfa_verification_attempt", good({"decision": "continue"}))
    c, codes = open_one(u), wrong(u.secret, 40)
    got = spread(p, 40, lambda n, s: s.call("POST", verify_path(u), {"challenge_id": c, "code": codes[n]}, u.token))
    assert [a.status for a in got].count(422) == 10 and [a.status for a in got].count(429) == 30, [a.short() for a in got]
    is_(u.verify(u.factor, c, fresh_code(u.secret)), 429, "over_request_rate_limit")
    assert len(rig.calls_of(u.factor, "mfa_verification_attempt")) == 10


def other_codes(rig, p):
    """A recovery code, a link, an SMS code and a PKCE code, eight times at once each: one gets tokens."""
    s, u = p.s, verified(with_totp(p))
    codes = is_(s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"]
    low = u.another_session()
    got = spread(p, 8, lambda n, s: s.call("POST", "/factors/recovery-codes/verify", {"code": codes[0]}, low.token))
    assert [a.status for a in got].count(200) == 1 and all(a.status < 500 for a in got), [a.short() for a in got]
    e = made(s)["email"]
    is_(s.call("POST", "/recover", {"email": e}), 200)
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(link_in(p.sent(e)[-1])).query)["token"][0]
    got = spread(p, 8, lambda n, s: s.call("POST", "/verify", {"type": "recovery", "token_hash": token}))
    assert sorted(a.status for a in got) == [200] + [403] * 7, [a.short() for a in got]
    number = phone()
    is_(s.call("POST", "/otp", {"phone": number}), 200)
    code = texts_to(p, number)[-1]
    got = spread(p, 8, lambda n, s: s.call("POST", "/verify", {"type": "sms", "phone": number, "token": code}))
    assert sorted(a.status for a in got) == [200] + [403] * 7, [a.short() for a in got]
    auth = pkce_code(p, e)
    got = spread(p, 8, lambda n, s: s.call("POST", "/token?grant_type=pkce", {"auth_code": auth, "code_verifier": "v" * 43}))
    assert sorted(a.status for a in got) == [200] + [404] * 7, [a.short() for a in got]


def refreshes(rig, p):
    """Sixteen refreshes of one token at once converge on one token, three rounds in a row."""
    u = person(p)
    for _ in range(3):
        got = spread(p, 16, lambda n, s: s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": u.refresh}))
        assert all(a.status in (200, 409) for a in got) and len({a.json["refresh_token"] for a in got if a.status == 200}) == 1, [a.short() for a in got]
        u.take([a for a in got if a.status == 200][0].json)


def sign_ups(rig, p):
    """Eight sign-ups with one address at once: one account, no 5xx."""
    e = addr()
    got = spread(p, 8, lambda n, s: s.call("POST", "/signup", {"email": e, "password": PW}))
    assert all(a.status in (200, 422, 429) for a in got) and 200 in [a.status for a in got], [a.short() for a in got]
    name = e.split("@")[0]
    assert p.sql("select count(*) from @users where email like '%s%%'" % name) == [["1"]] and p.sql("select count(*) from @identities where email like '%s%%'" % name) == [["1"]]


def pkce_code(p, e):
    is_(p.s.call("POST", "/recover", {"email": e, "code_challenge": "v" * 43, "code_challenge_method": "plain"}), 200)
    a = is_(p.s.call("GET", "/verify?" + urllib.parse.urlsplit(link_in(p.sent(e)[-1])).query), 303)
    return urllib.parse.parse_qs(urllib.parse.urlsplit(a.headers["location"]).query)["code"][0]


# --- the claims hook ------------------------------------------------------------------------------------------------
def ways_in(p):
    """(name, its mark in the hook's payload, the request that gives a session, the method that the hook is told, aal)"""
    s = p.s
    e = made(s)["email"]
    yield "password", e, lambda: s.sign_in(e, PW), "password", "aal1"
    e2 = addr()
    is_(s.call("POST", "/signup", {"email": e2, "password": PW}), 200)
    code = re.search(r"\b\d{6}\b", body(p.sent(e2)[0], "plain")).group()
    yield "a code from a mail", e2, lambda: s.call("POST", "/verify", {"type": "signup", "email": e2, "token": code}), "otp", "aal1"
    e3 = made(s)["email"]
    is_(s.call("POST", "/otp", {"email": e3}), 200)
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(link_in(p.sent(e3)[0])).query)["token"][0]
    yield "a link", e3, lambda: s.call("GET", "/verify?type=magiclink&token=" + token), "otp", "aal1"
    number = phone()
    is_(s.call("POST", "/otp", {"phone": number}), 200)
    sent = texts_to(p, number)[-1]
    yield "a code from an SMS", number, lambda: s.call("POST", "/verify", {"type": "sms", "phone": number, "token": sent}), "otp", "aal1"
    e4 = made(s)["email"]
    auth = pkce_code(p, e4)
    yield "PKCE", e4, lambda: s.call("POST", "/token?grant_type=pkce", {"auth_code": auth, "code_verifier": "v" * 43}), "recovery", "aal1"
    mark = uuid.uuid4().hex
    yield "anonymous", mark, lambda: s.call("POST", "/signup", {"data": {"mark": mark}}), "anonymous", "aal1"
    u = with_totp(p)
    c = open_one(u)
    wait_for_fresh_step(12)
    totp_code = totp(u.secret)
    yield "TOTP", u.email, lambda: u.verify(u.factor, c, totp_code), "totp", "aal2"
    v = verified(with_totp(p))
    recovery_code = is_(s.call("POST", "/factors/recovery-codes", {}, v.token), 200).json["codes"][0]
    low = v.another_session()
    yield "a recovery code", v.email, lambda: s.call("POST", "/factors/recovery-codes/verify", {"code": recovery_code}, low.token), "mfa/recovery_code", "aal2"
    w, q = person(p), phone()
    f = is_(s.call("POST", "/factors", {"factor_type": "phone", "phone": q}, w.token), 200).json["id"]
    phone_challenge = open_one(w, f, {"channel": "sms"})
    phone_code = texts_to(p, q)[-1]
    yield "a phone", w.email, lambda: w.verify(f, phone_challenge, phone_code), "mfa/phone", "aal2"
    x = person(p)
    yield "a refresh", x.email, lambda: x.refreshed(), "token_refresh", "aal1"


def plan(request):
    claims = dict(request.json["claims"])
    claims["plan"] = "pro"
    return good({"claims": claims})


def every_way_in(rig, p):
    """Each way to a session asks the claims hook once, with the method; what it refuses uses nothing up: the same request succeeds after."""
    for name, mark, send, method, aal in ways_in(p):
        sessions = p.sql("select count(*) from @sessions")
        rig.claim(mark, "custom_access_token", NO)
        a = send()
        if name == "a link":
            assert a.status == 303 and a.headers["location"].endswith("#error=access_denied&error_code=unknown&error_description=no&sb="), a.headers["location"]
        else:
            is_(a, 403, "unknown", "no")
            assert "access_token" not in a.raw.decode()
        assert p.sql("select count(*) from @sessions") == sessions, "%s: a session was left" % name
        rig.claim(mark, "custom_access_token", plan)
        a = send()
        token = urllib.parse.parse_qs(a.headers["location"].split("#")[1])["access_token"][0] if name == "a link" else is_(a, 200).json["access_token"]
        claims = claims_of(token)
        assert claims["plan"] == "pro" and claims["aal"] == aal, (name, claims)
        calls = rig.calls_of(mark, "custom_access_token")
        assert len(calls) == 1 and calls[0].json["authentication_method"] == method and calls[0].json["claims"]["aal"] == aal, (name, [c.json["authentication_method"] for c in calls])
        is_(p.s.call("GET", "/user", token=token), 200)


def stripped(rig, p):
    """Claims that the hook took away or changed do not change what the server holds of the session: level, session and user are those of its rows."""
    u = verified(with_totp(p))
    low = u.another_session()

    def lie(request):
        claims = dict(request.json["claims"])
        claims.update(aal="aal2", amr=["totp"], role="service_role_x")
        return good({"claims": claims})
    rig.claim(u.email, "custom_access_token", lie)
    low.take(is_(low.refreshed(), 200).json)
    assert claims_of(low.token)["aal"] == "aal2"
    is_(low.enroll("another"), 403, "insufficient_aal")
    is_(p.s.call("DELETE", "/factors/" + u.factor, token=low.token), 422, "insufficient_aal")
    is_(p.s.call("PUT", "/user", {"password": "another " + PW}, low.token), 401, "insufficient_aal")
    is_(p.s.call("POST", "/factors/recovery-codes", {}, low.token), 403, "insufficient_aal")
    is_(p.s.call("GET", "/admin/users", token=low.token), 403, "not_admin")


# --- the MFA hook ---------------------------------------------------------------------------------------------------
def phone_attempts(rig, p):
    """A phone factor's attempts: told with its type, right and wrong; reject ends all sessions, and a right code raises nothing."""
    s, u, q = p.s, person(p), phone()
    f = is_(s.call("POST", "/factors", {"factor_type": "phone", "phone": q}, u.token), 200).json["id"]
    rig.claim(f, "mfa_verification_attempt", good({"decision": "continue"}))
    c = open_one(u, f, {"channel": "sms"})
    code = texts_to(p, q)[-1]
    is_(u.verify(f, c, "%06d" % ((int(code) + 1) % 1000000)), 422, "mfa_verification_failed", "Invalid MFA Phone code entered")
    u.take(is_(u.verify(f, c, code), 200).json)
    told = [{k: v for k, v in x.json.items() if k != "metadata"} for x in rig.calls_of(f, "mfa_verification_attempt")]
    assert told == [{"user_id": u.id, "factor_id": f, "factor_type": "phone", "valid": valid} for valid in (False, True)], told
    low = u.another_session()
    rig.claim(f, "mfa_verification_attempt", good({"decision": "reject", "message": "not now"}))
    c = open_one(low, f, {"channel": "sms"})
    is_(low.verify(f, c, texts_to(p, q)[-1]), 403, "mfa_verification_rejected", "not now")
    assert p.sql("select count(*) from @sessions where " + p.id_is("user_id", u.id)) == [["0"]]
    for token in (u.token, low.token):
        is_(s.call("GET", "/user", token=token), 403, "session_not_found")


def no_attempt(rig, p):
    """What is no attempt is not told: an empty code, a foreign, used or old challenge, another's factor, a locked factor."""
    s, u = p.s, verified(with_totp(p))
    rig.claim(u.factor, "mfa_verification_attempt", good({"decision": "reject"}))
    c = open_one(u)
    is_(u.verify(u.factor, c, ""), 400)
    is_(u.verify(u.factor, str(uuid.uuid4()), "123456"), 422, "mfa_factor_not_found")
    stranger = person(p)
    is_(stranger.verify(u.factor, c, "123456"), 404, "mfa_factor_not_found")
    s.age("mfa_challenges", c, 301)
    is_(u.verify(u.factor, c, "123456"), 422, "mfa_challenge_expired")
    assert rig.calls_of(u.factor, "mfa_verification_attempt") == []
    is_(s.call("GET", "/user", token=u.token), 200)


def password_rejected(rig, p):
    """A rejected password ends the sessions on every node, and a right one signs nobody in."""
    u = person(p)
    rig.claim(u.id, "password_verification_attempt", good({"decision": "reject", "should_logout_user": True}))
    is_(p.s.sign_in(u.email, PW), 400, "invalid_credentials", "Further password verification attempts will be rejected.")
    for s in p.servers:
        is_(s.call("GET", "/user", token=u.token), 403, "session_not_found")
    is_(u.refreshed(), 400, "refresh_token_not_found")


# --- messages -------------------------------------------------------------------------------------------------------
def sending(t):
    """The sending hooks: test numbers are not told; the limits of all mails and SMS hold before the hook is asked, and refused requests leave nothing."""
    with Rig() as rig:
        env = {**CONFIRM, **rig.settings("send_sms", "send_email"), "GOTRUE_RATE_LIMIT_EMAIL_SENT": "4", "GOTRUE_RATE_LIMIT_SMS_SENT": "4", "GOTRUE_SMS_TEST_OTP": "15550000001:424242"}
        with place(env) as p:
            s, seen = p.s, rig.receiver.seen
            is_(s.call("POST", "/otp", {"phone": "15550000001"}), 200)
            assert not seen
            for n in range(4):
                number, e = phone(), addr()
                status = 200 if n < 2 else 429
                a, b = s.call("POST", "/signup", {"phone": number, "password": PW}), s.call("POST", "/signup", {"email": e, "password": PW})
                assert (a.status, b.status) == (status, status) and len(seen) == 2 * min(n + 1, 2), (n, a.short(), b.short(), len(seen))
                assert p.sql("select count(*) from users where phone = '%s' or email like '%s%%'" % (number, e.split("@")[0])) == [["2" if n < 2 else "0"]]
            assert (a.code, a.message, b.code, b.message) == ("over_sms_send_rate_limit", "SMS rate limit exceeded", "over_email_send_rate_limit", "email rate limit exceeded")
            is_(s.call("POST", "/otp", {"phone": "15550000001"}), 200)
        seen.clear()
        for failing in ({"GOTRUE_RATE_LIMIT_EMAIL_SENT": "1"}, ):     # what the hook refused was not sent, but its slot is gone (7.3)
            with place({**CONFIRM, **rig.settings("send_email"), **failing}) as p:
                e = "%s@example.com" % uuid.uuid4().hex
                rig.claim(e, "send_email", (500, JSON, {}))
                is_(p.s.call("POST", "/signup", {"email": e, "password": PW}), 500)
                assert p.sql("select count(*) from users") == [["0"]]


def changed_meanwhile(rig, p):
    """Somebody makes the account while a hook is asked about it: the code that went out is the code that counts, and what was asked about is what is stored."""
    for hook, ask, check in (
            ("send_sms", lambda to: ("/otp", {"phone": to}), lambda call, to: {"type": "sms", "phone": to, "token": call["sms"]["otp"]}),
            ("send_email", lambda to: ("/otp", {"email": to}), lambda call, to: {"type": "email", "email": to, "token": call["email_data"]["token"]}),
            ("send_email", lambda to: ("/otp", {"email": to}), lambda call, to: {"type": "email", "token_hash": call["email_data"]["token_hash"]})):
        to = phone() if hook == "send_sms" else addr()
        made_ids = []

        def makes(request):
            if not made_ids:
                made_ids.append(made(p.servers[-1], None if hook == "send_sms" else to, **({"phone": to, "phone_confirm": True} if hook == "send_sms" else {}))["id"])
            return good({})
        rig.claim(to, hook, makes)
        path, body = ask(to)
        is_(p.s.call("POST", path, body), 200)
        calls = [c.json for c in rig.calls_of(to, hook)]
        assert 1 <= len(calls) <= 2 and calls[0]["user"]["id"] != made_ids[0] and calls[-1]["user"]["id"] == made_ids[0], calls
        assert len({str(check(c, to)) for c in calls}) == 1, "each message has the same code"
        got = is_(p.s.call("POST", "/verify", check(calls[0], to)), 200).json
        assert got["user"]["id"] == made_ids[0], got["user"]


def deleted_meanwhile(rig, p):
    """An account that goes while the claims hook is asked, and one that changes: no token of what is no more."""
    u = person(p)
    rig.claim(u.id, "custom_access_token", lambda request: (p.servers[-1].call("DELETE", "/admin/users/" + u.id, {}, p.s.admin_token()), own_claims(request))[1])
    assert p.s.sign_in(u.email, PW).status in (400, 403, 404)
    u, asked = person(p), []

    def renames(request):
        asked.append(request.json["claims"]["user_metadata"])
        if len(asked) == 1:
            is_(p.servers[-1].call("PUT", "/admin/users/" + u.id, {"user_metadata": {"name": "new"}}, p.s.admin_token()), 200)
        return own_claims(request)
    rig.claim(u.id, "custom_access_token", renames)
    got = is_(p.s.sign_in(u.email, PW), 200).json
    assert claims_of(got["access_token"])["user_metadata"] == got["user"]["user_metadata"] == asked[-1] and asked[-1]["name"] == "new" and len(asked) == 2, asked


def own_claims(request):
    return good({"claims": request.json["claims"]})


def notices(t):
    """All seven notifications through the send-email hook: the name, whom it is about, and the fields of its kind; no code and no hash in them."""
    with Rig() as rig, place({**ALL_ON, **rig.settings("send_email")}) as p:
        s, u = p.s, person(p)
        told = lambda: [r.json for r in rig.receiver.of("/send_email")]
        first, new, one, two = u.email, addr(), phone(), phone()
        is_(s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
        is_(s.call("PUT", "/user", {"email": new}, u.token), 200)
        d = told()[-1]["email_data"]
        is_(s.call("POST", "/verify", {"type": "email_change", "email": first, "token": d["token"]}), 200)
        is_(s.call("POST", "/verify", {"type": "email_change", "email": new, "token": d["token_new"]}), 200)
        for number in (one, two):
            is_(s.call("PUT", "/user", {"phone": number}, u.token), 200)
            is_(s.call("POST", "/verify", {"type": "phone_change", "phone": number, "token": texts_to(p, number)[-1]}), 200)
        mine = [i for i in is_(s.call("GET", "/user", token=u.token), 200).json["identities"] if i["provider"] == "phone"][0]["identity_id"]
        is_(s.call("DELETE", "/user/identities/" + mine, token=u.token), 200)
        u.with_totp()
        is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
        got = [(x["email_data"]["email_action_type"], x["user"]["email"], {k: v for k, v in x["email_data"].items() if v and k not in ("email_action_type", "site_url")}) for x in told()
               if x["email_data"]["email_action_type"] != "email_change"]
        assert got == [("password_changed_notification", first, {}), ("email_changed_notification", new, {"old_email": first}), ("identity_linked_notification", new, {"provider": "phone"}),
                       ("phone_changed_notification", new, {"old_phone": one}), ("identity_unlinked_notification", new, {"provider": "phone"}),
                       ("mfa_factor_enrolled_notification", new, {"factor_type": "totp"}), ("mfa_factor_unenrolled_notification", new, {"factor_type": "totp"})], got
        assert all(x["user"]["id"] == u.id for x in told()) and p.sent("@") == []


def again(t):
    """The hook after an account was made is called for a second invitation and a second sign-up too, and never before the account is there."""
    with Rig() as rig, place({**CONFIRM, **rig.settings("after_user_created", "before_user_created")}) as p:
        s, e = p.s, addr()
        rig.claim(e, "after_user_created", "own")
        rig.claim(e, "before_user_created", "own")
        for n in range(2):
            is_(s.call("POST", "/invite", {"email": e}, s.admin_token()), 200)
            assert len(rig.calls_of(e, "after_user_created")) == n + 1
        assert len(rig.calls_of(e, "before_user_created")) == 1
        is_(s.call("POST", "/signup", {"email": e, "password": "x"}), 422, "weak_password")
        is_(s.call("POST", "/admin/users", {"email": addr()}, s.admin_token()), 200)
        assert len(rig.receiver.seen) == 3, [r.path for r in rig.receiver.seen]


def one_engine(t, name, **more):
    with Rig() as rig, place({**CONFIRM, **PHONE, **rig.settings("custom_access_token", "mfa_verification_attempt", "password_verification_attempt", "before_user_created"), "COUNTERSIGN_HASH_THREADS": "8",
                              "GOTRUE_API_MAX_REQUEST_DURATION": "30s"}, **more) as p:
        for step in (one_code, guesses, other_codes, refreshes, sign_ups, every_way_in, stripped, phone_attempts, no_attempt, password_rejected, deleted_meanwhile):
            t.step("%s: %s" % (name, step.__doc__), step, rig, p)
    with Rig() as rig, place({**CONFIRM, **PHONE, **rig.settings("send_sms", "send_email", "before_user_created")}, **more) as p:
        t.step("%s: %s" % (name, changed_meanwhile.__doc__), changed_meanwhile, rig, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "hooks", one_engine, (sending, notices, again))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
