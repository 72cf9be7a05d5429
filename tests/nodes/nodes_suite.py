#!/usr/bin/env python3
"""Three nodes on one PostgreSQL: nodes_suite.py [--only NAME,..] [--binary FILE] [-v]

Starts Debian's PostgreSQL in a temporary folder and three processes of the program on it, without stickiness: each request of a
step goes to another node. Ends with 'N passed, N failed'. Steps: see the functions below, in their order."""
import argparse, concurrent.futures, functools, importlib, json, os, signal, sys, threading, time
HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.environ.get("COUNTERSIGN_TESTS") or os.path.dirname(HERE)
sys.path[:0] = [os.path.join(TESTS, "support"), os.path.join(TESTS, "conformance"), os.path.join(os.path.dirname(HERE), "support")]
import nodes as node_kit  # noqa: E402
from countersign import SECRET, Countersign, default_binary  # noqa: E402
from nodes import counts, mfa_user  # noqa: E402
from postgres import PgBouncer, Postgres  # noqa: E402
from tally import Tally, at_once  # noqa: E402
import checks  # noqa: E402
from wire import Server, totp, wait_for_fresh_step  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--only"); p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true"); p.add_argument("--checks")
args = p.parse_args()
STEPS, tally = [], Tally()
Nodes = functools.partial(node_kit.Nodes, binary=args.binary)


def step(fn):
    STEPS.append(fn)
    return fn


# --- databases: made, found, refused -----------------------------------------------------------

def refused(pg, dsn, *words, **env):
    """The program must not start, say what to do and not show the password."""
    c = Countersign(args.binary, env={"DATABASE_URL": dsn, **env})
    try:
        out = c.command("serve", "--once", timeout=40)
        assert out.returncode not in (0, None) and out.returncode > 0, (out.returncode, out.stdout, out.stderr)
        for word in words:
            assert word in out.stderr, (word, out.stderr)
        assert "s3kr1t" not in out.stderr + out.stdout, out.stderr
    finally:
        c.discard()


@step
def three_start_at_once_on_an_empty_database(pg):
    dsn = pg.create("fresh")
    with Nodes(dsn) as nodes:
        assert pg.sql("select count(*), max(version) from auth.schema_migrations", "fresh") == [["70", "20260625000000"]]
        assert int(pg.sql("select count(*) from countersign.schema_version", "fresh")[0][0]) >= 3
        assert nodes.server().sign_up().token
    assert pg.sql("select count(*) from pg_roles where rolname in ('anon', 'authenticated', 'service_role')")[0][0] == "3"


@step
def an_official_database_is_left_as_it_is(pg):
    pg.sql('create database official template fresh')
    pg.sql("drop schema countersign cascade", "official")
    before = pg.dump("official", "-n", "auth")
    with Nodes(pg.dsn("official"), 1) as nodes:
        mfa_user(nodes.server())
    assert pg.dump("official", "-n", "auth") == before
    assert pg.sql("select count(*) from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_constraint k on k.oid = t.tgconstraint "
                  "where k.connamespace = 'countersign'::regnamespace and c.relnamespace = 'auth'::regnamespace", "official") == [["0"]]


@step
def unknown_shapes_are_refused(pg):
    for name in ("newer", "older", "alien"):
        pg.sql("create database %s template fresh" % name)
        pg.sql("drop schema countersign cascade", name)
    pg.sql("insert into auth.schema_migrations values ('20270101000000')", "newer")
    pg.sql("alter table auth.sessions drop column refresh_token_counter", "older")
    pg.sql("drop table auth.schema_migrations", "alien")
    refused(pg, pg.dsn("newer"), "20270101000000", "start a newer Countersign", "nothing was changed")
    refused(pg, pg.dsn("older"), "auth.sessions.refresh_token_counter", "nothing was changed")
    refused(pg, pg.dsn("alien"), "unknown kind", "nothing was changed")
    for name in ("newer", "older", "alien"):
        assert pg.sql("select to_regnamespace('countersign') is null", name) == [["t"]], name


@step
def the_schema_is_left_alone_when_told_so(pg):
    dsn = pg.create("unmigrated")
    refused(pg, dsn, "countersign migrate", COUNTERSIGN_MIGRATE="false")
    assert pg.sql("select count(*) from pg_namespace where nspname in ('auth', 'countersign')", "unmigrated") == [["0"]]
    c = Countersign(args.binary, env={"DATABASE_URL": dsn, "COUNTERSIGN_MIGRATE": "false"})
    try:
        out = c.command("migrate")
        assert out.returncode == 0, (out.stdout, out.stderr)
        out = c.command("serve", "--once", timeout=40)
        assert out.returncode == 0 and "Countersign is ready" in out.stdout, (out.stdout, out.stderr)
    finally:
        c.discard()


@step
def bad_addresses_are_refused(pg):
    pg.sql("create role weak login; create database other; revoke all on database other from public; grant connect on database other to weak")
    refused(pg, pg.dsn("missing"), "does not exist")
    refused(pg, "postgres://nobody:s3kr1t@127.0.0.1:%d/fresh" % pg.port, "does not exist")
    refused(pg, "postgres://postgres:s3kr1t@127.0.0.1:1/fresh", "check DATABASE_URL and that the server runs")
    refused(pg, "postgres://postgres:s3kr1t@127.0.0.1:12x/fresh", "no number")
    refused(pg, "postgres://postgres:s3kr1t@[127.0.0.1/fresh", "no valid URL")
    refused(pg, pg.dsn("fresh"), "GOTRUE_JWT_SECRET", GOTRUE_JWT_SECRET=None)
    refused(pg, pg.dsn("other", "weak"), "GRANT CREATE ON DATABASE", "nothing was changed")
    refused(pg, pg.dsn("fresh"), "GOTRUE_DB_DRIVER", GOTRUE_DB_DRIVER="mysql")
    refused(pg, pg.dsn("fresh"), "DB_NAMESPACE", DB_NAMESPACE="other")
    pg.sql("alter database other set default_transaction_read_only = on")
    refused(pg, pg.dsn("other"), "read-only")


@step
def settings_in_the_url_are_taken(pg):
    with Nodes(pg.dsn("fresh") + "?search_path=auth&sslmode=prefer", 1) as nodes:
        assert nodes.server(pg.dsn("fresh")).sign_up().token
        shown = pg.sql("select count(*) from pg_stat_activity where application_name = 'countersign' and datname = 'fresh'")
        assert int(shown[0][0]) >= 1, shown


# --- many nodes ----------------------------------------------------------------------------------

@step
def conformance_with_every_request_on_another_node(pg):
    dsn = pg.create("conformance")
    wanted = args.checks.split(",") if args.checks else None
    for name in sorted(os.listdir(os.path.dirname(checks.__file__))):
        if name.endswith("_checks.py"):
            importlib.import_module(name[:-3])                 # they register themselves
    have = {"no-reuse-interval", "sql", "no-phone"}
    chosen = [c for c in checks.CHECKS if not c["needs"] - have and not c["id"].startswith("K") and (not wanted or c["id"] in wanted)]
    chosen.sort(key=lambda c: not c["slow"])
    with Nodes(dsn) as nodes:
        kit = {"site_host": "localhost:3000", "reuse_interval": 0, "mail": None, "sms": None, "confirm": None, "closed": None, "start": None}
        failed = []

        def one(c):
            try:
                c["fn"](nodes.server(), kit)
            except Exception as e:
                failed.append("%s: %s: %s" % (c["id"], type(e).__name__, str(e)[:300]))
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(one, chosen))
        print("      %d checks" % len(chosen))
        for n in nodes.nodes:
            assert n.alive(), n.log_tail()
        assert not failed and chosen, "\n      ".join(failed)


@step
def challenges_at_once_all_answer(pg):
    with Nodes(pg.dsn("fresh")) as nodes:
        s = nodes.server()
        u, factor, _ = mfa_user(s)
        for count in (4, 50):
            answers = at_once(count, lambda n: u.challenge(factor))
            assert counts(answers) == {200: count}, counts(answers)


@step
def one_code_counts_once_on_any_node(pg):
    with Nodes(pg.dsn("fresh")) as nodes:
        s = nodes.server()
        for _ in range(3):
            u = s.sign_up()
            a = u.enroll("f").json
            ids = [u.challenge(a["id"]).json["id"] for _ in range(12)]
            wait_for_fresh_step(5)
            code = totp(a["totp"]["secret"])
            answers = at_once(24, lambda n: u.verify(a["id"], ids[n % 12], code))
            got = counts(answers)
            assert got.get(200) == 1 and not any(k >= 500 for k in got), got


@step
def guesses_are_counted_over_nodes(pg):
    with Nodes(pg.dsn("fresh")) as nodes:
        u, factor, secret = mfa_user(nodes.server())
        ids = [u.challenge(factor).json["id"] for _ in range(10)]
        answers = at_once(40, lambda n: u.verify(factor, ids[n % 10], "%06d" % (n * 7)))
        got = counts(answers)
        assert got.get(422, 0) <= 10 and got.get(422, 0) + got.get(429, 0) == 40, got


@step
def first_wrong_passwords_at_once_are_all_counted(pg):
    """None of them finds a row to lock."""
    with Nodes(pg.dsn("fresh"), COUNTERSIGN_PASSWORD_GUESSES="1000", COUNTERSIGN_HASH_THREADS="8") as nodes:
        s = nodes.server()
        for _ in range(4):
            pg.sql("delete from countersign.password_guards", "fresh")
            u = s.sign_up()
            answers = at_once(12, lambda n: s.call("POST", "/token?grant_type=password", {"email": u.email, "password": "wrong"}))
            assert counts(answers) == {400: 12}, counts(answers)
            assert pg.sql("select sum(failures), count(*) from countersign.password_guards", "fresh") == [["12", "2"]]     # the account's, which networks known to it do not fill


@step
def refresh_and_enrollment_races(pg):
    with Nodes(pg.dsn("fresh"), GOTRUE_MFA_MAX_ENROLLED_FACTORS="5") as nodes:
        s = nodes.server()
        for version in range(2):
            u = s.sign_up()
            token = u.refresh_token if hasattr(u, "refresh_token") else u.session["refresh_token"]
            answers = at_once(12, lambda n: s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": token}))
            got = counts(answers)
            assert not any(k >= 500 for k in got), got
            assert len({a.json["refresh_token"] for a in answers if a.status == 200}) <= 1, got
        u = s.sign_up()
        answers = at_once(12, lambda n: u.enroll("name%d" % n))
        assert counts(answers) == {200: 12}, counts(answers)       # S15: the oldest unverified ones make room
        assert pg.sql("select count(*) from auth.mfa_factors where user_id = '%s'" % u.id, "fresh") == [["5"]]
        u = s.sign_up()
        answers = at_once(12, lambda n: u.enroll("same"))
        assert counts(answers) == {200: 1, 422: 11}, counts(answers)
        answers = at_once(12, lambda n: s.call("POST", "/signup", {"email": "same@example.com", "password": "correct horse"}))
        assert counts(answers) == {200: 1, 422: 11}, counts(answers)


@step
def logout_against_verify_makes_no_5xx(pg):
    with Nodes(pg.dsn("fresh")) as nodes:
        s = nodes.server()
        for _ in range(4):
            u, factor, secret = mfa_user(s)
            others = [u.another_session() for _ in range(5)]
            work = [lambda: s.call("POST", "/logout?scope=global", token=u.token)] + [lambda o=o: o.challenge(factor) for o in others] * 3
            got = counts(at_once(len(work), lambda n: work[n]()))
            assert not any(k >= 500 for k in got), got


# --- a database that goes away -----------------------------------------------------------------

class Load:
    """Threads that ask for the user and open challenges until stopped; what was answered, with the time of each answer."""
    def __init__(self, s, u, factor, threads=6):
        self.answers, self.stopping = [], False
        self.threads = [threading.Thread(target=self.run, args=(s, u, factor, n)) for n in range(threads)]

    def run(self, s, u, factor, n):
        while not self.stopping:
            begin = time.monotonic()
            a = s.call("GET", "/user", token=u.token, keep=False) if n % 2 else s.call("POST", "/factors/%s/challenge" % factor, {}, token=u.token, keep=False)
            self.answers.append((time.monotonic(), time.monotonic() - begin, a))
            if a.status == 503:
                time.sleep(0.05)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *why):
        self.stopping = True
        for t in self.threads:
            t.join(60)


@step
def cut_connections_are_made_anew(pg):
    with Nodes(pg.dsn("fresh")) as nodes:
        s = nodes.server()
        u, factor, _ = mfa_user(s)
        with Load(s, u, factor) as load:
            cut = 0
            for _ in range(12):
                time.sleep(0.2)
                cut += pg.cut_all("fresh")
        got = counts([a for _, _, a in load.answers])
        bad = [a for _, _, a in load.answers if a.status != 200]
        print("      %d connections cut, answers: %s" % (cut, got))
        assert got[200] > 100 and len(bad) <= cut and all(a.status == 503 and a.headers.get("retry-after") for a in bad), (got, [a.short() for a in bad[:3]])
        pg.cut_all("fresh")
        got = counts([s.call("GET", "/user", token=u.token) for _ in range(9)])
        assert got == {200: 9}, got                            # idle connections that were cut cost nobody an answer


@step
def a_stopped_database_answers_503_and_comes_back(pg):
    with Nodes(pg.dsn("fresh")) as nodes:
        s = nodes.server()
        u, factor, _ = mfa_user(s)
        with Load(s, u, factor) as load:
            time.sleep(0.5)
            pg.stop()
            gone = time.monotonic()
            time.sleep(3)
            while_away = [(d, a) for t, d, a in load.answers if t > gone + 0.3]
            began = time.monotonic()
            pg.start()
            back = time.monotonic()
            time.sleep(5)
        got = counts([a for _, a in while_away])
        print("      while away: %s, slowest %.0f ms" % (got, 1000 * max(d for d, _ in while_away)))
        assert set(got) == {503} and all(a.headers.get("retry-after") for _, a in while_away), got
        assert max(d for d, _ in while_away) < 2
        first = min(t for t, _, a in load.answers if a.status == 200 and t > began)
        late = counts([a for t, _, a in load.answers if t > back + 4])
        print("      first answer %.1f s after the start" % (first - back))
        assert set(late) == {200}, late
        health = s.call("GET", "/health")
        assert health.status == 200


@step
def a_silent_database_does_not_stop_other_answers(pg):
    with Nodes(pg.dsn("fresh"), 1) as nodes:
        s = nodes.server()
        u, factor, _ = mfa_user(s)
        pg.signal(signal.SIGSTOP)
        try:
            stuck = threading.Thread(target=lambda: s.call("GET", "/user", token=u.token, keep=False))
            stuck.start()
            begin = time.monotonic()
            for _ in range(20):
                assert s.call("GET", "/health").status == 200
            took = time.monotonic() - begin
        finally:
            pg.signal(signal.SIGCONT)
        stuck.join(30)
        assert took < 8, took      # it would wait for ten seconds a request
        assert s.call("GET", "/user", token=u.token).status == 200


@step
def behind_a_pooler_in_transaction_mode(pg):
    with PgBouncer(pg) as pooler, Nodes(pg.dsn("fresh", port=pooler.port), COUNTERSIGN_DB_PREPARED_STATEMENTS="false") as nodes:
        s = nodes.server(pg.dsn("fresh"))
        u, factor, secret = mfa_user(s)
        answers = at_once(50, lambda n: u.challenge(factor))
        assert counts(answers) == {200: 50}, counts(answers)
        users = [s.sign_up() for _ in range(4)]
        got = counts(at_once(40, lambda n: s.call("GET", "/user", token=users[n % 4].token)))
        assert got == {200: 40}, got


@step
def policies_see_the_claims(pg):
    """The policies that people copy: aal2 required; only for users with a verified factor; for new users only."""
    with Nodes(pg.dsn("fresh"), 1) as nodes:
        s = nodes.server()
        plain = s.sign_up()
        u, _, _ = mfa_user(s)
        low = u.another_session()
        pg.sql("""create schema app; grant usage on schema app to authenticated;
            create table app.all_ (n int); create table app.opted (n int); create table app.new_ (n int);
            insert into app.all_ values (1); insert into app.opted values (1); insert into app.new_ values (1);
            alter table app.all_ enable row level security; alter table app.opted enable row level security; alter table app.new_ enable row level security;
            grant select on all tables in schema app to authenticated;
            create policy a on app.all_ as restrictive to authenticated using ((select auth.jwt()->>'aal') = 'aal2');
            create policy p1 on app.all_ to authenticated using (true); create policy p2 on app.opted to authenticated using (true);
            create policy p3 on app.new_ to authenticated using (true);
            grant select (id, created_at) on auth.users to authenticated; grant select (user_id, status) on auth.mfa_factors to authenticated;
            create policy own1 on auth.users for select to authenticated using (id = auth.uid());
            create policy own2 on auth.mfa_factors for select to authenticated using (user_id = auth.uid());
            create policy b on app.opted as restrictive to authenticated using (
                array[(select auth.jwt()->>'aal')] <@ (select case when count(id) > 0 then array['aal2'] else array['aal1', 'aal2'] end as aal
                from (select user_id as id from auth.mfa_factors where (select auth.uid()) = user_id and status = 'verified') f));
            create policy c on app.new_ as restrictive to authenticated using (
                array[(select auth.jwt()->>'aal')] <@ (select case when created_at >= '2022-12-12T00:00:00Z' then array['aal2'] else array['aal1', 'aal2'] end as aal
                from auth.users where (select auth.uid()) = id))""", "fresh")

        def seen(token, table):
            from wire import claims_of
            claims = json.dumps(claims_of(token)).replace("'", "''")
            rows = pg.sql("begin; select set_config('request.jwt.claims', '%s', true); set local role authenticated; "
                          "select 'n=' || count(*) from app.%s; select auth.uid() || ' ' || auth.role() || ' ' || auth.email(); commit" % (claims, table), "fresh")
            assert rows[-1][0].split()[0] == claims_of(token)["sub"] and rows[-1][0].split()[1] == "authenticated", rows
            return [r[0] for r in rows if r[0].startswith("n=")][0]
        expected = {"all_": ("n=0", "n=0", "n=1"), "opted": ("n=1", "n=0", "n=1"), "new_": ("n=0", "n=0", "n=1")}
        for table, want in expected.items():
            got = tuple(seen(t, table) for t in (plain.token, low.token, u.token))
            assert got == want, (table, got, want)


def as_authenticated(pg, claims, query, setting="request.jwt.claims"):
    """What the query says to who asks with these claims (a JSON text), as PostgREST asks; ERROR and the reason where it fails."""
    try:
        rows = pg.sql("begin; select set_config('%s', '%s', true); set local role authenticated; select 'r=' || coalesce((%s)::text, 'null'); commit"
                      % (setting, claims.replace("'", "''"), query), "fresh")
    except Exception as e:
        return "ERROR " + str(e)
    return [r[0][2:] for r in rows if r[0].startswith("r=")][0]


@step
def policies_see_the_age_of_the_step(pg):
    """countersign.mfa_age() under the role authenticated, with the claims of real tokens and with odd ones; nothing else of the schema is seen."""
    from wire import claims_of
    seconds = "select round(extract(epoch from countersign.mfa_age()))"
    with Nodes(pg.dsn("fresh"), 1) as nodes:
        s = nodes.server()
        plain, (u, _, _) = s.sign_up(), mfa_user(s)
        low = u.another_session()
        for token, fresh in ((plain.token, False), (low.token, False), (u.token, True)):
            claims = json.dumps(claims_of(token))
            for setting in ("request.jwt.claims", "request.jwt.claim"):
                got = as_authenticated(pg, claims, seconds, setting)
                assert (0 <= float(got) < 60) if fresh else got == "null", (claims, got)
        then = dict(claims_of(u.token))
        pg.sql("create schema aged; grant usage on schema aged to authenticated; create table aged.recent (n int); insert into aged.recent values (1); "
               "alter table aged.recent enable row level security; grant select on aged.recent to authenticated; "
               "create policy a on aged.recent to authenticated using ((select countersign.mfa_age()) < interval '10 minutes')", "fresh")
        for age, sees in ((0, "1"), (599 - 30, "1"), (601, "0"), (86400, "0"), (None, "0")):
            then["amr"] = [{"method": "password", "timestamp": int(time.time())}] + ([{"method": "totp", "timestamp": int(time.time()) - age}] if age is not None else [])
            got = as_authenticated(pg, json.dumps(then), "select count(*) from aged.recent")
            assert got == sees, (age, got)
        now = int(time.time())
        step = lambda at, method="totp": {"method": method, "timestamp": at}
        odd = {"": "null", "{}": "null", "null": "null", "[]": "null", '"x"': "null", "7": "null"}
        odd.update({json.dumps({"amr": amr}): want for amr, want in (
            (None, "null"), ("totp", "null"), (7, "null"), ({"method": "totp"}, "null"), ([], "null"), (["totp", "password"], "null"), ([None, 1, [], ["totp"]], "null"),
            ([step(None)], "null"), ([step("5")], "null"), ([step(-1)], "null"), ([step(1e300)], "null"), ([step(253402300800)], "null"), ([{"method": "totp"}], "null"),
            ([step(now, "otp"), step(now, "password")], "null"))})
        for claims, want in odd.items():
            assert as_authenticated(pg, claims, seconds) == want, (claims, as_authenticated(pg, claims, seconds))
        for amr, least in (([step(now - 100), step(now - 5000, "mfa/phone"), "totp"], 100), ([step(now - 200, "mfa/webauthn")], 200), ([step(now - 300, "mfa/recovery_code")], 300),
                           ([step(now - 400, "mfa/phone"), step(1e300)], 400), ([step(now + 5000)], 0)):
            got = float(as_authenticated(pg, json.dumps({"amr": amr}), seconds))
            assert least <= got < least + 90, (amr, got)
        assert as_authenticated(pg, "{not json", seconds).startswith("ERROR")
        tables = [r[0] for r in pg.sql("select c.relname from pg_class c where c.relnamespace = 'countersign'::regnamespace and c.relkind in ('r', 'v', 'S', 'm')", "fresh")]
        assert "recovery_codes" in tables and "schema_version" in tables, tables
        for name in tables:
            got = as_authenticated(pg, "{}", "select count(*) from countersign.%s" % name)
            assert got.startswith("ERROR") and "permission denied" in got, (name, got)
        assert pg.sql("select p.proname from pg_proc p where p.pronamespace = 'countersign'::regnamespace and (has_function_privilege('authenticated', p.oid, 'execute') "
                      "or has_function_privilege('anon', p.oid, 'execute'))", "fresh") == [["mfa_age"]]
        assert pg.sql("select has_schema_privilege('authenticated', 'countersign', 'create'), has_schema_privilege('anon', 'countersign', 'usage'), "
                      "has_function_privilege('anon', 'countersign.mfa_age()', 'execute')", "fresh") == [["f", "f", "f"]]
        # a function of somebody else does not stand in for anything that the function names
        pg.sql("create schema evil; grant usage, create on schema evil to authenticated; create function evil.to_timestamp(double precision) returns timestamptz language sql as 'select now()'; "
               "grant execute on function evil.to_timestamp(double precision) to authenticated", "fresh")
        claims = json.dumps({"amr": [step(now - 7000)]})
        rows = pg.sql("begin; set local search_path = evil, pg_catalog; select set_config('request.jwt.claims', '%s', true); set local role authenticated; "
                      "select 'r=' || extract(epoch from countersign.mfa_age()); commit" % claims, "fresh")
        assert float([r[0] for r in rows if r[0].startswith("r=")][0][2:]) >= 7000, rows


def trips_of(own, pattern, do):
    """What a request costs, by the log of a server that stands at debug: the round trips of its last transaction."""
    def own_line(begin, path):
        end = time.monotonic() + 90
        while time.monotonic() < end:       # it comes after those of its transactions, and after the answer
            lines = [json.loads(line) for line in own.log_text()[begin:].splitlines() if line.endswith("}")]
            found = [line["request_id"] for line in lines if line.get("path") == path]
            if found:
                return lines, found[-1]
            time.sleep(0.02)
        raise AssertionError("no line of %s in the log" % path)
    begin = len(own.log_text())
    own.server().call("GET", "/nowhere")
    own_line(begin, "/nowhere")              # all that came before is in the log now
    begin = len(own.log_text())
    do()
    lines, name = own_line(begin, pattern)
    return [line["round_trips"] for line in lines if "round_trips" in line and line["request_id"] == name][-1]


@step
def round_trips(pg):
    """The figures of ARCHITECTURE.md: one for GET /user, two for a challenge, three for a verification whatever comes of it."""
    class Here(Countersign):
        def server(self, prefix="", secret=None):
            return Server(self.base + prefix, SECRET, dsn)
    dsn = pg.create("trips")
    with Here(args.binary, env={"DATABASE_URL": dsn, "GOTRUE_LOG_LEVEL": "debug", "COUNTERSIGN_MAIL_DIR": os.path.join(pg.folder, "mails")}) as own:
        o = own.server()
        u = o.sign_up()
        f = u.enroll().json
        path = "/factors/{factor_id}/"
        got, answers = {}, {}

        def measured(name, pattern, call):
            def do():
                answers[name] = call()
            got[name] = trips_of(own, pattern, do)
            return answers[name]

        def verified(name, who, right):
            c = measured("challenge", path + "challenge", lambda: who.challenge(f["id"])).json
            wait_for_fresh_step()
            code = totp(f["totp"]["secret"])
            code = code if right else "%06d" % ((int(code) + 7) % 1000000)
            return measured(name, path + "verify", lambda: who.verify(f["id"], c["id"], code))
        u.take(verified("first verify", u, True).json)
        again = u.another_session()
        assert verified("a wrong code", again, False).status == 422
        time.sleep(31 - time.time() % 30)   # the next time step: a code counts once
        assert verified("verify", again, True).status == 200
        measured("GET /user", "/user", lambda: o.call("GET", "/user", token=u.token))
    assert got == {"first verify": 3, "challenge": 2, "a wrong code": 3, "verify": 3, "GET /user": 1}, got


@step
def a_second_factor_required_and_too_old(pg):
    """The checks of tests/conformance/policy_checks.py, whose servers stand on PostgreSQL here; a refresh that takes the level makes no more round trips than any."""
    import policy_checks
    dsn = pg.create("policy")

    class Here(Countersign):
        def server(self, prefix="", secret=None):
            return Server(self.base + prefix, SECRET, dsn)
    kit = {"start": lambda **env: Here(args.binary, env={"DATABASE_URL": dsn, **env})}
    chosen = [c for c in checks.CHECKS if c["fn"].__module__ == "policy_checks"]
    for c in chosen:
        c["fn"](None, kit)
    print("      %d checks" % len(chosen))
    assert len(chosen) >= 8
    trips = {}
    with kit["start"](GOTRUE_LOG_LEVEL="debug", **policy_checks.HOUR) as own:
        o = own.server()
        u = mfa_user(o)[0]
        for what, age in (("high", 0), ("falls", 3601), ("low", 0)):
            if age:
                policy_checks.age_step(o, u.session_id, age)
            trips[what] = trips_of(own, "/token", lambda: u.take(u.refreshed().json))
    assert trips == {"high": 3, "falls": 3, "low": 3}, trips


@step
def a_database_without_the_role_is_served(pg):
    """Where there is no role authenticated and none may be made, the function is there and nobody but its owner may call it."""
    with Postgres() as other:
        other.sql("create role plain login; create database roleless owner plain")
        with Nodes(other.dsn("roleless", "plain"), 1) as nodes:
            assert nodes.server().sign_up().token
        assert other.sql("select count(*) from pg_roles where rolname = 'authenticated'") == [["0"]]
        assert other.sql("select proacl::text from pg_proc where oid = 'countersign.mfa_age()'::regprocedure", "roleless") == [["{plain=X/plain}"]]


with Postgres() as pg:
    for one in STEPS:
        if not args.only or one.__name__ in args.only.split(","):
            tally.step(one.__name__.replace("_", " "), one, pg)
sys.exit(tally.close())
