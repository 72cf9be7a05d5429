#!/usr/bin/env python3
"""A project of Supabase's kind (support/project.sql: a trigger that makes profiles, foreign keys, checks, row-level policies) on PostgreSQL: what its
rules refuse is told in the official server's words and is no outage; what is an outage is told as one. project_suite.py [--binary FILE]; ends with
'N passed, N failed'."""
import glob, json, os, re, sys, tempfile, time, uuid
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "conformance")]
from accounts import addr, is_  # noqa: E402
from countersign import ROOT, Countersign, default_binary  # noqa: E402
from nodes import Nodes, mfa_user  # noqa: E402
from postgres import Postgres  # noqa: E402
from tally import Tally, at_once  # noqa: E402
from wire import claims_of  # noqa: E402

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
PW = "correct horse battery"
FAILED = "unexpected_failure"


def refused(a, words):
    """One 500, not to be tried again."""
    is_(a, 500, FAILED, words)
    assert "retry-after" not in {k.lower() for k in a.headers}, a.headers


def failures(nodes):
    """The lines of the logs about a failure of the database, and what they say."""
    lines = [line for n in nodes.nodes for line in n.log_text().splitlines() if "the database failed" in line]
    return [json.loads(line) for line in lines]


class Project:
    def __init__(self, pg, nodes, name):
        self.pg, self.nodes, self.name, self.s = pg, nodes, name, nodes.server()

    def sql(self, text):
        return self.pg.sql(text, self.name)

    def users(self):
        return int(self.sql("select count(*) from auth.users")[0][0])


def profiles_are_made(p):
    """The application's trigger makes a profile for each way to a new account, in the same transaction."""
    s, t = p.s, p.s.admin_token()
    one = s.sign_up(data={"username": "ada" + uuid.uuid4().hex[:6], "full_name": "Ada"})
    made = is_(s.call("POST", "/admin/users", {"email": addr(), "password": PW, "user_metadata": {"full_name": "Ben"}}, t), 200).json
    anonymous = is_(s.call("POST", "/signup", {}), 200).json["user"]
    invited = is_(s.call("POST", "/invite", {"email": addr(), "data": {"full_name": "Cid"}}, t), 200).json
    names = [p.sql("select coalesce(full_name, '-') from public.profiles where id = '%s'" % i) for i in (one.id, made["id"], anonymous["id"], invited["id"])]
    assert names == [[["Ada"]], [["Ben"]], [["-"]], [["Cid"]]], names
    is_(s.call("DELETE", "/admin/users/" + one.id, {}, t), 200)
    assert p.sql("select count(*) from public.profiles where id = '%s'" % one.id) == [["0"]]


def what_the_application_refuses(p):
    """A check, a unique index and an exception of the application are 500 in the words of each operation, without Retry-After, once; nothing is left."""
    s, t, bad = p.s, p.s.admin_token(), {"full_name": "bad name"}
    u, taken = s.sign_up(data={"username": "taken"}), {"username": "taken"}
    before = p.users()
    for data in (bad, taken):
        refused(s.call("POST", "/signup", {"email": addr(), "password": PW, "data": data}), "Database error saving new user")
        refused(s.call("POST", "/signup", {"data": data}), "Database error creating anonymous user")
        refused(s.call("POST", "/otp", {"email": addr(), "data": data}), "Database error saving new user")
        refused(s.call("POST", "/magiclink", {"email": addr(), "data": data}), "Database error saving new user")
        refused(s.call("POST", "/invite", {"email": addr(), "data": data}, t), "Database error saving new user")
        refused(s.call("POST", "/admin/users", {"email": addr(), "user_metadata": data}, t), "Database error creating new user")
        refused(s.call("POST", "/admin/generate_link", {"type": "signup", "email": addr(), "password": PW, "data": data}, t), "Database error saving new user")
    refused(s.call("PUT", "/user", {"data": bad}, u.token), "Database error updating user")
    refused(s.call("PUT", "/admin/users/" + u.id, {"user_metadata": bad}, t), "Error updating user")
    assert p.users() == before
    assert "full_name" not in is_(s.call("GET", "/user", token=u.token), 200).json["user_metadata"]


def what_keeps_a_user(p):
    """A row of the application that refers to the user without a cascade keeps the account: 500 "Database error deleting user", and all of it is still there."""
    s, t = p.s, p.s.admin_token()
    u = s.sign_up()
    p.sql("insert into public.orders (user_id, total) values ('%s', 3)" % u.id)
    refused(s.call("DELETE", "/admin/users/" + u.id, {}, t), "Database error deleting user")
    is_(s.call("GET", "/user", token=u.token), 200)
    p.sql("delete from public.orders where user_id = '%s'" % u.id)
    is_(s.call("DELETE", "/admin/users/" + u.id, {}, t), 200)


def what_is_not_there(p):
    """A trigger that needs a table that is gone, or a right that is missing: 500 at sign-up and at sign-in, and the log names SQLSTATE and table."""
    s = p.s
    u = s.sign_up()
    p.sql("alter table public.profiles rename to profiles_away")
    try:
        refused(s.call("POST", "/signup", {"email": addr(), "password": PW}), "Database error saving new user")
    finally:
        p.sql("alter table public.profiles_away rename to profiles")
    p.sql("create function app.seen() returns trigger language plpgsql as $$ begin insert into public.nowhere values (1); return new; end $$; "
          "create trigger seen after update of last_sign_in_at on auth.users for each row execute function app.seen()")
    try:
        refused(s.sign_in(u.email, u.password), "Database error granting user")
    finally:
        p.sql("drop trigger seen on auth.users")
    is_(s.sign_in(u.email, u.password), 200)


def what_the_log_says(p):
    """Each refusal is one line at level error with SQLSTATE, the database's words, table and constraint; none is taken for an outage or tried again."""
    lines = failures(p.nodes)
    said = {(x["sqlstate"], x.get("constraint", "")) for x in lines if x["level"] == "error"}
    wanted = {("23514", "no_bad_names"), ("23505", "profiles_username_key"), ("23503", "orders_user_id_fkey"), ("42P01", ""), ("P0001", "")}
    assert wanted <= said, (wanted - said, said)
    assert any("the application does not want this name" in x["what"] for x in lines), lines
    log = "".join(n.log_text() for n in p.nodes.nodes)
    assert "the database is away" not in log and "connection to the database was lost" not in log


def policies(p):
    """Row-level policies on sub and aal: what a token's claims open before and after the second factor."""
    u, _factor, _secret = mfa_user(p.s)
    p.sql("insert into public.secrets (owner, words) values ('%s', 'hidden')" % u.id)

    def seen(token, table):
        claims = json.dumps(claims_of(token)).replace("'", "''")
        return p.sql("begin; set local role authenticated; set local \"request.jwt.claims\" = '%s'; select count(*) from %s; commit" % (claims, table))[0][0]
    low = is_(p.s.sign_in(u.email, u.password), 200).json["access_token"]
    assert (seen(low, "public.profiles"), seen(low, "public.secrets")) == ("1", "0")
    assert (seen(u.token, "public.profiles"), seen(u.token, "public.secrets")) == ("1", "1")


def two_want_the_same(p):
    """A key of ours that two requests want at once is still settled among them: one account, and nobody gets a 5xx."""
    e = addr()
    got = at_once(4, lambda n: p.s.call("POST", "/signup", {"email": e, "password": PW}).status)
    assert sorted(got)[0] == 200 and set(got) <= {200, 422, 409}, got
    assert p.sql("select count(*) from auth.users where email = '%s'" % e) == [["1"]]


def few_connections(pg):
    """A role that may open two connections serves a node whose pool may have sixteen: requests wait for those that are open, and none is told of an outage."""
    pg.sql("create role narrow login connection limit 2 createrole; create database narrow owner narrow")
    c = Countersign(binary, env={"DATABASE_URL": pg.dsn("narrow", user="narrow"), "GOTRUE_DB_MAX_POOL_SIZE": "16"})
    with c:
        u = c.server().sign_up()
        for _round in range(4):
            got = at_once(24, lambda n: c.server().call("GET", "/user", token=u.token).status)
            assert set(got) == {200}, got
        log = c.log_text()
        assert "accepts no further connection" in log and "the database is away" not in log, log[-2000:]


def no_room_at_all(pg):
    """Where others hold every place, it is an outage (503, Retry-After), and over when one is free."""
    pg.sql("create role crowded login connection limit 1 createrole; create database crowded owner crowded")
    c = Countersign(binary, env={"DATABASE_URL": pg.dsn("crowded", user="crowded")})
    with c:
        u = c.server().sign_up()
        pg.sql("alter role crowded connection limit 0")
        pg.cut_all("crowded")
        got = [c.server().call("GET", "/user", token=u.token) for _ in range(3)]
        assert {a.status for a in got} == {503} and all(a.headers["retry-after"] for a in got), [a.short() for a in got]
        pg.sql("alter role crowded connection limit 1")
        status = 0
        for _ in range(400):        # the pause between two tries is 3 s at most
            status = c.server().call("GET", "/user", token=u.token).status
            if status == 200:
                break
            import time
            time.sleep(0.05)
        assert status == 200, status


def other_encodings(pg):
    """A database that is not UTF-8 is refused at start, with what to do."""
    for name, encoding in (("latin", "LATIN1"), ("bytes", "SQL_ASCII")):
        pg.sql("create database %s encoding '%s' locale 'C' template template0" % (name, encoding))
        c = Countersign(binary, env={"DATABASE_URL": pg.dsn(name)})
        try:
            out = c.command("serve", "--once", timeout=60)
            assert out.returncode > 0 and re.search(r"encoded in %s.*ENCODING 'UTF8'" % encoding, out.stderr), out.stderr
            assert pg.sql("select count(*) from pg_namespace where nspname in ('auth', 'countersign')", name) == [["0"]]
        finally:
            c.discard()


def messages_without_a_data_folder(pg):
    """Without a mail server mails are files, also where no folder of data is there yet; where none can be made, start and check-config say so."""
    with tempfile.TemporaryDirectory(prefix="countersign-nowhere-") as folder:
        data = os.path.join(folder, "not", "yet", "there")
        with Countersign(binary, env={"DATABASE_URL": pg.create("nofolder"), "COUNTERSIGN_DATA_DIR": data, "GOTRUE_MAILER_AUTOCONFIRM": "false"}) as c:
            assert not os.path.exists(data)
            is_(c.server().call("POST", "/signup", {"email": addr(), "password": "a password of it"}), 200)
            end = time.monotonic() + 60
            while not os.path.exists(os.path.join(data, "outbox")) or not any(name.endswith(".eml") for name in os.listdir(os.path.join(data, "outbox"))):
                assert time.monotonic() < end, c.log_tail()
                time.sleep(0.05)
        blocked = os.path.join(folder, "file")
        open(blocked, "w").close()
        for env, words in (({"COUNTERSIGN_MAIL_DIR": blocked + "/x"}, "COUNTERSIGN_MAIL_DIR"), ({"COUNTERSIGN_SMS_DIR": blocked, "GOTRUE_EXTERNAL_PHONE_ENABLED": "true"}, "COUNTERSIGN_SMS_DIR")):
            c = Countersign(binary, env={"DATABASE_URL": pg.dsn("nofolder"), "COUNTERSIGN_DATA_DIR": data, **env})
            try:
                for call in (("check-config",), ("serve", "--once")):
                    out = c.command(*call, timeout=60)
                    assert out.returncode > 0 and "cannot write into the folder" in out.stderr and words in out.stderr, (call, out.stderr)
            finally:
                c.discard()


def keys_of_statements():
    """(table, columns) of each ON CONFLICT in the program."""
    found = set()
    for path in glob.glob(os.path.join(ROOT, "server", "store", "*.c")):
        with open(path, encoding="utf8") as f:
            text = re.sub(r'"\s*\\?\s*"', "", f.read())
        clauses = re.findall(r"insert into (@@?)(\w+)(?:(?!insert into)[^\"])*?on conflict \(([^)]*)\)", text)
        assert len(clauses) == len(re.findall("on conflict", text)), path
        found |= {(("countersign." if at == "@@" else "auth.") + table, tuple(sorted(columns.split(", ")))) for at, table, columns in clauses}
    return found


def restores_that_broke_off(pg):
    """A database whose restore ended before a key was made: check-db, check-config and the start name it. Each ON CONFLICT's key, every other primary
    key, and the foreign keys by which rows go with their user."""
    dsn = pg.create("halfway")
    c = Countersign(binary, env={"DATABASE_URL": dsn})
    try:
        assert c.command("migrate").returncode == 0
        assert c.command("check-db").stdout == "ok\n"
        rows = pg.sql("select c.conrelid::regclass, c.conname, c.contype, pg_get_constraintdef(c.oid), (select string_agg(attname, ', ' order by attname::text collate \"C\") "
                      "from pg_attribute where attrelid = c.conrelid and attnum = any(c.conkey)) from pg_constraint c where c.contype in ('p', 'u', 'f') and "
                      "(c.connamespace = 'countersign'::regnamespace or (c.connamespace = 'auth'::regnamespace and c.conrelid::regclass::text ~ "
                      "'^auth.(users|identities|sessions|refresh_tokens|mfa_.*|one_time_tokens)$' and c.confrelid::regclass::text !~ 'oauth'))", "halfway")
        needed, uses = keys_of_statements(), set()
        for table, name, kind, definition, columns in rows:
            if name in ("mfa_factors_last_challenged_at_key", "amr_id_pk"):     # nothing here relies on them
                continue
            again = "; ".join("alter table %s add constraint %s %s" % tuple(r) for r in pg.sql(
                "select conrelid::regclass, conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'f' and confrelid = '%s'::regclass" % table, "halfway"))
            pg.sql("alter table %s drop constraint %s cascade" % (table, name), "halfway")
            out = c.command("check-db")
            said = "the %s key of %s (%s)" % ("foreign" if kind == "f" else "unique", table, columns)
            assert out.returncode == 1 and said in out.stdout and "pg_restore --exit-on-error" in out.stdout, (said, out.stdout, out.stderr)
            if (table, tuple(columns.split(", "))) in needed and len(uses) < 3 or (table, columns) == ("countersign.facts", "name"):
                for call in (("serve", "--once"), ("check-config",), ("migrate",)):
                    out = c.command(*call)
                    assert out.returncode == 1 and said in out.stderr and "cannot be reached" not in out.stderr, (call, out.stdout, out.stderr)
            uses.add((table, tuple(columns.split(", "))))
            pg.sql("alter table %s add constraint %s %s; %s" % (table, name, definition, again if kind == "p" else ""), "halfway")
        assert needed <= uses, needed - uses
        pg.sql("drop index auth.users_email_partial_key", "halfway")
        assert "the unique key of auth.users (email)" in c.command("check-db").stdout
        pg.sql("create index users_email_partial_key on auth.users (email)", "halfway")
        assert c.command("check-db").returncode == 1
    finally:
        c.discard()


def a_key_goes_while_it_serves(pg):
    """A key that is missing all at once: 500 at what needs it and a line that says where to look; nothing is called an outage."""
    for table, key in (("auth.mfa_amr_claims", "mfa_amr_claims_session_id_authentication_method_pkey"), ("countersign.sign_in_networks", "sign_in_networks_pkey"),
                       ("countersign.facts", "facts_pkey"), ("countersign.password_guards", "password_guards_pkey"), ("countersign.ghosts", "ghosts_pkey")):
        name = key.split("_")[0] + "_" + key.split("_")[1]
        with Nodes(pg.create(name), 1, binary=binary) as nodes:
            s = nodes.server()
            u = s.sign_up()
            pg.sql("alter table %s drop constraint %s" % (table, key), name)
            asked = [s.sign_in(u.email, u.password), s.sign_in(u.email, "wrong"), s.call("POST", "/signup", {"email": addr(), "password": PW}),
                     s.call("POST", "/recover", {"email": u.email}), s.call("POST", "/recover", {"email": addr()}), u.refreshed()]
            assert not [a for a in asked if a.status not in (200, 400, 500)], [a.short() for a in asked]
            assert key == "facts_pkey" or 500 in [a.status for a in asked], (key, [a.short() for a in asked])
            log = nodes.nodes[0].log_text()
            assert "is away" not in log and "was lost" not in log, log[-2000:]
            lines = [x for x in failures(nodes) if x["level"] == "error"]
            assert key == "facts_pkey" or lines and all(x["sqlstate"] == "42P10" and "check-db" in x["advice"] for x in lines), lines


def main():
    t = Tally()
    with Postgres() as pg:
        dsn = pg.create("project")
        with Nodes(dsn, 2, binary=binary) as nodes:
            with open(os.path.join(HERE, "..", "support", "project.sql")) as f:
                pg.sql(f.read(), "project")
            p = Project(pg, nodes, "project")
            for fn in (profiles_are_made, what_the_application_refuses, what_keeps_a_user, what_is_not_there, what_the_log_says, policies, two_want_the_same):
                t.step(fn.__doc__, fn, p)
        for fn in (few_connections, no_room_at_all, other_encodings, messages_without_a_data_folder, restores_that_broke_off,
                   a_key_goes_while_it_serves):
            t.step(fn.__doc__, fn, pg)
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
