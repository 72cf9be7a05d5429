#!/usr/bin/env python3
"""A change that waits, or a sign-up that nobody has confirmed, keeps the owner of an address or a number from nothing; X-JWT-AUD of strangers counts
for configured audiences alone (docs/protocol/security.md S13). On SQLite, and on PostgreSQL with three nodes.
waiting.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import sys, urllib.parse
from rig import CONFIRM, PW, Tally, addr, at_once, claims_of, is_, made, on_both_engines, person, phone, place, texts_to
from first_confirmation import KEYS, OTHERS, OWN, click, code_in, fragment, see, signs_in
from settings import link_in

TEST = phone(), "424242"
MORE = {"COUNTERSIGN_AUDIENCES": "shop, desk", "GOTRUE_SMS_TEST_OTP": "%s:%s" % TEST}
ELSEWHERE = {"X-JWT-AUD": "a stranger's own"}


def address_of(kind):
    return addr() if kind == "email" else phone()


def wait_for(p, who, kind, new, n=0):
    """The user asks for the change; the proof that arrives at the new address, after the old one has agreed."""
    is_(p.servers[n].call("PUT", "/user", {kind: new}, who.token), 200)
    if kind == "phone":
        return {"type": "phone_change", "phone": new, "token": texts_to(p, new)[-1]}
    if who.email:
        click(p, p.sent(who.email)[-1])
    return {"type": "email_change", "email": new, "token": code_in(p.sent(new)[-1])}


def confirm(p, proof, n=0):
    return p.servers[n].call("POST", "/verify", proof)


def owner_comes_later(p):
    """While another account waits for an address or a number, its owner signs up, is invited, asks for a code, changes to it, and is confirmed; the one that waits is told that it is taken."""
    for kind in ("email", "phone"):
        def by_sign_up(new):
            is_(p.s.call("POST", "/signup", {kind: new, "password": OWN}), 200)
            return p.s.call("POST", "/verify", {"type": "signup" if kind == "email" else "sms", kind: new, "token": code_in(p.sent(new)[-1]) if kind == "email" else texts_to(p, new)[-1]})

        def by_otp(new):
            is_(p.s.call("POST", "/otp", {kind: new}), 200)
            return p.s.call("POST", "/verify", {"type": "email" if kind == "email" else "sms", kind: new, "token": code_in(p.sent(new)[-1]) if kind == "email" else texts_to(p, new)[-1]})

        def by_invitation(new):
            is_(p.s.call("POST", "/invite", {"email": new}, p.s.admin_token()), 200)
            return p.s.call("POST", "/verify", {"type": "invite", "email": new, "token": code_in(p.sent(new)[-1])})

        def by_admin(new):
            return p.s.call("POST", "/admin/users", {kind: new, kind + "_confirm": True, "password": OWN}, p.s.admin_token())

        def by_change(new):
            return confirm(p, wait_for(p, person(p), kind, new), -1)
        for way in (by_sign_up, by_otp, by_admin, by_change) + ((by_invitation, ) if kind == "email" else ()):
            new, waits = address_of(kind), person(p)
            proof = wait_for(p, waits, kind, new)
            owner = is_(way(new), 200).json
            owner = owner.get("user", owner)
            assert owner[kind] == new and owner["id"] != waits.id, owner
            a = confirm(p, proof)
            assert a.status in (403, 422) and a.code in ("otp_expired", kind + "_exists"), a.short()
            link = fragment(p.s.call("GET", "/verify?" + urllib.parse.urlsplit(link_in(p.sent(waits.email)[-1])).query)) if kind == "email" else {}
            assert "access_token" not in link, link
            assert see(p, waits.id)[kind] == (waits.email if kind == "email" else "") and see(p, owner["id"])[kind] == new
            is_(p.s.call("PUT", "/user", {kind: new}, waits.token), 422, kind + "_exists")


def two_wait(p):
    """Two accounts wait for one address or number: either may confirm first, with its own code, and has it; the other is told that it is taken and keeps what it had."""
    for kind in ("email", "phone"):
        for first in (0, 1):
            new, users = address_of(kind), [person(p), person(p)]
            proofs = [wait_for(p, u, kind, new, -n) for n, u in enumerate(users)]
            got = is_(confirm(p, proofs[first], -1), 200).json
            assert got["user"]["id"] == users[first].id and got["user"][kind] == new, got["user"]
            is_(confirm(p, proofs[1 - first]), 422, kind + "_exists", "A user with this %s has already been registered" % {"email": "email address", "phone": "phone number"}[kind])
            assert see(p, users[1 - first].id)[kind] == (users[1 - first].email if kind == "email" else "")
        new, users = address_of(kind), [person(p), person(p)]
        proofs = [wait_for(p, u, kind, new, -n) for n, u in enumerate(users)]
        both = at_once(2, lambda n: confirm(p, proofs[n], -n))
        assert sorted(a.status for a in both) == [200, 422], [a.short() for a in both]
        assert sorted(see(p, u.id)[kind] == new for u in users) == [False, True]


def fixed_codes(p):
    """A number whose code is fixed, so that it tells nobody apart: of two who wait the one who asked last has it."""
    first, last = person(p), person(p)
    for n, u in enumerate((first, last)):
        is_(p.servers[-n].call("PUT", "/user", {"phone": TEST[0]}, u.token), 200)
    got = is_(confirm(p, {"type": "phone_change", "phone": TEST[0], "token": TEST[1]}), 200).json["user"]
    assert got["id"] == last.id and got["phone"] == TEST[0] and see(p, first.id)["phone"] == "", got


def sign_ups_hold_nothing(p):
    """A sign-up that nobody has confirmed does not keep the owner's change, invitation or admin out; it ends with the owner's confirmation, and nothing leads into it."""
    t = p.s.admin_token()
    for kind in ("email", "phone"):
        new = address_of(kind)
        squat = is_(p.s.call("POST", "/signup", {kind: new, "password": OTHERS, "data": {"by": "somebody else"}}), 200).json
        code = code_in(p.sent(new)[-1]) if kind == "email" else texts_to(p, new)[-1]
        owner = person(p)
        proof = wait_for(p, owner, kind, new)
        assert see(p, squat["id"])[kind] == new             # a wish alone takes nothing away
        got = is_(confirm(p, proof, -1), 200).json
        assert got["user"]["id"] == owner.id and got["user"][kind] == new and "by" not in got["user"]["user_metadata"], got["user"]
        is_(p.s.call("POST", "/verify", {"type": "signup" if kind == "email" else "sms", kind: new, "token": code}), 403, "otp_expired")
        assert signs_in(p, {kind: new}, PW) and not signs_in(p, {kind: new}, OTHERS)
        gone = see(p, squat["id"])
        assert gone["email"] == "" and gone["phone"] == "" and gone["deleted_at"] and gone["identities"] == [] and gone["user_metadata"] == {}, gone
        new = address_of(kind)                              # an admin makes or changes the account of the owner
        is_(p.s.call("POST", "/signup", {kind: new, "password": OTHERS}), 200)
        mine = is_(p.s.call("POST", "/admin/users", {kind: new, "password": OWN, kind + "_confirm": True}, t), 200).json
        assert signs_in(p, {kind: new}, OWN) and see(p, mine["id"])[kind] == new
        new, owner = address_of(kind), person(p)
        is_(p.s.call("POST", "/signup", {kind: new, "password": OTHERS}), 200)
        is_(p.s.call("PUT", "/admin/users/" + owner.id, {kind: new, kind + "_confirm": True}, t), 200)
        assert signs_in(p, {kind: new}, PW) and not signs_in(p, {kind: new}, OTHERS)


def held(p):
    """What was confirmed, and what an admin gave or invited, is held: changes, sign-ups and invitations of others are told so, as ever."""
    t = p.s.admin_token()
    for kind in ("email", "phone"):
        confirmed, given = address_of(kind), address_of(kind)
        made(p.s, **({"email": confirmed} if kind == "email" else {"phone": confirmed, "phone_confirm": True}))
        is_(p.s.call("POST", "/admin/users", {kind: given}, t), 200)
        u = person(p)
        for taken in (confirmed, given):
            is_(p.s.call("PUT", "/user", {kind: taken}, u.token), 422, kind + "_exists")
            is_(p.s.call("POST", "/admin/users", {kind: taken}, t), 422, kind + "_exists")
            is_(p.s.call("PUT", "/admin/users/" + u.id, {kind: taken}, t), 422, kind + "_exists")
    e = addr()
    is_(p.s.call("POST", "/invite", {"email": e}, t), 200)
    is_(p.s.call("PUT", "/user", {"email": e}, u.token), 422, "email_exists")
    new, waits = addr(), person(p)                          # confirmed while it waited
    proof = wait_for(p, waits, "email", new)
    is_(p.s.call("POST", "/admin/users", {"email": new}, t), 200)
    is_(confirm(p, proof), 422, "email_exists")


def beside_another(p):
    """An account that somebody has by one address, and that names another one without a proof, does not draw the owner of that one in: they get an account of their own."""
    for how in ("signup", "otp", "recover"):
        u, e = person(p, phone=phone(), phone_confirm=True), addr()
        is_(p.s.call("PUT", "/admin/users/" + u.id, {"email": e}, p.s.admin_token()), 200)
        p.sql("update @users set email_confirmed_at = null where " + p.id_is("id", u.id))
        p.sql("delete from @@vouched_users where " + p.id_is("user_id", u.id))
        is_(p.s.call("POST", "/" + how, {"email": e, "password": OWN} if how == "signup" else {"email": e}), 200)
        if how == "recover":
            assert p.sent(e) == []
            continue
        got = click(p, p.sent(e)[-1])["access_token"]
        mine = is_(p.s.call("GET", "/user", token=got), 200).json
        assert mine["id"] != u.id and mine["email"] == e and mine["phone"] == "", mine
        is_(p.s.call("GET", "/user", token=u.token), 200)
        now = see(p, u.id)
        assert now["email"] == "" and now["phone"], now


def audiences(p):
    """X-JWT-AUD of strangers counts for configured audiences alone; elsewhere the header is as none: no second account, no place of one's own, nobody kept out."""
    s = p.s
    for kind in ("email", "phone"):
        new = address_of(kind)
        a = is_(s.call("POST", "/signup", {kind: new, "password": OTHERS}, headers=ELSEWHERE), 200).json
        assert a["aud"] == "authenticated" and see(p, a["id"])["aud"] == "authenticated", a
        b = is_(s.call("POST", "/signup", {kind: new, "password": OWN}), 200).json
        assert a["id"] == b["id"]
    u = person(p)
    for h in (ELSEWHERE, None):
        a = is_(s.call("POST", "/token?grant_type=password", {"email": u.email, "password": PW}, headers=h), 200).json
        assert claims_of(a["access_token"])["aud"] == "authenticated"
    is_(s.call("POST", "/recover", {"email": u.email}, headers=ELSEWHERE), 200)
    assert len(p.sent(u.email)) == 1
    is_(s.call("GET", "/user", token=u.token, headers=ELSEWHERE), 400, "validation_failed")
    for kind in ("email", "phone"):         # a configured one counts, and a claim in one does not keep the owner from the other
        new = address_of(kind)
        a = is_(s.call("POST", "/signup", {kind: new, "password": OTHERS, "data": {"by": "somebody else"}}, headers={"X-JWT-AUD": "shop"}), 200).json
        assert a["aud"] == "shop", a
        b = is_(p.servers[-1].call("POST", "/signup", {kind: new, "password": OWN}), 200).json
        assert b["aud"] == "authenticated" and b["id"] == a["id"], b
        proof = {"type": "signup", "email": new, "token": code_in(p.sent(new)[-1])} if kind == "email" else {"type": "sms", "phone": new, "token": texts_to(p, new)[-1]}
        v = is_(s.call("POST", "/verify", proof), 200).json
        assert v["user"]["aud"] == "authenticated" and "by" not in v["user"]["user_metadata"] and signs_in(p, {kind: new}, OWN) and not signs_in(p, {kind: new}, OTHERS)
        c = s.call("POST", "/signup", {kind: new, "password": OTHERS}, headers={"X-JWT-AUD": "shop"})      # S4: no word of the account that holds it
        assert c.status == 200 and c.json["identities"] == [] and c.json["id"] != b["id"] and "access_token" not in c.json, c.short()
        assert signs_in(p, {kind: new}, OWN) and see(p, b["id"])["aud"] == "authenticated"
    e = addr()
    is_(s.call("POST", "/signup", {"email": e, "password": OTHERS}, headers={"X-JWT-AUD": "desk"}), 200)
    assert is_(s.call("POST", "/invite", {"email": e}, s.admin_token()), 200).json["aud"] == "authenticated"
    v = made(s, aud="back office")          # an admin may choose any; its user's own token counts for it
    assert v["aud"] == "back office"
    assert is_(s.call("GET", "/admin/users", token=s.admin_token(), headers={"X-JWT-AUD": "back office"}), 200).json["users"][0]["id"] == v["id"]
    is_(s.call("POST", "/token?grant_type=password", {"email": v["email"], "password": PW}, headers={"X-JWT-AUD": "back office"}), 400, "invalid_credentials")


def one_engine(t, name, **more):
    with place({**CONFIRM, **KEYS, **MORE}, **more) as p:
        for step in (owner_comes_later, two_wait, fixed_codes, sign_ups_hold_nothing, held, beside_another, audiences):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "waiting", one_engine, ())
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
