#!/usr/bin/env python3
"""S17: whoever waits for the world or for a hash holds up nobody who is signed in. The other side holds its answers until told; with every
place of the hanging destinations taken, and the queue of hashes full, challenge, verification and refresh are answered before any of
those. On SQLite, and on PostgreSQL with few connections. lanes.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import sys, threading
from rig import CONFIRM, JSON, PW, Countersign, Postgres, Rig, Server, Tally, User, addr, binary, fresh_code, is_, made, own_answer, phone  # noqa: F401
from countersign import SECRET

HELD = ("send_sms", "send_email", "before_user_created", "password_verification_attempt")
ASKED = ("custom_access_token", "mfa_verification_attempt")
WAITING, HASHES = 2, 8
SLOW = "$2a$12$abcdefghijklmnopqrstuuE3j5FFjC71WyDL2KIK7ShSoj8tPD3m6"          # a hash of PW that takes four times as long as usual


def mfa_user(s):
    u = s.sign_up()
    a = is_(u.enroll("f"), 200).json
    go_through(s, u, a["id"], fresh_code(a["totp"]["secret"]))
    return u, a["id"], a["totp"]["secret"]


class Held:
    """Requests under way on threads; .answers as they come in."""

    def __init__(self):
        self.threads, self.answers = [], []

    def send(self, call, *args):
        t = threading.Thread(target=lambda: self.answers.append(call(*args)), daemon=True)
        t.start()
        self.threads.append(t)

    def end(self):
        for t in self.threads:
            t.join(120)
        assert len(self.answers) == len(self.threads), "a request was never answered"
        assert not [a for a in self.answers if a.status >= 500], [a.short() for a in self.answers]


def go_through(s, u, factor, code):
    """What signed-in people do; 40 s at most in the client."""
    c = is_(u.challenge(factor), 200)
    u.take(is_(u.verify(factor, c.json["id"], code), 200).json)
    u.take(is_(u.refreshed(), 200).json)
    is_(s.call("GET", "/user", token=u.token), 200)


def hanging(t, s, rig, gate):
    """Hooks and SMS that hang take their own places alone; hooks that answer are heard, and challenge, verify and refresh go on"""
    u, factor, secret = mfa_user(s)
    email, phones = made(s)["email"], [phone() for _ in range(WAITING + 2)]
    for number in phones:
        made(s, phone=number, phone_confirm=True)
    held, code = Held(), fresh_code(secret)
    gate.clear()
    try:
        for number in phones:
            held.send(s.call, "POST", "/otp", {"phone": number})
            held.send(s.call, "POST", "/signup", {"email": addr(), "password": PW})
            held.send(s.sign_in, email, PW)
            held.send(s.call, "POST", "/recover", {"email": email})
        for hook in ("send_sms", "before_user_created", "password_verification_attempt", "send_email"):
            assert rig.all_wait(hook), "%s was not asked" % hook
        go_through(s, u, factor, code)
        assert not [a for a in held.answers if a.status < 400], "something was answered that must wait: %s" % [a.short() for a in held.answers]
    finally:
        gate.set()
        held.end()


def hashes(t, s, rig, gate):
    """With the queue of hashes full, challenge, verify and refresh are answered before the last of them"""
    u, factor, secret = mfa_user(s)
    slow = made(s, password=None, password_hash=SLOW)["email"]
    held, code = Held(), fresh_code(secret)
    for n in range(HASHES):
        held.send(s.sign_in, slow, PW + "x")
    try:
        go_through(s, u, factor, code)
        assert len(held.answers) < HASHES, "all hashes were done first"
    finally:
        held.end()


class Gate(Rig):
    def __init__(self, gate):
        super().__init__()
        self.waiting = {hook: threading.Semaphore(0) for hook in HELD}

        def answer(request, hook):
            if not gate.is_set():
                self.waiting[hook].release()
            gate.wait(60)
            return own_answer(hook, request)
        for hook in HELD:
            self.receiver.answers["/" + hook] = lambda request, hook=hook: answer(request, hook)

    def all_wait(self, hook):
        return all(self.waiting[hook].acquire(timeout=30) for _ in range(WAITING))


def one_engine(t, name, database=None):
    gate = threading.Event()
    gate.set()
    with Gate(gate) as rig:
        env = {**CONFIRM, **rig.settings(*HELD, *ASKED), "COUNTERSIGN_WAIT_THREADS": str(WAITING), "COUNTERSIGN_HASH_THREADS": "1", "GOTRUE_API_MAX_REQUEST_DURATION": "60s",
               "GOTRUE_DB_MAX_POOL_SIZE": "4", "GOTRUE_MAILER_AUTOCONFIRM": "true", "GOTRUE_SMS_AUTOCONFIRM": "true", **({"DATABASE_URL": database} if database else {})}
        with Countersign(binary, env=env) as c:
            s = Server(c.base, SECRET, database, None if database else c.database)
            for step in (hanging, hashes):
                t.step("%s: %s" % (name, step.__doc__), step, t, s, rig, gate)


def main():
    t = Tally()
    one_engine(t, "SQLite")
    with Postgres() as postgres:
        one_engine(t, "PostgreSQL", postgres.create("lanes"))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
