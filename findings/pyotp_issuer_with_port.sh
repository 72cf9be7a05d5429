#!/usr/bin/env bash
# pyotp 2.9.0 cuts the label of a Key URI at its first colon, so an issuer with a port (localhost:3000, as Supabase Auth writes for a site on a
# laptop) does not equal its own issuer parameter, and parse_uri raises ValueError. With the colon inside the issuer written as %3A it is the
# same, as the label is decoded first. Fails if that changes.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$dir" pyotp==2.9.0
PYTHONPATH=$dir python3 - <<'PY'
import pyotp
seen = []
for label in ("localhost:3000:ada@example.com", "localhost%3A3000:ada@example.com"):
    try:
        pyotp.parse_uri("otpauth://totp/%s?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=localhost%%3A3000" % label)
        seen.append("read")
    except ValueError as e:
        seen.append(str(e))
    print("%-36s %s" % (label, seen[-1]))
assert seen == ["If issuer is specified in both label and parameters, it should be equal."] * 2, seen
PY
