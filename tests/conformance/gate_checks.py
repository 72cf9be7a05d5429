"""Who is asking: the bearer gate in full (mfa.md G3, G6, G10-G12, B15, B16, B18), beyond what checks.py asks.

Tokens are made here with the server's secret, so that each claim can be wrong on its own.
"""
import json, time, uuid
from checks import check, is_
from wire import b64, claims_of, hs256, totp, wait_for_fresh_step
import hashlib, hmac

BEARER = "This endpoint requires a valid Bearer token"
JS = {"Content-Type": "application/json"}


def signed(payload_text, secret, header=b'{"alg":"HS256","typ":"JWT"}'):
    """A signed token whose payload is this very text, which need not be JSON that Python would write."""
    signing = b64(header) + "." + b64(payload_text if isinstance(payload_text, bytes) else payload_text.encode())
    return signing + "." + b64(hmac.new(secret.encode(), signing.encode(), hashlib.sha256).digest())


def refused(a, what):
    assert a.status in (401, 403), "%s: %s" % (what, a.short())
    assert a.code in ("bad_jwt", "session_not_found", "user_not_found", "no_authorization"), "%s: %s" % (what, a.short())


@check("G1b")
def authorization_header(s, kit):
    """Authorization must be exactly "Bearer TOKEN": two blanks, a trailing word, an empty or a missing token are a 401."""
    u = s.sign_up()
    for value in ("", "Bearer", "Bearer ", "Bearer  " + u.token, "Bearer " + u.token + " x", u.token, "Token " + u.token, "bearer:" + u.token):
        is_(s.call("GET", "/user", headers={"Authorization": value}), 401, "no_authorization", BEARER)


@check("G2b")
def mangled_jwt(s, kit):
    """Tokens with the wrong number of parts, unreadable parts, foreign algorithms or bent signatures: 403 bad_jwt, never 5xx."""
    u = s.sign_up()
    head, body, sig = u.token.split(".")
    claims = claims_of(u.token)
    for odd in ("a.b", "a.b.c", "..", "." + body + "." + sig, head + ".." + sig, head + "." + body + ".", u.token + ".x", u.token + "=", head + "." + body + "." + sig + "A",
                "!" + u.token, head + "." + b64(b"[]") + "." + sig, b64(b"[]") + "." + body + "." + sig, b64(b"null") + "." + body + "." + sig, "x" * 8000):
        is_(s.call("GET", "/user", token=odd), 403, "bad_jwt", part="invalid JWT: unable to parse or verify signature")
    for alg in ("none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256", "hs256", None, 5, ["HS256"]):
        is_(s.call("GET", "/user", token=signed(json.dumps(claims), s.secret, json.dumps({"alg": alg, "typ": "JWT"}).encode())), 403, "bad_jwt")
    for payload in ("[]", "null", "1", '"x"', "{", "", '{"sub":}', b"\xff\xfe"):
        is_(s.call("GET", "/user", token=signed(payload, s.secret)), 403, "bad_jwt")


@check("G3")
def sub_claim(s, kit):
    """No sub: 403 bad_jwt; a sub that is no UUID: 400 bad_jwt."""
    u = s.sign_up()
    claims = claims_of(u.token)
    is_(s.call("GET", "/user", token=hs256({k: v for k, v in claims.items() if k != "sub"}, s.secret)), 403, "bad_jwt", "invalid claim: missing sub claim")
    is_(s.call("GET", "/user", token=hs256({**claims, "sub": ""}, s.secret)), 403, "bad_jwt", "invalid claim: missing sub claim")
    for odd in ("x", claims["sub"][:-1], claims["sub"].replace("-", ""), "{%s}" % claims["sub"], claims["sub"] + " "):
        is_(s.call("GET", "/user", token=hs256({**claims, "sub": odd}, s.secret)), 400, "bad_jwt", "invalid claim: sub claim must be a UUID")
    anon = hs256({"role": "anon", "iss": "x", "exp": int(time.time()) + 60}, s.secret)
    is_(s.call("POST", "/factors", {"factor_type": "totp"}, anon), 403, "bad_jwt", "invalid claim: missing sub claim")


@check("G4b")
def unknown_user(s, kit):
    """A well-signed token for a user who never was: 403 user_not_found, on every user route."""
    u = s.sign_up()
    ghost = hs256({**claims_of(u.token), "sub": str(uuid.uuid4())}, s.secret)
    for method, path, body in (("GET", "/user", None), ("POST", "/factors", {"factor_type": "totp"}), ("PUT", "/user", {"data": {}}), ("POST", "/logout", None)):
        a = s.call(method, path, body, ghost)
        assert a.status == 403 and a.code in ("user_not_found", "session_not_found"), (method, path, a.short())


@check("G5b")
def session_claim(s, kit):
    """A nil or absent session_id is no session: GET /user answers, enrollment and removal do not; an unknown one is session_not_found."""
    u = s.sign_up()
    claims, f = claims_of(u.token), u.enroll().json["id"]
    nil = hs256({**claims, "session_id": "00000000-0000-0000-0000-000000000000"}, s.secret)
    absent = hs256({k: v for k, v in claims.items() if k != "session_id"}, s.secret)
    for t in (nil, absent):
        is_(s.call("GET", "/user", token=t), 200)
        is_(s.call("POST", "/factors", {"factor_type": "totp"}, t), 500, "unexpected_failure", "A valid session and a registered user are required to enroll a factor")
        is_(s.call("DELETE", "/factors/" + f, token=t), 500, "unexpected_failure", "A valid session and factor are required to unenroll a factor")
    assert [x["id"] for x in s.call("GET", "/user", token=u.token).json["factors"]] == [f]
    is_(s.call("GET", "/user", token=hs256({**claims, "session_id": str(uuid.uuid4())}, s.secret)), 403, "session_not_found",
        "Session from session_id claim in JWT does not exist")


@check("G6")
def banned(s, kit):
    """A banned user: 403 user_banned with an old token, 400 at sign-in and refresh; lifting the ban lets all go on."""
    u = s.sign_up()
    is_(s.call("PUT", "/admin/users/" + u.id, {"ban_duration": "1h"}, s.admin_token()), 200)
    is_(s.call("GET", "/user", token=u.token), 403, "user_banned", "User is banned")
    is_(u.enroll(), 403, "user_banned", "User is banned")
    is_(u.refreshed(), 400, "user_banned", "Invalid Refresh Token: User Banned")
    is_(s.sign_in(u.email, u.password), 400, "user_banned", "User is banned")
    is_(s.sign_in(u.email, "wrong password"), 400, "invalid_credentials", "Invalid login credentials")
    is_(s.call("PUT", "/admin/users/" + u.id, {"ban_duration": "none"}, s.admin_token()), 200)
    is_(s.call("GET", "/user", token=u.token), 200)
    is_(u.refreshed(), 200)


@check("G8b")
def id_shapes(s, kit):
    """Ids: the hyphenated form only, in either case; braces, urn: and bare hexadecimal are 404 validation_failed."""
    u = s.sign_up()
    e = u.enroll().json
    f = e["id"]
    for odd in (f.replace("-", ""), "{%s}" % f, "urn:uuid:" + f, f[:-1], f + "0", f[:-1] + "g", "%20" + f, f.replace("-", "_"), "0", "null"):
        is_(s.call("POST", "/factors/%s/challenge" % odd, {}, u.token), 404, "validation_failed", "factor_id must be an UUID")
    c = is_(u.challenge(f.upper()), 200).json["id"]
    for odd in (c.replace("-", ""), "{%s}" % c, c[:-1], "urn:uuid:" + c, c + " "):
        is_(u.verify(f, odd, "123456"), 400, "bad_json", part="Could not parse request body as JSON")
    wait_for_fresh_step()
    is_(u.verify(f.upper(), c.upper(), totp(e["totp"]["secret"])), 200)


@check("G9b")
def own_tokens_alone(s, kit):
    """The id of somebody else's challenge does not verify one's own factor, and a stranger's token does not change the owner's factor."""
    a, b = s.sign_up(), s.sign_up()
    fa, fb = a.enroll().json, b.enroll().json
    wait_for_fresh_step()
    ca = a.challenge(fa["id"]).json["id"]
    is_(b.verify(fb["id"], ca, totp(fb["totp"]["secret"])), 422, "mfa_factor_not_found", "MFA factor with the provided challenge ID not found")
    is_(a.verify(fa["id"], ca, totp(fa["totp"]["secret"])), 200)


@check("G10b")
def json_shapes(s, kit):
    """null is absent, unknown keys are ignored, keys are matched exactly, duplicate keys and trailing text are refused."""
    u = s.sign_up()
    types = "factor_type needs to be totp, phone, or webauthn"
    is_(s.call("POST", "/factors", raw=b"null", token=u.token, headers=JS), 400, "validation_failed", types)
    is_(s.call("POST", "/factors", raw=b"{}", token=u.token, headers=JS), 400, "validation_failed", types)
    is_(s.call("POST", "/factors", {"factor_type": None}, u.token), 400, "validation_failed", types)
    is_(s.call("POST", "/factors", {"Factor_Type": "totp"}, u.token), 400, "validation_failed", types)
    is_(s.call("POST", "/factors", raw=b'{"factor_type":"phone","factor_type":"totp"}', token=u.token, headers=JS), 400, "bad_json")
    is_(s.call("POST", "/factors", raw=b'{"factor_type":"totp"} x', token=u.token, headers=JS), 400, "bad_json")
    for odd in (7, True, [], {}, 1.5):
        is_(s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": odd}, u.token), 400, "bad_json", part="Could not parse request body as JSON")
        is_(s.call("POST", "/factors", {"factor_type": "totp", "issuer": odd}, u.token), 400, "bad_json")
    f = is_(s.call("POST", "/factors", raw=b'\n {"factor_type":"totp","gotrue_meta_security":{"captcha_token":null},"code_challenge":null} \n',
                   token=u.token, headers={"Content-Type": "text/plain"}), 200).json
    wait_for_fresh_step()
    c = u.challenge(f["id"]).json["id"]
    good = totp(f["totp"]["secret"])
    is_(s.call("POST", "/factors/%s/verify" % f["id"], {"CHALLENGE_ID": c, "CODE": good}, u.token), 400)
    is_(s.call("POST", "/factors/%s/verify" % f["id"], {"challenge_id": c, "code": None}, u.token), 400, "validation_failed", "Code needs to be non-empty")
    is_(s.call("POST", "/factors/%s/verify" % f["id"], {"challenge_id": c, "code": good, "factor_id": "x", "rpId": 1}, u.token), 200)


@check("G11", needs={"start"})
def request_limits(s, kit):
    """With a limit header configured, challenge and verify have a bucket of 30 each per header value; then 429 with Retry-After."""
    with kit["start"](GOTRUE_RATE_LIMIT_HEADER="X-Limit-Key") as own:
        o = own.server()
        u = o.sign_up()
        f = u.enroll().json["id"]
        key = {"X-Limit-Key": "203.0.113.5, 10.0.0.1"}
        got = [u.challenge(f, headers=key) for _ in range(33)]
        assert [g.status for g in got].count(200) in (30, 31), [g.status for g in got]
        is_(got[-1], 429, "over_request_rate_limit", "Request rate limit reached")
        assert got[-1].headers.get("retry-after", "").isdigit(), got[-1].headers
        is_(u.challenge(f, headers={"X-Limit-Key": "203.0.113.6"}), 200)
        is_(u.challenge(f), 200)
        a = u.verify(f, str(uuid.uuid4()), "123456", headers=key)
        is_(a, 422, "mfa_factor_not_found")          # a bucket of its own


@check("B15", better=True)
def claims_that_do_not_fit(s, kit):
    """A session of another user, an exp that is missing, no number or not finite, a wrong aud or iss: refused."""
    u, other = s.sign_up(), s.sign_up()
    good = claims_of(u.token)
    is_(s.call("GET", "/user", token=hs256(good, s.secret)), 200)
    refused(s.call("GET", "/user", token=hs256({**good, "session_id": other.session_id}, s.secret)), "a session of another user")
    refused(s.call("POST", "/factors", {"factor_type": "totp"}, hs256({**good, "session_id": other.session_id}, s.secret)), "a session of another user")
    refused(s.call("GET", "/user", token=hs256({k: v for k, v in good.items() if k != "exp"}, s.secret)), "no exp")
    for odd in ("soon", str(good["exp"]), None, [], {}, True, -1, 0):
        refused(s.call("GET", "/user", token=hs256({**good, "exp": odd}, s.secret)), "exp %r" % (odd,))
    text = json.dumps({k: v for k, v in good.items() if k != "exp"})[:-1]
    for odd in ("1e999", "-1e999", "NaN", "Infinity", "inf", "9" * 400):
        refused(s.call("GET", "/user", token=signed(text + ', "exp": %s}' % odd, s.secret)), "exp " + odd[:12])
    for odd in ("other", "", 5, ["other"], {}):
        refused(s.call("GET", "/user", token=hs256({**good, "aud": odd}, s.secret)), "aud %r" % (odd,))
    for odd in ("http://elsewhere.test", "", 5):
        refused(s.call("GET", "/user", token=hs256({**good, "iss": odd}, s.secret)), "iss %r" % (odd,))
    for odd in (5, [], {}, True):
        refused(s.call("GET", "/user", token=hs256({**good, "session_id": odd}, s.secret)), "session_id %r" % (odd,))
        a = s.call("GET", "/user", token=hs256({**good, "sub": odd}, s.secret))
        assert a.status in (400, 403) and a.code == "bad_jwt", "sub %r: %s" % (odd, a.short())
    is_(s.call("GET", "/user", token=hs256({**good, "nbf": int(time.time()) + 600}, s.secret)), 403, "bad_jwt", part="not valid yet")
    is_(s.call("GET", "/user", token=u.token), 200)


@check("B16", better=True)
def forwarded_headers(s, kit):
    """X-Forwarded-For and its like do not change the address a challenge is bound to: no proxy is configured."""
    u = s.sign_up()
    e = u.enroll().json
    wait_for_fresh_step()
    lies = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9", "Sb-Forwarded-For": "203.0.113.9", "X-Client-IP": "203.0.113.9"}
    c = is_(u.challenge(e["id"], headers=lies), 200).json["id"]
    is_(u.verify(e["id"], c, totp(e["totp"]["secret"])), 200)
    v = u.another_session()
    v.factor, v.secret = e["id"], e["totp"]["secret"]
    c = is_(v.challenge(e["id"]), 200).json["id"]
    is_(v.verify(e["id"], c, totp(v.secret, step_offset=1), headers={"X-Forwarded-For": "198.51.100.7"}), 200)


@check("B18", better=True)
def codes_as_pasted(s, kit):
    """Blanks around and inside a code are dropped; letters and a sign are not."""
    for form in ("%s %s", " %s%s", "%s%s \n", "\t%s %s\r\n", "%s  %s"):
        u = s.sign_up()
        e = u.enroll().json
        c = u.challenge(e["id"]).json["id"]
        wait_for_fresh_step(4)
        code = totp(e["totp"]["secret"])
        is_(u.verify(e["id"], c, form % (code[:3], code[3:])), 200)
    u = s.sign_up()
    e = u.enroll().json
    c = u.challenge(e["id"]).json["id"]
    for odd in ("   ", "\n"):
        is_(u.verify(e["id"], c, odd), 400, "validation_failed", "Code needs to be non-empty")
    wait_for_fresh_step(4)
    code = totp(e["totp"]["secret"])
    for odd in ("+" + code, "-" + code, code + ".", "0x" + code):
        is_(u.verify(e["id"], c, odd), 422, "mfa_verification_failed", "Invalid TOTP code entered")
