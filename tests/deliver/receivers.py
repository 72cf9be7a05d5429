"""What delivery talks to in tests: mail servers that take, refuse, want TLS or say nothing; an HTTP server whose answers are scripted."""
import asyncio, base64, hashlib, hmac, http.server, logging, os, socket, ssl, subprocess, tempfile, threading, time, warnings
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, SMTP

logging.disable(logging.CRITICAL)      # what the servers think of clients that go away is not the tests' business
warnings.simplefilter("ignore")


def certificate(address="127.0.0.1"):
    """(certificate, key) of that address and localhost, files in a folder of their own; it is its own authority."""
    folder = tempfile.mkdtemp(prefix="countersign-test-tls-")
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:" + address], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def tls_context(pair):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class MailServer:
    """A real SMTP server on a free port. refuse: {"mail"|"rcpt"|"data": "550 text"}; tls: None, "starttls" or "implicit"; login: (user, password)."""
    def __init__(self, tls=None, pair=None, login=None, refuse=None, slow=0, address="127.0.0.1", port=0):
        self.mails, self.sessions, self.refuse, self.slow, self.login = [], [], dict(refuse or {}), slow, login
        context, outer = tls_context(pair) if tls else None, self

        def authenticate(server, session, envelope, mechanism, data):
            ok = (data.login.decode(), data.password.decode()) == outer.login
            return AuthResult(success=ok, handled=ok)

        class Port(Controller):
            def factory(self):
                return SMTP(self.handler, hostname="mail.test", enable_SMTPUTF8=True, authenticator=authenticate if login else None, auth_required=bool(login), auth_require_tls=False, tls_context=context if tls == "starttls" else None)
        self.controller = Port(self, hostname=address, port=port or free_port(), ssl_context=context if tls == "implicit" else None)
        self.controller.start()
        self.port = self.controller.port

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if "mail" in self.refuse:
            return self.refuse["mail"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "rcpt" in self.refuse:
            return self.refuse["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.slow)
        if "data" in self.refuse:
            return self.refuse["data"]
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        self.sessions.append({"ehlo": session.host_name, "tls": bool(session.ssl), "login": session.authenticated})
        return "250 kept"

    def stop(self):
        self.controller.stop()


class Silent:
    """Takes connections and never says a word."""
    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def stop(self):
        self.socket.close()


class HttpServer:
    """Answers each request with what `script` gives for its number: (status, headers, body[, seconds to wait]), or None: hangs up."""
    def __init__(self, script, tls=None):
        self.requests, outer = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append({"method": self.command, "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body, "at": time.monotonic()})
                got = script(len(outer.requests), outer.requests[-1])
                self.close_connection = True
                if got is None:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                status, headers, content, *wait = got
                time.sleep(wait[0] if wait else 0)
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    if status != 204:
                        self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    pass
            do_GET = do_POST = answer

            def log_message(self, *a):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass
        self.server = Quiet(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls_context(tls).wrap_socket(self.server.socket, server_side=True)
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http", self.server.server_port)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def signature_of(secret, request):
    """What webhook-signature must hold for one secret v1,whsec_..., from the bytes that arrived."""
    h = request["headers"]
    signed = b".".join([h["webhook-id"].encode(), h["webhook-timestamp"].encode(), request["body"]])
    return "v1," + base64.b64encode(hmac.new(base64.b64decode(secret[len("v1,whsec_"):]), signed, hashlib.sha256).digest()).decode()
