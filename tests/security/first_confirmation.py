#!/usr/bin/env python3
"""The first confirmation of an address keeps only what its own request brought (docs/protocol/security.md S12), by every way to confirm: links,
codes, hashes, PKCE, recovery, invitations, links of admins, phones, changes, anonymous accounts, admins by hand; sign-ups one after the other.
On SQLite, and on PostgreSQL with three nodes. first_confirmation.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import re, sys, time, urllib.parse, uuid
from rig import CONFIRM, PW, Tally, User, addr, claims_of, is_, made, on_both_engines, person, phone, place, texts_to
from settings import body, link_in

OTHERS, OWN = "what somebody else chose", "what the owner chose"
DATA = {"by": "somebody else"}
PKCE = {"code_challenge": "v" * 43, "code_challenge_method": "plain"}
KEYS = {"GOTRUE_EXTERNAL_PHONE_ENABLED": "true", "GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED": "true"}


def fragment(a):
    assert a.status == 303, a.short()
    u = urllib.parse.urlsplit(a.headers["location"])
    return {k: v[0] for part in (u.query, u.fragment) for k, v in urllib.parse.parse_qs(part).items()}


def click(p, message, n=-1):
    return fragment(p.servers[n].call("GET", "/verify?" + urllib.parse.urlsplit(link_in(message)).query))


def code_in(message):
    return re.search(r"\b\d{6}\b", body(message, "plain")).group()


def signs_in(p, who, password):
    a = p.s.call("POST", "/token?grant_type=password", {**who, "password": password})
    return a.status == 200


def see(p, ident):
    return is_(p.s.call("GET", "/admin/users/" + ident, token=p.s.admin_token()), 200).json


def count(p, ident):
    """What hangs on the account, by table."""
    tables = {"sessions": "@sessions", "factors": "@mfa_factors", "codes": "@@recovery_sets", "flows": "@flow_state", "tokens": "@one_time_tokens", "identities": "@identities"}
    return {name: int(p.sql("select count(*) from %s where %s" % (table, p.id_is("user_id", ident)))[0][0]) for name, table in tables.items()}


def furnished(p, **who):
    """An account with somebody else's password, metadata, session, factor, recovery codes, pending changes, flow and codes, which nobody has confirmed: such as an older server, another server on the
    database, or a change of settings leaves behind."""
    who = who or {"email": addr()}
    a = is_(p.s.call("POST", "/signup", {**who, "password": OTHERS, "data": DATA}), 200).json
    proof = {"type": "email", "email": who["email"], "token": code_in(p.sent(who["email"])[-1])} if "email" in who else {"type": "sms", "phone": who["phone"], "token": texts_to(p, who["phone"])[-1]}
    u = User(p.s, is_(p.s.call("POST", "/verify", proof), 200).json, who.get("email"), OTHERS)
    assert u.id == a["id"]
    factor = is_(u.enroll(), 200).json["id"]
    for change in ({"email": addr(), **PKCE}, {"phone": phone()}):
        is_(p.s.call("PUT", "/user", change, u.token), 200)
    other = str(uuid.uuid4())
    ident = lambda i: "'%s'" % i if p.s.dsn else "x'%s'" % uuid.UUID(i).hex
    now = "now()" if p.s.dsn else str(time.time_ns() // 1000)
    p.sql("update @mfa_factors set status = 'verified' where " + p.id_is("id", factor))
    p.sql("insert into @@recovery_sets (user_id, id, friendly_name, created_at, updated_at) values (%s, %s, 'codes', %s, %s)" % (ident(u.id), ident(other), now, now))
    p.sql("update @users set email_confirmed_at = null, phone_confirmed_at = null where " + p.id_is("id", u.id))
    full = count(p, u.id)
    assert all(full.values()), full
    return u


def only_the_owner(p, u, who, got, metadata=None):
    """The session of the proof is all that there is; nothing of somebody else is left."""
    is_(p.s.call("GET", "/user", token=u.token), 403, "session_not_found")
    a = u.refreshed()
    assert a.status == 400, a.short()
    assert not signs_in(p, who, OTHERS), "the password of somebody else"
    mine = is_(p.s.call("GET", "/user", token=got), 200).json
    assert mine["id"] == u.id and "by" not in mine["user_metadata"] and not mine.get("factors") and "new_email" not in mine and "new_phone" not in mine, mine
    assert not [i for i in mine["identities"] if "by" in i["identity_data"]] and len(mine["identities"]) == 1, mine["identities"]
    for key, value in (metadata or {}).items():
        assert mine["user_metadata"].get(key) == value, mine["user_metadata"]
    assert claims_of(got)["aal"] == "aal1" and "by" not in claims_of(got)["user_metadata"]
    assert count(p, u.id) == {"sessions": 1, "factors": 0, "codes": 0, "flows": 0, "tokens": 0, "identities": 1}, count(p, u.id)


# --- ways for the owner to show that the mailbox is theirs: each gives an access token -------------------------------
def ask(p, path, **more):
    return is_(p.s.call("POST", path, more), 200)


def by_otp_code(p, e, kind="email"):
    ask(p, "/otp", email=e, data={"own": 1})
    return is_(p.servers[-1].call("POST", "/verify", {"type": kind, "email": e, "token": code_in(p.sent(e)[-1])}), 200).json["access_token"]


def by_otp_link(p, e):
    ask(p, "/magiclink", email=e, data={"own": 1})
    return click(p, p.sent(e)[-1])["access_token"]


def by_recovery_link(p, e):
    ask(p, "/recover", email=e)
    return click(p, p.sent(e)[-1])["access_token"]


def by_recovery_code(p, e):
    ask(p, "/recover", email=e)
    return is_(p.s.call("POST", "/verify", {"type": "recovery", "email": e, "token": code_in(p.sent(e)[-1])}), 200).json["access_token"]


def by_pkce(p, e, path="/recover"):
    ask(p, path, email=e, **PKCE)
    code = click(p, p.sent(e)[-1])["code"]
    return is_(p.s.call("POST", "/token?grant_type=pkce", {"auth_code": code, "code_verifier": "v" * 43}), 200).json["access_token"]


def by_pkce_otp(p, e):
    return by_pkce(p, e, "/otp")


def by_invitation(p, e):
    is_(p.s.call("POST", "/invite", {"email": e, "data": {"own": 1}}, p.s.admin_token()), 200)
    return click(p, p.sent(e)[-1])["access_token"]


def by_admin_link(p, e, kind, **more):
    a = is_(p.s.call("POST", "/admin/generate_link", {"type": kind, "email": e, **more}, p.s.admin_token()), 200).json
    return is_(p.s.call("POST", "/verify", {"type": a["verification_type"], "token_hash": a["hashed_token"]}), 200).json["access_token"]


def by_sign_up(p, e):
    ask(p, "/signup", email=e, password=OWN, data={"own": 1})
    return click(p, p.sent(e)[-1])["access_token"]


OWN_DATA = {"own": 1}
WAYS = [
    (by_otp_code, OWN_DATA, None), (lambda p, e: by_otp_code(p, e, "signup"), OWN_DATA, None), (by_otp_link, OWN_DATA, None), (by_recovery_link, None, None), (by_recovery_code, None, None),
    (by_pkce, None, None), (by_pkce_otp, None, None), (by_invitation, OWN_DATA, None), (lambda p, e: by_admin_link(p, e, "magiclink"), None, None),
    (lambda p, e: by_admin_link(p, e, "recovery"), None, None), (lambda p, e: by_admin_link(p, e, "invite", data={"own": 1}), OWN_DATA, None),
    (lambda p, e: by_admin_link(p, e, "signup", password=OWN, data={"own": 1}), OWN_DATA, OWN), (by_sign_up, OWN_DATA, OWN),
]


def every_way(p):
    """By magic link, code, recovery, PKCE, invitation, links of an admin and a sign-up of one's own: what somebody else put on the account is gone; what the request itself brought stays."""
    for way, metadata, password in WAYS:
        u = furnished(p)
        got = way(p, u.email)
        only_the_owner(p, u, {"email": u.email}, got, metadata)
        assert see(p, u.id)["email_confirmed_at"] and see(p, u.id)["user_metadata"].get("email_verified") is True
        assert not password or signs_in(p, {"email": u.email}, password)


def plain_sign_up(p):
    """The same of the account that a sign-up alone has left: without a confirmation there is nothing but a password and metadata, and they go."""
    for way, metadata, password in WAYS:
        e = addr()
        a = is_(p.s.call("POST", "/signup", {"email": e, "password": OTHERS, "data": DATA}), 200).json
        got = way(p, e)
        mine = is_(p.s.call("GET", "/user", token=got), 200).json
        assert mine["id"] == a["id"] and "by" not in mine["user_metadata"] and "by" not in mine["identities"][0]["identity_data"] and "by" not in claims_of(got)["user_metadata"], mine
        assert not signs_in(p, {"email": e}, OTHERS) and (not password or signs_in(p, {"email": e}, password))
        assert all(mine["user_metadata"].get(k) == v for k, v in (metadata or {}).items()), mine["user_metadata"]


def phones(p):
    """A phone's first confirmation, by a code that its owner asked for: the same."""
    for path, more, password in (("/otp", {}, None), ("/signup", {"password": OWN}, OWN)):
        number = phone()
        u = furnished(p, phone=number)
        is_(p.s.call("POST", path, {"phone": number, "data": {"own": 1}, **more}), 200)
        got = is_(p.servers[-1].call("POST", "/verify", {"type": "sms", "phone": number, "token": texts_to(p, number)[-1]}), 200).json["access_token"]
        only_the_owner(p, u, {"phone": number}, got, OWN_DATA)
        assert not password or signs_in(p, {"phone": number}, password)


def changes(p):
    """An unconfirmed account whose holder asks for a change: who confirms the new address or number gets the account without what was there, the old address included."""
    for field in ("email", "phone"):
        u, new = furnished(p), addr() if field == "email" else phone()
        old = u.email
        p.sql("delete from @mfa_factors where " + p.id_is("user_id", u.id))
        is_(p.s.call("PUT", "/user", {field: new}, u.token), 200)
        if field == "email":
            click(p, p.sent(old)[-1])
            got = click(p, p.sent(new)[-1])["access_token"]
        else:
            got = is_(p.s.call("POST", "/verify", {"type": "phone_change", "phone": new, "token": texts_to(p, new)[-1]}), 200).json["access_token"]
        only_the_owner(p, u, {field: new}, got)
        now = see(p, u.id)
        assert now[field] == new and now["phone" if field == "email" else "email"] == "", now
        assert is_(p.s.call("POST", "/signup", {"email": old, "password": OWN}), 200).json["id"] != u.id


def own_mail(p):
    """The link, code and hash of a sign-up's own mail or SMS, and of its resend, keep its password and metadata."""
    for again in (False, True):
        for form in ("link", "code", "hash"):
            e = addr()
            ask(p, "/signup", email=e, password=OWN, data={"own": 1})
            if again:
                ask(p, "/resend", type="signup", email=e)
            mail = p.sent(e)[-1]
            if form == "link":
                got = click(p, mail)["access_token"]
            else:
                token = urllib.parse.parse_qs(urllib.parse.urlsplit(link_in(mail)).query)["token"][0]
                proof = {"email": e, "token": code_in(mail)} if form == "code" else {"token_hash": token}
                got = is_(p.s.call("POST", "/verify", {"type": "signup", **proof}), 200).json["access_token"]
            mine = is_(p.s.call("GET", "/user", token=got), 200).json
            assert mine["user_metadata"]["own"] == 1 and mine["identities"][0]["identity_data"]["own"] == 1 and signs_in(p, {"email": e}, OWN), mine
        number = phone()
        ask(p, "/signup", phone=number, password=OWN, data={"own": 1})
        if again:
            ask(p, "/resend", type="sms", phone=number)
        got = is_(p.s.call("POST", "/verify", {"type": "sms", "phone": number, "token": texts_to(p, number)[-1]}), 200).json
        assert got["user"]["user_metadata"]["own"] == 1 and signs_in(p, {"phone": number}, OWN)


def newest_counts(p):
    """Of several sign-ups for an address the newest counts, with its own password and data; the links and codes of the older ones are dead, in whatever order they are used."""
    for newest, older in ((OWN, OTHERS), (OTHERS, OWN)):
        e = addr()
        first = is_(p.s.call("POST", "/signup", {"email": e, "password": older, "data": {"n": 1, "old": 1}}), 200).json
        second = is_(p.servers[-1].call("POST", "/signup", {"email": e, "password": newest, "data": {"n": 2}}), 200).json
        assert first["id"] == second["id"] and second["user_metadata"]["n"] == 2 and "old" not in second["user_metadata"], second
        mails = p.sent(e)
        assert len(mails) == 2
        assert click(p, mails[0]).get("error_code") == "otp_expired"
        is_(p.s.call("POST", "/verify", {"type": "signup", "email": e, "token": code_in(mails[0])}), 403, "otp_expired")
        assert "email_confirmed_at" not in see(p, first["id"])
        got = click(p, mails[1])["access_token"]
        assert signs_in(p, {"email": e}, newest) and not signs_in(p, {"email": e}, older)
        metadata = claims_of(got)["user_metadata"]
        assert metadata["n"] == 2 and "old" not in metadata, metadata


def admins(p):
    """An admin who confirms by hand vouches for what is there; a password that an admin gives replaces the one that is there, and its sessions end."""
    t = p.s.admin_token()
    u = furnished(p)
    is_(p.s.call("PUT", "/admin/users/" + u.id, {"email_confirm": True}, t), 200)
    is_(p.s.call("GET", "/user", token=u.token), 200)
    assert signs_in(p, {"email": u.email}, OTHERS) and see(p, u.id)["user_metadata"]["by"] == DATA["by"] and count(p, u.id)["factors"] == 1
    ask(p, "/recover", email=u.email)       # confirmed: what follows is no first confirmation
    assert click(p, p.sent(u.email)[-1])["access_token"] and see(p, u.id)["user_metadata"]["by"] == DATA["by"]
    for confirm in (True, False):
        u = furnished(p)
        is_(p.s.call("PUT", "/admin/users/" + u.id, {"password": OWN, **({"email_confirm": True} if confirm else {})}, t), 200)
        is_(p.s.call("GET", "/user", token=u.token), 403, "session_not_found")
        assert u.refreshed().status == 400
        if not confirm:
            ask(p, "/otp", email=u.email)
            click(p, p.sent(u.email)[-1])
        assert signs_in(p, {"email": u.email}, OWN) and not signs_in(p, {"email": u.email}, OTHERS)


def admin_made(p):
    """What an admin put on an account, or an invitation, outlasts its first confirmation, and sign-ups of others change nothing of it."""
    t = p.s.admin_token()
    for way in (by_otp_code, by_recovery_link, by_invitation, lambda p, e: by_admin_link(p, e, "magiclink"), lambda p, e: by_sign_up(p, e)):
        for meddled in (False, True):
            e = addr()
            a = is_(p.s.call("POST", "/admin/users", {"email": e, "password": PW, "user_metadata": {"staff": 1}, "app_metadata": {"plan": "pro"}}, t), 200).json
            if meddled:
                ask(p, "/signup", email=e, password=OTHERS, data=DATA)
            got = way(p, e)
            mine = is_(p.s.call("GET", "/user", token=got), 200).json
            assert mine["id"] == a["id"] and mine["user_metadata"]["staff"] == 1 and "by" not in mine["user_metadata"] and mine["app_metadata"]["plan"] == "pro", mine
            assert signs_in(p, {"email": e}, PW) and not signs_in(p, {"email": e}, OTHERS)
    e = addr()
    is_(p.s.call("POST", "/invite", {"email": e, "data": {"team": 1}}, t), 200)
    ask(p, "/signup", email=e, password=OTHERS, data=DATA)
    got = by_recovery_link(p, e)
    assert claims_of(got)["user_metadata"]["team"] == 1 and "by" not in claims_of(got)["user_metadata"] and not signs_in(p, {"email": e}, OTHERS)
    e = addr()                              # who was invited and signs up instead has the password of that
    is_(p.s.call("POST", "/invite", {"email": e}, t), 200)
    by_sign_up(p, e)
    assert signs_in(p, {"email": e}, OWN)


def anonymous(p):
    """An anonymous account that gets an address or a number keeps its own session, its metadata, and the password of that request; no other session."""
    for field in ("email", "phone"):
        new = addr() if field == "email" else phone()
        a = is_(p.s.call("POST", "/signup", {"data": {"own": 1}}), 200).json
        u = User(p.s, a, None, OWN)
        ident = lambda i: "'%s'" % i if p.s.dsn else "x'%s'" % uuid.UUID(i).hex
        now = "now()" if p.s.dsn else str(time.time_ns() // 1000)
        other = str(uuid.uuid4())
        is_(p.s.call("PUT", "/user", {field: new, "password": OWN}, u.token), 200)
        p.sql("insert into @sessions (id, user_id, created_at, updated_at, aal) values (%s, %s, %s, %s, 'aal1')" % (ident(other), ident(u.id), now, now))
        proof = {"type": "email_change", "email": new, "token": code_in(p.sent(new)[-1])} if field == "email" else {"type": "phone_change", "phone": new, "token": texts_to(p, new)[-1]}
        v = is_(p.servers[-1].call("POST", "/verify", proof), 200).json
        assert v["user"]["id"] == u.id and v["user"][field] == new and v["user"]["user_metadata"]["own"] == 1, v["user"]
        is_(p.s.call("GET", "/user", token=u.token), 200)
        assert count(p, u.id)["sessions"] == 2 and int(p.sql("select count(*) from @sessions where " + p.id_is("id", other))[0][0]) == 0
        assert signs_in(p, {field: new}, OWN)


def afterwards(p):
    """A second address confirmed later, and a recovery of a confirmed account, take nothing away."""
    u = person(p, user_metadata={"own": 1})
    number = phone()
    is_(p.s.call("PUT", "/user", {"phone": number}, u.token), 200)
    is_(p.s.call("POST", "/verify", {"type": "phone_change", "phone": number, "token": texts_to(p, number)[-1]}), 200)
    by_recovery_link(p, u.email)
    is_(p.s.call("GET", "/user", token=u.token), 200)
    assert signs_in(p, {"email": u.email}, PW) and signs_in(p, {"phone": number}, PW) and see(p, u.id)["user_metadata"]["own"] == 1


def paused(t):
    """A sign-up whose mail is held back by the pause between mails changes nothing: the mail that went out has the password it was sent for."""
    with place({**CONFIRM, **KEYS, "GOTRUE_SMTP_MAX_FREQUENCY": "60s"}) as p:
        e = addr()
        a = is_(p.s.call("POST", "/signup", {"email": e, "password": OWN, "data": {"own": 1}}), 200).json
        p.s.call("POST", "/signup", {"email": e, "password": OTHERS, "data": DATA})
        p.s.call("POST", "/otp", {"email": e, "data": DATA})
        assert len(p.sent(e)) == 1
        got = click(p, p.sent(e)[0])["access_token"]
        assert signs_in(p, {"email": e}, OWN) and not signs_in(p, {"email": e}, OTHERS) and claims_of(got)["user_metadata"]["own"] == 1 and see(p, a["id"])["user_metadata"].get("by") is None


def at_once(t):
    """Where addresses are confirmed at once: an account from before that nobody has confirmed gives no session to a sign-up; its mail does, with its own password alone."""
    with place({**KEYS, "GOTRUE_SMTP_MAX_FREQUENCY": "1ms", "GOTRUE_SMS_MAX_FREQUENCY": "1ms"}) as p:
        a = is_(p.s.call("POST", "/signup", {"email": addr(), "password": OTHERS, "data": DATA}), 200).json
        u = User(p.s, a, a["user"]["email"], OTHERS)
        p.sql("update @users set email_confirmed_at = null where " + p.id_is("id", u.id))
        b = is_(p.s.call("POST", "/signup", {"email": u.email, "password": OWN}), 200).json
        assert "access_token" not in b, b
        got = click(p, p.sent(u.email)[-1])["access_token"]
        is_(p.s.call("GET", "/user", token=u.token), 403, "session_not_found")
        assert signs_in(p, {"email": u.email}, OWN) and not signs_in(p, {"email": u.email}, OTHERS) and "by" not in claims_of(got)["user_metadata"]
        made(p.s, "x" + u.email, email_confirm=False)
        is_(p.s.call("POST", "/signup", {"email": "x" + u.email, "password": OWN}), 422, "user_already_exists")
        number = phone()                    # an anonymous account that gets its number at once: its own session, no other
        a = is_(p.s.call("POST", "/signup", {}), 200).json
        is_(p.s.call("PUT", "/user", {"phone": number, "password": OWN}, a["access_token"]), 200)
        is_(p.s.call("GET", "/user", token=a["access_token"]), 200)
        assert signs_in(p, {"phone": number}, OWN)


def one_engine(t, name, **more):
    with place({**CONFIRM, **KEYS}, **more) as p:
        for step in (every_way, plain_sign_up, phones, changes, own_mail, newest_counts, admins, admin_made, anonymous, afterwards):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "first_confirmation", one_engine, (paused, at_once))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
