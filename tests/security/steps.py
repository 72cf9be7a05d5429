#!/usr/bin/env python3
"""The step of a second factor and refresh tokens (docs/protocol/security.md, S7): what was issued before it is answered by no setting and in no
interval, and does not end the raised session. On SQLite, and on PostgreSQL with three nodes. steps.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import sys, uuid
from rig import *  # noqa: F401,F403
from levels import added, code, level, proved

# every setting that lets an older token be answered, one after the other and all together
GRACES = ({}, {"GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": "3600"}, {"GOTRUE_SECURITY_REFRESH_TOKEN_ALLOW_REUSE": "true"}, {"GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED": "false"},
          {"GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": "3600", "GOTRUE_SECURITY_REFRESH_TOKEN_ALLOW_REUSE": "true", "GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED": "false",
           "COUNTERSIGN_REFRESH_TOKEN_LOST_ANSWER_WINDOW": "24h"})
GONE = ("refresh_token_not_found", "refresh_token_already_used")


def version(n, **more):
    return {**OFTEN, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": str(n), **more}


def ended(p, u, old):
    """None of the old tokens gets anything from any node, and the newest goes on."""
    for s in p.servers:
        for token in old:
            a = s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": token})
            assert a.status == 400 and a.code in GONE, (token, a.short())
    u.take(is_(u.refreshed(), 200).json)
    assert level(u.session) == "aal2"
    is_(p.s.call("GET", "/user", token=u.token), 200)


def living(p, u):
    return int(p.sql("select count(*) from @refresh_tokens where revoked = false and " + p.id_is("session_id", u.session_id))[0][0])


def age_tokens(p, u, seconds):
    """All times of the session's tokens go back."""
    back = "%s - interval '%d seconds'" if p.s.dsn else "%s - %d000000"
    p.sql("update @refresh_tokens set updated_at = %s where %s" % (back % ("updated_at", seconds), p.id_is("session_id", u.session_id)))


def each_step(p):
    """The first factor, the same one once more, a second one and a recovery code: each ends all refresh tokens from before it, the used, the lost and the current one."""
    u = person(p)
    old = [u.refresh]
    u.take(is_(u.refreshed(), 200).json)
    u.take(is_(u.refreshed(), 200).json)
    old.append(u.refresh)
    factor, secret = added(p, u)
    ended(p, u, old)
    old.append(u.refresh)
    u.take(proved(p, u, factor, secret))
    ended(p, u, old)
    old.append(u.refresh)
    added(p, u, "two")
    ended(p, u, old)
    codes = is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"]
    old.append(u.refresh)
    u.take(is_(p.s.call("POST", "/factors/recovery-codes/verify", {"code": codes[0]}, u.token), 200).json)
    ended(p, u, old)
    age_tokens(p, u, 7200)
    ended(p, u, old)


def at_once_with_refreshes(p):
    """Refreshes that race with the step on all nodes: whatever they got before it gets nothing after it."""
    u = person(p)
    e = is_(u.enroll("app"), 200).json
    c = is_(u.challenge(e["id"]), 200).json["id"]
    digits = code(p, e["totp"]["secret"])

    def one(n):
        if n == 0:
            return is_(u.verify(e["id"], c, digits), 200).json
        a = p.servers[n % len(p.servers)].call("POST", "/token?grant_type=refresh_token", {"refresh_token": u.refresh})
        assert a.status in (200, 400), a.short()
        return a.json if a.status == 200 else None
    got = at_once(8, one)
    low = [g for g in got[1:] if g]
    assert all(level(g) == "aal1" for g in low), [level(g) for g in low]
    before = u.refresh
    u.take(got[0])
    ended(p, u, [before] + [g["refresh_token"] for g in low])


def one_living(p):
    """A session of version 1 with two living tokens has one after the step, and no row of those from before it."""
    u = person(p)
    first = u.refresh
    two = [is_(u.refreshed(first), 200).json["refresh_token"] for _ in range(2)]        # the reuse interval branches the chain
    extra = "abcdefghij%02d" % (int(uuid.uuid4().int % 100))
    p.sql("insert into @refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, session_id) select instance_id, '%s', user_id, %s, created_at, updated_at, session_id "
          "from @refresh_tokens where token = '%s'" % (extra, "false" if p.s.dsn else "0", first))
    assert living(p, u) >= 2
    added(p, u)
    assert living(p, u) == 1
    ended(p, u, [first, extra] + two)
    assert living(p, u) == 1


def other_server_v1(p):
    """A step that another server took leaves the rows from before it, chained to the raised token: they get nothing here."""
    u = person(p)
    before = u.refresh
    factor, secret = added(p, u)
    p.sql("delete from @@amr_factors where " + p.id_is("session_id", u.session_id))
    now = "now()" if p.s.dsn else "(select max(updated_at) from refresh_tokens)"
    earlier = "created_at - interval '1 second'" if p.s.dsn else "created_at - 1000000"
    p.sql("update @refresh_tokens set parent = '%s' where token = '%s'" % (before, u.refresh))
    p.sql("update @mfa_amr_claims set updated_at = (select created_at from @refresh_tokens where token = '%s') where authentication_method = 'totp' and %s" % (u.refresh, p.id_is("session_id", u.session_id)))
    for revoked in ("true", "false") if p.s.dsn else ("1", "0"):
        p.sql("insert into @refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, session_id) select instance_id, '%s', user_id, %s, %s, %s, session_id "
              "from @refresh_tokens where token = '%s'" % (before, revoked, earlier, now, u.refresh))
        a = is_(p.servers[-1].call("POST", "/token?grant_type=refresh_token", {"refresh_token": before}), 400, "refresh_token_already_used")
        assert "access_token" not in a.raw.decode()
        p.sql("delete from @refresh_tokens where token = '%s'" % before)
    u.take(is_(u.refreshed(), 200).json)
    assert level(u.session) == "aal2"


def key_of(p, u):
    return p.sql("select refresh_token_hmac_key, refresh_token_counter from @sessions where " + p.id_is("id", u.session_id))[0]


def new_key(p):
    """Version 2: the step gives the session another key, so no server that reads the database knows the tokens from before; the counter goes on by two."""
    u = person(p)
    old, counter = key_of(p, u)
    factor, secret = added(p, u)
    new, after = key_of(p, u)
    assert new != old and int(after) == int(counter) + 2, (counter, after)
    u.take(proved(p, u, factor, secret))
    assert key_of(p, u)[0] not in (old, new)


def other_server_v2(p):
    """A step that another server took moves the counter by two under the same key: what is two behind in a raised session gets nothing, whatever the intervals."""
    u = person(p)
    added(p, u)
    before = u.refresh
    p.sql("update @sessions set refresh_token_counter = refresh_token_counter + 2 where " + p.id_is("id", u.session_id))
    a = is_(u.refreshed(before), 400, "refresh_token_already_used")
    assert "access_token" not in a.raw.decode()
    is_(p.s.call("GET", "/user", token=u.token), 200)


def upgraded(p):
    """A branch of version 1 of a session that has moved to version 2 ends with the step as well."""
    u = person(p)
    before = u.refresh
    p.nodes[0].changes = {**p.nodes[0].changes, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": "2", "GOTRUE_SECURITY_REFRESH_TOKEN_UPGRADE_PERCENTAGE": "100"}
    p.nodes[0].restart()
    p.s.port = p.nodes[0].port
    u.take(is_(u.refreshed(), 200).json)
    assert len(u.refresh) > 12
    extra = "bcdefghijk%02d" % (int(uuid.uuid4().int % 100))
    p.sql("insert into @refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, session_id) select instance_id, '%s', user_id, %s, created_at, updated_at, session_id "
          "from @refresh_tokens where token = '%s'" % (extra, "false" if p.s.dsn else "0", before))
    factor, secret = added(p, u)
    ended(p, u, [before, extra])
    # from between two steps: it does not come back to life when what the later one verified goes
    p.sql("insert into @refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, session_id) select %s, '%s', '%s', %s, %s, %s, id from @sessions where %s"
          % ("'00000000-0000-0000-0000-000000000000'" if p.s.dsn else "x'00000000000000000000000000000000'", extra, u.id, "false" if p.s.dsn else "0",
             *(["now()"] * 2 if p.s.dsn else ["(select max(updated_at) + 1 from mfa_amr_claims)"] * 2), p.id_is("id", u.session_id)))
    second = added(p, u, "two")[0]
    is_(p.s.call("DELETE", "/factors/" + second, token=u.token), 200)
    u.take(is_(u.refreshed(), 200).json)
    ended(p, u, [extra])


def one_engine(t, name, **more):
    nodes = more.pop("nodes", 1)
    for n in (1, 2):
        for i, grace in enumerate(GRACES):
            with place(version(n, **grace), nodes=nodes, **more) as p:
                steps = [each_step, at_once_with_refreshes] if i in (0, 4) else [each_step]
                steps += ([one_living, other_server_v1] if n == 1 and i in (1, 4) else []) + ([new_key] if n == 2 and not i else []) + ([other_server_v2] if n == 2 and i != 3 else [])
                for step in steps:
                    t.step("%s, version %d, %s: %s" % (name, n, ", ".join(k.split("TOKEN_")[1] for k in grace) or "as it comes", step.__doc__), step, p)
    with place(version(1, GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL="3600"), **more) as p:
        t.step("%s: %s" % (name, upgraded.__doc__), upgraded, p)


def main():
    t = Tally()
    on_both_engines(t, "steps", one_engine, ())
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
