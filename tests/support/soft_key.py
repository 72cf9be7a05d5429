"""A WebAuthn authenticator of a few lines, for suites that only need a right answer and a wrong one: format none, ES256 with the private
key 1, so that no library is needed. tests/webauthn/authenticator.py is the thorough one."""
import base64, hashlib, json, os

ORIGIN = "http://localhost:3000"
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
X = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296
Y = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def der(number):
    data = number.to_bytes(33, "big").lstrip(b"\0")
    data = b"\0" + data if data[0] & 0x80 else data
    return b"\2" + bytes([len(data)]) + data


def sign(data):
    """ECDSA on P-256 with the private key 1 and the nonce 1."""
    r = X % N
    s = (int.from_bytes(hashlib.sha256(data).digest(), "big") + r) % N
    body = der(r) + der(s)
    return b"\x30" + bytes([len(body)]) + body


class SoftKey:
    def __init__(self):
        self.id = os.urandom(32)

    def response(self, kind, options, more):
        client = json.dumps({"type": "webauthn." + kind, "challenge": options["challenge"], "origin": ORIGIN, "crossOrigin": False}).encode()
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "clientExtensionResults": {}, "response": {"clientDataJSON": b64(client), **more(client)}}

    def create(self, options):
        """The credential_response to creation options."""
        options = options["publicKey"]
        cose = bytes.fromhex("a5010203262001215820") + X.to_bytes(32, "big") + bytes.fromhex("225820") + Y.to_bytes(32, "big")
        data = hashlib.sha256(options["rp"]["id"].encode()).digest() + b"\x45" + bytes(4) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        return self.response("create", options, lambda client: {"attestationObject": b64(
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data)})

    def get(self, options, wrong=False):
        """The credential_response to request options; wrong: signed for something else."""
        options = options["publicKey"]
        data = hashlib.sha256(options["rpId"].encode()).digest() + b"\x05" + bytes(4)
        return self.response("get", options, lambda client: {"authenticatorData": b64(data), "signature": b64(
            sign(data + hashlib.sha256(client + (b"x" if wrong else b"")).digest()))})
