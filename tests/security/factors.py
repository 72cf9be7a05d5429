#!/usr/bin/env python3
"""The first verified factor (security.md S6): it ends what was begun without one, and a further one is verified at aal2 only. Places for factors
and locks (S15): enrollments that were left lying keep nobody out, and wrong codes of strangers hold no factor locked for its owner. On
SQLite, and on PostgreSQL with three nodes. factors.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import re, sys, urllib.parse
from rig import CONFIRM, PW, Tally, User, addr, at_once, claims_of, fresh_code, is_, on_both_engines, person, phone, place, texts_to
from settings import body, link_in
from totp_checks import wrong

ON = {"GOTRUE_MFA_%s_%s_ENABLED" % (kind, what): "true" for kind in ("PHONE", "WEB_AUTHN") for what in ("ENROLL", "VERIFY")}
ON.update({"GOTRUE_MFA_PHONE_MAX_FREQUENCY": "1ms", "GOTRUE_WEBAUTHN_RP_ORIGINS": "http://localhost:3000", "GOTRUE_WEBAUTHN_RP_DISPLAY_NAME": "here", "GOTRUE_WEBAUTHN_RP_ID": "localhost"})


def open_one(u, factor, more=None):
    return is_(u.challenge(factor, more), 200).json["id"]


def app(u, name="app"):
    f = is_(u.enroll(name), 200).json
    return f["id"], f["totp"]["secret"]


def prove(u, factor, secret, **more):
    return u.verify(factor, open_one(u, factor), fresh_code(secret), **more)


def with_app(p):
    u = person(p)
    u.factor, u.secret = app(u)
    return u.take(is_(prove(u, u.factor, u.secret), 200).json)


def factors(u):
    return {f["friendly_name"]: f["status"] for f in is_(u.server.call("GET", "/user", token=u.token), 200).json.get("factors", [])}


def waiting(p, u):
    """What waits of the user: columns, codes and links, flows, challenges."""
    mine = p.id_is("user_id", u.id)
    return (p.sql("select email_change, phone_change, reauthentication_token, email_change_token_new, email_change_token_current, phone_change_token from @users where " + p.id_is("id", u.id))[0],
            p.sql("select count(*) from @one_time_tokens where " + mine)[0][0], p.sql("select count(*) from @flow_state where " + mine)[0][0])


def begun(p, u):
    """Begins everything that can be begun at aal1: (code to the new address, code to the new number, the PKCE code)."""
    s, new, number = p.s, addr(), phone()
    is_(s.call("POST", "/factors", {"factor_type": "webauthn", "friendly_name": "key"}, u.token), 200)
    f = is_(s.call("POST", "/factors", {"factor_type": "phone", "friendly_name": "phone", "phone": phone()}, u.token), 200).json["id"]
    open_one(u, f, {"channel": "sms"})
    open_one(u, app(u, "left")[0])
    is_(s.call("PUT", "/user", {"email": new}, u.token), 200)
    is_(s.call("PUT", "/user", {"phone": number}, u.token), 200)
    is_(s.call("GET", "/reauthenticate", token=u.token), 200)
    is_(s.call("POST", "/recover", {"email": u.email, "code_challenge": "v" * 43, "code_challenge_method": "plain"}), 200)
    a = is_(s.call("GET", "/verify?" + urllib.parse.urlsplit(link_in([m for m in p.sent(u.email) if "token=pkce_" in body(m, "plain")][-1])).query), 303)
    flow = urllib.parse.parse_qs(urllib.parse.urlsplit(a.headers["location"]).query)["code"][0]
    is_(s.call("PUT", "/user", {"email": new}, u.token), 200)            # the link that was followed ended them
    is_(s.call("PUT", "/user", {"phone": number}, u.token), 200)
    is_(s.call("GET", "/reauthenticate", token=u.token), 200)
    code = re.search(r"\b\d{6}\b", body(p.sent(new)[-1], "plain")).group()
    return (new, code), (number, texts_to(p, number)[-1]), flow


def first_one(p):
    """The first verified factor ends unverified ones of every kind, changes of address and number, nonces and PKCE flows; a later one ends none of it."""
    s, u = p.s, person(p)
    (new, code), (number, sms), flow = begun(p, u)
    before = waiting(p, u)
    assert before[0][0] == new and before[0][1] == number and before[0][2] and int(before[1]) >= 3 and int(before[2]) >= 1, before
    u.factor, u.secret = app(u, "mine")
    answer = is_(prove(u, u.factor, u.secret), 200).json
    assert "new_email" not in answer["user"] and "new_phone" not in answer["user"], answer["user"]
    u.take(answer)
    assert factors(u) == {"mine": "verified"}, factors(u)
    assert [x or "" for x in waiting(p, u)[0]] == [""] * 6 and [int(x) for x in waiting(p, u)[1:]] == [0, 0], waiting(p, u)
    is_(s.call("POST", "/verify", {"type": "email_change", "email": new, "token": code}), 403, "otp_expired")
    is_(s.call("POST", "/verify", {"type": "phone_change", "phone": number, "token": sms}), 403, "otp_expired")
    assert s.call("POST", "/token?grant_type=pkce", {"auth_code": flow, "code_verifier": "v" * 43}).status in (403, 404)
    me = is_(s.call("GET", "/user", token=u.token), 200).json
    assert me["email"] == u.email and me.get("phone", "") == "" and "new_email" not in me, me
    is_(s.call("PUT", "/user", {"email": new}, u.token), 200)
    second, secret = app(u, "second")
    u.take(is_(prove(u, second, secret), 200).json)
    assert waiting(p, u)[0][0] == new


def further_one(p):
    """A further factor is verified at aal2 only, whatever its code; the verified one is what raises a session at aal1."""
    u = with_app(p)
    second, secret = app(u, "second")
    low = u.another_session()
    is_(prove(low, second, secret), 403, "insufficient_aal", "AAL2 required to verify a new factor")
    is_(low.verify(second, open_one(low, second), wrong(secret, 1)[0]), 403, "insufficient_aal")
    number = phone()
    f = is_(p.s.call("POST", "/factors", {"factor_type": "phone", "friendly_name": "phone", "phone": number}, u.token), 200).json["id"]
    c = open_one(low, f, {"channel": "sms"})
    is_(low.verify(f, c, texts_to(p, number)[-1]), 403, "insufficient_aal", "AAL2 required to verify a new factor")
    assert factors(u) == {"app": "verified", "second": "unverified", "phone": "unverified"}, factors(u)
    low.take(is_(prove(low, u.factor, u.secret), 200).json)
    f, secret = app(low, "third")
    is_(prove(low, f, secret), 200)


def places(p):
    """Enrollments that another session left lying keep neither a place nor a name; the oldest goes. Within a session a name counts once, as ever."""
    u = person(p)
    other = u.another_session()
    for n in range(10):
        app(other, "mine" if n == 5 else "f%d" % n)
    is_(other.enroll("mine"), 422, "mfa_factor_name_conflict")
    f, secret = app(u, "mine")
    assert factors(u) == {**{"f%d" % n: "unverified" for n in range(10) if n != 5}, "mine": "unverified"}, factors(u)
    is_(u.enroll("mine"), 422, "mfa_factor_name_conflict")
    app(u, "eleventh")
    assert len(factors(u)) == 10 and "f0" not in factors(u), factors(u)
    u.take(is_(prove(u, f, secret), 200).json)
    assert factors(u) == {"mine": "verified"}
    app(u, "draft")
    low = u.another_session()
    is_(low.enroll("draft"), 403, "insufficient_aal")
    assert "draft" in factors(u)


def refusals_remove_nothing(p):
    """An enrollment that is refused takes no factor away, one with the same number neither; within reach it takes its place, name and all."""
    u, number = with_app(p), phone()
    draft = lambda v, name: p.s.call("POST", "/factors", {"factor_type": "phone", "friendly_name": name, "phone": number}, v.token)
    kept = is_(draft(u, "phone"), 200).json["id"]
    low = u.another_session()
    is_(draft(low, "other"), 403, "insufficient_aal")
    is_(draft(u, "app"), 422, "mfa_factor_name_conflict")
    assert factors(u) == {"app": "verified", "phone": "unverified"}, factors(u)
    again = is_(draft(u, "phone"), 200).json["id"]
    assert again != kept and factors(u) == {"app": "verified", "phone": "unverified"}, factors(u)


def codes_left_over(p):
    """Recovery codes whose factors another program took away raise nothing, carry no level, and end with the next first factor."""
    u = with_app(p)
    codes = is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"]
    use = lambda v: p.s.call("POST", "/factors/recovery-codes/verify", {"code": codes.pop()}, v.token)
    v = u.another_session()
    v.take(is_(use(v), 200).json)
    p.sql("delete from @mfa_factors where " + p.id_is("user_id", u.id))
    v.take(is_(v.refreshed(), 200).json)
    assert claims_of(v.token)["aal"] == "aal1" and [m["method"] for m in claims_of(v.token)["amr"]] == ["password"]
    is_(use(v), 404, "mfa_factor_not_found")
    f, secret = app(v, "new")
    v.take(is_(prove(v, f, secret), 200).json)
    is_(use(v.another_session()), 404, "mfa_factor_not_found")
    is_(p.s.call("GET", "/factors/recovery-codes", token=v.token), 404, "mfa_factor_not_found")
    is_(p.s.call("POST", "/factors/recovery-codes", {}, v.token), 200)


def two_first_ones(p):
    """Of two unverified factors that two sessions verify at the same time one becomes the first, and the other is none."""
    u = person(p)
    pairs = [(v,) + app(v, name) for v, name in ((u, "one"), (u.another_session(), "two"))]
    tries = [(v, f, open_one(v, f), fresh_code(secret)) for v, f, secret in pairs]
    got = at_once(2, lambda n: p.servers[n % len(p.servers)].call(
        "POST", "/factors/%s/verify" % tries[n][1], {"challenge_id": tries[n][2], "code": tries[n][3]}, tries[n][0].token))
    assert sorted(a.status for a in got)[0] == 200 and 400 <= sorted(a.status for a in got)[1] < 500, [a.short() for a in got]
    assert p.sql("select count(*) from @mfa_factors where " + p.id_is("user_id", u.id))[0][0] in (1, "1")


def at(network):
    return {"X-Forwarded-For": network}


def text_code(p, u, network, right=True):
    """The answer to a code of the user's phone factor, from that network."""
    c = is_(u.challenge(u.factor, {"channel": "sms"}, headers=at(network)), 200).json["id"]
    code = texts_to(p, u.phone)[-1]
    return u.verify(u.factor, c, code if right else "%06d" % ((int(code) + 1) % 1000000), headers=at(network))


def session(p, owner, network, mailed=False):
    """The owner's, or a stranger's who knows the password; or one that began with a mailed code."""
    if mailed:
        is_(p.s.call("POST", "/otp", {"email": owner.email}), 200)
        code = re.search(r"\b\d{6}\b", body(p.sent(owner.email)[-1], "plain")).group()
        a = p.s.call("POST", "/verify", {"type": "email", "email": owner.email, "token": code}, headers=at(network))
    else:
        a = p.s.call("POST", "/token?grant_type=password", {"email": owner.email, "password": PW}, headers=at(network))
    u = User(p.s, is_(a, 200).json, owner.email, PW)
    u.factor, u.phone = owner.factor, owner.phone
    return u


def strangers(p):
    """Wrong codes of strangers lock strangers, from every network: the owner goes on from a known network, after a mailed code, at aal2, and by recovery codes."""
    u, home, away = person(p), "203.0.113.5", "198.51.100.%d"
    u.phone = phone()
    u.factor = is_(p.s.call("POST", "/factors", {"factor_type": "phone", "friendly_name": "phone", "phone": u.phone}, u.token), 200).json["id"]
    u.take(is_(text_code(p, u, home), 200).json)
    codes = is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"]
    for n in range(10):
        is_(text_code(p, session(p, u, away % n), away % n, right=False), 422, "mfa_verification_failed")
    for right in (True, False):
        a = is_(text_code(p, session(p, u, away % 99), away % 99, right=right), 429, "over_request_rate_limit")
        assert int(a.headers["retry-after"]) > 3600, a.headers["retry-after"]
    is_(text_code(p, session(p, u, home), home), 200)
    is_(text_code(p, session(p, u, away % 50, mailed=True), away % 50), 200)
    is_(text_code(p, u, away % 51), 200)
    low = session(p, u, away % 52)
    is_(p.s.call("POST", "/factors/recovery-codes/verify", {"code": codes[0]}, low.token, headers=at(away % 52)), 200)
    is_(text_code(p, session(p, u, away % 98), away % 98), 429, "over_request_rate_limit")       # nothing of it freed strangers
    report = is_(p.s.call("GET", "/admin/users/%s/factors/%s" % (u.id, u.factor), token=p.s.admin_token()), 200).json
    assert report["locked_until"] and report["failed_attempts"] == 10, report
    is_(p.s.call("PUT", "/admin/users/%s/factors/%s" % (u.id, u.factor), {"friendly_name": "phone"}, p.s.admin_token()), 200)
    is_(text_code(p, session(p, u, away % 97), away % 97), 200)


def recovery_codes(p):
    """Recovery codes: pauses of strangers are strangers' alone, and never for days."""
    u, home, away = with_app(p), "203.0.113.7", "198.51.100.7"
    u.phone = None
    codes = is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"]
    use = lambda code, network: p.s.call("POST", "/factors/recovery-codes/verify", {"code": code}, session(p, u, network).token, headers=at(network))
    is_(use(codes[0], home), 200)
    for _ in range(10):
        is_(use("a" * 16, away), 422, "mfa_verification_failed")
    a = is_(use(codes[1], away), 429, "mfa_recovery_codes_locked")
    assert int(a.headers["retry-after"]) <= 60
    is_(use(codes[1], home), 200)


def own_slips(p):
    """From a known network, too, ten wrong codes in a row lock; it is that network's lock alone."""
    u, home = person(p), "203.0.113.9"
    u.phone = phone()
    u.factor = is_(p.s.call("POST", "/factors", {"factor_type": "phone", "friendly_name": "phone", "phone": u.phone}, u.token), 200).json["id"]
    u.take(is_(text_code(p, u, home), 200).json)
    for _ in range(10):
        is_(text_code(p, session(p, u, home), home, right=False), 422)
    is_(text_code(p, session(p, u, home), home), 429)
    is_(text_code(p, session(p, u, "198.51.100.1"), "198.51.100.1"), 200)


def texts(p):
    """Codes that a stranger asks for hold no code of the owner back: each has a pause and an hourly count apart."""
    u, home, away = person(p), "203.0.113.11", "198.51.100.11"
    u.phone = phone()
    u.factor = is_(p.s.call("POST", "/factors", {"factor_type": "phone", "friendly_name": "phone", "phone": u.phone}, u.token), 200).json["id"]
    u.take(is_(text_code(p, u, home), 200).json)
    past = "last_challenged_at - interval '100 days'" if p.s.dsn else "last_challenged_at - 8640000000000"
    later = lambda: p.sql("update @mfa_factors set last_challenged_at = %s where %s" % (past, p.id_is("id", u.factor)))
    ask = lambda v, network: v.challenge(u.factor, {"channel": "sms"}, headers=at(network))
    stranger, owner = session(p, u, away), session(p, u, home)
    for _ in range(2):          # of three an hour; one went out to enroll
        later()
        is_(ask(stranger, away), 200)
        is_(ask(stranger, away), 429, "over_sms_send_rate_limit")
    later()
    is_(ask(stranger, away), 429, "over_sms_send_rate_limit")
    is_(text_code(p, owner, home), 200)
    is_(ask(session(p, u, home), home), 429, "over_sms_send_rate_limit")        # the owner's own pause
    p.sql("update @@notice_counts set since = %s where kind = 'owner_pause'" % ("since - interval '1 day'" if p.s.dsn else "since - 86400000000"))
    is_(ask(session(p, u, away, mailed=True), away), 200)
    later()
    is_(ask(session(p, u, away), away), 429, "over_sms_send_rate_limit")


def one_engine(t, name, **more):
    with place({**CONFIRM, **ON, "COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1", "COUNTERSIGN_MFA_LOCK_LONG_AFTER": "10", "COUNTERSIGN_HASH_THREADS": "4"}, **more) as p:
        for step in (first_one, two_first_ones, further_one, places, refusals_remove_nothing, codes_left_over, strangers, recovery_codes, own_slips):
            t.step("%s: %s" % (name, step.__doc__), step, p)


    with place({**CONFIRM, **ON, "COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1", "GOTRUE_MFA_PHONE_MAX_FREQUENCY": "1h", "COUNTERSIGN_MFA_PHONE_CODES_PER_USER": "3"}, **more) as p:
        t.step("%s: %s" % (name, texts.__doc__), texts, p)


def main():
    t = Tally()
    on_both_engines(t, "factors", one_engine, ())
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
