"""Keys and signed tokens for tests, with the openssl command and the standard library: RSA, P-256 and Ed25519.

make(kind, kid) gives a Key: its private and public JWK, PEM files, and sign(claims, header) for a compact JWT.
"""
import base64, json, os, re, subprocess, tempfile


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl(*args, data=None):
    out = subprocess.run(["openssl", *args], input=data, capture_output=True)
    assert out.returncode == 0, "openssl %s: %s" % (" ".join(args), out.stderr.decode("utf8", "replace"))
    return out.stdout


def _der_items(der):
    """The items of a DER SEQUENCE as (tag, value)."""
    def head(at):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & 0x80:
            n = length & 0x7F
            length, at = int.from_bytes(der[at:at + n], "big"), at + n
        return tag, at, length
    _, at, length = head(0)
    end, items = at + length, []
    while at < end:
        tag, start, size = head(at)
        items.append((tag, der[start:start + size]))
        at = start + size
    return items


def _hex_block(text, name):
    m = re.search(name + r":\s*\n((?:\s+[0-9a-f:]+\n)+)", text + "\n")
    return bytes.fromhex(re.sub(r"[\s:]", "", m.group(1)))


class Key:
    ALG = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}

    def __init__(self, kind, kid):
        self.kind, self.kid, self.alg = kind, kid, self.ALG[kind]
        self.folder = tempfile.TemporaryDirectory(prefix="countersign-keys-")
        self.pem, self.public_pem = (os.path.join(self.folder.name, n) for n in ("key.pem", "public.pem"))
        how = {"rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
               "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "ed": ["-algorithm", "ED25519"]}[kind]
        openssl("genpkey", *how, "-out", self.pem)
        openssl("pkey", "-in", self.pem, "-pubout", "-out", self.public_pem)
        self.private = {**self._members(), "kid": kid, "alg": self.alg}

    def _members(self):
        if self.kind == "rsa":
            der = openssl("rsa", "-in", self.pem, "-outform", "DER", "-traditional")
            numbers = [value.lstrip(b"\0") or b"\0" for _, value in _der_items(der)][1:9]
            return {"kty": "RSA", **{k: b64(v) for k, v in zip(("n", "e", "d", "p", "q", "dp", "dq", "qi"), numbers)}}
        text = openssl("pkey", "-in", self.pem, "-noout", "-text").decode()
        private, public = _hex_block(text, "priv"), _hex_block(text, "pub")
        if self.kind == "ed":
            return {"kty": "OKP", "crv": "Ed25519", "d": b64(private), "x": b64(public)}
        return {"kty": "EC", "crv": "P-256", "d": b64(private.lstrip(b"\0").rjust(32, b"\0")), "x": b64(public[1:33]), "y": b64(public[33:65])}

    def jwk(self, *ops):
        """The private JWK as GOTRUE_JWT_KEYS takes it."""
        return {**self.private, "key_ops": list(ops or ("sign", "verify"))}

    def public_jwk(self):
        return {k: v for k, v in self.private.items() if k not in ("d", "p", "q", "dp", "dq", "qi")} | {"key_ops": ["verify"]}

    def signature(self, data):
        if self.kind == "ed":
            with tempfile.NamedTemporaryFile(dir=self.folder.name) as f:
                f.write(data)
                f.flush()
                return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.pem, "-in", f.name)
        der = openssl("dgst", "-sha256", "-sign", self.pem, data=data)
        if self.kind == "rsa":
            return der
        return b"".join(value.lstrip(b"\0").rjust(32, b"\0") for _, value in _der_items(der))

    def sign(self, claims, header=None):
        head = {"alg": self.alg, "kid": self.kid, "typ": "JWT", **(header or {})}
        signing = b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())
        return signing + "." + b64(self.signature(signing.encode()))

    def check(self, jwt):
        """Whether the signature of a compact JWT is this key's."""
        signing, _, sig = jwt.rpartition(".")
        raw = unb64(sig)
        if self.kind == "ec":
            parts = [x.lstrip(b"\0") or b"\0" for x in (raw[:32], raw[32:])]
            parts = [b"\0" + x if x[0] & 0x80 else x for x in parts]
            raw = b"".join(bytes([2, len(x)]) + x for x in parts)
            raw = bytes([0x30, len(raw)]) + raw
        names = [os.path.join(self.folder.name, n) for n in ("signed", "signature")]
        for name, data in zip(names, (signing.encode(), raw)):
            with open(name, "wb") as f:
                f.write(data)
        how = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", self.public_pem, "-in", names[0], "-sigfile", names[1]] if self.kind == "ed" \
            else ["dgst", "-sha256", "-verify", self.public_pem, "-signature", names[1], names[0]]
        return subprocess.run(["openssl", *how], capture_output=True).returncode == 0


def make(kind, kid):
    return Key(kind, kid)
