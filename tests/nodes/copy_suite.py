#!/usr/bin/env python3
"""`countersign migrate` and `countersign copy`: copy_suite.py [--only NAME,..] [--binary FILE] [-v]

Starts Debian's PostgreSQL in temporary folders. Users with factors and sessions are made through the API, copied to the other engine, and
must be as good there; copies are killed in the middle; everything that can be wrong with a database must be said in words. Then a pooler
in transaction mode, and a primary that is lost under load. Ends with 'N passed, N failed'. Steps: the functions below, in order."""
import argparse, json, os, pty, re, shutil, signal, sqlite3, subprocess, sys, tempfile, threading, time
HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.environ.get("COUNTERSIGN_TESTS") or os.path.dirname(HERE)
sys.path[:0] = [os.path.join(TESTS, "support"), os.path.join(TESTS, "conformance"), os.path.join(os.path.dirname(HERE), "support")]
from countersign import SECRET, Countersign, default_binary  # noqa: E402
from postgres import PgBouncer, Postgres  # noqa: E402
from standby import Pair  # noqa: E402
from tally import Tally  # noqa: E402
from wire import totp, wait_for_fresh_step  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--only"); p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true")
args = p.parse_args()
STEPS, tally = [], Tally()
work = tempfile.mkdtemp(prefix="countersign-copy-")


def step(fn):
    STEPS.append(fn)
    return fn


def program(*words, timeout=120, **env):
    """Runs the program with no settings but these; what it printed and how it ended."""
    clean = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS")}
    return subprocess.run([args.binary, *words], cwd=work, env={**clean, "GOTRUE_JWT_SECRET": SECRET, "GOTRUE_JWT_ISSUER": "x", **env},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout)


def copied(source, target, **env):
    out = program("copy", "--from", source, "--to", target, **env)
    assert out.returncode == 0, (out.returncode, out.stdout[-1500:], out.stderr[-1500:])
    assert "source and target have the same counts" in out.stdout, out.stdout
    return out.stdout


def refused(out, *words, code=1):
    assert out.returncode == code, (out.returncode, out.stdout, out.stderr)
    for word in words:
        assert word in out.stderr, (word, out.stderr)
    assert "s3kr1t" not in out.stderr + out.stdout, out.stderr


def file(name):
    return "sqlite:" + os.path.join(work, name)


def path(name):
    return os.path.join(work, name)


def lite(name, text, *values):
    db = sqlite3.connect(path(name))
    try:
        rows = db.execute(text, values).fetchall()
        db.commit()
        return rows
    finally:
        db.close()


def node(url, **env):
    return Countersign(args.binary, env={"DATABASE_URL": url, "GOTRUE_LOG_LEVEL": "info", **env})


def key_settings(name):
    """What the end of a copy tells to set: the key beside the SQLite file, by its name."""
    fact = lite(name, "select value from facts where name = 'encryption_key'")[0][0]
    with open(path(name) + ".encryption-key") as f:
        return {"GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY_ID": "k-" + fact[:12], "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY": f.read().strip()}


class Person:
    """A user with a password, a verified factor and a session at aal2; what a copy must keep."""
    def __init__(self, s, n):
        self.email, self.password = "person%d@example.com" % n, "correct horse battery %d" % n
        a = s.call("POST", "/signup", {"email": self.email, "password": self.password, "data": {"n": n, "name": "Zoë \U0001f511 %d" % n}})
        assert a.status == 200, a.short()
        self.take(a)
        a = s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "phone %d" % n}, token=self.token)
        assert a.status == 200, a.short()
        self.factor, self.secret = a.json["id"], a.json["totp"]["secret"]
        self.verify(s)
        self.old = self.refresh

    def take(self, a):
        self.token, self.refresh = a.json["access_token"], a.json["refresh_token"]

    def verify(self, s):
        c = s.call("POST", "/factors/%s/challenge" % self.factor, {}, token=self.token)
        assert c.status == 200, c.short()
        a = s.call("POST", "/factors/%s/verify" % self.factor, {"challenge_id": c.json["id"], "code": totp(self.secret)}, token=self.token)
        assert a.status == 200, a.short()
        self.take(a)
        Person.last_step = int(time.time()) // 30

    def is_as_before(self, s):
        a = s.call("GET", "/user", token=self.token)
        assert a.status == 200 and a.json["email"] == self.email and a.json["factors"][0]["id"] == self.factor, a.short()
        assert a.json["user_metadata"]["name"].startswith("Zoë \U0001f511"), a.short()
        a = s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": self.refresh})
        assert a.status == 200, a.short()
        self.take(a)
        a = s.call("POST", "/token?grant_type=password", {"email": self.email, "password": self.password})
        assert a.status == 200, a.short()
        self.token2 = a.json["access_token"]


def everyone_is_as_before(people, s):
    """A code that was used before the copy stays used; the next step's is good."""
    for person in people:
        person.is_as_before(s)
    while int(time.time()) // 30 <= Person.last_step:
        time.sleep(0.2)
    for person in people:
        person.verify(s)


# --- migrate -------------------------------------------------------------------------------------

@step
def migrate_makes_and_says_so(pg):
    out = program("migrate", DATABASE_URL=file("fresh.db"))
    assert out.returncode == 0 and re.search(r"made, version \d+", out.stdout), (out.stdout, out.stderr)
    out = program("migrate", DATABASE_URL=file("fresh.db"))
    assert out.returncode == 0 and "nothing to do" in out.stdout, out.stdout
    dsn = pg.create("migrated")
    out = program("migrate", DATABASE_URL=dsn)
    assert out.returncode == 0 and "schema auth: made" in out.stdout and "20260625000000" in out.stdout, (out.stdout, out.stderr)
    out = program("migrate", DATABASE_URL=dsn)
    assert out.returncode == 0 and "left as it is" in out.stdout and "nothing to do" in out.stdout, out.stdout


@step
def migrate_leaves_the_official_schema_alone(pg):
    pg.sql("create database official template migrated")
    pg.sql("drop schema countersign cascade", "official")
    before = pg.dump("official", "-n", "auth")
    out = program("migrate", DATABASE_URL=pg.dsn("official"))
    assert out.returncode == 0 and "the official server's, at its migration 20260625000000; left as it is" in out.stdout, (out.stdout, out.stderr)
    assert "made, version" in out.stdout and pg.dump("official", "-n", "auth") == before


@step
def migrate_refuses_what_it_does_not_know(pg):
    for name in ("newer", "alien", "ours_newer"):
        pg.sql("create database %s template official" % name)
    pg.sql("drop schema countersign cascade; insert into auth.schema_migrations values ('20270101000000')", "newer")
    pg.sql("drop schema countersign cascade; drop table auth.schema_migrations", "alien")
    pg.sql("insert into countersign.schema_version values (99, 'x', 1)", "ours_newer")
    before = {name: pg.dump(name) for name in ("newer", "alien", "ours_newer")}
    refused(program("migrate", DATABASE_URL=pg.dsn("newer")), "20270101000000", "start a newer Countersign", "nothing was changed")
    refused(program("migrate", DATABASE_URL=pg.dsn("alien")), "unknown kind", "nothing was changed")
    refused(program("migrate", DATABASE_URL=pg.dsn("ours_newer")), "schema 99", "nothing was changed")
    assert before == {name: pg.dump(name) for name in before}
    pg.sql("create role weak login; create database other; grant connect on database other to weak")
    refused(program("migrate", DATABASE_URL=pg.dsn("other", "weak")), "GRANT CREATE ON DATABASE", "nothing was changed")
    assert pg.sql("select to_regnamespace('countersign') is null and to_regnamespace('auth') is null", "other") == [["t"]]
    refused(program("migrate", DATABASE_URL="postgres://postgres:s3kr1t@127.0.0.1:1/x"), "check DATABASE_URL and that the server runs")
    lite("fresh.db", "insert into schema_version values (99, 'x', 1)")
    refused(program("migrate", DATABASE_URL=file("fresh.db")), "schema 99")


# --- copies --------------------------------------------------------------------------------------

people, spare_codes = [], []


def recover(s, person, code):
    """With a recovery code instead of the factor, from a session that has only the password."""
    a = s.call("POST", "/token?grant_type=password", {"email": person.email, "password": person.password})
    return s.call("POST", "/factors/recovery-codes/verify", {"code": code}, token=a.json["access_token"]).status


@step
def every_column_of_the_schema_is_copied(pg):
    with open(os.path.join(os.path.dirname(TESTS), "server", "store", "copy_tables.c"), encoding="utf8") as f:
        source = f.read()
    program("migrate", DATABASE_URL=file("columns.db"))
    known = {}
    for name, body in re.findall(r"static const struct copy_column (\w+)\[\] = \{(.*?)\n\};", source, re.S):
        known[name] = set(re.findall(r"[CFL]\((\w+), ", body)) | set(re.findall(r'\{ "(\w+)", DB_', body))
    for (table,) in lite("columns.db", "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"):
        if table in ("schema_version", "facts", "ghosts"):
            continue
        there = {r[1] for r in lite("columns.db", "pragma table_info(%s)" % table)}      # without the generated ones
        assert known.get(table) == there, (table, known.get(table, set()) ^ there)


@step
def people_move_to_postgres(pg):
    with Countersign(args.binary, env={"DATABASE_URL": file("one.db")}) as c:
        s = c.server()
        wait_for_fresh_step(12)
        people.extend(Person(s, n) for n in range(5))
        a = s.call("POST", "/factors/recovery-codes", {}, token=people[2].token)
        assert a.status == 200 and len(a.json["codes"]) == 10, a.short()
        spare_codes.extend(a.json["codes"])
        assert recover(s, people[2], spare_codes[0]) == 200
        a = s.call("POST", "/recover", {"email": people[0].email})
        assert a.status == 200, a.short()
        open_challenge = s.call("POST", "/factors/%s/challenge" % people[1].factor, {}, token=people[1].token)
        assert s.call("POST", "/factors/%s/verify" % people[1].factor, {"challenge_id": open_challenge.json["id"], "code": "000000"}, token=people[1].token).status == 422
    counts = {t: lite("one.db", "select count(*) from " + t)[0][0] for t in ("users", "sessions", "mfa_factors", "mfa_amr_claims", "audit_log_entries", "factor_guards", "one_time_tokens")}
    out = copied(file("one.db"), pg.create("one"))
    assert "audit_log_entries: %d of %d" % ((counts["audit_log_entries"],) * 2) in out, out
    for table, count in counts.items():
        schema = "countersign" if table.endswith("guards") else "auth"
        assert pg.sql("select count(*) from %s.%s" % (schema, table), "one") == [[str(count)]] and (count or table == "one_time_tokens"), table
    assert pg.sql("select failures from countersign.factor_guards where failures > 0 union all select failures from countersign.step_guards where failures > 0", "one") == [["1"]]
    refused(node_start(pg.dsn("one")), "encrypted with the key k-", "ENCRYPTION_KEY_ID")
    keys = key_settings("one.db")
    assert keys["GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY_ID"] in out and keys["GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY"] not in out
    with node(pg.dsn("one"), **keys) as c:
        everyone_is_as_before(people, c.server())
        assert [recover(c.server(), people[2], code) for code in spare_codes[:2]] == [422, 200]
        Person(c.server(), 100)                                                            # new rows come behind the copied numbers


def node_start(url, **env):
    return program("serve", "--once", DATABASE_URL=url, **env)


@step
def and_back_and_again(pg):
    keys = key_settings("one.db")
    out = copied(pg.dsn("one"), file("two.db"))
    assert "two.db.encryption-key" in out, out
    refused(node_start(file("two.db")), "two.db.encryption-key is missing")
    shutil.copy(path("one.db.encryption-key"), path("two.db.encryption-key"))
    with Countersign(args.binary, env={"DATABASE_URL": file("two.db")}) as c:
        everyone_is_as_before(people, c.server())
        assert [recover(c.server(), people[2], code) for code in spare_codes[:3]] == [422, 422, 200]
    with Countersign(args.binary, env={"DATABASE_URL": file("two.db")}) as c:
        c.database = path("two.db")
        c.check_db()
    copied(file("two.db"), pg.create("three"))
    with node(pg.dsn("three"), **keys) as c:
        everyone_is_as_before(people, c.server())


@step
def a_copy_changes_no_value(pg):
    """There and back gives the same rows, but for what only one side can hold."""
    copied(file("two.db"), pg.create("there"))
    copied(pg.dsn("there"), file("back.db"))
    for (table,) in lite("two.db", "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"):
        if table in ("schema_version", "facts", "ghosts"):
            continue
        a, b = (sorted(map(normal, lite(name, "select * from " + table))) for name in ("two.db", "back.db"))
        assert a == b, (table, [x for x in zip(a, b) if x[0] != x[1]][:1])


def normal(row):
    """JSON columns come back with other spaces and order."""
    out = []
    for value in row:
        if isinstance(value, str) and value[:1] in ("{", "["):
            value = json.dumps(json.loads(value), sort_keys=True)
        out.append(repr(value))
    return out


@step
def a_terminal_shows_a_bar(pg):
    reader, terminal = pty.openpty()
    shown = b""
    process = subprocess.Popen([args.binary, "copy", "--from", file("one.db"), "--to", pg.create("shown")], cwd=work, env={**os.environ, "GOTRUE_JWT_SECRET": SECRET},
                               stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.DEVNULL)
    os.close(terminal)
    try:
        while True:
            piece = os.read(reader, 65536)
            shown += piece
            if not piece:
                break
    except OSError:                     # the other end is closed
        pass
    os.close(reader)
    assert process.wait(30) == 0 and b"\r[" in shown and b"100%" in shown and b"same counts" in shown, shown[-500:]
    bars, table = shown.split(b"TABLE", 1)
    assert b"of 0" in bars and bars.count(b"\r[") > 20 and bars.count(b"\n") < 6, bars     # one line, drawn over
    assert table.count(b"\n") > 20, table


@step
def a_target_with_rows_is_refused(pg):
    refused(program("copy", "--from", file("one.db"), "--to", pg.dsn("one")), "the target is not empty", "nothing was copied")
    refused(program("copy", "--from", pg.dsn("one"), "--to", file("two.db")), "the target is not empty", "nothing was copied")
    refused(program("copy", "--from", file("one.db"), "--to", file("new.db")), "pg_dump")
    assert not os.path.exists(path("new.db"))
    refused(program("copy", "--from", file("one.db")), "--from and --to are needed", code=2)


@step
def another_key_is_refused(pg):
    with Countersign(args.binary, env={"DATABASE_URL": file("otherkey.db")}):
        pass
    copied(file("one.db"), pg.create("keyed"))
    refused(program("copy", "--from", pg.dsn("keyed"), "--to", file("otherkey.db")), "another encryption key", "nothing was copied")


@step
def running_servers_are_refused(pg):
    with Countersign(args.binary, env={"DATABASE_URL": file("one.db")}):
        refused(program("copy", "--from", file("one.db"), "--to", pg.create("busy1")), "in use by another server")
    with node(pg.create("busy2")) as c:
        c.server().call("GET", "/health")
        refused(program("copy", "--from", file("one.db"), "--to", pg.dsn("busy2")), "stop its servers first", "nothing was copied")


@step
def rows_of_the_official_server_fit(pg):
    """NULLs where we write empty text, sessions of OAuth clients, orphans, twice the same last_challenged_at."""
    dsn = pg.create("odd")
    assert program("migrate", DATABASE_URL=dsn).returncode == 0
    pg.sql("""insert into auth.users (id, email, is_sso_user) values ('00000000-0000-0000-0000-000000000001', 'a@example.com', true), ('00000000-0000-0000-0000-000000000002', 'a@example.com', false);
        insert into auth.oauth_clients (id, registration_type, redirect_uris, grant_types, token_endpoint_auth_method) values (gen_random_uuid(), 'manual', '', '', 'none');
        insert into auth.sessions (id, user_id) values ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000001');
        insert into auth.sessions (id, user_id, oauth_client_id) select gen_random_uuid(), '00000000-0000-0000-0000-000000000001', id from auth.oauth_clients;
        insert into auth.refresh_tokens (token, session_id) select 't' || id, id from auth.sessions;
        insert into auth.refresh_tokens (token) values (null);
        insert into auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id) select id, now(), now(), 'password', gen_random_uuid() from auth.sessions;
        insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at) values (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'totp', 'verified', now(), now());
        insert into countersign.factor_guards (factor_id, updated_at) values (gen_random_uuid(), now());
        insert into auth.audit_log_entries (id) values (gen_random_uuid())""", "odd")
    out = copied(dsn, file("odd.db"))
    assert "1 of auth.sessions of OAuth clients" in out and "1 of auth.oauth_clients" in out, out
    assert lite("odd.db", "select (select count(*) from users), (select count(*) from sessions), (select count(*) from refresh_tokens), (select count(*) from mfa_amr_claims), (select count(*) from factor_guards)") == [(2, 1, 1, 1, 0)]
    lite("odd.db", "insert into mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at) select randomblob(16), user_id, 'x' || value, 'totp', 'verified', 1, 1 from mfa_factors, json_each('[1,2,3]')")
    lite("odd.db", "update mfa_factors set last_challenged_at = 1700000000000001")
    lite("odd.db", "update sessions set ip = 'unknown'")
    copied(file("odd.db"), pg.create("odd2"))
    assert pg.sql("select count(*), count(last_challenged_at) from auth.mfa_factors", "odd2") == [["4", "1"]]
    assert pg.sql("select count(*), count(ip) from auth.sessions", "odd2") == [["1", "0"]]


# --- interruptions -------------------------------------------------------------------------------

def many(name, rows=60000):
    for ending in ("", ".encryption-key"):
        shutil.copy(path("one.db") + ending, path(name) + ending)
    lite(name, "insert into audit_log_entries (id, payload, created_at) with recursive n(i) as (select 1 union all select i + 1 from n where i < %d) "
               "select randomblob(16), '{\"n\":' || i || '}', 1700000000000000 + i from n" % rows)


def killed_in_the_middle(source, target, done):
    """Starts a copy and kills it with -9 as soon as done() says that some rows are there."""
    env = {**os.environ, "GOTRUE_JWT_SECRET": SECRET}
    assert not done(), "there are rows already"
    process = subprocess.Popen([args.binary, "copy", "--from", source, "--to", target], cwd=work, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not done() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    assert process.poll() is None, "the copy was over too soon"
    process.kill()
    process.wait()


@step
def a_killed_copy_to_postgres_goes_on(pg):
    many("many.db")
    dsn = pg.create("many")
    total = lite("many.db", "select count(*) from audit_log_entries")[0][0]

    def rows(least):
        try:
            return int(pg.sql("select count(*) from auth.audit_log_entries", "many")[0][0]) >= least
        except RuntimeError:
            return False
    for least in (1000, 15000):
        killed_in_the_middle(file("many.db"), dsn, lambda: rows(least))
        there = int(pg.sql("select count(*) from auth.audit_log_entries", "many")[0][0])
        print("      killed with %d of %d rows there" % (there, total))
        assert least <= there < total and there % 1000 == 0
    refused(node_start(dsn, **key_settings("many.db")), "begun and not finished")
    refused(program("copy", "--from", file("one.db"), "--to", dsn), "from another source")
    out = copied(file("many.db"), dsn)
    assert "went on where a copy had stopped" in out, out
    assert int(pg.sql("select count(*) from auth.audit_log_entries", "many")[0][0]) == total
    assert pg.sql("select name from countersign.facts", "many") == [["encryption_key"]]
    with node(dsn, **key_settings("many.db")) as c:
        assert c.server().call("GET", "/user", token=people[0].token).status == 200


@step
def a_killed_copy_to_sqlite_goes_on(pg):
    def rows(least):
        try:
            return lite("manyback.db", "select count(*) from audit_log_entries")[0][0] >= least
        except sqlite3.Error:
            return False
    killed_in_the_middle(pg.dsn("many"), file("manyback.db"), lambda: rows(2000))
    refused(node_start(file("manyback.db")), "begun and not finished")
    assert not os.path.exists(path("manyback.db.encryption-key"))
    out = copied(pg.dsn("many"), file("manyback.db"))
    assert "went on where a copy had stopped" in out, out
    assert lite("manyback.db", "select count(*) from audit_log_entries") == lite("many.db", "select count(*) from audit_log_entries")


@step
def a_source_used_in_between_is_noticed(pg):
    shutil.copy(path("many.db"), path("used.db"))
    dsn = pg.create("used")

    def rows():
        try:
            return int(pg.sql("select count(*) from auth.audit_log_entries", "used")[0][0]) >= 1000
        except RuntimeError:
            return False
    killed_in_the_middle(file("used.db"), dsn, rows)
    lite("used.db", "update users set updated_at = updated_at + 1000000000000")
    refused(program("copy", "--from", file("used.db"), "--to", dsn), "the source was used since", "nothing was copied")


@step
def a_lost_database_stops_with_words(pg):
    many("lost.db", 120000)
    dsn = pg.create("lost")
    process = subprocess.Popen([args.binary, "copy", "--from", file("lost.db"), "--to", dsn], cwd=work, env={**os.environ, "GOTRUE_JWT_SECRET": SECRET},
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            if int(pg.sql("select count(*) from auth.audit_log_entries", "lost")[0][0]) >= 1000:
                break
        except RuntimeError:
            pass
    pg.cut_all("lost")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and "run the same command again to go on" in errors, (process.returncode, errors[-800:])
    assert "went on" in copied(file("lost.db"), dsn)


# --- wrong databases -----------------------------------------------------------------------------

@step
def wrong_addresses_are_said(pg):
    source = file("one.db")
    target = pg.create("wrong")
    refused(program("copy", "--from", file("nowhere.db"), "--to", target), "source", "no readable file", "nowhere.db")
    assert not os.path.exists(path("nowhere.db")) and pg.sql("select to_regnamespace('auth') is null", "wrong") == [["t"]]
    with open(path("text.db"), "w") as f:
        f.write("no database at all, but text\n" * 100)
    refused(program("copy", "--from", file("text.db"), "--to", target), "source", "no SQLite database")
    sqlite3.connect(path("empty.db")).execute("create table t (n)").connection.commit()
    refused(program("copy", "--from", file("empty.db"), "--to", target), "source", "countersign migrate")
    refused(program("copy", "--from", target, "--to", "mysql://root:s3kr1t@h/x"), "unknown kind")
    refused(program("copy", "--from", source, "--to", "postgres://postgres:s3kr1t@127.0.0.1:1/x"), "target", "check --to and that the server runs")
    refused(program("copy", "--from", source, "--to", pg.dsn("missing")), "target", "does not exist")
    refused(program("copy", "--from", pg.dsn("wrong"), "--to", file("new.db")), "source", "countersign migrate")
    assert not os.path.exists(path("new.db")) and pg.sql("select to_regnamespace('auth') is null", "wrong") == [["t"]]


@step
def a_wrong_password_is_said(pg):
    pg.sql("create role guarded login superuser password 'right'")
    rules = os.path.join(pg.data, "pg_hba.conf")
    with open(rules) as f:
        before = f.read()
    try:
        with open(rules, "w") as f:
            f.write("host all guarded 127.0.0.1/32 scram-sha-256\n" + before)
        pg.sql("select pg_reload_conf()")
        time.sleep(0.3)
        url = "postgres://guarded:s3kr1t@127.0.0.1:%d/wrong" % pg.port
        refused(program("copy", "--from", file("one.db"), "--to", url), "check user and password in --to")
        out = program("copy", "--from", file("one.db"), "--to", pg.dsn("wrong", "guarded"), PGPASSWORD="right")
        assert out.returncode == 0, out.stderr
    finally:
        with open(rules, "w") as f:
            f.write(before)
        pg.sql("select pg_reload_conf()")


@step
def missing_rights_are_said(pg):
    pg.sql("create role reader login; create role writer login")
    dsn = pg.create("rights")
    assert program("migrate", DATABASE_URL=dsn).returncode == 0
    refused(program("copy", "--from", pg.dsn("rights", "reader"), "--to", file("r.db")), "source", "let the role of the URL read")
    pg.sql("""grant usage on schema auth, countersign to reader, writer; grant select on all tables in schema countersign, auth to reader, writer""", "rights")
    pg.sql("insert into auth.users (id) values (gen_random_uuid())", "rights")
    refused(program("copy", "--from", pg.dsn("rights", "reader"), "--to", file("r.db")), "row-level security hides", "auth.users")
    pg.sql("truncate auth.users cascade", "rights")
    refused(program("copy", "--from", file("one.db"), "--to", pg.dsn("rights", "writer")), "target", "may not read and write auth.users", "nothing was changed")
    pg.sql("grant all on all tables in schema auth, countersign to writer", "rights")
    for words in (("migrate",), ("serve", "--once")):
        refused(program(*words, DATABASE_URL=pg.dsn("rights", "writer")), "row-level security", "BYPASSRLS", "nothing was changed")
    pg.sql("alter role writer bypassrls; revoke insert on auth.mfa_factors from writer", "rights")
    refused(program("copy", "--from", file("one.db"), "--to", pg.dsn("rights", "writer")), "target", "may not write auth.mfa_factors", "nothing was copied")
    refused(program("copy", "--from", file("one.db"), "--to", pg.dsn("other", "weak")), "GRANT CREATE ON DATABASE", "nothing was changed")
    assert pg.sql("select count(*) from auth.users", "rights") == [["0"]]


@step
def the_grant_that_is_missing_is_said(pg):
    """A role that may not create schemas, as Supabase's may not: the statement that a superuser must run is said, and it is enough; so is a schema made beforehand."""
    pg.sql("create role plain login bypassrls")
    for name, prepare, grant in (
            ("ungranted", None, 'GRANT CREATE ON DATABASE ungranted TO plain'),
            ("taken", "create schema auth; create schema countersign", 'GRANT USAGE, CREATE ON SCHEMA auth TO plain'),
            ("mine", "create schema auth authorization plain; create schema countersign", 'GRANT USAGE, CREATE ON SCHEMA countersign TO plain')):
        pg.create(name)
        if prepare:
            pg.sql(prepare, name)
        before = pg.dump(name)
        for words in (("migrate",), ("serve", "--once")):
            refused(program(*words, DATABASE_URL=pg.dsn(name, "plain")), grant, "nothing was changed")
        assert pg.dump(name) == before
        for _ in range(2):                      # one for each schema at most
            out = program("migrate", DATABASE_URL=pg.dsn(name, "plain"))
            if out.returncode:
                pg.sql([line for line in out.stderr.split("\n") if "GRANT" in line][0].strip(" ;"), name)
        out = program("migrate", DATABASE_URL=pg.dsn(name, "plain"))
        assert out.returncode == 0, out.stderr
        with Countersign(args.binary, env={"DATABASE_URL": pg.dsn(name, "plain")}) as c:
            Countersign.server(c).sign_up()
    pg.create("made")
    pg.sql("create schema auth authorization plain; create schema countersign authorization plain", "made")
    assert program("migrate", DATABASE_URL=pg.dsn("made", "plain")).returncode == 0


@step
def alien_schemas_are_refused(pg):
    for name, word in (("newer", "20270101000000"), ("alien", "unknown kind"), ("ours_newer", "schema 99")):
        before = pg.dump(name)
        refused(program("copy", "--from", file("one.db"), "--to", pg.dsn(name)), "target", word, "nothing was changed")
        assert pg.dump(name) == before
    refused(program("copy", "--from", pg.dsn("ours_newer"), "--to", file("r.db")), "source", "use a newer Countersign")


# --- a pooler, a standby, a promotion ------------------------------------------------------------

@step
def copy_through_a_pooler(pg):
    pg.create("pooled")
    with PgBouncer(pg) as pooler:
        copied(file("many.db"), pg.dsn("pooled", port=pooler.port), COUNTERSIGN_DB_PREPARED_STATEMENTS="false")


@step
def conformance_mfa_through_a_pooler(pg):
    runner = os.environ.get("CONFORMANCE") or next((p for p in (os.path.join(TESTS, "conformance", "run.py"),) if os.path.exists(p)), None)
    dsn = pg.create("mfa")
    with PgBouncer(pg) as pooler, node(pg.dsn("mfa", port=pooler.port), COUNTERSIGN_DB_PREPARED_STATEMENTS="false") as c:
        if not runner:
            raise RuntimeError("tests/conformance/run.py is not there")
        out = subprocess.run([sys.executable, "-B", runner, "--base", c.base, "--secret", SECRET, "--part", "mfa", "--no-phone", "--dsn", dsn],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=500)
        print("      " + out.stdout.strip().splitlines()[-1])
        assert out.returncode == 0, "\n      ".join(line for line in out.stdout.splitlines() if not line.startswith(("ok", "pass")))[-1500:]


class Writers:
    """Threads that sign users up; who was acknowledged, and every answer."""
    def __init__(self, server, threads=4):
        self.server, self.stopping, self.acknowledged, self.answers = server, False, [], []
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(threads)]

    def run(self, n):
        i = 0
        while not self.stopping:
            i += 1
            email = "w%d-%d@example.com" % (n, i)
            try:
                a = self.server.call("POST", "/signup", {"email": email, "password": "correct horse"}, keep=False)
                status = a.status
            except OSError as e:
                status = type(e).__name__
            self.answers.append((time.monotonic(), status))
            if status == 200:
                self.acknowledged.append(email)
            else:
                time.sleep(0.05)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *why):
        self.stopping = True
        for t in self.threads:
            t.join(60)

    def statuses(self, since=0):
        out = {}
        for at, status in self.answers:
            if at >= since:
                out[status] = out.get(status, 0) + 1
        return out


@step
def a_read_only_standby_is_said_and_can_be_a_source(pg):
    with Pair() as pair:
        assert program("migrate", DATABASE_URL=pair.primary.dsn("postgres")).returncode == 0
        pair.caught_up()
        standby = pair.standby.dsn("postgres")
        refused(program("migrate", DATABASE_URL=standby), "name the primary in DATABASE_URL")
        refused(node_start(standby), "name the primary in DATABASE_URL")
        refused(program("copy", "--from", file("one.db"), "--to", standby), "name the primary in --to")
        copied(standby, file("fromstandby.db"))


@step
def a_promotion_under_load_loses_nothing(pg):
    """Synchronous replication; the primary is killed, the standby promoted; the URL names both."""
    with Pair(synchronous=True) as pair:
        url = "postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?target_session_attrs=read-write" % (pair.primary.port, pair.standby.port)
        with node(url, COUNTERSIGN_HASH_THREADS="2") as c:
            s = c.server()
            with Writers(s) as load:
                time.sleep(2)
                pair.primary.signal(signal.SIGKILL)
                lost = time.monotonic()
                time.sleep(1)
                pair.promote()
                promoted = time.monotonic()
                time.sleep(6)
            first = min((at for at, status in load.answers if status == 200 and at > promoted), default=None)
            late = load.statuses(promoted + 4)
            print("      %d acknowledged, answers %s; away %s; first answer %.1f s after the promotion" % (
                len(load.acknowledged), load.statuses(), {k: n for k, n in load.statuses(lost).items() if k != 200}, (first or 1e9) - promoted))
            assert first and set(late) == {200}, late
            assert set(load.statuses()) <= {200, 503}, load.statuses()
            there = {r[0] for r in pair.standby.sql("select email from auth.users")}
            gone = [e for e in load.acknowledged if e not in there]
            assert not gone and len(load.acknowledged) > 5, (len(gone), len(load.acknowledged))
            assert c.alive(), c.log_tail()


try:
    with Postgres() as server:
        for one in STEPS:
            if not args.only or one.__name__ in args.only.split(","):
                tally.step(one.__name__.replace("_", " "), one, server)
finally:
    if not os.environ.get("KEEP"):
        shutil.rmtree(work, ignore_errors=True)
sys.exit(tally.close())
