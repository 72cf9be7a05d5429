"""A security key in software, apart from the server's own code: what it sends is built by Yubico's fido2 library and signed by
`cryptography`. It answers the options that the server gives, and can be told to lie in any part of its answer.
"""
import datetime, hashlib, json, os
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.utils import websafe_encode
from fido2.webauthn import (Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, PublicKeyCredentialCreationOptions,
                            PublicKeyCredentialRequestOptions)

ORIGIN, ES256, EDDSA, RS256 = "http://localhost:3000", -7, -8, -257
UP, UV, BE, BS, AT, ED = 1, 4, 8, 16, 64, 128
rsa_keys = []       # one is made, which takes long, and used by all


def new_private(alg):
    if alg == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if alg == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    if not rsa_keys:
        rsa_keys.append(rsa.generate_private_key(65537, 2048))
    return rsa_keys[0]


def certificate(private):
    """A certificate of an authenticator's maker, as WebAuthn 8.2.1 wants it."""
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
                      x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"), x509.NameAttribute(NameOID.COMMON_NAME, "Test key")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1)).add_extension(x509.BasicConstraints(False, None), True))
    return made.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class SoftKey:
    """One credential of an authenticator."""

    def __init__(self, alg=ES256, origin=ORIGIN, flags=UP | UV, count=1, credential_id=None, aaguid=bytes(16)):
        self.alg, self.origin, self.flags, self.count = alg, origin, flags, count
        self.id, self.aaguid = credential_id or os.urandom(32), aaguid
        self.private = new_private(alg)
        self.cose = CoseKey.for_alg(alg).from_cryptography_key(self.private.public_key())
        self.handle = None

    def sign(self, data):
        if self.alg == ES256:
            return self.private.sign(data, ec.ECDSA(hashes.SHA256()))
        return self.private.sign(data) if self.alg == EDDSA else self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def client_data(self, kind, challenge, lies):
        data = {"type": "webauthn." + kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        data.update(lies.get("client", {}))
        return lies.get("client_json") or json.dumps({k: v for k, v in data.items() if v is not None}).encode()

    def data(self, rp_id, flags, attested=b"", extensions=None):
        return bytes(AuthenticatorData.create(hashlib.sha256(rp_id.encode()).digest(), flags, self.count, attested, extensions))

    def attested(self, ident):
        return AttestedCredentialData.create(Aaguid(self.aaguid), ident, self.cose)

    def create(self, options, form="none", **lies):
        """The credential_response to creation options. lies: client, client_json, rp_id, flags,
        extensions, cose, id, attested_id, sign_key, statement_alg, statement, maker (a key whose certificate attests)."""
        o = PublicKeyCredentialCreationOptions.from_dict(options["publicKey"])      # refuses what is no such options
        assert self.alg in [p.alg for p in o.pub_key_cred_params], "the server does not want our algorithm"
        assert self.id not in [c.id for c in o.exclude_credentials or []], "excluded"
        self.handle = o.user.id
        flags = lies.get("flags", self.flags | AT | (ED if lies.get("extensions") else 0))
        attested = self.attested(lies.get("attested_id", self.id)) if flags & AT else b""
        auth = self.data(lies.get("rp_id", o.rp.id), flags, attested, lies.get("extensions"))
        if "cose" in lies:                  # the library would look at it
            auth = auth[:55 + len(self.id)] + cbor.encode(lies["cose"])
        client = self.client_data("create", websafe_encode(o.challenge), lies)
        statement = {}
        if form == "packed":
            signer = lies.get("maker") or lies.get("sign_key") or self
            statement = {"alg": lies.get("statement_alg", signer.alg), "sig": signer.sign(auth + hashlib.sha256(client).digest())}
            if lies.get("maker"):
                statement["x5c"] = [certificate(signer.private)]
        statement = lies.get("statement", statement)
        obj = cbor.encode({"fmt": form, "attStmt": statement, "authData": auth})
        if "cose" not in lies and AttestationObject(obj).auth_data != auth:
            raise ValueError("the library reads it differently")
        ident = websafe_encode(lies.get("id", self.id))
        return {"id": ident, "rawId": ident, "type": "public-key", "authenticatorAttachment": "cross-platform", "clientExtensionResults": {},
                "response": {"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(obj), "transports": ["usb"]}}

    def get(self, options, **lies):
        """The credential_response to request options. lies: client, sent_client, rp_id, flags, id, sign_key, signature,
        spoil, handle, extensions, attested, uninvited, step."""
        o = PublicKeyCredentialRequestOptions.from_dict(options["publicKey"])
        if not lies.get("uninvited"):
            assert self.id in [c.id for c in o.allow_credentials], "the server does not allow this key"
        self.count += lies.get("step", 1)
        flags = lies.get("flags", self.flags | (ED if lies.get("extensions") else 0))
        auth = self.data(lies.get("rp_id", o.rp_id), flags, lies.get("attested", b""), lies.get("extensions"))
        client = self.client_data("get", websafe_encode(o.challenge), lies)
        signature = lies.get("signature") or (lies.get("sign_key") or self).sign(auth + hashlib.sha256(client).digest())
        if lies.get("spoil"):
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        ident = websafe_encode(lies.get("id", self.id))
        response = {"clientDataJSON": websafe_encode(lies.get("sent_client", client)), "authenticatorData": websafe_encode(auth), "signature": websafe_encode(signature)}
        handle = lies.get("handle", self.handle)
        if handle is not None:
            response["userHandle"] = websafe_encode(handle)
        return {"id": ident, "rawId": ident, "type": "public-key", "authenticatorAttachment": "cross-platform", "clientExtensionResults": {}, "response": response}

