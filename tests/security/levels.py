#!/usr/bin/env python3
"""Levels (docs/protocol/security.md, S5 and S8): a request may do what the lower of its token's and its session's level allows; a level is
never higher than the living factors behind it. On SQLite, and on PostgreSQL with three nodes. levels.py [--binary FILE]; ends with 'N passed, N failed'.
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
    yield "enroll TOTP", ("POST", "/factors", {"factor_type": "totp", "friendly_name": uuid.uuid4().hex}), low
    yield "enroll a phone", ("POST", "/factors", {"factor_type": "phone", "phone": phone(), "friendly_name": uuid.uuid4().hex}), low
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


def single(p):
    """Where a user has one session only: a sign-in at aal1 does not end the raised one, as no sign-out does; one that is raised later does."""
    u = person(p)
    factor, secret = added(p, u)
    low = u.another_session()
    is_(low.refreshed(), 200)
    assert refreshed(p, u) == "aal2"
    other = u.another_session()
    other.take(proved(p, other, factor, secret))
    is_(u.refreshed(), 400, "session_expired")
    assert refreshed(p, other) == "aal2"
    v = person(p)
    later = v.another_session()
    is_(later.refreshed(), 200)
    is_(v.refreshed(), 400, "session_expired")


def owners(p, u):
    return int(p.sql("select count(*) from @@amr_factors where " + p.id_is("session_id", u.session_id))[0][0])


def refreshed(p, u):
    u.take(is_(p.servers[-1].call("POST", "/token?grant_type=refresh_token", {"refresh_token": u.refresh}), 200).json)
    return level(u.session)


def is_low(p, u, methods=("password",)):
    """The level is aal1 in the row, for the next request, and in the next token; the entries are these alone."""
    assert row(p, u.session_id) == ("aal1", sorted(methods)), row(p, u.session_id)
    assert claims_of(u.token)["aal"] == "aal2"
    is_(p.s.call("PUT", "/user", {"data": {}}, u.token), 200)
    assert refreshed(p, u) == "aal1" and [m["method"] for m in claims_of(u.token)["amr"]] == list(methods)
    assert row(p, u.session_id)[0] == "aal1"


def two_people(p):
    """Two sessions of one user, both raised by the same factor: (u, other session, factor, secret)."""
    u = person(p)
    factor, secret = added(p, u)
    other = u.another_session()
    other.take(proved(p, other, factor, secret))
    assert owners(p, u) == owners(p, other) == 1
    return u, other, factor, secret


def goes_with_its_factor(p):
    """By its user, by an admin: the entries of a factor go from every session of the user, at once and whatever node asks."""
    remove = {"its user": lambda u, factor: p.s.call("DELETE", "/factors/" + factor, token=u.token),
              "an admin": lambda u, factor: p.s.call("DELETE", "/admin/users/%s/factors/%s" % (u.id, factor), token=p.s.admin_token())}
    for by, call in remove.items():
        u, other, factor, secret = two_people(p)
        is_(call(u, factor), 200)
        for v in (u, other):
            is_low(p, v)
            assert owners(p, v) == 0, by


def each_its_own(p):
    """Of two factors of one kind on one session each has earned the level: it falls with the second that goes, not with the first, and the entry is as old as what is left."""
    u = person(p)
    one, secret = added(p, u, "one")
    stamp = next(m["timestamp"] for m in claims_of(u.token)["amr"] if m["method"] == "totp")
    two, secret2 = added(p, u, "two")
    assert owners(p, u) == 2
    past = "verified_at - interval '100 seconds'" if p.s.dsn else "verified_at - 100000000"
    p.sql("update @@amr_factors set verified_at = %s where %s" % (past, p.id_is("factor_id", one)))
    low = u.another_session()
    low.take(proved(p, low, two, secret2))          # by the second alone
    is_(p.s.call("DELETE", "/factors/" + two, token=u.token), 200)
    is_low(p, low)
    assert row(p, u.session_id) == ("aal2", ["password", "totp"]) and refreshed(p, u) == "aal2"
    left = next(m["timestamp"] for m in claims_of(u.token)["amr"] if m["method"] == "totp")
    assert abs(left - (stamp - 100)) <= 1, (left, stamp)
    is_(p.s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "three"}, u.token), 200)
    is_(p.s.call("DELETE", "/factors/" + one, token=u.token), 200)
    is_low(p, u)


def with_an_account(p):
    """With the account: a deletion, for good or not, leaves neither entries nor whose they were."""
    for soft in (False, True):
        u, other, factor, _ = two_people(p)
        is_(p.s.call("DELETE", "/admin/users/" + u.id, {"should_soft_delete": soft}, p.s.admin_token()), 200)
        for v in (u, other):
            assert row(p, v.session_id) == (None, [])
            assert p.s.dsn or owners(p, v) == 0      # on PostgreSQL the sweep takes them
            is_(v.refreshed(), 400)


def not_there(p):
    """A factor that another program took away, or set back to unverified, carries nothing: not the next request, not the next token, and a refresh takes the entry out."""
    gone = ("delete from @mfa_factors where %s", "update @mfa_factors set status = 'unverified' where %s")
    for statement in gone:
        u, other, factor, secret = two_people(p)
        spare = added(p, other, "spare")[0] if statement == gone[1] else None      # it raised the other session alone
        p.sql(statement % p.id_is("id", factor))
        assert row(p, u.session_id)[0] == "aal2"        # as that program left it
        if spare:
            low = (403, "insufficient_aal")
            a = p.servers[-1].call("POST", "/factors", {"factor_type": "totp", "friendly_name": "x"}, u.token)
            assert (a.status, a.code) == low, a.short()
            is_(p.s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "x"}, other.token), 200)
            assert refreshed(p, other) == "aal2"
        assert refreshed(p, u) == "aal1" and row(p, u.session_id) == ("aal1", ["password"])


def with_recovery_codes(p):
    """What recovery codes earned goes with them: removed, with the last factor, by an admin; made anew, from all sessions but the one that made them."""
    def raised(u, codes):
        v = u.another_session()
        v.take(is_(p.s.call("POST", "/factors/recovery-codes/verify", {"code": codes.pop()}, v.token), 200).json)
        assert level(v.session) == "aal2" and owners(p, v) == 1
        return v
    for how in ("removed", "by an admin", "with the last factor", "made anew"):
        u = person(p)
        factor, _ = added(p, u)
        made_codes = is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json
        codes = made_codes["codes"]
        v, w = raised(u, codes), raised(u, codes)
        if how == "removed":
            is_(p.s.call("DELETE", "/factors/recovery-codes", token=u.token), 200)
        elif how == "by an admin":
            is_(p.s.call("DELETE", "/admin/users/%s/factors/%s" % (u.id, made_codes["id"]), token=p.s.admin_token()), 200)
        elif how == "with the last factor":
            is_(p.s.call("DELETE", "/factors/" + factor, token=u.token), 200)
            is_low(p, u)
        else:
            is_(p.s.call("POST", "/factors/recovery-codes/regenerate", {}, w.token), 200)
        is_low(p, v)
        if how == "made anew":
            assert row(p, w.session_id) == ("aal2", ["mfa/recovery_code", "password"]) and refreshed(p, w) == "aal2"
        else:
            is_low(p, w)
        if how != "with the last factor":
            assert row(p, u.session_id)[0] == "aal2" and refreshed(p, u) == "aal2"


def of_another_server(p):
    """Entries that another server made have no owner here: they count while the user has a living verified factor of their kind."""
    u = person(p)
    factor, secret = added(p, u)
    p.sql("delete from @@amr_factors where " + p.id_is("session_id", u.session_id))
    assert refreshed(p, u) == "aal2" and owners(p, u) == 0
    is_(p.s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "x"}, u.token), 200)
    p.sql("update @mfa_amr_claims set authentication_method = 'mfa/phone' where authentication_method = 'totp' and " + p.id_is("session_id", u.session_id))
    a = p.s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "y"}, u.token)
    assert (a.status, a.code) == (403, "insufficient_aal"), a.short()         # a phone the user has not
    assert refreshed(p, u) == "aal1" and row(p, u.session_id) == ("aal1", ["password"])
    v = person(p)
    one, secret = added(p, v, "one")
    p.sql("delete from @@amr_factors where " + p.id_is("session_id", v.session_id))
    is_(p.s.call("DELETE", "/factors/" + one, token=v.token), 200)
    is_low(p, v)
    w = person(p)       # renewed by another server after ours: the newer step is not ours to take away with our factor
    one, secret = added(p, w, "one")
    two, _ = added(p, w, "two")
    p.sql("delete from @@amr_factors where " + p.id_is("factor_id", two))
    p.sql("update @sessions set factor_id = null where " + p.id_is("id", w.session_id))
    is_(p.s.call("DELETE", "/admin/users/%s/factors/%s" % (w.id, one), token=p.s.admin_token()), 200)
    assert row(p, w.session_id)[0] == "aal2" and refreshed(p, w) == "aal2"
    is_(p.s.call("DELETE", "/admin/users/%s/factors/%s" % (w.id, two), token=p.s.admin_token()), 200)
    is_low(p, w)


def one_engine(t, name, **more):
    with place({**OFTEN, **ON}, **more) as p:
        for step in (lower_of_both, fallen, own_sessions, goes_with_its_factor, each_its_own, with_an_account, not_there, with_recovery_codes, of_another_server):
            t.step("%s: %s" % (name, step.__doc__), step, p)
    with place({**OFTEN, **ON, "GOTRUE_SESSIONS_SINGLE_PER_USER": "true"}, **more) as p:
        t.step("%s: %s" % (name, single.__doc__), single, p)


def main():
    t = Tally()
    on_both_engines(t, "levels", one_engine, ())
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
