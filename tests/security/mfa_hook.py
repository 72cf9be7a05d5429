#!/usr/bin/env python3
"""The hook of MFA verification (security.md S11) hears every attempt, whatever the kind of factor, right and wrong alike and exactly once each,
and its refusal holds for each. On SQLite, and on PostgreSQL with three nodes. mfa_hook.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import sys
from rig import CONFIRM, JSON, Receiver, Rig, Tally, fresh_code, good, is_, on_both_engines, person, phone, place, texts_to
from soft_key import SoftKey
from totp_checks import wrong

HOOK = "mfa_verification_attempt"
ON = {"GOTRUE_MFA_%s_%s_ENABLED" % (kind, what): "true" for kind in ("PHONE", "WEB_AUTHN") for what in ("ENROLL", "VERIFY")}
ON.update({"GOTRUE_MFA_PHONE_MAX_FREQUENCY": "1ms", "GOTRUE_WEBAUTHN_RP_ORIGINS": "http://localhost:3000", "GOTRUE_WEBAUTHN_RP_DISPLAY_NAME": "here", "GOTRUE_WEBAUTHN_RP_ID": "localhost"})
NO = good({"decision": "reject", "message": "not now"})


def told(rig, mark):
    """What the hook was told of, in order, without the metadata."""
    return [{k: v for k, v in call.json.items() if k != "metadata"} for call in rig.calls_of(mark, HOOK)]


def open_one(u, factor, body=None):
    return is_(u.challenge(factor, body), 200).json


def answer(u, factor, c, credential):
    kind = c["webauthn"]["type"]
    return u.server.call("POST", "/factors/%s/verify" % factor, {"challenge_id": c["id"], "webauthn": {"type": kind, "credential_response": credential}}, u.token)


class Totp:
    kind = "totp"

    def __init__(self, p):
        self.p, self.u = p, person(p)
        f = is_(self.u.enroll(), 200).json
        self.id, self.secret = f["id"], f["totp"]["secret"]
        self.first = lambda: self.right(self.u)

    def right(self, u):
        return u.verify(self.id, open_one(u, self.id)["id"], fresh_code(self.secret))

    def wrong(self, u):
        return u.verify(self.id, open_one(u, self.id)["id"], wrong(self.secret, 1)[0])


class Phone(Totp):
    kind = "phone"

    def __init__(self, p):
        self.p, self.u, self.number = p, person(p), phone()
        self.id = is_(p.s.call("POST", "/factors", {"factor_type": "phone", "phone": self.number}, self.u.token), 200).json["id"]
        self.first = lambda: self.right(self.u)

    def ask(self, u):
        c = open_one(u, self.id, {"channel": "sms"})["id"]
        return c, texts_to(self.p, self.number)[-1]

    def right(self, u):
        c, code = self.ask(u)
        return u.verify(self.id, c, code)

    def wrong(self, u):
        c, code = self.ask(u)
        return u.verify(self.id, c, "%06d" % ((int(code) + 1) % 1000000))


class Key(Totp):
    kind = "webauthn"

    def __init__(self, p):
        self.p, self.u, self.key = p, person(p), SoftKey()
        self.id = is_(p.s.call("POST", "/factors", {"factor_type": "webauthn", "friendly_name": "key"}, self.u.token), 200).json["id"]

    def first(self):
        c = open_one(self.u, self.id)
        return answer(self.u, self.id, c, self.key.create(c["webauthn"]["credential_options"]))

    def right(self, u):
        c = open_one(u, self.id)
        return answer(u, self.id, c, self.key.get(c["webauthn"]["credential_options"]))

    def wrong(self, u):
        c = open_one(u, self.id)
        return answer(u, self.id, c, self.key.get(c["webauthn"]["credential_options"], wrong=True))


class Codes(Totp):
    kind = "recovery_code"

    def __init__(self, p):
        app = Totp(p)
        self.p, self.u = p, app.u
        self.u.take(is_(app.first(), 200).json)
        a = is_(p.s.call("POST", "/factors/recovery-codes", {}, self.u.token), 200).json
        self.id, self.codes = a["id"], a["codes"]
        self.first = lambda: self.right(self.u)

    def right(self, u):
        return self.p.s.call("POST", "/factors/recovery-codes/verify", {"code": self.codes.pop()}, u.token)

    def wrong(self, u):
        return self.p.s.call("POST", "/factors/recovery-codes/verify", {"code": "a" * 16}, u.token)


KINDS = (Totp, Phone, Key, Codes)


def every_attempt(rig, p):
    """Each kind of factor: the first proof, right ones and wrong ones are each told of once, with user, factor, type and whether it was right."""
    for kind in KINDS:
        f = kind(p)
        rig.claim(f.id, HOOK, good({"decision": "continue"}))
        f.u.take(is_(f.first(), 200).json)
        low = f.u.another_session()
        is_(f.wrong(low), 422, "mfa_verification_failed")
        low.take(is_(f.right(low), 200).json)
        wanted = [{"user_id": f.u.id, "factor_id": f.id, "factor_type": f.kind, "valid": valid} for valid in (True, False, True)]
        assert told(rig, f.id) == wanted, (f.kind, told(rig, f.id))


def refused(rig, p):
    """Each kind of factor: a refusal answers a right proof and a wrong one, raises nothing and ends the user's sessions."""
    for kind in KINDS:
        f = kind(p)
        f.u.take(is_(f.first(), 200).json)
        for prove in (f.right, f.wrong):
            low = f.u.another_session()
            rig.claim(f.id, HOOK, NO)
            is_(prove(low), 403, "mfa_verification_rejected", "not now")
            assert len(told(rig, f.id)) == 1 and p.sql("select count(*) from @sessions where " + p.id_is("user_id", f.u.id)) == [["0"]], f.kind
            is_(p.s.call("GET", "/user", token=low.token), 403, "session_not_found")


def locks(rig, p):
    """The wrong code that locks is told of like the others; what comes while it is locked is no attempt."""
    for kind, status in ((Totp, 422), (Codes, 422)):
        f = kind(p)
        f.u.take(is_(f.first(), 200).json)
        low = f.u.another_session()
        rig.claim(f.id, HOOK, good({"decision": "continue"}))
        for _ in range(10):
            is_(f.wrong(low), status, "mfa_verification_failed")
        for prove in (f.wrong, f.right):
            is_(prove(low), 429)
        assert [x["valid"] for x in told(rig, f.id)] == [False] * 10, told(rig, f.id)


def made_elsewhere(t):
    """Codes that an SMS provider makes and checks: told of once each, right and wrong, and the refusal holds."""
    with Rig() as rig, Receiver() as r:
        sms = {"GOTRUE_SMS_PROVIDER": "twilio_verify", "GOTRUE_SMS_TWILIO_VERIFY_ACCOUNT_SID": "AC1", "GOTRUE_SMS_TWILIO_VERIFY_AUTH_TOKEN": "token", "GOTRUE_SMS_TWILIO_VERIFY_MESSAGE_SERVICE_SID": "VA1"}
        with place({**ON, **sms, **rig.settings(HOOK), "COUNTERSIGN_SMS_API_URL": r.url}) as p:
            r.answers["/v2/Services/VA1/Verifications"] = (201, JSON, {"sid": "VE1", "status": "pending"})
            r.answers["/v2/Services/VA1/VerificationCheck"] = lambda q: (200, JSON, {"status": "approved", "valid": True} if q.form["Code"] == "424242" else {"status": "pending", "valid": False})
            u = p.s.sign_up()
            f = is_(p.s.call("POST", "/factors", {"factor_type": "phone", "phone": phone()}, u.token), 200).json["id"]
            rig.claim(f, HOOK, good({"decision": "continue"}))
            c = open_one(u, f, {"channel": "sms"})["id"]
            is_(u.verify(f, c, "111111"), 403, "otp_expired")
            u.take(is_(u.verify(f, c, "424242"), 200).json)
            assert told(rig, f) == [{"user_id": u.id, "factor_id": f, "factor_type": "phone", "valid": valid} for valid in (False, True)], told(rig, f)
            for code in ("111111", "424242"):
                low = u.another_session()
                rig.claim(f, HOOK, NO)
                c = open_one(low, f, {"channel": "sms"})["id"]
                is_(low.verify(f, c, code), 403, "mfa_verification_rejected", "not now")
                assert len(told(rig, f)) == 1 and p.sql("select count(*) from @sessions") == [["0"]]


def one_engine(t, name, **more):
    with Rig() as rig, place({**CONFIRM, **ON, **rig.settings(HOOK), "GOTRUE_API_MAX_REQUEST_DURATION": "30s"}, **more) as p:
        for step in (every_attempt, refused, locks):
            t.step("%s: %s" % (name, step.__doc__), step, rig, p)


def main():
    t = Tally()
    on_both_engines(t, "mfa_hook", one_engine, (made_elsewhere,))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
