#!/usr/bin/env bash
# python-jose 3.5.0 looks for the right key of a set without regard to kid, and gives up with JWKError at the first key of another type: a set
# with an EC and an RSA key verifies tokens of the key that stands first, and none of the other. A server that changes its key type therefore
# lists the key that signs first. Fails if that changes.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$dir" 'python-jose[cryptography]==3.5.0'
PYTHONPATH=$dir python3 - <<'PY'
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import JWTError, jwk, jwt
from jose.exceptions import JWKError
keys = {"ES256": ec.generate_private_key(ec.SECP256R1()), "RS256": rsa.generate_private_key(65537, 2048)}
public, token = {}, {}
for alg, key in keys.items():
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()
    public[alg] = {k: v.decode() if isinstance(v, bytes) else v for k, v in jwk.construct(pem, alg).public_key().to_dict().items()} | {"kid": alg}
    token[alg] = jwt.encode({"sub": "ada"}, pem, alg, headers={"kid": alg})
seen = {}
for order in (("ES256", "RS256"), ("RS256", "ES256")):
    for alg in keys:
        try:
            jwt.decode(token[alg], {"keys": [public[a] for a in order]}, algorithms=list(keys))
            seen[order[0], alg] = "verified"
        except (JWTError, JWKError) as e:
            seen[order[0], alg] = type(e).__name__
        print("%s listed first, token %s: %s" % (order[0], alg, seen[order[0], alg]))
assert seen == {("ES256", "ES256"): "verified", ("ES256", "RS256"): "JWKError", ("RS256", "ES256"): "JWKError", ("RS256", "RS256"): "verified"}, seen
PY
