#!/usr/bin/env python3
"""Rule 3 (docs/protocol/security.md S3): half of all mails and SMS is kept for confirmed accounts and for factors that exist; what strangers may do is limited
by address and by network, on by default, and answers say how much is left; who is signed in, an admin's key and this machine are not limited.
budgets.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import os, sys
from rig import *  # noqa: F401,F403
from rig import CONFIRM, PW, Tally, addr, at_once, is_, on_both_engines, person, phone, place, texts_to

PROXY = {"COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1"}
FIELDS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
QUIET = {"COUNTERSIGN_RATE_LIMIT_%s_PER_%s" % (what, of): "0" for what in ("SIGNUPS", "ANONYMOUS", "MESSAGES", "GUESSES") for of in ("ADDRESS", "NETWORK")}
FEW = {**QUIET, "COUNTERSIGN_RATE_LIMIT_SIGNUPS_PER_ADDRESS": "3", "COUNTERSIGN_RATE_LIMIT_ANONYMOUS_PER_ADDRESS": "2", "COUNTERSIGN_RATE_LIMIT_MESSAGES_PER_ADDRESS": "4",
       "COUNTERSIGN_RATE_LIMIT_GUESSES_PER_ADDRESS": "5"}


def seen_as(ip):
    return {"X-Forwarded-For": ip}


def rate(a):
    return tuple(int(a.headers[f]) if f in a.headers else None for f in FIELDS)


def signing_up(s, ip, **more):
    return s.call("POST", "/signup", {"email": addr(), "password": PW, **more}, headers=seen_as(ip))


def guess(s, ip):
    return s.call("POST", "/verify", {"type": "signup", "token_hash": "0" * 56}, headers=seen_as(ip))


# --- the budget of all mails and SMS ----------------------------------------------------------------------------------
def mails(p):
    """A total of 12 mails: sign-ups of strangers and their repeated calls get six of them, on all nodes together; confirmed accounts get the others."""
    s, u, v = p.s, person(p), person(p)
    unconfirmed = []

    def one(n):
        e, server = addr(), p.servers[n % len(p.servers)]
        server.call("POST", "/signup" if n % 2 else "/otp", {"email": e, "password": PW} if n % 2 else {"email": e})
        unconfirmed.append(e)
        server.call("POST", "/resend", {"type": "signup", "email": e})
        server.call("POST", "/recover", {"email": e})
        server.call("POST", "/magiclink", {"email": e})
    at_once(14, one)
    assert len(p.sent("@")) == 6, len(p.sent("@"))
    for path in ("/recover", "/otp", "/magiclink"):
        is_(s.call("POST", path, {"email": u.email}), 200)
    is_(p.servers[-1].call("GET", "/reauthenticate", token=v.token), 200)
    new = addr()
    is_(s.call("PUT", "/user", {"email": new}, v.token), 200)
    is_(s.call("POST", "/invite", {"email": addr()}, s.admin_token()), 200)
    assert len(p.sent(u.email)) == 3 and len(p.sent(v.email)) == 2 and len(p.sent(new)) == 1, (p.subjects(u.email), p.subjects(v.email))
    is_(s.call("POST", "/recover", {"email": v.email}), 429, "over_email_send_rate_limit", "email rate limit exceeded")       # now all of it is gone


def one_account(p):
    """One account, named again and again, gets a third of the total (of 15: five), so that who knows three addresses still leaves some for others."""
    u, v = person(p), person(p)
    for n in range(9):
        p.servers[n % len(p.servers)].call("POST", "/recover", {"email": u.email})
    assert len(p.sent(u.email)) == 5, len(p.sent(u.email))
    is_(p.s.call("POST", "/recover", {"email": v.email}), 200)
    assert len(p.sent(v.email)) == 1


def with_phone(u):
    return u.server.call("POST", "/factors", {"factor_type": "phone", "phone": phone(), "friendly_name": "a phone"}, u.token)


def texts(p):
    """A total of 6 SMS: strangers' numbers, and numbers of factors that nobody has verified, get three; a verified factor and a confirmed number get the others."""
    s, u = p.s, person(p)
    f = is_(with_phone(u), 200).json
    c = is_(u.challenge(f["id"]), 200).json["id"]
    is_(u.verify(f["id"], c, texts_to(p, f["phone"])[-1]), 200)
    number = phone()
    v = person(p, phone=number, phone_confirm=True)
    p.sql("delete from @@send_limits")
    w = person(p)
    is_(w.challenge(is_(with_phone(w), 200).json["id"]), 200)
    p.sent("nobody")
    before = len([n for n in os.listdir(p.mails) if n.endswith(".sms.json")])
    for n in range(5):
        p.servers[n % len(p.servers)].call("POST", "/otp", {"phone": phone()})
    x = person(p)
    is_(x.challenge(is_(with_phone(x), 200).json["id"]), 429, "over_sms_send_rate_limit")
    p.sent("nobody")
    assert len([n for n in os.listdir(p.mails) if n.endswith(".sms.json")]) == before + 2
    is_(u.challenge(f["id"]), 200)
    is_(s.call("POST", "/otp", {"phone": number}), 200)
    assert v.id and len(texts_to(p, number)) == 1 and len(texts_to(p, f["phone"])) == 2


# --- by address and by network ----------------------------------------------------------------------------------------
def headers(t):
    """Answers of limited routes say how much is left; 429 has Retry-After; pages may read it all; each kind counts by itself, failing requests too."""
    with place({**CONFIRM, **PROXY, **FEW}) as p:
        s, ip = p.s, "203.0.113.7"
        got = [signing_up(s, ip, **({"password": "x"} if n == 1 else {})) for n in range(5)]
        assert [a.status for a in got] == [200, 422, 200, 429, 429], [a.short() for a in got]
        assert [rate(a)[:2] for a in got] == [(3, 2), (3, 1), (3, 0), (3, 0), (3, 0)], [rate(a) for a in got]
        assert [a.code for a in got[3:]] == ["over_request_rate_limit"] * 2
        assert all(0 < int(a.headers["retry-after"]) <= 1200 for a in got[3:]) and all(0 < rate(a)[2] <= 3600 for a in got), [rate(a) for a in got]
        assert rate(got[0])[2] < rate(got[1])[2] < rate(got[2])[2]
        shown = s.call("POST", "/recover", {"email": addr()}, headers={**seen_as(ip), "Origin": "https://app.example"})
        exposed = shown.headers["access-control-expose-headers"].lower()
        assert all(f in exposed for f in (*FIELDS, "retry-after")), exposed
        assert rate(shown)[:2] == (4, 3)
        for path, body in (("/otp", {"email": addr()}), ("/magiclink", {"email": addr()}), ("/resend", {"type": "signup", "email": addr()})):
            assert s.call("POST", path, body, headers=seen_as(ip)).status == 200
        for path in ("/recover", "/otp", "/magiclink", "/resend"):
            is_(s.call("POST", path, {"email": addr()}, headers=seen_as(ip)), 429, "over_request_rate_limit")
        assert [s.call("POST", "/signup", {}, headers=seen_as(ip)).status for _ in range(3)] == [200, 200, 429]
        guesses = [guess(s, ip), s.call("GET", "/verify?type=signup&token=x", headers=seen_as(ip)), s.call("POST", "/token?grant_type=password", {"email": addr(), "password": "x"}, headers=seen_as(ip)),
                   s.call("POST", "/token?grant_type=pkce", {"auth_code": "x", "code_verifier": "y"}, headers=seen_as(ip)), guess(s, ip)]
        assert [rate(a)[:2] for a in guesses] == [(5, n) for n in (4, 3, 2, 1, 0)], [rate(a) for a in guesses]
        is_(guess(s, ip), 429, "over_request_rate_limit")
        is_(s.call("POST", "/token?grant_type=password", {"email": addr(), "password": "x"}, headers=seen_as(ip)), 429, "over_request_rate_limit", "Request rate limit reached")


def not_limited(t):
    """Whoever is signed in, an admin's key, and this machine where it names no other client."""
    with place({**CONFIRM, **PROXY, **FEW}) as p:
        s, ip, u = p.s, "203.0.113.8", person(p)
        u.with_totp()
        for _ in range(8):
            assert rate(is_(signing_up_here(s), 200)) == (None,) * 3
            guess(s, ip)
        is_(guess(s, ip), 429)
        for _ in range(8):
            for method, path, body in (("GET", "/user", None), ("GET", "/health", None), ("GET", "/settings", None), ("GET", "/.well-known/jwks.json", None)):
                a = is_(s.call(method, path, body, u.token, headers=seen_as(ip)), 200)
                assert rate(a) == (None,) * 3
            is_(u.challenge(u.factor, headers=seen_as(ip)), 200)
            a = s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": u.refresh}, headers=seen_as(ip))
            assert rate(is_(a, 200)) == (None,) * 3
            u.take(a.json)
            assert s.call("POST", "/otp", {"email": u.email, "create_user": False}, s.admin_token(), headers=seen_as(ip)).status == 200
        assert s.call("GET", "/user", token=u.token, headers=seen_as(ip)).status == 200


def signing_up_here(s):
    return s.call("POST", "/signup", {"email": addr(), "password": PW})


def networks(t):
    """A network (/24, of IPv6 /48) has a limit of its own, over all its addresses; an address of IPv6 is its /64; other networks go on; what a network refuses costs the address nothing."""
    env = {**CONFIRM, **PROXY, **QUIET, "COUNTERSIGN_RATE_LIMIT_GUESSES_PER_ADDRESS": "3", "COUNTERSIGN_RATE_LIMIT_GUESSES_PER_NETWORK": "5"}
    with place(env) as p:
        s = p.s
        for first, same, near, next_to, far in (("198.51.100.1", "198.51.100.1", "198.51.100.200", "198.51.100.201", "198.51.101.1"),
                                                ("2001:db8:1:2::1", "2001:db8:1:2:ffff::7", "2001:db8:1:3::1", "2001:db8:1:4::1", "2001:db8:2:2::1")):
            limited = lambda ip: guess(s, ip).status == 429
            assert [limited(first), limited(same), limited(first), limited(same)] == [False, False, False, True]
            a = guess(s, near)
            assert a.status != 429 and rate(a)[:2] == (5, 1), rate(a)
            assert [limited(near), limited(near), limited(next_to)] == [False, True, True]
            assert not limited(far)


def untrusted(t):
    """X-Forwarded-For of a peer that is no trusted proxy names nobody: the peer itself is counted, whatever it says."""
    with place({**CONFIRM, **FEW}) as p:
        got = [guess(p.s, "203.0.113.%d" % n).status for n in range(8)]
        assert [status == 429 for status in got] == [False] * 5 + [True] * 3, got
        is_(p.s.call("POST", "/verify", {"type": "signup", "token_hash": "0" * 56}, headers={"Sb-Forwarded-For": "203.0.113.9"}), 429)
        assert p.s.call("POST", "/verify", {"type": "signup", "token_hash": "0" * 56}).status != 429


def by_default(t):
    """Without any setting of ours the limits act, and are generous: dozens of sign-ups and hundreds of guesses from one address go through."""
    with place({**PROXY}) as p:
        ip = "192.0.2.1"
        limits = {rate(a)[0] for a in (signing_up(p.s, ip), p.s.call("POST", "/signup", {}, headers=seen_as(ip)), p.s.call("POST", "/recover", {"email": addr()}, headers=seen_as(ip)), guess(p.s, ip))}
        assert limits == {360, 60, 1800}, limits
        got = [p.s.call("POST", "/recover", {"email": addr()}, headers=seen_as(ip)).status for _ in range(365)]
        assert got[:358] == [200] * 358 and got[-1] == 429, got[350:]


def floods(t):
    """A flood of addresses frees nobody who has used much, and shuts nobody out: 6,000 others come, and the first one still waits while a new one may begin."""
    env = {**CONFIRM, **PROXY, **QUIET, "COUNTERSIGN_RATE_LIMIT_GUESSES_PER_ADDRESS": "20", "COUNTERSIGN_ACCESS_LOG": "false"}
    with place(env) as p:
        for _ in range(20):
            guess(p.s, "203.0.113.1")
        is_(guess(p.s, "203.0.113.1"), 429)
        at_once(4, lambda k: [guess(p.s, "10.%d.%d.%d" % (k, n // 250, n % 250)) for n in range(1500)])
        is_(guess(p.s, "203.0.113.1"), 429)
        assert guess(p.s, "203.0.113.2").status != 429


def one_engine(t, name, **more):
    env = {"GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true", "GOTRUE_MFA_PHONE_MAX_FREQUENCY": "1ms", "GOTRUE_MFA_MAX_ENROLLED_FACTORS": "20"}
    for n, (own, step) in enumerate((({"GOTRUE_RATE_LIMIT_EMAIL_SENT": "12"}, mails), ({"GOTRUE_RATE_LIMIT_EMAIL_SENT": "15"}, one_account), ({"GOTRUE_RATE_LIMIT_SMS_SENT": "6"}, texts))):
        with place({**CONFIRM, **env, **own}, **more) as p:
            if n and p.s.dsn:       # the database is that of the step before
                p.sql("delete from @@send_limits")
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "budgets", one_engine, (headers, not_limited, networks, untrusted, by_default, floods))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
