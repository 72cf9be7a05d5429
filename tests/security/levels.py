#!/usr/bin/env python3
"""Levels (docs/protocol/security.md, S5 and S8): a request may do what the lower of its token's and its session's level allows; a level is
never higher than the living factors behind it. On SQLite, and on PostgreSQL with two nodes. levels.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import sys, uuid
from rig import *  # noqa: F401,F403
from wire import hs256, totp, wait_for_fresh_step
from countersign import SECRET

ON = {"GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "true", "GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true", "GOTRUE_MFA_MAX_VERIFIED_FACTORS": "10"}


def code(p, secret):
    """The code of now, although it may have been used already: steps that speak of levels need not wait for the next one."""
    p.sql("update @@factor_guards set last_step = 0")
    wait_for_fresh_step(3)
    return totp(secret)


def proved(p, u, factor, secret, token=None):
    """The session of a challenge and its verification."""
    c = is_(u.challenge(factor, token=token), 200).json["id"]
    return is_(u.verify(factor, c, code(p, secret), token=token), 200).json


def added(p, u, name="phone app"):
    """One more verified TOTP factor: (id, secret); u has the raised session."""
    e = is_(u.enroll(name), 200).json
    u.take(proved(p, u, e["id"], e["totp"]["secret"]))
    return e["id"], e["totp"]["secret"]


def level(answer):
    return claims_of(answer["access_token"])["aal"]


def row(p, session):
    """sessions.aal, and the methods of the session's amr entries."""
    aal = p.sql("select aal from @sessions where " + p.id_is("id", session))
    return aal[0][0] if aal else None, sorted(r[0] for r in p.sql("select authentication_method from @mfa_amr_claims where " + p.id_is("session_id", session)))


def guarded(p, u, factor):
    """Every request that asks for aal2: (name, what to send, the answer at aal1)."""
    low = (403, "insufficient_aal")
    change = (401, "insufficient_aal")
    yield "enrol TOTP", ("POST", "/factors", {"factor_type": "totp", "friendly_name": uuid.uuid4().hex}), low
    yield "enrol a phone", ("POST", "/factors", {"factor_type": "phone", "phone": phone(), "friendly_name": uuid.uuid4().hex}), low
    yield "remove a factor", ("DELETE", "/factors/" + factor, None), (422, "insufficient_aal")
    yield "make recovery codes", ("POST", "/factors/recovery-codes", {}), low
    yield "new recovery codes", ("POST", "/factors/recovery-codes/regenerate", {}), low
    yield "remove recovery codes", ("DELETE", "/factors/recovery-codes", None), low
    yield "password", ("PUT", "/user", {"password": "another " + PW}), change
    yield "address", ("PUT", "/user", {"email": addr()}), change
    yield "number", ("PUT", "/user", {"phone": phone()}), change
    yield "identity", ("DELETE", "/user/identities/" + identity_of(p, u), None), low


def identity_of(p, u):
    return next(i["identity_id"] for i in is_(p.s.call("GET", "/user", token=u.token), 200).json["identities"] if i["provider"] == "phone")


def refused(p, u, factor, tokens):
    """None of the requests does anything with one of these tokens: (name, token)."""
    for name, token in tokens:
        for what, (method, path, body), (status, why) in guarded(p, u, factor):
            a = p.servers[-1].call(method, path, body, token)
            assert (a.status, a.code) == (status, why), (name, what, a.short())


def lower_of_both(p):
    """An access token from before the step stays aal1 for every rule although its session is aal2 now; one without a level or a session, or whose level is no text, is aal1 too."""
    u = person(p, phone=phone(), phone_confirm=True)
    before = u.token
    factor, secret = added(p, u)
    is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200)
    claims = claims_of(u.token)
    without = lambda *names: hs256({k: v for k, v in claims.items() if k not in names}, SECRET)
    assert row(p, u.session_id)[0] == "aal2"
    refused(p, u, factor, [("from before", before), ("no level", without("aal"))] + [("level %r" % (v,), hs256({**claims, "aal": v}, SECRET)) for v in ("", "AAL2", "aal3", 2, None, ["aal2"])])
    for what, (method, path, body), (status, why) in guarded(p, u, factor):
        if method == "PUT":
            a = p.s.call(method, path, body, without("session_id"))
            assert (a.status, a.code) == (status, why), (what, a.short())
    sessionless = p.s.call("DELETE", "/user/identities/" + identity_of(p, u), token=without("session_id"))
    assert sessionless.status == 403, sessionless.short()
    me = is_(p.s.call("GET", "/user", token=before), 200).json      # it is good for all else
    assert len(me["factors"]) == 2 and me["email"] == u.email, me
    is_(p.s.call("PUT", "/user", {"data": {"a": 1}}, before), 200)
    is_(p.s.sign_in(u.email, PW), 200)
    is_(p.s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "one more"}, u.token), 200)       # and the raised one does all of it
    is_(p.s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
    is_(p.s.call("DELETE", "/user/identities/" + identity_of(p, u), token=u.token), 200)
    is_(p.s.call("DELETE", "/factors/recovery-codes", token=u.token), 200)


def fallen(p):
    """A token that says aal2 is aal1 once its session has fallen."""
    u = person(p, phone=phone(), phone_confirm=True)
    first, _ = added(p, u, "one")
    is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200)
    high = u.token
    p.sql("delete from @mfa_amr_claims where authentication_method = 'totp' and " + p.id_is("session_id", u.session_id))
    p.sql("update @sessions set aal = 'aal1', factor_id = null where " + p.id_is("id", u.session_id))
    assert claims_of(high)["aal"] == "aal2"
    refused(p, u, first, [("fallen", high)])


def own_sessions(p):
    """A sign-out ends its own session and those up to its own level; what is aal2 ends at aal2 alone."""
    def three():
        u = person(p)
        low = u.token
        factor, secret = added(p, u)
        other = u.another_session()
        proved(p, other, factor, secret)        # low tokens of the raised sessions are kept: low, other.token
        third = u.another_session()
        return u, low, other, third
    alive = lambda v, token=None: p.servers[-1].call("GET", "/user", token=token or v.token).status == 200
    for scope in ("", "?scope=global"):
        u, low, other, third = three()
        is_(p.s.call("POST", "/logout" + scope, token=third.token), 204)
        assert (alive(u), alive(other), alive(third)) == (True, True, False), scope
        third = u.another_session()
        is_(p.s.call("POST", "/logout" + scope, token=low), 204)
        assert (alive(u), alive(other), alive(third)) == (False, True, False), scope
        u, low, other, third = three()
        is_(p.s.call("POST", "/logout" + scope, token=u.token), 204)
        assert (alive(u), alive(other), alive(third)) == (False, False, False), scope
        u, low, other, third = three()
        is_(p.s.call("POST", "/logout" + scope, token=hs256({k: v for k, v in claims_of(u.token).items() if k != "session_id"}, SECRET)), 204)
        assert (alive(u), alive(other), alive(third)) == (True, True, False), scope
    u, low, other, third = three()
    is_(p.s.call("POST", "/logout?scope=others", token=third.token), 204)
    is_(p.s.call("POST", "/logout?scope=others", token=low), 204)
    assert (alive(u), alive(other), alive(third)) == (True, True, False)
    is_(p.s.call("POST", "/logout?scope=others", token=u.token), 204)
    assert (alive(u), alive(other)) == (True, False)
    u, low, other, third = three()
    is_(p.s.call("POST", "/logout?scope=local", token=low), 204)
    assert (alive(u), alive(other), alive(third)) == (False, True, True)


def one_engine(t, name, **more):
    with place({**OFTEN, **ON}, **more) as p:
        for step in (lower_of_both, fallen, own_sessions):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally()
    on_both_engines(t, "levels", one_engine, ())
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
