#!/usr/bin/env bash
# pyotp 2.9.0 reads a Key URI only if it knows every parameter: a label such as friendly_name or color, which other programs add and the
# format's description lets readers ignore, makes parse_uri raise ValueError; image alone is let through. So an export that is to be read
# everywhere carries no parameter of its own. Fails if that changes.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$dir" pyotp==2.9.0
PYTHONPATH=$dir python3 - <<'PY'
import pyotp
uri = "otpauth://totp/Example:ada@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example"
seen = {}
for more in ("", "&image=https%3A%2F%2Fexample.com%2Fi.png", "&friendly_name=phone", "&color=red"):
    try:
        seen[more] = pyotp.parse_uri(uri + more).name
    except ValueError as e:
        seen[more] = str(e)
    print("%-45s %s" % (more or "(none)", seen[more]))
assert list(seen.values()) == ["ada@example.com", "ada@example.com", "friendly_name is not a valid parameter", "color is not a valid parameter"], seen
PY
