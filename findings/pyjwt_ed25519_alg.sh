#!/usr/bin/env bash
# RFC 9864 (October 2025) gives Ed25519 keys the algorithm name Ed25519, and WebCrypto exports them so; PyJWT 2.10.1 raises PyJWKError for a JWK
# with that alg and takes the same key with alg EdDSA or without alg. A set of keys that is to be read everywhere says EdDSA. Fails if that
# changes. The key is the public one of RFC 8037, appendix A.2.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$dir" 'pyjwt[crypto]==2.10.1'
PYTHONPATH=$dir python3 - <<'PY'
from jwt import PyJWK
from jwt.exceptions import PyJWKError
seen = {}
for alg in ("EdDSA", "Ed25519", None):
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"} | ({"alg": alg} if alg else {})
    try:
        seen[alg] = PyJWK(key).algorithm_name
    except PyJWKError:
        seen[alg] = "PyJWKError"
    print("alg %s: %s" % (alg, seen[alg]))
assert seen == {"EdDSA": "EdDSA", "Ed25519": "PyJWKError", None: "EdDSA"}, seen
PY
