#!/usr/bin/env bash
# webauthn (py_webauthn) 3.0.1 reads options in JSON only if they carry members that WebAuthn Level 3 gives defaults: attestation in creation
# options (default none), userVerification in request options (default preferred). Without them it raises InvalidJSONStructure, so a server
# whose options are to be read by such clients writes the defaults out. Fails if that changes.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$dir" webauthn==3.0.1
PYTHONPATH=$dir python3 - <<'PY'
import json
from webauthn.helpers import parse_authentication_options_json as request, parse_registration_options_json as create
from webauthn.helpers.exceptions import InvalidJSONStructure
creation = {"rp": {"id": "localhost", "name": "Example"}, "user": {"id": "YQ", "name": "ada", "displayName": "Ada"}, "challenge": "YWFhYWFhYWFhYWFhYWFhYQ",
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}]}
assertion = {"challenge": "YWFhYWFhYWFhYWFhYWFhYQ", "rpId": "localhost"}
seen = []
for name, parse, options in (("creation", create, creation), ("creation with attestation", create, {**creation, "attestation": "none"}),
                             ("request", request, assertion), ("request with userVerification", request, {**assertion, "userVerification": "preferred"})):
    try:
        parse(json.dumps(options))
        seen.append("read")
    except InvalidJSONStructure as e:
        seen.append(str(e))
    print("%-30s %s" % (name, seen[-1]))
assert seen == ["Options missing required attestation", "read", "Options missing required userVerification", "read"], seen
PY
