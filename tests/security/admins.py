#!/usr/bin/env python3
"""People with an administrator's role (docs/protocol/security.md, S10): of a token with a session the database says who its person is now, and with a
second factor, or where the policy asks for one, aal2 is needed. Keys are as ever. On SQLite, and on PostgreSQL with three nodes. admins.py [--binary FILE]
"""
import sys, time, uuid
from rig import *  # noqa: F401,F403
from levels import added, proved
from wire import hs256
from countersign import SECRET

ROLE = {"GOTRUE_JWT_ADMIN_ROLES": "service_role,supabase_admin,head"}
NEEDS = (403, "insufficient_aal", "AAL2 session is required of administrators")
NOT_ADMIN = (403, "not_admin", "User not allowed")


def head(p, **more):
    """A person whose role is an administrator's, signed in."""
    return person(p, role="head", **more)


def routes(p, target):
    """Every route of administrators: (method, path, body, its statuses for who may)."""
    u, f = target, str(uuid.uuid4())
    yield "GET", "/admin/users", None, (200,)
    yield "POST", "/admin/users", {"email": addr(), "password": PW}, (200,)
    yield "GET", "/admin/users/" + u, None, (200,)
    yield "PUT", "/admin/users/" + u, {"user_metadata": {"a": 1}}, (200,)
    yield "GET", "/admin/users/%s/factors" % u, None, (200,)
    yield "GET", "/admin/users/%s/factors/%s" % (u, f), None, (404,)
    yield "PUT", "/admin/users/%s/factors/%s" % (u, f), {"friendly_name": "x"}, (404,)
    yield "DELETE", "/admin/users/%s/factors/%s" % (u, f), None, (404,)
    yield "GET", "/admin/audit", None, (200,)
    yield "POST", "/admin/generate_link", {"type": "magiclink", "email": addr()}, (200,)
    yield "POST", "/invite", {"email": addr()}, (200,)
    yield "GET", "/admin/custom-providers", None, (200,)
    yield "GET", "/admin/sso/providers", None, (200,)
    yield "GET", "/admin/users/%s/passkeys" % u, None, (200,)
    yield "GET", "/admin/oauth/clients", None, (404,)
    yield "GET", "/admin/nothing/here", None, (404,)
    yield "DELETE", "/admin/users/" + u, {}, (200,)


def allowed(p, token):
    for method, path, body, statuses in routes(p, made(p.s)["id"]):
        a = p.servers[-1].call(method, path, body, token)
        assert a.status in statuses, (method, path, a.short())


def refused(p, token, status, code, text=None):
    target = made(p.s)["id"]
    for method, path, body, _ in routes(p, target):
        a = p.servers[-1].call(method, path, body, token)
        assert (a.status, a.code) == (status, code) and (text is None or a.message == text), (method, path, a.short())
    assert is_(p.s.call("GET", "/admin/users/" + target, token=p.s.admin_token()), 200).json["user_metadata"] == {"email_verified": True}


def keys(p):
    """Keys, which have no session, may do all, with a sub or without; other roles nothing."""
    allowed(p, p.s.admin_token())
    allowed(p, p.s.admin_token(sub=str(uuid.uuid4())))
    allowed(p, p.s.admin_token(session_id=""))
    refused(p, p.s.admin_token(role="authenticated"), *NOT_ADMIN)


def people(p):
    """A person without a second factor may do all; with one at aal2 alone, whatever the lower of token and session is."""
    h = head(p)
    allowed(p, h.token)
    before = h.token
    factor, secret = added(p, h)
    allowed(p, h.token)
    refused(p, before, *NEEDS)
    refused(p, hs256({k: v for k, v in claims_of(h.token).items() if k != "aal"}, SECRET), *NEEDS)
    low = h.another_session()
    refused(p, low.token, *NEEDS)
    is_(p.s.call("GET", "/user", token=low.token), 200)
    refused(p, hs256({**claims_of(low.token), "aal": "aal2"}, SECRET), *NEEDS)
    low.take(proved(p, low, factor, secret))
    allowed(p, low.token)


def audiences(p):
    """X-JWT-AUD: a key may name any audience anywhere; a person's token only where its person's role is read, so on public and users' routes it is as a stranger's, before a demotion and after."""
    h, aud = head(p), {"X-JWT-AUD": "back office"}
    ours = made(p.s, aud="back office")
    sign_in = lambda token: p.servers[-1].call("POST", "/token?grant_type=password", {"email": ours["email"], "password": PW}, token, headers=aud)
    is_(sign_in(p.s.admin_token()), 200)
    for demoted in (False, True):
        is_(sign_in(h.token), 400, "invalid_credentials")
        new = is_(p.s.call("POST", "/signup", {"email": addr(), "password": PW}, h.token, headers=aud), 200).json
        assert new["user"]["aud"] == "authenticated", new
        a = p.servers[-1].call("GET", "/admin/users", token=h.token, headers=aud)
        if demoted:
            is_(a, *NOT_ADMIN)
        else:
            assert [u["id"] for u in is_(a, 200).json["users"]] == [ours["id"]], a.short()
            p.sql("update @users set role = 'authenticated' where " + p.id_is("id", h.id))


def as_they_are_now(p):
    """Role, ban, deletion, sign-out and end of the session count as they are in the database, whatever the token says."""
    h = head(p)
    p.sql("update @users set role = 'authenticated' where " + p.id_is("id", h.id))
    refused(p, h.token, *NOT_ADMIN)
    p.sql("update @users set role = 'service_role' where " + p.id_is("id", h.id))
    allowed(p, h.token)
    is_(p.s.call("PUT", "/admin/users/" + h.id, {"ban_duration": "1h"}, p.s.admin_token()), 200)
    refused(p, h.token, 403, "user_banned")
    is_(p.s.call("PUT", "/admin/users/" + h.id, {"ban_duration": "none"}, p.s.admin_token()), 200)
    allowed(p, h.token)
    p.sql("update @sessions set not_after = %s where %s" % ("now() - interval '1 second'" if p.s.dsn else "1", p.id_is("id", h.session_id)))
    refused(p, h.token, 403, "session_expired", "Session is no longer valid")
    h = head(p)
    other = head(p)
    is_(p.s.call("POST", "/logout", token=h.token), 204)
    refused(p, h.token, 403, "session_not_found")
    for soft in (True, False):
        h = head(p)
        is_(p.s.call("DELETE", "/admin/users/" + h.id, {"should_soft_delete": soft}, p.s.admin_token()), 200)
        refused(p, h.token, 403, "user_not_found")
    claims = claims_of(other.token)
    allowed(p, other.token)
    refused(p, hs256({**claims, "sub": str(uuid.uuid4())}, SECRET), 403, "user_not_found")
    refused(p, hs256({**claims, "sub": person(p).id}, SECRET), 403, "session_not_found")
    refused(p, hs256({k: v for k, v in claims.items() if k != "sub"}, SECRET), 403, "bad_jwt")
    refused(p, hs256({**claims, "session_id": str(uuid.uuid4())}, SECRET), 403, "session_not_found")
    refused(p, hs256({**claims, "session_id": str(uuid.UUID(int=0))}, SECRET), 403, "session_not_found")
    refused(p, hs256({**claims, "session_id": "x"}, SECRET), 403, "bad_jwt")
    refused(p, hs256({**claims, "role": "authenticated"}, SECRET), *NOT_ADMIN)
    u = person(p)       # a token may say what it likes of a user who is none
    refused(p, hs256({**claims_of(u.token), "role": "service_role"}, SECRET), *NOT_ADMIN)


def own_app_metadata(p):
    """PUT /user with app_metadata, which the administrators' group may: with a second factor at aal2 alone."""
    h = person(p, role="admin")
    change = lambda token: p.servers[-1].call("PUT", "/user", {"app_metadata": {"n": uuid.uuid4().hex}}, token)
    is_(change(h.token), 200)
    before = h.token
    added(p, h)
    is_(change(h.token), 200)
    for token in (before, h.another_session().token):
        is_(change(token), *NEEDS)


def policy(t):
    """COUNTERSIGN_MFA_REQUIRED_ROLES: a person whose role is named needs aal2 without having a factor yet, from the date on that is set; who is not named does not."""
    with place({**OFTEN, **ROLE, "COUNTERSIGN_MFA_REQUIRED_ROLES": "head"}) as p:
        h = head(p)
        refused(p, h.token, *NEEDS)
        added(p, h)
        allowed(p, h.token)
        allowed(p, person(p, role="supabase_admin").token)
        allowed(p, p.s.admin_token())
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    with place({**OFTEN, **ROLE, "COUNTERSIGN_MFA_REQUIRED_ROLES": "head", "COUNTERSIGN_MFA_REQUIRED_FROM": later}) as p:
        allowed(p, head(p).token)


def ended(t):
    """A session that has ended by itself (timebox, inactivity) is no longer an administrator's."""
    for setting, column in (("GOTRUE_SESSIONS_TIMEBOX", "created_at"), ("GOTRUE_SESSIONS_INACTIVITY_TIMEOUT", "created_at")):
        with place({**OFTEN, **ROLE, setting: "1h"}) as p:
            h = head(p)
            allowed(p, h.token)
            p.s.age("sessions", h.session_id, 3700, column)
            refused(p, h.token, 403, "session_expired", "Session is no longer valid")


def one_engine(t, name, **more):
    with place({**OFTEN, **ROLE}, **more) as p:
        for step in (keys, people, audiences, as_they_are_now, own_app_metadata):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally()
    on_both_engines(t, "admins", one_engine, (policy, ended))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
