#!/usr/bin/env python3
"""The audit log, action by action (internals.md §9, accounts.md AU1 to AU5): who did it, of which log_type, with which traits and
address; that a request that failed leaves no row; paging and searching. On SQLite, and on PostgreSQL with three nodes.
audit.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import json, re, sys, urllib.parse, uuid
from hook_rig import PW, Rig, Tally, User, addr, at_once, default_binary, fresh_code, is_, made, on_both_engines, phone
from settings import CONFIRM, link_in, person, place, texts_to

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
NIL = str(uuid.UUID(int=0))
TYPES = {"account": ("login", "logout", "invite_accepted"), "team": ("user_signedup", "user_invited", "user_deleted"), "token": ("token_revoked", "token_refreshed"),
         "user": ("user_modified", "user_recovery_requested", "user_reauthenticate_requested", "user_confirmation_requested", "user_repeated_signup", "user_updated_password", "identity_linked",
                  "identity_unlinked", "notice_sent"),
         "factor": ("factor_in_progress", "factor_unenrolled", "challenge_created", "verification_attempted", "factor_deleted", "factor_updated", "verification_failed", "factor_locked", "recovery_code_used")}
LOG_TYPE = {action: kind for kind, actions in TYPES.items() for action in actions}
ANY = object()


class Log:
    """The rows since the last look, by the API; checked for what all rows share."""

    def __init__(self, p):
        self.p, self.seen = p, set()
        self.new()

    def new(self):
        rows = is_(self.p.s.call("GET", "/admin/audit?per_page=1000", token=self.p.s.admin_token()), 200).json
        fresh = [r for r in reversed(rows) if r["id"] not in self.seen]
        self.seen |= {r["id"] for r in fresh}
        for r in fresh:
            assert list(r) == ["id", "payload", "created_at", "ip_address"], r
            payload = r["payload"]
            assert {"action", "actor_id", "actor_username", "actor_via_sso", "log_type"} <= set(payload) <= {"action", "actor_id", "actor_name", "actor_username", "actor_via_sso", "log_type", "traits"}, payload
            assert payload["log_type"] == LOG_TYPE[payload["action"]] and payload["actor_via_sso"] is False, payload
        return fresh

    def wants(self, actor, name, *rows, ip=False):
        """The new rows are these, in any order within the request: (action, traits or None), all by the actor; ip: those of factors carry the address."""
        fresh = self.new()
        got = [(r["payload"]["action"], r["payload"].get("traits")) for r in fresh]
        left = list(got)
        for action, traits in rows:
            found = [g for g in left if g[0] == action and (traits is ANY or g[1] == traits)]
            assert found, "wanted %s %s, got %s" % (action, traits, got)
            left.remove(found[0])
        assert not left, "besides: %s" % left
        for r in fresh:
            p = r["payload"]
            if (actor, name) != (ANY, ANY):
                assert p["actor_id"] == actor and p["actor_username"] == name, (p, actor, name)
            wanted = "127.0.0.1" if p["log_type"] == "factor" and p["action"] != "factor_updated" or p["action"] == "identity_unlinked" else ""
            assert r["ip_address"] == wanted, (p["action"], r["ip_address"])


def sign_up_and_in(p):
    """Sign-up and sign-in: user_signedup, login, user_confirmation_requested, user_repeated_signup, anonymous none; token_refreshed, logout."""
    s, log, e = p.s, Log(p), addr()
    u = is_(s.call("POST", "/signup", {"email": e, "password": PW, "data": {"full_name": "Ann <a>"}}), 200).json
    r, = log.new()
    assert r["payload"] == {"action": "user_confirmation_requested", "actor_id": u["id"], "actor_name": "Ann <a>", "actor_username": e, "actor_via_sso": False, "log_type": "user", "traits": {"provider": "email"}}, r
    is_(s.call("POST", "/resend", {"type": "signup", "email": e}), 200)
    log.wants(u["id"], e, ("user_confirmation_requested", None))
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(link_in(p.sent(e)[-1])).query)["token"][0]
    is_(s.call("POST", "/verify", {"type": "signup", "token_hash": token}), 200)
    log.wants(u["id"], e, ("user_signedup", {"provider": "email"}))
    is_(s.call("POST", "/signup", {"email": e, "password": PW}), 200)
    log.wants(u["id"], e, ("user_repeated_signup", {"provider": "email"}))
    session = is_(s.sign_in(e, PW), 200).json
    log.wants(u["id"], e, ("login", {"provider": "email"}))
    v = User(s, session, e, PW)
    v.take(is_(v.refreshed(), 200).json)
    log.wants(u["id"], e, ("token_refreshed", None))
    is_(s.call("POST", "/logout?scope=local", token=v.token), 204)
    log.wants(u["id"], e, ("logout", None))
    is_(s.call("POST", "/signup", {}), 200)
    assert log.new() == []
    number = phone()
    is_(s.call("POST", "/signup", {"phone": number, "password": PW}), 200)
    log.wants(ANY, ANY, ("user_confirmation_requested", {"provider": "phone"}))
    one = is_(s.call("POST", "/verify", {"type": "sms", "phone": number, "token": texts_to(p, number)[-1]}), 200).json["user"]
    log.wants(one["id"], number, ("user_signedup", {"provider": "phone"}))
    is_(s.call("POST", "/token?grant_type=password", {"phone": number, "password": PW}), 200)
    log.wants(one["id"], number, ("login", {"provider": "phone"}))
    is_(s.call("POST", "/otp", {"phone": number}), 200)
    log.wants(one["id"], number, ("user_recovery_requested", {"channel": "sms"}))


def by_codes(p):
    """Links and codes: user_recovery_requested, login without traits, login by PKCE with its kind, user_reauthenticate_requested, changes of address."""
    s, log = p.s, Log(p)
    u = person(p)
    log.new()
    for path in ("/recover", "/otp", "/magiclink"):
        is_(s.call("POST", path, {"email": u.email}), 200)
        log.wants(u.id, u.email, ("user_recovery_requested", None))
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(link_in(p.sent(u.email)[-1])).query)["token"][0]
    is_(s.call("GET", "/verify?type=magiclink&token=" + token), 303)
    log.wants(u.id, u.email, ("login", None))
    is_(s.call("POST", "/recover", {"email": u.email, "code_challenge": "v" * 43, "code_challenge_method": "plain"}), 200)
    a = is_(s.call("GET", "/verify?" + urllib.parse.urlsplit(link_in(p.sent(u.email)[-1])).query), 303)
    log.new()
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(a.headers["location"]).query)["code"][0]
    is_(s.call("POST", "/token?grant_type=pkce", {"auth_code": code, "code_verifier": "v" * 43}), 200)
    log.wants(u.id, u.email, ("login", {"provider_type": "recovery"}))
    is_(s.call("GET", "/reauthenticate", token=u.token), 200)
    log.wants(u.id, u.email, ("user_reauthenticate_requested", None))
    is_(s.call("PUT", "/user", {"data": {"a": 1}}, u.token), 200)
    log.wants(u.id, u.email, ("user_modified", None))
    is_(s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
    log.wants(u.id, u.email, ("user_updated_password", None), ("user_modified", None))
    number = phone()
    is_(s.call("PUT", "/user", {"phone": number}, u.token), 200)
    log.wants(u.id, u.email, ("user_modified", None))
    is_(s.call("POST", "/verify", {"type": "phone_change", "phone": number, "token": texts_to(p, number)[-1]}), 200)
    log.wants(u.id, number, ("user_modified", None))
    mine = [i for i in is_(s.call("GET", "/user", token=u.token), 200).json["identities"] if i["provider"] == "phone"][0]
    is_(s.call("DELETE", "/user/identities/" + mine["identity_id"], token=u.token), 200)
    log.wants(u.id, u.email, ("identity_unlinked", {"identity_id": mine["identity_id"], "provider": "phone", "provider_id": u.id}))


def of_factors(p):
    """Factors: factor_in_progress, challenge_created, verification_failed, verification_attempted, factor_unenrolled; recovery codes; with the address."""
    s, log = p.s, Log(p)
    u = person(p)
    log.new()
    f = is_(u.enroll(), 200).json
    u.factor, u.secret = f["id"], f["totp"]["secret"]
    log.wants(u.id, u.email, ("factor_in_progress", {"factor_id": u.factor}))
    c = is_(u.challenge(u.factor), 200).json["id"]
    log.wants(u.id, u.email, ("challenge_created", {"factor_id": u.factor, "factor_status": "unverified"}))
    code = fresh_code(u.secret)
    is_(u.verify(u.factor, c, "%06d" % ((int(code) + 5000) % 1000000)), 422)
    about = {"challenge_id": c, "factor_id": u.factor, "factor_type": "totp"}
    row, = log.new()
    assert row["payload"]["action"] == "verification_failed" and about.items() <= row["payload"]["traits"].items() and row["ip_address"] == "127.0.0.1", row
    u.take(is_(u.verify(u.factor, c, fresh_code(u.secret)), 200).json)
    log.wants(u.id, u.email, ("verification_attempted", about))
    codes = is_(s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"]
    assert log.new()
    low = u.another_session()
    log.new()
    is_(s.call("POST", "/factors/recovery-codes/verify", {"code": "b" * 16}, low.token), 422)
    assert [r["payload"]["action"] for r in log.new()] == ["verification_failed"]
    is_(s.call("POST", "/factors/recovery-codes/verify", {"code": codes[0]}, low.token), 200)
    assert sorted(r["payload"]["action"] for r in log.new()) == ["recovery_code_used", "verification_attempted"]
    session, number = u.session_id, phone()
    is_(s.call("DELETE", "/factors/recovery-codes", token=u.token), 200)
    log.new()
    for kind, more in (("webauthn", {}), ("phone", {"phone": number})):
        f = is_(s.call("POST", "/factors", {"factor_type": kind, "friendly_name": kind, **more}, u.token), 200).json["id"]
        log.wants(u.id, u.email, ("factor_in_progress", {"factor_id": f, "factor_type": kind}))
        if kind == "phone":
            c = is_(u.challenge(f, {"channel": "sms"}), 200).json["id"]
            log.wants(u.id, u.email, ("challenge_created", {"factor_id": f, "factor_status": "unverified"}))
            u.take(is_(u.verify(f, c, texts_to(p, number)[-1]), 200).json)
            log.wants(u.id, u.email, ("verification_attempted", {"challenge_id": c, "factor_id": f, "factor_type": "phone"}))
        is_(s.call("DELETE", "/factors/" + f, token=u.token), 200)
        log.wants(u.id, u.email, ("factor_unenrolled", {"factor_id": f, "factor_status": "verified" if kind == "phone" else "unverified", "session_id": session}))
    u.take(is_(u.verify(u.factor, is_(u.challenge(u.factor), 200).json["id"], fresh_code(u.secret)), 200).json)     # the phone took the level with it
    log.new()
    is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    log.wants(u.id, u.email, ("factor_unenrolled", {"factor_id": u.factor, "factor_status": "verified", "session_id": session}))


def of_admins(p):
    """Admins: user_signedup, user_invited, user_modified, user_deleted with the user's id and addresses, by the role and nobody's id; factors, by the user."""
    s, log, number = p.s, Log(p), phone()
    e = addr()
    u = is_(s.call("POST", "/admin/users", {"email": e, "phone": number, "password": PW, "email_confirm": True}, s.admin_token()), 200).json
    who = {"user_id": u["id"], "user_email": e, "user_phone": number}
    log.wants(NIL, "service_role", ("user_signedup", {**who, "provider": "email"}))
    is_(s.call("PUT", "/admin/users/" + u["id"], {"user_metadata": {"a": 1}}, s.admin_token(role="supabase_admin")), 200)
    log.wants(NIL, "supabase_admin", ("user_modified", who))
    v = User(s, is_(s.sign_in(e, PW), 200).json, e, PW)
    f = is_(v.enroll(), 200).json["id"]
    log.new()
    is_(s.call("PUT", "/admin/users/%s/factors/%s" % (u["id"], f), {"friendly_name": "n"}, s.admin_token()), 200)
    log.wants(NIL, "service_role", ("factor_updated", {"user_id": u["id"], "factor_id": f, "factor_type": "totp"}))
    is_(s.call("DELETE", "/admin/users/%s/factors/%s" % (u["id"], f), token=s.admin_token()), 200)
    log.wants(u["id"], number, ("factor_deleted", {"user_id": u["id"], "factor_id": f, "admin_role": "service_role"}))
    is_(s.call("DELETE", "/admin/users/" + u["id"], token=s.admin_token()), 200)
    log.wants(NIL, "service_role", ("user_deleted", who))
    for path, more in (("/invite", {}), ("/admin/generate_link", {"type": "invite"})):
        e = addr()
        ident = is_(s.call("POST", path, {"email": e, **more}, s.admin_token()), 200).json["id"]
        log.wants(NIL, "service_role", ("user_invited", {"user_id": ident, "user_email": e}))
    for kind in ("recovery", "magiclink"):
        e = made(s)["email"]
        log.new()
        is_(s.call("POST", "/admin/generate_link", {"type": kind, "email": e}, s.admin_token()), 200)
        r, = log.new()
        assert r["payload"]["action"] == "user_recovery_requested" and r["payload"]["actor_username"] == e, r
    for kind, more in (("signup", {"password": PW}), ("email_change_new", {"new_email": addr()})):
        e = addr() if kind == "signup" else made(s)["email"]
        log.new()
        is_(s.call("POST", "/admin/generate_link", {"type": kind, "email": e, **more}, s.admin_token()), 200)
        assert log.new() == [], kind


def of_failures(p):
    """What failed leaves no row: refused sign-ups and sign-ins, changes, links, admins' calls."""
    s, u = p.s, person(p)
    log, t = Log(p), s.admin_token()
    other = made(s)["email"]
    log.new()
    for method, path, data, token in (("POST", "/signup", {"email": addr(), "password": "x"}, None), ("POST", "/token?grant_type=password", {"email": u.email, "password": "wrong"}, None),
                                      ("POST", "/token?grant_type=refresh_token", {"refresh_token": "a" * 12}, None), ("PUT", "/user", {"email": other, "password": "another " + PW}, u.token),
                                      ("POST", "/verify", {"type": "recovery", "email": u.email, "token": "123456"}, None), ("POST", "/invite", {"email": u.email}, t),
                                      ("POST", "/admin/users", {"email": u.email}, t), ("PUT", "/admin/users/" + u.id, {"email": other}, t), ("DELETE", "/admin/users/" + str(uuid.uuid4()), None, t),
                                      ("DELETE", "/user/identities/" + str(uuid.uuid4()), None, u.token), ("POST", "/factors", {"factor_type": "x"}, u.token),
                                      ("POST", "/admin/generate_link", {"type": "signup", "email": u.email, "password": PW}, t), ("POST", "/recover", {"email": addr()}, None),
                                      ("POST", "/logout?scope=no", None, u.token), ("DELETE", "/admin/users/%s/factors/%s" % (u.id, uuid.uuid4()), None, t)):
        a = s.call(method, path, data, token)
        assert a.status >= 400 or path == "/recover", (path, a.short())
        assert log.new() == [], path


def searched(p):
    """AU1, AU2: author by address, phone or name, action and type, by a part and in any case; % and _ are themselves; pages."""
    s, t = p.s, p.s.admin_token()
    mark = uuid.uuid4().hex[:10]
    e, number = "%s_a@example.com" % mark, phone()
    is_(s.call("POST", "/admin/users", {"email": e, "phone": number, "password": PW, "email_confirm": True, "phone_confirm": True, "user_metadata": {"full_name": "Zoe %s" % mark}}, t), 200)
    for _ in range(3):
        is_(s.sign_in(e, PW), 200)
    find = lambda query, more="": is_(s.call("GET", "/admin/audit?query=%s%s" % (urllib.parse.quote(query), more), token=t), 200)
    for query in ("author:" + number, "author:" + number[2:], "author:Zoe " + mark, "author:zOE " + mark.upper()):
        rows = find(query).json
        assert len(rows) == 3 and all(r["payload"]["action"] == "login" and r["payload"]["actor_username"] == number for r in rows), (query, rows)
    assert find("author:%" + mark).json == [] and find("author:_" + number[1:]).json == [] and find("author:' or '1'='1").json == []
    assert all(r["payload"]["action"] == "login" for r in find("action:LOGI").json) and all(r["payload"]["log_type"] == "account" for r in find("type:account").json)
    assert find("action:").json and find("author:nobody" + mark).json == []
    a = find("author:" + number, "&per_page=2")
    assert a.headers["x-total-count"] == "3" and len(a.json) == 2 and 'page=2&per_page=2' in a.headers["link"] and 'rel="next"' in a.headers["link"], a.headers
    b = find("author:" + number, "&per_page=2&page=2")
    assert len(b.json) == 1 and not {r["id"] for r in a.json} & {r["id"] for r in b.json} and 'rel="next"' not in b.headers["link"]
    times = [r["created_at"] for r in a.json + b.json]
    assert times == sorted(times, reverse=True), times
    for bad in ("page=-1", "page=x", "per_page=-3", "per_page=x", "page=1.5"):
        is_(s.call("GET", "/admin/audit?" + bad, token=t), 400, "validation_failed", part="Bad Pagination Parameters: ")
    for bad in ("who:x", "author", ":x"):
        is_(s.call("GET", "/admin/audit?query=" + bad, token=t), 400, "validation_failed", "Invalid query scope: " + bad)
    is_(s.call("GET", "/admin/audit", token=person(p).token), 403, "not_admin")


def confirmed_at_once(t):
    """With autoconfirm: user_signedup and login; with tokens of version 1 a refresh revokes and refreshes."""
    with place({"GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": "1"}) as p:
        log = Log(p)
        u = p.s.sign_up()
        log.wants(u.id, u.email, ("user_signedup", {"provider": "email"}), ("login", {"provider": "email"}))
        u.take(is_(u.refreshed(), 200).json)
        log.wants(u.id, u.email, ("token_refreshed", None), ("token_revoked", None))
        a = is_(p.s.call("POST", "/signup", {"email": u.email, "password": PW}), 422, "user_already_exists")
        assert [r["payload"]["action"] for r in log.new()] == ["user_repeated_signup"], a.short()
        number = phone()
        ident = is_(p.s.call("POST", "/signup", {"phone": number, "password": PW}), 200).json["user"]["id"]
        log.wants(ident, number, ("user_signedup", {"provider": "phone", "channel": "sms"}), ("login", {"provider": "phone"}))


def in_the_log(p):
    """GOTRUE_AUDIT_LOG_DISABLE_POSTGRES: no rows; each event is a line of the log, once it is committed, and what failed or was rolled back is none."""
    def events():
        return [x["auth_audit_event"] for c in p.nodes for x in map(json.loads, (line for line in c.log_text().splitlines() if line.startswith("{"))) if x["msg"] == "audit_event"]
    s, rows = p.s, p.sql("select count(*) from @audit_log_entries")
    u = s.sign_up(data={"full_name": "Ann \u00e9 \"a\" " + "x" * 900})
    first, second = events()
    assert {k: first[k] for k in ("action", "actor_id", "actor_username", "actor_via_sso", "log_type", "traits", "ip_address")} == {
        "action": "user_signedup", "actor_id": u.id, "actor_username": u.email, "actor_via_sso": False, "log_type": "team", "traits": {"provider": "email"}, "ip_address": ""}, first
    assert first["actor_name"].startswith('Ann \u00e9 "a" xxx') and second["action"] == "login" and str(uuid.UUID(first["audit_log_id"])) == first["audit_log_id"] and uuid.UUID(first["request_id"]), first
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", first["created_at"]), first
    u.with_totp()
    is_(u.verify(u.factor, is_(u.challenge(u.factor), 200).json["id"], "%06d" % ((int(fresh_code(u.secret)) + 5000) % 1000000)), 422)
    assert [e["action"] for e in events()][2:] == ["factor_in_progress", "challenge_created", "verification_attempted", "challenge_created", "verification_failed"], events()
    assert all(e["actor_id"] == u.id and e["ip_address"] == "127.0.0.1" for e in events()[2:])
    before = len(events())
    other = made(s)["email"]
    assert [e["actor_username"] for e in events()][before:] == ["service_role"]
    for a in (s.call("POST", "/invite", {"email": other}, s.admin_token()), s.call("PUT", "/user", {"password": "another " + PW, "data": {"x": "y" * 50000}}, u.token), s.sign_in(u.email, "wrong")):
        assert a.status in (400, 422), a.short()
    assert len(events()) == before + 1, events()[before:]
    at_once(8, lambda n: s.call("POST", "/factors/%s/challenge" % u.factor, {}, u.token).status)
    assert [e["action"] for e in events()][before + 1:] == ["challenge_created"] * 8
    assert p.sql("select count(*) from @audit_log_entries") == rows
    assert PW not in "".join(c.log_text() for c in p.nodes) and u.secret not in "".join(c.log_text() for c in p.nodes)


def one_engine(t, name, **more):
    on = {"GOTRUE_MFA_%s_ENABLED" % n: "true" for n in ("PHONE_ENROLL", "PHONE_VERIFY", "WEB_AUTHN_ENROLL", "WEB_AUTHN_VERIFY")}
    with place({**CONFIRM, **on, "GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "true", "COUNTERSIGN_SECURITY_NOTICES": "false"}, **more) as p:
        for step in (sign_up_and_in, by_codes, of_factors, of_admins, of_failures, searched):
            t.step("%s: %s" % (name, step.__doc__), step, p)
    off = {"GOTRUE_AUDIT_LOG_DISABLE_POSTGRES": "true", "COUNTERSIGN_SECURITY_NOTICES": "false"}
    with Rig() as rig:
        for env in (off, {**off, **rig.settings("before_user_created", "custom_access_token")}):
            with place(env, **{**more, "nodes": 1}) as p:
                t.step("%s, %d settings: %s" % (name, len(env), in_the_log.__doc__), in_the_log, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "audit", one_engine, (confirmed_at_once, ))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
