#!/usr/bin/env python3
"""Nodes whose clocks disagree, and the settings of the pool of connections: time_suite.py [--only NAME,..] [--binary FILE] [-v]

One of three nodes is five minutes fast and one five minutes slow (libfaketime; Debian's package faketime). The database's time counts,
so no rule may tell which of them a request went to. Ends with 'N passed, N failed'."""
import argparse, functools, glob, os, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "support"), os.path.join(os.path.dirname(HERE), "conformance")]
import nodes as node_kit  # noqa: E402
from countersign import default_binary  # noqa: E402
from nodes import counts, mfa_user  # noqa: E402
from postgres import Postgres  # noqa: E402
from tally import Tally, at_once  # noqa: E402
from wire import claims_of, totp, wait_for_fresh_step  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--only"); p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true")
args = p.parse_args()
STEPS, tally = [], Tally()
Nodes = functools.partial(node_kit.Nodes, binary=args.binary)
FAKE = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + [None])[0]
OFF = 300                                                      # seconds, as long as a challenge lives at least


def step(fn):
    STEPS.append(fn)
    return fn


def apart(dsn, **env):
    """Three nodes: one with the right time, a fast one and a slow one."""
    def fake(seconds):
        return {"LD_PRELOAD": FAKE, "FAKETIME": "%+ds" % seconds, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1"}
    return Nodes(dsn, each=[{}, fake(OFF), fake(-OFF)], **env)


def on_each(nodes, call):
    """call(server) for a server that is one node alone."""
    return [call(node_kit.Anywhere([n], nodes.dsn)) for n in nodes.nodes]


def forget_codes(pg, factor):
    """So that the code of the present time step counts, and none was wrong."""
    pg.sql("update countersign.factor_guards set last_step = 0, failures = 0, locked_until = null where factor_id = '%s'" % factor, "time")
    pg.sql("delete from countersign.step_guards where subject_id = '%s'" % factor, "time")
    wait_for_fresh_step(5)


@step
def the_clocks_are_apart_and_it_is_said(pg):
    with apart(pg.dsn("time")) as nodes:
        logs = [n.log_text() for n in nodes.nodes]
        wrong = [("ahead of the database" in t, "behind the database" in t) for t in logs]
        assert wrong == [(False, False), (True, False), (False, True)], wrong


@step
def tokens_and_stored_times_are_the_databases(pg):
    with apart(pg.dsn("time")) as nodes:
        users = on_each(nodes, lambda s: s.sign_up())
        now = time.time()
        for u in users:
            assert abs(claims_of(u.token)["iat"] - now) < 30, (claims_of(u.token), now)
            assert abs(u.session["expires_at"] - now - 3600) < 30, (u.session["expires_at"], now)
            for answer in on_each(nodes, lambda s: s.call("GET", "/user", token=u.token)):
                assert answer.status == 200, answer.short()
        stored = pg.sql("select count(*) from auth.users where abs(extract(epoch from created_at - now())) > 30 or "
                        "abs(extract(epoch from last_sign_in_at - now())) > 30", "time")
        assert stored == [["0"]], stored


@step
def a_challenge_lives_equally_long_everywhere(pg):
    with apart(pg.dsn("time")) as nodes:
        s = nodes.server()
        u, factor, secret = mfa_user(s)
        for node, n in enumerate(nodes.nodes):
            one = node_kit.Anywhere([n], nodes.dsn)
            young, old = u.challenge(factor).json["id"], u.challenge(factor).json["id"]
            pg.sql("update auth.mfa_challenges set created_at = created_at - interval '%d s' where id = '%s'" % (OFF - 60, young), "time")
            pg.sql("update auth.mfa_challenges set created_at = created_at - interval '%d s' where id = '%s'" % (OFF + 10, old), "time")
            forget_codes(pg, factor)
            verify = lambda c: one.call("POST", "/factors/%s/verify" % factor, {"challenge_id": c, "code": totp(secret)}, u.token)
            a = verify(old)
            assert (a.status, a.code) == (422, "mfa_challenge_expired"), (node, a.short())
            a = verify(young)
            assert a.status == 200, (node, a.short())
            u.take(a.json)


@step
def a_code_counts_once_whatever_the_clocks_say(pg):
    with apart(pg.dsn("time")) as nodes:
        s = nodes.server()
        u = s.sign_up()
        a = u.enroll("f").json
        ids = [u.challenge(a["id"]).json["id"] for _ in range(6)]
        wait_for_fresh_step(5)
        code = totp(a["totp"]["secret"])
        got = counts([u.verify(a["id"], c, code) for c in ids])
        assert got == {200: 1, 422: 5}, got
        for off in (-OFF, OFF):                                # what a node's own clock would take
            forget_codes(pg, a["id"])
            answers = on_each(nodes, lambda one: one.call("POST", "/factors/%s/verify" % a["id"], {
                "challenge_id": u.challenge(a["id"]).json["id"], "code": totp(a["totp"]["secret"], time.time() + off)}, u.token))
            assert counts(answers) == {422: 3}, (off, counts(answers))


@step
def a_lock_out_ends_at_one_time(pg):
    with apart(pg.dsn("time"), COUNTERSIGN_MFA_LOCK_AFTER="5", COUNTERSIGN_MFA_LOCK_FIRST="120s") as nodes:
        s = nodes.server()
        u, factor, secret = mfa_user(s)
        got = counts([u.verify(factor, u.challenge(factor).json["id"], "%06d" % n) for n in range(5)])
        assert got == {422: 5}, got
        locked = on_each(nodes, lambda one: one.call("POST", "/factors/%s/verify" % factor, {
            "challenge_id": u.challenge(factor).json["id"], "code": "000000"}, u.token))
        assert counts(locked) == {429: 3}, counts(locked)
        left = [int(x.headers["retry-after"]) for x in locked]
        assert all(60 < x <= 121 for x in left), left
        for n in nodes.nodes:
            forget_codes(pg, factor)
            pg.sql("update countersign.factor_guards set locked_until = now() - interval '1 s', failures = 5 where factor_id = '%s'" % factor, "time")
            pg.sql("insert into countersign.step_guards (user_id, subject_id, origin, failures, locked_until, updated_at) values "
                   "('%s', '%s', 'raised', 5, now() - interval '1 s', now())" % (u.id, factor), "time")
            c = u.challenge(factor).json["id"]
            x = node_kit.Anywhere([n], nodes.dsn).call("POST", "/factors/%s/verify" % factor, {"challenge_id": c, "code": totp(secret)}, u.token)
            assert x.status == 200, x.short()
            u.take(x.json)


@step
def sessions_and_refresh_tokens_age_alike(pg):
    with apart(pg.dsn("time"), GOTRUE_SESSIONS_TIMEBOX="200s", GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL="60") as nodes:
        s = nodes.server()
        u = s.sign_up()
        first = u.refresh
        for _ in range(3):                                     # each node in turn
            a = u.refreshed()
            assert a.status == 200, a.short()
            u.take(a.json)
        old = s.sign_up()
        assert old.refreshed().status == 200
        answers = on_each(nodes, lambda one: one.call("POST", "/token?grant_type=refresh_token", {"refresh_token": old.refresh}))
        assert counts(answers) == {200: 3}, [a.short() for a in answers]
        for n in nodes.nodes:
            one = node_kit.Anywhere([n], nodes.dsn)
            v = one.sign_up()
            pg.sql("update auth.sessions set created_at = created_at - interval '150 s' where id = '%s'" % v.session_id, "time")
            answers = on_each(nodes, lambda other: other.call("GET", "/user", token=v.token))
            assert counts(answers) == {200: 3}, [a.short() for a in answers]
            pg.sql("update auth.sessions set created_at = created_at - interval '60 s' where id = '%s'" % v.session_id, "time")
            answers = on_each(nodes, lambda other: other.call("POST", "/token?grant_type=refresh_token", {"refresh_token": v.refresh}))
            assert counts(answers) == {400: 3}, [a.short() for a in answers]
        assert first != u.refresh


@step
def codes_by_mail_and_their_pauses(pg):
    with apart(pg.dsn("time"), GOTRUE_MAILER_AUTOCONFIRM="false", GOTRUE_MAILER_OTP_EXP="400", GOTRUE_SMTP_MAX_FREQUENCY="120s") as nodes:
        for n in nodes.nodes:
            one = node_kit.Anywhere([n], nodes.dsn)
            email = "mail%d@example.com" % n.port
            a = one.call("POST", "/signup", {"email": email, "password": "correct horse battery"})
            assert a.status == 200, a.short()
            answers = on_each(nodes, lambda s: s.call("POST", "/resend", {"type": "signup", "email": email}))
            assert counts(answers) == {429: 3}, [x.short() for x in answers]
            token = pg.sql("select t.token_hash from auth.one_time_tokens t join auth.users u on u.id = t.user_id where u.email = '%s'" % email, "time")[0][0]
            shift = "update auth.users set confirmation_sent_at = confirmation_sent_at - interval '%d s' where email = '%s'"
            pg.sql(shift % (410, email), "time")
            answers = on_each(nodes, lambda s: s.call("POST", "/verify", {"type": "signup", "token_hash": token}))
            assert {x.code for x in answers} == {"otp_expired"}, [x.short() for x in answers]
            pg.sql(shift % (-60, email), "time")
            last = node_kit.Anywhere([nodes.nodes[(nodes.nodes.index(n) + 1) % 3]], nodes.dsn)
            a = last.call("POST", "/verify", {"type": "signup", "token_hash": token})
            assert a.status == 200, a.short()


@step
def the_sweep_deletes_by_the_databases_time(pg):
    """A challenge of more than a day goes, one that a fast clock takes for such stays."""
    with apart(pg.dsn("time")) as nodes:
        u, factor, _ = mfa_user(nodes.server())
        gone, kept = u.challenge(factor).json["id"], u.challenge(factor).json["id"]
        for ident, minutes in ((gone, 24 * 60 + 1), (kept, 24 * 60 - 2)):
            pg.sql("update auth.mfa_challenges set created_at = now() - interval '%d min' where id = '%s'" % (minutes, ident), "time")
        slow = nodes.nodes[2]
        nodes.nodes[0].stop(), slow.stop()                     # the fast one sweeps alone
        end = time.monotonic() + 90
        there = lambda ident: pg.sql("select count(*) from auth.mfa_challenges where id = '%s'" % ident, "time") == [["1"]]
        while there(gone) and time.monotonic() < end:
            time.sleep(0.3)
        assert not there(gone) and there(kept), (there(gone), there(kept))
        nodes.nodes[0].start(), slow.start()


# --- the pool ------------------------------------------------------------------------------------

OURS = "from pg_stat_activity where application_name = 'countersign' and datname = 'time'"


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def burst(s, u, requests=40):
    got = counts(at_once(requests, lambda n: s.call("GET", "/user", token=u.token)))
    assert got == {200: requests}, got


def open_now(pg):
    return int(pg.sql("select count(*) " + OURS)[0][0])


@step
def a_percentage_of_what_the_server_accepts(pg):
    for percent, most in (("2", 4), ("0x1", 2), ("-5", 16), ("0", 16)):   # of 200; 0 or less: as if unset
        with Nodes(pg.dsn("time"), 1, GOTRUE_DB_CONN_PERCENTAGE=percent, GOTRUE_DB_MAX_IDLE_POOL_SIZE="1" if most < 16 else "0") as nodes:
            s = nodes.server()
            u = s.sign_up()
            for _ in range(4):
                burst(s, u)
            assert 1 < open_now(pg) <= most, (percent, open_now(pg))
    with Nodes(pg.dsn("time"), 1, GOTRUE_DB_MAX_POOL_SIZE="3") as nodes:
        s = nodes.server()
        burst(s, s.sign_up())
        assert open_now(pg) <= 3, open_now(pg)


@step
def not_more_idle_connections_than_told(pg):
    with Nodes(pg.dsn("time"), 1, GOTRUE_DB_MAX_IDLE_POOL_SIZE="2") as nodes:
        s = nodes.server()
        u = s.sign_up()
        burst(s, u)
        until(lambda: open_now(pg) <= 2)
        burst(s, u)


@step
def idle_connections_are_closed(pg):
    with Nodes(pg.dsn("time"), 1, GOTRUE_DB_CONN_MAX_IDLE_TIME="500ms", GOTRUE_DB_HEALTH_CHECK_PERIOD="100ms") as nodes:
        s = nodes.server()
        u = s.sign_up()
        burst(s, u)
        until(lambda: open_now(pg) == 0)
        burst(s, u)


@step
def old_connections_are_replaced(pg):
    with Nodes(pg.dsn("time"), 1, GOTRUE_DB_CONN_MAX_LIFETIME="1s", GOTRUE_DB_HEALTH_CHECK_PERIOD="200ms") as nodes:
        s = nodes.server()
        u = s.sign_up()
        burst(s, u)
        first = {r[0] for r in pg.sql("select pid " + OURS)}

        def all_new():
            assert s.call("GET", "/user", token=u.token).status == 200
            return not first & {r[0] for r in pg.sql("select pid " + OURS)}
        until(all_new)


with Postgres() as pg:
    pg.create("time")
    for one in STEPS:
        name = one.__name__.replace("_", " ")
        if args.only and one.__name__ not in args.only.split(","):
            continue
        if "apart" in one.__code__.co_names and not FAKE:
            tally.skip(name, "libfaketime is not installed (Debian: faketime)")
            continue
        tally.step(name, one, pg)
sys.exit(tally.close())
