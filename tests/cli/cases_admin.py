"""The admin commands: the same ones by HTTP with the service key and, with the server stopped, on the database file."""
import glob, os, re, sys
from bench import PASSWORD, ROOT, App, Home, free_port
from terminal import Terminal


class Way:
    """How the admin commands reach the accounts: by HTTP, or on the file while the server is stopped."""
    def __init__(self, server, name, options):
        self.server, self.name, self.options = server, name, options
        self.home = Home(server, "admin-%s" % name)
        if not options:
            self.home.with_service_key()

    def run(self, *args, **more):
        if self.options:
            self.server.stop()
        try:
            return self.home.run("admin", *args, *self.options, **more)
        finally:
            if self.options:
                self.server.start()


def ways(server):
    return [Way(server, "http", []), Way(server, "file", ["--db", os.path.join(server.data, "countersign.db")]), Way(server, "folder", ["--data-dir", server.data])]


def case_users(server):
    """user create, list, show, ban, unban, delete: by HTTP, on the file, in the data folder"""
    for way in ways(server):
        email = "user-%s@example.com" % way.name
        made = way.run("user", "create", email, "--user-metadata", '{"n":1}', "--json", stdin=PASSWORD + "\n").ok().json
        assert made["user_metadata"]["n"] == 1 and made["email"] == email, made
        Home(server, "check-" + way.name).sign_in(email)
        way.run("user", "create", email, stdin=PASSWORD + "\n").ends(1, "email_exists")
        assert email in way.run("user", "list").ok("ADDRESS").out
        listed = way.run("user", "list", "--filter", "user-" + way.name, "--json").ok().json
        assert [u["email"] for u in listed] == [email], listed
        way.run("user", "show", email.upper()).ok(made["id"], "confirmed", '{"n":1}' if way.name == "x" else "user data")
        assert way.run("user", "show", made["id"], "--json").ok().json["email"] == email
        way.run("user", "ban", email, "--for", "24h").ok("Banned " + email, "Next: countersign admin user unban " + made["id"])
        Home(server, "banned-" + way.name).run("login", email, stdin=PASSWORD + "\n").ends(1, "user_banned")
        way.run("user", "show", email).ok("banned to")
        assert not way.run("user", "unban", made["id"], "--json").ok().json.get("banned_until")
        Home(server, "free-" + way.name).sign_in(email)
        way.run("user", "delete", email).ends(2, "--yes")
        way.run("user", "delete", email, "--yes").ok("Deleted " + email)
        way.run("user", "show", email).ends(1, "no user with the address", "Next: countersign admin user list")
        way.run("user", "show", made["id"]).ends(1, "user_not_found", "Next: countersign admin user list")


def case_factors(server):
    """factor list, unlock, delete: a factor locked by wrong codes is unlocked by HTTP and on the file"""
    for way in ways(server):
        email = "mfa-%s@example.com" % way.name
        way.run("user", "create", email, stdin=PASSWORD + "\n").ok()
        h = Home(server, "mfa-" + way.name).sign_in(email)
        made = h.run("mfa", "enroll", "--name", "phone", "--json").ok().json
        app = App(made["totp"]["secret"])
        h.run("mfa", "challenge-and-verify", "phone", stdin=app.code() + "\n").ok()
        for _ in range(30):
            out = h.run("mfa", "challenge-and-verify", "phone", stdin=app.wrong() + "\n").ends(1)
            if "over_request_rate_limit" in out.err:
                break
        assert "over_request_rate_limit" in out.err and "Next: try again in" in out.err, "wrong codes did not lock the factor: %r" % out
        h.run("mfa", "challenge-and-verify", "phone", stdin=app.code() + "\n").ends(1, "over_request_rate_limit")
        way.run("factor", "unlock", email, "phone").ok("Unlocked the factor phone of " + email)
        h.run("mfa", "challenge-and-verify", "phone", stdin=app.code() + "\n").ok("aal2")
        way.run("factor", "list", email).ok("phone", "verified", made["id"])
        assert [f["id"] for f in way.run("factor", "list", email, "--json").ok().json] == [made["id"]]
        way.run("factor", "unlock", email, "tablet").ends(1, 'has no factor "tablet"', "Next: countersign admin factor list")
        assert way.run("factor", "unlock", email, made["id"], "--json").ok().json["id"] == made["id"]
        way.run("factor", "delete", email, "phone").ends(2, "--yes")
        assert way.run("factor", "delete", email, "phone", "--yes", "--json").ok().json == {"id": made["id"]}
        h.run("mfa", "list").ok("No factors yet")
        way.run("factor", "list", email).ok("No factors.")


def case_create_in_terminal(server):
    """user create asks twice, without echo, and sees that the two differ"""
    h = Home(server, "admin-tty").with_service_key()
    for again, code, text in ((PASSWORD, 0, "Made typed@example.com"), ("another one", 2, "the two passwords differ")):
        t = Terminal([server.binary, "admin", "user", "create", "typed@example.com"], h.env)
        for prompt, line in (("Password of the new account: ", PASSWORD), ("The same again: ", again)):
            t.expect(prompt)
            assert not t.echoes()
            t.send(line)
        assert t.wait() == code and text in t.output and PASSWORD not in t.output, t.output


def case_service_key_prompt(server):
    """the service key is asked for without echo where it is not given"""
    h = Home(server, "admin-key")
    t = Terminal([server.binary, "admin", "user", "list"], h.env)
    t.expect("Service key")
    assert not t.echoes()
    t.send(server.service)
    assert t.wait() == 0 and server.service[:20] not in t.output and "typed@example.com" in t.output, t.output
    h.run("admin", "user", "list").ends(2, "the service key is missing", "COUNTERSIGN_SERVICE_KEY", "--data-dir")
    h.run("admin", "user", "list", "--service-key", server.service).ok("warning: --service-key")


def case_create_forms(server):
    """user create: without a password, by phone, unconfirmed, with metadata that is none"""
    h = Home(server, "admin-forms").with_service_key()
    h.run("admin", "user", "create", "nopass@example.com", "--no-password").ok()
    Home(server, "nopass").run("login", "nopass@example.com", stdin=PASSWORD + "\n").ends(1, "invalid_credentials", "Next: check the address")
    made = h.run("admin", "user", "create", "--phone", "+4915112345678", "--json", env={"COUNTERSIGN_NEW_PASSWORD": PASSWORD}).ok().json
    assert made["phone"] == "4915112345678" and made["phone_confirmed_at"], made
    Home(server, "by-phone").run("login", "--phone", "+4915112345678", stdin=PASSWORD + "\n").ok("4915112345678")
    made = h.run("admin", "user", "create", "new@example.com", "--unconfirmed", "--json", stdin=PASSWORD + "\n").ok().json
    assert not made.get("email_confirmed_at"), made
    Home(server, "unconfirmed").run("login", "new@example.com", stdin=PASSWORD + "\n").ends(1, "email_not_confirmed", "confirmation mail")
    h.run("admin", "user", "create", "x@example.com", "--user-metadata", "[1]", stdin="a\n").ends(2, "JSON object")
    h.run("admin", "user", "create", "x@example.com").ends(2, "there is no password", "--no-password")
    h.run("admin", "user", "create").ends(2, "give an e-mail address")
    h.run("admin", "user", "create", "long@example.com", stdin="x" * 100 + "\n").ends(1, "validation_failed", "72")
    h.run("admin", "user", "create", "not-an-address", stdin=PASSWORD + "\n").ends(1, "validation_failed")


def case_create_weak(server):
    """user create: a password that breaks the server's rules is refused with the rule, and taken with --force"""
    for way in ways(server):
        email = "weak-%s@example.com" % way.name
        way.run("user", "create", email, stdin="abc\n").ends(1, "weak_password", "at least 6 characters", "--force")
        way.run("user", "show", email).ends(1, "no user with the address")
        way.run("user", "create", email, "--force", stdin="abc\n").ok(email)
        Home(server, "weak-" + way.name).run("login", email, stdin="abc\n").ok(email)


def case_pages(server):
    """user list by pages"""
    h = Home(server, "admin-pages").with_service_key()
    first = h.run("admin", "user", "list", "--per-page", "2", "--json").ok().json
    second = h.run("admin", "user", "list", "--per-page", "2", "--page", "2", "--json").ok().json
    assert len(first) == len(second) == 2 and not {u["id"] for u in first} & {u["id"] for u in second}
    h.run("admin", "user", "list", "--per-page", "2").ok("Next: --page 2 may show more")
    h.run("admin", "user", "list", "--page", "99").ok("No users on this page")
    for bad in ("0", "-1", "two", "1x", ""):
        h.run("admin", "user", "list", "--page", bad).ends(2, "--page takes a number from 1")
    h.run("admin", "user", "list", "--filter", "a&per_page=1#%").ok("No users")


def case_large_pages(server):
    """a page of more than 1 MiB, by HTTP and on the file"""
    h = Home(server, "admin-large").with_service_key()
    data = '{"text":"%s"}' % ("x" * 39000)
    for i in range(30):
        h.run("admin", "user", "create", "large%d@example.com" % i, "--no-password", "--user-metadata", data).ok()
    for way in ways(server)[:2]:
        out = way.run("user", "list", "--filter", "large", "--json").ok()
        assert len(out.json) == 30 and len(out.out) > 1100000, len(out.out)


def case_file_in_use(server):
    """on a file that a server holds the commands refuse, and say to use HTTP"""
    h = Home(server, "admin-locked")
    for options in (["--data-dir", server.data], ["--db", os.path.join(server.data, "countersign.db")]):
        h.run("admin", "user", "list", *options).ends(3, "is using", "by HTTP", "COUNTERSIGN_SERVICE_KEY")
        assert '"exit_code":3' in h.run("admin", "user", "list", "--json", *options).ends(3).err
    h.with_service_key().run("admin", "user", "list").ok()


def case_file_is_not_there(server):
    """a database that is not there is not made"""
    h, gone = Home(server, "admin-gone"), os.path.join(server.folder, "gone")
    h.run("admin", "user", "list", "--data-dir", gone).ends(3, "there is no database at", "Next:")
    assert not os.path.exists(gone)
    os.mkdir(gone)
    h.run("admin", "user", "list", "--db", os.path.join(gone, "x.db")).ends(3, "there is no database")
    h.run("admin", "user", "list", "--db", gone).ends(3, "it is not a file")
    text = os.path.join(gone, "text.db")
    with open(text, "w") as f:
        f.write("this is no database\n" * 100)
    out = h.run("admin", "user", "list", "--db", text).ends(3)
    with open(text) as f:
        assert f.read() == "this is no database\n" * 100, "the file was changed"
    assert sorted(os.listdir(gone)) == ["text.db"], (os.listdir(gone), out)


def case_environment_of_the_file(server):
    """--db and --data-dir mean that database, whatever the environment says, and bring no warnings"""
    way = ways(server)[1]
    out = way.run("user", "list", env={"DATABASE_URL": "sqlite:/nowhere/x.db", "COUNTERSIGN_DATA_DIR": "/nowhere", "COUNTERSIGN_SERVICE_KEY": "x"}).ok("typed@example.com")
    assert "warning" not in out.err, out
    out = ways(server)[2].run("user", "list", env={"DATABASE_URL": "sqlite:/nowhere/x.db"}).ok("typed@example.com")
    assert "warning" not in out.err, out


def case_postgres(server):
    """with --config that names a PostgreSQL database the commands work on it"""
    postgres = os.path.join(ROOT, "tests", "support", "postgres.py")
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb") or not os.path.exists(postgres):
        print("note: no PostgreSQL here, so the next case looks at nothing")
        return
    sys.path.insert(0, os.path.dirname(postgres))
    from postgres import Postgres
    with Postgres() as p:
        p.create("cli")
        config = os.path.join(server.folder, "postgres.env")
        with open(config, "w") as f:
            f.write("DATABASE_URL=%s\nGOTRUE_JWT_SECRET=%s\nGOTRUE_SITE_URL=http://localhost\nGOTRUE_EXTERNAL_EMAIL_ENABLED=true\nGOTRUE_API_PORT=%d\nGOTRUE_API_HOST=127.0.0.1\n" % (p.dsn("cli"), "s" * 40, free_port()))
        h = Home(server, "admin-postgres")
        started = h.run("serve", "--config", config, "--once")
        assert started.code == 0, started
        h.run("admin", "user", "create", "pg@example.com", "--config", config, stdin=PASSWORD + "\n").ok("Made pg@example.com")
        h.run("admin", "user", "list", "--config", config).ok("pg@example.com")
        h.run("admin", "user", "ban", "pg@example.com", "--config", config).ok("Banned")


def case_audit(server):
    """what was done on the file stands in the audit log as if done by HTTP"""
    import sqlite3
    server.stop()
    try:
        with sqlite3.connect(os.path.join(server.data, "countersign.db")) as db:
            text = "\n".join(str(row) for row in db.execute("select * from audit_log_entries"))
    finally:
        server.start()
    for word in ("user_deleted", "user-http@example.com", "user-file@example.com"):
        assert word in text, word + " is missing: " + text[-800:]
    assert re.search("service_role", text)
