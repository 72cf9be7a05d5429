#!/usr/bin/env python3
"""Phone factors (mfa.md rows E4, E7, E8, C2 to C5, V1 to V5; internals.md 6.3, 6.4): what is sent and what is limited, what a
provider's or a hook's failure becomes; and enrollments of each kind that were left lying, which lock nobody out (row B10). On SQLite, and
on PostgreSQL with three nodes. phone_factors.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import contextlib, json, os, re, sys, time, uuid
from hook_rig import JSON, PW, Receiver, Rig, Tally, at_once, claims_of, default_binary, is_, on_both_engines, phone
from notices import Place

binary = default_binary()
ON = {"GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true", "GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED": "true", "GOTRUE_MFA_WEB_AUTHN_VERIFY_ENABLED": "true"}
NO_PAUSE = {"GOTRUE_MFA_PHONE_MAX_FREQUENCY": "1ms"}


def enroll(u, number, name="p"):
    return u.server.call("POST", "/factors", {"factor_type": "phone", "friendly_name": name, "phone": number}, u.token)


def ask(u, factor, channel="sms", server=None):
    return (server or u.server).call("POST", "/factors/%s/challenge" % factor, {"channel": channel}, u.token)


def texts(p, number):
    """The codes that went to the number, oldest first, once nothing waits."""
    p.sent("nobody")
    got = []
    for name in sorted(os.listdir(p.mails), key=lambda n: os.stat(os.path.join(p.mails, n)).st_mtime_ns):
        if name.endswith(".sms.json"):
            with open(os.path.join(p.mails, name)) as f:
                sms = json.load(f)
            if sms["phone"] == number:
                assert sms["kind"] == "mfa", sms
                got.append(sms["code"])
    return got


def with_phone(p, number=None):
    u, number = p.s.sign_up(), number or phone()
    u.phone, u.factor = number, is_(enroll(u, number), 200).json["id"]
    c = is_(ask(u, u.factor), 200).json
    return u.take(is_(u.verify(u.factor, c["id"], texts(p, number)[-1]), 200).json)


def numbers(p):
    """E4: E.164 of any country, echoed as sent and kept as digits; what is none, and none at all."""
    u = p.s.sign_up()
    for n, number in enumerate(("+491701234567", "4915112345678", "+81 90 1234 5678", "+861381234567 8", "+5511912345678", "+2348012345678", "+12", "+123456789012345")):
        f = is_(enroll(u, number, "n%d" % n), 200).json
        assert set(f) == {"id", "type", "friendly_name", "phone"} and f["phone"] == number and f["type"] == "phone", f
        digits = number.replace("+", "").replace(" ", "")
        assert [x["phone"] for x in p.s.call("GET", "/user", token=u.token).json["factors"] if x["id"] == f["id"]] == [digits]
    for number in ("+1", "1", "+0123456789", "0041791234567", "abc", "+1555x", "++1555123", "+1234567890123456", "9" * 5000, "+", "+1-555-123", "\u0661\u0662\u0663"):
        is_(enroll(u, number, "bad"), 400, "validation_failed", "Invalid phone number format (E.164 required)")
    for body in ({}, {"phone": ""}, {"phone": None}):
        is_(p.s.call("POST", "/factors", {"factor_type": "phone", "friendly_name": "bad", **body}, u.token), 400, "validation_failed", "Phone number required to enroll Phone factor")
    is_(enroll(u, 15551234567, "bad"), 400, "bad_json")


def same_number(p):
    """E7, E8: of two unverified factors with a number the later one stays, whatever the spelling; beside a verified one there is none."""
    u, number = p.s.sign_up(), phone()
    first = is_(enroll(u, number, "a"), 200).json["id"]
    other = is_(enroll(u, phone(), "other"), 200).json["id"]
    second = is_(enroll(u, "+" + number[:3] + " " + number[3:], "a"), 200).json["id"]
    ids = [f["id"] for f in p.s.call("GET", "/user", token=u.token).json["factors"]]
    assert ids == [other, second] and first not in ids, ids
    v = with_phone(p)
    is_(enroll(v, "+" + v.phone, "again"), 422, "mfa_verified_factor_exists", "A verified phone factor already exists, unenroll the existing factor to continue")
    assert len(p.s.call("GET", "/user", token=v.token).json["factors"]) == 1
    w = p.s.sign_up()
    is_(enroll(w, v.phone), 200)            # another user may have that phone too
    t, mine = p.s.admin_token(), is_(enroll(v, phone(), "third"), 200).json["id"]
    is_(p.s.call("PUT", "/admin/users/%s/factors/%s" % (v.id, mine), {"phone": v.phone}, t), 422, "phone_exists")
    is_(p.s.call("PUT", "/admin/users/%s/factors/%s" % (v.id, mine), {"phone": phone()}, t), 200)


def same_number_at_once(p):
    """Eight enrollments of one number at once, on all nodes: no 5xx, one factor is left."""
    u, number = p.s.sign_up(), phone()
    got = at_once(8, lambda n: p.servers[n % len(p.servers)].call("POST", "/factors", {"factor_type": "phone", "friendly_name": "f%d" % n, "phone": number}, u.token))
    assert [a.status for a in got] == [200] * 8, [a.short() for a in got]
    assert len(p.s.call("GET", "/user", token=u.token).json["factors"]) == 1


def challenges(p):
    """C2, C3: the answer; the body is needed; channels that are off are refused and nothing is sent."""
    u, number = p.s.sign_up(), phone()
    f = is_(enroll(u, number), 200).json["id"]
    is_(p.s.call("POST", "/factors/%s/challenge" % f, token=u.token), 400, "bad_json")
    for channel in ("whatsapp", "carrier pigeon", "SMS", "s" * 5000):
        is_(ask(u, f, channel), 400, "validation_failed", "Invalid channel, supported values are 'sms' or 'whatsapp'. 'whatsapp' is only supported if Twilio or Twilio Verify is used as the provider.")
    assert texts(p, number) == []
    c = is_(p.s.call("POST", "/factors/%s/challenge" % f, {"channel": None}, u.token), 200).json
    assert set(c) == {"id", "type", "expires_at"} and c["type"] == "phone" and abs(c["expires_at"] - time.time() - 300) < 5, c
    code, = texts(p, number)
    assert re.fullmatch("[0-9]{6}", code)
    stored = p.sql("select otp_code from @mfa_challenges where %s" % p.id_is("id", c["id"]))[0][0]
    assert stored and (p.s.dsn or code not in stored), "the code is readable in the database"


def pause(p):
    """C4: a second challenge of the factor within the pause, on any node: 429 with the seconds; another factor of the user is not held up."""
    u, number = p.s.sign_up(), phone()
    f = is_(enroll(u, number), 200).json["id"]
    got = at_once(8, lambda n: ask(u, f, server=p.servers[n % len(p.servers)]))
    assert sorted(a.status for a in got) == [200] + [429] * 7, [a.short() for a in got]
    a = [a for a in got if a.status == 429][0]
    assert a.code == "over_sms_send_rate_limit" and re.fullmatch(r"For security purposes, you can only request this after [1-9]\d? seconds\.", a.message) and 1 <= int(a.headers["retry-after"]) <= 60, a.short()
    other = is_(enroll(u, phone(), "other"), 200).json["id"]
    is_(ask(u, other), 200)
    assert len(texts(p, number)) == 1


def number_pause(p):
    """The pause holds for a number that nobody has verified, also where the factor is made anew or is another user's, on all nodes at once."""
    number, users = phone(), [p.s.sign_up() for _ in range(6)]
    factors = [is_(enroll(u, number), 200).json["id"] for u in users]
    got = at_once(6, lambda n: ask(users[n], factors[n], server=p.servers[n % len(p.servers)]))
    assert sorted(a.status for a in got) == [200] + [429] * 5, [a.short() for a in got]
    for _ in range(2):
        anew = is_(enroll(users[0], number), 200).json["id"]
        is_(ask(users[0], anew), 429, "over_sms_send_rate_limit", part="For security purposes, you can only request this after")
    assert len(texts(p, number)) == 1


def owner_first(p):
    """Strangers who enroll a verified factor's number cannot keep its owner from getting codes."""
    u = with_phone(p)
    stranger = p.s.sign_up()
    p.sql("update @mfa_factors set last_challenged_at = null where %s" % p.id_is("id", u.factor))
    is_(ask(stranger, is_(enroll(stranger, u.phone), 200).json["id"]), 429)      # the owner's own first code was sent a moment ago
    is_(ask(u, u.factor), 200)


def codes(p):
    """V1 to V5: an empty code, another factor's challenge, a challenge used up, from another address, too old; a wrong code spends nothing."""
    s, u, number = p.s, p.s.sign_up(), phone()
    f = is_(enroll(u, number), 200).json["id"]
    c = is_(ask(u, f), 200).json["id"]
    code, = texts(p, number)
    for empty in ("", " ", None):
        is_(u.verify(f, str(uuid.uuid4()), empty), 400, "validation_failed", "Code needs to be non-empty")
    is_(u.verify(f, str(uuid.uuid4()), code), 422, "mfa_factor_not_found", "MFA factor with the provided challenge ID not found")
    other = is_(enroll(u, phone(), "other"), 200).json["id"]
    is_(u.verify(other, c, code), 422, "mfa_factor_not_found")
    for bad in ("%06d" % ((int(code) + 1) % 1000000), code[:5], code + "0", "x", "9" * 5000):
        is_(u.verify(f, c, bad), 422, "mfa_verification_failed", "Invalid MFA Phone code entered")
    v = is_(u.verify(f, c, " %s %s " % (code[:3], code[3:])), 200).json
    assert claims_of(v["access_token"])["aal"] == "aal2" and "mfa/phone" in [m["method"] for m in claims_of(v["access_token"])["amr"]]
    assert [(x["id"], x["status"]) for x in v["user"]["factors"]] == [(f, "verified")], "unverified ones of the kind go: %s" % v["user"]["factors"]
    u.take(v)
    is_(u.verify(f, c, code), 422, "mfa_ip_address_mismatch", "Challenge and verify IP addresses mismatch.")
    p.sql("update @mfa_factors set last_challenged_at = null where %s" % p.id_is("id", f))
    c = is_(ask(u, f), 200).json["id"]
    s.age("mfa_challenges", c, 301)
    is_(u.verify(f, c, texts(p, number)[-1]), 422, "mfa_challenge_expired", part="has expired, verify against another challenge")
    is_(u.verify(f, c, texts(p, number)[-1]), 422, "mfa_factor_not_found")


def one_winner(p):
    """One code, twelve times at once, on all nodes: one gets tokens."""
    u, number = p.s.sign_up(), phone()
    f = is_(enroll(u, number), 200).json["id"]
    c = is_(ask(u, f), 200).json["id"]
    code, = texts(p, number)
    got = at_once(12, lambda n: p.servers[n % len(p.servers)].call("POST", "/factors/%s/verify" % f, {"challenge_id": c, "code": code}, u.token))
    assert sorted(a.status for a in got) == [200] + [422] * 11, [a.short() for a in got]


def left_lying(p):
    """B10, security.md S15: unverified factors of all kinds keep nobody from enrolling: the oldest of ten goes; expired ones go, but for open challenges; their names are free again."""
    s, u = p.s, p.s.sign_up()
    kinds = ("totp", "phone", "webauthn")
    body = lambda n: {"factor_type": kinds[n % 3], "friendly_name": "f%d" % n, **({"phone": phone()} if n % 3 == 1 else {})}
    ids = []
    for n in range(10):
        ids.append(is_(s.call("POST", "/factors", body(n), u.token), 200).json["id"])
        if n < 6:
            is_(ask(u, ids[-1]), 200)
    is_(s.call("POST", "/factors", body(10), u.token), 200)
    ids = [f["id"] for f in s.call("GET", "/user", token=u.token).json["factors"]]
    assert len(ids) == 10, ids              # the first one went
    is_(s.sign_in(u.email, u.password), 200)
    assert is_(s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200), "an enrollment that was not finished asks for no second factor"
    for i in ids:
        s.age("mfa_factors", i, 301)
    kept = ids[:5]                          # a challenge of theirs is open
    is_(s.call("POST", "/factors", body(6), u.token), 200)
    left = [f["id"] for f in s.call("GET", "/user", token=u.token).json["factors"]]
    assert left[:5] == kept and len(left) == 6, left
    p.sql("update @mfa_challenges set created_at = %s where factor_id in (select id from @mfa_factors where %s)"
          % ("created_at - interval '301 seconds'" if s.dsn else "created_at - 301000000", p.id_is("user_id", u.id)))
    for n in range(9):
        if n != 6:
            is_(s.call("POST", "/factors", body(n), u.token), 200)
    got = at_once(12, lambda n: p.servers[n % len(p.servers)].call("POST", "/factors", body(n + 20), u.token))
    assert [a.status for a in got] == [200] * 12, [a.short() for a in got]
    assert len(s.call("GET", "/user", token=u.token).json["factors"]) == 10


def caps(t):
    """An hour's codes to an unverified number over all users, and to all factors of a user; refused ones count for nothing; the total of all SMS."""
    for env, users, same, most in (({"COUNTERSIGN_MFA_PHONE_CODES_PER_NUMBER": "3"}, 5, True, 3), ({"COUNTERSIGN_MFA_PHONE_CODES_PER_USER": "4"}, 1, False, 4),
                                   ({"GOTRUE_SMS_AUTOCONFIRM": "false", "GOTRUE_RATE_LIMIT_SMS_SENT": "4"}, 3, False, 2)):
        with contextlib.ExitStack() as stack:
            p = Place(stack, {**ON, **NO_PAUSE, **env})
            people, number, got = [p.s.sign_up() for _ in range(users)], phone(), []
            for n in range(6):
                u = people[n % users]
                time.sleep(0.01)
                got.append(ask(u, is_(enroll(u, number if same else phone(), "f%d" % n), 200).json["id"]))
            assert [a.status for a in got] == [200] * most + [429] * (6 - most), (env, [a.short() for a in got])
            assert got[-1].code == "over_sms_send_rate_limit" and got[-1].message == "SMS rate limit exceeded"


def provider_fails(t):
    """A provider's refusal: 500 error sending message; nothing is stored and nothing counted, so the next try goes through at once."""
    env = {**ON, "GOTRUE_SMS_PROVIDER": "messagebird", "GOTRUE_SMS_MESSAGEBIRD_ACCESS_KEY": "bird key", "GOTRUE_SMS_MESSAGEBIRD_ORIGINATOR": "Us", "COUNTERSIGN_MFA_PHONE_CODES_PER_NUMBER": "1",
           "COUNTERSIGN_MFA_PHONE_CODES_PER_USER": "1", "GOTRUE_SMS_AUTOCONFIRM": "false", "GOTRUE_RATE_LIMIT_SMS_SENT": "1", "GOTRUE_INTERNAL_HTTP_TIMEOUT": "1s"}
    with contextlib.ExitStack() as stack:
        r = stack.enter_context(Receiver())
        p = Place(stack, {**env, "COUNTERSIGN_SMS_API_URL": r.url})
        u, number = p.s.sign_up(), phone()
        f = is_(enroll(u, number), 200).json["id"]
        for answer in ((422, JSON, {"errors": [{"description": "no such number"}]}), (500, JSON, {}), ("drop", {}, b""), (200, JSON, b"{")):
            r.answers["/messages"] = answer
            is_(ask(u, f), 500, "unexpected_failure", "error sending message")
        assert p.sql("select count(*) from @mfa_challenges") == [["0"]] and p.s.call("GET", "/user", token=u.token).json["factors"][0]["last_challenged_at"] is None
        r.answers["/messages"] = (201, JSON, {"id": "mb1", "recipients": {"totalSentCount": 1}})
        c = is_(ask(u, f), 200).json["id"]
        code = re.search(r"\d{6}", r.of("/messages")[-1].form["body"]).group()
        is_(u.verify(f, c, code), 200)
        is_(ask(u, f, "whatsapp"), 400, "validation_failed")


def hook_fails(t):
    """The send-SMS hook's failure: 500 error invoking hook, whatever it says; nothing is stored or counted. It gets sms_type mfa and any channel."""
    with contextlib.ExitStack() as stack:
        rig = stack.enter_context(Rig())
        p = Place(stack, {**ON, **rig.settings("send_sms"), "COUNTERSIGN_MFA_PHONE_CODES_PER_USER": "1"})
        u, number = p.s.sign_up(), phone()
        f = is_(enroll(u, number), 200).json["id"]
        for answer in ((500, {}, b""), (400, {}, b""), (200, JSON, {"error": {"http_code": 403, "message": "no"}}), (200, {}, b"x")):
            rig.claim(number, "send_sms", answer)
            is_(ask(u, f), 500, "unexpected_failure", "error invoking hook")
        rig.claim(number, "send_sms", "own")
        c = is_(ask(u, f, "carrier pigeon"), 200).json["id"]
        told = rig.calls_of(number, "send_sms")[0].json
        assert told["sms"]["sms_type"] == "mfa" and told["sms"]["phone"] == number and told["user"]["id"] == u.id, told
        is_(u.verify(f, c, told["sms"]["otp"]), 200)


def made_elsewhere(t):
    """Twilio Verify makes and checks the codes itself: right ones raise the session; wrong ones are 403 otp_expired, and ten lock the factor."""
    env = {**ON, "GOTRUE_SMS_PROVIDER": "twilio_verify", "GOTRUE_SMS_TWILIO_VERIFY_ACCOUNT_SID": "AC1", "GOTRUE_SMS_TWILIO_VERIFY_AUTH_TOKEN": "token", "GOTRUE_SMS_TWILIO_VERIFY_MESSAGE_SERVICE_SID": "VA1"}
    with contextlib.ExitStack() as stack:
        r = stack.enter_context(Receiver())
        p = Place(stack, {**env, "COUNTERSIGN_SMS_API_URL": r.url})
        send, check = "/v2/Services/VA1/Verifications", "/v2/Services/VA1/VerificationCheck"
        r.answers[send] = (201, JSON, {"sid": "VE1", "status": "pending"})
        r.answers[check] = lambda q: (200, JSON, {"status": "approved", "valid": True} if q.form["Code"] == "424242" else {"status": "pending", "valid": False})
        u, number = p.s.sign_up(), phone()
        f = is_(enroll(u, number), 200).json["id"]
        c = is_(ask(u, f), 200).json["id"]
        assert r.of(send)[-1].form == {"To": "+" + number, "Channel": "sms"}
        is_(u.verify(f, c, "111111"), 403, "otp_expired", "Token has expired or is invalid")
        u.take(is_(u.verify(f, c, "424 242"), 200).json)
        assert claims_of(u.token)["aal"] == "aal2" and r.of(check)[-1].form == {"To": "+" + number, "Code": "424242"}
        p.sql("update mfa_factors set last_challenged_at = null")
        c = is_(ask(u, f), 200).json["id"]
        for n in range(10):
            is_(u.verify(f, c, "%06d" % n), 403, "otp_expired")
        is_(u.verify(f, c, "424242"), 429, "over_request_rate_limit")
        assert [a for a, _ in p.actions(u)].count("factor_locked") == 1 and p.subjects(u.email).count("A verification method of your account was locked") == 1
        r.answers[check] = (500, JSON, {})
        p.unlock(f, 0)
        is_(u.verify(f, c, "424242"), 403, "otp_expired")


def one_engine(t, name, **more):
    with contextlib.ExitStack() as stack:
        p = Place(stack, ON, **more)
        for step in (numbers, same_number, same_number_at_once, challenges, pause, number_pause, owner_first, codes, one_winner, left_lying):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "phones", one_engine, (caps, provider_fails, hook_fails, made_elsewhere))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
