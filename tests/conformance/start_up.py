#!/usr/bin/env python3
"""How the program starts, stops and explains itself, seen from outside: start_up.py [--binary FILE]

Without any setting: the folder, the keys, the banner and a second start. With settings: what is refused and how it says so.
"""
import argparse, contextlib, json, os, re, signal, socket, sqlite3, stat, sys, tempfile, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from countersign import SECRET, Countersign, default_binary  # noqa: E402
from tally import Tally  # noqa: E402
from wire import claims_of  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true")
a = p.parse_args()
tally = Tally()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def first_start():
    with Countersign(a.binary, zero_config=True) as c:
        data = os.path.join(c.folder, "countersign-data")
        assert mode(data) == 0o700, "the data folder has mode %o" % mode(data)
        for name in ("countersign.db.jwt-secret", "countersign.db.encryption-key"):
            assert mode(os.path.join(data, name)) == 0o600, "%s has mode %o" % (name, mode(os.path.join(data, name)))
        assert mode(os.path.join(data, "countersign.db")) & 0o077 == 0, "the database is readable by others"
        keys = c.keys()
        banner = "\n".join(c.banner)
        assert keys["url"] == c.base and keys["anon_key"] in banner and keys["service_role_key"] in banner and c.base in banner, banner
        assert keys["jwt_secret"] not in banner, "the signing secret stands in the banner"
        assert "create_client" in banner and "createClient" in banner, "the snippets are missing: " + banner
        assert "countersign-data" in banner and re.search("ctrl.?c|stop", banner, re.I), "how to stop and where the data is: " + banner
        assert claims_of(keys["anon_key"])["role"] == "anon" and claims_of(keys["service_role_key"])["role"] == "service_role"
        with open(os.path.join(data, "countersign.db.jwt-secret")) as f:
            secret = f.read().strip()
        assert secret == keys["jwt_secret"] and len(secret) >= 32, len(secret)
        s = c.server(secret=secret)
        u = s.sign_up()
        assert s.call("GET", "/admin/users", token=keys["service_role_key"]).status == 200
        assert s.call("GET", "/admin/users", token=keys["anon_key"]).status == 403
        assert s.call("POST", "/signup", {}).json["user"]["is_anonymous"] is True
        claims = claims_of(u.token)
        assert claims["aud"] == "authenticated" and claims["role"] == "authenticated" and claims["iss"], claims
        c.stop()
        time.sleep(1.1)     # the keys have a date in them, in seconds
        c.start()
        assert c.keys() == {**keys, "url": c.base}, "the second start made other keys"
        s.port = c.port
        assert s.call("GET", "/user", token=u.token).status == 200
        assert u.refreshed().status == 200
        assert keys["anon_key"] in "\n".join(c.banner)


def once():
    c = Countersign(a.binary, zero_config=True)
    try:
        out = c.command("serve", "--once", "--port", str(c.port))
        assert out.returncode == 0 and "Countersign is ready: http://127.0.0.1:%d" % c.port in out.stdout, (out.returncode, out.stdout, out.stderr[-300:])
    finally:
        c.discard()


def data_dir():
    with tempfile.TemporaryDirectory() as folder:
        c = Countersign(a.binary, zero_config=True)
        try:
            c.args = ["--data-dir", os.path.join(folder, "deep", "place")]
            os.mkdir(os.path.join(folder, "deep"))
            c.start()
            assert os.path.exists(os.path.join(folder, "deep", "place", "countersign.db"))
            assert not os.path.exists(os.path.join(c.folder, "countersign-data"))
            assert c.command("check-db", "--data-dir", os.path.join(folder, "deep", "place")).returncode == 0
            c.stop()
        finally:
            c.discard()


def signals():
    for sig in (signal.SIGTERM, signal.SIGINT):
        with Countersign(a.binary) as c:
            u = c.server().sign_up()
            c.stop(sig)
            c.start()
            s = c.server()
            assert s.call("GET", "/user", token=u.token).status == 200


def stops_while_busy():
    import threading
    with Countersign(a.binary) as c:
        s, over, seen = c.server(), threading.Event(), []
        u = s.sign_up()

        def client():
            while not over.is_set():
                try:
                    seen.append(s.call("PUT", "/user", {"data": {"n": 1}}, u.token, keep=False).status)
                except OSError:
                    return
                except Exception as e:
                    if "Remote end closed" in str(e) or "IncompleteRead" in type(e).__name__:
                        return
                    raise
        threads = [threading.Thread(target=client) for _ in range(8)]
        for t in threads:
            t.start()
        time.sleep(0.5)
        c.stop()
        over.set()
        for t in threads:
            t.join(30)
        assert seen and all(x in (200, 503) for x in seen), set(seen)


def second_server():
    with Countersign(a.binary) as c:
        rival = Countersign(a.binary, env={"DATABASE_URL": "sqlite:" + c.database})
        try:
            out = rival.command("serve", timeout=20)
            said = out.stdout + out.stderr
            assert out.returncode != 0 and c.database in said, (out.returncode, said[-400:])
            assert re.search("another|already|in use|locked", said, re.I), said[-400:]
        finally:
            rival.discard()
        assert c.server().call("GET", "/health").status == 200


def port_taken():
    """A port that cannot be had, of the API or of the metrics, is said, and nothing has been made by then."""
    with Countersign(a.binary) as c:
        metrics = {"GOTRUE_METRICS_ENABLED": "true", "OTEL_EXPORTER_PROMETHEUS_PORT": str(c.port)}
        for env in ({"PORT": str(c.port)}, metrics, {"GOTRUE_API_HOST": "203.0.113.7"}):
            port = "203.0.113.7" if "GOTRUE_API_HOST" in env else str(c.port)
            rival = Countersign(a.binary, zero_config=True, env=env)
            try:
                out = rival.command("serve", timeout=20)
                said = out.stdout + out.stderr
                assert out.returncode != 0 and port in said and "ready" not in out.stdout, (out.returncode, said[-400:])
                assert os.listdir(rival.folder) in ([], ["server.log"]), (env, os.listdir(rival.folder))
            finally:
                rival.discard()


def shell_beside():
    """The sqlite3 module (as the shell does) reads and writes the file beside the running server."""
    with Countersign(a.binary) as c:
        s = c.server()
        u = s.sign_up()
        u.enroll()
        for n in range(5):
            db = sqlite3.connect(c.database, timeout=10)
            assert db.execute("select count(*) from mfa_factors").fetchone()[0] == 1
            db.execute("update mfa_factors set friendly_name = ?", ("renamed %d" % n,))
            db.commit()
            db.close()
            assert s.call("GET", "/user", token=u.token).json["factors"][0]["friendly_name"] == "renamed %d" % n
            assert s.call("PUT", "/user", {"data": {"n": n}}, u.token).status == 200
        c.check_db()


def damaged_database():
    with Countersign(a.binary) as c:
        s = c.server()
        for _ in range(3):
            s.sign_up()
        c.stop()
        c.check_db()
        with sqlite3.connect(c.database) as db:
            db.execute("pragma wal_checkpoint(truncate)")
        size = os.path.getsize(c.database)
        with open(c.database, "r+b") as f:
            f.seek(size // 2)
            f.write(b"\xa5" * min(8192, size // 2))
        out = c.command("check-db")
        assert out.returncode == 1 and (out.stdout + out.stderr).strip() not in ("", "ok"), (out.returncode, out.stdout)
        out = c.command("check-db", "--data-dir", os.path.join(c.folder, "nowhere"), env={"PATH": os.environ["PATH"]})
        assert out.returncode != 0, "a database that is not there is said to be in order"


def settings():
    bad = [("PORT", "x"), ("PORT", "70000"), ("GOTRUE_JWT_EXP", "soon"), ("GOTRUE_MAILER_AUTOCONFIRM", "maybe"), ("GOTRUE_SESSIONS_TIMEBOX", "5"), ("DATABASE_URL", "mysql://x"),
           ("GOTRUE_SITE_URL", "not a url"), ("GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION", "7"), ("GOTRUE_MFA_MAX_ENROLLED_FACTORS", "many")]
    for name, value in bad:
        c = Countersign(a.binary, env={name: value})
        try:
            for words in (("check-config",), ("serve", "--once")):
                out = c.command(*words, timeout=20)
                said = out.stdout + out.stderr
                shown = value in said or name == "DATABASE_URL"          # which may hold a password
                assert out.returncode != 0 and name in said and shown, "%s=%s with %s: exit %d: %s" % (name, value, words[0], out.returncode, said[-300:])
        finally:
            c.discard()


def files_below(folder):
    """Path, content and time of change of each file."""
    paths = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    return {p: (os.stat(p).st_mtime_ns, open(p, "rb").read()) for p in paths}


def older_schema():
    """A schema that a start brings up: a line of the log says so before each step, and that a backup is the way back; a new database has none; COUNTERSIGN_MIGRATE=false refuses, and where the port is taken nothing is changed."""
    c = Countersign(a.binary)
    try:
        c.start()
        u = c.server().sign_up()
        c.stop()
        assert "the schema is changed" not in c.log_text(), c.log_tail()
        with contextlib.closing(sqlite3.connect(c.database)) as db, db:
            newest, name = db.execute("select version, name from schema_version order by version desc limit 1").fetchone()
            assert name == "strangers", "undo the newest step here: %s" % name
            db.executescript("drop table send_pauses; drop table ghosts; drop table sign_in_networks; drop index password_guards_account_idx; alter table password_guards drop column account; "
                             "delete from schema_version where version = %d" % newest)
        with socket.create_server(("127.0.0.1", 0)) as rival:
            port, before = str(rival.getsockname()[1]), files_below(c.folder)
            out = c.command("serve", "--host", "127.0.0.1", "--port", port, timeout=20)
            assert out.returncode != 0 and port in out.stderr, (out.returncode, out.stderr)
            assert c.database in before and files_below(c.folder) == before, (sorted(before), sorted(files_below(c.folder)))
        out = c.command("serve", "--once", env={**c.environment(), "COUNTERSIGN_MIGRATE": "false"}, timeout=60)
        assert out.returncode != 0 and "countersign migrate" in out.stderr, out.stderr
        c.start()
        lines = [json.loads(x) for x in c.log_text().splitlines() if '"the schema is changed' in x]
        assert [(x["level"], x["from"], x["to"], x["step"]) for x in lines] == [("warning", newest - 1, newest, name)] and "backup" in lines[0]["msg"], lines
        assert c.server().call("GET", "/user", token=u.token).status == 200
        c.stop()
    finally:
        c.discard()


def warnings():
    c = Countersign(a.binary, env={"GOTRUE_NO_SUCH_SETTING": "1", "GOTRUE_EXTERNAL_GOOGLE_ENABLED": "true", "GOTRUE_SMTP_PORT": ""})
    try:
        out = c.command("check-config")
        said = out.stdout + out.stderr
        assert out.returncode == 0 and "GOTRUE_NO_SUCH_SETTING" in said and "GOTRUE_EXTERNAL_GOOGLE_ENABLED" in said, (out.returncode, said)
        assert SECRET not in said, "the secret is printed"
    finally:
        c.discard()


def config_file():
    c = Countersign(a.binary)
    try:
        env = c.environment()
        path = os.path.join(c.folder, "settings.env")
        with open(path, "w") as f:
            f.write("# a comment\n\nexport GOTRUE_JWT_EXP=120\n" + "".join('%s="%s"\n' % (k, v) for k, v in env.items() if k.startswith(("GOTRUE_", "DATABASE_", "PORT", "API_"))))
        bare = {"PATH": os.environ["PATH"]}
        out = c.command("check-config", "--config", path, env=bare)
        assert out.returncode == 0, out.stdout + out.stderr
        c.environment, c.args = lambda: bare, ["--config", path]
        c.start()
        claims = claims_of(c.server().sign_up().token)
        assert claims["exp"] - claims["iat"] == 120, claims
        c.stop()
        out = c.command("check-config", "--config", path + ".none", env=bare)
        assert out.returncode != 0 and ".none" in out.stdout + out.stderr, (out.returncode, out.stderr)
        with open(path, "a") as f:
            f.write('BROKEN="\n')
        out = c.command("check-config", "--config", path, env=bare)
        assert out.returncode != 0, "an unclosed quote is taken"
    finally:
        c.discard()


def helps():
    c = Countersign(a.binary)
    try:
        for words in (("--help",), ("serve", "--help"), ("keys", "--help"), ("version", "--help"), ("check-config", "--help"), ("check-db", "--help")):
            out = c.command(*words)
            assert out.returncode == 0 and len(out.stdout) > 20 and (words[0] if len(words) > 1 else "serve") in out.stdout, (words, out.returncode, out.stdout, out.stderr)
        out = c.command("version")
        assert out.returncode == 0 and re.search(r"\d+\.\d+\.\d+", out.stdout), out.stdout
        for words in (("nonsense",), ("serve", "--nonsense"), ("keys", "extra"), ("serve", "--port"), ("serve", "--port", "x")):
            out = c.command(*words, timeout=20)
            assert out.returncode not in (0, -6, -11) and out.stderr.strip(), (words, out.returncode, out.stdout, out.stderr)
        out = c.command()
        assert "serve" in out.stdout + out.stderr
    finally:
        c.discard()


def logs():
    with Countersign(a.binary) as c:
        s = c.server()
        u = s.sign_up(password="a password that is nowhere 42")
        e = u.enroll().json["totp"]
        u.with_totp("second")
        s.call("GET", "/user?apikey=in-the-query-7", token=u.token)
        s.call("GET", "/nope", headers={"X-Evil": "x\x1b[31m"})
        c.stop()
        text = c.log_text()
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        assert lines, "nothing was logged"
        for needle in (e["secret"], u.password, u.refresh, u.token, u.secret, SECRET, "in-the-query-7"):
            assert needle not in text, "a secret is in the log: " + needle[:12] + "…"
        assert any("/factors" in json.dumps(line) and "200" in json.dumps(line) for line in lines), text[-500:]


for name, call in (("first start without settings, and the second", first_start), ("--once", once), ("--data-dir", data_dir), ("SIGTERM and SIGINT", signals), ("stopping while busy", stops_while_busy),
                   ("a second server on the file is refused", second_server), ("a taken port", port_taken), ("sqlite3 beside the running server", shell_beside),
                   ("check-db finds damage", damaged_database), ("bad settings", settings), ("warnings", warnings), ("an older schema", older_schema), ("--config FILE", config_file), ("help and usage", helps),
                   ("the log is JSON and holds no secret", logs)):
    tally.step(name, call)
sys.exit(tally.close())
