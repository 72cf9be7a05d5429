"""A server that misbehaves on purpose, for test_http.c: the first path segment says how.

Prints the port it listens on, one for TLS, and the file of that one's certificate, which is for 127.0.0.1 alone. Serves until its
standard input ends."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

USER = b'{"id":"11111111-2222-4333-8444-555555555555","email":"a@example.com"}'


def answer(status, body, extra=b"", length=None):
    length = len(body) if length is None else length
    return (b"HTTP/1.1 " + status + b"\r\nContent-Length: " + str(length).encode() + b"\r\n" + extra + b"\r\n" + body)


def huge(out):
    out.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    for _ in range(800):  # 50 MB and more
        out.sendall(b'"' + b"a" * 65536 + b'",')


def slow(out):
    for byte in answer(b"200 OK", USER):
        out.sendall(bytes([byte]))
        time.sleep(1)


def many_headers(out):
    out.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"b" * 5000 + b"\r\nContent-Length: 2\r\n\r\n{}")


BEHAVIOURS = {
    "good": lambda out: out.sendall(answer(b"200 OK", USER)),
    "html": lambda out: out.sendall(answer(b"200 OK", b"<html>sign in</html>", b"Content-Type: text/html\r\n")),
    "gateway": lambda out: out.sendall(answer(b"502 Bad Gateway", b"<html>nginx</html>", b"Content-Type: text/html\r\n")),
    "redirect": lambda out: out.sendall(answer(b"301 Moved", b"", b"Location: /good/auth/v1/user\r\n")),
    "truncated": lambda out: out.sendall(answer(b"200 OK", USER[:20], length=500)),
    "cut": lambda out: out.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + USER[:20]),
    "nothing": lambda out: None,
    "garbage": lambda out: out.sendall(b"\x00\xff\x00garbage\r\n\r\n"),
    "limited": lambda out: out.sendall(answer(b"429 Too Many Requests", b'{"code":"over_request_rate_limit","message":"Request rate limit reached"}', b"Retry-After: 7\r\n")),
    "continue": lambda out: out.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"200 OK", USER)),
    "huge": huge,
    "slow": slow,
    "many_headers": many_headers,
    "hang": lambda out: time.sleep(30),
}
CLOSING = {"truncated", "cut", "nothing", "garbage", "huge", "slow", "hang"}


def read_request(connection, pending):
    while b"\r\n\r\n" not in pending:
        data = connection.recv(65536)
        if not data:
            return None, b""
        pending += data
    head, rest = pending.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(rest) < length:
        data = connection.recv(65536)
        if not data:
            return None, b""
        rest += data
    return head, rest[length:]


TAKEN = []  # what was read on connections that then broke


def serve(connection, number, context):
    pending = b""
    earlier = 0
    try:
        connection = connection if context is None else context.wrap_socket(connection, server_side=True)
        while True:
            head, pending = read_request(connection, pending)
            if head is None:
                break
            path = head.split(b" ")[1].decode()
            behaviour = path.split("/")[1]
            earlier += 1
            if behaviour == "break" and earlier == 2:  # the first one is answered, the second one taken and not
                TAKEN.append(head.split(b" ")[0].decode())
                break
            if behaviour == "taken":
                connection.sendall(answer(b"200 OK", b'{"id":"%s"}' % ",".join(TAKEN).encode()))
                TAKEN.clear()
            elif behaviour == "break":
                connection.sendall(answer(b"200 OK", USER))
            elif behaviour == "count":  # which connection this is
                connection.sendall(answer(b"200 OK", b'{"id":"%d"}' % number))
            elif behaviour == "echo":  # the head, as text in a user's e-mail address
                text = head.replace(b"\r\n", b"|").replace(b'"', b"'")
                connection.sendall(answer(b"200 OK", b'{"id":"x","email":"' + text + b'"}'))
            else:
                BEHAVIOURS[behaviour](connection)
                if behaviour in CLOSING:
                    break
    except (OSError, KeyError):
        pass
    connection.close()


def accept(listener, context):
    number = 0
    while True:
        connection, _ = listener.accept()
        number += 1
        threading.Thread(target=serve, args=(connection, number, context), daemon=True).start()


def main():
    folder = tempfile.mkdtemp(prefix="countersign-stub-")
    certificate, key = os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", key,
                    "-out", certificate, "-subj", "/CN=stub", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    plain, secure = socket.create_server(("127.0.0.1", 0), backlog=64), socket.create_server(("", 0), backlog=64)
    for listener, wrapped in ((plain, None), (secure, context)):
        threading.Thread(target=accept, args=(listener, wrapped), daemon=True).start()
    sys.stdout.write("%d %d %s\n" % (plain.getsockname()[1], secure.getsockname()[1], certificate))
    sys.stdout.flush()
    sys.stdin.read()
    shutil.rmtree(folder)


main()
