#!/usr/bin/env python3
"""Prints tests/unit/factor/webauthn_vectors.h: registrations with self attestation and assertions, made by the software authenticator.

make_vectors.py > FILE, with the Python of requirements.txt. The keys are new each time; relying party, origin and challenge are those
of the recorded registration in internals.md 13.2.
"""
import json, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from authenticator import EDDSA, ES256, RS256, SoftKey  # noqa: E402
from fido2.utils import websafe_encode  # noqa: E402

CHALLENGE, USER = "wgdC_0erk97wmcCLvSQ-xa5K4d8tIAhAsGaE8ViHHjk", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"


def literal(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    parts, at = [], 0
    while at < len(quoted):
        end = min(at + 96, len(quoted))
        while quoted[end - 1] == "\\":
            end -= 1
        parts.append('    "%s"' % quoted[at:end])
        at = end
    return "\n".join(parts)


print("""/* webauthn_vectors.h: answers of a software authenticator: written by tests/webauthn/make_vectors.py.
 * Relying party localhost, origin http://localhost:3000, challenge VECTOR_CHALLENGE, the user
 * VECTOR_USER; registrations count 1, assertions count 2. */
#ifndef COUNTERSIGN_TESTS_UNIT_FACTOR_WEBAUTHN_VECTORS_H
#define COUNTERSIGN_TESTS_UNIT_FACTOR_WEBAUTHN_VECTORS_H
""")
print('#define VECTOR_CHALLENGE "%s"\n#define VECTOR_USER "%s"\n' % (CHALLENGE, USER))
for name, alg in (("es256", ES256), ("eddsa", EDDSA), ("rs256", RS256)):
    key = SoftKey(alg)
    user = {"id": websafe_encode(USER.encode()), "name": "a", "displayName": "a"}
    made = key.create({"publicKey": {"rp": {"id": "localhost", "name": "x"}, "user": user, "challenge": CHALLENGE, "pubKeyCredParams": [{"type": "public-key", "alg": alg}]}}, "packed")
    used = key.get({"publicKey": {"challenge": CHALLENGE, "rpId": "localhost", "allowCredentials": [{"type": "public-key", "id": websafe_encode(key.id)}]}})
    for what, kind, credential in (("registration", "create", made), ("assertion", "request", used)):
        print("static const char vector_%s_%s[] =\n%s;\n" % (what, name, literal(json.dumps({"type": kind, "credential_response": credential}, separators=(",", ":")))))
print("#endif")
