#!/usr/bin/env python3
"""Locks and pauses that began while the clock was a month fast end with the correction: each time that is kept lies no further ahead than it can be made, or it is as if it were not
there. On SQLite, and on PostgreSQL with three nodes. wrong_clock.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import sys, time
from rig import CONFIRM, PW, Tally, fresh_code, is_, on_both_engines, person, place

MONTH = 30 * 86400
STRANGER = {"X-Forwarded-For": "203.0.113.77"}
ENV = {**CONFIRM, "GOTRUE_SMTP_MAX_FREQUENCY": "60s", "GOTRUE_RATE_LIMIT_EMAIL_SENT": "6", "COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1", "COUNTERSIGN_PASSWORD_GUESSES": "3"}


def later(p, table, *columns):
    """As if these times had been written while the clock was a month ahead."""
    move = "%s = %s + interval '30 days'" if p.s.dsn else "%s = %s + " + str(MONTH * 10**6)
    p.sql("update %s set %s" % (table, ", ".join(move % (c, c) for c in columns)))


def passwords(p):
    """Wrong passwords lock an address for minutes, not for a month."""
    u = person(p)
    for _ in range(3):
        is_(p.s.call("POST", "/token?grant_type=password", {"email": u.email, "password": "wrong"}, headers=STRANGER), 400)
    is_(p.s.call("POST", "/token?grant_type=password", {"email": u.email, "password": PW}, headers=STRANGER), 429)
    later(p, "@@password_guards", "locked_until", "updated_at")
    locks = is_(p.s.call("GET", "/admin/users/%s/locks" % u.id, token=p.s.admin_token()), 200).json
    assert locks["passwords"] == [], locks
    is_(p.s.call("POST", "/token?grant_type=password", {"email": u.email, "password": PW}, headers=STRANGER), 200)


def factors(p):
    """A factor that wrong codes locked, and whose newest step is of next month, takes the right code."""
    u = person(p)
    u.with_totp()
    low = u.another_session()
    for n in range(10):
        low.verify(u.factor, low.challenge(u.factor).json["id"], "%06d" % n)
    is_(low.verify(u.factor, low.challenge(u.factor).json["id"], fresh_code(u.secret)), 429)
    later(p, "@@factor_guards", "locked_until", "spent_at")
    later(p, "@@step_guards", "locked_until", "spent_at")
    p.sql("update @@factor_guards set last_step = last_step + %d" % (MONTH // 30))
    shown = is_(p.s.call("GET", "/admin/users/%s/locks" % u.id, token=p.s.admin_token()), 200).json
    assert shown["factors"] == [], shown
    is_(low.verify(u.factor, low.challenge(u.factor).json["id"], fresh_code(u.secret)), 200)


def messages(p):
    """The pause of an address, the account's timer, its third and the budget of all go on from now."""
    u = person(p)
    is_(p.s.call("POST", "/recover", {"email": u.email}), 200)
    assert len(p.sent(u.email)) == 1
    is_(p.s.call("POST", "/recover", {"email": u.email}), 429)
    later(p, "@@send_pauses", "taken_at")
    later(p, "@users", "recovery_sent_at")
    later(p, "@@send_limits", "filled_at")
    later(p, "@@notice_counts", "since")
    p.sql("update @@send_limits set left_millionths = 0")
    is_(p.s.call("POST", "/recover", {"email": u.email}), 429)       # the budget is used up; its hour begins now
    p.sql("update @@send_limits set filled_at = %s" % ("now() - interval '61 minutes'" if p.s.dsn else str(int((time.time() - 3660) * 10**6))))
    later(p, "@@send_pauses", "taken_at")
    is_(p.s.call("POST", "/recover", {"email": u.email}), 200)
    assert len(p.sent(u.email)) == 2
    is_(p.s.call("POST", "/recover", {"email": u.email}), 429)       # and the pause holds as ever


def codes(p):
    """Ten wrong codes void the code of then, and no newer one."""
    u = person(p)
    later(p, "@@send_pauses", "taken_at")
    p.sql("update @@send_limits set left_millionths = 6000000")
    is_(p.s.call("POST", "/recover", {"email": u.email}), 200)
    for n in range(10):
        is_(p.s.call("POST", "/verify", {"type": "recovery", "email": u.email, "token": "%06d" % n}), 403)
    later(p, "@@code_guards", "newest_at", "voided_at", "busy_until")
    later(p, "@@send_pauses", "taken_at")
    later(p, "@users", "recovery_sent_at")
    is_(p.s.call("POST", "/recover", {"email": u.email}), 200)
    text = p.sent(u.email)[-1].get_body(preferencelist=("plain",)).get_content()
    code = next(w for w in text.split() if w.isdigit() and len(w) == 6)
    is_(p.s.call("POST", "/verify", {"type": "recovery", "email": u.email, "token": code}), 200)


def one_engine(t, name, **more):
    with place(ENV, **more) as p:
        for step in (passwords, factors, messages, codes):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "wrong_clock", one_engine, ())
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
