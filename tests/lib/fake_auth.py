"""A friendly auth server in a hundred lines: what the examples need, with real TOTP codes, in memory.

Prints the port it listens on, serves until its standard input ends."""

import base64
import hashlib
import hmac
import json
import struct
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USERS = {}  # by id
SESSIONS = {}  # by access token
NOW = "2026-01-01T00:00:00Z"


def b64(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def totp(secret, at):
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", at // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1000000)


def public(user):
    factors = [{k: v for k, v in f.items() if k != "secret"} for f in user["factors"].values()]
    return {"id": user["id"], "aud": "authenticated", "email": user["email"], "phone": "", "factors": factors,
            "app_metadata": {}, "user_metadata": {}, "identities": [], "created_at": NOW}


def session(user, amr):
    aal = "aal2" if any(a["method"] == "totp" for a in amr) else "aal1"
    claims = {"sub": user["id"], "exp": int(time.time()) + 3600, "aal": aal, "amr": amr, "jti": uuid.uuid4().hex}
    token = b64({"alg": "HS256", "typ": "JWT"}) + "." + b64(claims) + ".c2ln"
    refresh = uuid.uuid4().hex
    SESSIONS[token] = SESSIONS[refresh] = {"user": user, "amr": amr}
    return 200, {"access_token": token, "token_type": "bearer", "expires_in": 3600, "expires_at": claims["exp"],
                 "refresh_token": refresh, "user": public(user)}


def refuse(status, code, message):
    return status, {"code": code, "message": message}


def entry(method):
    return {"method": method, "timestamp": int(time.time())}


def verify(user, factor, body, amr):
    now = int(time.time())
    if body["code"] not in [totp(factor["secret"], now + d) for d in (-30, 0, 30)]:
        return refuse(422, "mfa_verification_failed", "Invalid TOTP code entered")
    factor["status"] = "verified"
    return session(user, [entry("totp")] + [a for a in amr if a["method"] != "totp"])


def factors(method, parts, body, current):
    user = current["user"]
    if method == "POST" and len(parts) == 1:
        secret = base64.b32encode(uuid.uuid4().bytes + b"four").decode()
        factor = {"id": str(uuid.uuid4()), "factor_type": "totp", "status": "unverified", "secret": secret,
                  "friendly_name": body.get("friendly_name") or "", "created_at": NOW, "updated_at": NOW}
        user["factors"][factor["id"]] = factor
        return 200, {"id": factor["id"], "type": "totp", "friendly_name": factor["friendly_name"],
                     "totp": {"secret": secret, "uri": "otpauth://totp/x?secret=" + secret, "qr_code": "<svg></svg>"}}
    factor = user["factors"].get(parts[1])
    if factor is None:
        return refuse(404, "mfa_factor_not_found", "Factor not found")
    if method == "DELETE":
        del user["factors"][parts[1]]
        current["amr"][:] = [a for a in current["amr"] if a["method"] != "totp"]
        return 200, {"id": parts[1]}
    if parts[2] == "challenge":
        return 200, {"id": str(uuid.uuid4()), "type": "totp", "expires_at": int(time.time()) + 300}
    return verify(user, factor, body, current["amr"])


def route(method, path, query, bearer, body):
    parts = path.removeprefix("/auth/v1/").split("/")
    current = SESSIONS.get(bearer)
    if parts[0] == "signup":
        user = {"id": str(uuid.uuid4()), "email": body["email"], "password": body["password"], "factors": {}}
        USERS[user["id"]] = user
        return session(user, [entry("password")])
    if parts[0] == "token" and "refresh_token" in query:
        old = SESSIONS.get(body["refresh_token"])
        return session(old["user"], old["amr"]) if old else refuse(400, "refresh_token_not_found", "Not Found")
    if parts[0] == "token":
        for user in USERS.values():
            if (user["email"], user["password"]) == (body["email"], body["password"]):
                return session(user, [entry("password")])
        return refuse(400, "invalid_credentials", "Invalid login credentials")
    if parts[0] == "admin" and bearer == "service-key":
        gone = USERS[parts[2]]["factors"].pop(parts[4])
        return 200, {"id": gone["id"]}
    if current is None:
        return refuse(401, "no_authorization", "This endpoint requires a valid Bearer token")
    return (200, public(current["user"])) if parts[0] == "user" else factors(method, parts, body, current)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        path, _, query = self.path.partition("?")
        bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        status, answer = route(self.command, path, query, bearer, body)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write("%d\n" % server.server_port)
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
