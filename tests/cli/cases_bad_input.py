"""Wrong inputs: exit code and text of each."""
import http.server, json, os, socket, threading
from bench import PASSWORD, Home, free_port

UUID = "34e770dd-9ff9-416c-87fa-43b31d7ef225"


def case_account(server):
    """an account for these cases"""
    Home(server, "admin").with_service_key().run("admin", "user", "create", "ada@example.com", stdin=PASSWORD + "\n").ok()


def case_command_lines(server):
    """unknown commands, options and arguments: exit code 2, and where the help is"""
    h = Home(server, "lines")
    for args, text in ((["fly"], 'no command "fly"'), (["mfa"], "usage: countersign mfa"), (["mfa", "fly"], 'no command "mfa fly"'), (["admin", "user"], "admin user list"),
                       (["admin", "user", "fly"], "admin user fly"), ([], "usage: countersign COMMAND"), (["whoami", "--fly"], "--fly is not an option here"), (["whoami", "--soft"], "--soft is not an option here"),
                       (["whoami", "--url"], "--url lacks its value"), (["whoami", "--json=yes"], "--json takes no value"), (["whoami", "x"], "one argument too many"),
                       (["mfa", "unenroll"], "an argument is missing"), (["admin", "factor", "unlock", "x"], "an argument is missing"), (["mfa", "verify"], "--challenge is missing"),
                       (["completion", "fish"], "bash and zsh"), (["login", "--email", "a@b.c", "--phone", "1"], "not both"), (["login"], "who signs in"), (["login", "-x"], "-x is not an option")):
        out = h.run(*args).ends(2, text)
        assert "--help" in out.err or "usage:" in out.err, out
        assert "there is no command" not in out.err or len(out.err.splitlines()) == 2, out       # it is not lost above a list


def case_urls(server):
    """a URL that is none: exit code 2; a dead or unknown host, or one that is no auth server: 3"""
    h = Home(server, "urls")
    for url in ("", "127.0.0.1:9999", "ftp://127.0.0.1", "http://"):
        h.run("login", "ada@example.com", "--url", url, stdin=PASSWORD).ends(2, "is not a server's URL", "http:// or https://", "COUNTERSIGN_URL")
    for url in ("http://127.0.0.1:%d" % free_port(), "http://countersign.invalid"):
        h.run("login", "ada@example.com", "--url", url, stdin=PASSWORD).ends(3, "no connection to the server", "Next: is the server at " + url + " running?")
        out = h.run("admin", "user", "list", "--url", url, "--json", env={"COUNTERSIGN_SERVICE_KEY": "x"}).ends(3)
        assert json.loads(out.err.splitlines()[-1])["error"]["status"] == "CS_ERR_CONNECT", out
    assert not os.path.exists(h.session_file)


class Page(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"<html><body>Please sign in to the network</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *args):
        pass


def case_not_an_auth_server(server):
    """a page instead of an answer, and a connection cut off: exit code 3"""
    h = Home(server, "page")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        url = "http://127.0.0.1:%d" % web.server_port
        h.run("login", "ada@example.com", "--url", url, stdin=PASSWORD).ends(3, "no JSON", "text/html")
        h.run("admin", "user", "list", "--url", url, env={"COUNTERSIGN_SERVICE_KEY": "x"}).ends(3, "no JSON")
        web.shutdown()
    with socket.create_server(("127.0.0.1", 0)) as s:
        def cut():
            while True:
                try:
                    s.accept()[0].close()
                except OSError:
                    return
        threading.Thread(target=cut, daemon=True).start()
        h.run("login", "ada@example.com", "--url", "http://127.0.0.1:%d" % s.getsockname()[1], stdin=PASSWORD).ends(3)
        s.shutdown(socket.SHUT_RDWR)


def case_passwords(server):
    """a wrong password, an unknown address, no password"""
    h = Home(server, "passwords")
    for email, password in (("ada@example.com", "wrong"), ("nobody@example.com", PASSWORD)):
        h.run("login", email, stdin=password + "\n").ends(1, "invalid_credentials, HTTP 400", "Next: check the address and the password")
    h.run("login", "ada@example.com").ends(2, "there is no password", "COUNTERSIGN_PASSWORD")
    h.run("login", "ada@example.com", stdin="x" * 20000 + "\n").ends(2, "there is no password")
    out = h.run("login", "ada@example.com", "--json", stdin="wrong\n").ends(1)
    error = json.loads(out.err)["error"]
    assert error["code"] == "invalid_credentials" and error["http_status"] == 400 and error["exit_code"] == 1 and error["next"] and not out.out, out
    assert not os.path.exists(h.session_file)


def case_nobody_signed_in(server):
    """every command of a user without a session: exit code 4 and what to do"""
    h = Home(server, "nobody")
    for args in (["whoami"], ["logout"], ["mfa", "list"], ["mfa", "aal"], ["mfa", "aal", "--local"], ["mfa", "enroll"], ["mfa", "challenge"], ["mfa", "verify", "--challenge", UUID],
                 ["mfa", "challenge-and-verify"], ["mfa", "unenroll", "x", "--yes"], ["mfa", "recovery-codes"]):
        h.run(*args).ends(4, "Next: countersign login")
        error = json.loads(h.run(*args, "--json").ends(4).err)["error"]
        assert error["exit_code"] == 4 and error["status"] == "CS_ERR_SESSION_MISSING", error
    assert not os.path.exists(h.state), "a failed command left files"


def case_expired_session(server):
    """an expired session that cannot be renewed, and one that was ended elsewhere: exit code 4"""
    h = Home(server, "expired").sign_in("ada@example.com")
    with open(h.session_file) as f:
        session = json.load(f)
    session.update({k: 1 for k in session if k.endswith("expires_at")}, refresh_token="aaaaaaaaaaaa")
    with open(h.session_file, "w") as f:
        json.dump(session, f)
    h.run("whoami").ends(4, "Next: countersign login")
    a, b = Home(server, "ended-a").sign_in("ada@example.com"), Home(server, "ended-b").sign_in("ada@example.com")
    b.run("logout", "--scope", "global").ok()
    a.run("mfa", "list").ends(4, "Next: countersign login")
    a.run("mfa", "list", "--json").ends(4)


def case_session_of_another_server(server):
    """the session is not sent to another server than its own"""
    h = Home(server, "elsewhere").sign_in("ada@example.com")
    h.run("whoami", "--url", "http://127.0.0.1:1").ends(4, "you are signed in at " + server.url, "countersign login --url http://127.0.0.1:1")
    h.run("whoami", env={"COUNTERSIGN_URL": "http://127.0.0.1:1"}).ends(4)
    h.run("whoami", "--url", server.url + "/").ok()


def case_session_file_damaged(server):
    """a session file that others can read, or that is broken, or a folder that is none"""
    h = Home(server, "damaged").sign_in("ada@example.com")
    os.chmod(h.session_file, 0o644)
    h.run("whoami").ends(1, "storage", "0600", h.session_file)
    os.chmod(h.session_file, 0o600)
    with open(h.session_file, "w") as f:
        f.write("{")
    out = h.run("whoami")
    assert out.code in (1, 4) and "Next:" in out.err, out
    Home(server, "damaged-2").run("login", "ada@example.com", stdin=PASSWORD, env={"XDG_STATE_HOME": "/dev/null/x"}).ends(1, "cannot make the folder /dev/null/x/countersign")
    h.run("whoami", drop=["HOME", "XDG_STATE_HOME"]).ends(1, "set HOME or XDG_STATE_HOME")
    h.sign_in("ada@example.com").run("whoami").ok()


def case_factors_and_codes(server):
    """unknown factors and challenges, no code, a code that is none"""
    h = Home(server, "codes").sign_in("ada@example.com")
    h.run("mfa", "challenge-and-verify").ends(1, "no verified factor yet", "Next: countersign mfa enroll")
    h.run("mfa", "challenge", "phone").ends(1, 'no factor "phone"', "Next: countersign mfa list")
    h.run("mfa", "challenge", UUID).ends(1, "no factor", UUID)
    h.run("mfa", "enroll", "--name", "phone", "--no-verify").ok()
    h.run("mfa", "enroll", "--name", "phone", "--no-verify").ends(1, "mfa_factor_name_conflict", "another --name")
    h.run("mfa", "enroll", "--type", "carrier-pigeon").ends(1, "validation_failed")
    h.run("mfa", "challenge-and-verify", "phone").ends(2, "there is no code")
    for code in ("12345", "abcdef", "1234567", "000000"):
        h.run("mfa", "challenge-and-verify", "phone", stdin=code + "\n").ends(1, "HTTP 4")
    h.run("mfa", "verify", "phone", "--challenge", UUID, stdin="123456\n").ends(1, "HTTP 4")
    h.run("mfa", "verify", "phone", "--challenge", "no-uuid", stdin="123456\n").ends(1, "HTTP 4")


def case_admin_keys(server):
    """a wrong service key, the anon key, unknown users and ids"""
    h = Home(server, "admin-bad")
    h.run("admin", "user", "list", env={"COUNTERSIGN_SERVICE_KEY": "not.a.key"}).ends(1, "bad_jwt", "Next: check the service key")
    h.run("admin", "user", "list", env={"COUNTERSIGN_SERVICE_KEY": server.anon}).ends(1, "not_admin", "Next: the service_role key")
    h.run("admin", "user", "list", env={"COUNTERSIGN_SERVICE_KEY": "two words"}).ends(2, "characters that no key has")
    h.with_service_key()
    for what in ("show", "ban", "unban", "delete"):
        h.run("admin", "user", what, UUID).ends(1, "user_not_found", "Next: countersign admin user list")
        h.run("admin", "user", what, "ghost@example.com").ends(1, "no user with the address ghost@example.com")
        h.run("admin", "user", what, "../users").ends(2, "neither the id")
    h.run("admin", "user", "ban", "ada@example.com", "--for", "soon").ends(1, "validation_failed")
    h.run("admin", "factor", "delete", "ada@example.com", UUID, "--yes").ends(1, "has no factor")


def case_output_full(server):
    """an output that cannot be written is a failure"""
    import subprocess
    h = Home(server, "full").sign_in("ada@example.com")
    with open("/dev/full", "w") as full:
        out = subprocess.run([server.binary, "whoami"], env=h.env, stdout=full, stderr=subprocess.PIPE)
    assert out.returncode == 1 and b"could not be written" in out.stderr, out


def case_plain_http_is_warned_of(server):
    """a password over plain HTTP to another machine brings a warning"""
    h = Home(server, "plain")
    h.run("login", "ada@example.com", "--url", "http://countersign.invalid", stdin=PASSWORD).ends(3, "warning: the connection to http://countersign.invalid is not encrypted")
    assert "not encrypted" not in h.run("login", "ada@example.com", stdin=PASSWORD).ok().err
