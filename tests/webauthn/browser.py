#!/usr/bin/env python3
"""A real Chromium with a virtual authenticator, through the official helper: browser.py --binary FILE --modules NODE_MODULES [-v].

The page of this folder loads the official client and calls mfa.webauthn.register and .authenticate; Chromium is driven through
chromedriver (WebDriver with its WebAuthn extension), without another library. Ends with 'N passed, N failed'.
"""
import argparse, http.server, json, os, shutil, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from countersign import Countersign, default_binary, free_port  # noqa: E402
from tally import Tally  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("--modules", required=True); p.add_argument("-v", action="store_true")
a = p.parse_args()
t = Tally(quiet=not a.v)
PAGES = {"/": (os.path.join(HERE, "page.html"), "text/html"), "/supabase.js": (os.path.join(a.modules, "@supabase", "supabase-js", "dist", "umd", "supabase.js"), "text/javascript")}


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name, kind = PAGES.get(self.path, (None, None))
        self.send_response(200 if name else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.end_headers()
        if name:
            with open(name, "rb") as f:
                self.wfile.write(f.read())

    def log_message(self, *_):
        pass


class Browser:
    """One Chromium in a folder of its own."""

    def __init__(self):
        self.folder, self.port = tempfile.mkdtemp(prefix="countersign-browser-"), free_port()
        driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
        assert driver and chromium, "chromium and chromedriver (Debian: chromium, chromium-driver) are needed"
        env = {**os.environ, "HOME": self.folder, "no_proxy": "localhost,127.0.0.1"}
        self.driver = subprocess.Popen([driver, "--port=%d" % self.port], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                self.ask("GET", "/status")
                break
            except OSError:
                time.sleep(0.05)
        options = {"binary": chromium, "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server", "--user-data-dir=" + self.folder]}
        self.session = "/session/" + self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}})["sessionId"]

    def ask(self, method, path, body=None):
        r = urllib.request.Request("http://127.0.0.1:%d%s" % (self.port, path), json.dumps(body).encode() if body is not None else None, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(r, timeout=60) as f:
                return json.load(f)["value"]
        except urllib.error.HTTPError as e:
            raise AssertionError("chromedriver: " + e.read().decode("utf8", "replace")[:600]) from None

    def do(self, method, path, body=None):
        return self.ask(method, self.session + path, body)

    def call(self, name, *args):
        """A function of the page, awaited; {data, error}."""
        script = "const [name, args, done] = arguments; calls[name](...args).then(done, (e) => done({data: null, error: {name: 'thrown', message: String(e)}}));"
        return self.do("POST", "/execute/async", {"script": script, "args": [name, list(args)]})

    def key(self, **more):
        return self.do("POST", "/webauthn/authenticator", {"protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True, "isUserConsenting": True, "isUserVerified": True, **more})

    def close(self):
        try:
            self.ask("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            shutil.rmtree(self.folder, ignore_errors=True)


def good(reply):
    assert reply["error"] is None, reply["error"]
    return reply["data"]


def sign_up(email):
    good(b.call("signUp", url, key, email, "correct horse battery"))


def level():
    d = good(b.call("level"))
    return d["currentLevel"], d["nextLevel"]


def register(email, overrides=None, **authenticator):
    b.do("POST", "/url", {"url": page})
    handle = b.key(**authenticator)
    sign_up(email)
    good(b.call("register", "my key", overrides or {}))
    return handle


def whole_way(name, overrides=None, **authenticator):
    """Sign up, register, sign in anew, authenticate twice, look, unenroll: all by the official client."""
    handle = register("b-%s@example.com" % name, overrides, **authenticator)
    try:
        assert level() == ("aal2", "aal2"), level()
        f, = good(b.call("factors"))["webauthn"]
        assert f["status"] == "verified" and f["friendly_name"] == "my key", f
        for _ in range(2):
            good(b.call("signIn", "b-%s@example.com" % name, "correct horse battery"))
            assert level() == ("aal1", "aal2"), level()
            good(b.call("authenticate", f["id"]))
            assert level() == ("aal2", "aal2"), level()
        good(b.call("unenroll", f["id"]))
        assert good(b.call("factors"))["all"] == []
    finally:
        b.do("DELETE", "/webauthn/authenticator/" + handle)


def not_with_another_key():
    """The key is gone and another one is there: the browser finds none that is allowed, and nothing is verified."""
    handle = register("b-other@example.com")
    f, = good(b.call("factors"))["webauthn"]
    b.do("DELETE", "/webauthn/authenticator/" + handle)
    handle = b.key()
    try:
        good(b.call("signIn", "b-other@example.com", "correct horse battery"))
        b.do("POST", "/timeouts", {"script": 5000})
        try:
            reply = b.call("authenticate", f["id"])
        except AssertionError as e:
            assert "timeout" in str(e), e
        else:
            assert reply["error"], reply
        b.do("POST", "/url", {"url": page})
    finally:
        b.do("POST", "/timeouts", {"script": 30000})
        b.do("DELETE", "/webauthn/authenticator/" + handle)


def not_twice():
    """The same authenticator is excluded from a second registration."""
    handle = register("b-twice@example.com")
    try:
        reply = b.call("register", "another name", {})
        assert reply["error"], "a second key of one authenticator was registered"
        assert len(good(b.call("factors"))["webauthn"]) == 1
    finally:
        b.do("DELETE", "/webauthn/authenticator/" + handle)


pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
threading.Thread(target=pages.serve_forever, daemon=True).start()
page = "http://localhost:%d/" % pages.server_address[1]
with Countersign(a.binary, env={"GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED": "true", "GOTRUE_MFA_WEB_AUTHN_VERIFY_ENABLED": "true", "GOTRUE_SITE_URL": page}) as c:
    url, key = c.base, c.keys()["anon_key"]         # createClient adds /auth/v1 itself
    b = t.step("Chromium starts", Browser)
    if b:
        try:
            t.step("the helper registers and authenticates", whole_way, "usb")
            t.step("with a platform authenticator and resident keys", lambda: whole_way("internal", {"authenticatorSelection": {"authenticatorAttachment": "platform", "residentKey": "required"}}, transport="internal", hasResidentKey=True))
            t.step("without user verification", lambda: whole_way("touch", hasUserVerification=False, isUserVerified=False))
            t.step("with a U2F key", lambda: whole_way("u2f", protocol="ctap1/u2f", hasUserVerification=False, isUserVerified=False))
            t.step("another key does not do", not_with_another_key)
            t.step("one authenticator is not registered twice", not_twice)
        finally:
            b.close()
pages.shutdown()
sys.exit(t.close())
