#!/usr/bin/env python3
"""A stop while requests wait for the world or for rows that others hold: who was in time gets the answer, on a connection that is closed with it; who was not gets 503; and the
process ends by itself, with nothing broken off. On SQLite and PostgreSQL, also behind a pooler. stop_suite.py [--binary FILE]; ends with 'N passed, N failed'."""
import contextlib, os, sys, threading, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", name) for name in ("support", "conformance", "outside")]
from hook_rig import JSON, Rig, is_, phone  # noqa: E402
from countersign import Countersign, default_binary  # noqa: E402
from postgres import PgBouncer, Postgres  # noqa: E402
from tally import Tally  # noqa: E402

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
PW = "a password of it"


class Asked(threading.Thread):
    """A request on a thread of its own."""
    def __init__(self, call):
        super().__init__()
        self.call, self.answer, self.took = call, None, None
        self.start()

    def run(self):
        began = time.monotonic()
        self.answer = self.call()
        self.took = time.monotonic() - began

    def answered(self, within):
        self.join(within)
        assert self.answer, "no answer within %d s" % within
        return self.answer


def until(true, what):
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def asks_a_hook(database, seconds, wait):
    """A code by SMS whose hook takes so long, while the server is stopped: (answer, after how long)."""
    with Rig() as rig:
        env = {**rig.settings("send_sms"), "GOTRUE_EXTERNAL_PHONE_ENABLED": "true", "GOTRUE_SMS_AUTOCONFIRM": "false", "COUNTERSIGN_STOP_WAIT": wait, "GOTRUE_INTERNAL_HTTP_TIMEOUT": "20s",
               **({"DATABASE_URL": database} if database else {})}
        with Countersign(binary, env=env) as c:
            s, number = c.server(), phone()
            rig.claim(number, "send_sms", lambda request: (rig.receiver.over.wait(seconds), (200, JSON, {}))[1])
            asked = Asked(lambda: s.call("POST", "/otp", {"phone": number}, keep=False))
            until(lambda: rig.calls_of(number, "send_sms"), "the hook was not asked")
            c.stop(within_s=40)
            return asked.answered(5), asked.took, c.log_text()


def in_time(database):
    """A hook that answers in time: 200, and the connection is closed with it."""
    answer, _, log = asks_a_hook(database, 2, "30s")
    is_(answer, 200)
    assert answer.headers.get("connection", "").lower() == "close", answer.headers
    assert "not done in time" not in log


def too_late(database):
    """A hook that takes longer than COUNTERSIGN_STOP_WAIT: 503 at its end with Retry-After, in the envelope, and the process ends in order."""
    answer, took, log = asks_a_hook(database, 8, "1s")
    is_(answer, 503, "unexpected_failure")
    assert answer.headers.get("connection", "").lower() == "close" and answer.headers.get("retry-after") and took < 7, (took, answer.headers)
    assert "requests were not done in time for the stop" in log, log[-800:]


def held_row(pg, name, dsn, env):
    """A row that somebody else holds for long: the statement is cancelled, the request answered, and the server ends."""
    with Countersign(binary, env={"DATABASE_URL": dsn, **env}) as c:
        u = c.server().sign_up(PW)
        def hold():
            with contextlib.suppress(RuntimeError):         # it is ended below
                pg.sql("begin; update auth.users set phone_change = phone_change where id = '%s'; select pg_sleep(90); rollback" % u.id, name)
        holder = threading.Thread(target=hold)
        holder.start()
        try:
            until(lambda: pg.sql("select count(*) from pg_stat_activity where query like '%pg_sleep(90)%' and wait_event = 'PgSleep'", name) == [["1"]], "nobody holds it")
            asked = Asked(lambda: c.server().call("PUT", "/user", {"data": {"a": 1}}, u.token, keep=False))
            until(lambda: pg.sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock'", name) != [["0"]], "nobody waits")
            began = time.monotonic()
            c.stop(within_s=30)
            assert time.monotonic() - began < 25, "it ended only with the row"
            answer = asked.answered(5)
            assert answer.status == 503 and answer.headers.get("retry-after") and answer.code == "unexpected_failure", answer.short()
        finally:
            pg.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(90)%' and pid <> pg_backend_pid()", name)
            holder.join(30)


def main():
    t = Tally()
    with Postgres() as pg:
        for step in (in_time, too_late):
            for name, database in (("SQLite", None), ("PostgreSQL", pg.create(step.__name__))):
                t.step("%s: %s" % (name, step.__doc__), step, database)
        t.step(held_row.__doc__, held_row, pg, "held", pg.create("held"), {})
        pg.create("pooled")
        with PgBouncer(pg) as pooler:
            t.step("Behind a pooler: " + held_row.__doc__, held_row, pg, "pooled", pg.dsn("pooled", port=pooler.port), {"COUNTERSIGN_DB_PREPARED_STATEMENTS": "false"})
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
