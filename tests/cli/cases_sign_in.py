"""login, whoami, logout: by prompt, by pipe, by environment; where the session is kept."""
import fcntl, json, os, signal, socket, stat, subprocess, threading
from bench import PASSWORD, Home
from terminal import Terminal


def home(server, name):
    return Home(server, name)


def case_accounts(server):
    """an administrator makes the accounts that these cases use"""
    admin = home(server, "admin").with_service_key()
    for name in ("ada", "bea"):
        made = admin.run("admin", "user", "create", name + "@example.com", "--json", stdin=PASSWORD + "\n").ok().json
        assert made["email"] == name + "@example.com" and made["email_confirmed_at"], made


def case_prompt(server):
    """login asks for address and password, the password without echo"""
    h = home(server, "prompt")
    t = Terminal([server.binary, "login"], h.env)
    t.expect("E-mail: ")
    assert t.echoes()
    t.send("ada@example.com")
    t.expect("Password: ")
    assert not t.echoes(), "the terminal echoes while the password is typed"
    t.send(PASSWORD)
    assert t.wait() == 0, t.output
    assert PASSWORD not in t.output and "correct" not in t.output, "the password was shown"
    assert "ada@example.com" in t.output and "level aal1" in t.output and "Next: countersign mfa enroll" in t.output, t.output


def case_prompt_interrupted(server):
    """Ctrl-C at the password prompt ends it and gives the echo back"""
    h = home(server, "interrupted")
    t = Terminal(["/bin/sh", "-c", 'trap : INT; "$0" login ada@example.com; echo "ended $?"; stty -a', server.binary], h.env)
    t.expect("Password: ")
    t.send("\x03", end="")
    t.expect("ended")
    t.wait()
    assert "ended %d" % (128 + signal.SIGINT) in t.output, t.output
    assert " echo " in t.output and "-echo " not in t.output, "the echo stayed off: " + t.output
    assert not os.path.exists(h.session_file)


def case_prompt_stopped(server):
    """Ctrl-Z at the password prompt gives the echo back while the program is stopped; fg asks again"""
    h = home(server, "stopped")
    t = Terminal(["bash", "-mc", '"$0" login ada@example.com; echo "left $?"; stty -a; fg; echo "over $?"', server.binary], h.env)
    t.expect("Password: ")
    t.send("half of it\x1a", end="")
    t.expect("left %d" % (128 + signal.SIGTSTP))
    t.expect("iexten")
    assert " echo " in t.output and "-echo " not in t.output, "the echo stayed off: " + t.output
    t.expect("Password: ", begin=t.output.index("iexten"))     # which may have come already
    assert not t.echoes(), "the terminal echoes after fg"
    t.send(PASSWORD)
    t.wait()
    assert "over 0" in t.output and PASSWORD not in t.output and "half" not in t.output, t.output


def case_pipe_and_environment(server):
    """the password also comes as a line on standard input, or from COUNTERSIGN_PASSWORD"""
    for kind, given in (("pipe", {"stdin": PASSWORD + "\n"}), ("pipe-crlf", {"stdin": PASSWORD + "\r\nmore\n"}), ("environment", {"env": {"COUNTERSIGN_PASSWORD": PASSWORD}})):
        h = home(server, kind)
        out = h.run("login", "ada@example.com", **given).ok("Signed in at " + server.url)
        assert "Password" not in out.out + out.err, "a prompt where nobody reads it"
        assert "warning" not in out.err, out


def case_argv_is_warned_of(server):
    """a password on the command line works with a warning, and is hidden from ps while the command runs"""
    h = home(server, "argv")
    h.run("login", "ada@example.com", "--password", PASSWORD).ok("warning: --password on the command line", "standard input or in the environment")
    h.run("login", "ada@example.com", "--password=" + PASSWORD).ok("warning: --password")
    with socket.create_server(("127.0.0.1", 0)) as s:
        child = subprocess.Popen([server.binary, "login", "ada@example.com", "--password", PASSWORD, "--url", "http://127.0.0.1:%d" % s.getsockname()[1]], env=h.env, stderr=subprocess.DEVNULL)
        connection = s.accept()[0]
        with open("/proc/%d/cmdline" % child.pid) as f:
            line = f.read()
        child.kill()
        child.wait()
        connection.close()
    assert PASSWORD not in line and "login" in line, line


def case_session_file(server):
    """the session lies in the state folder: mode 0600 in 0700, and XDG_STATE_HOME has a default"""
    h = home(server, "file").sign_in("ada@example.com")
    for name, mode in ((os.path.basename(h.session_file), 0o600), ("server.json", 0o600), ("", 0o700)):
        got = stat.S_IMODE(os.stat(os.path.join(h.state, name)).st_mode)
        assert got == mode, "%s has mode %o" % (name, got)
    with open(os.path.join(h.state, "server.json")) as f:
        assert json.load(f)["url"] == server.url
    h.run("login", "bea@example.com", stdin=PASSWORD + "\n", drop=["XDG_STATE_HOME"]).ok()
    assert len(os.listdir(os.path.join(h.path, ".local/state/countersign"))) == 2
    h.run("login", "bea@example.com", stdin=PASSWORD + "\n", env={"XDG_STATE_HOME": "relative"}).ok()
    assert not os.path.exists("relative"), "a relative XDG_STATE_HOME counts for nothing"
    h.run("whoami").ok("ada@example.com")
    h.run("whoami", drop=["XDG_STATE_HOME"]).ok("bea@example.com")


def case_whoami(server):
    """whoami shows account, server, level; --json has the user; the URL is remembered"""
    h = home(server, "whoami").sign_in("ada@example.com")
    h.run("whoami").ok("ada@example.com", server.url, "aal1", "0 verified")
    facts = h.run("whoami", "--json", drop=["COUNTERSIGN_URL"]).ok().json
    assert facts["user"]["email"] == "ada@example.com" and facts["current_level"] == facts["next_level"] == "aal1" and facts["url"] == server.url, facts


def case_url_with_the_path(server):
    """a URL that ends in /auth/v1, as some consoles show it, is the same server"""
    h = home(server, "with-path")
    h.run("login", "ada@example.com", "--url", server.url + "/auth/v1", stdin=PASSWORD + "\n").ok()
    for url in (server.url, server.url + "/", server.url + "/auth/v1/"):
        h.run("whoami", "--url", url).ok("ada@example.com")
    h.run("whoami", "--url", server.url + "/other").ends(4, "you are signed in at")


def case_two_servers(server):
    """whoever read the note before a login at another server never sends that one's session to the first; a note of before names session.json"""
    h = home(server, "two-servers").sign_in("ada@example.com")
    first, note = h.session_file, os.path.join(h.state, "server.json")
    with open(note) as f, open(first) as g:
        old_note, old_session = f.read(), g.read()
    other = server.url.replace("127.0.0.1", "localhost")        # for the client another server
    h.run("login", "bea@example.com", "--url", other, stdin=PASSWORD + "\n").ok()
    second = h.session_file
    assert second != first and not os.path.exists(first), "the session of the first server is still there"
    with open(note, "w") as f:
        f.write(old_note)                                       # as a command read it a moment before
    h.run("whoami").ends(4, "Next: countersign login")
    for name in ("session.json", "session-x.json"):
        with open(note, "w") as f:
            said = {k: v for k, v in json.loads(old_note).items() if k != "session"}
            json.dump(said if name == "session.json" else {**said, "session": name}, f)
        with open(os.path.join(h.state, name), "w") as f:
            os.chmod(f.name, 0o600)
            f.write(old_session)
        h.run("whoami").ok("ada@example.com")
    with open(note, "w") as f:
        json.dump({**json.loads(old_note), "session": "../countersign/session.json"}, f)
    h.run("whoami").ok("ada@example.com")                       # no path: as if none was named


def case_two_logins_at_once(server):
    """a login waits until another one has put down both its session and which server it is of"""
    h = home(server, "two-logins").sign_in("ada@example.com")
    with socket.create_server(("127.0.0.1", 0)) as asked:
        asked.settimeout(1)
        folder = os.open(h.state, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)          # as the other login holds it
        child = subprocess.Popen([server.binary, "login", "ada@example.com", "--url", "http://127.0.0.1:%d" % asked.getsockname()[1]], env={**h.env, "COUNTERSIGN_PASSWORD": PASSWORD}, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            early = asked.accept()
        except TimeoutError:
            early = None
        os.close(folder)
        asked.settimeout(20)
        late = early or asked.accept()
        late[0].close()
        child.kill()
        child.wait()
    assert not early, "it did not wait"


def case_login_json(server):
    """login --json prints one object, without the tokens"""
    h = home(server, "json")
    out = h.run("login", "ada@example.com", "--json", stdin=PASSWORD + "\n").ok()
    assert out.json["user"]["email"] == "ada@example.com" and out.json["current_level"] == "aal1" and not out.err, out
    with open(h.session_file) as f:
        assert json.load(f)["access_token"] not in out.out


def case_logout(server):
    """logout ends this session alone; --scope global ends all; others keeps this one"""
    a, b, c = (home(server, "out-" + x).sign_in("bea@example.com") for x in "abc")
    a.run("logout").ok("Signed out.")
    assert not os.path.exists(a.session_file) and not os.path.exists(os.path.join(a.state, "server.json"))
    a.run("whoami").ends(4, "Next: countersign login")
    b.run("whoami").ok("bea@example.com")
    b.run("logout", "--scope", "others", "--json").ok()
    b.run("whoami").ok()
    c.run("whoami").ends(4, "countersign login")
    d = home(server, "out-d").sign_in("bea@example.com")
    assert d.run("logout", "--scope=global", "--json").ok().json == {"scope": "global"}
    b.run("whoami").ends(4)
    b.run("logout", "--scope", "world").ends(2, "local, global or others")
    b.run("logout").ends(4)


def case_renewal(server):
    """a token about to expire is renewed on the way, and the new one is kept"""
    h = home(server, "renewal").sign_in("ada@example.com")
    with open(h.session_file) as f:
        before = json.load(f)
    before.update({k: 1 for k in before if k.endswith("expires_at")})
    with open(h.session_file, "w") as f:
        json.dump(before, f)
    h.run("whoami").ok("ada@example.com")
    with open(h.session_file) as f:
        after = json.load(f)
    assert after["refresh_token"] != before["refresh_token"] and after["expires_at"] > 1000 and stat.S_IMODE(os.stat(h.session_file).st_mode) == 0o600


def case_at_once(server):
    """eight commands at once share the session file without harm, also where all must renew it"""
    h = home(server, "at-once").sign_in("ada@example.com")
    for expired in (False, True):
        if expired:
            with open(h.session_file) as f:
                session = json.load(f)
            session.update({k: 1 for k in session if k.endswith("expires_at")})
            with open(h.session_file, "w") as f:
                json.dump(session, f)
        results = []
        threads = [threading.Thread(target=lambda: results.append(h.run("whoami"))) for _ in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert [r.code for r in results] == [0] * 8, (expired, results)
    h.run("whoami").ok()


def case_logout_without_server(server):
    """without the server logout still removes the session from here, and says that the server was not told"""
    h = home(server, "offline").sign_in("ada@example.com")
    server.stop()
    try:
        h.run("logout").ends(3, "no connection", "removed from this machine")
    finally:
        server.start()
    assert not os.listdir(h.state), os.listdir(h.state)
    h.run("whoami").ends(4, "Next: countersign login")


def case_default_url(server):
    """without COUNTERSIGN_URL and --url it is the server of this machine"""
    out = home(server, "default").run("login", "nobody@example.com", stdin="x\n", drop=["COUNTERSIGN_URL"])
    assert out.code == 1 or (out.code == 3 and "http://127.0.0.1:9999" in out.err), out
