"""The transport (accounts.md W1-W10, X1-X3, X6, 1.4): headers, envelopes, routes, CORS, refusals of what is not there."""
import http.client, json, re, time, uuid
from checks import check, is_, preflight
from wire import Answer, claims_of, hs256

JS = {"Content-Type": "application/json"}


def plain(s, method, path, headers=()):
    """A request with these headers alone."""
    conn = http.client.HTTPConnection(s.host, s.port, timeout=30)
    try:
        conn.putrequest(method, s.prefix + path, skip_accept_encoding=True)
        for k, v in headers:
            conn.putheader(k, v)
        conn.endheaders()
        r = conn.getresponse()
        a = Answer(r.status, {k.lower(): v for k, v in r.getheaders()}, r.read())
        a.all_headers = r.getheaders()
        return a
    finally:
        conn.close()


@check("W1")
def json_form(s, kit):
    """Answers: application/json, compact, no newline at the end, <, > and & escaped, keys of maps sorted."""
    u = s.sign_up(data={"zeta": "<b>&", "alpha": 1, "mid": {"y": 1, "x": 2}})
    a = is_(s.call("GET", "/user", token=u.token), 200)
    assert a.headers["content-type"] == "application/json", a.headers["content-type"]
    text = a.raw.decode()
    assert text == text.strip() and '": ' not in text and '", "' not in text, text[:200]
    assert "\\u003cb\\u003e\\u0026" in text and "<" not in text, text
    keys = list(a.json["user_metadata"])
    assert keys == sorted(keys) and '"mid":{"x":2,"y":1}' in text, keys
    order = [k for k in ("id", "aud", "role", "email", "email_confirmed_at", "phone", "confirmed_at", "last_sign_in_at", "app_metadata", "user_metadata", "identities", "created_at",
                         "updated_at", "is_anonymous") if k in a.json]
    assert [k for k in a.json if k in order] == order, list(a.json)
    gone = is_(s.call("POST", "/logout", token=u.token), 204)
    assert gone.raw == b"" and "content-type" not in gone.headers, gone.headers


@check("W2", better=True)
def sniffing(s, kit):
    """Answers say X-Content-Type-Options: nosniff, errors too; no answer names the server's software or version."""
    for a in (s.call("GET", "/health"), s.call("GET", "/user"), s.call("GET", "/nope"), s.call("POST", "/signup", {"email": "x"})):
        assert a.headers.get("x-content-type-options") == "nosniff", a.headers
        assert not re.search("microhttpd|openssl", json.dumps(a.headers), re.I), a.headers


@check("W4")
def body_limit(s, kit):
    """A body of exactly 1 MiB is read, one byte more is 413, on user, admin and open routes alike."""
    u = s.sign_up()
    text = "Request body too large (max 1048576 bytes)"
    for path, token in (("/factors", u.token), ("/signup", None), ("/token?grant_type=password", None), ("/admin/users", s.admin_token())):
        def body(size):
            frame = b'{"factor_type":"nope","grown":""}'
            return frame[:-2] + b"x" * (size - len(frame)) + frame[-2:]
        is_(s.call("POST", path, raw=body((1 << 20) + 1), token=token, headers=JS), 413, "request_entity_too_large", text)
        a = s.call("POST", path, raw=body(1 << 20), token=token, headers=JS)
        assert a.status != 413 and a.status < 500, (path, a.short())


@check("W5")
def bodies(s, kit):
    """Bodies are JSON whatever the Content-Type says; empty, cut, of another type or with a field of another type: 400 bad_json."""
    for raw in (b"", b" ", b"{", b"[]", b"1", b'"x"', b"true", b'{"email":1}', b'{"password":[]}', b'{"data":7}', b"{'email':'x'}", b'{"email":"x",}', b"\xef\xbb\xbf{}x", b"{}{}", b'{"a":\x01}'):
        is_(s.call("POST", "/signup", raw=raw, headers=JS), 400, "bad_json", part="Could not parse request body as JSON: ")
    for kind in ("application/json", "text/plain", "application/octet-stream", "x/y; charset=z"):
        is_(s.call("POST", "/token?grant_type=password", raw=b'{"email":"nobody@example.com","password":"x"}', headers={"Content-Type": kind}), 400, "invalid_credentials")
    assert is_(s.call("POST", "/signup", raw=b"null", headers=JS), 200).json["user"]["is_anonymous"] is True
    is_(s.call("POST", "/signup", {"email": None, "phone": None, "password": None, "data": None, "unknown": {"x": []}}), 200)


@check("W6")
def forms(s, kit):
    """A form body is no JSON, yet its grant_type is read."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    is_(s.call("POST", "/token", raw=b"grant_type=magic", headers=form), 400, "invalid_credentials", "unsupported_grant_type")
    is_(s.call("POST", "/token", raw=b"grant_type=password&email=a%40example.com&password=x", headers=form), 400, "bad_json")
    is_(s.call("POST", "/signup", raw=b"email=a%40example.com&password=correcthorse", headers=form), 400, "bad_json")


@check("W7", better=True)
def routes_that_are_not(s, kit):
    """Unknown paths: 404, wrong methods: 405 with Allow, both in the JSON envelope of the version asked for."""
    for path in ("/nope", "/", "/factors/x/y/z", "/token/x", "/auth/v2/user", "/admin/../user", "/user/factors"):
        a = s.call("GET", path)
        assert a.status in (401, 404) and a.code and a.message and a.headers["content-type"] == "application/json", (path, a.short())
    is_(s.call("GET", "/nope"), 404)
    assert s.call("GET", "/nope").headers.get("x-supabase-api-version") == "2024-01-01"
    old = s.call("GET", "/nope", version=None)
    assert old.json["code"] == 404 and old.json["error_code"] and old.json["msg"], old.json
    for method, path, allowed in (("GET", "/signup", "POST"), ("DELETE", "/signup", "POST"), ("PUT", "/token", "POST"), ("POST", "/health", "GET"), ("POST", "/health", "HEAD"), ("HEAD", "/signup", "POST"),
                                  ("POST", "/settings", "GET"), ("PATCH", "/signup", "POST"), ("FOO", "/signup", None), ("OPTIONS", "/signup", None), ("TRACE", "/health", None)):
        a = s.call(method, path)
        assert a.status == 405, (method, path, a.short())
        if allowed and method != "HEAD":
            assert allowed in a.headers.get("allow", ""), (method, path, a.headers)
        if method != "HEAD":
            assert a.code and a.message, (method, path, a.raw)


@check("W7b", better=True)
def heads(s, kit):
    """HEAD is answered wherever GET is, with its status and headers and no body (RFC 9110 9.3.2), and does nothing: no link is used up, no mail sent."""
    u, admin = s.sign_up(), s.admin_token()
    for path, token in (("/health", None), ("/settings", None), ("/.well-known/jwks.json", None), ("/user", u.token), ("/user", None), ("/user/", u.token), ("/admin/users", admin), ("/admin/users", u.token),
                        ("/admin/users/" + u.id, admin), ("/admin/users/%s/factors" % u.id, admin), ("/admin/audit", admin), ("/factors/recovery-codes", u.token), ("/nope", None)):
        got, head = s.call("GET", path, token=token), s.call("HEAD", path, token=token)
        assert head.status == got.status and head.raw == b"" and head.headers["content-type"] == got.headers["content-type"], (path, got.short(), head.short())
    link = is_(s.call("POST", "/admin/generate_link", {"type": "recovery", "email": u.email}, admin), 200).json
    path = "/verify?token=%s&type=recovery" % link["hashed_token"]
    for _ in range(2):
        assert s.call("HEAD", path).status == 200
    landed = s.call("GET", path)
    assert landed.status == 303 and "access_token=" in landed.headers["location"], landed.short()
    assert s.call("HEAD", "/reauthenticate", token=u.token).status == 200 and s.call("HEAD", "/reauthenticate").status == 401
    assert not is_(s.call("GET", "/user", token=u.token), 200).json.get("reauthentication_sent_at")


@check("W8")
def slashes_and_case(s, kit):
    """A slash at the end only where the contract marks it; paths are case-sensitive; the query does not matter."""
    u = s.sign_up()
    t = s.admin_token()
    for method, path, body, token in (("GET", "/user/", None, u.token), ("GET", "/admin/users/", None, t), ("GET", "/admin/audit/", None, t), ("POST", "/signup/", {}, None)):
        is_(s.call(method, path, body, token), 200)
    for path in ("/health/", "/settings/", "/Health", "/HEALTH", "//health", "/health//", "/health/x"):
        is_(s.call("GET", path), 404)
    is_(s.call("POST", "/token/?grant_type=password", {}), 404)
    is_(s.call("GET", "/health?x=1&y"), 200)
    is_(s.call("GET", "/user?x=%zz", token=u.token), 200)


@check("W9")
def gate_before_route(s, kit):
    """The gate of a group is asked before the route: 401 without a bearer, then 404 or 405."""
    u = s.sign_up()
    is_(s.call("POST", "/user", {}), 401, "no_authorization")
    is_(s.call("POST", "/user", {}, u.token), 405)
    is_(s.call("GET", "/admin/nope"), 401, "no_authorization")
    is_(s.call("GET", "/admin/nope", token=u.token), 403, "not_admin")
    is_(s.call("GET", "/admin/nope", token=s.admin_token()), 404)
    is_(s.call("POST", "/factors/not-a-uuid/verify", {}), 401, "no_authorization")
    is_(s.call("GET", "/factors/%s/verify" % uuid.uuid4()), 401, "no_authorization")
    is_(s.call("GET", "/admin/users/nope/factors"), 401, "no_authorization")


@check("W10")
def cross_origin(s, kit):
    """Preflights: 204 with what was asked for where it is allowed, 204 without where it is not; other answers vary by Origin."""
    a = preflight(s, "apikey,authorization,content-type,x-client-info,x-supabase-api-version")
    assert a.status in (200, 204) and a.raw == b"", a.short()
    assert a.headers.get("access-control-allow-methods") and "POST" in a.headers["access-control-allow-methods"]
    assert "origin" in a.headers.get("vary", "").lower(), a.headers
    bad = preflight(s, "x-evil-header")
    assert bad.status in (200, 204, 403) and "x-evil-header" not in bad.headers.get("access-control-allow-headers", "").lower(), bad.headers
    bad = preflight(s, "content-type", method="TRACE")
    assert "TRACE" not in bad.headers.get("access-control-allow-methods", ""), bad.headers
    for path in ("/nope", "/user", "/admin/users"):
        a = preflight(s, "content-type", path, "GET")
        assert a.status in (200, 204) and a.headers.get("access-control-allow-origin"), (path, a.headers)
    a = s.call("GET", "/health", headers={"Origin": "http://app.example"})
    assert "origin" in a.headers.get("vary", "").lower(), a.headers
    exposed = a.headers.get("access-control-expose-headers", "").lower()
    assert all(h in exposed for h in ("x-total-count", "link", "x-supabase-api-version")), exposed
    both = [k for k in a.headers if k == "access-control-allow-credentials"]
    assert not (both and a.headers["access-control-allow-origin"] == "http://app.example"), "any origin with credentials"
    a = s.call("POST", "/token?grant_type=password", {}, headers={"Origin": "null"})
    assert a.headers.get("access-control-allow-origin") in ("*", "null"), a.headers


@check("X1")
def version_header(s, kit):
    """The new envelope for any date from 2024-01-01, the old one else; the header comes back on errors alone and as 2024-01-01."""
    for version, new in (("2024-01-01", True), ("2024-01-02", True), ("2099-12-31", True), ("2023-12-31", False), ("2024-13-01", False), ("2024-1-1", False), ("20240101", False),
                         ("", False), ("2024-01-01x", False), ("x", False), (None, False)):
        a = is_(s.call("GET", "/user", version=None, headers={} if version is None else {"X-Supabase-Api-Version": version}), 401)
        text = "This endpoint requires a valid Bearer token"
        wanted = {"code": "no_authorization", "message": text} if new else {"code": 401, "error_code": "no_authorization", "msg": text}
        assert a.json == wanted, (version, a.json)
        assert list(a.json) == list(wanted), (version, a.raw)
        assert a.headers.get("x-supabase-api-version") == ("2024-01-01" if new else None), (version, a.headers)
        assert a.headers["x-sb-error-code"] == "no_authorization"
    assert "x-supabase-api-version" not in s.call("GET", "/health").headers


@check("X2")
def error_id(s, kit):
    """error_id stands in old-style 5xx answers alone."""
    u = s.sign_up()
    claims = {k: v for k, v in claims_of(u.token).items() if k != "session_id"}
    t = hs256(claims, s.secret)
    new = is_(s.call("POST", "/factors", {"factor_type": "totp"}, t), 500, "unexpected_failure")
    assert set(new.json) == {"code", "message"}, new.json
    old = is_(s.call("POST", "/factors", {"factor_type": "totp"}, t, version=None), 500, "unexpected_failure")
    assert list(old.json)[:3] == ["code", "error_code", "msg"] and old.json["code"] == 500 and old.json.get("error_id"), old.raw
    assert "error_id" not in s.call("GET", "/user", version=None).json


@check("X3")
def weak_password_form(s, kit):
    """weak_password carries its reasons in both envelopes."""
    for version in ("2024-01-01", None):
        a = is_(s.call("POST", "/signup", {"email": "u%s@example.com" % uuid.uuid4().hex[:8], "password": "abc"}, version=version), 422, "weak_password")
        assert a.json["weak_password"] == {"reasons": ["length"]}, a.json


@check("X10")
def features_that_are_off(s, kit):
    """What the official API has and this server has not answers with the contract's refusal, in JSON, never a bare page."""
    u, t, some = s.sign_up(), s.admin_token(), str(uuid.uuid4())
    rows = [("GET", "/sso", None, None, 404, "saml_provider_disabled", "SAML 2.0 is disabled"), ("POST", "/sso", {}, None, 404, "saml_provider_disabled", None),
            ("GET", "/sso/saml/metadata", None, None, 404, "saml_provider_disabled", None), ("POST", "/sso/saml/acs", {}, None, 404, "saml_provider_disabled", None),
            ("POST", "/passkeys/registration/options", {}, None, 404, "passkey_disabled", "Passkeys are disabled"), ("GET", "/passkeys", None, None, 404, "passkey_disabled", None),
            ("GET", "/oauth/authorize", None, None, 404, "feature_disabled", "OAuth server is disabled"), ("POST", "/oauth/token", {}, None, 404, "feature_disabled", None),
            ("GET", "/oauth/anything/at/all", None, None, 404, "feature_disabled", None),
            ("GET", "/.well-known/oauth-authorization-server", None, None, 404, "feature_disabled", "OAuth server is disabled"),
            ("GET", "/user/oauth/grants", None, u.token, 404, "feature_disabled", "OAuth server is disabled"), ("GET", "/user/oauth/grants", None, None, 401, "no_authorization", None),
            ("GET", "/admin/oauth/clients", None, t, 404, "feature_disabled", "OAuth server is disabled"), ("GET", "/admin/oauth/clients", None, None, 401, "no_authorization", None),
            ("GET", "/scim/v2/Users", None, None, 404, "feature_disabled", "SCIM server is disabled"),
            ("GET", "/user/identities/authorize?provider=google", None, u.token, 404, "manual_linking_disabled", "Manual linking is disabled"),
            ("DELETE", "/user/identities/" + some, None, u.token, 404, "manual_linking_disabled", "Manual linking is disabled"),
            ("GET", "/authorize?provider=google", None, None, 400, "validation_failed", "Unsupported provider: provider is not enabled"),
            ("GET", "/authorize?provider=nope", None, None, 400, "validation_failed", "Unsupported provider: Provider nope could not be found"),
            ("POST", "/token?grant_type=web3", {}, None, 422, "web3_provider_disabled", "Web3 provider is disabled"),
            ("GET", "/admin/sso/providers/" + some, None, t, 404, "sso_provider_not_found", None)]
    for method, path, body, token, status, code, text in rows:
        try:
            is_(s.call(method, path, body, token), status, code, text)
        except AssertionError as e:
            raise AssertionError("%s %s: %s" % (method, path, e))
    assert is_(s.call("GET", "/admin/sso/providers", token=t), 200).json == {"items": []}
    assert is_(s.call("GET", "/admin/users/%s/passkeys" % u.id, token=t), 200).json == []
    a = s.call("POST", "/token?grant_type=id_token", {})
    assert a.status == 400 and a.json == {"error": "invalid request", "error_description": "id_token required"}, a.raw
    assert s.call("GET", "/callback").status == 303


@check("X11")
def routes_yet_to_come(s, kit):
    """Every other route of the official API answers in the envelope with a code, and no 404 page or 5xx."""
    u, t = s.sign_up(), s.admin_token()
    for method, path, body, token in (("POST", "/otp", {"email": "nobody@example.com", "create_user": False}, None), ("POST", "/magiclink", {"email": "nobody@example.com"}, None),
                                      ("POST", "/recover", {"email": "nobody@example.com"}, None), ("POST", "/resend", {"type": "signup", "email": "nobody@example.com"}, None),
                                      ("POST", "/verify", {"type": "signup", "token": "123456", "email": "nobody@example.com"}, None), ("GET", "/reauthenticate", None, u.token),
                                      ("POST", "/invite", {"email": "x"}, t), ("POST", "/admin/generate_link", {"type": "nope", "email": "x"}, t),
                                      ("POST", "/token?grant_type=pkce", {"auth_code": "x", "code_verifier": "y"}, None), ("GET", "/factors/recovery-codes", None, u.token),
                                      ("POST", "/factors/recovery-codes", {}, u.token), ("GET", "/admin/custom-providers", None, t)):
        a = s.call(method, path, body, token)
        assert a.status < 500 and a.headers.get("content-type", "").startswith("application/json"), (method, path, a.short())
        if a.status >= 400:
            assert a.code and a.message, (method, path, a.raw)


@check("X12")
def public_answers(s, kit):
    """/health and /settings have the documented keys; the key set is cacheable and without the secret."""
    h = is_(s.call("GET", "/health"), 200).json
    assert h["name"] and h["version"] and h["description"], h
    st = is_(s.call("GET", "/settings"), 200).json
    assert set(st) >= {"external", "disable_signup", "mailer_autoconfirm", "phone_autoconfirm", "sms_provider", "saml_enabled"}, st
    assert st["external"]["email"] is True and st["external"]["google"] is False and st["mailer_autoconfirm"] is True, st
    k = is_(s.call("GET", "/.well-known/jwks.json"), 200)
    assert k.json == {"keys": []} and "max-age=600" in k.headers.get("cache-control", ""), (k.raw, k.headers)


@check("X13")
def session_headers(s, kit):
    """Answers that make a session name user and session in headers (W15), and errors do not."""
    u = s.sign_up()
    a = is_(s.sign_in(u.email, u.password), 200)
    assert a.headers.get("sb-auth-user-id") == u.id and a.headers.get("sb-auth-session-id") == claims_of(a.json["access_token"])["session_id"], a.headers
    assert list(a.json)[:6] == ["access_token", "token_type", "expires_in", "expires_at", "refresh_token", "user"], list(a.json)
    assert abs(a.json["expires_at"] - time.time() - a.json["expires_in"]) < 5
    assert "sb-auth-session-id" not in s.sign_in(u.email, "wrong").headers
