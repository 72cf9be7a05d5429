"""HTTP by hand over a socket: what is sent is exactly the bytes given, and what comes back is read with a deadline."""
import json, re, socket, time


class Reply:
    """One answer: status 0 with closed=True where the server hung up without one, status None where it stayed silent."""

    def __init__(self, status=None, headers=None, body=b"", closed=False):
        self.status, self.headers, self.body, self.closed = status, headers or {}, body, closed

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def short(self):
        return "%s%s %r" % (self.status, " closed" if self.closed else "", self.body[:200])


class Wire:
    def __init__(self, port, timeout=10):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left, self.timeout = b"", timeout

    def send(self, data):
        """Send what the server will take; it may hang up in the middle of a body that it refuses."""
        try:
            self.sock.sendall(data)
        except OSError:
            pass
        return self

    def _more(self, end):
        self.sock.settimeout(max(0.01, end - time.monotonic()))
        try:
            data = self.sock.recv(65536)
        except (socket.timeout, TimeoutError):
            return None
        except OSError:
            return b""
        self.left += data
        return data

    def reply(self, timeout=None, head_only=False):
        end = time.monotonic() + (timeout or self.timeout)
        while b"\r\n\r\n" not in self.left:
            data = self._more(end)
            if data is None:
                return Reply(None)
            if data == b"":
                return Reply(0, body=self.left, closed=True)
        head, _, self.left = self.left.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        m = re.match(r"HTTP/1\.[01] (\d{3})", lines[0])
        assert m, "no status line: %r" % lines[0]
        status = int(m.group(1))
        headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:] if ":" in line)}
        if status == 100:
            return self.reply(timeout, head_only)
        if head_only or status in (204, 304):
            return Reply(status, headers)
        length, body = headers.get("content-length"), b""
        if "chunked" in headers.get("transfer-encoding", ""):
            while b"\r\n0\r\n\r\n" not in b"\r\n" + self.left and self._more(end):
                pass
            text = self.left
            while text:
                size, _, text = text.partition(b"\r\n")
                n = int(size, 16)
                if not n:
                    break
                body, text = body + text[:n], text[n + 2:]
            self.left = b""
        elif length is not None:
            while len(self.left) < int(length) and self._more(end):
                pass
            body, self.left = self.left[:int(length)], self.left[int(length):]
        else:
            while self._more(end):
                pass
            body, self.left = self.left, b""
        return Reply(status, headers, body)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request(method, path, body=None, headers=(), version="HTTP/1.1", host=True):
    """The bytes of one request. Header values may be bytes of any kind."""
    lines = [("%s %s %s" % (method, path, version)).encode("latin-1")]
    if host:
        lines.append(b"Host: 127.0.0.1")
    for k, v in headers:
        lines.append((k if isinstance(k, bytes) else k.encode("latin-1")) + b": " + (v if isinstance(v, bytes) else v.encode("latin-1")))
    if body is not None:
        lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def once(port, data, timeout=10, head_only=False):
    with Wire(port, timeout) as w:
        return w.send(data).reply(head_only=head_only)
