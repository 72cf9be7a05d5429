"""Recovery codes (mfa.md 2.6): made at aal2 beside another factor, shown once, used once, locked against guesses."""
import re, threading, uuid
from checks import again, check, is_, mfa_user
from wire import claims_of


def codes_of(s, u):
    return is_(s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json


@check("RC1")
def made_once(s, kit):
    """Ten codes of 16 letters and digits, shown once; listed by number only; again only by regenerate, which voids the old ones."""
    u = mfa_user(s)
    is_(s.call("GET", "/factors/recovery-codes", token=u.token), 404, "mfa_factor_not_found")
    is_(s.call("POST", "/factors/recovery-codes/regenerate", token=u.token), 404, "mfa_factor_not_found")
    a = codes_of(s, u)
    assert a["type"] == "recovery_code" and a["friendly_name"] == "Recovery codes" and a["total"] == 10 and len(set(a["codes"])) == 10, a
    assert all(re.fullmatch("[a-z2-7]{16}", c) for c in a["codes"]), a
    assert is_(s.call("GET", "/factors/recovery-codes", token=u.token), 200).json == {"id": a["id"], "type": "recovery_code", "total": 10, "remaining": 10}
    is_(s.call("POST", "/factors/recovery-codes", {"friendly_name": "x"}, u.token), 422, "mfa_verified_factor_exists")
    b = is_(s.call("POST", "/factors/recovery-codes/regenerate", token=u.token), 200).json
    assert b["id"] == a["id"] and not set(a["codes"]) & set(b["codes"]), (a, b)
    low = u.another_session()
    is_(s.call("POST", "/factors/recovery-codes/verify", {"code": a["codes"][0]}, low.token), 422, "mfa_verification_failed")
    is_(s.call("DELETE", "/factors/" + a["id"], token=u.token), 422, "validation_failed",
        "Recovery codes cannot be unenrolled with this endpoint, use DELETE /factors/recovery-codes")


@check("RC1b")
def soft_deletion(s, kit):
    """The codes go with the account, also where its row stays."""
    u = mfa_user(s)
    codes_of(s, u)
    where = "recovery_sets where lower(hex(user_id)) = '%s'" % uuid.UUID(u.id).hex if s.sqlite else "countersign.recovery_sets where user_id = '%s'" % u.id
    count = lambda: int(s.sql("select count(*) from " + where)[0][0])
    assert count() == 1
    is_(s.call("DELETE", "/admin/users/" + u.id, {"should_soft_delete": True}, s.admin_token()), 200)
    assert count() == 0


@check("RC2")
def used_once(s, kit):
    """A code raises an aal1 session, once; in any case, with blanks and hyphens; a race has one winner."""
    u = mfa_user(s)
    codes = codes_of(s, u)["codes"]
    low = u.another_session()
    typed = "-".join(codes[0].upper()[i:i + 4] for i in range(0, 16, 4)) + " "
    v = is_(s.call("POST", "/factors/recovery-codes/verify", {"code": typed}, low.token), 200).json
    c = claims_of(v["access_token"])
    assert c["aal"] == "aal2" and "mfa/recovery_code" in [m["method"] for m in c["amr"]] and c["session_id"] == low.session_id, c
    assert s.call("GET", "/factors/recovery-codes", token=v["access_token"]).json["remaining"] == 9
    lows = [u.another_session() for _ in range(4)]
    is_(s.call("POST", "/factors/recovery-codes/verify", {"code": codes[0]}, lows[0].token), 422, "mfa_verification_failed")
    got = []
    threads = [threading.Thread(target=lambda l=l: got.append(s.call("POST", "/factors/recovery-codes/verify", {"code": codes[1]}, l.token))) for l in lows]
    [t.start() for t in threads]; [t.join() for t in threads]
    assert [g.status for g in got].count(200) == 1 and not [g for g in got if g.status >= 500], [g.short() for g in got]


@check("RC3")
def needs_more(s, kit):
    """aal1 may neither make, renew nor remove them; without another verified factor there are none; they go with the last one."""
    u = mfa_user(s)
    low = u.another_session()
    is_(s.call("POST", "/factors/recovery-codes", {}, low.token), 403, "insufficient_aal")
    a = codes_of(s, u)
    is_(s.call("POST", "/factors/recovery-codes/regenerate", token=low.token), 403, "insufficient_aal", "AAL2 required to regenerate recovery codes")
    is_(s.call("DELETE", "/factors/recovery-codes", token=low.token), 403, "insufficient_aal")
    assert is_(s.call("DELETE", "/factors/recovery-codes", token=u.token), 200).json == {"id": a["id"]}
    codes_of(s, u)
    is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    is_(s.call("GET", "/factors/recovery-codes", token=u.token), 404, "mfa_factor_not_found")
    is_(s.call("POST", "/factors/recovery-codes", {}, s.sign_up().token), 403, "insufficient_aal")


@check("RC4")
def guesses_are_stopped(s, kit):
    """Ten wrong codes lock them: 429 mfa_recovery_codes_locked with Retry-After, a right code too; the app's codes go on."""
    u = mfa_user(s)
    codes = codes_of(s, u)["codes"]
    low = u.another_session()
    for i in range(10):
        is_(s.call("POST", "/factors/recovery-codes/verify", {"code": "a" * 15 + "234567abcd"[i]}, low.token), 422, "mfa_verification_failed", "Invalid recovery code entered")
    a = is_(s.call("POST", "/factors/recovery-codes/verify", {"code": codes[0]}, low.token), 429, "mfa_recovery_codes_locked")
    assert a.headers["retry-after"].isdigit(), a.headers
    low.factor, low.secret = u.factor, u.secret
    is_(again(low), 200)


# (X-Client-Info, whether that client bears a verified factor of a type that it does not know)
CLIENTS = [(None, True), ("supabase-js/2.119.1; runtime=node; runtime-version=22.1.0", True), ("gotrue-js/2.119.0", True), ("supabase-js-web/2.120.3", True), ("gotrue-js/3.0.0", True),
           ("supabase-py/2.34.1; platform=Linux", True), ("supabase-py/supabase_auth v2.30.0; platform=Linux", True), ("libcountersign/0.1.0", True),
           ("supabase-js/2.118.0; runtime=node", False), ("gotrue-js/2.112.0", False), ("supabase-js-node/2.39.7", False), ("gotrue-js/0.0.0", False), ("gotrue-js/", False),
           ("gotrue-js/2", False), ("supabase-js", False), ("supabase-ssr/0.5.2 createBrowserClient", False), ("supabase-swift/2.20.0", False), ("", False), ("x" * 4000, False)]


@check("RC5")
def listed(s, kit):
    """user.factors lists them as a verified factor of the type recovery_code in every answer with a user, to clients that bear it."""
    u = mfa_user(s)
    a = is_(s.call("POST", "/factors/recovery-codes", {"friendly_name": "in the safe"}, u.token), 200).json
    for client, bears in CLIENTS:
        headers = {} if client is None else {"X-Client-Info": client}
        factors = is_(s.call("GET", "/user", token=u.token, headers=headers), 200).json["factors"]
        assert [f["factor_type"] for f in factors] == ["totp"] + ["recovery_code"] * bears, (client, factors)
    f = factors_of(s.call("GET", "/user", token=u.token))[1]
    assert set(f) == {"id", "created_at", "updated_at", "status", "friendly_name", "factor_type", "phone", "last_challenged_at"}, f
    assert (f["id"], f["status"], f["friendly_name"], f["phone"], f["last_challenged_at"]) == (a["id"], "verified", "in the safe", "", None), f
    low = u.another_session()
    t = s.admin_token()
    for answer in (s.sign_in(u.email, u.password), low.refreshed(), s.call("PUT", "/user", {"data": {"n": 1}}, u.token), s.call("GET", "/admin/users/" + u.id, token=t),
                   s.call("POST", "/factors/recovery-codes/verify", {"code": a["codes"][0]}, s.sign_in(u.email, u.password).json["access_token"]), again(u)):
        assert [x["id"] for x in factors_of(answer)] == [u.factor, a["id"]], answer.raw
    assert [x["id"] for x in is_(s.call("GET", "/admin/users/%s/factors" % u.id, token=t), 200).json] == [u.factor, a["id"]]
    is_(s.call("DELETE", "/factors/recovery-codes", token=u.token), 200)
    assert [x["id"] for x in factors_of(s.call("GET", "/user", token=u.token))] == [u.factor]


def factors_of(answer):
    body = is_(answer, 200).json
    return body.get("user", body)["factors"]


@check("RC6")
def by_an_admin(s, kit):
    """An admin unlocks, renames and removes a set by its id; nobody else's; a user still has to use the endpoint of its own."""
    u, other, t = mfa_user(s), s.sign_up(), s.admin_token()
    a = is_(s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json
    path = "/admin/users/%s/factors/%s"
    is_(s.call("PUT", path % (other.id, a["id"]), {"friendly_name": "x"}, t), 404, "mfa_factor_not_found")
    is_(s.call("DELETE", path % (other.id, a["id"]), token=t), 404, "mfa_factor_not_found")
    low = u.another_session()
    for n in range(10):
        is_(s.call("POST", "/factors/recovery-codes/verify", {"code": "a" * 16}, low.token), 422)
    is_(s.call("POST", "/factors/recovery-codes/verify", {"code": a["codes"][0]}, low.token), 429, "mfa_recovery_codes_locked")
    f = is_(s.call("PUT", path % (u.id, a["id"]), {"friendly_name": "renamed"}, t), 200).json
    assert f["friendly_name"] == "renamed" and f["factor_type"] == "recovery_code", f
    low.take(is_(s.call("POST", "/factors/recovery-codes/verify", {"code": a["codes"][0]}, low.token), 200).json)
    assert is_(s.call("GET", "/factors/recovery-codes", token=u.token), 200).json["remaining"] == 9
    is_(s.call("DELETE", "/factors/" + a["id"], token=u.token), 422, "validation_failed")
    assert is_(s.call("DELETE", path % (u.id, a["id"]), token=t), 200).json["id"] == a["id"]
    is_(s.call("GET", "/factors/recovery-codes", token=u.token), 404, "mfa_factor_not_found")
    assert claims_of(is_(low.refreshed(), 200).json["access_token"])["aal"] == "aal1"
