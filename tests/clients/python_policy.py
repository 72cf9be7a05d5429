#!/usr/bin/env python3
"""A second factor required, and a step that is too old, through the official Python client, synchronous and asynchronous.

python_policy.py --url URL --anon-key KEY --service-key KEY; the server: COUNTERSIGN_MFA_REQUIRED_ROLES=staff,
COUNTERSIGN_MFA_ENROLL_GRACE=6s, COUNTERSIGN_MFA_MAX_AGE=9s. Ends with 'N passed, N failed'.
"""
import argparse, asyncio, base64, hashlib, hmac, inspect, struct, sys, time, uuid
from supabase import acreate_client, create_client
from supabase_auth.errors import AuthApiError

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--url", required=True); p.add_argument("--anon-key", required=True); p.add_argument("--service-key", required=True)
a = p.parse_args()
PW = "correct horse battery staple"
passed = failed = 0


def totp(secret, step):
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)


def step_now():
    while time.time() % 30 > 26:
        time.sleep(0.3)
    return int(time.time() // 30)


async def got(value):
    return await value if inspect.isawaitable(value) else value


async def refused(call):
    try:
        result = await got(call())
    except AuthApiError as e:
        assert (e.status, e.code) == (403, "insufficient_aal"), (e.status, e.code, str(e))
        return str(e)
    raise AssertionError("wanted insufficient_aal, got %r" % (result,))


async def staff(make):
    """A signed-in user of the role that must have a second factor."""
    c, email = await got(make(a.anon_key)), "py-%s@example.com" % uuid.uuid4().hex[:12]
    admin = (await got(make(a.service_key))).auth.admin
    await got(admin.create_user({"email": email, "password": PW, "email_confirm": True, "app_metadata": {"role": "staff"}}))
    await got(c.auth.sign_in_with_password({"email": email, "password": PW}))
    return c, email


async def level(c):
    now = await got(c.auth.mfa.get_authenticator_assurance_level())
    return now.current_level, now.next_level


async def enroll_to_the_end(make):
    """The refresh is refused, the session is still good for enrolling, and is renewed from then on."""
    c, email = await staff(make)
    await got(c.auth.refresh_session())
    time.sleep(6.1)
    assert "enroll one" in await refused(lambda: c.auth.refresh_session())
    f = await got(c.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "app"}))
    await got(c.auth.mfa.challenge_and_verify({"factor_id": f.id, "code": totp(f.totp.secret, step_now())}))
    await got(c.auth.refresh_session())
    assert await level(c) == ("aal2", "aal2"), await level(c)


async def verify_to_the_end(make):
    """With a factor: refused at aal1 at once, renewed after the code; once the step is too old aal1 with aal2 next, and up again."""
    c, email = await staff(make)
    f = await got(c.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "app"}))
    step = step_now()
    await got(c.auth.mfa.challenge_and_verify({"factor_id": f.id, "code": totp(f.totp.secret, step)}))
    low = await got(make(a.anon_key))
    await got(low.auth.sign_in_with_password({"email": email, "password": PW}))
    assert "verify it" in await refused(lambda: low.auth.refresh_session())
    time.sleep(9.1)
    await got(c.auth.refresh_session())
    assert await level(c) == ("aal1", "aal2"), await level(c)
    assert [m.method for m in (await got(c.auth.mfa.get_authenticator_assurance_level())).current_authentication_methods] == ["password"]
    assert "verify it" in await refused(lambda: c.auth.refresh_session())
    await got(c.auth.mfa.challenge_and_verify({"factor_id": f.id, "code": totp(f.totp.secret, step + 1)}))
    assert await level(c) == ("aal2", "aal2"), await level(c)
    await got(c.auth.refresh_session())
    assert await level(c) == ("aal2", "aal2"), await level(c)


async def others_are_left_alone(make):
    c = await got(make(a.anon_key))
    await got(c.auth.sign_up({"email": "py-%s@example.com" % uuid.uuid4().hex[:12], "password": PW}))
    time.sleep(6.1)
    await got(c.auth.refresh_session())
    assert await level(c) == ("aal1", "aal1")


async def run(kind, make):
    global passed, failed
    for step in (enroll_to_the_end, verify_to_the_end, others_are_left_alone):
        name = "%s: policy: %s" % (kind, step.__name__.replace("_", " "))
        try:
            await step(make)
            passed += 1
            print("ok   ", name, flush=True)
        except Exception as e:
            failed += 1
            print("FAIL ", name, "-", type(e).__name__, str(e)[:400], flush=True)


asyncio.run(run("sync", lambda key: create_client(a.url, key)))
asyncio.run(run("async", lambda key: acreate_client(a.url, key)))
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed))
