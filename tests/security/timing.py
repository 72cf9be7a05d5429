#!/usr/bin/env python3
"""The time that an answer takes does not tell whether somebody has an address (rule S4). For each kind of request PAIRS of a known and an unknown address, in an order by
chance, and where they can be told apart as many of two unknown ones as the control. Of each half of the pairs the threshold is learnt that guesses best which is which, and it is tried on the other
half: under 55 % are guessed right. What a slow machine does to both alike cancels out; what it does to one alone would have to do so in both halves.
timing.py [--binary FILE] [--pairs N]; ends with 'N passed, N failed'.
"""
import random, sys, time, uuid
from rig import CONFIRM, PW, Tally, addr, at_once, is_, on_both_engines, place

PAIRS = int(sys.argv[sys.argv.index("--pairs") + 1]) if "--pairs" in sys.argv else 2000
MOST = 0.55
STRANGER = {"X-Forwarded-For": "203.0.113.9"}
ENV = {**CONFIRM, "COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1", "GOTRUE_API_MAX_REQUEST_DURATION": "60s",
       **{"COUNTERSIGN_RATE_LIMIT_%s_PER_%s" % (what, where): "0" for what in ("MESSAGES", "GUESSES", "SIGNUPS") for where in ("ADDRESS", "NETWORK")}}
CALLS = {
    "recover": lambda s, who: s.call("POST", "/recover", {"email": who}, headers=STRANGER).status,
    "otp": lambda s, who: s.call("POST", "/otp", {"email": who, "create_user": False}, headers=STRANGER).status,
    "resend": lambda s, who: s.call("POST", "/resend", {"type": "signup", "email": who}, headers=STRANGER).status,
    "signup": lambda s, who: s.call("POST", "/signup", {"email": who, "password": PW}, headers=STRANGER).status,
    "verify": lambda s, who: s.call("POST", "/verify", {"type": "recovery", "email": who, "token": "123456"}, headers=STRANGER).status,
}


def pairs_of(name):
    """A sign-up costs a password's hash, so there are fewer."""
    return PAIRS // 4 if name == "signup" else PAIRS


def best_threshold(rows):
    """Of (took, known): the time and the side that guess best."""
    rows = sorted(rows)
    total, below, best = sum(k for _, k in rows), 0, (0, None, True)
    for n, (took, known) in enumerate(rows, 1):
        below += known
        right = (n - below) + (total - below)       # known takes longer than this
        for count, longer in ((right, True), (len(rows) - right, False)):
            if count > best[0]:
                best = (count, took, longer)
    return best[1:]


def guessed(rows):
    """The share that each half's best threshold guesses right of the other half."""
    half, right = len(rows) // 2, 0
    for learn, attempt in ((rows[:half], rows[half:]), (rows[half:], rows[:half])):
        at, longer = best_threshold(learn)
        right += sum(((took > at) == longer) == bool(known) for took, known in attempt)
    return right / len(rows)


def measure(p, name, known, unknown):
    rows, order, send = [], random.Random(8), CALLS[name]
    for n in range(pairs_of(name)):
        pair = [(known, 1), (unknown, 0)]
        order.shuffle(pair)
        for names, label in pair:
            who = names(n)
            began = time.perf_counter()
            status = send(p.servers[n % len(p.servers)], who)
            rows.append((time.perf_counter() - began, label))
            assert status in (200, 403), status
    return guessed(rows)


def cannot_be_told(p, name):
    people = []
    for _ in range(100):
        who = addr()
        is_(p.s.call("POST", "/admin/users", {"email": who, "password": PW, "email_confirm": name != "resend"}, p.s.admin_token()), 200)
        people.append(who)
    known, unknown = lambda n: people[n % len(people)], lambda n: "%s@example.com" % uuid.uuid4().hex
    for attempt in range(3):        # chance alone is over it once in thousands of runs; a difference is each time
        share = measure(p, name, known, unknown)
        if share < MOST:
            return
    control = measure(p, name, unknown, unknown)
    raise AssertionError("%s: %.1f %% guessed right, of the control %.1f %%" % (name, 100 * share, 100 * control))


def one_engine(t, name, **more):
    with place(ENV, **more) as p:
        calls = sorted(CALLS)       # beside one another, since each of them mostly waits for the end of its step of time
        at_once(len(calls), lambda n: t.step("%s: %d pairs of %s cannot be told apart" % (name, pairs_of(calls[n]), calls[n]), cannot_be_told, p, calls[n]), 1200)


def the_guess_guesses(t):
    """A difference of a fifth of the spread is found, none is not: the test sees what it looks for."""
    r = random.Random(1)
    rows = lambda more: [(r.gauss(10 + more * k, 1), k) for _ in range(4000) for k in (0, 1)]
    assert guessed(rows(0)) < 0.53 and guessed(rows(0.5)) > MOST, (guessed(rows(0)), guessed(rows(0.5)))


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "timing", one_engine, (the_guess_guesses,))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
