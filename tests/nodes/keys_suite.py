#!/usr/bin/env python3
"""The keys that encrypt the database: a start, check-db and copies with a key that is missing or another one; encryption turned on for a database in use;
a key that changes; a key that is lost; files beside a restored SQLite database. On PostgreSQL and SQLite. keys_suite.py [--binary FILE]; ends with
'N passed, N failed'."""
import contextlib, json, os, re, shutil, sqlite3, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "conformance")]
from accounts import is_  # noqa: E402
from checks import again, mfa_user  # noqa: E402
from countersign import Countersign, default_binary  # noqa: E402
from nodes import Nodes  # noqa: E402
from postgres import Postgres  # noqa: E402
from tally import Tally  # noqa: E402

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
ID, KEY, OLD = ("GOTRUE_SECURITY_DB_ENCRYPTION_" + n for n in ("ENCRYPTION_KEY_ID", "ENCRYPTION_KEY", "DECRYPTION_KEYS"))


def generated():
    """A key as `keys generate` prints it."""
    c = Countersign(binary)
    try:
        return json.loads(c.command("keys", "generate", "--json").stdout)
    finally:
        c.discard()


def with_key(key):
    return {ID: key[ID], KEY: key[KEY]}


def command(dsn, *words, **env):
    c = Countersign(binary, env={"DATABASE_URL": dsn, **env})
    try:
        return c.command(*words, timeout=90)
    finally:
        c.discard()


def refused(dsn, *words, **env):
    """serve, check-db and check-config all say no, and why; no key is in what they say."""
    for call in (("serve", "--once"), ("check-db",), ("check-config",)):
        out = command(dsn, *call, **env)
        text = out.stdout + out.stderr
        assert out.returncode not in (0, None) and out.returncode > 0, (call, out.returncode, text)
        for word in words:
            assert word in text, (call, word, text)
        assert not any(value in text for name, value in env.items() if name == KEY), text


def served(dsn, **env):
    out = command(dsn, "serve", "--once", **env)
    assert out.returncode == 0, (out.returncode, out.stderr)
    out = command(dsn, "check-db", **env)
    assert out.returncode == 0 and out.stdout.strip().endswith("ok"), (out.stdout, out.stderr)
    out = command(dsn, "check-config", **env)
    assert out.returncode == 0 and " (reached)" in out.stdout, (out.stdout, out.stderr)


def plain(pg, name):
    """How many long-lived secrets of the database are not encrypted."""
    return [int(pg.sql("select count(*) from auth.%s where coalesce(%s, '') <> '' and %s not like '{\"key_id\":%%'" % (t, c, c), name)[0][0])
            for t, c in (("users", "encrypted_password"), ("mfa_factors", "secret"), ("sessions", "refresh_token_hmac_key"))]


def a_key_as_settings(_pg):
    """`keys generate` prints a new key each time, as lines that a file of settings takes; --jwt-secret prints a secret."""
    c = Countersign(binary)
    try:
        out = c.command("keys", "generate")
        lines = dict(line.split("=", 1) for line in out.stdout.splitlines())
        assert set(lines) == {"GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPT", ID, KEY} and lines[ID].startswith("k-") and len(lines[KEY]) == 43, lines
        assert c.command("keys", "generate").stdout != out.stdout
        settings = os.path.join(c.folder, "settings.env")
        with open(settings, "w") as f:
            f.write(out.stdout)
        assert c.command("serve", "--once", "--config", settings).returncode == 0
        secret = c.command("keys", "generate", "--jwt-secret").stdout
        assert re.fullmatch(r"GOTRUE_JWT_SECRET=[\w-]{64}\n", secret), secret
    finally:
        c.discard()


def turned_on(pg):
    """Encryption is turned on for a database in use: nodes get the key one after the other, `keys encrypt` runs beside them, people notice nothing."""
    dsn, key = pg.create("turned"), generated()
    with Nodes(dsn, 1, binary=binary) as nodes:
        s = nodes.server()
        log = nodes.nodes[0].log_text()
        assert "stored unencrypted" in log and "keys generate" in log, log[:2000]
        users = [s.sign_up() for _ in range(5)]
        u = mfa_user(s)
        out = command(dsn, "keys", "encrypt")
        assert out.returncode == 1 and "keys generate" in out.stderr, (out.returncode, out.stderr)
        assert plain(pg, "turned")[0] == 6
    with Nodes(dsn, 2, binary=binary, **with_key(key)) as nodes:
        s = nodes.server()
        u.server = s
        is_(u.refreshed(), 200)
        out = command(dsn, "keys", "encrypt", "--json", **with_key(key))
        assert out.returncode == 0, (out.returncode, out.stderr)
        said = json.loads(out.stdout)
        assert said["users"] == 6 and said["mfa_factors"] == 1 and said["sessions"] >= 5, said
        assert plain(pg, "turned") == [0, 0, 0]
        second = json.loads(command(dsn, "keys", "encrypt", "--json", **with_key(key)).stdout)
        assert set(second.values()) == {0}, second
        for v in users:
            is_(s.sign_in(v.email, v.password), 200)
        is_(again(u), 200)
    refused(dsn, key[ID], ID, OLD)
    refused(dsn, key[ID], "not the one", **{ID: key[ID], KEY: generated()[KEY]})
    served(dsn, **with_key(key))


def changed(pg):
    """A key takes another's place: the old one is needed until `keys encrypt` has run, and is forgotten then."""
    dsn, old, new = pg.create("changed"), generated(), generated()
    with Nodes(dsn, 1, binary=binary, **with_key(old)) as nodes:
        u = mfa_user(nodes.server())
    refused(dsn, old[ID], **with_key(new))
    both = {**with_key(new), OLD: old[ID] + ":" + old[KEY]}
    served(dsn, **both)
    refused(dsn, old[ID], **with_key(new))
    out = command(dsn, "keys", "encrypt", **both)
    assert out.returncode == 0 and new[ID] in out.stdout, (out.stdout, out.stderr)
    with Nodes(dsn, 1, binary=binary, **with_key(new)) as nodes:
        s = nodes.server()
        v = s.sign_in(u.email, u.password)
        is_(v, 200)
        u.server = s
        u.take(v.json)
        is_(again(u), 200)
    assert pg.sql("select name from countersign.facts where name like 'key_check:%'", "changed") == [["key_check:" + new[ID]]]


def of_another_server(pg):
    """A database that only another server wrote to so far: its first start here finds out that the key is missing or another one."""
    dsn, key = pg.create("theirs"), generated()
    with Nodes(dsn, 1, binary=binary, **with_key(key)) as nodes:
        nodes.server().sign_up()
    pg.sql("delete from countersign.facts", "theirs")
    refused(dsn, key[ID])
    refused(dsn, "not the one", **{ID: key[ID], KEY: generated()[KEY]})
    served(dsn, **with_key(key))


def rows_that_nobody_can_read(pg):
    """A password, a factor, a session whose key is not at hand: 500 and a line in the log that names key and setting, never "wrong password"."""
    dsn, key = pg.create("rows"), generated()
    with Nodes(dsn, 1, binary=binary, **{**with_key(key), "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD": "true"}) as nodes:
        s = nodes.server()
        u = mfa_user(s)
        for table, column in (("users", "encrypted_password"), ("mfa_factors", "secret"), ("sessions", "refresh_token_hmac_key")):
            pg.sql("update auth.%s set %s = replace(%s, '%s', 'k-gone')" % (table, column, column, key[ID]), "rows")
        is_(s.sign_in(u.email, u.password), 500, "unexpected_failure", "Database error querying schema")
        is_(s.call("PUT", "/user", {"password": "another good password"}, u.token), 500, "unexpected_failure")
        assert u.refreshed().status == 500
        c = is_(u.challenge(u.factor), 200).json["id"]
        is_(u.verify(u.factor, c, "123456"), 500, "unexpected_failure", "Database error verifying MFA TOTP secret")
        log = [json.loads(line) for line in nodes.nodes[0].log_text().splitlines() if "cannot be decrypted" in line]
        assert len(log) >= 4 and all(x["level"] == "error" and x["key"] == "k-gone" and OLD in x["why"] for x in log), log


def lost(pg):
    """`keys forget` goes on without a key that is lost: what it encrypted goes, all else stays, and its people get in by a mailed link."""
    dsn, key, new = pg.create("lost"), generated(), generated()
    with Nodes(dsn, 1, binary=binary) as nodes:
        before = nodes.server().sign_up()
    with Nodes(dsn, 1, binary=binary, **with_key(key)) as nodes:
        u = mfa_user(nodes.server())
    refused(dsn, "keys forget", **with_key(new))
    out = command(dsn, "keys", "forget", key[ID])
    assert out.returncode == 2 and "--yes" in out.stderr, (out.returncode, out.stderr)
    out = command(dsn, "keys", "forget", key[ID], "--yes", "--json")
    gone = json.loads(out.stdout)
    assert (gone["users"], gone["mfa_factors"]) == (1, 1), gone
    with Nodes(dsn, 1, binary=binary, **with_key(new)) as nodes:
        s = nodes.server()
        is_(s.sign_in(before.email, before.password), 200)
        is_(s.sign_in(u.email, u.password), 400, "invalid_credentials")
        assert pg.sql("select count(*) from auth.sessions s join auth.users u on u.id = s.user_id where u.email = '%s'" % u.email, "lost") == [["0"]]
        made = is_(s.call("POST", "/admin/generate_link", {"type": "magiclink", "email": u.email}, s.admin_token()), 200).json
        is_(s.call("POST", "/verify", {"type": "magiclink", "token_hash": made["hashed_token"]}), 200)


def files(_pg):
    """An SQLite file that came back without jwt-secret or encryption-key: the start names the file and how to go on, and makes none."""
    c = Countersign(binary, env={"GOTRUE_JWT_SECRET": None})
    try:
        with_files = c.start().server()
        email = with_files.sign_up().email
        c.stop()
        for name, words in (("jwt-secret", ("keys generate --jwt-secret", "GOTRUE_JWT_SECRET")), ("encryption-key", ("keys forget", "restore that file"))):
            path = c.database + "." + name
            shutil.move(path, path + ".away")
            out = c.command("serve", "--once")
            assert out.returncode == 1 and name + " is missing" in out.stderr and all(w in out.stderr for w in words), (out.returncode, out.stderr)
            assert not os.path.exists(path)
            if name == "encryption-key":
                out = c.command("check-db")
                assert out.returncode == 1 and "k-" in out.stdout, (out.stdout, out.stderr)
                key_id = re.search(r"k-[0-9a-f]{12}", out.stdout).group()
            shutil.move(path + ".away", path)
        assert c.start().server().sign_in(email, "wrong").status == 400
        c.stop()
        os.unlink(c.database + ".encryption-key")
        out = c.command("keys", "forget", key_id, "--yes")
        assert out.returncode == 0 and "1 passwords emptied" in out.stdout, (out.stdout, out.stderr)
        c.start().server().sign_up()
        c.stop()
        c.changes["GOTRUE_JWT_SECRET"] = "a secret from the settings of thirty-two characters"
        os.unlink(c.database + ".jwt-secret")
        c.start().stop()
    finally:
        c.discard()


def lost_file(_pg):
    """Key files without their SQLite file, or beside an empty one: serve, migrate, check-db and check-config say so, make nothing and name both ways on."""
    c = Countersign(binary, env={"GOTRUE_JWT_SECRET": None})

    def refused_as(what):
        for call in (("serve", "--once"), ("migrate",), ("check-db",), ("check-config",)):
            out = c.command(*call)
            text = out.stdout + out.stderr
            assert out.returncode == 1 and all(w in text for w in ("%s %s" % (c.database, what), "-key" if what == "is empty" else ".jwt-secret", "from a backup", "move its key files")), (call, text)
    try:
        email = c.start().server().sign_up().email
        c.stop()
        away = c.database + ".away"
        shutil.move(c.database, away)
        refused_as("is missing")
        assert not os.path.exists(c.database)
        os.rename(c.database + ".jwt-secret", away + ".secret")         # one of the two is enough
        open(c.database, "w").close()
        refused_as("is empty")
        assert os.path.getsize(c.database) == 0
        os.rename(away + ".secret", c.database + ".jwt-secret")
        with contextlib.closing(sqlite3.connect(c.database)) as db:
            db.execute("vacuum")
        refused_as("has no tables")
        shutil.move(away, c.database)
        assert c.start().server().sign_in(email, "wrong").status == 400
        c.stop()
        c.check_db()
        for name in ("", ".jwt-secret", ".encryption-key"):
            shutil.move(c.database + name, away + name)
        c.start().server().sign_up()
        c.stop()
    finally:
        c.discard()


def a_first_start_that_failed(_pg):
    """Key files of a first start that failed, or beside tables that nobody used, stop no other; nor does an empty file without key files."""
    for secret in (None, "a secret from the settings of thirty-two characters"):
        c = Countersign(binary, env={"GOTRUE_JWT_SECRET": secret, "COUNTERSIGN_MAIL_DIR": "/dev/null/mails", "GOTRUE_SMTP_HOST": None})
        try:
            open(c.database, "w").close()
            out = c.command("check-db")
            assert out.returncode == 0 and "at version 0" in out.stdout, (out.stdout, out.stderr)
            out = c.command("serve", "--once")
            assert out.returncode == 1 and "COUNTERSIGN_MAIL_DIR" in out.stderr, out.stderr
            assert os.path.exists(c.database + ".encryption-key"), os.listdir(c.folder)
            with contextlib.closing(sqlite3.connect(c.database)) as db, db:
                db.execute("delete from facts")
            del c.changes["COUNTERSIGN_MAIL_DIR"]
            c.start().server().sign_up()
            c.stop()
            c.check_db()
        finally:
            c.discard()


def main():
    t = Tally()
    with Postgres() as pg:
        for fn in (a_key_as_settings, turned_on, changed, of_another_server, rows_that_nobody_can_read, lost, files, lost_file, a_first_start_that_failed):
            t.step(fn.__doc__, fn, pg)
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
