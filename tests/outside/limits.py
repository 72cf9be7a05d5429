#!/usr/bin/env python3
"""Limits (accounts.md 7.3, 8, internals.md §10): a bucket a route group and key; the totals of all mails and SMS; the pause between two
messages of a kind to a user; wrong passwords; addresses that may be written to. What is refused has changed nothing and sent nothing. Totals and pauses on
SQLite, and on PostgreSQL with three nodes. limits.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import re, sys, uuid
from hook_rig import PW, Tally, addr, at_once, default_binary, is_, made, on_both_engines, phone
from settings import CONFIRM, person, place, texts_to

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
TOO_MANY = (429, "over_request_rate_limit", "Request rate limit reached")
MAILS_OUT, SMS_OUT = (429, "over_email_send_rate_limit", "email rate limit exceeded"), (429, "over_sms_send_rate_limit", "SMS rate limit exceeded")
SLOW = {"GOTRUE_RATE_LIMIT_OTP": "0", "GOTRUE_RATE_LIMIT_VERIFY": "0", "GOTRUE_RATE_LIMIT_TOKEN_REFRESH": "0", "GOTRUE_MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY": "0", "GOTRUE_RATE_LIMIT_ANONYMOUS_USERS": "7"}


def buckets(t):
    """Each route group has a bucket of its own for each key; failing requests count; all grants of /token share one, GET and POST /verify another."""
    with place({**SLOW, "GOTRUE_RATE_LIMIT_HEADER": "X-Key", "COUNTERSIGN_HASH_THREADS": "4"}) as p:
        s, u = p.s, p.s.sign_up()
        f = is_(u.enroll(), 200).json["id"]
        groups = [
            ("signups", 30, lambda n, h: s.call("POST", "/signup", {"email": "x"}, headers=h)), ("anonymous", 7, lambda n, h: s.call("POST", "/signup", {}, headers=h)),
            ("recover", 30, lambda n, h: s.call("POST", "/recover", {"email": addr()}, headers=h)), ("resend", 30, lambda n, h: s.call("POST", "/resend", {"type": "signup", "email": addr()}, headers=h)),
            ("magiclink", 30, lambda n, h: s.call("POST", "/magiclink", {"email": "x"}, headers=h)), ("otp", 30, lambda n, h: s.call("POST", "/otp", {"email": addr(), "create_user": False}, headers=h)),
            ("user", 30, lambda n, h: s.call("PUT", "/user", {"data": {"n": n}}, u.token, headers=h)),
            ("verify", 30, lambda n, h: s.call("POST", "/verify", {"type": "signup", "token_hash": "x"}, headers=h) if n % 2 else s.call("GET", "/verify?type=signup&token=x", headers=h)),
            ("token", 30, lambda n, h: s.call("POST", "/token?grant_type=" + ("refresh_token", "pkce", "id_token", "password")[n % 4], ({"refresh_token": "x"}, {}, {}, {})[n % 4], headers=h)),
            ("challenge", 30, lambda n, h: u.challenge(f, headers=h)), ("factor verify", 30, lambda n, h: u.verify(f, str(uuid.uuid4()), "", headers=h)),
        ]

        def one(i):
            name, most, send = groups[i]
            got = [send(n, {"X-Key": "k, other"}) for n in range(most + 4)]
            assert all(a.status != 429 for a in got[:most]), (name, [a.status for a in got])
            for a in got[most:]:
                is_(a, *TOO_MANY)
                assert int(a.headers["retry-after"]) >= 1, a.headers
            for h in ({"X-Key": "k2"}, {}, {"X-Key": " ,k"}, {"X-Key": "K"}):
                assert send(0, h).status != 429, (name, h)
        at_once(len(groups), one)
        is_(s.call("POST", "/token?grant_type=nothing", {}, headers={"X-Key": "k"}), 400, "invalid_credentials", "unsupported_grant_type")       # looked at before the bucket
        for path in ("/health", "/settings"):
            is_(s.call("GET", path, headers={"X-Key": "k"}), 200)
        is_(s.call("GET", "/user", token=u.token, headers={"X-Key": "k"}), 200)
        is_(s.call("POST", "/invite", {"email": addr()}, s.admin_token(), headers={"X-Key": "k"}), 200)


def unlimited(t):
    """Without a header in the settings nothing of it acts, whatever headers come."""
    with place(SLOW) as p:
        assert {p.s.call("POST", "/recover", {"email": addr()}, headers={"X-Forwarded-For": "1.2.3.4", "X-Key": "k", "Sb-Forwarded-For": "1.2.3.4"}).status for _ in range(40)} == {200}


def mail_kinds(p, u):
    """Each request that mails: (name, the request)."""
    s = p.s
    yield "signup", lambda: s.call("POST", "/signup", {"email": addr(), "password": PW})
    yield "otp, a new account", lambda: s.call("POST", "/otp", {"email": addr()})
    yield "invite", lambda: s.call("POST", "/invite", {"email": addr()}, s.admin_token())
    yield "recover", lambda: s.call("POST", "/recover", {"email": u.email})
    yield "magiclink", lambda: s.call("POST", "/magiclink", {"email": u.email})
    yield "email change", lambda: s.call("PUT", "/user", {"email": addr()}, u.token)
    yield "reauthenticate", lambda: s.call("GET", "/reauthenticate", token=u.token)


def state(p, u):
    """What a refused request must leave alone."""
    return (p.sql("select count(*) from @users"), p.sql("select count(*) from @one_time_tokens"), p.sql("select count(*) from @audit_log_entries"),
            p.sql("select recovery_sent_at, email_change_sent_at, reauthentication_sent_at, email_change, encrypted_password from @users where " + p.id_is("id", u.id)))


def no_mails(p):
    """GOTRUE_RATE_LIMIT_EMAIL_SENT=0: every kind is 429 and leaves all as it was; requests that mail nothing go on."""
    u = person(p)
    for name, send in mail_kinds(p, u):
        before = state(p, u)
        a = is_(send(), *MAILS_OUT)
        assert state(p, u) == before, (name, before, state(p, u))
        assert a.headers["retry-after"].isdigit(), a.headers
    is_(p.s.call("POST", "/recover", {"email": addr()}), *MAILS_OUT)         # nobody's address is answered as somebody's (S4)
    is_(p.s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
    is_(p.s.call("POST", "/admin/generate_link", {"type": "magiclink", "email": u.email}, p.s.admin_token()), 200)
    assert p.sent("@") == []


def totals(p):
    """A total of six: a change of address with two mails counts once, invitations count, what is refused does not; asked at once on all nodes no more go out. Half is kept from
    sign-ups (rule S3)."""
    s, u, v = p.s, person(p), person(p)
    is_(s.call("PUT", "/user", {"email": addr()}, u.token), 200)
    is_(s.call("POST", "/invite", {"email": addr()}, s.admin_token()), 200)
    is_(s.call("POST", "/signup", {"email": addr(), "password": "x"}), 422)
    assert len(p.sent("@")) == 3
    got = at_once(8, lambda n: p.servers[n % len(p.servers)].call("POST", "/signup", {"email": addr(), "password": PW}))
    assert sorted(a.status for a in got) == [200] + [429] * 7, [a.short() for a in got]
    for e in (u.email, v.email, person(p).email):
        is_(s.call("POST", "/recover", {"email": e}), 200)
    for name, send in mail_kinds(p, u):
        before = state(p, v)
        is_(send(), *MAILS_OUT)
        assert state(p, v) == before, name
    assert len(p.sent("@")) == 7


def sms_totals(p):
    """A total of three SMS, the last of them not for strangers (rule S3): sign-in, phone change and reauthentication count together, on all nodes; test numbers and mails do not count."""
    s = p.s
    is_(s.call("POST", "/otp", {"phone": "15550000001"}), 200)
    u, number = person(p), phone()
    is_(s.call("PUT", "/user", {"phone": number}, u.token), 200)
    numbers = [phone() for _ in range(6)]
    got = at_once(6, lambda n: p.servers[n % len(p.servers)].call("POST", "/otp", {"phone": numbers[n]}))
    assert {a.status for a in got} == {200}, [a.short() for a in got]       # as an owner's, of whom there may be one (S4)
    texts = [code for n in numbers for code in texts_to(p, n)]
    assert len(texts) == 1, texts
    is_(s.call("POST", "/signup", {"phone": phone(), "password": PW}), *SMS_OUT)
    is_(s.call("PUT", "/user", {"phone": phone()}, person(p).token), 200)
    v, users = person(p), p.sql("select count(*) from @users")
    is_(s.call("PUT", "/user", {"phone": phone(), "data": {"a": 1}}, v.token), *SMS_OUT)
    me = is_(s.call("GET", "/user", token=v.token), 200).json
    assert "new_phone" not in me and "phone_change_sent_at" not in me and me["user_metadata"] == {"email_verified": True}, me
    is_(s.call("POST", "/otp", {"phone": phone()}), *SMS_OUT)
    is_(s.call("POST", "/signup", {"phone": phone(), "password": PW}), *SMS_OUT)
    assert p.sql("select count(*) from @users") == users
    is_(s.call("POST", "/otp", {"phone": "15550000001"}), 200)
    is_(s.call("POST", "/recover", {"email": u.email}), 200)


def autoconfirmed(t):
    """With autoconfirm the totals do not count (ML6), but 0 still stops mails (ML12)."""
    with place({"GOTRUE_RATE_LIMIT_EMAIL_SENT": "1", "GOTRUE_RATE_LIMIT_SMS_SENT": "1", "GOTRUE_SMTP_MAX_FREQUENCY": "1ms", "GOTRUE_SMS_MAX_FREQUENCY": "1ms"}) as p:
        for _ in range(3):
            is_(p.s.call("POST", "/invite", {"email": addr()}, p.s.admin_token()), 200)
            is_(p.s.call("POST", "/otp", {"phone": phone()}), 200)
        assert len(p.sent("@")) == 3
    with place({"GOTRUE_RATE_LIMIT_EMAIL_SENT": "0"}) as p:
        is_(p.s.call("POST", "/invite", {"email": addr()}, p.s.admin_token()), *MAILS_OUT)
        is_(p.s.call("POST", "/signup", {"email": addr(), "password": PW}), 200)


def refilled(t):
    """"N/DURATION": a bucket of N, one more each DURATION; "N": a window of an hour from the first (RL4)."""
    with place({**CONFIRM, "GOTRUE_RATE_LIMIT_EMAIL_SENT": "2/10m", "GOTRUE_RATE_LIMIT_SMS_SENT": "2"}) as p:
        send = lambda: p.s.call("POST", "/signup", {"email": addr(), "password": PW}).status
        text = lambda: p.s.call("POST", "/signup", {"phone": phone(), "password": PW}).status
        older = lambda seconds: p.sql("update send_limits set filled_at = filled_at - %d000000" % seconds)
        assert [send() for _ in range(3)] == [200, 429, 429] and [text() for _ in range(3)] == [200, 429, 429]       # strangers get half
        older(570)
        assert send() == 429
        older(31)
        assert [send(), send(), text()] == [200, 429, 429]
        older(3001)
        assert [send() for _ in range(3)] == [200, 429, 429] and [text() for _ in range(3)] == [200, 429, 429]       # strangers get half


def notified(t):
    """Notifications count in the total of all mails, and one that is over it fails nothing (7.4)."""
    with place({**CONFIRM, "GOTRUE_RATE_LIMIT_EMAIL_SENT": "1", "GOTRUE_MAILER_NOTIFICATIONS_PASSWORD_CHANGED_ENABLED": "true"}) as p:
        u, v = person(p), person(p)
        for who in (u, v):
            is_(p.s.call("PUT", "/user", {"password": "another " + PW}, who.token), 200)
        assert p.subjects(u.email) == ["Your password was changed"] and p.subjects(v.email) == []
        is_(p.s.call("POST", "/recover", {"email": u.email}), *MAILS_OUT)


def pauses(p):
    """The pause between two mails or SMS of a kind to a user: 429 with the seconds left, on each node, at once too; kinds do not hold each other up, but for recovery and magic link."""
    s = p.s

    def paused(a, code="over_email_send_rate_limit"):
        is_(a, 429, code, part="For security purposes, you can only request this after ")
        left = int(re.search(r"after (\d+) seconds\.$", a.message).group(1))
        assert 0 <= left < 600 and int(a.headers["retry-after"]) == left + 1, (a.message, a.headers)
    u = person(p)
    is_(s.call("POST", "/recover", {"email": u.email}), 200)
    paused(s.call("POST", "/magiclink", {"email": u.email}))
    paused(p.servers[-1].call("POST", "/recover", {"email": u.email}))
    is_(s.call("GET", "/reauthenticate", token=u.token), 200)
    paused(p.servers[-1].call("GET", "/reauthenticate", token=u.token))
    is_(s.call("PUT", "/user", {"email": addr()}, u.token), 200)
    before = state(p, u)
    paused(s.call("PUT", "/user", {"email": addr(), "password": "another " + PW, "data": {"a": 1}}, u.token))
    is_(s.call("POST", "/resend", {"type": "email_change", "email": u.email}), 200)      # the account's own pause is kept without a word (S4)
    paused(s.call("POST", "/resend", {"type": "email_change", "email": u.email}))
    assert state(p, u) == before
    is_(s.sign_in(u.email, PW), 200)
    is_(s.call("PUT", "/user", {"phone": phone()}, u.token), 200)
    for more in ({}, {"password": "another " + PW}):
        paused(s.call("PUT", "/user", {"phone": phone(), **more}, u.token), "over_sms_send_rate_limit")
    e = addr()
    for _ in range(2):
        is_(s.call("POST", "/invite", {"email": e}, s.admin_token()), 200)       # no pause for these, but they set the account's clock: nothing more goes out
    is_(s.call("POST", "/signup", {"email": e, "password": PW}), 200)
    paused(s.call("POST", "/resend", {"type": "signup", "email": e}))
    assert len(p.sent(e)) == 2
    for kind, path in (("recovery", "/recover"), ("magiclink", "/otp")):
        e = made(s)["email"]
        is_(s.call("POST", "/admin/generate_link", {"type": kind, "email": e}, s.admin_token()), 200)
        is_(s.call("POST", path, {"email": e}), 200)
        assert not p.sent(e)
        paused(s.call("POST", path, {"email": e}))
    v = person(p)
    got = at_once(6, lambda n: p.servers[n % len(p.servers)].call("POST", "/recover", {"email": v.email}))
    assert sorted(a.status for a in got) == [200] + [429] * 5 and len(p.sent(v.email)) == 1, [a.short() for a in got]
    s.age("users", v.id, 601, "recovery_sent_at")
    p.sql("update @@send_pauses set taken_at = taken_at - %s" % ("interval '601 seconds'" if s.dsn else "601000000"))
    is_(s.call("POST", "/recover", {"email": v.email}), 200)
    number = phone()
    is_(s.call("POST", "/otp", {"phone": number}), 200)
    for path, body in (("/otp", {"phone": number}), ("/signup", {"phone": number, "password": PW}), ("/resend", {"type": "sms", "phone": number})):
        paused(s.call("POST", path, body), "over_sms_send_rate_limit")
    assert len(texts_to(p, number)) == 1
    for _ in range(2):
        a = s.call("POST", "/otp", {"phone": "15550000001"})
    paused(a, "over_sms_send_rate_limit")           # test numbers too


def passwords(p):
    """Ten wrong passwords from an address, by hand or all at once on all nodes: that address must wait, with a right one too; others need not; an unknown account answers alike (RL3)."""
    s, wait = p.s, (429, "over_request_rate_limit", "Too many wrong passwords, please retry later")
    sign_in = lambda who, password, at, server=s: server.call("POST", "/token?grant_type=password", {**who, "password": password}, headers={"X-Forwarded-For": at})
    number = phone()
    for n, who in enumerate(({"email": made(s, phone=number, phone_confirm=True)["email"]}, {"phone": number}, {"email": addr()})):
        here, there, all_at = "203.0.113.%d" % n, "198.51.100.%d" % n, "192.0.2.%d" % n
        for i in range(10):
            is_(sign_in(who, "wrong %d" % i, here), 400, "invalid_credentials", "Invalid login credentials")
        for server in p.servers:
            a = is_(sign_in(who, PW, here, server), *wait)
            assert 1 <= int(a.headers["retry-after"]) <= 30, a.headers
        got = at_once(24, lambda i: sign_in(who, "wrong %d" % i, all_at, p.servers[i % len(p.servers)]))
        assert [a.status for a in got].count(400) == 10 and [a.status for a in got].count(429) == 14, [a.short() for a in got]
        a = sign_in(who, PW, there)
        assert a.status == (400 if n == 2 else 200), a.short()
        p.sql("update @@password_guards set locked_until = %s" % ("now()" if s.dsn else "1"))
        is_(sign_in(who, "wrong", here), 400)                   # the eleventh: twice as long
        a = is_(sign_in(who, PW, here), *wait)
        assert 30 < int(a.headers["retry-after"]) <= 60, a.headers
        p.sql("update @@password_guards set locked_until = %s" % ("now()" if s.dsn else "1"))
        if n < 2:
            is_(sign_in(who, PW, here), 200)
            for i in range(9):
                is_(sign_in(who, "wrong", here), 400)
            is_(sign_in(who, PW, here), 200)                    # a success has cleared the count


def authorized(t):
    """GOTRUE_EXTERNAL_EMAIL_AUTHORIZED_ADDRESSES: no kind of mail goes elsewhere; a change of address needs both; +label and capitals do not matter; notices are left out."""
    env = {"GOTRUE_EXTERNAL_EMAIL_AUTHORIZED_ADDRESSES": "Let@example.com,other@example.com", "GOTRUE_MAILER_NOTIFICATIONS_PASSWORD_CHANGED_ENABLED": "true"}
    with place({**CONFIRM, **env}) as p:
        s, u = p.s, person(p)
        for name, send in mail_kinds(p, u):
            before = state(p, u)
            is_(send(), 400, "email_address_not_authorized", part=" cannot be used as it is not authorized")
            assert state(p, u) == before, name
        is_(s.call("PUT", "/user", {"email": "other@example.com"}, u.token), 400, "email_address_not_authorized", 'Email address "%s" cannot be used as it is not authorized' % u.email)
        is_(s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
        assert p.sent("@") == []
        for e in ("let@example.com", "LET+a@example.com", "let+b+c@Example.com"):
            is_(s.call("POST", "/signup", {"email": e, "password": PW}), 200)
        for e in ("let@example.org", "let.@example.com", "le+t@example.com", "xlet@example.com", "let@example.com.org"):
            is_(s.call("POST", "/signup", {"email": e, "password": PW}), 400, "email_address_not_authorized")
        assert sorted(str(m["To"]).strip("<>") for m in p.sent("@")) == ["let+a@example.com", "let+b+c@example.com", "let@example.com"]


def one_engine(t, name, **more):
    test_number = {"GOTRUE_SMS_TEST_OTP": "15550000001:424242"}
    for n, (env, steps) in enumerate((({"GOTRUE_RATE_LIMIT_EMAIL_SENT": "0"}, (no_mails, )), ({"GOTRUE_RATE_LIMIT_EMAIL_SENT": "6"}, (totals, )), ({"GOTRUE_RATE_LIMIT_SMS_SENT": "3", **test_number}, (sms_totals, )),
                                      ({"GOTRUE_SMTP_MAX_FREQUENCY": "10m", "GOTRUE_SMS_MAX_FREQUENCY": "10m", **test_number}, (pauses, )),
                                      ({"COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1", "GOTRUE_API_MAX_REQUEST_DURATION": "60s", "COUNTERSIGN_HASH_THREADS": "4"}, (passwords, )))):
        with place({**CONFIRM, **env}, **more) as p:
            if n and p.s.dsn:       # the database is that of the step before
                p.sql("delete from @@send_limits")
                p.sql("delete from @users where phone = '15550000001'")
            for step in steps:
                t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "limits", one_engine, (buckets, unlimited, autoconfirmed, refilled, notified, authorized))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
