"""What stands on the other side of the server in tests: a mail server, and a receiver of webhooks and provider calls.

MailServer runs smtp_server.py in the clients' virtual environment. Receiver is an HTTP server in this process that keeps every request
and answers as it is told, path by path; check_signature proves a webhook's Standard Webhooks signature.
"""
import base64, hashlib, hmac, http.server, json, os, shutil, subprocess, tempfile, threading, time, urllib.parse
from countersign import free_port
from packages import python_with_clients

HERE = os.path.dirname(os.path.abspath(__file__))


class MailServer:
    """Mails end in .folder as files; .settings is what the server under test needs to send through it."""

    def __init__(self, folder=None, certificate=None):
        self.own = folder is None
        self.folder, self.certificate = folder or tempfile.mkdtemp(prefix="countersign-mail-"), certificate
        self.port, self.process = free_port(), None
        self.settings = {"GOTRUE_SMTP_HOST": "127.0.0.1", "GOTRUE_SMTP_PORT": str(self.port), "GOTRUE_SMTP_ADMIN_EMAIL": "auth@example.com"}

    def start(self):
        command = [python_with_clients(), "-B", os.path.join(HERE, "smtp_server.py"), self.folder, str(self.port)] + list(self.certificate or [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line == "ready\n", "the mail server did not start"
        return self

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait(20)
            self.process = None

    def answer(self, text):
        """What it says to mails from now on, such as "451 later"; None: it takes them."""
        path = os.path.join(self.folder, ".answer")
        if text is None:
            if os.path.exists(path):
                os.unlink(path)
            return
        with open(path + "-", "w") as f:
            f.write(text)
        os.rename(path + "-", path)

    def sessions(self):
        try:
            with open(os.path.join(self.folder, ".sessions")) as f:
                return [json.loads(line) for line in f]
        except FileNotFoundError:
            return []

    def __enter__(self):
        return self.start()

    def __exit__(self, *what):
        self.stop()
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)


class Request:
    def __init__(self, method, path, headers, body, at):
        self.method, self.path, self.headers, self.body, self.at = method, path, headers, body, at

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def form(self):
        pairs = urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)
        assert len(dict(pairs)) == len(pairs), "a field is given twice: %s" % (pairs,)
        return dict(pairs)


class Receiver:
    """Answers path as .answers[path] says: (status, headers, body), a list of such (the last one stays), or a function of the
    Request that returns one; in place of a status: "hang", nothing for body seconds; "stall", the beginning of an answer and then nothing
    for body seconds; "drop", a closed connection."""

    def __init__(self):
        self.answers, self.seen, self.lock, self.over = {}, [], threading.Lock(), threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body, time.time())
                with receiver.lock:
                    receiver.seen.append(request)
                    answer = receiver.answers.get(self.path.split("?")[0], (404, {}, b""))
                    if isinstance(answer, list):
                        answer = answer.pop(0) if len(answer) > 1 else answer[0]
                status, headers, data = answer(request) if callable(answer) else answer
                if status == "hang":
                    receiver.over.wait(data or 30)
                if status == "stall":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
                    receiver.over.wait(data)
                if status in ("hang", "stall", "drop"):
                    self.close_connection = True
                    return
                data = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    pass

            do_GET = do_POST

            def log_message(self, *words):
                pass
        http.server.ThreadingHTTPServer.request_queue_size = 64
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def of(self, path, since=0):
        with self.lock:
            return [r for r in self.seen[since:] if r.path.split("?")[0] == path]

    def forget(self):
        with self.lock:
            self.seen.clear()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()


def check_signature(request, *secrets):
    """The three headers of Standard Webhooks, one signature a secret, in the secrets' order."""
    ident, at, given = (request.headers.get("webhook-" + name) for name in ("id", "timestamp", "signature"))
    assert ident and at and given is not None, "a header is missing: %s" % request.headers
    assert abs(time.time() - int(at)) < 60, "the time stamp is off: %s" % at
    text = ("%s.%s." % (ident, at)).encode() + request.body
    keys = [base64.b64decode(s.removeprefix("v1,whsec_")) for s in secrets]
    wanted = ", ".join("v1," + base64.b64encode(hmac.new(k, text, hashlib.sha256).digest()).decode() for k in keys)
    assert given == wanted, "signature %r, wanted %r" % (given, wanted)
