#!/usr/bin/env python3
"""The second factor differs from what proved the first (security.md S9): a session that began with a code to a number is not raised by a code to
that number. On SQLite, and on PostgreSQL with three nodes. proofs.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import re, sys
from rig import CONFIRM, PW, Tally, User, claims_of, fresh_code, is_, made, on_both_engines, phone, place, texts_to
from settings import body

ON = {"GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true", "GOTRUE_MFA_PHONE_MAX_FREQUENCY": "1ms"}
SAME = (422, "mfa_factor_not_independent", "This phone number proved the sign-in already, use another factor")


def enroll(u, number, name="phone"):
    return u.server.call("POST", "/factors", {"factor_type": "phone", "friendly_name": name, "phone": number}, u.token)


def ask(u, factor):
    return u.challenge(factor, {"channel": "sms"})


def prove(p, u, factor, number):
    c = is_(ask(u, factor), 200).json["id"]
    return u.verify(factor, c, texts_to(p, number)[-1])


def by_sms(p, number):
    is_(p.s.call("POST", "/otp", {"phone": number}), 200)
    a = is_(p.s.call("POST", "/verify", {"type": "sms", "phone": number, "token": texts_to(p, number)[-1]}), 200).json
    return User(p.s, a, a["user"].get("email"), PW)


def by_mail(p, email):
    is_(p.s.call("POST", "/otp", {"email": email}), 200)
    code = re.search(r"\b\d{6}\b", body(p.sent(email)[-1], "plain")).group()
    a = is_(p.s.call("POST", "/verify", {"type": "email", "email": email, "token": code}), 200).json
    return User(p.s, a, email, PW)


def by_password(p, **who):
    a = is_(p.s.call("POST", "/token?grant_type=password", {"password": PW, **who}), 200).json
    return User(p.s, a, a["user"].get("email"), PW)


def owner(p):
    """A user with address, number and password, and a phone factor of that number, verified in a session that began with the password."""
    number = phone()
    u = by_password(p, email=made(p.s, phone=number, phone_confirm=True)["email"])
    u.phone, u.factor = number, is_(enroll(u, number), 200).json["id"]
    return u.take(is_(prove(p, u, u.factor, number), 200).json)


def same_number(p):
    """Begun with a code to the number: the factor with that number gives no challenge and raises nothing, even with the right code; nothing is sent."""
    u = owner(p)
    low, other = by_sms(p, u.phone), by_password(p, email=u.email)
    sent = len(texts_to(p, u.phone))
    is_(ask(low, u.factor), *SAME)
    assert len(texts_to(p, u.phone)) == sent
    c = is_(ask(other, u.factor), 200).json["id"]
    is_(low.verify(u.factor, c, texts_to(p, u.phone)[-1]), *SAME)
    assert p.sql("select aal from @sessions where " + p.id_is("id", low.session_id)) == [["aal1"]]
    is_(other.verify(u.factor, c, texts_to(p, u.phone)[-1]), 200)          # the code itself was right


def other_proofs(p):
    """Begun with the password, by address or by number, or with a code by mail: the factor with the account's number raises the session."""
    u = owner(p)
    for sign_in in (lambda: by_password(p, email=u.email), lambda: by_password(p, phone=u.phone), lambda: by_mail(p, u.email)):
        v = is_(prove(p, sign_in(), u.factor, u.phone), 200).json
        assert claims_of(v["access_token"])["aal"] == "aal2"


def enrolling(p):
    """Begun with a code to the number: a factor with it is not enrolled, another number's or an app is, and raises the session; so do recovery codes."""
    number, second = phone(), phone()
    u = by_sms(p, number)
    is_(enroll(u, "+" + number), *SAME)
    assert is_(p.s.call("GET", "/user", token=u.token), 200).json.get("factors", []) == []
    f = is_(enroll(u, second), 200).json["id"]
    u.take(is_(prove(p, u, f, second), 200).json)
    codes = is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"]
    app = is_(u.enroll("app"), 200).json
    is_(u.verify(app["id"], is_(u.challenge(app["id"]), 200).json["id"], fresh_code(app["totp"]["secret"])), 200)
    low = by_sms(p, number)
    is_(p.s.call("POST", "/factors/recovery-codes/verify", {"code": codes[0]}, low.token), 200)


def moved(p):
    """The number counts that the session began with: it stays so when the account's number, or the factor's, is changed afterwards."""
    u, t = owner(p), p.s.admin_token()
    low, fresh = by_sms(p, u.phone), phone()
    is_(p.s.call("PUT", "/admin/users/" + u.id, {"phone": fresh}, t), 200)
    is_(ask(low, u.factor), *SAME)
    later = by_sms(p, fresh)
    v = is_(prove(p, later, u.factor, u.phone), 200).json
    assert claims_of(v["access_token"])["aal"] == "aal2"
    is_(p.s.call("PUT", "/admin/users/%s/factors/%s" % (u.id, u.factor), {"phone": fresh}, t), 200)
    again = by_sms(p, fresh)
    is_(ask(again, u.factor), *SAME)
    is_(prove(p, by_password(p, email=u.email), u.factor, fresh), 200)


def changed(p):
    """A session that the code of a change of number opened began with the new number."""
    u, fresh = by_password(p, email=made(p.s)["email"]), phone()
    is_(p.s.call("PUT", "/user", {"phone": fresh}, u.token), 200)
    a = is_(p.s.call("POST", "/verify", {"type": "phone_change", "phone": fresh, "token": texts_to(p, fresh)[-1]}), 200).json
    is_(enroll(User(p.s, a, u.email, PW), fresh), *SAME)
    is_(enroll(u, fresh), 200)


def unknown(p):
    """Of a session whose beginning nobody wrote down, begun with a code of either kind, the account's number counts as what proved it."""
    u = owner(p)
    low, mail = by_sms(p, u.phone), by_mail(p, u.email)
    p.sql("delete from @@session_proofs")
    for session in (low, mail):
        is_(ask(session, u.factor), *SAME)
    is_(prove(p, by_password(p, email=u.email), u.factor, u.phone), 200)


def one_engine(t, name, **more):
    with place({**CONFIRM, **ON}, **more) as p:
        for step in (same_number, other_proofs, enrolling, moved, changed, unknown):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally()
    on_both_engines(t, "proofs", one_engine, ())
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
