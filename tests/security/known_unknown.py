#!/usr/bin/env python3
"""Known and unknown addresses (rule S4): every request that anybody may send about an address is answered alike, the first and the second time, and does as many
statements, whether somebody has the address or not. known_unknown.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import json, re, sys, time, uuid
from rig import CONFIRM, PW, Tally, addr, is_, on_both_engines, phone, place, texts_to

STRANGER = {"X-Forwarded-For": "203.0.113.9"}       # whom the operator's own machine stands for: not told what that one is
RARE = {"GOTRUE_SMTP_MAX_FREQUENCY": "10m", "GOTRUE_SMS_MAX_FREQUENCY": "10m", "GOTRUE_RATE_LIMIT_EMAIL_SENT": "100000", "GOTRUE_RATE_LIMIT_SMS_SENT": "100000"}
ENV = {**CONFIRM, **RARE, "COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1", "GOTRUE_LOG_LEVEL": "debug", "GOTRUE_API_REQUEST_ID_HEADER": "X-Request-Id"}
PKCE = {"code_challenge": "v" * 43, "code_challenge_method": "plain"}
CALLS = {
    "recover": ("/recover", lambda who: {"email": who}),
    "recover with PKCE": ("/recover", lambda who: {"email": who, **PKCE}),
    "otp of accounts that exist": ("/otp", lambda who: {"email": who, "create_user": False}),
    "resend signup": ("/resend", lambda who: {"type": "signup", "email": who}),
    "resend email_change": ("/resend", lambda who: {"type": "email_change", "email": who}),
    "sms of accounts that exist": ("/otp", lambda who: {"phone": who, "create_user": False}),
    "resend sms": ("/resend", lambda who: {"type": "sms", "phone": who}),
    "resend phone_change": ("/resend", lambda who: {"type": "phone_change", "phone": who}),
}
CREATING = {"otp": ("/otp", lambda who: {"email": who}), "magiclink": ("/magiclink", lambda who: {"email": who}), "sms": ("/otp", lambda who: {"phone": who})}


def by_phone(name):
    return "sms" in name or "phone" in name


def one_of(p, name, state):
    """A new address of that kind in that state."""
    who = phone() if by_phone(name) else addr()
    if state == "unknown":
        return who
    fields = {**({"phone_confirm": state != "unconfirmed"} if by_phone(name) else {"email_confirm": state != "unconfirmed"}), "password": PW}
    if by_phone(name):
        fields["phone"] = who
    else:
        fields["email"] = who
    u = is_(p.s.call("POST", "/admin/users", fields, p.s.admin_token()), 200).json
    if state == "banned":
        is_(p.s.call("PUT", "/admin/users/" + u["id"], {"ban_duration": "1h"}, p.s.admin_token()), 200)
    if state == "changing":
        session = is_(p.s.call("POST", "/token?grant_type=password", {**({"phone": who} if by_phone(name) else {"email": who}), "password": PW}), 200).json
        is_(p.s.call("PUT", "/user", {"phone": phone()} if by_phone(name) else {"email": addr()}, session["access_token"]), 200)
    return who


STATES = ("unknown", "confirmed", "unconfirmed", "banned", "changing")


def answer(a):
    """All that a client sees, without what names the moment."""
    text = re.sub(r"after \d+ seconds", "after N seconds", json.dumps(a.json))
    return a.status, text, sorted(k.lower() for k in a.headers.keys() if k.lower() not in ("date", "retry-after"))


def alike(p):
    """First, second and third call within the pause: status, body and headers are those of an unknown address, whatever the account; on all nodes."""
    for name, (path, body) in {**CALLS, **CREATING}.items():
        seen = {}
        for state in STATES:
            who = one_of(p, name, state)
            seen[state] = [answer(p.servers[n % len(p.servers)].call("POST", path, body(who), headers=STRANGER)) for n in range(3)]
        assert [a[0] for a in seen["unknown"]] == [200, 429, 429], (name, seen["unknown"])
        for state in STATES:
            assert seen[state] == seen["unknown"], (name, state, seen[state], seen["unknown"])


def mails_go_out(p):
    """Who is known gets the message, once; nobody else gets anything."""
    u = one_of(p, "recover", "confirmed")
    n = addr()
    for who in (u, u, n):
        p.s.call("POST", "/recover", {"email": who}, headers=STRANGER)
    assert len(p.sent(u)) == 1 and not p.sent(n)
    number = one_of(p, "sms", "confirmed")
    is_(p.s.call("POST", "/otp", {"phone": number, "create_user": False}, headers=STRANGER), 200)
    assert len(texts_to(p, number)) == 1
    assert p.sql("select count(*) from @users where email = '%s'" % n) == [["0"]]


def taken(p):
    """Sign-up of a taken address: status, keys and role of a new one; the second call waits as that of a new one does; so does one after which the address was confirmed."""
    for name in ("signup", "sms signup"):
        field = "phone" if by_phone(name) else "email"
        seen = {}
        for state in ("unknown", "confirmed", "banned", "changing"):
            who = one_of(p, name, state)
            got = [p.servers[n % len(p.servers)].call("POST", "/signup", {field: who, "password": PW, "data": {"k": 1}}, headers=STRANGER) for n in range(2)]
            assert [a.status for a in got] == [200, 429], (name, state, [a.short() for a in got])
            u = got[0].json
            seen[state] = sorted(u), u["role"], u["aud"], u["app_metadata"], u["email"] == (who if field == "email" else ""), u["phone"] == (who if field == "phone" else ""), u["user_metadata"]["k"]
            assert uuid.UUID(u["id"]).version == 4 and u["created_at"] and u["confirmation_sent_at"]
        for state, what in seen.items():
            assert what == seen["unknown"], (name, state, what, seen["unknown"])


def codes_of_nobody(p):
    """/verify with a wrong code: banned, known or unknown, one answer."""
    for kind in ("recovery", "email", "signup", "magiclink", "email_change"):
        got = {state: answer(p.s.call("POST", "/verify", {"type": kind, "email": one_of(p, "x", state), "token": "123456"}, headers=STRANGER)) for state in STATES}
        assert len(set(map(str, got.values()))) == 1 and got["unknown"][0] == 403, (kind, got)


def statements(p, send, who):
    ident = uuid.uuid4().hex
    is_(send(who, {**STRANGER, "X-Request-Id": ident}), 200)
    end = time.monotonic() + 90
    while True:
        for c in p.nodes:
            found = re.search(r'"msg":"statements","reads":(\d+),"writes":(\d+),"request_id":"%s"' % ident, c.log_text())
            if found:
                return int(found.group(1)), int(found.group(2))
        assert time.monotonic() < end, "no such line in the log"
        time.sleep(0.02)


def same_work(p):
    """As many statements that read and that write for an unknown address as for a known one: counted, not timed."""
    for name in ("recover", "recover with PKCE", "otp of accounts that exist", "resend email_change", "sms of accounts that exist"):
        path, body = CALLS[name]
        send = lambda who, headers: p.s.call("POST", path, body(who), headers=headers)
        known = statements(p, send, one_of(p, name, "confirmed" if "change" not in name else "unknown"))
        unknown = statements(p, send, one_of(p, name, "unknown"))
        assert known == unknown and known[1] >= 4, (name, known, unknown)
    send = lambda who, headers: p.s.call("POST", "/signup", {"email": who, "password": PW}, headers=headers)
    known, unknown = (statements(p, send, one_of(p, "signup", state)) for state in ("confirmed", "unknown"))
    assert known == unknown and known[1] >= 6, (known, unknown)
    assert int(p.sql("select count(*) from @@ghosts")[0][0]) <= 256 * 64


def told_on_this_machine(p):
    """The operator's own machine still hears the official words of an address that nobody has."""
    is_(p.s.call("POST", "/otp", {"email": addr(), "create_user": False}), 422, "otp_disabled")
    is_(p.s.call("POST", "/otp", {"email": addr(), "create_user": False}, headers=STRANGER), 200)
    is_(p.s.call("POST", "/otp", {"email": addr(), "create_user": False}, headers={"X-Real-IP": "203.0.113.1"}), 200)


def closed(t):
    """Sign-ups off: /otp tells nobody but this machine; a second call is answered as the first, and nothing more goes out."""
    with place({**ENV, "GOTRUE_DISABLE_SIGNUP": "true"}) as p:
        u, n = one_of(p, "otp", "confirmed"), addr()
        for who in (u, n):
            for path in ("/otp", "/recover"):
                for _ in range(2):
                    assert is_(p.s.call("POST", path, {"email": who}, headers=STRANGER), 200).json == {}
        assert len(p.sent(u)) == 1 and not p.sent(n)
        is_(p.s.call("POST", "/otp", {"email": addr()}), 422, "signup_disabled")


def budgets(p):
    """When strangers have used up their share of the mails, known and unknown are still answered alike, and so they are when one address was named too often, or nothing is left."""
    for n in range(60):
        if p.s.call("POST", "/signup", {"email": addr(), "password": PW}, headers=STRANGER).status == 429:
            break
    assert n < 30, "the strangers' share has no end"
    for name in ("recover", "otp of accounts that exist", "resend email_change", "resend signup", "otp"):
        path, body = {**CALLS, **CREATING}[name]
        got = {state: answer(p.s.call("POST", path, body(one_of(p, name, state)), headers=STRANGER)) for state in ("unknown", "confirmed", "unconfirmed")}
        assert len(set(map(str, got.values()))) == 1, (name, got)
    people = {state: one_of(p, "recover", state) for state in ("unknown", "confirmed")}
    for _ in range(12):     # each in turn, until its third, or all, is gone
        p.sql("delete from @@send_pauses")
        got = {state: answer(p.s.call("POST", "/recover", {"email": who}, headers=STRANGER)) for state, who in people.items()}
        p.sql("update @users set recovery_sent_at = null")
        assert got["unknown"] == got["confirmed"], got
    assert got["unknown"][0] == 429, got


def sms_budgets(p):
    """The same of SMS: the strangers' share is gone, then the third of a number or all of it, and known and unknown numbers are answered alike."""
    statuses = []
    while 429 not in statuses and len(statuses) < 60:
        statuses.append(p.s.call("POST", "/signup", {"phone": phone(), "password": PW}, headers=STRANGER).status)
    assert len(statuses) < 31, "the strangers' share has no end"
    for name in ("sms of accounts that exist", "resend sms", "resend phone_change", "sms"):
        path, body = {**CALLS, **CREATING}[name]
        got = {state: [answer(p.servers[n % len(p.servers)].call("POST", path, body(who), headers=STRANGER)) for n in range(2)]
               for state, who in ((state, one_of(p, name, state)) for state in ("unknown", "confirmed", "unconfirmed"))}
        assert len(set(map(str, got.values()))) == 1, (name, got)
    path, body = CALLS["sms of accounts that exist"]
    people = {state: one_of(p, "sms", state) for state in ("unknown", "confirmed")}
    for _ in range(12):
        p.sql("delete from @@send_pauses")
        got = {state: answer(p.s.call("POST", path, body(who), headers=STRANGER)) for state, who in people.items()}
        p.sql("update @users set confirmation_sent_at = null")
        assert got["unknown"] == got["confirmed"], got
    assert got["unknown"][0] == 429, got


def one_engine(t, name, **more):
    with place(ENV, **more) as p:
        for step in (alike, mails_go_out, taken, codes_of_nobody, same_work, told_on_this_machine):
            t.step("%s: %s" % (name, step.__doc__), step, p)
    with place({**ENV, "GOTRUE_RATE_LIMIT_EMAIL_SENT": "30", "GOTRUE_RATE_LIMIT_SMS_SENT": "30"}, **more) as p:
        p.sql("delete from @@send_limits")
        for step in (budgets, sms_budgets):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "known_unknown", one_engine, (closed,))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
