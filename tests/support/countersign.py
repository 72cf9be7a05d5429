"""Start, stop, kill and question the real program in tests: one Countersign object is one server process with its own folder.

Used by every black-box suite. It takes a free loopback port, waits (bounded) for the ready line, keeps the log, and at the end
looks for sanitizer reports in it. It does not know what the server should answer: that is the suites' business.
"""
import json, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "conformance"))
from wire import Server  # noqa: E402

SECRET = "a test secret of more than thirty-two characters"
READY = "Countersign is ready: "
REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error: |LeakSanitizer: detected|SUMMARY: \w+Sanitizer|ERROR SUMMARY: [1-9]|definitely lost: [1-9]")
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1:detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1",
}


def default_binary():
    return os.environ.get("COUNTERSIGN") or os.path.join(ROOT, "build", "countersign")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broken(Exception):
    """The program did not do as it should at start or stop; the text has the end of its log."""


class Countersign:
    def __init__(self, binary=None, folder=None, env=None, args=(), zero_config=False, wrapper=(), start_s=30):
        """env adds to (None as a value: takes from) the settings of the test server; zero_config gives the port alone."""
        self.binary = os.path.abspath(binary or default_binary())
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="countersign-test-")
        self.changes, self.args, self.zero_config = dict(env or {}), list(args), zero_config
        self.wrapper, self.start_s = list(wrapper), start_s
        self.port, self.process, self.banner = free_port(), None, []
        self.database = os.path.join(self.folder, "countersign-data" if zero_config else "", "countersign.db")
        self.log = os.path.join(self.folder, "server.log")

    # what it is told ------------------------------------------------------------------
    def environment(self):
        env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")}
        env.update(SANITIZER_ENV, PORT=str(self.port))
        if not self.zero_config:
            env.update({
                "GOTRUE_JWT_SECRET": SECRET, "DATABASE_URL": "sqlite:" + self.database, "GOTRUE_API_HOST": "127.0.0.1", "API_EXTERNAL_URL": self.base, "GOTRUE_SITE_URL": "http://localhost:3000",
                "GOTRUE_MAILER_AUTOCONFIRM": "true", "GOTRUE_SMS_AUTOCONFIRM": "true", "GOTRUE_EXTERNAL_PHONE_ENABLED": "true",
                "GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED": "true", "GOTRUE_JWT_AUD": "authenticated",
                "GOTRUE_JWT_DEFAULT_GROUP_NAME": "authenticated", "GOTRUE_JWT_ISSUER": "http://countersign.test/auth/v1",
            })
        env.update(self.changes)
        return {k: v for k, v in env.items() if v is not None}

    @property
    def base(self):
        return "http://127.0.0.1:%d" % self.port

    def server(self, prefix="", secret=None):
        return Server(self.base + prefix, secret or self.changes.get("GOTRUE_JWT_SECRET") or SECRET, None, self.database)

    # its life -------------------------------------------------------------------------
    def start(self):
        for attempt in range(4):
            if self._start_once():
                return self
            if "in use" not in self.log_tail() or attempt == 3:
                break
            self.port = free_port()         # another test took it between our look and the start
        raise Broken("the server did not start (exit %s): %s" % (self.process.poll(), self.log_tail()))

    def _start_once(self):
        command = self.wrapper + [self.binary, "serve"] + self.args
        self.banner, ready = [], threading.Event()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=log, text=True, errors="replace")

        def read(pipe):
            for line in pipe:
                self.banner.append(line.rstrip("\n"))
                if line.startswith(READY):
                    ready.set()
            pipe.close()
        self.reader = threading.Thread(target=read, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        end = time.monotonic() + self.start_s
        while not ready.wait(0.01) and time.monotonic() < end and self.process.poll() is None:
            pass
        if ready.is_set():
            return True
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        return False

    def stop(self, sig=signal.SIGTERM, within_s=20):
        """A graceful stop: the exit code must be 0 and the log free of sanitizer reports."""
        if not self.process:
            return
        process, self.process = self.process, None
        gone = process.poll()
        if gone is not None:
            raise Broken("the server had ended by itself (exit %s): %s" % (gone, self.log_tail()))
        process.send_signal(sig)
        try:
            code = process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Broken("the server did not stop within %d s of signal %d: %s" % (within_s, sig, self.log_tail()))
        self.reader.join(5)
        if code != 0:
            raise Broken("the server stopped with exit code %d: %s" % (code, self.log_tail()))
        self.check_log()

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def discard(self):
        self.kill()
        if self.own_folder and not os.environ.get("KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.stop()
            elif self.process is not None and self.process.poll() is not None:
                print("     the server ended meanwhile (exit %s): %s" % (self.process.poll(), self.log_tail()))
        finally:
            self.discard()

    # looking at it --------------------------------------------------------------------
    def log_text(self):
        try:
            with open(self.log, encoding="utf8", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def log_tail(self, size=1500):
        """The end of the log, or a sanitizer's report in it from its beginning."""
        text = self.log_text()
        m = REPORT.search(text)
        return (text[m.start():m.start() + 2 * size] if m else text[-size:]).strip() or "(nothing in its log)"

    def check_log(self):
        m = REPORT.search(self.log_text())
        if m:
            raise Broken("a report in the server's log: " + self.log_text()[m.start():m.start() + 3000])

    def command(self, *words, env=None, cwd=None, timeout=60):
        """Run another command of the program with the server's own settings; the finished process."""
        return subprocess.run([self.binary] + list(words), cwd=cwd or self.folder, env=env or self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout)

    def keys(self):
        out = self.command("keys", "--json")
        if out.returncode:
            raise Broken("countersign keys: exit %d: %s" % (out.returncode, out.stderr))
        return json.loads(out.stdout)

    def check_db(self):
        out = self.command("check-db")
        assert out.returncode == 0 and out.stdout.strip().endswith("ok"), "check-db: exit %d: %s %s" % (
            out.returncode, out.stdout[:300], out.stderr[:300])
