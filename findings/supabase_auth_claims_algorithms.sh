#!/usr/bin/env bash
# supabase_auth 2.30.0 (PyPI) verifies tokens locally with get_claims(), given a JWKS. Its model of a token's header knows RS256, ES256 and HS256
# alone: for a token that is validly signed with EdDSA or RS512 it raises pydantic's ValidationError, which is none of the client's own
# AuthError classes, so code that catches those does not see it; the same claims signed with ES256 come back. PyJWT, which it verifies
# with, reads all of them. A server that signs with another algorithm than these three needs another way to read claims. Fails if that changes.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$dir" supabase_auth==2.30.0 'pyjwt[crypto]==2.10.1'
PYTHONPATH=$dir python3 - <<'PY'
import json, time
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import PyJWK
from jwt.algorithms import get_default_algorithms
from supabase_auth import SyncGoTrueClient
from supabase_auth.errors import AuthError

def token_and_keys(alg, private):
    claims = {"sub": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "exp": int(time.time()) + 600, "iat": int(time.time()), "iss": "https://auth.example.com", "aud": "authenticated",
              "role": "authenticated", "aal": "aal1", "session_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964fe"}
    public = json.loads(get_default_algorithms()[alg].to_jwk(private.public_key()))
    public.update(kid="k1", alg=alg, key_ops=["verify"])
    return jwt.encode(claims, private, algorithm=alg, headers={"kid": "k1"}), public

seen = {}
for alg, private in (("ES256", ec.generate_private_key(ec.SECP256R1())), ("RS512", rsa.generate_private_key(65537, 2048)), ("EdDSA", ed25519.Ed25519PrivateKey.generate())):
    token, public = token_and_keys(alg, private)
    assert jwt.decode(token, PyJWK(public).key, algorithms=[alg], audience="authenticated")["aal"] == "aal1"
    try:
        seen[alg] = SyncGoTrueClient(url="http://127.0.0.1:9").get_claims(jwt=token, jwks={"keys": [public]})["claims"]["aal"]
    except Exception as error:
        seen[alg] = "%s, %s AuthError" % (type(error).__name__, "an" if isinstance(error, AuthError) else "no")
    print("%s: %s" % (alg, seen[alg]))
assert seen == {"ES256": "aal1", "RS512": "ValidationError, no AuthError", "EdDSA": "ValidationError, no AuthError"}, seen
PY
