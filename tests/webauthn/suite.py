#!/usr/bin/env python3
"""A software authenticator against the real server: suite.py --binary FILE [-v]. Run by run_all.py, which makes the Python that it needs.

Contract rows E5, C5, V13, B7 and internals.md 6.5: registration and authentication with each algorithm, each lie refused as
422 and its challenge spent, each fault of form a 400, one winner of a race, and what is kept. Ends with 'N passed, N failed'.
"""
import argparse, base64, contextlib, copy, json, os, re, sys, uuid
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "nodes", "official")]
from countersign import Countersign, default_binary  # noqa: E402
from sinks import Receiver  # noqa: E402
from tally import Tally, at_once  # noqa: E402
from wire import claims_of, totp  # noqa: E402
from authenticator import AT, BE, BS, ED, EDDSA, ES256, RS256, UP, UV, SoftKey  # noqa: E402
from fido2 import cbor  # noqa: E402
from fido2.utils import websafe_decode, websafe_encode  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true")
p.add_argument("--engine", default="sqlite", help="sqlite; postgres: a server of its own is started for it; older: there, on the oldest schema of the official server")
a = p.parse_args()
ON = {"GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED": "true", "GOTRUE_MFA_WEB_AUTHN_VERIFY_ENABLED": "true", "GOTRUE_WEBAUTHN_RP_DISPLAY_NAME": "Test <Site>",
      "GOTRUE_WEBAUTHN_RP_ORIGINS": "HTTP://LocalHost:3000,https://app.localhost:443,android:apk-key-hash:AbC"}
t = Tally(quiet=not a.v)


def is_(answer, status, code=None, message=None):
    assert answer.status == status and (code is None or answer.code == code) and (message is None or answer.message == message), "wanted %s %s, got %s" % (status, code, answer.short())
    return answer


def enroll(u, name="key"):
    return is_(s.call("POST", "/factors", {"factor_type": "webauthn", "friendly_name": name}, u.token), 200).json


def challenge(u, factor):
    body = is_(u.challenge(factor, {"factorId": factor, "webauthn": {"rpId": "evil.example", "rpOrigins": ["http://evil.example"]}}), 200).json
    assert body["id"] and body["type"] == "webauthn" and isinstance(body["expires_at"], int), body
    return body["id"], body["webauthn"]


def send(u, factor, ident, kind, credential, token=None):
    return s.call("POST", "/factors/%s/verify" % factor, {"challenge_id": ident, "webauthn": {"rpId": "x", "rpOrigins": ["y"], "type": kind, "credential_response": credential}}, token or u.token)


def register(u, key, form="none", name="key", **lies):
    """Enrolls, challenges and answers; (answer, factor id)."""
    factor = enroll(u, name)["id"]
    ident, options = challenge(u, factor)
    assert options["type"] == "create", options
    return send(u, factor, ident, "create", key.create(options["credential_options"], form, **lies)), factor


def with_key(alg=ES256, form="none", **more):
    u, key = s.sign_up(), SoftKey(alg, **more)
    answer, factor = register(u, key, form)
    u.take(is_(answer, 200).json)
    u.webauthn = factor
    return u, key, factor


def authenticate(u, key, factor, **lies):
    ident, options = challenge(u, factor)
    assert options["type"] == "request", options
    return send(u, factor, ident, "request", key.get(options["credential_options"], **lies))


def sql(statement):
    """One value; @table stands for the table of either engine."""
    return s.sql(re.sub(r"@", "auth." if s.dsn else "", statement))[0][0]


def stored(factor):
    ident = "id = '%s'" % factor if s.dsn else "hex(id) = '%s'" % uuid.UUID(factor).hex.upper()
    return json.loads(sql("select web_authn_credential from @mfa_factors where " + ident))


def last_data(factor):
    """last_webauthn_challenge_data of a factor as it is answered; NULL in the oldest schema, which has no place for it."""
    assert ("last_webauthn_challenge_data" in factor) == (a.engine != "older"), factor
    return factor.get("last_webauthn_challenge_data")


def refused(answer):
    is_(answer, 422, "mfa_verification_failed", "Failed to validate WebAuthn MFA response")


def spent(u, factor, ident, kind, credential):
    """A refused answer has spent the challenge: the right one comes too late."""
    is_(send(u, factor, ident, kind, credential), 422, "mfa_factor_not_found")


# what succeeds ------------------------------------------------------------------------
def enroll_answer():
    u = s.sign_up()
    body = enroll(u, "yubi")
    assert set(body) == {"id", "type", "friendly_name"} and body["type"] == "webauthn" and body["friendly_name"] == "yubi", body


def creation_options():
    u = s.sign_up()
    _, w = challenge(u, enroll(u)["id"])
    k = w["credential_options"]["publicKey"]
    assert w["type"] == "create" and set(w) == {"type", "credential_options"} and set(w["credential_options"]) == {"publicKey"}
    assert set(k) == {"rp", "user", "challenge", "pubKeyCredParams", "timeout", "authenticatorSelection", "attestation"}, sorted(k)
    assert k["rp"] == {"name": "Test <Site>", "id": "localhost"} and k["timeout"] == 300000 and k["authenticatorSelection"] == {"requireResidentKey": False, "userVerification": "preferred"} and k["attestation"] == "none"
    assert k["user"] == {"name": u.email, "displayName": u.email, "id": websafe_encode(u.id.encode())}, k["user"]
    assert k["pubKeyCredParams"] == [{"type": "public-key", "alg": n} for n in (-7, -257, -8)] and len(websafe_decode(k["challenge"])) == 32
    data = json.loads(sql("select web_authn_session_data from @mfa_challenges order by created_at desc limit 1"))
    assert data == {"challenge": k["challenge"], "rpId": "localhost", "user_id": base64.b64encode(u.id.encode()).decode(), "expires": "0001-01-01T00:00:00Z", "userVerification": "", "credParams": k["pubKeyCredParams"]}, data


def request_options():
    u, key, factor = with_key()
    _, w = challenge(u, factor)
    k = w["credential_options"]["publicKey"]
    assert w["type"] == "request" and set(k) == {"challenge", "timeout", "rpId", "allowCredentials", "userVerification"} and k["rpId"] == "localhost" and k["userVerification"] == "preferred"
    assert k["allowCredentials"] == [{"type": "public-key", "id": websafe_encode(key.id), "transports": ["usb"]}], k
    data = json.loads(sql("select web_authn_session_data from @mfa_challenges order by created_at desc limit 1"))
    assert data["allowed_credentials"] == [base64.b64encode(key.id).decode()] and "credParams" not in data, data
    second = enroll(u, "second")["id"]
    _, w = challenge(u, second)
    assert w["type"] == "create" and [c["id"] for c in w["credential_options"]["publicKey"]["excludeCredentials"]] == [websafe_encode(key.id)]


def whole_way(alg, form):
    u, key = s.sign_up(), SoftKey(alg)
    sign_in = u.another_session()
    answer, factor = register(u, key, form)
    body = is_(answer, 200).json
    c = claims_of(body["access_token"])
    assert c["aal"] == "aal2" and "mfa/webauthn" in [m["method"] for m in c["amr"]] and answer.headers["cache-control"].find("no-store") >= 0
    f, = body["user"]["factors"]
    assert f["id"] == factor and f["status"] == "verified" and f["factor_type"] == "webauthn" and f["web_authn_aaguid"] == str(uuid.UUID(int=0)), f
    assert last_data(f) is None or (last_data(f)["type"] == "create" and last_data(f)["credential_response"]["ID"] == websafe_encode(key.id)), f
    u.take(body)
    is_(s.call("GET", "/user", token=sign_in.token), 403)               # row V8
    got = stored(factor)
    assert got["attestationType"] == form and base64.b64decode(got["publicKey"]) == cbor.encode(key.cose) and base64.b64decode(got["id"]) == key.id
    assert got["authenticator"]["signCount"] == 1 and got["authenticator"]["cloneWarning"] is False and got["flags"]["userVerified"] is True
    other = u.another_session()
    assert claims_of(other.token)["aal"] == "aal1"
    body = is_(authenticate(other, key, factor), 200).json
    assert claims_of(body["access_token"])["aal"] == "aal2"
    f, = body["user"]["factors"]
    assert last_data(f) is None or last_data(f)["type"] == "request"
    assert stored(factor)["authenticator"]["signCount"] == 2, stored(factor)
    s2 = s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": body["refresh_token"]})
    assert claims_of(is_(s2, 200).json["access_token"])["aal"] == "aal2"


def attested_by_the_maker():
    """Whose certificate it is does not matter to us, but what it says must be true."""
    for maker in (SoftKey(), SoftKey(RS256)):
        answer, factor = register(s.sign_up(), SoftKey(), "packed", maker=maker)
        assert stored(is_(answer, 200) and factor)["attestationType"] == "packed"
        data = last_data(answer.json["user"]["factors"][0])
        statement = data and data["credential_response"]["Response"]["AttestationObject"]["attStmt"]
        assert not data or set(statement) == {"alg", "sig", "x5c"} and statement["alg"] == maker.alg, statement
    answer, factor = register(s.sign_up(), SoftKey(aaguid=bytes(range(16))), "packed")
    assert is_(answer, 200).json["user"]["factors"][0]["web_authn_aaguid"] == "00010203-0405-0607-0809-0a0b0c0d0e0f"


def origins():
    for origin in ("http://localhost:3000", "https://app.localhost", "HTTPS://APP.LOCALHOST:443", "android:apk-key-hash:AbC"):
        is_(register(s.sign_up(), SoftKey(origin=origin))[0], 200)
    for origin in ("https://localhost:3000", "http://localhost", "http://localhost:3000.evil.example", "http://localhost:3000/", "http://app.localhost",
                   "android:apk-key-hash:abc", "", "null", "http://user@localhost:3000", "https://app.localhost:80"):
        refused(register(s.sign_up(), SoftKey(origin=origin))[0])
    said = [json.loads(x) for x in c.log_text().splitlines() if "a WebAuthn answer from an origin" in x]
    assert ("http://localhost", "GOTRUE_WEBAUTHN_RP_ORIGINS") in {(x["origin"], x["setting"]) for x in said}, said[-3:]
    assert "null" in {x["origin"] for x in said} and all(x["level"] == "warning" for x in said), said[-3:]
    refused(register(s.sign_up(), SoftKey(origin="https://%s.example" % ("x" * 1000)))[0])
    assert "x" * 900 not in c.log_text(), "an origin of any length stands in the log"


def frames(binary):
    """Of the sites that COUNTERSIGN_WEBAUTHN_TOP_ORIGINS names, and no others."""
    with Countersign(binary, env={**ON, "COUNTERSIGN_WEBAUTHN_TOP_ORIGINS": "https://shop.example,https://other.example:8443"}) as c:
        global s
        mine, s = s, c.server()
        try:
            for client, good in (({"crossOrigin": True, "topOrigin": "https://shop.example"}, True), ({"crossOrigin": True}, True), ({"crossOrigin": False}, True), ({"topOrigin": "https://other.example:8443"}, True),
                                 ({"crossOrigin": True, "topOrigin": "https://other.example"}, False), ({"crossOrigin": True, "topOrigin": "http://localhost:3000"}, True)):
                answer, _ = register(s.sign_up(), SoftKey(), client=client)
                is_(answer, 200) if good else refused(answer)
        finally:
            s = mine


def without_handle_or_count():
    u, key, factor = with_key(count=0)
    for _ in range(2):
        is_(authenticate(u, key, factor, step=0, handle=None), 200)


def backup_flags():
    u, key, factor = with_key(flags=UP | BE)
    assert stored(factor)["flags"] == {"userPresent": True, "userVerified": False, "backupEligible": True, "backupState": False}
    u.take(is_(authenticate(u, key, factor, flags=UP | UV | BE | BS), 200).json)
    assert stored(factor)["flags"] == {"userPresent": True, "userVerified": True, "backupEligible": True, "backupState": True}
    refused(authenticate(u, key, factor, flags=UP))
    refused(authenticate(u, key, factor, flags=UP | BS))
    refused(register(s.sign_up(), SoftKey(flags=UP | BS))[0])


def extensions():
    """Outputs that nobody asked for are ignored, those that libfido2 knows and those that it does not."""
    for form in ("none", "packed"):
        for outputs in ({"credProtect": 2}, {"credProtect": 3, "hmac-secret": True, "minPinLength": 4}, {"credBlob": True}, {"credBlob": False, "hmac-secret": False}, {"example.unknown": {"a": [1, "b"]}}):
            u, key = s.sign_up(), SoftKey()
            answer, factor = register(u, key, form, extensions=outputs)
            u.take(is_(answer, 200).json)
    for outputs in ({"credBlob": b"x"}, {"hmac-secret": bytes(48)}, {"example.unknown": 1}):
        u.take(is_(authenticate(u, key, factor, extensions=outputs), 200).json)


def any_key_of_the_user():
    """A challenge names all keys of the user; what is changed belongs to the factor whose key answered."""
    u, one, first = with_key()
    two = SoftKey()
    answer, second = register(u, two, name="second")
    u.take(is_(answer, 200).json)
    ident, w = challenge(u, first)
    assert len(w["credential_options"]["publicKey"]["allowCredentials"]) == 2
    is_(send(u, first, ident, "request", two.get(w["credential_options"])), 200)
    assert stored(second)["authenticator"]["signCount"] == 2 and stored(first)["authenticator"]["signCount"] == 1
    is_(s.call("DELETE", "/factors/" + second, token=u.token), 200)
    assert claims_of(is_(u.refreshed(is_(authenticate(u, one, first), 200).json["refresh_token"]), 200).json["access_token"])["aal"] == "aal2"


def many_challenges():
    u, key, factor = with_key()
    open_ones = at_once(8, lambda n: challenge(u, factor))
    assert len({i for i, _ in open_ones}) == 8
    ident, w = open_ones[3]
    is_(send(u, factor, ident, "request", key.get(w["credential_options"])), 200)


# lies: each 422, and the challenge is gone -----------------------------------------------
def registration_lies(name, form="none", key=None, **lies):
    u, key = s.sign_up(), key or SoftKey()
    factor = enroll(u)["id"]
    ident, w = challenge(u, factor)
    o = w["credential_options"]
    refused(send(u, factor, ident, "create", key.create(o, form, **lies)))
    spent(u, factor, ident, "create", SoftKey().create(o))
    me = is_(s.call("GET", "/user", token=u.token), 200).json
    assert me["factors"][0]["status"] == "unverified" and claims_of(u.token)["aal"] == "aal1"
    ident, w = challenge(u, factor)                                       # and the next challenge can be answered
    is_(send(u, factor, ident, "create", SoftKey().create(w["credential_options"])), 200)


def assertion_lies(name, **lies):
    u, key, factor = with_key()
    other = u.another_session()
    ident, w = challenge(other, factor)
    refused(send(other, factor, ident, "request", key.get(w["credential_options"], **lies)))
    spent(other, factor, ident, "request", key.get(w["credential_options"]))
    assert stored(factor)["authenticator"]["signCount"] == 1
    is_(authenticate(other, key, factor), 200)


def foreign_credential():
    u, key, factor = with_key()
    v, stranger, _ = with_key()
    refused(authenticate(u, stranger, factor, uninvited=True))
    refused(authenticate(u, SoftKey(), factor, uninvited=True))
    refused(authenticate(u, key, factor, sign_key=stranger))
    refused(authenticate(u, key, factor, handle=v.id.encode()))
    ident, w = challenge(v, v.webauthn)                                   # a challenge of another user
    is_(send(u, factor, ident, "request", key.get(w["credential_options"], uninvited=True)), 422, "mfa_factor_not_found")


def registered_twice():
    u, key, factor = with_key()
    refused(register(s.sign_up(), key)[0])                                # by another user
    second = enroll(u, "again")["id"]
    ident, w = challenge(u, second)
    k = copy.deepcopy(w["credential_options"])
    k["publicKey"].pop("excludeCredentials")
    refused(send(u, second, ident, "create", key.create(k)))
    is_(s.call("DELETE", "/factors/" + factor, token=u.token), 200)       # once it is gone it can be registered
    is_(register(s.sign_up(), key)[0], 200)


def replayed():
    u, key, factor = with_key()
    ident, w = challenge(u, factor)
    credential = key.get(w["credential_options"])
    u.take(is_(send(u, factor, ident, "request", credential), 200).json)
    is_(send(u, factor, ident, "request", credential), 422)
    ident, w = challenge(u, factor)
    refused(send(u, factor, ident, "request", credential))
    factor = enroll(u, "b")["id"]
    ident, w = challenge(u, factor)
    refused(send(u, factor, ident, "create", SoftKey().create(w["credential_options"], client={"challenge": websafe_encode(os.urandom(32))})))


def wrong_ceremony():
    u, key, factor = with_key()
    new = enroll(u, "new")["id"]
    ident, w = challenge(u, new)                                          # the hole of the official server
    o = {"publicKey": {"challenge": w["credential_options"]["publicKey"]["challenge"], "rpId": "localhost"}}
    refused(send(u, new, ident, "request", key.get(o, uninvited=True)))
    assert [f["status"] for f in s.call("GET", "/user", token=u.token).json["factors"]] == ["verified", "unverified"]
    ident, w = challenge(u, factor)
    o = copy.deepcopy(challenge(u, new)[1]["credential_options"])
    o["publicKey"]["challenge"] = w["credential_options"]["publicKey"]["challenge"]
    refused(send(u, factor, ident, "create", SoftKey().create(o)))
    v = s.sign_up()
    factor = enroll(v)["id"]
    (one, w1), (two, w2) = challenge(v, factor), challenge(v, factor)
    v.take(is_(send(v, factor, one, "create", SoftKey().create(w1["credential_options"])), 200).json)
    refused(send(v, factor, two, "create", SoftKey().create(w2["credential_options"])))


def cloned():
    u, key, factor = with_key(count=10)
    u.take(is_(authenticate(u, key, factor, step=5), 200).json)
    assert stored(factor)["authenticator"]["signCount"] == 15
    refused(authenticate(u, key, factor, step=0))
    refused(authenticate(u, key, factor, step=-3))
    assert stored(factor)["authenticator"] == {**stored(factor)["authenticator"], "signCount": 15, "cloneWarning": True}
    is_(authenticate(u, key, factor, step=9), 200)
    assert stored(factor)["authenticator"] == {**stored(factor)["authenticator"], "signCount": 21, "cloneWarning": True}


# faults of form: each 400, and the challenge lives ------------------------------------------
def bad_forms():
    u, key, factor = with_key()
    ident, w = challenge(u, factor)
    right = key.get(w["credential_options"])
    post = lambda body: s.call("POST", "/factors/%s/verify" % factor, {"challenge_id": ident, **body}, u.token)  # noqa: E731
    is_(post({}), 400, "validation_failed", "WebAuthn config required")
    is_(post({"webauthn": None}), 400, "validation_failed", "WebAuthn config required")
    is_(post({"code": "123456"}), 400, "validation_failed", "WebAuthn config required")
    for kind in (None, "", "get", 1, {}, "Create"):
        is_(post({"webauthn": {"type": kind, "credential_response": right}}), 400, "validation_failed", "WebAuthn type must be create or request")
    is_(post({"webauthn": {"type": "request"}}), 400, "validation_failed", "credential_response required")
    is_(post({"webauthn": {"type": "request", "credential_response": None}}), 400, "validation_failed", "credential_response required")
    for wrong in ("text", [], 1):
        is_(post({"webauthn": wrong}), 400, "bad_json")
    for spoil in spoilt(right):
        is_(post({"webauthn": {"type": "request", "credential_response": spoil}}), 400, "validation_failed", "Invalid credential_response")
    is_(s.call("POST", "/factors/%s/verify" % factor, {"challenge_id": str(uuid.uuid4()), "webauthn": {"type": "x"}}, u.token), 400)
    is_(s.call("POST", "/factors/%s/verify" % factor, {"challenge_id": str(uuid.uuid4()), "webauthn": {"type": "request", "credential_response": right}}, u.token), 422, "mfa_factor_not_found")
    is_(post({"webauthn": {"type": "request", "credential_response": right}}), 200)


def spoilt(right):
    """Copies of a credential with one member gone, of a wrong type, or no base64url."""
    yield from ("text", [], 1, {}, {"x": 1})
    for path in (("id",), ("type",), ("response",), ("rawId",), ("response", "clientDataJSON"), ("response", "authenticatorData"), ("response", "signature"),
                 ("response", "attestationObject"), ("response", "userHandle"), ("response", "transports"), ("clientExtensionResults",), ("authenticatorAttachment",)):
        for value in (None, "", 1, True, [], {}, "*", "A", "AA\u0000", "A" * 50000):
            c = copy.deepcopy(right)
            at = c if len(path) == 1 else c["response"]
            if path[-1] not in at:
                continue
            fine = {"rawId": (None,), "userHandle": (None, ""), "transports": (None, []), "clientExtensionResults": (None, {}), "authenticatorAttachment": (None, "", "*", "A", "AA\u0000", "A" * 50000)}
            if any(value is x or (value == x and type(value) is type(x)) for x in fine.get(path[-1], ())):
                continue
            if value == "AA\u0000":
                continue                                                    # NUL is refused as bad_json, for all bodies alike
            at[path[-1]] = value
            yield c


def bad_attestation_objects():
    u, key = s.sign_up(), SoftKey()
    factor = enroll(u)["id"]
    ident, w = challenge(u, factor)
    right = key.create(w["credential_options"])
    bad = lambda c: is_(send(u, factor, ident, "create", c), 400, "validation_failed", "Invalid credential_response")  # noqa: E731
    for spoil in spoilt(right):
        bad(spoil)
    whole = websafe_decode(right["response"]["attestationObject"])
    auth = cbor.decode(whole)["authData"]

    def with_object(data):
        return {**right, "response": {**right["response"], "attestationObject": websafe_encode(data)}}

    def with_auth(data):
        return with_object(cbor.encode({"fmt": "none", "attStmt": {}, "authData": data}))
    for n in list(range(1, len(whole), 7)) + [len(whole) - 1]:
        bad(with_object(whole[:n]))                                         # truncated CBOR
    bad(with_object(whole + b"\x00"))                                       # leftover
    bad(with_object(b"\xbf" + whole[1:] + b"\xff"))                         # indefinite map
    bad(with_object(b"\xc0" + whole))                                       # a tag
    bad(with_object(b"\x9b" + b"\x7f" * 8))                                 # an array of 2^62
    bad(with_object(b"\xbb" + b"\xff" * 8))
    bad(with_object(b"\x5b" + b"\xff" * 8))
    bad(with_object(b"\x81" * 5000 + b"\x00"))                              # deep
    bad(with_object(b"\xa4" + whole[1:] + cbor.encode("fmt") + cbor.encode("none")))     # twice the same name
    for field, value in (("fmt", 1), ("fmt", b"none"), ("attStmt", []), ("attStmt", "x"), ("authData", "x"), ("authData", {}), ("fmt", "n" * 100)):
        bad(with_object(cbor.encode({**{"fmt": "none", "attStmt": {}, "authData": auth}, field: value})))
    for missing in ("fmt", "attStmt", "authData"):
        bad(with_object(cbor.encode({k: v for k, v in {"fmt": "none", "attStmt": {}, "authData": auth}.items() if k != missing})))
    for n in (0, 1, 36, 37, 52, 54, 55, 60, 86, 87, 90, len(auth) - 1):
        bad(with_auth(auth[:n]))
    bad(with_auth(auth + b"\x00"))
    bad(with_auth(auth[:32] + bytes([UP]) + auth[33:37]))                   # no attested data
    bad(with_auth(auth[:53] + b"\x04\x00" + auth[55:]))                     # an id of 1024 bytes
    bad(with_auth(auth[:53] + b"\x00\x00" + auth[87:]))                     # an empty id
    bad(with_auth(auth[:32] + bytes([auth[32] | ED]) + auth[33:]))          # extensions announced, none there
    bad(with_auth(auth[:32] + bytes([auth[32] | ED]) + auth[33:] + b"\x01"))
    for text in (b"", b"{", b"[]", b"1", b'{"type":"webauthn.create"}', b'{"type":1,"challenge":"x","origin":"y"}', b"\xff\xfe", b'{"a":' * 3000, b'{"type":"webauthn.create","type":"webauthn.create","challenge":"x","origin":"y"}'):
        bad({**right, "response": {**right["response"], "clientDataJSON": websafe_encode(text)}})
    is_(send(u, factor, ident, "create", right), 200)


def bad_keys():
    """COSE keys that are none, off the curve, or of a type that does not fit their alg: well formed, and refused."""
    good = dict(SoftKey().cose)
    ed, r = dict(SoftKey(EDDSA).cose), dict(SoftKey(RS256).cose)
    keys = [{**good, 3: EDDSA}, {**good, 3: RS256}, {**good, 3: -36}, {**good, -3: bytes(32)}, {**good, -2: good[-2][:31]}, {**good, -1: 2}, {**good, 1: 1}, {k: v for k, v in good.items() if k != -3},
            {**good, 2: b"kid"}, {**good, 4: [1]}, {**good, -2: 5}, {**good, -3: True}, {}, {3: -7}, {**ed, 3: ES256}, {**ed, -1: 1}, {**ed, -2: bytes(31)}, {**r, -1: r[-1][:128]}, {**r, -2: b"\x03"}, {**r, 3: -258}, {**r, -1: bytes(256)}]
    for cose in keys:
        refused(register(s.sign_up(), SoftKey(), cose=cose)[0])


# races -----------------------------------------------------------------------------------
def one_winner_of_a_challenge():
    u, key, factor = with_key()
    ident, w = challenge(u, factor)
    credential = key.get(w["credential_options"])
    codes = sorted(x.status for x in at_once(12, lambda n: send(u, factor, ident, "request", credential)))
    assert codes == [200] + [422] * 11, codes


def one_winner_of_a_key():
    key = SoftKey()
    jobs = []
    for _ in range(6):
        u = s.sign_up()
        factor = enroll(u)["id"]
        ident, w = challenge(u, factor)
        jobs.append((u, factor, ident, key.create(w["credential_options"])))
    codes = sorted(x.status for x in at_once(6, lambda n: send(jobs[n][0], jobs[n][1], jobs[n][2], "create", jobs[n][3])))
    assert codes == [200] + [422] * 5, codes
    assert sql("select count(*) from @mfa_factors where web_authn_credential ->> 'id' = '%s'" % base64.b64encode(key.id).decode()) == "1"


def one_winner_of_an_enrollment():
    u = s.sign_up()
    factor = enroll(u)["id"]
    jobs = [(ident, SoftKey().create(w["credential_options"])) for ident, w in (challenge(u, factor) for _ in range(6))]
    codes = sorted(x.status for x in at_once(6, lambda n: send(u, factor, jobs[n][0], "create", jobs[n][1])))
    assert codes == [200] + [422] * 5, codes


# the rest of the rules ----------------------------------------------------------------------
def common_rules():
    u, key, factor = with_key()
    other = u.another_session()
    is_(other.enroll("t"), 403, "insufficient_aal")
    is_(s.call("POST", "/factors", {"factor_type": "webauthn", "friendly_name": "key"}, u.token), 422, "mfa_factor_name_conflict")
    is_(s.call("DELETE", "/factors/" + factor, token=other.token), 422, "insufficient_aal")
    ident, w = challenge(other, factor)
    s.age("mfa_challenges", ident, 301)
    is_(send(other, factor, ident, "request", key.get(w["credential_options"])), 422, "mfa_challenge_expired")
    listed = is_(s.call("GET", "/admin/users/%s/factors" % u.id, token=s.admin_token()), 200).json
    assert listed[0]["factor_type"] == "webauthn" and "publicKey" not in json.dumps(listed[0].get("web_authn_credential", {}))
    again = u.enroll("app").json
    c = u.challenge(again["id"]).json["id"]
    is_(u.verify(again["id"], c, totp(again["totp"]["secret"])), 200)     # beside a TOTP factor
    is_(s.call("DELETE", "/factors/" + factor, token=u.token), 200)


def switched_off(binary):
    with Countersign(binary) as c:
        off = c.server()
        u = off.sign_up()
        is_(off.call("POST", "/factors", {"factor_type": "webauthn", "friendly_name": "k"}, u.token), 422, "mfa_webauthn_enroll_not_enabled", "MFA enroll is disabled for WebAuthn")
    with Countersign(binary, env={"GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED": "true", "GOTRUE_SITE_URL": "https://Example.com:8443/app?x=1"}) as c:
        off = c.server()
        u = off.sign_up()
        f = is_(off.call("POST", "/factors", {"factor_type": "webauthn", "friendly_name": "k"}, u.token), 200).json["id"]
        is_(u.challenge(f), 422, "mfa_webauthn_verify_not_enabled", "MFA verification is disabled for WebAuthn")
        is_(u.verify(f, str(uuid.uuid4()), ""), 422, "mfa_webauthn_verify_not_enabled", "MFA verification is disabled for WebAuthn")


def beside_hooks(binary):
    """The MFA hook hears of every key that is tried, right or wrong (S11); the claims hook is asked, and what it refuses raises nothing."""
    with Receiver() as r:
        hook = lambda name: {"GOTRUE_HOOK_%s_ENABLED" % name: "true", "GOTRUE_HOOK_%s_URI" % name: r.url + "/" + name}  # noqa: E731
        no, yes = (200, {"Content-Type": "application/json"}, {"error": {"http_code": 403, "message": "no"}}), lambda q: (200, {"Content-Type": "application/json"}, {"claims": q.json["claims"]})  # noqa: E731
        decide = lambda word: (200, {"Content-Type": "application/json"}, {"decision": word})  # noqa: E731
        r.answers = {"/MFA_VERIFICATION_ATTEMPT": decide("continue"), "/CUSTOM_ACCESS_TOKEN": yes}
        with Countersign(binary, env={**ON, **hook("MFA_VERIFICATION_ATTEMPT"), **hook("CUSTOM_ACCESS_TOKEN")}) as c:
            global s
            mine, s = s, c.server()
            try:
                u, key, factor = with_key()
                r.answers["/CUSTOM_ACCESS_TOKEN"] = no
                ident, options = challenge(u, factor)
                answer = key.get(options["credential_options"])
                is_(send(u, factor, ident, "request", answer), 403, "unknown", "no")
                assert stored(factor)["authenticator"]["signCount"] == 1, stored(factor)
                r.answers["/CUSTOM_ACCESS_TOKEN"] = yes
                u.take(is_(send(u, factor, ident, "request", answer), 200).json)
                is_(send(u, factor, ident, "request", answer), 422)
                ident, options = challenge(u, factor)
                answer = key.get(options["credential_options"])
                codes = sorted(x.status for x in at_once(8, lambda n: send(u, factor, ident, "request", answer)))
                assert codes == [200] + [422] * 7 and stored(factor)["authenticator"]["signCount"] == 3, (codes, stored(factor))
                heard = [q.json for q in r.of("/MFA_VERIFICATION_ATTEMPT")]
                assert {q["factor_type"] for q in heard} == {"webauthn"} and {q["valid"] for q in heard} >= {True} and len(heard) >= 4, heard
                assert r.of("/CUSTOM_ACCESS_TOKEN")[-1].json["authentication_method"] == "mfa/webauthn"
                r.answers["/MFA_VERIFICATION_ATTEMPT"] = decide("reject")
                app = is_(u.enroll("app"), 200).json
                is_(u.verify(app["id"], is_(u.challenge(app["id"]), 200).json["id"], totp(app["totp"]["secret"])), 403, "mfa_verification_rejected")
            finally:
                s = mine


def relying_party_from_the_site(binary):
    env = {k: v for k, v in ON.items() if "WEBAUTHN" not in k}
    with Countersign(binary, env={**env, "GOTRUE_SITE_URL": "https://Example.com:8443/app?x=1"}) as c:
        global s
        mine, s = s, c.server()
        try:
            key = SoftKey(origin="https://example.com:8443")
            u = s.sign_up()
            factor = enroll(u)["id"]
            ident, w = challenge(u, factor)
            assert w["credential_options"]["publicKey"]["rp"] == {"id": "example.com", "name": "example.com"}, w
            is_(send(u, factor, ident, "create", key.create(w["credential_options"])), 200)
        finally:
            s = mine
    for bad in ({"GOTRUE_WEBAUTHN_RP_ID": "https://example.com"}, {"GOTRUE_WEBAUTHN_RP_ORIGINS": "https://example.com/path"}, {"COUNTERSIGN_WEBAUTHN_TOP_ORIGINS": "https://example.com/path"}):
        c = Countersign(binary, env={**ON, **bad}, start_s=10)
        try:
            c.start()
            raise AssertionError("it started with %s" % bad)
        except Exception as e:
            assert list(bad)[0] in str(e), e
        finally:
            c.discard()


stack = contextlib.ExitStack()
if a.engine != "sqlite":
    from postgres import Postgres
    from versions import UNDO, made, official
    database = stack.enter_context(Postgres())
    if a.engine == "older":
        official(database, people=False)
        ON["DATABASE_URL"] = made(database, "webauthn", UNDO)
    else:
        ON["DATABASE_URL"] = database.create("webauthn")
        database.sql("create schema auth", "webauthn")
with stack, Countersign(a.binary, env=ON) as c:
    s = c.server()
    if a.engine != "sqlite":
        s.dsn, s.sqlite = ON["DATABASE_URL"], None
    t.step("E5: the answer to an enrollment", enroll_answer)
    t.step("C5: creation options and what is kept of them", creation_options)
    t.step("C5: request options, keys that are allowed and excluded", request_options)
    for alg, name in ((ES256, "ES256"), (EDDSA, "EdDSA"), (RS256, "RS256")):
        for form in ("none", "packed"):
            t.step("register and authenticate: %s, attestation %s" % (name, form), whole_way, alg, form)
    t.step("an attestation by a certificate", attested_by_the_maker)
    t.step("origins: equal ones and others", origins)
    t.step("a key without a counter, an answer without a handle", without_handle_or_count)
    t.step("backup flags", backup_flags)
    t.step("extension outputs", extensions)
    t.step("any key of the user answers", any_key_of_the_user)
    t.step("eight challenges at once", many_challenges)
    other = SoftKey()
    for name, lies in {
        "another origin": {"client": {"origin": "http://evil.example"}}, "another type": {"client": {"type": "webauthn.get"}}, "no such type": {"client": {"type": "x"}},
        "another challenge": {"client": {"challenge": websafe_encode(bytes(32))}}, "an empty challenge": {"client": {"challenge": ""}}, "a padded challenge": {"client": {"challenge": "AA=="}},
        "another site's frame": {"client": {"crossOrigin": True}}, "another site's frame by name": {"client": {"topOrigin": "https://top.example"}},
        "a frame that is no truth value": {"client": {"crossOrigin": "false"}}, "a top origin that is no text": {"client": {"topOrigin": 1}},
        "a token binding of no known state": {"client": {"tokenBinding": {"status": "x"}}}, "a token binding that is text": {"client": {"tokenBinding": "present"}},
        "another relying party": {"rp_id": "evil.example"}, "nobody present": {"flags": AT | UV}, "an attested id that is another": {"attested_id": bytes(20)},
        "a statement with attestation none": {"statement": {"alg": -7, "sig": b"x"}},
    }.items():
        t.step("a registration with " + name, lambda: registration_lies(name, **lies))
    for name, lies in {
        "signed by another key": {"sign_key": other}, "another alg in the statement": {"statement_alg": -257}, "an empty statement": {"statement": {}}, "no signature": {"statement": {"alg": -7}},
        "a signature that is none": {"statement": {"alg": -7, "sig": b"\x30\x00"}}, "certificates that are none": {"statement": {"alg": -7, "sig": b"x", "x5c": [b"\x30\x00"]}},
        "an empty list of certificates": {"statement": {"alg": -7, "sig": b"x", "x5c": []}}, "a member too much": {"statement": {"alg": -7, "sig": b"x", "z": 1}},
    }.items():
        t.step("a packed attestation with " + name, lambda: registration_lies(name, "packed", **lies))
    for form in ("fido-u2f", "tpm", "android-key", "apple", "compound", "x"):
        t.step("an attestation of the format " + form, lambda: registration_lies(form, form))
    for name, lies in {
        "another origin": {"client": {"origin": "http://evil.example"}}, "another type": {"client": {"type": "webauthn.create"}}, "another challenge": {"client": {"challenge": websafe_encode(bytes(32))}},
        "another relying party": {"rp_id": "evil.example"}, "nobody present": {"flags": UV}, "a tampered signature": {"spoil": True}, "another key's signature": {"sign_key": other},
        "an empty sequence as signature": {"signature": b"\x30\x00"}, "a long signature": {"signature": b"\x30" * 1024}, "another handle": {"handle": b"x"}, "a foreign id": {"id": os.urandom(32)},
        "client data that was not signed": {"sent_client": b'{"type":"webauthn.get","challenge":"x","origin":"http://localhost:3000"}'}, "another eligibility for backup": {"flags": UP | BE},
        "another site's frame": {"client": {"crossOrigin": True}}, "another site's frame by name": {"client": {"crossOrigin": True, "topOrigin": "https://top.example"}},
        "attested data in it": {"flags": UP | AT, "attested": SoftKey().attested(bytes(16))}, "a token binding without a state": {"client": {"tokenBinding": {}}},
    }.items():
        t.step("an assertion with " + name, lambda: assertion_lies(name, **lies))
    t.step("foreign credentials", foreign_credential)
    t.step("a key is registered once", registered_twice)
    t.step("replayed answers", replayed)
    t.step("an answer for the other ceremony", wrong_ceremony)
    t.step("a sign count that does not rise", cloned)
    t.step("V13: faults of form, the challenge lives", bad_forms)
    t.step("faults of form in a registration: CBOR, authenticator data, client data", bad_attestation_objects)
    t.step("keys that are none", bad_keys)
    t.step("one challenge, one answer, twelve times at once", one_winner_of_a_challenge)
    t.step("one key, six users at once", one_winner_of_a_key)
    t.step("one enrollment, six keys at once", one_winner_of_an_enrollment)
    t.step("rules that all factors share", common_rules)
if a.engine == "sqlite":
    t.step("E13, C6: switched off", switched_off, a.binary)
    t.step("frames of other sites", frames, a.binary)
    t.step("the relying party follows from the site", relying_party_from_the_site, a.binary)
    t.step("beside hooks", beside_hooks, a.binary)
sys.exit(t.close())
