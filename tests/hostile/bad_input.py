#!/usr/bin/env python3
"""Bad input over raw sockets: bad_input.py [--binary FILE] [--only WORD]

Every field of every endpoint with values of the wrong kind, bodies that are no JSON, and HTTP that is broken or slow. Each gets an error
in the JSON envelope (or a closed connection where HTTP itself is broken), never a 5xx, leaks nothing, changes nothing, and the server
goes on. The two rows of the contract that fix a 500 (a token without a session at enrollment and removal) are not sent here.
"""
import argparse, json, os, re, socket, sys, time, uuid
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from countersign import SECRET, Countersign, default_binary  # noqa: E402
from rawhttp import Wire, once, request  # noqa: E402
from tally import Tally, at_once  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("--only", default=""); p.add_argument("-v", action="store_true")
a = p.parse_args()
tally = Tally()
LEAKS = re.compile(r"sqlite|constraint failed|select .* from|insert into|/server/|\.c:\d|\.h:\d|jansson|microhttpd|openssl|segfault|assert|0x[0-9a-f]{8}|stack|" + re.escape(SECRET), re.I)
UUID = str(uuid.uuid4())


class Raw(str):
    """JSON text that json.dumps would not write."""


# What a field may not be. "" and texts may be right for some fields: then any answer but a 5xx will do.
VALUES = [True, False, 0, -1, 1.5, 10**30, [], {}, [[]], [None], {"a": {"b": []}}, "", " ", "\0", "a\0b", "\x7f\x1b[31m", "x" * 300, "x" * 70000, "' or 1=1 --", "%s%n%x", "../../etc/passwd",
          "<script>", "\u202e\ufeff\u0000", "😀" * 300, Raw("1e999"), Raw("-0"), Raw("NaN"), Raw('"\\ud800"'), Raw('"\\udc00\\ud800"'), Raw('"\\x"'), Raw('"\\u00"'), Raw('"\x01"'),
          Raw("[" * 3000 + "]" * 3000), Raw('{"a":' * 3000 + "1" + "}" * 3000), Raw("tru"), Raw(""), Raw("'x'"), Raw("01"), Raw("+1"), Raw(".5"), Raw("0x10")]
BYTES = [b'"\xff"', b'"\xc3\x28"', b'"\xed\xa0\x80"', b'"\xf8\x88\x80\x80\x80"', b'"\xc0\x80"', b'"\xe2\x82"', b"\xff", b'"\x00"', b"\x00"]
# a value of these kinds never fits a field of this type, so it must be refused with 400 bad_json
NEVER_TEXT = (bool, int, float, list, dict)


def as_json(value):
    return str(value).encode("utf8", "surrogatepass") if isinstance(value, Raw) else json.dumps(value).encode()


def body_with(fields, name, raw_value):
    rest = b"".join(b",%s:%s" % (json.dumps(k).encode(), json.dumps(v).encode()) for k, v in fields.items() if k != name)
    return b"{%s:%s%s}" % (json.dumps(name).encode(), raw_value, rest)


def envelope(r, what, closed_is_fine=False, any_4xx=False):
    """The answer is an error in the envelope, or no error at all; nothing leaks. any_4xx: where HTTP itself is broken, any refusal will do."""
    if r.closed and closed_is_fine:
        return r
    assert r.status, "%s: no answer (%s)" % (what, r.short())
    assert r.status < 500 or (any_4xx and r.status in (501, 505)), "%s: %s" % (what, r.short())
    text = r.body.decode("utf8", "replace")
    assert not LEAKS.search(text) or r.status < 400, "%s leaks: %s" % (what, text[:300])
    if r.status >= 400 and not any_4xx:
        j = r.json
        assert isinstance(j, dict) and (j.get("error_code") or j.get("code") or j.get("error")) and (j.get("msg") or j.get("message") or j.get("error_description")), \
            "%s: no envelope: %s" % (what, r.short())
        assert r.headers.get("content-type") == "application/json", (what, r.headers)
    return r


class Suite:
    def __init__(self, c):
        self.c, self.port, self.s = c, c.port, c.server()
        self.admin = self.s.admin_token()
        self.u = self.s.sign_up()
        e = self.u.enroll("canary").json
        self.factor, self.challenge = e["id"], self.u.challenge(e["id"]).json["id"]
        self.victim, self.target, self.visitor = self.s.sign_up(), self.s.sign_up(), self.s.sign_up()
        self.before = self.state()

    def state(self):
        """What must not change: the victim's own view, and the canary's factors."""
        me = self.s.call("GET", "/user", token=self.victim.token, keep=False)
        assert me.status == 200, "the victim cannot read himself: " + me.short()
        return me.json

    def bearer(self, token):
        return [("Authorization", "Bearer " + token), ("X-Supabase-Api-Version", "2024-01-01")] if token else [("X-Supabase-Api-Version", "2024-01-01")]

    def alive(self, what=""):
        assert self.c.alive(), "the server ended after %s: %s" % (what, self.c.log_tail())
        r = once(self.port, request("GET", "/health"))
        assert r.status == 200, "after %s /health answers %s" % (what, r.short())

    def endpoints(self):
        u = self.u
        new = lambda: "h%s@example.com" % uuid.uuid4().hex[:12]
        text, obj, flag = "text", "object", "flag"
        return [
            ("POST", "/signup", None, {"email": (new(), text), "password": ("correct horse", text), "phone": (None, text), "data": ({"a": 1}, obj)}),
            ("POST", "/token?grant_type=password", None, {"email": ("nobody@example.com", text), "password": ("x", text), "phone": (None, text)}),
            ("POST", "/token?grant_type=refresh_token", None, {"refresh_token": ("x", text)}),
            ("PUT", "/user", u.token, {"password": (None, text), "email": (None, text), "phone": (None, text), "data": ({}, obj), "app_metadata": (None, obj), "nonce": (None, text)}),
            ("POST", "/factors", u.token, {"factor_type": ("totp", text), "friendly_name": ("n", text), "issuer": ("i", text), "phone": (None, text)}),
            ("POST", "/factors/%s/challenge" % self.factor, u.token, {"channel": (None, "unread")}),
            ("POST", "/factors/%s/verify" % self.factor, u.token, {"challenge_id": (str(uuid.uuid4()), text), "code": ("123456", text)}),
            ("POST", "/admin/users", self.admin, {"email": (new(), text), "phone": (None, text), "password": (None, text), "password_hash": (None, text), "id": (None, text), "role": (None, text),
                                                  "aud": (None, text), "email_confirm": (True, flag), "phone_confirm": (None, flag), "ban_duration": (None, text), "user_metadata": ({}, obj),
                                                  "app_metadata": ({}, obj)}),
            ("PUT", "/admin/users/%s" % self.target.id, self.admin, {"email": (None, text), "phone": (None, text), "password": (None, text), "role": (None, text), "ban_duration": (None, text),
                                                          "user_metadata": (None, obj), "app_metadata": (None, obj), "email_confirm": (None, flag)}),
            ("DELETE", "/admin/users/%s" % uuid.uuid4(), self.admin, {"should_soft_delete": (False, flag)}),
            ("PUT", "/admin/users/%s/factors/%s" % (u.id, self.factor), self.admin, {"friendly_name": ("canary", text), "phone": (None, text)}),
        ]

    def ask(self, wire, data, what):
        """On a kept connection; a new one where the server closed it."""
        if wire[0] is None:
            wire[0] = Wire(self.port)
        r = wire[0].send(data).reply()
        if r.closed and r.status == 0 and not r.body:
            wire[0] = Wire(self.port)
            r = wire[0].send(data).reply()
        if r.closed or r.headers.get("connection", "").lower() == "close":
            wire[0].close()
            wire[0] = None
        return r

    def restore(self):
        """Wrong values that were right after all (a text as a name, say) may have changed the canary: make it as it was."""
        r = self.s.call("GET", "/user", token=self.u.token, keep=False)
        if r.status != 200:
            self.u.take(self.s.sign_up().session)
            e = self.u.enroll("canary").json
            self.factor, self.challenge = e["id"], self.u.challenge(e["id"]).json["id"]

    # the suites ---------------------------------------------------------------------------
    def fields(self, method, path, token, fields):
        wire = [None]
        good = {k: v for k, (v, _) in fields.items() if v is not None}
        for name, (_, kind) in fields.items():
            for value in VALUES:
                what = "%s %s %s=%s" % (method, path, name, as_json(value)[:30])
                r = envelope(self.ask(wire, request(method, path, body_with(good, name, as_json(value)), self.bearer(token)), what), what)
                wrong_kind = not isinstance(value, Raw) and isinstance(value, NEVER_TEXT) and (
                    kind == "text" or (kind == "object" and not isinstance(value, dict)) or (kind == "flag" and not isinstance(value, bool)))
                if wrong_kind:
                    assert r.status in (400, 404) and (r.status == 404 or r.json["code"] == "bad_json"), "%s: %s" % (what, r.short())
                self.after(method, path, r)
            for raw in BYTES:
                what = "%s %s %s=%r" % (method, path, name, raw)
                r = envelope(self.ask(wire, request(method, path, body_with(good, name, raw), self.bearer(token)), what), what)
                if kind != "unread":
                    assert r.status in (400, 404), "%s: %s" % (what, r.short())
        self.alive(path)

    def after(self, method, path, r):
        if method == "POST" and path == "/factors" and r.status == 200:      # room for the next one
            self.s.call("DELETE", "/factors/" + r.json["id"], token=self.u.token, keep=False)
        if path == "/user" and r.status == 200:
            self.restore()

    def whole_bodies(self):
        wire = [None]
        for method, path, token, fields in self.endpoints():
            if "unread" in [k for _, k in fields.values()] or method == "DELETE":
                bodies = [b"x", b"[]", b"\xff", b"{" * 1000]
                must = (200, 400, 404)
            else:
                bodies = [b"", b" ", b"{", b"}", b"[]", b"[{}]", b"1", b'"x"', b"true", b"{]", b'{"a"}', b'{"a":}', b"{,}", b"{}{}", b"{} x", b"\xff\xfe", b"\0", b"{\0}", b"\xef\xbb\xbf", b"[" * 100000,
                          b'{"a":' * 20000, b"<xml/>", b"a=b&c=d", b'{"' + b"x" * 300000, b"-", b"nul", b"//{}", b"{/**/}"]
                must = (400, 404)
            for body in bodies:
                what = "%s %s with body %r" % (method, path, body[:20])
                r = envelope(self.ask(wire, request(method, path, body, self.bearer(token)), what), what)
                assert r.status in must, "%s: %s" % (what, r.short())
                if must == (400, 404) and r.status == 400:
                    assert r.json["code"] == "bad_json", "%s: %s" % (what, r.short())
        self.alive("whole bodies")

    def duplicates(self):
        wire = [None]
        for method, path, token, fields in self.endpoints():
            if method == "DELETE" or "unread" in [k for _, k in fields.values()]:
                continue
            for name, (value, _) in fields.items():
                v = json.dumps(value).encode()
                body = b"{%s:%s,%s:%s}" % (json.dumps(name).encode(), v, json.dumps(name).encode(), v)
                r = envelope(self.ask(wire, request(method, path, body, self.bearer(token)), path), path)
                assert r.status in (400, 404) and (r.status == 404 or r.json["code"] == "bad_json"), "%s %s twice: %s" % (path, name, r.short())
            body = b'{"a":{"b":1,"b":2}}'
            envelope(self.ask(wire, request(method, path, body, self.bearer(token)), path), path)
        # the same key spelt with an escape is the same key
        r = envelope(self.ask(wire, request("POST", "/factors", b'{"factor_type":"totp","factor\\u005ftype":"totp"}', self.bearer(self.u.token)), ""), "an escaped duplicate")
        assert r.status == 400, r.short()

    def sizes(self):
        for method, path, token, fields in self.endpoints():
            if method == "DELETE" or "unread" in [k for _, k in fields.values()]:      # C1: the body of a challenge is not read
                continue
            body = b'{"x":"' + b"y" * ((1 << 20) + 1 - 8) + b'"}'
            assert len(body) == (1 << 20) + 1
            r = envelope(once(self.port, request(method, path, body, self.bearer(token)), 20), "1 MiB + 1 to " + path)
            assert r.status == 413 and r.json["code"] == "request_entity_too_large", "%s: %s" % (path, r.short())
            # the same in chunks, without a length
            with Wire(self.port, 20) as w:
                w.send(request(method, path, None, self.bearer(token) + [("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")]))
                for _ in range(18):
                    w.send(b"10000\r\n" + b"z" * 65536 + b"\r\n")
                w.send(b"0\r\n\r\n")
                r = envelope(w.reply(), "chunks to " + path, closed_is_fine=True)
                assert r.closed or r.status == 413, "%s in chunks: %s" % (path, r.short())
        # a length that is announced alone: refused without the body, or the connection ends
        with Wire(self.port, 15) as w:
            w.send(b"POST /signup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{}")
            r = w.reply(6)
            assert r.status in (None, 0, 413), r.short()
        self.alive("sizes")

    def methods(self):
        paths = ["/health", "/settings", "/signup", "/token", "/user", "/logout", "/factors", "/factors/%s" % UUID, "/factors/%s/verify" % UUID, "/admin/users", "/admin/users/%s" % UUID, "/admin/audit",
                 "/.well-known/jwks.json", "/nope"]
        for path in paths:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO", "get", "PROPFIND", "G" * 200):
                r = once(self.port, request(method, path), 6)
                envelope(r, method + " " + path, closed_is_fine=True)
            r = once(self.port, request("HEAD", path), 6, head_only=True)
            assert r.closed or (r.status and r.status < 500), "HEAD %s: %s" % (path, r.short())
        self.alive("methods")

    def paths(self):
        for path in ("/%00", "/factors/%00", "/factors/..%2f..%2fadmin%2fusers/challenge", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//", "///signup", "/signup%00", "/%zz", "/%", "/factors/%ff%fe/verify",
                     "/admin/users/' or '1'='1", "/admin/users/%27%20or%201=1", "/user?" + "a=b&" * 3000, "/user?" + "x" * 8000, "/" + "a" * 6000, "/" + "a/" * 2000, "/user?access_token=x", "/admin/users?page=%00",
                     "/admin/users?per_page=%ff", "/admin/users?filter=%00", "/admin/users?filter=%ff%fe", "/admin/users?filter=" + "%25" * 500, "/admin/users?sort=x%00", "/admin/audit?query=author:%ff", "/token?grant_type=%00",
                     "/token?grant_type=password%00", "/token?grant_type=" + "x" * 5000, "/auth/v1", "/auth/v1/", "/auth/v1//health", "/auth/v1/auth/v1/health", "/auth/v1/%2e%2e/health", "*", "/\\", "/user;x=1", "/user#x"):
            target = path.replace(" ", "%20")
            for method in ("GET", "POST"):
                r = once(self.port, request(method, target, b"{}" if method == "POST" else None, self.bearer(self.admin)), 10)
                envelope(r, "%s %s" % (method, path[:60]), closed_is_fine=True, any_4xx=len(target) > 4000 or target[0] != "/")
        self.alive("paths")

    def headers(self):
        t = self.bearer(self.u.token)
        odd = [b"\xff\xfe", b"\xc3\x28", "ü".encode(), b"\x01\x02", b"a\tb", b"", b"   ", b"x" * 4000, b"%s%n", b"\xed\xa0\x80", b"2024-01-01\xff"]
        names = ["User-Agent", "X-Forwarded-For", "X-Supabase-Api-Version", "X-Client-Info", "X-JWT-AUD", "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Content-Type", "Accept",
                 "apikey", "Referer", "redirect_to", "Cookie", "X-Request-Id", "Accept-Encoding", "If-None-Match", "X-Forwarded-Host", "Expect"]
        for name in names:
            for value in odd:
                for method, path in (("GET", "/user"), ("OPTIONS", "/factors")):
                    r = once(self.port, request(method, path, None, t + [(name, value)]), 10)
                    envelope(r, "%s with %s: %r" % (path, name, value[:20]), closed_is_fine=True, any_4xx=b"\x01" in value)
                body = json.dumps({"email": self.visitor.email, "password": "wrong" if name != "User-Agent" else self.visitor.password}).encode()
                if name == "User-Agent" or value in odd[:2]:
                    r = once(self.port, request("POST", "/token?grant_type=password", body, [(name, value)]), 10)
                    envelope(r, "sign-in with %s: %r" % (name, value[:20]), closed_is_fine=True, any_4xx=b"\x01" in value)
        for value in odd + [b"Bearer \xff\xfe", b"Bearer " + b"x" * 20000, b"Bearer a.b.c", b"Bearer \x00", b"Bearer " + b"." * 5000, b"Bearer eyJhbGciOiJIUzI1NiJ9..", b"Basic " + b"A" * 100]:
            r = once(self.port, request("GET", "/user", None, [("Authorization", value)]), 10)
            envelope(r, "Authorization: %r" % value[:20], closed_is_fine=True, any_4xx=b"\x00" in value or b"\x01" in value)
            assert r.closed or 400 <= r.status < 500, r.short()
        r = once(self.port, request("GET", "/user", None, [("Authorization", "Bearer " + self.u.token), ("Authorization", "Bearer " + self.victim.token)]), 10)
        envelope(r, "two Authorization headers", closed_is_fine=True)
        assert r.closed or r.status != 200 or r.json["id"] in (self.u.id, self.victim.id)
        self.alive("headers")

    def big_headers(self):
        r = once(self.port, request("GET", "/user", None, self.bearer(self.u.token) + [("X-Big", "x" * 100000)]), 10)
        envelope(r, "one header of 100 kB", closed_is_fine=True)
        assert r.closed or r.status in (200, 400, 413, 431), r.short()
        r = once(self.port, request("GET", "/user", None, self.bearer(self.u.token) + [("X-H%d" % n, "x" * 90) for n in range(1000)]), 10)
        envelope(r, "a thousand headers of 100 bytes", closed_is_fine=True)
        assert r.closed or r.status in (200, 400, 413, 431), r.short()
        r = once(self.port, request("GET", "/user", None, [("Authorization", "Bearer " + "x" * 100000)]), 10)
        envelope(r, "a bearer of 100 kB", closed_is_fine=True)
        r = once(self.port, request("GET", "/user?" + "x" * 100000, None), 10)
        envelope(r, "a query of 100 kB", closed_is_fine=True)
        with Wire(self.port) as w:                       # without end
            w.send(b"GET /user HTTP/1.1\r\nHost: x\r\n")
            for n in range(2000):
                w.send(b"X-%d: %s\r\n" % (n, b"y" * 1000))
            r = w.reply(8)
            assert r.closed or r.status is None or 400 <= r.status < 500, r.short()
        self.alive("big headers")

    def broken_http(self):
        cases = [b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"GET /user\r\n\r\n", b"GET  /user  HTTP/1.1\r\n\r\n", b"GET /user HTTP/9.9\r\nHost: x\r\n\r\n", b"GET /user HTTP/1.1 x\r\nHost: x\r\n\r\n", b"\0\0\0\0\0\0\0\0\r\n\r\n",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x41" * 200, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /health HTTP/1.1\nHost: x\n\n", b"GET /health HTTP/1.1\r\nHost x\r\n\r\n",
                 b"GET /health HTTP/1.1\r\n: x\r\n\r\n", b"GET /health HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", b"GET /health HTTP/1.1\r\nHost: x\r\nA\0B: x\r\n\r\n", b"GET /health HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
                 b"\xff" * 3000 + b"\r\n\r\n", b"POST /signup HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n{}", b"POST /signup HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n{}",
                 b"POST /signup HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999999\r\n\r\n{}", b"POST /signup HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}   ",
                 b"POST /signup HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", b"POST /signup HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
                 b"POST /signup HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n", b"POST /signup HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;" + b"e" * 70000,
                 b"POST /signup HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", b"GET /health HTTP/1.0\r\n\r\n", b"GET http://elsewhere.test/health HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /health\r\n",
                 b"GET /health HTTP/1.1\r\n\r\n", b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"A" * 100000, b"POST /signup HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"]
        for data in cases:
            with Wire(self.port, 4) as w:
                r = w.send(data).reply(1.5)
                if r.status is None:                     # it waits for more: hang up on it
                    continue
                envelope(r, repr(data[:50]), closed_is_fine=True, any_4xx=True)
            self.alive(repr(data[:40]))

    def smuggling(self):
        """A length and chunks together must not be read as two requests."""
        inner = b"GET /user HTTP/1.1\r\nHost: x\r\n\r\n"
        data = b"POST /token?grant_type=password HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner
        with Wire(self.port, 5) as w:
            first = w.send(data).reply(3)
            if first.closed or first.status is None:
                return
            envelope(first, "length and chunks", any_4xx=True)
            assert 400 <= first.status < 500, first.short()

    def two_readings(self):
        """What a proxy in front could read as another request: refused, and what comes behind it is not answered (RFC 9112 3.2, 5.1, 6.3)."""
        inner = b"GET /user HTTP/1.1\r\nHost: x\r\n\r\n"
        for head in (b"Host: x\r\nContent-Length: 2\r\nContent-Length: 5", b"Host: x\r\nContent-Length : 2", b"Host: x\r\nHost: y", b"X: y", b"Host: x\r\nA\tB: c", b"Host: x\r\nTransfer-Encoding : chunked",
                     b"Host: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked", b"Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4", b"Host: x\r\nTransfer-Encoding: gzip",
                     b"Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"Host: x\r\nTransfer-Encoding: gzip, chunked"):
            with Wire(self.port, 5) as w:
                data = b"2\r\n{}\r\n0\r\n\r\n" if b"Encoding: chunked" in head else b"{}"
                r = w.send(b"POST /token?grant_type=password HTTP/1.1\r\n" + head + b"\r\n\r\n" + data + inner).reply(3)
                envelope(r, repr(head))
                assert r.status == 400 and r.json["error_code"] == "bad_request" and r.headers.get("connection", "").lower() == "close", "%r: %s" % (head, r.short())
                assert not w.reply(1).status, "%r: what came behind it was answered too" % head
        assert once(self.port, b"GET /health HTTP/1.0\r\n\r\n").status == 200, "HTTP/1.0 needs no Host"
        assert once(self.port, b"POST /logout HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n").status == 401, "the same length twice is one length"

    def absolute_form(self):
        """A target with scheme and host is the same resource (RFC 9112 3.2.2)."""
        for target, want in (("http://x.test/health", 200), ("HTTP://x.test:99/auth/v1/health?a=b", 200), ("https://x/user", 401), ("http://x.test", 404), ("http://x.test?a=/health", 404), ("http:///health", 200),
                             ("httpx://x/health", 404)):
            r = envelope(once(self.port, request("GET", target)), target)
            assert r.status == want, "%s: %s" % (target, r.short())
        r = once(self.port, request("GET", "http://x.test/admin/users?page=0x1", None, self.bearer(self.admin)))
        assert r.status == 400 and "page" in r.json["message"], r.short()

    def many_values(self):
        """A body of very many small values, which would take a hundred times its size in memory, is refused before it is read into any."""
        who = {"email": "v%s@example.com" % uuid.uuid4().hex[:12], "password": "correct horse"}
        fits, over = ({**who, "data": {"a": [1] * (n - 5)}} for n in (10000, 10001))          # email, password, data, a, the list itself
        r = envelope(once(self.port, request("POST", "/signup", json.dumps(over).encode())), "10001 values")
        assert r.status == 400 and r.json["msg"] == "Could not parse request body as JSON: too many values", r.short()
        r = once(self.port, request("POST", "/signup", json.dumps({**fits, "data": {"a": [1] * (9995), "b": "[,{" * 1000 + '\\",,'}}).encode()))
        assert r.status == 400 and "too many" in r.json["msg"], r.short()
        r = once(self.port, request("POST", "/signup", json.dumps({**fits, "data": {"a": [1] * (9994), "b": "[,{" * 1000 + '\\",,'}}).encode()))
        assert r.status == 200, r.short()

        def peak():
            with open("/proc/%d/status" % self.c.process.pid) as f:
                return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) >> 10
        before = peak()
        for unit in (b"{}", b"[]", b"0"):
            body = b'{"email":"x@example.com","password":"correct horse","z":[' + b",".join([unit] * (((1 << 20) - 100) // (len(unit) + 1))) + b"]}"
            at_once(16, lambda n: envelope(once(self.port, request("POST", "/signup", body), 30), "a mebibyte of values"))
        assert peak() - before < 200, "the peak grew by %d MiB" % (peak() - before)

    def shown_values(self):
        """A long value is shown cut in the answer, and never in the middle of a character: the answer stays JSON."""
        for method, path, token in (("GET", "/admin/audit?query=", self.admin), ("GET", "/admin/users?sort=", self.admin), ("GET", "/admin/users?sort=created_at%20", self.admin), ("POST", "/logout?scope=", self.u.token),
                                    ("GET", "/authorize?provider=", None), ("POST", "/token?grant_type=", None)):
            for before in range(4):
                r = envelope(once(self.port, request(method, path + "a" * before + "%F0%9F%98%80" * 200, None, self.bearer(token))), path)
                assert r.status == 400 and r.body.decode("utf8"), r.short()

    def log_lines(self):
        """Whatever a stranger sends, each line of the log is JSON in UTF-8, and names his address."""
        odd = [b"G\xff\xfe", b'G"}{"x', b"A" * 5000, "é".encode() * 900, b"\x01" * 3000, b"G" + "é".encode() * 900, b"\xed\xa0\x80", b"\xc3"]
        for method in odd:
            with Wire(self.port, 5) as w:
                w.send(method + b" /health HTTP/1.1\r\nHost: x\r\n\r\n").reply(2)
        self.alive("odd methods")
        with open(self.c.log, "rb") as f:
            lines = [json.loads(line.decode("utf8")) for line in f]
        seen = [line for line in lines if line["msg"] == "request completed"]
        assert len(seen) > 1000 and all(line["remote_addr"] == "127.0.0.1" and len(line["request_id"]) == 36 for line in seen), "a line without an address"
        methods = {line["method"] for line in seen}
        assert "G\ufffd\ufffd" in methods and "\ufffd" in methods, [m for m in methods if "\ufffd" in m]

    def forwarded_lines(self):
        """A proxy may put its X-Forwarded-For in a line of its own, below the client's: the last address counts, not the first line."""
        with Countersign(a.binary, env={"COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1"}) as c:
            s = c.server()
            for lines, want in ((["203.0.113.9", "198.51.100.7"], "198.51.100.7"), (["203.0.113.9, 198.51.100.7"], "198.51.100.7"), (["203.0.113.9", "198.51.100.7, 127.0.0.1"], "198.51.100.7"),
                                (["203.0.113.9"], "203.0.113.9"), (["203.0.113.9", "nonsense"], "127.0.0.1")):
                body = json.dumps({"email": "f%s@example.com" % uuid.uuid4().hex[:12], "password": "correct horse"}).encode()
                r = once(c.port, request("POST", "/signup", body, [("X-Forwarded-For", line) for line in lines]))
                assert r.status == 200, r.short()
                got = s.sql("select ip from sessions order by created_at desc limit 1")
                assert got == [[want]], (lines, got)

    def pipelining(self):
        batch = b"".join(request("GET", "/health") + request("GET", "/user") + request("POST", "/token?grant_type=password", b'{"email":"a@b.c","password":"x"}') + request("GET", "/nope") for _ in range(5))
        with Wire(self.port, 20) as w:
            w.send(batch)
            got = [w.reply() for _ in range(20)]
        assert [r.status for r in got] == [200, 401, 400, 404] * 5, [r.status for r in got]
        # answers are not mixed up between users
        mixed = b"".join(request("GET", "/user", None, self.bearer(x.token)) for x in (self.u, self.victim) * 10)
        with Wire(self.port, 20) as w:
            w.send(mixed)
            got = [w.reply().json["id"] for _ in range(20)]
        assert got == [self.u.id, self.victim.id] * 10, got
        with Wire(self.port, 20) as w:                   # writes too, one after the other
            w.send(b"".join(request("POST", "/factors/%s/challenge" % self.factor, b"{}", self.bearer(self.u.token)) for _ in range(10)))
            got = [w.reply() for _ in range(10)]
        assert [r.status for r in got] == [200] * 10 and len({r.json["id"] for r in got}) == 10, [r.short() for r in got]

    def half_requests(self):
        whole = request("POST", "/factors", b'{"factor_type":"totp","friendly_name":"half"}', self.bearer(self.u.token))
        before = len(self.s.call("GET", "/user", token=self.u.token).json.get("factors", []))
        for cut in (1, 5, 20, len(whole) // 2, len(whole) - 30, len(whole) - 1):
            with Wire(self.port) as w:
                w.send(whole[:cut])
        for cut in (10, len(whole) - 5):
            with Wire(self.port) as w:
                w.send(whole[:cut])
                w.sock.shutdown(socket.SHUT_WR)
                r = w.reply(5)
                assert r.closed or r.status is None or r.status < 500, r.short()
        time.sleep(0.3)
        assert len(self.s.call("GET", "/user", token=self.u.token).json.get("factors", [])) == before, "half a request was carried out"
        # hang up right after a whole request, many times: the answer has nowhere to go
        for n in range(30):
            with Wire(self.port) as w:
                w.send(request("POST", "/token?grant_type=password", b'{"email":"nobody@example.com","password":"x"}'))
                w.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.alive("half requests")

    def slow_requests(self):
        """A request that drips in is served in the end or dropped; meanwhile others are served at once."""
        slow = [Wire(self.port, 30) for _ in range(30)]
        whole = request("GET", "/health")
        for w in slow:
            w.send(whole[:8])
        for part in range(3):
            for w in slow:
                w.send(whole[8 + part:9 + part])
            r = once(self.port, request("GET", "/user", None, self.bearer(self.u.token)))
            assert r.status == 200, "while others drip: " + r.short()
            time.sleep(0.2)
        for w in slow:
            r = w.send(whole[11:]).reply()
            assert r.status == 200 or r.closed, r.short()
            w.close()
        idle = [Wire(self.port) for _ in range(200)]
        r = once(self.port, request("GET", "/user", None, self.bearer(self.u.token)))
        assert r.status == 200, "beside 200 idle connections: " + r.short()
        for w in idle:
            w.close()
        self.alive("slow requests")

    def sleeping_uploads(self):
        """A hundred bodies of a megabyte that never end: the server's memory is bounded, ordinary requests are served, large ones wait."""
        def resident():
            with open("/proc/%d/status" % self.c.process.pid) as f:
                return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
        large = request("POST", "/signup", b'{"email":"no address","password":"' + b"x" * 600000 + b'"}')
        usual = once(self.port, large)
        before, whole, sleepers = resident(), request("POST", "/signup", b" " * (1 << 20)), []
        for _ in range(100):
            sleepers.append(Wire(self.port).send(whole[:-1]))
        end, r = time.monotonic() + 90, None
        while (not r or r.status != 429) and time.monotonic() < end:       # those that were refused have left room for a few more
            sleepers.append(Wire(self.port).send(whole[:-1]))
            r = envelope(once(self.port, large), "a large body beside them")
        assert r.status == 429 and r.headers.get("retry-after") == "1", r.short()
        assert once(self.port, request("POST", "/signup", json.dumps({"email": "upload-%s@example.com" % uuid.uuid4().hex, "password": "correct horse battery"}).encode())).status == 200
        grown = resident() - before
        assert grown < 100 * 1024 or "asan" in self.c.binary, "%d KiB more than before" % grown       # a sanitizer keeps what is freed
        for w in sleepers:
            w.send(b" ")
        refused = [w.reply().status for w in sleepers]
        assert set(refused) == {400, 429} and refused.count(429) >= 30, refused
        for w in sleepers:
            w.close()
        end = time.monotonic() + 90
        while once(self.port, large).status == 429 and time.monotonic() < end:
            time.sleep(0.05)
        r = once(self.port, large)
        assert r.status == usual.status < 429, (r.short(), usual.short())

    def many_at_once(self):
        bad = [request("POST", "/signup", b"{" * 50), request("GET", "/user"), request("POST", "/factors", b'{"factor_type":[]}', self.bearer(self.u.token)), request("FOO", "/user"),
               request("POST", "/token?grant_type=refresh_token", b'{"refresh_token":"%s"}' % (b"x" * 500))]

        def one(n):
            for k in range(20):
                with Wire(self.port) as gone:                            # and one that leaves in the middle
                    gone.send(bad[(n + k) % len(bad)][:-9])
                r = once(self.port, bad[(n + k) % len(bad)], 20)
                assert r.status is not None, "no answer to %r" % bad[(n + k) % len(bad)][:30]
                assert r.closed or r.status < 500, r.short()
        at_once(24, one)
        self.alive("many at once")

    def unchanged(self):
        assert self.state() == self.before, "the victim changed: %s" % self.state()
        a = self.s.call("GET", "/admin/users?per_page=1000", token=self.admin)
        assert a.status == 200, a.short()
        self.c.check_db()


with Countersign(a.binary) as c:
    suite = Suite(c)
    steps = [("fields of %s %s" % (m, path.replace(suite.factor, "{factor}").replace(suite.u.id, "{user}").replace(suite.target.id, "{user}")), suite.fields, m, path, token, fields) for m, path, token, fields in suite.endpoints()]
    steps += [(name.replace("_", " "), getattr(suite, name)) for name in ("whole_bodies", "duplicates", "sizes", "methods", "paths", "headers", "big_headers", "broken_http", "smuggling", "two_readings", "absolute_form", "many_values", "shown_values", "forwarded_lines", "pipelining", "half_requests",
                                                                         "slow_requests", "sleeping_uploads", "many_at_once", "log_lines")]
    for name, call, *args in steps:
        if a.only in name:
            tally.step(name, call, *args)
            tally.step("  … and the server goes on", suite.alive, name)
    tally.step("nothing changed, and the database is in order", suite.unchanged)
    tally.step("it stops well, without a report", c.stop)
sys.exit(tally.close())
