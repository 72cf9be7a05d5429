"""What is shown: nothing that a terminal acts on, whoever said it; JSON in every outcome; tables that line up; outputs that fail."""
import base64, contextlib, http.server, json, os, signal, socket, sqlite3, subprocess, sys, threading, time, unicodedata, urllib.error, urllib.request
from bench import PASSWORD, Home, free_port
from terminal import Terminal
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jwk  # noqa: E402

TRICKS = "\x1b]0;owned\x07\x1b[2J\r\n\x08\x7f\u009b31m\u202e\u2066\u061c\u200f\ufeff\U000e0041"
KEPT = set("\n")


def b64(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


class Hostile(http.server.BaseHTTPRequestHandler):
    """An auth server all of whose texts are made to play tricks."""
    refuse = False
    factor = {k: "%s%s" % (k, TRICKS) for k in ("id", "friendly_name", "phone", "factor_type", "created_at", "updated_at")}

    always = None

    def answer_of(self, path):
        if self.always is not None:
            return 200, self.always
        factors = [{**self.factor, "status": "verified", "factor_type": "totp"}, {**self.factor, "status": TRICKS, "friendly_name": "", "id": "second" + TRICKS}]
        user = {"id": "34e770dd-9ff9-416c-87fa-43b31d7ef225", "email": "a@b.c" + TRICKS, "phone": TRICKS, "factors": factors, "user_metadata": {TRICKS: TRICKS}, "created_at": TRICKS, "last_sign_in_at": TRICKS, "banned_until": TRICKS, "role": TRICKS}
        if self.refuse:
            return 422, {"code": "weak_password" + TRICKS, "message": "no" + TRICKS, "weak_password": {"reasons": [TRICKS]}}
        if path == "/token" or path.endswith("/verify"):
            claims = {"sub": user["id"], "exp": int(time.time()) + 3600, "aal": "aal1" + TRICKS, "amr": [{"method": TRICKS, "timestamp": 1}]}
            return 200, {"access_token": b64({"alg": "HS256"}) + "." + b64(claims) + ".c2ln", "refresh_token": "r", "expires_in": 3600, "token_type": "bearer", "user": user}
        if path == "/user" or path.startswith("/admin/users/") and not path.endswith("/factors"):
            return 200, user
        if path == "/admin/users":
            return 200, {"users": [user]}
        if path == "/factors":
            return 200, {"id": TRICKS, "type": "totp", "friendly_name": TRICKS, "totp": {"qr_code": "<svg>", "secret": TRICKS, "uri": "otpauth://x" + TRICKS}}
        if path.endswith("/factors"):
            return 200, factors
        if path.endswith("/challenge"):
            return 200, {"id": "c" + TRICKS, "type": TRICKS, "expires_at": 1}
        return 200, {"id": TRICKS, "codes": [TRICKS], "total": 1, "remaining": 1}

    def do(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        code, answer = self.answer_of(self.path.split("?")[0].replace("/auth/v1", "", 1))
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = do_PUT = do_DELETE = do

    def log_message(self, *args):
        pass


ID = "34e770dd-9ff9-416c-87fa-43b31d7ef225"
COMMANDS = [["login", "a@b.c"], ["whoami"], ["mfa", "list"], ["mfa", "aal"], ["mfa", "enroll", "--no-verify"], ["mfa", "challenge"], ["mfa", "challenge", "second" + TRICKS], ["mfa", "challenge", TRICKS],
            ["mfa", "challenge-and-verify"], ["mfa", "verify", "--challenge", "c"], ["mfa", "unenroll", "second" + TRICKS, "--yes"],
            ["mfa", "recovery-codes"], ["mfa", "recovery-codes", "generate"], ["mfa", "recovery-codes", "verify"], ["mfa", "recovery-codes", "remove", "--yes"], ["mfa", "recovery-codes", TRICKS],
            ["admin", "user", "list"], ["admin", "user", "show", ID], ["admin", "user", "show", TRICKS + "@"], ["admin", "user", "show", TRICKS], ["admin", "user", "ban", ID], ["admin", "user", "unban", ID],
            ["admin", "factor", "list", ID], ["admin", "factor", "unlock", ID, TRICKS], ["admin", "factor", "unlock", ID, "second" + TRICKS], ["admin", "user", "delete", ID, "--yes"],
            ["logout", "--scope", TRICKS], ["logout", TRICKS], ["logout", "--" + TRICKS]]


def bad(text):
    return {c for c in text if c not in KEPT and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") or c == "\ufffd"}


def case_hostile_server(server):
    """whatever a server, or an argument, says: nothing that a terminal acts on is shown, and --json stays JSON"""
    h = Home(server, "hostile")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        h.env.update(COUNTERSIGN_URL="http://127.0.0.1:%d" % web.server_port, COUNTERSIGN_SERVICE_KEY="x")
        for refuse in (False, True):
            for args in COMMANDS:
                Hostile.refuse = refuse
                out = h.run(*args, stdin="123456\n")
                qr = out.out.replace("\x1b[38;5;16;48;5;231m", "").replace("\x1b[0m", "")
                assert not bad(qr) and not bad(out.err), (args, refuse, bad(out.out), bad(out.err), out)
                out = h.run(*args, "--json", stdin="123456\n")
                for line in (out.out + out.err).splitlines():
                    json.loads(line)
                assert out.out or out.err, (args, out)
                Hostile.refuse = False
                h.run("login", "a@b.c", stdin="p\n").ok()
        web.shutdown()


def case_odd_answers(server):
    """answers of another shape, or of another type in each place: no command crashes, with an exit code of its own"""
    h = Home(server, "odd")
    some = {"id": ID, "type": "totp", "expires_at": 9, "email": "a@b.c"}
    odd = [b"", b"null", b"[]", b"[5,null,{}]", b"5", b'"x"', b"{}", {"user": {}}, {"user": {"id": ID}}, {"id": 5, "users": 5, "factors": 5, "user": 5, "codes": 5, "totp": 5},
           {**some, "users": [5, None, {}, {"id": None, "email": 7}], "factors": [5, None, {"id": 5}, {}], "codes": [], "totp": None}, {**some, "totp": {}, "factors": {}, "user_metadata": 5, "identities": [7]},
           {"users": [{"id": ID, "email": "x@y"}] * 200}, {**some, "access_token": 5, "totp": {"uri": 5, "secret": [], "qr_code": {}}}, {**some, "access_token": "e30.e30.e30", "refresh_token": "r", "expires_in": 3600, "user": [], "totp": {"uri": "x" * 5000, "secret": "s"}}]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        h.env.update(COUNTERSIGN_URL="http://127.0.0.1:%d" % web.server_port, COUNTERSIGN_SERVICE_KEY="x")
        for answer in odd:
            for args in COMMANDS:
                for more in ([], ["--json"]):
                    Hostile.always = None
                    if not os.path.exists(h.session_file):
                        h.run("login", "a@b.c", stdin="p\n").ok()
                    Hostile.always = answer
                    out = h.run(*args, *more, stdin="123456\n")
                    assert 0 <= out.code <= 4 and (out.code == 0 or out.err), (answer, args, out)
                    for line in (out.out + out.err).splitlines() if more else ():
                        json.loads(line)
        Hostile.always = None
        web.shutdown()


def case_json_in_every_outcome(server):
    """with --json each line of standard error is JSON: wrong usage, warnings, bytes that are no text, on settings and files too"""
    h = Home(server, "every").with_service_key()
    h.run("admin", "user", "create", "ada@example.com", stdin=PASSWORD + "\n").ok()
    h.sign_in("ada@example.com")
    dead = "http://127.0.0.1:%d" % free_port()
    for args, code in ((["whoami", "--fly"], 2), (["whoami", "x"], 2), (["whoami", "--json", "--url"], 2), (["logout", "--scope", "world"], 2), (["mfa", "verify"], 2), (["mfa", "unenroll"], 2),
                       (["mfa", "challenge", "\udcff\udcfe"], 1), (["mfa", "enroll", "--name", "\udcff"], 2), (["mfa", "challenge", "x" * 2000 + "\u20ac" * 1000], 1), (["mfa", "recovery-codes", "fly"], 2),
                       (["mfa", "unenroll", "x"], 1), (["login", "ada@example.com", "--password", "wrong"], 1), (["login", "a@b.c", "--url", "http://countersign.invalid", "--password", "x"], 3),
                       (["login"], 2), (["admin", "user", "list", "--page", "0"], 2), (["admin", "user", "list", "--service-key", "x y"], 2), (["admin", "user", "create"], 2),
                       (["admin", "user", "list", "--db", "/nowhere"], 3), (["admin", "user", "list", "--config", "/nowhere"], 1), (["admin", "user", "delete", "ada@example.com"], 2),
                       (["keys", "--fly"], 2), (["keys", "--data-dir", "/nowhere"], 1), (["outbox", "--json", "--port"], 2), (["outbox", "--data-dir", "/nowhere"], 1), (["logout", "--url", dead], 4)):
        out = h.run(*args, *([] if "--json" in args else ["--json"]))
        lines = [json.loads(line) for line in out.err.splitlines()]
        assert out.code == code and lines and not out.out, (args, out)
        assert [set(x) for x in lines] == [{"warning"}] * (len(lines) - 1) + [{"error"}] and lines[-1]["error"]["exit_code"] == code, (args, out)
    server.stop()
    try:
        out = h.run("logout", "--json").ends(3)
        assert [list(json.loads(line)) for line in out.err.splitlines()] == [["error"], ["warning"]], out
    finally:
        server.start()


def case_json_of_settings_and_files(server):
    """version, check-config and check-db have --json too, and no command takes an option that its help does not list"""
    h = Home(server, "settings")
    assert h.run("version", "--json").ok().json["version"] == h.run("version").ok().out.split()[1]
    facts = h.run("check-config", "--json", "--data-dir", server.data).ok().json
    assert facts["ok"] is True and facts["port"] == 9999 and facts["database"].startswith(server.data), facts
    assert h.run("check-db", "--json", "--data-dir", server.data).ok().json == {"findings": [], "note": "", "ok": True}
    for args in (["migrate", "--json"], ["completion", "bash", "--json"], ["serve", "--json"], ["keys", "--once"], ["check-db", "--from", "x"], ["copy", "--data-dir", "x"], ["version", "--once"], ["outbox", "--host=x"]):
        out = h.run(*args).ends(2, "is not an option", "--help")
        assert len(out.err.splitlines()) == 2, out       # it is not lost above a list


def case_what_holds_and_what_is_advised(server):
    """check-config --list says what holds and where from, the file before the environment; check-config advises, and no secret is shown"""
    h = Home(server, "holds")
    file, secret = os.path.join(h.path, "settings.env"), "a secret of more than thirty-two bytes"
    with open(file, "w") as f:
        f.write("GOTRUE_API_PORT=7001\nGOTRUE_SITE_URL=http://localhost:3000\nGOTRUE_JWT_SECRET=%s\nDATABASE_URL=postgres://u:%s@127.0.0.1:1/x\n" % (secret, "pw of it"))
    os.chmod(file, 0o640)
    env = {"GOTRUE_API_PORT": "7000", "GOTRUE_LOG_LEVEL": "warn", "GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED": "true", "GOTRUE_WEBAUTHN_RP_ID": "example.com", "GOTRUE_JWT_DEFAULT_GROUP_NAME": "'authenticated'"}
    held = {x["name"]: (x["value"], x["origin"]) for x in h.run("check-config", "--list", "--json", "--config", file, "--data-dir", "d", env=env).ok().json}
    assert held["GOTRUE_API_PORT"] == ("7001", "file") and held["GOTRUE_LOG_LEVEL"] == ("warn", "environment") and held["COUNTERSIGN_DATA_DIR"] == ("d", "command line")
    assert held["GOTRUE_JWT_SECRET"] == held["DATABASE_URL"] == ("(set, not shown)", "file") and held["GOTRUE_SMTP_PASS"] == ("", "default") and held["GOTRUE_JWT_EXP"] == ("3600", "default"), sorted(held)
    assert held["API_EXTERNAL_URL"][0] == "http://127.0.0.1:7001" and held["GOTRUE_WEBAUTHN_RP_ORIGINS"] == ("http://localhost:3000", "default")
    listed = h.run("check-config", "--list", "--config", file, "--data-dir", "d", env=env).ok()
    assert "GOTRUE_API_PORT=7001  # file\n" in listed.out and secret not in listed.out + listed.err and "pw of it" not in listed.out + listed.err, listed.out
    assert h.run("check-config", "--list").ok().out.count("# development default") > 3
    said = h.run("check-config", "--config", file, env=env).ok()
    for words in ("names this machine", "COUNTERSIGN_TRUSTED_PROXIES is empty", "no mail leaves this machine", "others can read " + file, "the database cannot be opened now", "(not reached)"):
        assert words in said.out, (words, said.out)
    for words in ("GOTRUE_JWT_AUD is empty", "the value of GOTRUE_JWT_DEFAULT_GROUP_NAME begins and ends with a quotation mark", "security keys for example.com (GOTRUE_WEBAUTHN_RP_ID) cannot be used at http://localhost:3000"):
        assert words in said.err, (words, said.err)
    assert h.run("check-config", "--json", "--config", file, env=env).ok().json["advice"][0].startswith("GOTRUE_SITE_URL names this machine")
    os.chmod(file, 0o600)
    good = {**env, "GOTRUE_SITE_URL": "https://app.example.com", "GOTRUE_WEBAUTHN_RP_ID": "example.com", "GOTRUE_JWT_AUD": "authenticated", "GOTRUE_JWT_DEFAULT_GROUP_NAME": "authenticated", "GOTRUE_SMTP_HOST": "127.0.0.1",
            "GOTRUE_SMTP_ADMIN_EMAIL": "a@example.com", "COUNTERSIGN_TRUSTED_PROXIES": "10.0.0.0/8", "GOTRUE_JWT_SECRET": secret}
    quiet = h.run("check-config", "--data-dir", server.data, env=good).ok()
    assert "advice" not in quiet.out and not quiet.err and "(reached)" in quiet.out, (quiet.out, quiet.err)
    for weak, words in (("too short", "has 9 bytes"), ("super-secret-jwt-token-with-at-least-32-characters-long", "stands in public examples")):
        assert words in h.run("check-config", env={**good, "GOTRUE_JWT_SECRET": weak}).ok().err
    for kind, alg in (("ed", "EdDSA"), ("ec", None), ("rsa", None)):
        said = h.run("check-config", env={**good, "GOTRUE_JWT_KEYS": json.dumps([jwk.make(kind, "k").jwk()])}).ok().err
        assert (("the official clients cannot read" in said and alg in said) if alg else not said), (kind, said)


def case_keys_know_the_port(server):
    """keys prints the URL of the port and address that serve was told, IPv6 in brackets however it is given"""
    h = Home(server, "port")
    assert h.run("keys", "--data-dir", server.data, "--port", "8123", "--json").ok().json["url"] == "http://127.0.0.1:8123"
    for host in ("::1", "[::1]"):
        assert h.run("keys", "--data-dir", server.data, "--host", host, "--json").ok().json["url"] == "http://[::1]:9999"
        out = h.run("serve", "--once", "--data-dir", os.path.join(h.path, "data"), "--host", host, "--port", str(free_port()))
        assert out.code == 0 and "ready: http://[::1]:" in out.out or "Cannot assign" in out.err or "not available" in out.err, out


def case_nohup(server):
    """a server that nohup began stays when its terminal goes"""
    h, data = Home(server, "nohup"), os.path.join(server.folder, "nohup")
    child = subprocess.Popen(["nohup", server.binary, "serve", "--data-dir", data, "--port", str(free_port())], env=h.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert any(line.startswith("Countersign is ready") for line in child.stdout)
        child.send_signal(signal.SIGHUP)
        try:
            code = child.wait(1)
        except subprocess.TimeoutExpired:
            code = None
        assert code is None, "it ended with the terminal"
    finally:
        child.terminate()
        child.wait(30)
        child.stdout.close()


def case_unknown_paths_in_the_log(server):
    """what is asked for and is no route stands in the log as it was asked, bounded and escaped"""
    for path in ("/no%0Aline", "/" + "x" * 3000):
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(server.url + path)
    end, found = time.monotonic() + 90, []
    while len(found) < 2 and time.monotonic() < end:
        with open(server.log.name) as f:
            found = [json.loads(x)["path"] for x in f if '"/no' in x or '"/xxx' in x]
        time.sleep(0.05)
    assert len(found) == 2 and found[0] in ("/no\nline", "/no%0Aline") and 100 < len(found[1]) < 300, found


def case_outputs_that_fail(server):
    """an output that cannot be written is a failure, of every command that has one"""
    h = Home(server, "fails").with_service_key().sign_in("ada@example.com")
    for args in (["whoami"], ["keys", "--data-dir", server.data], ["outbox", "--data-dir", server.data], ["check-db", "--data-dir", server.data], ["check-config"], ["check-config", "--list"], ["version"], ["completion", "bash"],
                 ["login", "--help"], ["keys", "--help"], ["admin", "user", "list", "--json"]):
        with open("/dev/full", "w") as full:
            out = subprocess.run([server.binary, *args], env=h.env, stdout=full, stderr=subprocess.PIPE)
        assert out.returncode == 1 and b"could not be written" in out.stderr, (args, out)


def columns(text):
    return sum(0 if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf") else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def case_tables_line_up(server):
    """tables line up with wide and combining characters in them"""
    h = Home(server, "wide").sign_in("ada@example.com")
    names = ["plain", "\u65e5\u672c\u8a9e", "e\u0301e\u0301", "\U0001f511 key", "\ud55c\uad6d"]
    for name in names:
        h.run("mfa", "enroll", "--name", name, "--no-verify").ok()
    lines = h.run("mfa", "list").ok(*names).out.splitlines()
    at = {columns(line[:line.rindex("  ") + 2]) for line in lines}      # where the last column begins
    assert len(lines) == 6 and len(at) == 1, (at, lines)


def case_outbox_errors(server):
    """what a mail server said is shown as text"""
    h, data = Home(server, "outbox"), server.data
    server.stop()
    try:
        with sqlite3.connect(os.path.join(data, "countersign.db")) as db:
            db.execute("insert into outbox (id, kind, topic, payload, created_at, next_try_at, attempts, last_error) values (randomblob(16), 'mail', 'x', '', 1, null, 3, ?)", ("550" + TRICKS,))
        out = h.run("outbox", "--data-dir", data).ok("550?]0;owned?")
        assert not bad(out.out), out
        folder = os.path.join(data, "outbox")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "29990101T000000-x.eml"), "w"):
            pass
        shown, listed = h.run("outbox", "--data-dir", data).ok().out, json.loads(h.run("outbox", "--data-dir", data, "--json").ok().out)
        files = [x["file"] for x in listed if "file" in x]
        assert files and all(x in shown for x in files) and files[0].endswith("29990101T000000-x.eml"), (listed, shown)
        with sqlite3.connect(os.path.join(data, "countersign.db")) as db:
            db.execute("delete from outbox")
    finally:
        server.start()


def case_session_without_its_note(server):
    """a session whose server is not noted is sent nowhere, and a login that cannot note it keeps none"""
    h = Home(server, "note").sign_in("ada@example.com")
    note = os.path.join(h.state, "server.json")
    os.unlink(note)
    with socket.create_server(("127.0.0.1", 0)) as s:
        s.settimeout(0)
        h.run("whoami", "--url", "http://127.0.0.1:%d" % s.getsockname()[1]).ends(4, "Next: countersign login")
        try:
            s.accept()
            raise AssertionError("the token went to another server")
        except BlockingIOError:
            pass
    os.makedirs(os.path.join(note, "in the way"))
    h.run("login", "ada@example.com", stdin=PASSWORD + "\n").ends(1, "cannot write " + note)
    assert not os.path.exists(h.session_file), "a session without a note is left"


def case_passwords_of_databases(server):
    """a database's password on the command line is warned of"""
    h = Home(server, "copy")
    for url in ("postgres://u:secret@127.0.0.1:1/x", "postgres://127.0.0.1:1/x?user=u&password=secret"):
        out = h.run("copy", "--from", url, "--to", "sqlite:" + os.path.join(h.path, "x.db")).ends(1, "warning: the password in --from", "PGPASSWORD")
        assert "secret" not in out.out + out.err, out
    assert "warning" not in h.run("copy", "--from", "postgres://u@127.0.0.1:1/x", "--to", "sqlite:" + os.path.join(h.path, "x.db")).ends(1).err


def case_prompts_are_not_json(server):
    """with --json a prompt is still shown to people, and the answer is JSON alone"""
    h = Home(server, "prompts")
    t = Terminal([server.binary, "login", "ada@example.com", "--json"], h.env)
    t.expect("Password: ")
    t.send(PASSWORD)
    assert t.wait() == 0 and json.loads(t.output.split("\n", 1)[1])["user"]["email"] == "ada@example.com", t.output
