#!/usr/bin/env python3
"""Wrong codes (docs/protocol/security.md S2): ten void what was sent to an address by code, whoever waits there, and never a link; a newer code may be
tried anew, but a day has room for so many. On SQLite, and on PostgreSQL with three nodes. code_guesses.py [--binary FILE]; ends with
'N passed, N failed'.
"""
import re, sys
from rig import CONFIRM, PW, Tally, addr, at_once, is_, on_both_engines, person, phone, place, texts_to
from codes import CODE_DEAD, MAILED, MINUTES, Sent, last, recovery, signup, sms


def wrong_ones(code, n, offset=1):
    return ["%0*d" % (len(code), (int(code) + offset + i) % 10**len(code)) for i in range(n)]


def spread(p, n, send):
    """n requests at once, over all nodes."""
    return at_once(n, lambda i: send(p.servers[i % len(p.servers)], i))


def links_stay(p):
    """Ten wrong codes at once on all nodes: the code of each kind of mail is void, and its link leads in."""
    for kind in MAILED:
        m = kind(p)
        tries = wrong_ones(m.code, 10)
        assert [a.status for a in spread(p, 10, lambda s, i: m.by_code(server=s, code=tries[i]))] == [403] * 10
        is_(m.by_code(), *CODE_DEAD)
        is_(m.by_hash(), 200)


def waiting(p, n, send):
    """n users who wait to have one address or number, and their codes."""
    users = [person(p) for _ in range(n)]
    for u in users:
        is_(send(u), 200)
    return users


def one_target_by_mail(p):
    """Four accounts wait to have one address: ten wrong codes in all void the codes of all four; each right one counts before that."""
    new = addr()
    waiting(p, 4, lambda u: p.s.call("PUT", "/user", {"email": new}, u.token))
    codes = [re.search(r"\b\d{6}\b", m.get_body(preferencelist=("plain",)).get_content()).group() for m in p.sent(new)]
    assert len(codes) == 4
    verify = lambda s, code: s.call("POST", "/verify", {"type": "email_change", "email": new, "token": code})
    is_(verify(p.s, codes[0]), 200)                 # half of that change; and nothing is voided by it
    tries = [c for c in wrong_ones(codes[1], 16) if c not in codes][:10]
    assert [a.status for a in spread(p, 10, lambda s, i: verify(s, tries[i]))] == [403] * 10
    for code in codes[1:]:
        is_(verify(p.s, code), *CODE_DEAD)
    u = person(p)                                   # a newer one may be tried anew
    is_(p.s.call("PUT", "/user", {"email": new}, u.token), 200)
    m = Sent(p, "email_change", u.id, new, "email_change_sent_at", 600, last(p, new))
    is_(m.by_code(code=wrong_ones(m.code, 1)[0]), *CODE_DEAD)
    is_(m.by_code(), 200)


def one_target_by_sms(p):
    """The same of a number: who waits second can use the code too, and ten wrong ones void all codes on their way to it."""
    number = phone()
    users = waiting(p, 3, lambda u: p.s.call("PUT", "/user", {"phone": number}, u.token))
    codes = texts_to(p, number)
    verify = lambda s, code: s.call("POST", "/verify", {"type": "phone_change", "phone": number, "token": code})
    tries = [c for c in wrong_ones(codes[1], 16) if c not in codes][:10]
    assert [a.status for a in spread(p, 10, lambda s, i: verify(s, tries[i]))] == [403] * 10
    for code in codes:
        is_(verify(p.s, code), *CODE_DEAD)
    number = phone()
    users = waiting(p, 3, lambda u: p.s.call("PUT", "/user", {"phone": number}, u.token))
    codes = texts_to(p, number)
    if len(set(codes)) == 3:
        assert is_(verify(p.servers[-1], codes[1]), 200).json["user"]["id"] == users[1].id


def no_other_address(p):
    """A code of a change counts for the address that it was sent to: not where a digit of it stands at the address's end, and not for another kind."""
    u, new = person(p), "someone%s@example.co" % addr()[:8].replace("@", "x")
    is_(p.s.call("PUT", "/user", {"email": new}, u.token), 200)
    m = Sent(p, "email_change", u.id, new, "email_change_sent_at", 600, last(p, new))
    for n in range(1, 6):
        assert p.s.call("POST", "/verify", {"type": "email_change", "email": new + m.code[:n], "token": m.code[n:]}).status in (403, 422)
    is_(m.by_code(), 200)


def nobody_waits(p):
    """Tries at an address that nobody has are counted like others: the answer is the same, and so is what is written."""
    e, one = addr(), recovery(p)
    for to in (e, one.to):
        before = int(p.sql("select count(*) from @@code_guards")[0][0])
        for n in range(3):
            is_(p.s.call("POST", "/verify", {"type": "recovery", "email": to, "token": wrong_ones(one.code, 3)[n]}), *CODE_DEAD)
        assert int(p.sql("select count(*) from @@code_guards")[0][0]) == before + 1
    assert not [r for r in p.sql("select key from @@code_guards") if "@" in r[0]]
    is_(one.by_code(), 200)


def a_days_room(p):
    """COUNTERSIGN_CODE_GUESSES=15: newer codes do not make more room; then right ones are refused too, until there is some again. The link leads in meanwhile, and
    nobody else is touched."""
    hours = lambda n: p.sql("update @@code_guards set busy_until = busy_until - " + ("interval '%d hours'" % n if p.s.dsn else "%d" % (n * 3600 * 10**6)))
    for kind, again in ((signup, lambda m: p.s.call("POST", "/resend", {"type": "signup", "email": m.to})), (sms, lambda m: p.s.call("POST", "/resend", {"type": "sms", "phone": m.to}))):
        m = kind(p)
        for c in wrong_ones(m.code, 10):
            is_(m.by_code(code=c), *CODE_DEAD)
        newer = lambda: is_(again(m), 200) and Sent(p, m.kind, m.user, m.to, m.column, m.life, last(p, m.to) if m.hash else None, None if m.hash else texts_to(p, m.to)[-1])
        m = newer()
        for c in wrong_ones(m.code, 5):
            is_(m.by_code(code=c), *CODE_DEAD)
        is_(m.by_code(), *CODE_DEAD)
        m = newer()
        is_(m.by_code(), *CODE_DEAD)
        is_(kind(p).by_code(), 200)
        if m.hash:
            is_(m.by_hash(), 200)
        else:
            hours(2)
            is_(m.by_code(), 200)


def nonces_too(p):
    """The nonce of a password change: ten wrong ones void it, fifteen are the day's, for its user alone."""
    s, u = p.s, person(p)
    s.age("sessions", u.session_id, 86401)

    def nonce():
        is_(s.call("GET", "/reauthenticate", token=u.token), 200)
        return re.search(r"\d{6}", str(last(p, u.email)["Subject"])).group()
    change = lambda n, password: s.call("PUT", "/user", {"password": password, "nonce": n}, u.token)
    n = nonce()
    for w in wrong_ones(n, 10):
        is_(change(w, "second " + PW), 422, "reauthentication_not_valid")
    is_(change(n, "second " + PW), 422, "reauthentication_not_valid")
    n = nonce()
    for w in wrong_ones(n, 5):
        is_(change(w, "second " + PW), 422, "reauthentication_not_valid")
    is_(change(n, "second " + PW), 422, "reauthentication_not_valid")
    is_(s.call("POST", "/recover", {"email": u.email}), 200)        # codes of the address are counted apart
    m = Sent(p, "recovery", u.id, u.email, "recovery_sent_at", 600, last(p, u.email))
    is_(m.by_code(), 200)


def one_engine(t, name, **more):
    reauthenticate = {"GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION": "true"}
    for env, steps in (({}, (links_stay, one_target_by_mail, one_target_by_sms, no_other_address, nobody_waits)), ({"COUNTERSIGN_CODE_GUESSES": "15", "COUNTERSIGN_PASSWORD_GUESSES": "0", **reauthenticate}, (a_days_room, nonces_too))):
        with place({**CONFIRM, **MINUTES, **env}, **more) as p:
            for step in steps:
                t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "code_guesses", one_engine, ())
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
