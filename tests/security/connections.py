#!/usr/bin/env python3
"""S18: connections are bounded in number and time. Heads, bodies and idle connections that come slowly, byte by byte, or not at all, are
closed; an address has only so many; near the limit the longest idle ones go first, and new requests are answered all the while; a log line
names the setting. Nothing here waits for a fixed time: each step waits for the server to close. connections.py [--binary FILE]; ends with
'N passed, N failed'.
"""
import contextlib, json, re, resource, socket, sys, threading, time
from rig import Countersign, Tally, addr, binary, is_
from countersign import free_port

HEAD = b"GET /health HTTP/1.1\r\nHost: x\r\n"
BODY = b"POST /recover HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


def opened(c, host="127.0.0.1"):
    return socket.create_connection((host, c.port), timeout=60)


def until_closed(sock, drip=b""):
    """What came until the server closed; a byte of drip is sent again and again meanwhile."""
    got, end = b"", time.monotonic() + 60
    sock.settimeout(0.1)
    while time.monotonic() < end:
        try:
            data = sock.recv(4096)
            if not data:
                return got
            got += data
        except socket.timeout:
            pass
        except ConnectionError:
            return got
        with contextlib.suppress(OSError):
            sock.sendall(drip)
    raise AssertionError("the server never closed")


def asked(sock, head=HEAD + b"\r\n"):
    """One whole answer on a connection that stays."""
    sock.sendall(head)
    got = b""
    while b"\r\n\r\n" not in got:
        data = sock.recv(4096)
        assert data, "closed before its answer: %r" % got
        got += data
    head, _, body = got.partition(b"\r\n\r\n")
    size = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    while len(body) < size:
        body += sock.recv(4096)
    return head.decode()


def late(t):
    """A head, a body or an idle connection that takes too long is closed, dripping or silent; a whole request is answered beside it"""
    env = {"COUNTERSIGN_HEAD_TIMEOUT": "1s", "COUNTERSIGN_BODY_TIMEOUT": "1s", "COUNTERSIGN_IDLE_TIMEOUT": "1s"}
    with Countersign(binary, env=env) as c:
        cases = [(b"", b"", b""), (b"", b"G", b""), (HEAD, b"", b""), (HEAD, b"X", b""), (BODY, b"", b"408"), (BODY, b" ", b"408")]
        results = [None] * (len(cases) + 2)

        def one(n):
            with opened(c) as sock:
                if n >= len(cases):     # idle after an answer: silent, and with the next first line dripping
                    asked(sock)
                    got = until_closed(sock, b"G" if n > len(cases) else b"")
                    results[n] = got == b""
                else:
                    first, drip, wanted = cases[n]
                    sock.sendall(first)
                    got = until_closed(sock, drip)
                    results[n] = wanted in got if wanted else b" 200 " not in got
        threads = [threading.Thread(target=one, args=(n,)) for n in range(len(results))]
        for th in threads:
            th.start()
        is_(c.server().call("GET", "/health"), 200)
        for th in threads:
            th.join()
        assert all(results), results


def crowd(t):
    """Strangers who open all connections and stay silent do not stop service: the longest idle ones are closed, and the log names the setting"""
    with Countersign(binary, env={"COUNTERSIGN_CONNECTIONS": "32"}) as c, contextlib.ExitStack() as stack:
        first = stack.enter_context(opened(c))
        assert "200 OK" in asked(first)
        for n in range(100):
            sock = stack.enter_context(opened(c))
            if n % 10 == 0:
                with opened(c) as friend:
                    assert "200 OK" in asked(friend, HEAD + b"\r\n")
        assert until_closed(first) == b""
        lines = [json.loads(line) for line in c.log_text().splitlines() if "COUNTERSIGN_CONNECTIONS" in line]
        assert len(lines) >= 1 and lines[0]["setting"] == "COUNTERSIGN_CONNECTIONS" and lines[0]["limit"] == 32, lines
        assert len(lines) < 10, "a line for each connection"
        del sock


def files(t):
    """The soft limit of open files is raised, and fewer connections are taken where the hard one is low"""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        with Countersign(binary) as c:
            with open("/proc/%d/limits" % c.process.pid) as f:
                limit = next(line.split()[3] for line in f if line.startswith("Max open files"))
            assert int(limit) == min(hard, 65536), limit
        with Countersign(binary, wrapper=["prlimit", "--nofile=512:512"]) as c, contextlib.ExitStack() as stack:
            assert "limit of open files" in c.log_text()
            for n in range(600):
                stack.enter_context(opened(c)) if n < 150 else opened(c).close()
            assert "200 OK" in asked(stack.enter_context(opened(c)))
            is_(c.server().call("POST", "/signup", {"email": addr(), "password": "correct horse battery"}), 200)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def told(t):
    """An answer in a full house says Connection: close, and the connection ends with it"""
    with Countersign(binary, env={"COUNTERSIGN_CONNECTIONS": "16"}) as c, contextlib.ExitStack() as stack:
        socks = [stack.enter_context(opened(c)) for _ in range(15)]
        assert "connection: close" in asked(socks[-1]).lower(), "a connection in a full house is kept"


def monitored(t):
    """The port of the metrics is bounded alike: who drips a head or a body is closed, more silent ones than it has places keep nobody out, and an answer ends its connection"""
    port = free_port()
    env = {"GOTRUE_METRICS_ENABLED": "true", "GOTRUE_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": str(port), "COUNTERSIGN_HEAD_TIMEOUT": "1s", "COUNTERSIGN_BODY_TIMEOUT": "1s"}
    with Countersign(binary, env=env):
        there = lambda: socket.create_connection(("127.0.0.1", port), timeout=60)
        head = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
        for first, drip in ((b"", b"G"), (head, b"X"), (head + b"Content-Length: 100000\r\n\r\n", b" ")):
            with there() as sock:
                sock.sendall(first)
                assert b" 200 " not in until_closed(sock, drip), (first, drip)
        with contextlib.ExitStack() as stack:
            for _ in range(200):
                stack.enter_context(there())
            with there() as sock:
                sock.sendall(head + b"\r\n")
                got = until_closed(sock)
                assert b" 200 " in got and b"countersign_" in got, got[:200]


def main():
    t = Tally()
    for step in (late, crowd, files, told, monitored):
        t.step(step.__doc__, step, t)
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
