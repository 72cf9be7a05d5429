#!/usr/bin/env python3
"""One-time codes and links of every kind (accounts.md OT1 to OT5, VF10 to VF24, RA4, US8, US9, VF23): which type takes which, that each
counts once, until its age, until a newer one is made, until the password or an address changes, and in one request of many. On SQLite, and
on PostgreSQL with three nodes. codes.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import re, sys, urllib.parse, uuid
from hook_rig import PW, Tally, User, addr, at_once, default_binary, is_, made, on_both_engines, phone
from settings import CONFIRM, body, link_in, person, place, texts_to

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
MINUTES = {"GOTRUE_MAILER_OTP_EXP": "600", "GOTRUE_SMS_OTP_EXP": "120"}
LINK_DEAD, CODE_DEAD = (403, "otp_expired", "Email link is invalid or has expired"), (403, "otp_expired", "Token has expired or is invalid")


class Sent:
    """What was sent: code, link's token (mails), the body of POST /verify for the code, the user's column of its time, its age in seconds."""

    def __init__(self, p, kind, user, to, column, life, message=None, code=None):
        self.p, self.kind, self.user, self.to, self.column, self.life = p, kind, user, to, column, life
        self.code = code or re.search(r"\b\d{6}\b", body(message, "plain")).group()
        self.hash = message is not None and urllib.parse.parse_qs(urllib.parse.urlsplit(link_in(message)).query)["token"][0]

    def by_code(self, kind=None, server=None, code=None):
        who = {"phone": self.to} if kind in ("sms", "phone_change") or (not kind and self.kind in ("sms", "phone_change")) else {"email": self.to}
        return (server or self.p.s).call("POST", "/verify", {"type": kind or self.kind, "token": code or self.code, **who})

    def by_hash(self, kind=None, server=None):
        return (server or self.p.s).call("POST", "/verify", {"type": kind or self.kind, "token_hash": self.hash})

    def by_link(self, kind=None, server=None):
        return (server or self.p.s).call("GET", "/verify?token=%s&type=%s" % (self.hash, kind or self.kind))

    def age(self, seconds):
        self.p.s.age("users", self.user, seconds, self.column)


def last(p, to):
    return p.sent(to)[-1]


def signup(p):
    e = addr()
    u = is_(p.s.call("POST", "/signup", {"email": e, "password": PW}), 200).json
    return Sent(p, "signup", u["id"], e, "confirmation_sent_at", 600, last(p, e))


def invite(p):
    e = addr()
    u = is_(p.s.call("POST", "/invite", {"email": e}, p.s.admin_token()), 200).json
    return Sent(p, "invite", u["id"], e, "confirmation_sent_at", 600, last(p, e))


def recovery(p):
    u = made(p.s)
    is_(p.s.call("POST", "/recover", {"email": u["email"]}), 200)
    return Sent(p, "recovery", u["id"], u["email"], "recovery_sent_at", 600, last(p, u["email"]))


def magiclink(p):
    u = made(p.s)
    is_(p.s.call("POST", "/otp", {"email": u["email"]}), 200)
    return Sent(p, "magiclink", u["id"], u["email"], "recovery_sent_at", 600, last(p, u["email"]))


def email_change(p):
    """Of a user without an address before, so that one confirmation is enough."""
    q = phone()
    u = is_(p.s.call("POST", "/admin/users", {"phone": q, "password": PW, "phone_confirm": True}, p.s.admin_token()), 200).json
    token = is_(p.s.call("POST", "/token?grant_type=password", {"phone": q, "password": PW}), 200).json["access_token"]
    new = addr()
    is_(p.s.call("PUT", "/user", {"email": new}, token), 200)
    return Sent(p, "email_change", u["id"], new, "email_change_sent_at", 600, last(p, new))


def sms(p):
    number = phone()
    is_(p.s.call("POST", "/otp", {"phone": number}), 200)
    code = texts_to(p, number)[-1]
    u = p.sql("select id from @users where phone = '%s'" % number)[0][0]
    ident = u if p.s.dsn else p.sql("select lower(hex(id)) from users where phone = '%s'" % number)[0][0]
    return Sent(p, "sms", str(uuid.UUID(ident)), number, "confirmation_sent_at", 120, code=code)


def phone_change(p):
    u, number = person(p), phone()
    is_(p.s.call("PUT", "/user", {"phone": number}, u.token), 200)
    return Sent(p, "phone_change", u.id, number, "phone_change_sent_at", 120, code=texts_to(p, number)[-1])


KINDS = (signup, invite, recovery, magiclink, email_change, sms, phone_change)
MAILED = KINDS[:5]
# What else each kind may be called (VF10, VF22, 4.6): of codes, and of links.
ALSO = {"signup": {"signup", "invite", "email"}, "invite": {"signup", "invite", "email"}, "recovery": {"recovery", "magiclink", "email"}, "magiclink": {"recovery", "magiclink", "email"},
        "email_change": {"email_change"}, "sms": {"sms"}, "phone_change": {"phone_change"}}
TYPES = ("signup", "invite", "magiclink", "recovery", "email_change", "email", "sms", "phone_change")


def once(p):
    """Each kind, by code, by hash and by link: a session of that user, once; then all its forms are dead."""
    for kind in KINDS:
        for way in ("by_code", "by_hash", "by_link") if kind in MAILED else ("by_code", ):
            m = kind(p)
            a = getattr(m, way)()
            if way == "by_link":
                assert a.status == 303 and "#access_token=" in a.headers["location"] and "type=" + m.kind in a.headers["location"], (kind.__name__, a.headers.get("location"))
            else:
                assert is_(a, 200).json["user"]["id"] == m.user, kind.__name__
            is_(m.by_code(), *CODE_DEAD)
            if kind in MAILED:
                is_(m.by_hash(), *LINK_DEAD)
                where = m.by_link().headers["location"]
                assert "error_code=otp_expired" in where and "access_token" not in where, where


def wrong_types(p):
    """A code or link counts as the types that the contract names, and as no other; tried as another it is not used up."""
    for kind in KINDS:
        m = kind(p)
        for other in TYPES:
            if other not in ALSO[m.kind]:
                a = m.by_code(other)
                assert a.status in (400, 403, 422) and "access_token" not in (a.json or {}), (kind.__name__, other, a.short())
                if m.hash:
                    a = m.by_hash(other)
                    assert a.status in (400, 403) and "access_token" not in (a.json or {}), (kind.__name__, other, a.short())
                    assert "access_token" not in m.by_link(other).headers.get("location", "")
        is_(m.by_code(), 200)
        for other in sorted(ALSO[m.kind]):
            m = kind(p)
            is_(m.by_code(other), 200)
            if m.hash:
                is_(kind(p).by_hash(other), 200)


def ages(p):
    """GOTRUE_MAILER_OTP_EXP and GOTRUE_SMS_OTP_EXP: each kind is good until its age from the sending, and dead after it."""
    for kind in KINDS:
        for way in ("by_code", "by_hash") if kind in MAILED else ("by_code", ):
            m = kind(p)
            m.age(m.life + 1)
            is_(getattr(m, way)(), *(CODE_DEAD if way == "by_code" else LINK_DEAD))
            if kind in MAILED:
                assert "access_token" not in m.by_link().headers["location"]
            m.age(-30)
            is_(getattr(m, way)(), 200)


def newest(p):
    """A newer code of the kind voids the older one and its link (OT3)."""
    again = {"signup": lambda m: p.s.call("POST", "/resend", {"type": "signup", "email": m.to}), "recovery": lambda m: p.s.call("POST", "/recover", {"email": m.to}),
             "magiclink": lambda m: p.s.call("POST", "/recover", {"email": m.to}), "invite": lambda m: p.s.call("POST", "/invite", {"email": m.to}, p.s.admin_token()),
             "sms": lambda m: p.s.call("POST", "/resend", {"type": "sms", "phone": m.to})}
    for kind in (signup, invite, recovery, magiclink, sms):
        m = kind(p)
        old_code, old_hash = m.code, m.hash
        for _ in range(3):              # one code in a million is the same again
            is_(again[m.kind](m), 200)
            fresh = Sent(p, m.kind, m.user, m.to, m.column, m.life, last(p, m.to) if m.hash else None, None if m.hash else texts_to(p, m.to)[-1])
            if fresh.code != old_code:
                break
        is_(m.by_code(), *CODE_DEAD)
        if old_hash:
            is_(m.by_hash(), *LINK_DEAD)
        is_(fresh.by_code(), 200)


def voided(p):
    """Codes on their way die with a change of password, by the user or an admin, with another one that was used (OT5), and with the account."""
    s, t = p.s, p.s.admin_token()

    def pending():
        u = person(p)
        is_(s.call("POST", "/recover", {"email": u.email}), 200)
        m = Sent(p, "recovery", u.id, u.email, "recovery_sent_at", 600, last(p, u.email))
        number = phone()
        is_(s.call("PUT", "/user", {"phone": number}, u.token), 200)
        return u, m, Sent(p, "phone_change", u.id, number, "phone_change_sent_at", 120, code=texts_to(p, number)[-1])
    for end in (lambda u, m, c: s.call("PUT", "/user", {"password": "another " + PW}, u.token), lambda u, m, c: s.call("PUT", "/admin/users/" + u.id, {"password": "another " + PW}, t),
                lambda u, m, c: s.call("DELETE", "/admin/users/" + u.id, {"should_soft_delete": True}, t), lambda u, m, c: s.call("DELETE", "/admin/users/" + u.id, {}, t),
                lambda u, m, c: s.call("PUT", "/admin/users/" + u.id, {"email": addr()}, t)):
        u, m, c = pending()
        is_(end(u, m, c), 200)
        for a in (m.by_code(), c.by_code()):
            is_(a, *CODE_DEAD)
        is_(m.by_hash(), *LINK_DEAD)
    u, m, c = pending()
    is_(c.by_code(), 200)
    is_(m.by_hash(), *LINK_DEAD)
    u, m, c = pending()
    is_(m.by_hash(), 200)
    is_(c.by_code(), *CODE_DEAD)
    u, m, c = pending()                 # who is banned gets in by neither, and what they have stays for later
    is_(s.call("PUT", "/admin/users/" + u.id, {"ban_duration": "1h"}, t), 200)
    for a in (m.by_code(), m.by_hash(), c.by_code()):
        is_(a, 403, "user_banned", "User is banned")
    assert "error_code=user_banned" in m.by_link().headers["location"]
    is_(s.call("PUT", "/admin/users/" + u.id, {"ban_duration": "none"}, t), 200)
    is_(m.by_code(), 200)


def foreign(p):
    """Somebody's code does not do with another's address, nor does a hash as a code or a code as a hash."""
    one, two = recovery(p), recovery(p)
    is_(p.s.call("POST", "/verify", {"type": "recovery", "email": two.to, "token": one.code if one.code != two.code else "x"}), *CODE_DEAD)
    is_(p.s.call("POST", "/verify", {"type": "recovery", "email": one.to, "token": one.hash}), *CODE_DEAD)
    is_(p.s.call("POST", "/verify", {"type": "recovery", "token_hash": one.code}), *LINK_DEAD)
    is_(p.s.call("POST", "/verify", {"type": "recovery", "token_hash": one.hash.upper() + "0"}), *LINK_DEAD)
    is_(p.s.call("POST", "/verify", {"type": "recovery", "email": addr(), "token": one.code}), *CODE_DEAD)
    is_(one.by_code(), 200)
    is_(two.by_hash(), 200)


def guessed(p):
    """Ten wrong codes void each kind, also when they come at once on all nodes, but not the link of the same mail; the account gets a new one at its next request."""
    for kind in KINDS:
        m = kind(p)
        wrong = ["%06d" % ((int(m.code) + 1 + n) % 1000000) for n in range(10)]
        answers = at_once(10, lambda n: m.by_code(server=p.servers[n % len(p.servers)], code=wrong[n]))
        assert [a.status for a in answers] == [403] * 10, [a.short() for a in answers]
        is_(m.by_code(), *CODE_DEAD)
        if m.hash:
            is_(m.by_hash(), 200)
    m = recovery(p)
    for n in range(9):
        is_(m.by_code(code="%06d" % ((int(m.code) + 1 + n) % 1000000)), *CODE_DEAD)
    is_(m.by_code(), 200)


def at_the_same_time(p):
    """Each kind, eight times at once on all nodes, by code, hash and link mixed: one session."""
    for kind in KINDS:
        m = kind(p)
        ways = (m.by_code, m.by_hash, m.by_link) if m.hash else (m.by_code, )
        got = at_once(8, lambda n: ways[n % len(ways)](server=p.servers[n % len(p.servers)]))
        won = [a for a in got if a.status == 200 or "access_token=" in a.headers.get("location", "")]
        assert len(won) == 1 and all(a.status in (200, 303, 403) for a in got), (kind.__name__, [a.short() for a in got])
        n = p.sql("select count(*) from @sessions where " + p.id_is("user_id", m.user))[0][0]
        assert int(n) == 1 + (kind in (email_change, phone_change)), (kind.__name__, n)


def two_at_once(p):
    """Type email: a code of either kind counts while both are under way, and while the other has expired; a wrong one counts against both (VF14, VF22)."""
    s, t = p.s, p.s.admin_token()
    for late in (False, True):
        for first in ("confirmation", "recovery"):
            one = signup(p)
            is_(s.call("POST", "/recover", {"email": one.to}), 200)         # not confirmed, and yet it may be asked for
            two = Sent(p, "recovery", one.user, one.to, "recovery_sent_at", 600, last(p, one.to))
            right, other = (one, two) if first == "confirmation" else (two, one)
            if late:
                other.age(601)
            is_(right.by_code("email"), 200)
    one = signup(p)
    is_(s.call("POST", "/recover", {"email": one.to}), 200)
    two = Sent(p, "recovery", one.user, one.to, "recovery_sent_at", 600, last(p, one.to))
    wrong = [w for w in ("%06d" % ((int(one.code) + 1 + n) % 1000000) for n in range(12)) if w != two.code][:10]
    for w in wrong:
        is_(one.by_code("email", code=w), *CODE_DEAD)
    for m in (one, two):
        is_(m.by_code(), *CODE_DEAD)
    # an invitation that nobody followed, an account that the admin then confirmed by hand, and a sign-in by code
    m = invite(p)
    is_(s.call("PUT", "/admin/users/" + m.user, {"email_confirm": True}, t), 200)
    is_(s.call("POST", "/otp", {"email": m.to}), 200)
    n = Sent(p, "magiclink", m.user, m.to, "recovery_sent_at", 600, last(p, m.to))
    is_(n.by_code("email"), 200)


def nonces(p):
    """The nonce of a password change: from the mail or SMS, once, until its age, for this user, not for /verify; not needed within a day of sign-in."""
    s = p.s
    number = phone()
    for by in ("email", "phone"):
        if by == "email":
            u = person(p)
        else:
            is_(s.call("POST", "/admin/users", {"phone": number, "password": PW, "phone_confirm": True}, s.admin_token()), 200)
            u = User(s, is_(s.call("POST", "/token?grant_type=password", {"phone": number, "password": PW}), 200).json, None, PW)

        def nonce():
            is_(s.call("GET", "/reauthenticate", token=u.token), 200)
            return re.search(r"\d{6}", str(last(p, u.email)["Subject"])).group() if by == "email" else texts_to(p, number)[-1]
        change = lambda n, password, who=u: s.call("PUT", "/user", {"password": password, **({"nonce": n} if n is not None else {})}, who.token)
        is_(change(None, "first " + PW), 200)
        s.age("sessions", u.session_id, 86401)
        for none in (None, ""):
            is_(change(none, "second " + PW), 400, "reauthentication_needed", "Password update requires reauthentication")
        bad = (422, "reauthentication_not_valid", "Nonce has expired or is invalid")
        is_(change("123456", "second " + PW), *bad)
        n = nonce()
        is_(s.call("POST", "/verify", {"type": "recovery" if by == "email" else "sms", by: u.email if by == "email" else number, "token": n}), *CODE_DEAD)
        other = person(p)
        s.age("sessions", other.session_id, 86401)
        is_(change(n, "second " + PW, other), *bad)
        s.age("users", u.id, 601 if by == "email" else 121, "reauthentication_sent_at")
        is_(change(n, "second " + PW), *bad)
        s.age("users", u.id, -30, "reauthentication_sent_at")
        is_(change("%06d" % ((int(n) + 1) % 1000000), "second " + PW), *bad)
        is_(change(n, "second " + PW), 200)
        is_(change(n, "third " + PW), *bad)
        n = nonce()
        for i in range(10):
            is_(change("%06d" % ((int(n) + 1 + i) % 1000000), "third " + PW), *bad)
        is_(change(n, "third " + PW), *bad)


def test_numbers(t):
    """GOTRUE_SMS_TEST_OTP: the fixed code of a number, sent to nobody, good for existing users alone and for no other purpose, until the time that is set."""
    env = {**CONFIRM, "GOTRUE_SMS_TEST_OTP": "+1 555 000 0001:424242,15550000002:1234", "GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true"}
    for until, valid in ((None, True), ("2999-01-01T00:00:00Z", True), ("2020-01-01T00:00:00Z", False)):
        with place({**env, "GOTRUE_SMS_TEST_OTP_VALID_UNTIL": until}) as p:
            s, one = p.s, "15550000001"
            is_(s.call("POST", "/verify", {"type": "sms", "phone": one, "token": "424242"}), *CODE_DEAD)       # nobody has it yet
            is_(s.call("POST", "/otp", {"phone": "+" + one}), 200)
            assert (texts_to(p, one) == []) == valid
            for kind, number, token in (("sms", one, "424243"), ("sms", one, "1234"), ("sms", "15550000002", "1234"), ("phone_change", one, "424242")):
                is_(s.call("POST", "/verify", {"type": kind, "phone": number, "token": token}), *CODE_DEAD)
            if not valid:
                is_(s.call("POST", "/verify", {"type": "sms", "phone": one, "token": "424242"}), *CODE_DEAD)
                continue
            for _ in range(2):
                u = is_(s.call("POST", "/verify", {"type": "sms", "phone": one, "token": "424242"}), 200).json
                assert u["user"]["phone"] == one and u["user"]["phone_confirmed_at"], u["user"]
            assert is_(s.call("POST", "/otp", {"phone": one}), 200).json == {"message_id": "test-otp"}
            v = person(p)
            is_(s.call("PUT", "/user", {"phone": "15550000002"}, v.token), 200)
            assert is_(s.call("POST", "/verify", {"type": "phone_change", "phone": "+15550000002", "token": "1234"}), 200).json["user"]["id"] == v.id
            f = is_(s.call("POST", "/factors", {"factor_type": "phone", "phone": one}, v.token), 200).json["id"]      # a factor's codes are real ones
            c = is_(v.challenge(f, {"channel": "sms"}), 200).json["id"]
            code, = texts_to(p, one)
            if code != "424242":
                is_(v.verify(f, c, "424242"), 422, "mfa_verification_failed")
            is_(v.verify(f, c, code), 200)


def one_engine(t, name, **more):
    with place({**CONFIRM, **MINUTES, "COUNTERSIGN_PASSWORD_GUESSES": "1000", "COUNTERSIGN_PASSWORD_GUESSES_ACCOUNT": "1000", "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION": "true"}, **more) as p:
        for step in (once, wrong_types, ages, newest, voided, foreign, guessed, two_at_once, at_the_same_time, nonces):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "codes", one_engine, (test_numbers, ))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
