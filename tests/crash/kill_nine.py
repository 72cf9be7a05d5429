#!/usr/bin/env python3
"""kill -9 in the middle of 16 busy clients, ten times over one database: kill_nine.py [--binary FILE] [--rounds 10] [--clients 16]

After each start: `countersign check-db` is clean; every acknowledged user, factor, refresh and verification is there; no code that gave
tokens gives them again. What was under way without an answer may have happened or not, but not by halves. Ends with 'N passed, N failed'.
"""
import argparse, http.client, os, random, sys, threading, time, uuid
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from countersign import Countersign, default_binary  # noqa: E402
from tally import Tally, at_once  # noqa: E402
from wire import claims_of, totp  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("--rounds", type=int, default=10); p.add_argument("--clients", type=int, default=16); p.add_argument("-v", action="store_true")
a = p.parse_args()
tally = Tally()
HASH4, PW = "$2a$04$abcdefghijklmnopqrstuum7rVdiziUK4IrsJN3SdTABKvnfazMoS", "bench-password-1"      # bcrypt cost 4 of it
GONE = (OSError, http.client.HTTPException)


class Person:
    """What the server has acknowledged of one user. `refresh_sent` is a token whose refresh may or may not have been carried out."""

    def __init__(self, email):
        self.email, self.id, self.token, self.refresh, self.secret, self.factor = email, None, None, None, None, None
        self.verified = self.verify_sent = self.unenrolled = self.unenroll_sent = False
        self.step, self.password = None, PW


class Client(threading.Thread):
    """One busy client: makes people and walks each through the calls until the server is gone; keeps what was acknowledged."""

    def __init__(self, s, admin, number):
        super().__init__(daemon=True)
        self.s, self.admin, self.number, self.people, self.problem, self.answers = s, admin, number, [], None, 0

    def ask(self, *args, **more):
        r = self.s.call(*args, keep=False, **more)
        self.answers += 1
        assert r.status < 500, "%s %s: %s" % (args[0], args[1], r.short())
        return r

    def run(self):
        try:
            while True:
                self.one_person()
        except GONE:
            return
        except Exception as e:
            self.problem = e

    def one_person(self):
        x = Person("k%s@example.com" % uuid.uuid4().hex)
        if self.number % 4 == 0:                       # some by sign-up with a password of the server's own cost
            r = self.ask("POST", "/signup", {"email": x.email, "password": PW})
            assert r.status == 200, r.short()
            x.id = r.json["user"]["id"]
        else:
            r = self.ask("POST", "/admin/users", {"email": x.email, "password_hash": HASH4, "email_confirm": True}, self.admin)
            assert r.status == 200, r.short()
            x.id = r.json["id"]
        self.people.append(x)
        r = self.ask("POST", "/token?grant_type=password", {"email": x.email, "password": PW})
        assert r.status == 200, r.short()
        x.token, x.refresh = r.json["access_token"], r.json["refresh_token"]
        r = self.ask("POST", "/factors", {"factor_type": "totp", "friendly_name": "phone app"}, x.token)
        assert r.status == 200, r.short()
        x.factor, x.secret = r.json["id"], r.json["totp"]["secret"]
        r = self.ask("POST", "/factors/%s/challenge" % x.factor, {}, x.token)
        assert r.status == 200, r.short()
        x.step, x.verify_sent = int(time.time() // 30), True
        r = self.ask("POST", "/factors/%s/verify" % x.factor, {"challenge_id": r.json["id"], "code": totp(x.secret, at=x.step * 30)}, x.token)
        assert r.status == 200, r.short()
        x.verified = True
        x.token, x.refresh = r.json["access_token"], r.json["refresh_token"]
        for _ in range(2):
            r = self.ask("POST", "/token?grant_type=refresh_token", {"refresh_token": x.refresh})
            assert r.status == 200, r.short()
            x.token, x.refresh = r.json["access_token"], r.json["refresh_token"]
        if self.number % 2:
            r = self.ask("PUT", "/user", {"data": {"marked": x.id}}, x.token)
            assert r.status == 200, r.short()
        if self.number % 5 == 0:
            x.unenroll_sent = True
            r = self.ask("DELETE", "/factors/" + x.factor, token=x.token)
            assert r.status == 200, r.short()
            x.unenrolled = True


def look_after(s, admin, x):
    """Everything acknowledged of one person is there."""
    who = "%s (%s)" % (x.email, x.id)
    r = s.call("GET", "/admin/users/" + x.id, token=admin, keep=False)
    assert r.status == 200, "an acknowledged sign-up is lost: %s: %s" % (who, r.short())
    factors = r.json.get("factors") or []
    if x.factor and not x.unenroll_sent:
        assert [f["id"] for f in factors] == [x.factor], "an acknowledged factor is lost: %s: %s" % (who, factors)
        if x.verified:
            assert factors[0]["status"] == "verified", "an acknowledged verification is lost: " + who
    if x.unenrolled:
        assert not factors, "a removed factor came back: " + who
    token = x.token
    if x.refresh:
        r = s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": x.refresh}, keep=False)
        lost_in_verify = x.verify_sent and not x.verified and r.status == 400          # the verification went through, its answer did not
        assert r.status == 200 or lost_in_verify, "an acknowledged refresh token is lost: %s: %s" % (who, r.short())
        if r.status == 200:
            token = r.json["access_token"]
            level = claims_of(token)["aal"]
            assert level == ("aal2" if x.verified and not x.unenroll_sent else level), "%s is at %s" % (who, level)
            assert not (x.unenrolled and level != "aal1"), who
            if not x.verify_sent:
                assert level == "aal1", who
    if x.factor and not x.unenroll_sent and x.verify_sent:
        code = totp(x.secret, at=x.step * 30)
        for attempt in (1, 2):
            c = s.call("POST", "/factors/%s/challenge" % x.factor, {}, token, keep=False)
            if c.status != 200:
                assert not x.verified, "%s: %s" % (who, c.short())
                break
            r = s.call("POST", "/factors/%s/verify" % x.factor, {"challenge_id": c.json["id"], "code": code}, token, keep=False)
            assert r.status != 200 or (not x.verified and attempt == 1), "a code worked twice: " + who
            assert r.status in (200, 422, 403), r.short()
            if r.status == 200:
                token = r.json["access_token"]


def one_round(c, s, admin, n, everyone):
    clients = [Client(s, admin, k) for k in range(a.clients)]
    for x in clients:
        x.start()
    time.sleep(0.8 + random.random() * 1.2)
    assert c.alive(), "the server ended by itself: " + c.log_tail()
    c.kill()
    for x in clients:
        x.join(40)
        assert not x.is_alive(), "a client hangs on a server that is gone"
        if x.problem:
            raise x.problem
    people = [y for x in clients for y in x.people]
    assert len(people) >= a.clients // 2, "only %d people were made before the kill: no real load" % len(people)
    c.check_db()
    begin = time.monotonic()
    c.start()
    started = time.monotonic() - begin
    s.port = c.port
    c.check_db()
    some = people if len(people) <= 160 else random.sample(people, 160)
    for y in random.sample(everyone, min(30, len(everyone))):            # of earlier rounds: their tokens moved on, they and their factors did not
        r = s.call("GET", "/admin/users/" + y.id, token=admin, keep=False)
        assert r.status == 200, "lost in a later round: %s: %s" % (y.email, r.short())
        assert not y.verified or y.unenroll_sent or [f["status"] for f in r.json["factors"]] == ["verified"], (y.email, r.json.get("factors"))
    share = [some[k::8] for k in range(8)]
    at_once(8, lambda k: [look_after(s, admin, y) for y in share[k]])
    everyone += people
    print("      %d people, %d answers, killed; started again in %.2f s; %d looked after" % (len(people), sum(x.answers for x in clients), started, len(some)), flush=True)


c = Countersign(a.binary)
try:
    c.start()
    s, everyone = c.server(), []
    admin = s.admin_token()
    for n in range(1, a.rounds + 1):
        if tally.step("round %d of %d" % (n, a.rounds), lambda: one_round(c, s, admin, n, everyone) or True) is None and not c.alive():
            tally.step("starting again", c.start)
            s.port = c.port
    tally.step("all is in order at the end, and it stops well", lambda: (c.check_db(), c.stop(), c.check_db()))
finally:
    c.discard()
sys.exit(tally.close())
