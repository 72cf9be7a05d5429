"""What the cases of the command line stand on: a real server on a free loopback port in a temporary folder, the binary with a home of
its own, and the code that an authenticator app would show."""
import base64, hashlib, hmac, json, os, shutil, socket, struct, subprocess, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PASSWORD = "correct horse battery"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, binary, **settings):
        self.binary, self.folder, self.port = binary, tempfile.mkdtemp(prefix="countersign-cli-"), free_port()
        self.data, self.url, self.process = os.path.join(self.folder, "data"), "http://127.0.0.1:%d" % self.port, None
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("COUNTERSIGN_", "GOTRUE_", "XDG_", "DATABASE_URL"))}
        self.env.update(settings)
        self.start()
        keys = json.loads(subprocess.run([binary, "keys", "--json", "--data-dir", self.data], env=self.env, stdout=subprocess.PIPE, check=True).stdout)
        self.anon, self.service = keys["anon_key"], keys["service_role_key"]

    def start(self):
        self.log = open(os.path.join(self.folder, "serve.log"), "a")
        self.process = subprocess.Popen([self.binary, "serve", "--data-dir", self.data, "--port", str(self.port)], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if line.startswith("Countersign is ready"):
                return
        raise AssertionError("the server did not start: see " + self.log.name)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process.stdout.close()
            self.log.close()
            self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Home:
    """A person at a machine: a home folder with a session of its own."""
    def __init__(self, server, name):
        self.server, self.path = server, os.path.join(server.folder, "home-" + name)
        os.makedirs(self.path, exist_ok=True)
        self.state = os.path.join(self.path, "state", "countersign")
        self.env = {**server.env, "HOME": self.path, "XDG_STATE_HOME": os.path.join(self.path, "state"), "COUNTERSIGN_URL": server.url, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}

    def with_service_key(self):
        self.env["COUNTERSIGN_SERVICE_KEY"] = self.server.service
        return self

    def run(self, *args, stdin="", env=None, drop=()):
        full = {k: v for k, v in {**self.env, **(env or {})}.items() if k not in drop}
        out = subprocess.run([self.server.binary, *args], input=stdin.encode("utf8", "surrogateescape"), env=full, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        return Result(out.returncode, out.stdout.decode("utf8"), out.stderr.decode("utf8"))

    def sign_in(self, email, password=PASSWORD):
        self.run("login", email, stdin=password + "\n").ok()
        return self

    @property
    def session_file(self):
        """Of the server that the note names; where there is none, where a login would put it."""
        name = "session-%s.json" % hashlib.sha256(self.server.url.encode()).hexdigest()[:16]
        try:
            with open(os.path.join(self.state, "server.json")) as f:
                name = json.load(f).get("session", "session.json")
        except OSError:
            pass
        return os.path.join(self.state, name)


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return "exit %d, out %r, err %r" % (self.code, self.out[-500:], self.err[-700:])

    def ok(self, *texts):
        return self.ends(0, *texts)

    def ends(self, code, *texts):
        assert self.code == code, "%r instead of exit %d" % (self, code)
        for text in texts:
            assert text in self.out + self.err, "%r is not in %r" % (text, self)
        return self

    @property
    def json(self):
        return json.loads(self.out)


class App:
    """An authenticator app: each call of code() gives one that was not used yet."""
    def __init__(self, secret):
        self.secret, self.used = base64.b32decode(secret.replace(" ", "")), 0

    def at(self, step):
        mac = hmac.new(self.secret, struct.pack(">Q", step), hashlib.sha1).digest()
        at = mac[-1] & 15
        return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)

    def code(self):
        step = max(int(time.time()) // 30, self.used + 1)
        while step > int(time.time()) // 30 + 1 - (time.time() % 30 > 25):     # the server takes the step after the present one too
            time.sleep(0.5)
            step = max(int(time.time()) // 30, self.used + 1)
        self.used = step
        return self.at(step)

    def wrong(self):
        good = {self.at(int(time.time()) // 30 + i) for i in range(-3, 4)}
        return next(c for c in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777") if c not in good)
