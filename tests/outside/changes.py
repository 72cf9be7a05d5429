#!/usr/bin/env python3
"""Changes of address in every way that there is (accounts.md VF33 to VF35, US16 to US18, GL7 to GL12, ID5, AP5), what a refresh changes
(TK21), audiences (W13), and one password for both addresses (TK11). On SQLite, and on PostgreSQL with three nodes.
changes.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import re, sys, time, urllib.parse
from hook_rig import PW, Tally, User, addr, at_once, claims_of, default_binary, is_, made, on_both_engines, phone
from settings import CONFIRM, body, link_in, person, place, texts_to

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
LINKING = {"GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "true"}
PKCE = {"code_challenge": "v" * 43, "code_challenge_method": "plain"}
HALF = "Confirmation link accepted. Please proceed to confirm link sent to the other email"


def parts(a):
    """(address, query, fragment) of a redirect, the last two decoded once."""
    assert a.status == 303, a.short()
    u = urllib.parse.urlsplit(a.headers["location"])
    one = lambda t: {k: v[0] for k, v in urllib.parse.parse_qs(t, keep_blank_values=True).items()}
    return u._replace(query="", fragment="").geturl(), one(u.query), one(u.fragment)


def click(p, message):
    return p.s.call("GET", "/verify?" + urllib.parse.urlsplit(link_in(message)).query)


def me(u):
    return is_(u.server.call("GET", "/user", token=u.token), 200).json


def identity(user, provider):
    return ([i for i in user["identities"] if i["provider"] == provider] + [None])[0]


def by_links(p):
    """Both links of a change, in either order: the first says so in the fragment, and changes nothing; the second does it and signs in."""
    for first in (0, 1):
        u, new = person(p), addr()
        is_(p.s.call("PUT", "/user", {"email": new}, u.token), 200)
        mails = [p.sent(u.email)[0], p.sent(new)[0]]
        where, query, fragment = parts(click(p, mails[first]))
        assert where == "http://localhost:3000" and query == {} and fragment == {"message": HALF, "sb": ""}, (where, query, fragment)
        still = me(u)
        assert still["email"] == u.email and still["new_email"] == new, still
        assert parts(click(p, mails[first]))[2]["error_code"] == "otp_expired"
        assert me(u)["email"] == u.email
        fragment = parts(click(p, mails[1 - first]))[2]
        assert fragment["type"] == "email_change" and claims_of(fragment["access_token"])["sub"] == u.id, fragment
        after = me(u)
        assert after["email"] == new and "new_email" not in after and identity(after, "email")["identity_data"] == {**identity(after, "email")["identity_data"], "email": new, "email_verified": True}, after
        is_(p.s.sign_in(u.email, PW), 400, "invalid_credentials")
        is_(p.s.sign_in(new, PW), 200)


def by_pkce(p):
    """The same with PKCE: the message stands in the query too; the second link gives a code, whose session has the method email_change."""
    for first in (0, 1):
        u, new = person(p), addr()
        is_(p.s.call("PUT", "/user", {"email": new, **PKCE}, u.token), 200)
        mails = [p.sent(u.email)[0], p.sent(new)[0]]
        assert all("token=pkce_" in link_in(m) for m in mails)
        _, query, fragment = parts(click(p, mails[first]))
        assert query == {"message": HALF} and fragment == {"message": HALF, "sb": ""}, (query, fragment)
        _, query, fragment = parts(click(p, mails[1 - first]))
        assert set(query) == {"code"} and "access_token" not in fragment, (query, fragment)
        a = is_(p.s.call("POST", "/token?grant_type=pkce", {"auth_code": query["code"], "code_verifier": "v" * 43}), 200).json
        assert a["user"]["email"] == new and [m["method"] for m in claims_of(a["access_token"])["amr"]] == ["email_change"], claims_of(a["access_token"])
    u, new = person(p), addr()          # codes do without the exchange
    is_(p.s.call("PUT", "/user", {"email": new, **PKCE}, u.token), 200)
    code = lambda to: re.search(r"\b\d{6}\b", body(p.sent(to)[0], "plain")).group()
    is_(p.s.call("POST", "/verify", {"type": "email_change", "email": u.email, "token": code(u.email)}), 200)
    assert is_(p.s.call("POST", "/verify", {"type": "email_change", "email": new, "token": code(new)}), 200).json["user"]["email"] == new


def again(p):
    """A new wish takes the place of the first: its confirmation does not count for the second, and its links are dead."""
    u, one, two = person(p), addr(), addr()
    is_(p.s.call("PUT", "/user", {"email": one}, u.token), 200)
    old = [p.sent(u.email)[0], p.sent(one)[0]]
    assert parts(click(p, old[0]))[2]["message"] == HALF        # the owner agrees to the first one
    time.sleep(0.01)
    is_(p.s.call("PUT", "/user", {"email": two}, u.token), 200)
    assert parts(click(p, old[1]))[2]["error_code"] == "otp_expired"
    assert parts(click(p, p.sent(two)[0]))[2].get("message") == HALF, "the new address alone must not do"
    assert me(u)["email"] == u.email
    parts(click(p, p.sent(u.email)[-1]))
    assert me(u)["email"] == two


def taken_meanwhile(p):
    """Somebody else got the address before the confirmation: refused, and the account keeps its own; two who wait for it: one gets it."""
    u, v, new = person(p), person(p), addr()
    for who in (u, v):
        is_(p.s.call("PUT", "/user", {"email": new}, who.token), 200)
    for who in (u, v):
        assert parts(click(p, p.sent(who.email)[0]))[2]["message"] == HALF
    links = [urllib.parse.urlsplit(link_in(m)).query for m in p.sent(new)]
    got = at_once(2, lambda n: p.servers[n % len(p.servers)].call("GET", "/verify?" + links[n]))
    fragments = [parts(a)[2] for a in got]
    assert sorted("access_token" in f for f in fragments) == [False, True], fragments
    assert [f["error_code"] for f in fragments if "error_code" in f] == ["email_exists"], fragments
    assert sorted(me(w)["email"] == new for w in (u, v)) == [False, True]
    w, free = person(p), addr()
    is_(p.s.call("PUT", "/user", {"email": free}, w.token), 200)
    made(p.s, email=free)
    assert parts(click(p, p.sent(w.email)[0]))[2]["message"] == HALF
    assert parts(click(p, p.sent(free)[0]))[2]["error_code"] == "email_exists"
    assert me(w)["email"] == w.email


def by_admin_links(p):
    """generate_link for a change: both are needed, the codes and the hashes work, and one for the new address alone changes nothing (GL7 to GL12)."""
    s, t = p.s, p.s.admin_token()
    for form in ("hash", "code", "link"):
        u, new = person(p), addr()
        one = is_(s.call("POST", "/admin/generate_link", {"type": "email_change_new", "email": u.email, "new_email": new}, t), 200).json
        two = is_(s.call("POST", "/admin/generate_link", {"type": "email_change_current", "email": u.email, "new_email": new}, t), 200).json
        assert one["verification_type"] == "email_change_new" and two["verification_type"] == "email_change_current" and "type=email_change&" in one["action_link"] and one["new_email"] == new, one
        assert p.sent(u.email) == [] and p.sent(new) == []

        def use(answer, to):
            if form == "link":
                f = parts(s.call("GET", "/verify?" + urllib.parse.urlsplit(answer["action_link"]).query))[2]
                return "half" if f.get("message") == HALF else "done" if "access_token" in f else f
            who = {"token_hash": answer["hashed_token"]} if form == "hash" else {"email": to, "token": answer["email_otp"]}
            a = is_(s.call("POST", "/verify", {"type": "email_change", **who}), 200).json
            return "half" if a.get("msg") == HALF else "done" if "access_token" in a else a
        assert use(one, new) == "half" and me(u)["email"] == u.email, form
        assert use(two, u.email) == "done" and me(u)["email"] == new, form
    is_(s.call("POST", "/admin/generate_link", {"type": "email_change_new", "email": new, "new_email": made(s)["email"]}, t), 422, "email_exists")


def phones(p):
    """A first phone: a new identity and provider; a second: the same identity; unlinking takes the number away, and its password with it; the address stays."""
    s, u, one, two = p.s, person(p), phone(), phone()
    for number in (one, two):
        a = is_(s.call("PUT", "/user", {"phone": number}, u.token), 200).json
        assert a["new_phone"] == number and a["phone"] == ("" if number == one else one), a
        is_(s.call("POST", "/verify", {"type": "phone_change", "phone": number, "token": texts_to(p, number)[-1]}), 200)
        now = me(u)
        assert now["phone"] == number and now["phone_confirmed_at"] and "new_phone" not in now and now["app_metadata"] == {"provider": "email", "providers": ["email", "phone"]}, now
        assert len(now["identities"]) == 2 and {"phone": number, "phone_verified": True, "sub": u.id}.items() <= identity(now, "phone")["identity_data"].items(), now["identities"]
    by_phone = lambda number: s.call("POST", "/token?grant_type=password", {"phone": number, "password": PW})
    is_(by_phone(two), 200)             # TK11
    is_(by_phone(one), 400, "invalid_credentials")
    is_(s.call("DELETE", "/user/identities/" + identity(now, "phone")["identity_id"], token=u.token), 200)
    is_(by_phone(two), 400, "invalid_credentials")
    now = me(u)
    assert now["phone"] == "" and "phone_confirmed_at" not in now and now["app_metadata"]["providers"] == ["email"] and now["email"] == u.email and now["email_confirmed_at"], now


def unlinked_mail(p):
    """Unlinking the e-mail identity: the address goes, with codes under way to it and the way in by it; the phone stays."""
    s, number = p.s, phone()
    u = person(p, phone=number, phone_confirm=True)
    is_(s.call("POST", "/recover", {"email": u.email}), 200)
    link = p.sent(u.email)[0]
    is_(s.call("DELETE", "/user/identities/" + identity(me(u), "email")["identity_id"], token=u.token), 200)
    now = me(u)
    assert now["email"] == "" and "email_confirmed_at" not in now and now["phone"] == number and now["app_metadata"]["providers"] == ["phone"], now
    assert parts(click(p, link))[2]["error_code"] == "otp_expired"
    is_(s.sign_in(u.email, PW), 400, "invalid_credentials")
    is_(s.call("POST", "/token?grant_type=password", {"phone": number, "password": PW}), 200)
    is_(s.call("POST", "/signup", {"email": u.email, "password": PW}), 200)      # it is free again, for a new account
    assert me(u)["email"] == ""


def at_once_applied(t):
    """With autoconfirm: an anonymous user's address or phone is applied at once, in a permanent account; a phone of others too (US17, US18)."""
    with place({}) as p:
        s = p.s
        for field, value in (("email", addr()), ("phone", phone())):
            anonymous = is_(s.call("POST", "/signup", {}), 200).json
            u = User(s, anonymous, None, PW)
            a = is_(s.call("PUT", "/user", {field: value, "password": PW}, u.token), 200).json
            assert a[field] == value and a["is_anonymous"] is False and a[field + "_confirmed_at"] and "new_" + field not in a and a["id"] == u.id, a
            assert a["app_metadata"] == {"provider": field, "providers": [field]} and identity(a, field)["identity_data"][field] == value and len(a["identities"]) == 1, a
            assert claims_of(is_(u.refreshed(), 200).json["access_token"])["is_anonymous"] is False
            is_(s.call("POST", "/token?grant_type=password", {field: value, "password": PW}), 200)
            assert p.sent("@") == [] and texts_to(p, value) == []
        u, number = s.sign_up(), phone()
        a = is_(s.call("PUT", "/user", {"phone": number}, u.token), 200).json
        assert a["phone"] == number and a["phone_confirmed_at"] and a["app_metadata"]["providers"] == ["email", "phone"], a
        is_(s.call("PUT", "/user", {"phone": number}, s.sign_up().token), 422, "phone_exists", "A user with this phone number has already been registered")
        is_(s.call("PUT", "/user", {"email": u.email}, s.sign_up().token), 422, "email_exists", "A user with this email address has already been registered")
        new = addr()                    # others get mails, of which one is enough
        a = is_(s.call("PUT", "/user", {"email": new}, u.token), 200).json
        assert a["email"] == u.email and a["new_email"] == new, a
        assert "access_token" in parts(click(p, p.sent(new)[0]))[2] and me(u)["email"] == new


def refreshed(p):
    """A refresh notes time, address and program of the session and nothing else: neither last_sign_in_at nor amr; what it answers is the user as it is now."""
    s, u = p.s, person(p)
    row = lambda: p.sql("select refreshed_at, user_agent from @sessions where " + p.id_is("id", u.session_id))[0]
    before, amr = me(u), claims_of(u.token)["amr"]
    assert not row()[0]
    is_(s.call("PUT", "/admin/users/" + u.id, {"app_metadata": {"plan": "pro"}, "role": "editor"}, s.admin_token()), 200)
    a = is_(s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": u.refresh}, headers={"User-Agent": "another one"}), 200).json
    assert row()[0] and row()[1] == "another one", row()
    assert a["user"]["last_sign_in_at"] == before["last_sign_in_at"] and claims_of(a["access_token"])["amr"] == amr and a["user"]["app_metadata"]["plan"] == "pro", a["user"]
    assert claims_of(a["access_token"])["role"] == "editor" and claims_of(a["access_token"])["app_metadata"]["plan"] == "pro" and "weak_password" not in a
    is_(s.sign_in(u.email, PW), 200)
    assert me(u.take(a))["last_sign_in_at"] > before["last_sign_in_at"]


def audiences(p):
    """Accounts of another audience: found in that one alone, at sign-in, by codes, by links of an admin; an address is one account's over all (W13)."""
    s, there = p.s, {"X-JWT-AUD": "elsewhere"}
    e = made(s, aud="elsewhere")["email"]
    sign_in = lambda h=None: s.call("POST", "/token?grant_type=password", {"email": e, "password": PW}, headers=h)
    is_(sign_in(), 400, "invalid_credentials")
    a = is_(sign_in(there), 200).json
    assert a["user"]["aud"] == "elsewhere" and claims_of(a["access_token"])["aud"] == "elsewhere"
    is_(s.call("GET", "/user", token=a["access_token"]), 200)
    is_(s.call("GET", "/user", token=a["access_token"], headers={"X-JWT-AUD": "authenticated"}), 400, "validation_failed", "Token audience doesn't match request audience")
    is_(s.call("POST", "/recover", {"email": e}), 200)
    assert p.sent(e) == []
    is_(s.call("POST", "/recover", {"email": e}, headers=there), 200)
    assert len(p.sent(e)) == 1
    code = re.search(r"\b\d{6}\b", body(p.sent(e)[0], "plain")).group()
    is_(s.call("POST", "/verify", {"type": "recovery", "email": e, "token": code}), 403, "otp_expired")
    assert is_(s.call("POST", "/verify", {"type": "recovery", "email": e, "token": code}, headers=there), 200).json["user"]["email"] == e
    for h in (None, {"X-JWT-AUD": "third"}):
        a = s.call("POST", "/signup", {"email": e, "password": PW}, headers=h)
        assert a.status in (200, 422) and "access_token" not in a.json, a.short()
    is_(s.call("POST", "/admin/users", {"email": e}, s.admin_token()), 422, "email_exists")
    assert e not in s.call("GET", "/admin/users?per_page=1000", token=s.admin_token()).raw.decode()
    assert e in s.call("GET", "/admin/users?per_page=1000", token=s.admin_token(), headers=there).raw.decode()


def one_engine(t, name, **more):
    with place({**CONFIRM, **LINKING, "COUNTERSIGN_AUDIENCES": "elsewhere"}, **more) as p:
        for step in (by_links, by_pkce, again, taken_meanwhile, by_admin_links, phones, unlinked_mail, refreshed, audiences):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "changes", one_engine, (at_once_applied, ))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
