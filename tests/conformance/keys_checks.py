"""Signing keys (internals.md 2.2, 2.3; JW1): GOTRUE_JWT_KEYS with RSA, P-256 and Ed25519, the key set, and attacks on `alg`.

Each check starts a server of its own with its own keys.
"""
import base64, hashlib, hmac, json, os, sys, time
from checks import check, is_
from wire import b64, claims_of, hs256, unb64
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import jwk  # noqa: E402

HMAC_KID = "old-secret"


def hmac_key(secret):
    return {"kty": "oct", "k": b64(secret.encode()), "kid": HMAC_KID, "alg": "HS256", "key_ops": ["verify"]}


def head_of(token):
    return json.loads(unb64(token.split(".")[0]))


def hmac_token(claims, key, header):
    signing = b64(json.dumps({"typ": "JWT", **header}).encode()) + "." + b64(json.dumps(claims).encode())
    return signing + "." + b64(hmac.new(key, signing.encode(), hashlib.sha256).digest())


def refused(o, token, what):
    a = o.call("GET", "/user", token=token)
    assert a.status == 403 and a.code == "bad_jwt", "%s: %s" % (what, a.short())
    a = o.call("POST", "/factors", {"factor_type": "totp"}, token)
    assert a.status == 403 and a.code == "bad_jwt", "%s: %s" % (what, a.short())


def admin(o, key):
    return key.sign({"role": "service_role", "iss": "x"})


def signs_with(kind, kit):
    key = jwk.make(kind, "key-1")
    with kit["start"](GOTRUE_JWT_KEYS=json.dumps([key.jwk(), hmac_key("x" * 40)])) as own:
        o = own.server()
        u = o.sign_up()
        head = head_of(u.token)
        assert head["alg"] == key.alg and head["kid"] == "key-1" and head["typ"] == "JWT", head
        assert key.check(u.token), "the signature is not the key's"
        is_(o.call("GET", "/user", token=u.token), 200)
        keys = is_(o.call("GET", "/.well-known/jwks.json"), 200)
        assert [k["kid"] for k in keys.json["keys"]] == ["key-1"] and "max-age=600" in keys.headers["cache-control"], keys.raw
        public = keys.json["keys"][0]
        wanted = key.public_jwk()
        assert {k: public.get(k) for k in wanted} == wanted and public["use"] == "sig", public
        assert not set(public) & {"d", "p", "q", "dp", "dq", "qi", "k"}, public
        u.with_totp()
        assert key.check(u.token) and claims_of(u.token)["aal"] == "aal2"
        is_(o.call("GET", "/admin/users", token=admin(o, key)), 200)
        attacks(o, u, key)


def attacks(o, u, key):
    claims = claims_of(u.token)
    with open(key.public_pem, "rb") as f:
        pem = f.read()
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    numbers = [unb64(v) for k, v in key.public_jwk().items() if k in ("n", "x", "y")]
    for secret in [pem, pem.strip(), der, json.dumps(key.public_jwk()).encode(), b"", *numbers]:
        for head in ({"alg": "HS256", "kid": key.kid}, {"alg": "HS256"}, {"alg": "HS256", "kid": "unknown"}):
            refused(o, hmac_token(claims, secret, head), "a public key as HMAC secret, %s" % head)
    signing = u.token.split(".")[1]
    for alg in ("none", "None", "nOnE", ""):
        refused(o, b64(json.dumps({"alg": alg, "kid": key.kid, "typ": "JWT"}).encode()) + "." + signing + ".", "alg " + alg)
        refused(o, b64(json.dumps({"alg": alg, "typ": "JWT"}).encode()) + "." + signing + ".", "alg " + alg)
    for kind in ("rsa", "ec", "ed"):
        thief = jwk.make(kind, key.kid)
        refused(o, thief.sign(claims), "another key under the same kid")
        refused(o, thief.sign(claims, {"jwk": thief.public_jwk(), "kid": "mine"}), "a key that the token brings")
        refused(o, thief.sign(claims, {"jku": o.prefix + "/x", "x5u": "http://127.0.0.1/x", "kid": "mine"}), "a key that the token points to")
        if thief.alg != key.alg:
            refused(o, key.sign(claims, {"alg": thief.alg}), "alg of another type")
    refused(o, key.sign(claims, {"kid": "unknown"}), "an unknown kid")
    refused(o, key.sign(claims, {"kid": HMAC_KID}), "the kid of a key of another type")
    refused(o, key.sign(claims, {"alg": "HS256"}), "HS256 over this key's signature")
    refused(o, key.sign({**claims, "exp": int(time.time()) - 10}), "an expired token")
    good = key.sign(claims)
    refused(o, good[:-8] + ("A" * 8 if good[-8:] != "A" * 8 else "B" * 8), "a bent signature")
    refused(o, good.rsplit(".", 1)[0] + ".", "no signature")
    refused(o, good.rsplit(".", 1)[0] + "." + b64(b"\0" * len(unb64(good.rsplit(".", 1)[1]))), "a signature of zeros")
    is_(o.call("GET", "/user", token=good), 200)


@check("J1", needs={"start"})
def rs256(s, kit):
    """RS256 signs and verifies; the key set shows the public half alone; every attack on alg and kid is refused."""
    signs_with("rsa", kit)


@check("J2", needs={"start"})
def es256(s, kit):
    """ES256 signs and verifies; the key set shows the public half alone; every attack on alg and kid is refused."""
    signs_with("ec", kit)


@check("J3", needs={"start"})
def eddsa(s, kit):
    """EdDSA signs and verifies; the key set shows the public half alone; every attack on alg and kid is refused."""
    signs_with("ed", kit)


@check("J4", needs={"start"})
def secret_beside_keys(s, kit):
    """With keys and no HS256 key, tokens of the secret are refused; with an oct key to verify with they pass."""
    key, second = jwk.make("ec", "k1"), jwk.make("rsa", "k2")
    with kit["start"](GOTRUE_JWT_KEYS=json.dumps([key.jwk(), second.jwk("verify")])) as own:
        o = own.server()
        u = o.sign_up()
        claims = claims_of(u.token)
        refused(o, hs256(claims, o.secret), "the secret without an HS256 key")
        is_(o.call("GET", "/admin/users", token=o.admin_token()), 403, "bad_jwt")
        is_(o.call("GET", "/user", token=second.sign(claims)), 200)
        kids = sorted(k["kid"] for k in is_(o.call("GET", "/.well-known/jwks.json"), 200).json["keys"])
        assert kids == ["k1", "k2"], kids
        assert head_of(u.token)["kid"] == "k1"
    with kit["start"](GOTRUE_JWT_KEYS=json.dumps([key.jwk(), hmac_key("another secret of forty characters......")])) as own:
        o = own.server()
        u = o.sign_up()
        claims = claims_of(u.token)
        is_(o.call("GET", "/user", token=hmac_token(claims, b"another secret of forty characters......", {"alg": "HS256", "kid": HMAC_KID})), 200)
        is_(o.call("GET", "/user", token=hs256(claims, o.secret)), 200)          # no kid: the secret
        refused(o, hmac_token(claims, b"another secret of forty characters......", {"alg": "HS256"}), "the oct key's bytes without its kid")
        assert all(k["kty"] != "oct" for k in o.call("GET", "/.well-known/jwks.json").json["keys"])


@check("J5", needs={"start"})
def hs256_with_a_kid(s, kit):
    """GOTRUE_JWT_KEY_ID is the kid of the secret's tokens; an oct signing key with a kid signs too."""
    with kit["start"](GOTRUE_JWT_KEY_ID="legacy") as own:
        u = own.server().sign_up()
        assert head_of(u.token)["kid"] == "legacy" and head_of(u.token)["alg"] == "HS256", head_of(u.token)
        is_(own.server().call("GET", "/user", token=u.token), 200)


@check("J6", needs={"start"}, better=True)
def bad_keys(s, kit):
    """Keys that cannot work are refused at start, with a text that names GOTRUE_JWT_KEYS and shows no key."""
    key = jwk.make("ec", "k1")
    private = key.jwk()
    bad = ["{", "{}", "[1]", json.dumps([{**private, "kty": "nope"}]), json.dumps([key.jwk("verify")]), json.dumps([private, {**jwk.make("ec", "k2").jwk()}]),
           json.dumps([{k: v for k, v in private.items() if k != "d"}]), json.dumps([{k: v for k, v in private.items() if k != "kid"}]), json.dumps([{**private, "x": "AAAA"}]),
           json.dumps([{**private, "alg": "RS256"}])]
    for text in bad:
        own = kit["start"](GOTRUE_JWT_KEYS=text)
        try:
            out = own.command("check-config")
            said = out.stdout + out.stderr
            assert out.returncode != 0 and "GOTRUE_JWT_KEYS" in said, "%s: exit %d: %s" % (text[:60], out.returncode, said[:200])
            assert private["d"] not in said, "the private key is printed"
        finally:
            own.discard()
