#!/usr/bin/env python3
"""Links (docs/protocol/security.md S1): what a mail's link carries is a secret of its own, which neither the code of the same mail nor what stands
in the user's row gives away; no code is good as a link, those of SMS least of all; links of an official server on the same database lead
in, within a bound. On SQLite, and on PostgreSQL with three nodes. links.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import hashlib, os, re, sys, urllib.parse, uuid
from rig import CONFIRM, PW, Tally, addr, is_, made, on_both_engines, person, place
from codes import CODE_DEAD, KINDS, LINK_DEAD, MAILED, MINUTES, TYPES, Sent, email_change, last, recovery, signup, sms
from wire import b64

TYPES_OF_LINKS = [t for t in TYPES if t not in ("sms", "phone_change")]


def official(to, code):
    """The form in which an official server keeps a code, and mails a link."""
    return hashlib.sha224((to + code).encode()).hexdigest()


def never(p, token):
    """No way in by that, as a link of any type, posted or followed."""
    for t in TYPES:
        for form in (token, "pkce_" + token):
            a = p.s.call("POST", "/verify", {"type": t, "token_hash": form})
            assert a.status in (400, 403) and "access_token" not in (a.json or {}), (t, a.short())
            a = p.s.call("GET", "/verify?type=%s&token=%s" % (t, form))
            assert "error" in a.headers.get("location", "error") and "code=" not in a.headers.get("location", "").replace("error_code=", ""), (t, a.short())


def no_code_is_a_link(p):
    """Of each kind of mail and SMS: neither address and code, hashed, nor the user's column lead in; tried as links they are not used up."""
    for kind in KINDS:
        m = kind(p)
        never(p, official(m.to, m.code))
        columns = p.sql("select confirmation_token, recovery_token, email_change_token_new, phone_change_token from @users where " + p.id_is("id", m.user))[0]
        for column in filter(None, columns):
            never(p, column)
        is_(m.by_code(), 200)
    m = recovery(p)
    never(p, official(m.to, m.code))
    is_(m.by_hash(), 200)


def links_are_random(p):
    """At least 128 bits, another one each time, in mails and in what an admin generates; codes stay as they were."""
    seen = set()
    for kind in MAILED:
        for _ in range(2):
            m = kind(p)
            assert re.fullmatch("[0-9a-f]{32,}", m.hash) and m.hash not in seen and m.hash != official(m.to, m.code), m.hash
            seen.add(m.hash)
    s, t = p.s, p.s.admin_token()
    u = made(s)
    for kind, more in (("magiclink", {}), ("recovery", {}), ("email_change_new", {"new_email": addr()}), ("email_change_current", {"new_email": addr()}), ("signup", {"email": addr(), "password": PW}),
                       ("invite", {"email": addr()})):
        a = is_(s.call("POST", "/admin/generate_link", {"type": kind, "email": u["email"], **more}, t), 200).json
        to = more["new_email"] if kind == "email_change_new" else more.get("email", u["email"])
        assert re.fullmatch("[0-9a-f]{32,}", a["hashed_token"]) and a["hashed_token"] not in seen and "token=" + a["hashed_token"] + "&" in a["action_link"], a
        never(p, official(to, a["email_otp"]))
        assert a["hashed_token"] != official(to, a["email_otp"]), a
        is_(s.call("POST", "/verify", {"type": "email_change" if "change" in kind else kind, "token_hash": a["hashed_token"]}), 200)


def at_rest(p):
    """Where codes and links stand: on PostgreSQL as the official server looks them up, links of changes by a hash of our own; in SQLite both by hashes."""
    for kind in KINDS:
        m = kind(p)
        row = p.sql("select t.token_hash, u.%s from @one_time_tokens t join @users u on u.id = t.user_id where %s" % (
            {"confirmation_sent_at": "confirmation_token", "recovery_sent_at": "recovery_token", "email_change_sent_at": "email_change_token_new", "phone_change_sent_at": "phone_change_token"}[m.column],
            p.id_is("u.id", m.user)))
        (link, code), = row
        if p.s.dsn:
            assert code == official(m.to, m.code), (kind.__name__, code)
            assert (link == code) == (kind is email_change) and (not m.hash or kind is email_change or link == m.hash), (kind.__name__, link)
        else:
            assert official(m.to, m.code) not in (link, code) and m.hash not in (link, code), kind.__name__
        kept = p.sql("select link_hash from @@change_links l join @one_time_tokens t on t.id = l.token_id where " + p.id_is("t.user_id", m.user))
        assert [list(r) for r in kept] == ([[hashlib.sha256(m.hash.encode()).hexdigest()]] if kind is email_change else []), (kind.__name__, kept)
        is_(m.by_hash() if m.hash else m.by_code(), 200)
        assert int(p.sql("select count(*) from @one_time_tokens where " + p.id_is("user_id", m.user))[0][0]) == 0


def pkce_links(p):
    """Links of PKCE flows begin with pkce_ and lead to a code for the exchange, which is as random; so do those of changes."""
    s, verifier = p.s, b64(os.urandom(40))
    challenge = {"code_challenge": b64(hashlib.sha256(verifier.encode()).digest()), "code_challenge_method": "s256"}
    for kind, ask in (("recovery", lambda u: s.call("POST", "/recover", {"email": u.email, **challenge})), ("email_change", lambda u: s.call("PUT", "/user", {"email": addr(), **challenge}, u.token))):
        u = person(p)
        is_(ask(u), 200)
        m = Sent(p, kind, u.id, u.email, "", 600, last(p, u.email))
        assert re.fullmatch("pkce_[0-9a-f]{32,}", m.hash), m.hash
        never(p, official(u.email, m.code))
        where = m.by_link().headers["location"]
        if kind == "email_change":          # the second of two
            other = is_(s.call("GET", "/user", token=u.token), 200).json["new_email"]
            where = Sent(p, kind, u.id, other, "", 600, last(p, other)).by_link().headers["location"]
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query)["code"][0]
        assert re.fullmatch("[0-9a-f]{32,}", code), code
        is_(s.call("POST", "/token?grant_type=pkce", {"auth_code": code, "code_verifier": verifier}), 200)


def sms_life(p):
    """A code of an SMS lives as long as SMS do, confirms the number alone, and never a mail's address of the same account."""
    m = sms(p)
    e = addr()
    m.age(m.life + 1)
    is_(m.by_code(), *CODE_DEAD)
    never(p, official(m.to, m.code))
    m.age(-30)
    name, host = e.split("@")           # an address that waits for its own proof; the sql() of the test reads an @ as a table's
    p.sql("update @users set email = '%s' || %s(64) || '%s' where %s" % (name, "chr" if p.s.dsn else "char", host, p.id_is("id", m.user)))
    for t in TYPES_OF_LINKS:
        assert p.s.call("POST", "/verify", {"type": t, "email": e, "token": m.code}).status == 403
    u = is_(m.by_code(), 200).json["user"]
    assert u["phone_confirmed_at"] and not u.get("email_confirmed_at"), u


def of_the_official_server(p):
    """PostgreSQL: a code and a link that the official server made lead in, its SMS as codes alone; unknown links in its form are bounded, all together, and ours go on."""
    def plant(to, code, kind, column, sent, user):
        form = official(to, code)
        p.s.sql("update auth.users set %s = '%s', %s = now() where id = '%s'" % (column, form, sent, user))
        p.s.sql("delete from auth.one_time_tokens where user_id = '%s' and token_type = '%s'" % (user, kind))
        p.s.sql("insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to) values ('%s', '%s', '%s', '%s', '%s')" % (uuid.uuid4(), user, kind, form, to))
        return form
    link = lambda kind, token: p.s.call("POST", "/verify", {"type": kind, "token_hash": token})
    u = made(p.s)
    theirs = lambda: plant(u["email"], "123456", "recovery_token", "recovery_token", "recovery_sent_at", u["id"])
    is_(link("recovery", theirs()), 200)
    theirs()
    is_(p.s.call("POST", "/verify", {"type": "recovery", "email": u["email"], "token": "123456"}), 200)
    m = email_change(p)
    never_ours = official(m.to, m.code)
    assert link("email_change", never_ours).status == 403
    p.sql("delete from countersign.change_links")                                          # as if the other server had made that change
    is_(link("email_change", never_ours), 200)
    m = sms(p)
    plant(m.to, "123456", "confirmation_token", "confirmation_token", "confirmation_sent_at", m.user)
    assert link("signup", official(m.to, "123456")).status == 403
    is_(m.by_code(code="123456"), 200)
    p.sql("delete from countersign.code_guards")
    form, ours = theirs(), signup(p)
    for n in range(5):
        assert link("recovery", official(u["email"], "%06d" % n)).status == 403
        assert p.s.call("GET", "/verify?type=signup&token=nothing").status == 303
    is_(link("recovery", form), *LINK_DEAD)
    is_(ours.by_hash(), 200)
    p.sql("update countersign.code_guards set busy_until = busy_until - interval '5 hours'")
    is_(link("recovery", form), 200)


STEPS = (no_code_is_a_link, links_are_random, at_rest, pkce_links, sms_life)


def one_engine(t, name, **more):
    with place({**CONFIRM, **MINUTES, "COUNTERSIGN_OFFICIAL_LINK_GUESSES": "100000"}, **more) as p:
        for step in STEPS:
            t.step("%s: %s" % (name, step.__doc__), step, p)
    if more:
        with place({**CONFIRM, **MINUTES, "COUNTERSIGN_OFFICIAL_LINK_GUESSES": "5"}, **more) as p:
            t.step("%s: %s" % (name, of_the_official_server.__doc__), of_the_official_server, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "links", one_engine, ())
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
