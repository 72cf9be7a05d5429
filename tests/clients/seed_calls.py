#!/usr/bin/env python3
"""Run the seven calls that this project began with, word for word, through the official Python client, against a running server.

    pip install supabase            # the official client, any 2.x
    seed_calls.py --url http://127.0.0.1:9999 --anon-key KEY --service-key KEY

The URL is the site's base: the client itself appends /auth/v1. Only the ids, the code and the names in the examples are
replaced by the run's own. Prints one line a call and ends with 'N passed, N failed'.
"""
import argparse, base64, hashlib, hmac, struct, sys, time, uuid
from supabase import create_client


def totp(secret, at=None):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int((at or time.time()) // 30)), hashlib.sha1).digest()
    start = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[start:start + 4])[0] & 0x7FFFFFFF) % 1000000)


def wait_for_a_new_step(last):
    while int(time.time() // 30) <= last or time.time() % 30 > 25:
        time.sleep(0.5)


p = argparse.ArgumentParser()
p.add_argument("--url", required=True); p.add_argument("--anon-key", required=True); p.add_argument("--service-key", required=True)
a = p.parse_args()
passed, failed = 0, 0


def step(name, call, check):
    global passed, failed
    try:
        answer = call()
        check(answer)
        passed += 1
        print("ok   ", name)
        return answer
    except Exception as e:  # the report must go on to the next example
        failed += 1
        print("FAIL ", name, "-", type(e).__name__, str(e)[:300])


def expect(condition, what=""):
    if not condition:
        raise AssertionError(what)


supabase = create_client(a.url, a.anon_key)
email = "seed-%s@example.com" % uuid.uuid4().hex[:12]
session = supabase.auth.sign_up({"email": email, "password": "correct horse battery staple"})
user_id = session.user.id

enrolled = step("mfa.enroll", lambda: supabase.auth.mfa.enroll(
    {
        "factor_type": "totp",
        "friendly_name": "your_friendly_name",
    }
), lambda r: expect(r.type == "totp" and r.friendly_name == "your_friendly_name" and len(r.totp.secret) == 32
                    and r.totp.qr_code.startswith("data:image/svg+xml;utf-8,<svg") or r.totp.qr_code.startswith("data:image/svg+xml;utf-8,<?xml"), r))
if not enrolled:
    print("%d passed, %d failed" % (passed, failed)); sys.exit(1)

step("mfa.get_authenticator_assurance_level (before)", lambda: supabase.auth.mfa.get_authenticator_assurance_level(),
     lambda r: expect(r.current_level == "aal1", r))

challenged = step("mfa.challenge", lambda: supabase.auth.mfa.challenge(
    {"factor_id": enrolled.id}
), lambda r: expect(r.id and 0 < r.expires_at - time.time() <= 301, r))

wait_for_a_new_step(0)
used = int(time.time() // 30)
step("mfa.verify", lambda: supabase.auth.mfa.verify(
    {
        "factor_id": enrolled.id,
        "challenge_id": challenged.id,
        "code": totp(enrolled.totp.secret),
    }
), lambda r: expect(r.access_token and r.refresh_token and r.user.id == user_id, r))

step("mfa.get_authenticator_assurance_level", lambda: supabase.auth.mfa.get_authenticator_assurance_level(),
     lambda r: expect(r.current_level == "aal2" and r.next_level == "aal2"
                      and [m.method for m in r.current_authentication_methods] == ["totp", "password"], r))

wait_for_a_new_step(used)
step("mfa.challenge_and_verify", lambda: supabase.auth.mfa.challenge_and_verify(
    {
        "factor_id": enrolled.id,
        "code": totp(enrolled.totp.secret),
    }
), lambda r: expect(r.access_token and r.user.factors[0].status == "verified", r))

step("mfa.unenroll", lambda: supabase.auth.mfa.unenroll(
    {"factor_id": enrolled.id}
), lambda r: expect(r.id == enrolled.id, r))

supabase.auth.refresh_session()
step("mfa.get_authenticator_assurance_level (after unenroll and refresh)", lambda: supabase.auth.mfa.get_authenticator_assurance_level(),
     lambda r: expect(r.current_level == "aal1" and r.next_level == "aal1", r))

second = supabase.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "to be deleted by an admin"})
admin = create_client(a.url, a.service_key)
step("admin.mfa.delete_factor", lambda: admin.auth.admin.mfa.delete_factor(
    {
        "id": second.id,
        "user_id": user_id,
    }
), lambda r: expect(r.id == second.id, r))
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed))
