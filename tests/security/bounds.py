#!/usr/bin/env python3
"""Rule 19 (docs/protocol/security.md S19, docs/guide/bounds.md): nothing grows without a bound. Of too many challenges of a factor, and of too many sessions of a user, the oldest
goes and none is refused; sign-ups that nobody confirmed, anonymous accounts that nobody uses and old audit rows are swept, what belongs to somebody stays; the log is bounded by
client, and the folder of mails by number. bounds.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import json, os, re, subprocess, sys, time, uuid
from rig import *  # noqa: F401,F403
from rig import CONFIRM, PW, Tally, User, addr, at_once, binary, fresh_code, is_, on_both_engines, person, place

OPEN = 64
OFFICIAL = {"audit_log_entries", "flow_state", "identities", "mfa_amr_claims", "mfa_challenges", "mfa_factors", "one_time_tokens", "refresh_tokens", "sessions", "users"}
WAIT_S = 90         # the sweeper's first round comes after 20 s; this only ends a test that fails


def until(what, wanted):
    end = time.monotonic() + WAIT_S
    while what() != wanted:
        assert time.monotonic() < end, (what(), wanted)
        time.sleep(0.2)


def challenges(p):
    """A factor keeps its newest 64 challenges, opened by hand or all at once on all nodes: every one is answered 200, the oldest are not found any more, the newest serves; other factors keep theirs."""
    u, v = person(p), person(p)
    u.with_totp()
    v.with_totp()
    kept = is_(v.challenge(v.factor), 200).json["id"]
    mine = [is_(u.challenge(u.factor), 200).json["id"] for _ in range(OPEN + 12)]
    count = lambda: int(p.sql("select count(*) from @mfa_challenges where " + p.id_is("factor_id", u.factor))[0][0])
    assert count() == OPEN, count()
    for c in (mine[0], mine[11]):
        assert u.verify(u.factor, c, "123456").status in (404, 422) and not p.sql("select 1 from @mfa_challenges where " + p.id_is("id", c))
    got = at_once(24, lambda n: User(p.servers[n % len(p.servers)], u.session, u.email, PW).challenge(u.factor))
    assert [a.status for a in got] == [200] * 24 and count() <= OPEN, ([a.short() for a in got], count())
    last = is_(u.challenge(u.factor), 200).json["id"]
    is_(u.verify(u.factor, last, "not a code"), 422, "mfa_verification_failed")      # found, and asked
    assert p.sql("select 1 from @mfa_challenges where " + p.id_is("id", kept))


def others_challenges(p):
    """Who knows only the password and opens challenges without end does not push out the one that the owner has open at another address."""
    u = person(p)
    u.with_totp()
    at = lambda address: {"X-Forwarded-For": address}
    stranger, path = u.another_session(), "/factors/%s/challenge" % u.factor
    open_one = is_(p.s.call("POST", path, {}, u.another_session().token, headers=at("203.0.113.1")), 200).json["id"]
    for _ in range(OPEN + 20):
        is_(p.s.call("POST", path, {}, stranger.token, headers=at("203.0.113.2")), 200)
    assert int(p.sql("select count(*) from @mfa_challenges where " + p.id_is("factor_id", u.factor))[0][0]) <= OPEN + 3
    low = u.another_session()
    p.sql("update @@factor_guards set last_step = 0 where " + p.id_is("factor_id", u.factor))       # the code of the enrollment may count again
    is_(p.s.call("POST", "/factors/%s/verify" % u.factor, {"challenge_id": open_one, "code": fresh_code(u.secret)}, low.token, headers=at("203.0.113.1")), 200)


def sessions(p):
    """Of a user's sessions beyond COUNTERSIGN_SESSIONS_PER_USER (here 5) the oldest goes, one of aal2 last; other users keep theirs."""
    u, v = person(p), person(p)
    u.with_totp()
    others = [u.another_session() for _ in range(7)]
    count = int(p.sql("select count(*) from @sessions where " + p.id_is("user_id", u.id))[0][0])
    assert count == 5, count
    alive = [p.s.call("GET", "/user", token=w.token).status == 200 for w in (u, *others, v)]
    assert alive == [True] + [False] * 3 + [True] * 4 + [True], alive


def old(p, table, who, column="created_at", days=200):
    p.sql("update %s set %s = %s where %s" % (table, column, "now() - interval '%d days'" % days if p.s.dsn else (int(time.time()) - days * 86400) * 1000000, who))


def accounts(p):
    """Old sign-ups that nobody confirmed and anonymous accounts that nobody used go; confirmed ones, those an admin made or touched, those with a session and those used of late stay."""
    s, admin = p.s, p.s.admin_token()
    names = ("forgotten", "young", "confirmed", "touched", "invited")
    ids, mine = {}, {}
    for name in names:
        mine[name] = addr()
        if name == "invited":
            is_(s.call("POST", "/invite", {"email": mine[name]}, admin), 200)
        else:
            is_(s.call("POST", "/signup", {"email": mine[name], "password": PW}), 200)
        ids[name] = p.sql("select %s from @users where email like '%s%%'" % ("id" if s.dsn else "lower(hex(id))", mine[name].split("@")[0]))[0][0]
    ids["made"] = is_(s.call("POST", "/admin/users", {"email": addr(), "password": PW}, admin), 200).json["id"]
    for name in ("unused", "used"):
        ids[name] = is_(s.call("POST", "/signup", {}), 200).json["user"]["id"]
    ids = {name: str(uuid.UUID(i)) for name, i in ids.items()}
    is_(s.call("PUT", "/admin/users/" + ids["confirmed"], {"email_confirm": True}, admin), 200)
    is_(s.call("PUT", "/admin/users/" + ids["touched"], {"user_metadata": {"a": 1}}, admin), 200)
    for name, i in ids.items():
        if name == "young":
            continue
        old(p, "@users", p.id_is("id", i))
        for column in ("updated_at", "last_sign_in_at", "confirmation_sent_at"):
            old(p, "@users", p.id_is("id", i) + " and %s is not null" % column, column)
        if name != "used":
            old(p, "@sessions", p.id_is("user_id", i))
        old(p, "@@sign_ups", p.id_is("user_id", i), "seen_at")      # last: from now on a sweep looks at it
    left = lambda: sorted(name for name, i in ids.items() if p.sql("select 1 from @users where " + p.id_is("id", i)))
    until(left, sorted(set(ids) - {"forgotten", "unused"}))
    until(lambda: sorted(name for name, i in ids.items() if p.sql("select 1 from @@sign_ups where " + p.id_is("user_id", i))), ["used", "young"])


def audit(p):
    """Audit rows older than COUNTERSIGN_AUDIT_KEPT go and younger ones stay; `countersign export audit` gives them as JSON lines before, by time."""
    u = person(p)
    tag = lambda ms: uuid.UUID("%012x7000800000000000%04x" % (ms, ms % 65536))
    now = int(time.time() * 1000)
    rows = {name: tag(now - days * 86400000 + n) for n, (name, days) in enumerate((("gone", 100), ("too", 91), ("kept", 89)))}
    foreign = uuid.UUID("01790000-0000-4000-8000-00000000%04x" % (now % 65536))
    for name, i in [*rows.items(), ("foreign", foreign)]:
        ms = now - 100 * 86400000 if name == "foreign" else int(i.hex[:12], 16)
        at = "to_timestamp(%s)" % (ms / 1000) if p.s.dsn else str(ms * 1000)
        p.sql("insert into @audit_log_entries (id, payload, created_at, ip_address) values (%s, '{\"action\": \"test %s\"}', %s, '')" % ("'%s'" % i if p.s.dsn else "x'%s'" % i.hex, name, at))
    env = {**os.environ, "GOTRUE_JWT_SECRET": "x" * 32, **({"DATABASE_URL": p.s.dsn} if p.s.dsn else {})}
    target = [] if p.s.dsn else ["--db", p.s.sqlite]
    day = time.strftime("%Y-%m-%d", time.gmtime(now / 1000 - 90 * 86400 + 3600))
    run = lambda *more: subprocess.run([binary, "export", "audit", *target, *more], env=env, capture_output=True, text=True, check=False)
    if not p.s.dsn:
        p.nodes[0].stop()       # the command works on the file itself

    def lines(a):
        assert a.returncode == 0, a.stderr
        return [json.loads(line) for line in a.stdout.splitlines()]
    got = [r["payload"].get("action") for r in lines(run("--before", day))]
    assert {"test gone", "test foreign"} <= set(got) and "test kept" not in got and len(got) <= 4, got
    everything = lines(run("--since", time.strftime("%Y-%m-%d", time.gmtime(now / 1000 - 95 * 86400))))
    assert {"test too", "test kept"} <= {r["payload"].get("action") for r in everything} and all(set(r) == {"id", "created_at", "ip_address", "payload"} for r in everything)
    if not p.s.dsn:
        p.nodes[0].start()
    there = lambda: sorted(name for name, i in [*rows.items(), ("foreign", foreign)] if p.sql("select 1 from @audit_log_entries where " + p.id_is("id", str(i))))
    until(there, ["foreign", "kept"])
    assert u.id and p.sql("select 1 from @audit_log_entries where created_at > %s limit 1" % ("now() - interval '1 day'" if p.s.dsn else (now - 86400000) * 1000))


def log(t):
    """A client's lines in the access log are bounded, and one line says that some are left out; other clients' lines come as ever."""
    with place({"COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1", "COUNTERSIGN_ACCESS_LOG_PER_ADDRESS": "10"}) as p:
        for n in range(60):
            p.s.call("GET", "/settings", headers={"X-Forwarded-For": "203.0.113.5"})
        p.s.call("GET", "/settings", headers={"X-Forwarded-For": "198.51.100.5"})
        lines = [json.loads(line) for line in p.nodes[0].log_text().splitlines() if line.startswith("{")]
        done = [line["remote_addr"] for line in lines if line["msg"] == "request completed"]
        assert 10 <= done.count("203.0.113.5") < 25 and done.count("198.51.100.5") == 1, done
        assert len([line for line in lines if "left out" in line["msg"]]) == 1, lines[-5:]


def folder(t):
    """Of the files of mails beyond COUNTERSIGN_OUTBOX_FILES the oldest go; other files in the folder stay."""
    with place({**CONFIRM, "COUNTERSIGN_OUTBOX_FILES": "3"}) as p:
        with open(os.path.join(p.mails, "notes.eml"), "w") as f:
            f.write("mine")
        people = [addr() for _ in range(6)]
        for e in people:
            is_(p.s.call("POST", "/signup", {"email": e, "password": PW}), 200)
        assert len(p.sent("@")) in (3, 6)
        until(lambda: len([n for n in os.listdir(p.mails) if n.endswith(".eml")]), 4)
        assert "notes.eml" in os.listdir(p.mails) and [len(p.sent(e)) for e in people] == [0] * 3 + [1] * 3


def named(p):
    """docs/guide/bounds.md names each table of this server that the database has, and none that is gone."""
    if p.s.dsn:
        there = {r[0] for r in p.sql("select table_name from information_schema.tables where table_schema = 'countersign'")}
    else:
        there = {r[0] for r in p.sql("select name from sqlite_master where type = 'table'")} - OFFICIAL
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "guide", "bounds.md"), encoding="utf8") as f:
        table = [line for line in f if line.startswith("| ")]
    words = set(re.findall(r"\w+", " ".join(table)))
    assert len(there) > 15 and there - words - {"schema_version", "sqlite_sequence"} == set(), sorted(there - words)
    listed = {name for line in table for group in re.findall(r"\(([a-z_, ]+)\)", line.split("|")[1]) for name in group.split(", ") if "_" in name}
    assert len(listed) > 10 and listed - there - {"challenge_rings"} == set(), sorted(listed - there)


def one_engine(t, name, **more):
    with place({**CONFIRM, "COUNTERSIGN_SESSIONS_PER_USER": "5", "COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1"}, **more) as p:
        for step in (audit, accounts, challenges, others_challenges, sessions, named):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "bounds", one_engine, (log, folder))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
