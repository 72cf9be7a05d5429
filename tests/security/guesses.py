#!/usr/bin/env python3
"""Guesses of passwords and nonces (rule S14): counted on all nodes, wherever they are made; strangers lock themselves and not the owner; what many networks may try
together is bounded; what a proxy says of addresses; how administrators see and end locks. guesses.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import json, re, subprocess, sys, time
from rig import CONFIRM, PW, Tally, User, addr, at_once, binary, is_, made, on_both_engines, place

WAIT = (429, "over_request_rate_limit", "Too many wrong passwords, please retry later")
ENV = {**CONFIRM, "COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1", "COUNTERSIGN_PASSWORD_GUESSES_ACCOUNT": "20", "GOTRUE_API_MAX_REQUEST_DURATION": "60s",
       "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD": "true", "COUNTERSIGN_HASH_THREADS": "4"}
HOME = "198.51.100.7"


def at(address):
    return {"X-Forwarded-For": address}


def sign_in(p, email, password, address, n=0):
    return p.servers[n % len(p.servers)].call("POST", "/token?grant_type=password", {"email": email, "password": password}, headers=at(address))


def owner(p):
    e = made(p.s)["email"]
    return User(p.s, is_(sign_in(p, e, PW, HOME), 200).json, e, PW)


def many_networks(p, e):
    """Two wrong ones from each of ten networks; how they were answered."""
    return [sign_in(p, e, "wrong", "192.0.2.%d" % (n // 2), n).status for n in range(20)]


def strangers_lock_themselves(p):
    """Twenty wrong ones over ten networks close the account for networks that it is not known from, for an unknown account too; the owner's own network goes on, and has a guard of its own."""
    u, nobody = owner(p), addr()
    for e in (u.email, nobody):
        assert many_networks(p, e) == [400] * 20
        is_(sign_in(p, e, PW, "203.0.113.50", 1), *WAIT)
    for n in range(2):
        is_(sign_in(p, u.email, PW, HOME, n), 200)
    is_(sign_in(p, nobody, PW, HOME), *WAIT)
    got = at_once(16, lambda n: sign_in(p, u.email, "wrong", HOME, n))
    assert sorted(a.status for a in got) == [400] * 10 + [429] * 6, [a.short() for a in got]
    is_(sign_in(p, u.email, PW, HOME), *WAIT)


def old_networks_are_forgotten(p):
    """A network counts as known for ninety days, and twenty of them at most."""
    u = owner(p)
    for n in range(22):
        is_(sign_in(p, u.email, PW, "100.64.%d.1" % n), 200)
    assert int(p.sql("select count(*) from @@sign_in_networks where " + p.id_is("user_id", u.id))[0][0]) <= 20
    many_networks(p, u.email)
    is_(sign_in(p, u.email, PW, "100.64.21.1"), 200)
    p.sql("update @@sign_in_networks set seen_at = seen_at - %s" % ("interval '91 days'" if p.s.dsn else str(91 * 86400 * 10 ** 6)))
    is_(sign_in(p, u.email, PW, "100.64.21.1"), *WAIT)


def current_password(p):
    """current_password of PUT /user: the eleventh wrong one waits, on each node, the right one too, and signing in from there with it."""
    u = owner(p)
    change = lambda current, n=0, new="another " + PW: p.servers[n % len(p.servers)].call("PUT", "/user", {"password": new, "current_password": current}, u.token, headers=at(HOME))
    for n in range(10):
        is_(change("wrong", n), 400, "current_password_invalid")
    for n in range(2):
        is_(change(PW, n), *WAIT)
        is_(sign_in(p, u.email, PW, HOME, n), *WAIT)
    is_(p.s.call("PUT", "/user", {"data": {"a": 1}}, u.token, headers=at(HOME)), 200)
    p.sql("update @@password_guards set locked_until = %s" % ("now()" if p.s.dsn else "1"))
    is_(change(PW), 200)


def no_other_answer(p):
    """A request that compares the password and then fails for another reason is a guess too."""
    u, long = owner(p), {"a": "x" * 50000}
    link = is_(p.s.call("POST", "/admin/generate_link", {"type": "magiclink", "email": u.email}, p.s.admin_token()), 200).json
    token = is_(p.s.call("POST", "/verify", {"type": "magiclink", "token_hash": link["hashed_token"]}, headers=at(HOME)), 200).json["access_token"]
    for n in range(10):
        assert p.s.call("PUT", "/user", {"password": "guess %d guess" % n, "data": long}, token, headers=at(HOME)).status in (400, 413, 422)
    is_(p.s.call("PUT", "/user", {"password": PW, "data": long}, token, headers=at(HOME)), *WAIT)


def nonces(p):
    """Wrong nonces count as wrong passwords do, on both nodes, whatever number of nonces is asked for."""
    u = owner(p)
    p.s.age("sessions", u.session_id, 25 * 3600, "created_at")
    link = is_(p.s.call("POST", "/admin/generate_link", {"type": "magiclink", "email": u.email}, p.s.admin_token()), 200).json
    session = User(p.s, is_(p.s.call("POST", "/verify", {"type": "magiclink", "token_hash": link["hashed_token"]}, headers=at(HOME)), 200).json, u.email, PW)
    p.s.age("sessions", session.session_id, 25 * 3600, "created_at")
    for n in range(10):
        if n % 5 == 0:
            p.s.call("GET", "/reauthenticate", token=session.token)
        is_(p.servers[n % len(p.servers)].call("PUT", "/user", {"password": "another " + PW, "nonce": "000000"}, session.token, headers=at(HOME)), 422, "reauthentication_not_valid")
    for server in p.servers:
        is_(server.call("PUT", "/user", {"password": "another " + PW, "nonce": "000000"}, session.token, headers=at(HOME)), *WAIT)


def admins_unlock(p):
    """Locks are listed and ended, by HTTP and by the commands; lists mark them; only admins may."""
    u = owner(p)
    for n in range(10):
        sign_in(p, u.email, "wrong", HOME)
    many_networks(p, u.email)
    path, key = "/admin/users/%s/locks" % u.id, p.s.admin_token()
    locks = is_(p.s.call("GET", path, token=key), 200).json
    assert sorted(x["kind"] for x in locks["passwords"]) == ["account", "network"] and locks["factors"] == [], locks
    assert all(x["failures"] >= 10 and x["locked_until"].endswith("Z") for x in locks["passwords"]), locks
    assert p.s.call("GET", path, token=u.token).status in (401, 403) and p.s.call("DELETE", path).status == 401
    cli = lambda *words: subprocess.run([binary, *words], env={"COUNTERSIGN_URL": p.nodes[0].base, "COUNTERSIGN_SERVICE_KEY": key, "PATH": "/usr/bin"}, capture_output=True, text=True, timeout=60)
    shown = cli("admin", "user", "show", u.id)
    assert "locked      until" in shown.stdout, (shown.stdout, shown.stderr)
    assert re.search(re.escape(u.email) + r".*password", cli("admin", "user", "list", "--filter", u.email).stdout)
    done = cli("admin", "user", "unlock", u.email)
    assert done.returncode == 0 and done.stdout.count("Ended the wait") == 2, (done.stdout, done.stderr)
    for address in (HOME, "203.0.113.99"):
        is_(sign_in(p, u.email, PW, address), 200)
    assert is_(p.s.call("GET", path, token=key), 200).json["passwords"] == []
    assert "locked" not in cli("admin", "user", "show", u.id).stdout


def locked_factors(p):
    """A locked factor is marked in the lists of administrators."""
    u = owner(p)
    f = is_(u.enroll(), 200).json
    p.sql("delete from @@factor_guards where " + p.id_is("factor_id", f["id"]))
    p.sql("insert into @@factor_guards (factor_id, last_step, failures, locked_until, updated_at) values (%s, 0, 9, %s, %s)" % (
        ("'%s'" % f["id"] if p.s.dsn else "x'%s'" % f["id"].replace("-", "")), *(("now() + interval '1 hour'", "now()") if p.s.dsn else (str(int((time.time() + 3600) * 10**6)), "1"))))
    key = p.s.admin_token()
    locks = is_(p.s.call("GET", "/admin/users/%s/locks" % u.id, token=key), 200).json
    assert [x["factor_id"] for x in locks["factors"]] == [f["id"]], locks
    env = {"COUNTERSIGN_URL": p.nodes[0].base, "COUNTERSIGN_SERVICE_KEY": key, "PATH": "/usr/bin"}
    for words in (("factor", "list"), ("user", "show")):
        done = subprocess.run([binary, "admin", *words, u.id], env=env, capture_output=True, text=True, timeout=60)
        assert "locked until" in done.stdout, (words, done.stdout, done.stderr)


def forwarded(t):
    """address:port, [v6] and [v6]:port are read; what is no address is logged, bounded and printable, and the proxy's own address counts."""
    with place({**CONFIRM, "COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.1,::1"}) as p:
        e = made(p.s)["email"]
        seen = {}
        for header in ("203.0.113.5:4711", "203.0.113.5", "[2001:db8::5]:443", "[2001:db8::5]", "2001:db8::5", "1.2.3.4, 203.0.113.6:1", "203.0.113.7:", "203.0.113.8:port", "[2001:db8::9", "[2001:db8::9]x", "unknown\t<x>" + "y" * 300):
            a = is_(p.s.call("POST", "/token?grant_type=password", {"email": e, "password": PW}, headers=at(header)), 200)
            session = json.loads(__import__("base64").urlsafe_b64decode(a.json["access_token"].split(".")[1] + "=="))["session_id"]
            seen[header[:20]] = p.sql("select ip from @sessions where " + p.id_is("id", session))[0][0]
        good = {"203.0.113.5:4711": "203.0.113.5", "203.0.113.5": "203.0.113.5", "[2001:db8::5]:443": "2001:db8::5", "[2001:db8::5]": "2001:db8::5", "2001:db8::5": "2001:db8::5", "1.2.3.4, 203.0.113.6:1"[:20]: "203.0.113.6"}
        for header, ip in seen.items():
            assert ip == good.get(header, "127.0.0.1"), (header, ip)
        lines = [json.loads(x) for x in p.nodes[0].log_text().splitlines() if "cannot be read" in x]
        assert len(lines) == 1 and len(lines[0]["value"]) <= 64, lines       # one a minute


def told_of_proxies(t):
    """Without trusted proxies the server says so at start, and when a proxy shows itself, once; both name the setting."""
    with place(CONFIRM) as p:
        for n in range(5):
            p.s.call("GET", "/health", headers=at("203.0.113.%d" % n))
        text = p.nodes[0].log_text()
        lines = [x for x in text.splitlines() if "COUNTERSIGN_TRUSTED_PROXIES" in x and '"warn' in x]
        assert len(lines) == (2 if "no proxy is trusted" in text else 1) and "a proxy that is not trusted sends X-Forwarded-For" in text, lines
    with place({**CONFIRM, "GOTRUE_SITE_URL": "https://app.example.com"}) as p:
        assert p.nodes[0].log_text().count("no proxy is trusted") == 1


def one_engine(t, name, **more):
    with place(ENV, **more) as p:
        for step in (strangers_lock_themselves, old_networks_are_forgotten, current_password, no_other_answer, admins_unlock, locked_factors):
            t.step("%s: %s" % (name, step.__doc__), step, p)
    with place({**ENV, "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION": "true", "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD": "false"}, **more) as p:
        t.step("%s: %s" % (name, nonces.__doc__), nonces, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "guesses", one_engine, (forwarded, told_of_proxies))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
