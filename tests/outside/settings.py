#!/usr/bin/env python3
"""Settings that no other suite gives: where mailed links lead (ML3), subjects and templates of every kind of mail (ML1, ML2, 7.4) and how long
a template is kept, each notification alone, who is an admin, how long codes of flows live, how fresh a factor must be, digits of phone
codes, the limit of /verify, threads, logs, metrics, cleanup. settings.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import contextlib, html, json, os, re, sys, time, urllib.parse, urllib.request
from hook_rig import PW, Receiver, Tally, User, addr, at_once, default_binary, fresh_code, is_, made, on_both_engines, phone
from checks import mfa_user
from countersign import Countersign, free_port
from notices import Place

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
OFTEN = {"GOTRUE_SMTP_MAX_FREQUENCY": "1ms", "GOTRUE_SMS_MAX_FREQUENCY": "1ms", "GOTRUE_RATE_LIMIT_EMAIL_SENT": "100000", "GOTRUE_RATE_LIMIT_SMS_SENT": "100000"}
CONFIRM = {"GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_SMS_AUTOCONFIRM": "false", **OFTEN}
NOTICES = ("PASSWORD_CHANGED", "EMAIL_CHANGED", "PHONE_CHANGED", "IDENTITY_LINKED", "IDENTITY_UNLINKED", "MFA_FACTOR_ENROLLED", "MFA_FACTOR_UNENROLLED")
SUBJECTS = {
    "CONFIRMATION": "Confirm your email address", "INVITE": "You've been invited", "MAGIC_LINK": "Your sign-in link", "RECOVERY": "Reset your password",
    "EMAIL_CHANGE": "Confirm your new email address", "REAUTHENTICATION": "%s is your verification code", "PASSWORD_CHANGED_NOTIFICATION": "Your password was changed",
    "EMAIL_CHANGED_NOTIFICATION": "Your email address was changed", "PHONE_CHANGED_NOTIFICATION": "Your phone number was changed",
    "IDENTITY_LINKED_NOTIFICATION": "A new sign-in method was linked to your account", "IDENTITY_UNLINKED_NOTIFICATION": "A sign-in method was removed from your account",
    "MFA_FACTOR_ENROLLED_NOTIFICATION": "A new verification method was added to your account", "MFA_FACTOR_UNENROLLED_NOTIFICATION": "A verification method was removed from your account",
}
OURS = ("MFA_FACTOR_REMOVED_BY_ADMIN_NOTIFICATION", "MFA_FACTOR_LOCKED_NOTIFICATION", "MFA_RECOVERY_CODE_USED_NOTIFICATION", "PASSWORD_AT_RISK_NOTIFICATION")


@contextlib.contextmanager
def place(env, **more):
    with contextlib.ExitStack() as stack:
        yield Place(stack, env, **more)


def body(message, kind="html"):
    return message.get_body(preferencelist=(kind,)).get_content()


def link_in(message):
    return re.search(r"\w+://\S+token=\S+", body(message, "plain")).group()


def texts_to(p, number):
    p.sent("nobody")        # nothing waits any more
    codes = []
    for name in sorted(os.listdir(p.mails), key=lambda n: os.stat(os.path.join(p.mails, n)).st_mtime_ns):
        if name.endswith(".sms.json"):
            with open(os.path.join(p.mails, name)) as f:
                sms = json.load(f)
            codes += [sms["code"]] if sms["phone"] == number else []
    return codes


def person(p, **more):
    """A user whose address an admin confirmed, signed in."""
    e = made(p.s, **more)["email"]
    return User(p.s, is_(p.s.sign_in(e, PW), 200).json, e, PW)


# --- where links lead -----------------------------------------------------------------------------------------------
def links_of(p, target=None, headers=None):
    """One of each kind of link: {kind: (link, address of its reader)}."""
    s, there, got = p.s, "?redirect_to=" + urllib.parse.quote(target, "") if target else "", {}
    e = addr()
    is_(s.call("POST", "/signup" + there, {"email": e, "password": PW}, headers=headers), 200)
    got["CONFIRMATION"] = link_in(p.sent(e)[0]), e
    e = addr()
    is_(s.call("POST", "/invite" + there, {"email": e}, s.admin_token(), headers=headers), 200)
    got["INVITE"] = link_in(p.sent(e)[0]), e
    for kind, path in (("RECOVERY", "/recover"), ("MAGIC_LINK", "/otp")):
        e = made(s)["email"]
        is_(s.call("POST", path + there, {"email": e}, headers=headers), 200)
        got[kind] = link_in(p.sent(e)[0]), e
    u, new = person(p), addr()
    is_(s.call("PUT", "/user" + there, {"email": new}, u.token, headers=headers), 200)
    got["EMAIL_CHANGE"] = link_in(p.sent(new)[0]), new
    got["EMAIL_CHANGE to the old address"] = link_in(p.sent(u.email)[-1]), u.email
    return got


TYPES = {"CONFIRMATION": "signup", "INVITE": "invite", "RECOVERY": "recovery", "MAGIC_LINK": "magiclink", "EMAIL_CHANGE": "email_change", "EMAIL_CHANGE to the old address": "email_change"}
# API_EXTERNAL_URL, the path of the setting, where the link then begins
PATHS = [
    ("http://h.example:8000", None, "http://h.example:8000/verify"), ("http://h.example/auth/v1", None, "http://h.example/auth/v1/verify"), ("http://h.example/auth/v1/", None, "http://h.example/auth/v1/verify"), ("http://h.example/auth/v1", "/verify", "http://h.example/verify"),
    ("https://h.example/auth/v1", "/auth/v1/verify", "https://h.example/auth/v1/verify"), ("https://h.example/auth/v1", "in", "https://h.example/auth/in"),
    ("https://h.example/auth/v1/", "in/here", "https://h.example/auth/v1/in/here"), ("https://h.example", "in", "https://h.example/in"),
    ("https://h.example/auth/v1", "https://app.example/in", "https://app.example/in"), ("https://h.example", "myapp://in", "myapp://in"),
]


def link_paths(t):
    """URLPATHS: none, absolute, relative and whole URLs, of each kind; key order; the other kinds stay; recovery's is the magic link's."""
    def one(n):
        base, path, begin = PATHS[n]
        kinds = ("CONFIRMATION", "INVITE", "RECOVERY", "EMAIL_CHANGE")
        others = {k: "/other/%s" % k.lower() for k in kinds}
        for mine in kinds if path and n in (4, 8) else (None,):
            env = {"API_EXTERNAL_URL": base}
            if path:
                env.update({"GOTRUE_MAILER_URLPATHS_" + k: path if mine in (None, k) else others[k] for k in kinds})
            with place({**CONFIRM, **env}) as p:
                for kind, (link, _) in links_of(p).items():
                    setting = "RECOVERY" if kind == "MAGIC_LINK" else kind.split()[0]
                    wanted = begin if mine in (None, setting) else urllib.parse.urljoin(base, others[setting])
                    assert re.fullmatch(re.escape(wanted) + r"\?token=[0-9a-f]{56}&type=%s&redirect_to=http://localhost:3000" % TYPES[kind], link), (base, path, kind, link)
                admin = p.s.admin_token()
                for kind, setting in (("recovery", "RECOVERY"), ("magiclink", "RECOVERY"), ("email_change_new", "EMAIL_CHANGE"), ("email_change_current", "EMAIL_CHANGE"), ("invite", "INVITE"), ("signup", "CONFIRMATION")):
                    e = addr() if setting in ("INVITE", "CONFIRMATION") else person(p).email
                    a = is_(p.s.call("POST", "/admin/generate_link", {"type": kind, "email": e, "password": PW, "new_email": addr()}, admin), 200).json
                    wanted = begin if mine in (None, setting) else urllib.parse.urljoin(base, others[setting])
                    assert a["action_link"].startswith(wanted + "?token=" + a["hashed_token"] + "&type="), (kind, a["action_link"])
    at_once(len(PATHS), one)


def link_odd_paths(t):
    """URLPATHS with a query or a fragment of their own: the link's own query comes where a query is, and the fragment after it."""
    for path, begin, end in (("https://app.example/#/confirm", "https://app.example/?token=", "#/confirm"), ("/in#there", "https://h.example/in?token=", "#there"),
                             ("https://app.example/in?lang=de", "https://app.example/in?lang=de&token=", ""), ("in?a=b#c", "https://h.example/auth/in?a=b&token=", "#c")):
        with place({**CONFIRM, "API_EXTERNAL_URL": "https://h.example/auth/v1", "GOTRUE_MAILER_URLPATHS_CONFIRMATION": path}) as p:
            e = addr()
            is_(p.s.call("POST", "/signup", {"email": e, "password": PW}), 200)
            link = link_in(p.sent(e)[0])
            assert link.startswith(begin) and link.endswith("&type=signup&redirect_to=http://localhost:3000" + end), (path, link)


def link_targets(t):
    """The redirect target in the link: as it is, or escaped where it would break the query; a listed host in X-Forwarded-Host is the base of paths, not of whole URLs; each link works."""
    env = {"GOTRUE_URI_ALLOW_LIST": "https://app.example/**", "GOTRUE_MAILER_EXTERNAL_HOSTS": "front.example", "GOTRUE_MAILER_URLPATHS_INVITE": "https://app.example/in"}
    with place({**CONFIRM, **env}) as p:
        for target in ("https://app.example/a/b", "https://app.example/a?b=c&d=e", "https://app.example/a#b", "https://app.example/"):
            for kind, (link, to) in links_of(p, target, {"X-Forwarded-Host": "front.example"}).items():
                begin = "https://app.example/in" if kind == "INVITE" else "https://front.example/verify"
                shown = urllib.parse.quote(target, "-._~") if re.search("[&=#]", target) else target
                assert link.startswith(begin + "?token=") and link.endswith("&redirect_to=" + shown), (kind, link)
                a = p.s.call("GET", "/verify?" + urllib.parse.urlsplit(link).query)
                where = a.headers["location"].split("#")[0]
                assert a.status == 303 and where == target.split("#")[0], (kind, where)
                assert ("access_token=" in a.headers["location"]) == (not kind.startswith("EMAIL_CHANGE") or kind.endswith("old address")), a.headers["location"]


# --- subjects and templates -----------------------------------------------------------------------------------------
FIELDS = ("SiteURL", "ConfirmationURL", "Email", "Token", "TokenHash", "RedirectTo", "NewEmail", "SendingTo", "OldEmail", "Phone", "OldPhone", "Provider", "FactorType")
TEMPLATE = "<p>%s|" + "|".join("%s={{ .%s }}" % (f, f) for f in FIELDS) + "|name={{ .Data.name }}</p>"


def every_kind(p):
    """Makes the server send one mail of each of its seventeen kinds: {kind: (address, fields that must be shown)}."""
    s, got, name = p.s, {}, {"data": {"name": "O'Neill <b>"}}
    e = addr()
    is_(s.call("POST", "/signup", {"email": e, "password": PW, **name}), 200)
    got["CONFIRMATION"] = e, {"Email": e, "Token": r"\d{6}", "TokenHash": "[0-9a-f]{56}", "RedirectTo": ".+", "ConfirmationURL": "http.*token=.*type=signup.*"}
    e = addr()
    is_(s.call("POST", "/invite", {"email": e, **name}, s.admin_token()), 200)
    got["INVITE"] = e, {"Email": e, "Token": r"\d{6}", "TokenHash": "[0-9a-f]{56}", "RedirectTo": ".+", "ConfirmationURL": "http.*token=.*type=invite.*"}
    u = person(p, user_metadata=name["data"])
    first = u.email
    is_(s.call("POST", "/recover", {"email": first}), 200)
    got["RECOVERY"] = first, {"Email": first, "Token": r"\d{6}", "TokenHash": "[0-9a-f]{56}", "RedirectTo": ".+", "ConfirmationURL": "http.*token=.*type=recovery.*"}
    is_(s.call("POST", "/otp", {"email": first}), 200)
    got["MAGIC_LINK"] = first, {"Email": first, "Token": r"\d{6}", "TokenHash": "[0-9a-f]{56}", "RedirectTo": ".+", "ConfirmationURL": "http.*token=.*type=magiclink.*"}
    is_(s.call("GET", "/reauthenticate", token=u.token), 200)
    got["REAUTHENTICATION"] = first, {"Email": first, "Token": r"\d{6}"}
    is_(s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
    got["PASSWORD_CHANGED_NOTIFICATION"] = first, {"Email": first}
    new = addr()
    is_(s.call("PUT", "/user", {"email": new}, u.token), 200)
    change = {"Email": first, "NewEmail": new, "Token": r"\d{6}", "TokenHash": "[0-9a-f]{56}", "RedirectTo": ".+", "ConfirmationURL": "http.*token=.*type=email_change.*"}
    got["EMAIL_CHANGE"] = new, {**change, "SendingTo": new}
    got["EMAIL_CHANGE, the other"] = first, {**change, "SendingTo": first}
    for to in (first, new):
        code = re.search(r"\|Token=(\d{6})\|", html.unescape(body([m for m in p.sent(to) if "EMAIL_CHANGE|" in body(m)][0]))).group(1)
        is_(s.call("POST", "/verify", {"type": "email_change", "email": to, "token": code}), 200)
    got["EMAIL_CHANGED_NOTIFICATION"] = first, {"Email": new, "OldEmail": first}
    one, two = phone(), phone()
    for number in (one, two):
        is_(s.call("PUT", "/user", {"phone": number}, u.token), 200)
        is_(s.call("POST", "/verify", {"type": "phone_change", "phone": number, "token": texts_to(p, number)[-1]}), 200)
    got["IDENTITY_LINKED_NOTIFICATION"] = new, {"Email": new, "Provider": "phone"}
    got["PHONE_CHANGED_NOTIFICATION"] = new, {"Email": new, "Phone": two, "OldPhone": one}
    mine = [i for i in is_(s.call("GET", "/user", token=u.token), 200).json["identities"] if i["provider"] == "phone"][0]["identity_id"]
    is_(s.call("DELETE", "/user/identities/" + mine, token=u.token), 200)
    got["IDENTITY_UNLINKED_NOTIFICATION"] = new, {"Email": new, "Provider": "phone"}
    u.with_totp("a")
    got["MFA_FACTOR_ENROLLED_NOTIFICATION"] = new, {"Email": new, "FactorType": "totp"}
    is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    got["MFA_FACTOR_UNENROLLED_NOTIFICATION"] = new, {"Email": new, "FactorType": "totp"}
    u.with_totp("b")
    code = is_(s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"][0]
    u.email, u.password = new, "another " + PW
    low = u.another_session()
    is_(s.call("POST", "/factors/recovery-codes/verify", {"code": code}, low.token), 200)
    got["MFA_RECOVERY_CODE_USED_NOTIFICATION"] = new, {"Email": new, "FactorType": "recovery_code"}
    link = is_(s.call("POST", "/admin/generate_link", {"type": "magiclink", "email": new}, s.admin_token()), 200).json["hashed_token"]
    by_link = User(s, is_(s.call("POST", "/verify", {"type": "magiclink", "token_hash": link}), 200).json, new, PW)
    v = person(p)
    v.with_totp()
    thief = v.another_session()
    for who, factor, secret in ((by_link, u.factor, u.secret), (thief, v.factor, v.secret)):
        c = is_(who.challenge(factor), 200).json["id"]
        near = {fresh_code(secret)}
        for n in range(10):
            is_(who.verify(factor, c, "%06d" % ((int(min(near)) + 1000 * (n + 1)) % 1000000)), 422)
    got["MFA_FACTOR_LOCKED_NOTIFICATION"] = new, {"Email": new, "FactorType": "totp"}
    got["PASSWORD_AT_RISK_NOTIFICATION"] = v.email, {"Email": v.email, "FactorType": "totp"}
    is_(s.call("DELETE", "/admin/users/%s/factors/%s" % (u.id, u.factor), token=s.admin_token()), 200)
    got["MFA_FACTOR_REMOVED_BY_ADMIN_NOTIFICATION"] = new, {"Email": new, "FactorType": "totp"}
    return got


ALL_ON = {**{"GOTRUE_MAILER_NOTIFICATIONS_%s_ENABLED" % n: "true" for n in NOTICES}, "GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "true", **CONFIRM}


def own_templates(p, r):
    """Own subjects and bodies of all seventeen kinds, by paths on the site and by URLs: every field that the kind has, escaped, and no other."""
    for kind, (to, fields) in every_kind(p).items():
        name = kind.split(",")[0]
        found = [m for m in p.sent(to) if body(m).startswith("<p>%s|" % name)]
        assert found, "%s: no own template: %s" % (kind, [(str(m["Subject"]), body(m)[:60]) for m in p.sent(to)])
        m = found[0]
        assert str(m["Subject"]) == "S %s %s" % (name, fields["Email"]), (kind, str(m["Subject"]))
        raw = re.sub("=\r?\n", "", body(m))
        shown = dict(x.partition("=")[::2] for x in html.unescape(raw).strip()[3:-4].split("|")[1:])
        for field in FIELDS:
            wanted = re.escape(r.url) if field == "SiteURL" else fields.get(field, "")
            wanted = re.escape(wanted) if re.match("[^ ]+@", wanted) else wanted
            assert re.fullmatch(wanted, shown[field]), (kind, field, shown[field])
        if kind != "PASSWORD_AT_RISK_NOTIFICATION":
            assert shown["name"] == "O'Neill <b>" and "<b>" not in raw and "&lt;b&gt;" in raw, (kind, shown["name"], raw[-80:])
        assert not body(m, "plain").startswith("<p>") and kind.split(",")[0] in body(m, "plain"), "the text part is made from it"


def templates(t):
    """Own subjects and templates."""
    with Receiver() as r:
        env = {"GOTRUE_SITE_URL": r.url}
        for n, kind in enumerate(list(SUBJECTS) + list(OURS)):
            path = "/mail/%s.html" % kind.lower()
            env.update({"GOTRUE_MAILER_SUBJECTS_" + kind: "S %s {{ .Email }}" % kind, "GOTRUE_MAILER_TEMPLATES_" + kind: path if n % 2 else r.url + path})
            r.answers[path] = (200, {"Content-Type": "text/html"}, (TEMPLATE % kind).encode())
        with place({**ALL_ON, **env}) as p:
            own_templates(p, r)
            times = {path: len(r.of(path)) for path in r.answers}
            assert set(times.values()) == {1}, "a template is fetched once within its age: %s" % times
            assert all(x.method == "GET" for x in r.seen)


def builtin(t):
    """Without own ones the default subjects, and in the body what the kind is about; a subject that is no template gives way to the default one."""
    env = {"GOTRUE_MAILER_SUBJECTS_RECOVERY": "{{ .Broken", "GOTRUE_MAILER_TEMPLATES_RECOVERY": "http://127.0.0.1:1/x", "GOTRUE_MAILER_TEMPLATE_MAX_AGE": "1s"}
    with place({**CONFIRM, **env, "GOTRUE_MAILER_NOTIFICATIONS_PASSWORD_CHANGED_ENABLED": "true"}) as p:
        s, e = p.s, addr()
        is_(s.call("POST", "/signup", {"email": e, "password": PW}), 200)
        assert p.subjects(e) == [SUBJECTS["CONFIRMATION"]]
        e = addr()
        is_(s.call("POST", "/invite", {"email": e}, s.admin_token()), 200)
        assert p.subjects(e) == [SUBJECTS["INVITE"]]
        u = person(p)
        is_(s.call("POST", "/recover", {"email": u.email}), 200)
        is_(s.call("POST", "/otp", {"email": u.email}), 200)
        is_(s.call("GET", "/reauthenticate", token=u.token), 200)
        new = addr()
        is_(s.call("PUT", "/user", {"email": new}, u.token), 200)
        is_(s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
        got = p.sent(u.email)
        code = re.search(r"\b\d{6}\b", body([m for m in got if "verification code" in m["Subject"]][0], "plain")).group()
        assert sorted(str(m["Subject"]) for m in got) == sorted([SUBJECTS["RECOVERY"], SUBJECTS["MAGIC_LINK"], SUBJECTS["REAUTHENTICATION"] % code, SUBJECTS["EMAIL_CHANGE"], SUBJECTS["PASSWORD_CHANGED_NOTIFICATION"]])
        assert p.subjects(new) == [SUBJECTS["EMAIL_CHANGE"]]
        for m in got:
            link = "verify?token=" in body(m, "plain")
            assert link == (str(m["Subject"]) in (SUBJECTS["RECOVERY"], SUBJECTS["MAGIC_LINK"], SUBJECTS["EMAIL_CHANGE"])), m["Subject"]


def template_ages(t):
    """TEMPLATE_MAX_AGE and _RETRY_INTERVAL: how often a template is asked for; the last good one stays while it cannot be had."""
    def fetched(env, answers, mails):
        """(how often it was asked for, which bodies the mails had)."""
        with Receiver() as r:
            r.answers["/t"] = [a if isinstance(a, tuple) else (200, {}, a.encode()) for a in answers]
            with place({**CONFIRM, "GOTRUE_MAILER_TEMPLATES_RECOVERY": r.url + "/t", **env}) as p:
                u = person(p)
                for n in range(mails):
                    is_(p.s.call("POST", "/recover", {"email": u.email}), 200)
                    assert len(p.sent(u.email)) == n + 1
                bodies = [re.sub(r"\s", "", body(m)) for m in p.sent(u.email)]
                return len(r.of("/t")), ["own" if "Resetyourpassword" in b else b for b in bodies]
    age, again = "GOTRUE_MAILER_TEMPLATE_MAX_AGE", "GOTRUE_MAILER_TEMPLATE_RETRY_INTERVAL"
    away, spoilt = (500, {}, b""), (200, {}, b"{{ .Broken")
    cases = [
        ({}, ["a", "b"], (1, ["a", "a", "a"])), ({age: "0"}, ["a", "b", "c"], (3, ["a", "b", "c"])), ({age: "1h"}, ["a", "b"], (1, ["a", "a", "a"])),
        ({}, [away, "b"], (1, ["own", "own", "own"])), ({again: "0"}, [away, "b", "c"], (2, ["own", "b", "b"])), ({again: "1h"}, [spoilt, "b"], (1, ["own", "own", "own"])),
        ({age: "0", again: "0"}, ["a", away, "c"], (3, ["a", "a", "c"])), ({age: "0", again: "0"}, ["a", spoilt, spoilt], (3, ["a", "a", "a"])), ({age: "0", again: "1h"}, ["a", away, "c"], (2, ["a", "a", "a"])),
    ]

    def one(n):
        env, answers, wanted = cases[n]
        got = fetched(env, answers, 3)
        assert got == wanted, (env, answers, got)
    at_once(len(cases), one)


# --- notifications --------------------------------------------------------------------------------------------------
def deeds(p):
    """What each notification is about, with an e-mail user; returns (first address, second address, subjects of either)."""
    s, u = p.s, person(p)
    first, new, one, two = u.email, addr(), phone(), phone()
    is_(s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
    is_(s.call("PUT", "/user", {"email": new}, u.token), 200)
    for to in (first, new):
        message = [m for m in p.sent(to) if str(m["Subject"]) == SUBJECTS["EMAIL_CHANGE"]][0]
        is_(s.call("POST", "/verify", {"type": "email_change", "email": to, "token": re.search(r"\b\d{6}\b", body(message, "plain")).group()}), 200)
    for number in (one, two):
        is_(s.call("PUT", "/user", {"phone": number}, u.token), 200)
        is_(s.call("POST", "/verify", {"type": "phone_change", "phone": number, "token": texts_to(p, number)[-1]}), 200)
    mine = [i for i in is_(s.call("GET", "/user", token=u.token), 200).json["identities"] if i["provider"] == "phone"][0]["identity_id"]
    is_(s.call("DELETE", "/user/identities/" + mine, token=u.token), 200)
    u.with_totp()
    is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    not_notices = {SUBJECTS["EMAIL_CHANGE"]}
    return [sorted(x for x in p.subjects(to) if x not in not_notices) for to in (first, new)], (new, one, two, p.sent(first) + p.sent(new))


def notifications(p):
    """Each notification goes out once, to the address that the contract says, with what it is about."""
    wanted = {n: SUBJECTS[n + "_NOTIFICATION"] for n in NOTICES}
    (old, new), (email, one, two, mails) = deeds(p)
    assert old == sorted([wanted["PASSWORD_CHANGED"], wanted["EMAIL_CHANGED"]]), old
    assert new == sorted(wanted[n] for n in ("IDENTITY_LINKED", "PHONE_CHANGED", "IDENTITY_UNLINKED", "MFA_FACTOR_ENROLLED", "MFA_FACTOR_UNENROLLED")), new
    text = {str(m["Subject"]): re.sub(r"\s+", " ", body(m, "plain")) for m in mails}
    assert email in text[wanted["EMAIL_CHANGED"]] and one in text[wanted["PHONE_CHANGED"]] and two in text[wanted["PHONE_CHANGED"]], text
    assert "sign-in method phone was linked" in text[wanted["IDENTITY_LINKED"]] and "sign-in method phone was removed" in text[wanted["IDENTITY_UNLINKED"]], text
    assert not [m for m in mails if PW in m.as_string()]


def notifications_alone(t):
    """Each notification alone: its own switch sends it and no other; with none, nothing of it is sent."""
    def one(n):
        name = NOTICES[n] if n < len(NOTICES) else None
        env = {**CONFIRM, "GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "true", "COUNTERSIGN_SECURITY_NOTICES": "false"}
        if name:
            env["GOTRUE_MAILER_NOTIFICATIONS_%s_ENABLED" % name] = "true"
        with place(env) as p:
            (old, new), _ = deeds(p)
            assert old + new == ([SUBJECTS[name + "_NOTIFICATION"]] if name else []), (name, old, new)
    at_once(len(NOTICES) + 1, one)


def at_once_applied(t):
    """Changes that are applied without a code (SMS autoconfirm) notify alike; an admin's changes of password and address notify nobody."""
    with place({**ALL_ON, "GOTRUE_SMS_AUTOCONFIRM": "true"}) as p:
        s, u = p.s, person(p)
        one, two = phone(), phone()
        for number in (one, two, two):
            is_(s.call("PUT", "/user", {"phone": number}, u.token), 200)
        assert p.subjects(u.email) == sorted([SUBJECTS["IDENTITY_LINKED_NOTIFICATION"], SUBJECTS["PHONE_CHANGED_NOTIFICATION"]]), p.subjects(u.email)
        v = person(p)
        is_(s.call("PUT", "/admin/users/" + v.id, {"password": "another " + PW, "phone": phone()}, s.admin_token()), 200)
        assert p.subjects(v.email) == []


# --- who may --------------------------------------------------------------------------------------------------------
def admins(t):
    """GOTRUE_JWT_ADMIN_ROLES: those roles and no other, in their case; an empty item of the list makes nobody an admin."""
    for roles, good, bad in (("boss,chief", ("boss", "chief"), ("service_role", "supabase_admin", "Boss", "bos", "boss,chief", "")), ("service_role,", ("service_role",), ("", ",")), (",x", ("x",), ("",))):
        with place({"GOTRUE_JWT_ADMIN_ROLES": roles, "GOTRUE_JWT_DEFAULT_GROUP_NAME": ""}) as p:
            for role in good:
                is_(p.s.call("GET", "/admin/users", token=p.s.admin_token(role=role)), 200)
            for role in bad + (None, ):
                is_(p.s.call("GET", "/admin/users", token=p.s.admin_token(role=role)), 403, "not_admin", "User not allowed")
            u = p.s.sign_up()
            assert u.session["user"]["role"] == ""
            is_(p.s.call("GET", "/admin/users", token=u.token), 403, "not_admin")
            is_(p.s.call("POST", "/invite", {"email": addr()}, u.token), 403, "not_admin")


def admin_group(t):
    """GOTRUE_JWT_ADMIN_GROUP_NAME: users of that role, as it is stored, may set app_metadata; users of no role never may."""
    for env, group in (({"GOTRUE_JWT_ADMIN_GROUP_NAME": "staff"}, "staff"), ({}, "admin"), ({"GOTRUE_JWT_ADMIN_GROUP_NAME": ""}, "admin")):
        with place({"GOTRUE_JWT_DEFAULT_GROUP_NAME": "", "COUNTERSIGN_AUDIENCES": "elsewhere", **env}) as p:
            s = p.s
            for role in ("staff", "admin", "Staff", ""):
                u = person(p, **({"role": role} if role else {}))
                a = s.call("PUT", "/user", {"app_metadata": {"plan": "pro"}}, u.token)
                if role == group:
                    assert is_(a, 200).json["app_metadata"]["plan"] == "pro"
                    assert is_(s.call("PUT", "/user", {"app_metadata": {"plan": None}}, u.token), 200).json["app_metadata"] == {"provider": "email", "providers": ["email"]}
                else:
                    is_(a, 403, "not_admin", "Updating app_metadata requires admin privileges")
                    is_(s.call("PUT", "/user", {"app_metadata": {}}, u.token), 403, "not_admin")
            u = person(p, role=group)                 # the token still says so, the row no longer does
            is_(s.call("PUT", "/admin/users/" + u.id, {"role": "other"}, s.admin_token()), 200)
            is_(s.call("PUT", "/user", {"app_metadata": {}}, u.token), 403, "not_admin")
            e, there = made(s, role=group, aud="elsewhere")["email"], {"X-JWT-AUD": "elsewhere"}
            token = is_(s.call("POST", "/token?grant_type=password", {"email": e, "password": PW}, headers=there), 200).json["access_token"]
            is_(s.call("PUT", "/user", {"app_metadata": {}}, token), 403, "not_admin")


def flow_ages(p_env):
    """GOTRUE_EXTERNAL_FLOW_STATE_EXPIRY_DURATION: a code lives so long from the click, and 300 s at least."""
    def one(n):
        value, life = (("10m", 600), ("300s", 300), ("1s", 300))[n]
        with place({**CONFIRM, **p_env, "GOTRUE_EXTERNAL_FLOW_STATE_EXPIRY_DURATION": value}) as p:
            s, u = p.s, person(p)
            for seconds, status in ((life - 5, 200), (life + 1, 422)):
                challenge = {"code_challenge": "v" * 43, "code_challenge_method": "plain"}
                is_(s.call("POST", "/recover", {"email": u.email, **challenge}), 200)
                a = is_(s.call("GET", "/verify?" + urllib.parse.urlsplit(link_in(p.sent(u.email)[-1])).query), 303)
                code = urllib.parse.parse_qs(urllib.parse.urlsplit(a.headers["location"]).query)["code"][0]
                p.sql("update @flow_state set auth_code_issued_at = auth_code_issued_at - %d000000, created_at = created_at - 3600000000 where auth_code = '%s'" % (seconds, code))
                is_(s.call("POST", "/token?grant_type=pkce", {"auth_code": code, "code_verifier": "v" * 43}), status, None if status == 200 else "flow_state_expired")
    at_once(3, one)


def freshness(t):
    """COUNTERSIGN_MFA_FRESHNESS: how old the step may be when factors and recovery codes are changed; 0: any age; never at aal1."""
    def aged(p, u, seconds):
        s = "updated_at = updated_at - interval '%d seconds'" % seconds if p.s.dsn else "updated_at = updated_at - %d000000" % seconds
        p.sql("update @mfa_amr_claims set %s where %s" % (s, p.id_is("session_id", u.session_id)))

    def one(n):
        env, good, bad = (({}, 1190, 1210), ({"COUNTERSIGN_MFA_FRESHNESS": "1h"}, 3590, 3610), ({"COUNTERSIGN_MFA_FRESHNESS": "1s"}, 0, 3), ({"COUNTERSIGN_MFA_FRESHNESS": "0"}, 10 ** 7, None))[n]
        with place(env) as p:
            s, u = p.s, mfa_user(p.s)
            path = "/factors/recovery-codes"
            if n != 2:
                aged(p, u, good)
                second = is_(u.enroll("second"), 200).json["id"]
                is_(s.call("POST", path, {}, u.token), 200)
                is_(s.call("POST", path + "/regenerate", {}, u.token), 200)
            if bad is None:
                is_(s.call("DELETE", path, token=u.token), 200)
                is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
                return
            aged(p, u, bad - good)
            words = (403, "insufficient_aal", "Verify a factor of yours again to do this: the last time is too long ago")
            for method, where in (("POST", path + "/regenerate"), ("DELETE", path)) if n != 2 else (("POST", path), ):
                is_(s.call(method, where, {} if method == "POST" else None, u.token), *words)
            is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), *words)
            is_(u.enroll("third"), *words)
            if n != 2:
                is_(s.call("DELETE", "/factors/" + second, token=u.token), 200)         # one that was never verified guards nothing
            low = u.another_session()
            is_(low.enroll("fourth"), 403, "insufficient_aal", "AAL2 required to enroll a new factor")
            u.take(is_(u.verify(u.factor, is_(u.challenge(u.factor), 200).json["id"], fresh_code(u.secret)), 200).json)
            if n != 2:
                is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    at_once(4, one)


def phone_digits(t):
    """GOTRUE_MFA_PHONE_OTP_LENGTH: 6 to 10 digits, anything else is 6; such a code verifies."""
    on = {"GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true"}

    def one(n):
        value, digits = (("8", 8), ("10", 10), ("11", 6), ("5", 6), ("0", 6), ("-3", 6))[n]
        with place({**on, "GOTRUE_MFA_PHONE_OTP_LENGTH": value}) as p:
            u, number = p.s.sign_up(), phone()
            f = is_(p.s.call("POST", "/factors", {"factor_type": "phone", "phone": number}, u.token), 200).json["id"]
            c = is_(u.challenge(f, {"channel": "sms"}), 200).json["id"]
            code, = texts_to(p, number)
            assert re.fullmatch(r"\d{%d}" % digits, code), (value, code)
            for bad in (code[:-1], code + "1", code[:-1] + str((int(code[-1]) + 1) % 10)):
                is_(u.verify(f, c, bad), 422, "mfa_verification_failed")
            is_(u.verify(f, c, code), 200)
    at_once(6, one)


def numbers(t):
    """Ages of challenges and of enrollments that were left lying, with their least values; digits of codes in mails and SMS; the least length of a password; the request's id and more headers for browsers."""
    def one(n):
        env, challenge_s, factor_s, mail, sms, password = (
            ({"GOTRUE_MFA_CHALLENGE_EXPIRY_DURATION": "600.9", "GOTRUE_MFA_FACTOR_EXPIRY_DURATION": "10m", "GOTRUE_MAILER_OTP_LENGTH": "10", "GOTRUE_SMS_OTP_LENGTH": "9", "GOTRUE_PASSWORD_MIN_LENGTH": "10"}, 600, 600, 10, 9, 10),
            ({"GOTRUE_MFA_CHALLENGE_EXPIRY_DURATION": "10", "GOTRUE_MFA_FACTOR_EXPIRY_DURATION": "1s", "GOTRUE_MAILER_OTP_LENGTH": "11", "GOTRUE_SMS_OTP_LENGTH": "5", "GOTRUE_PASSWORD_MIN_LENGTH": "3"}, 300, 300, 6, 6, 6))[n]
        with place({**CONFIRM, **env, "REQUEST_ID_HEADER": "X-My-Id", "GOTRUE_CORS_ALLOWED_HEADERS": "X-One,x-two"}) as p:
            s, u = p.s, person(p)
            f = is_(u.enroll("a"), 200).json
            for late in (-5, 1):
                c = is_(u.challenge(f["id"]), 200).json
                assert abs(c["expires_at"] - time.time() - challenge_s) < 5, c
                s.age("mfa_challenges", c["id"], challenge_s + late)
                is_(u.verify(f["id"], c["id"], "000000" if fresh_code(f["totp"]["secret"]) != "000000" else "111111"), 422, "mfa_verification_failed" if late < 0 else "mfa_challenge_expired")
            p.sql("delete from mfa_challenges")
            s.age("mfa_factors", f["id"], factor_s - 5)
            is_(u.enroll("b"), 200)
            assert len(is_(s.call("GET", "/user", token=u.token), 200).json["factors"]) == 2
            s.age("mfa_factors", f["id"], 6)
            is_(u.enroll("c"), 200)
            assert f["id"] not in [x["id"] for x in is_(s.call("GET", "/user", token=u.token), 200).json["factors"]]
            is_(s.call("POST", "/recover", {"email": u.email}), 200)
            code = re.search(r"\b\d{6,11}\b", body(p.sent(u.email)[0], "plain")).group()
            assert len(code) == mail, code
            is_(s.call("POST", "/verify", {"type": "recovery", "email": u.email, "token": code}), 200)
            number = phone()
            is_(s.call("POST", "/otp", {"phone": number}), 200)
            code, = texts_to(p, number)
            assert len(code) == sms and code.isdigit(), code
            is_(s.call("POST", "/verify", {"type": "sms", "phone": number, "token": code}), 200)
            is_(s.call("POST", "/signup", {"email": addr(), "password": "a" * (password - 1)}), 422, "weak_password", "Password should be at least %d characters." % password)
            is_(s.call("POST", "/signup", {"email": addr(), "password": "a" * password}), 200)
            is_(s.call("GET", "/user", token=u.token, headers={"X-My-Id": "id of mine"}), 200)
            assert '"request_id":"id of mine"' in p.nodes[0].log_text()
            ask = lambda names: s.call("OPTIONS", "/user", headers={"Origin": "http://x", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": names}).headers.get("access-control-allow-headers")
            assert ask("authorization,x-one,x-two") == "authorization,x-one,x-two" and ask("x-three") is None
    at_once(2, one)


def verify_limit(t):
    """GOTRUE_RATE_LIMIT_VERIFY: GET and POST share a bucket of 30 a key; how fast it fills up is what Retry-After says; other keys and routes go on."""
    for value, least, most in (("0", 3600, 3600), ("3", 40, 101), ("0.3", 900, 1001)):
        with place({"GOTRUE_RATE_LIMIT_HEADER": "X-Key", "GOTRUE_RATE_LIMIT_VERIFY": value}) as p:
            ask = lambda n, key: p.s.call("GET" if n % 2 else "POST", "/verify?token=x&type=signup" if n % 2 else "/verify", None if n % 2 else {"type": "signup", "token_hash": "x"}, headers={"X-Key": key})
            got = [ask(n, "a, b").status for n in range(30)]
            assert got == [403, 303] * 15, got
            for n in (0, 1):
                a = is_(ask(n, "a"), 429, "over_request_rate_limit", "Request rate limit reached")
                assert least <= int(a.headers["retry-after"]) <= most, (value, a.headers["retry-after"])
            assert ask(0, "b").status == 403 and ask(0, "").status == 403
            is_(p.s.call("POST", "/recover", {"email": addr()}, headers={"X-Key": "a"}), 200)


def proxies(t):
    """COUNTERSIGN_TRUSTED_PROXIES: what is no address and no network stops the start by its name; else a slip would trust the whole world."""
    name = "COUNTERSIGN_TRUSTED_PROXIES"
    for bad in ("10.0.0.0/abc", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/33", "10.0.0.1, 10.0.0.2", "proxy.example", "::1/129", "10.0.0.1,,10.0.0.2"):
        c = Countersign(binary, env={name: bad})
        try:
            out = c.command("check-config")
            assert out.returncode and name in out.stdout + out.stderr, (bad, out.returncode, out.stdout, out.stderr)
        finally:
            c.discard()
    for good, trusted in (("127.0.0.0/8,::1", True), ("127.0.0.1", True), ("10.0.0.0/8,127.0.0.2", False), (None, False)):
        with place({name: good}) as p:
            u = p.s.sign_up()
            f = is_(u.enroll(), 200).json
            c = is_(u.challenge(f["id"], headers={"X-Forwarded-For": "203.0.113.9"}), 200).json["id"]
            code = fresh_code(f["totp"]["secret"])
            if trusted:
                is_(u.verify(f["id"], c, code), 422, "mfa_ip_address_mismatch", "Challenge and verify IP addresses mismatch.")
                is_(u.verify(f["id"], c, code, headers={"X-Forwarded-For": "203.0.113.10"}), 422, "mfa_ip_address_mismatch")
            is_(u.verify(f["id"], c, code, headers={"X-Forwarded-For": "203.0.113.9"} if trusted else {"X-Forwarded-For": "203.0.113.10"}), 200)


# --- the program ----------------------------------------------------------------------------------------------------
def logs(t):
    """COUNTERSIGN_ACCESS_LOG: one line a request, without secrets; off: none, and what went wrong is still told."""
    for value in ("true", "false"):
        with Countersign(binary, env={"COUNTERSIGN_ACCESS_LOG": value}) as c:
            s = c.server()
            u = s.sign_up()
            is_(s.call("GET", "/user?apikey=leak", token=u.token), 200)
            is_(s.call("GET", "/health"), 200)
            v = mfa_user(s)
            is_(v.verify(v.factor, is_(v.challenge(v.factor), 200).json["id"], "000000" if fresh_code(v.secret) != "000000" else "111111"), 422)
            lines = [json.loads(x) for x in c.log_text().splitlines() if x.startswith("{")]
            asked = [x for x in lines if x.get("msg") == "request completed"]
            assert [x["path"] for x in asked[:2]] == (["/signup", "/user"] if value == "true" else []) and not [x for x in asked if x["path"] == "/health"], asked
            if asked:
                assert asked[-1]["status"] == 422 and asked[-1]["level"] in ("warn", "warning") and asked[-1]["error_code"] == "mfa_verification_failed" and asked[-1]["remote_addr"] == "127.0.0.1", asked[-1]
            assert [x for x in lines if x.get("msg") == "wrong code"], "a wrong code is told in any case"
            for secret in ("leak", u.token, u.refresh, PW, u.email):
                assert secret not in c.log_text(), secret


def metrics(t):
    """Metrics: on the host and port that are set, and only where they are switched on and the exporter is ours."""
    def text(host, port):
        with urllib.request.urlopen("http://%s:%d/metrics" % (host, port), timeout=10) as r:
            return r.read().decode()

    def refused(host, port):
        try:
            text(host, port)
        except OSError:
            return
        raise AssertionError("%s:%d answers" % (host, port))
    on, host, port = "GOTRUE_METRICS_ENABLED", "OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT"
    n = free_port()
    with Countersign(binary, env={on: "true", host: "127.0.0.2", port: str(n)}) as c:
        before = text("127.0.0.2", n)
        is_(c.server().call("GET", "/user"), 401)
        assert "countersign_" in before and text("127.0.0.2", n) != before
        refused("127.0.0.1", n)
    with Countersign(binary, env={on: "true", host: "0.0.0.0", port: str(n)}):
        assert "countersign_" in text("127.0.0.1", n) and "countersign_" in text("127.0.0.2", n)
    for env in ({on: "true", "GOTRUE_METRICS_EXPORTER": "opentelemetry"}, {on: "false"}, {}):
        with Countersign(binary, env={port: str(n), **env}) as c:
            refused("127.0.0.1", n)
            assert ("GOTRUE_METRICS_EXPORTER=prometheus is what there is" in c.log_text()) == ("GOTRUE_METRICS_EXPORTER" in env), c.log_tail()
    c = Countersign(binary, env={on: "true", "GOTRUE_METRICS_EXPORTER": "statsd"})
    try:
        out = c.command("check-config")
        assert out.returncode and "GOTRUE_METRICS_EXPORTER" in out.stdout + out.stderr, (out.returncode, out.stderr)
    finally:
        c.discard()


def threads(t):
    """COUNTERSIGN_HTTP_THREADS: so many threads answer, one is enough; GOTRUE_DB_CLEANUP_ENABLED=false: nobody sweeps."""
    def names(c):
        got = []
        for task in os.listdir("/proc/%d/task" % c.process.pid):
            with contextlib.suppress(OSError), open("/proc/%d/task/%s/comm" % (c.process.pid, task)) as f:
                got.append(f.read().strip())
        return got
    counts = {}
    for n in (1, 2, 5):
        with Countersign(binary, env={"COUNTERSIGN_HTTP_THREADS": str(n), "GOTRUE_DB_CLEANUP_ENABLED": "false" if n == 2 else "true"}) as c:
            answers = at_once(12, lambda i: c.server().call("POST", "/signup", {"email": addr(), "password": PW}).status)
            assert answers == [200] * 12, answers
            found = names(c)
            counts[n] = len(found)
            assert ("sweeper" in found) == (n != 2), found
    assert counts[5] - counts[1] == 4 and counts[2] == counts[1], counts      # two: one more that answers, none that sweeps


def both_engines(t, name, **more):
    with place({**ALL_ON}, **more) as p:
        t.step("%s: %s" % (name, notifications.__doc__), notifications, p)


def main():
    t = Tally(quiet=True)
    flows = lambda t: flow_ages({})
    flows.__doc__ = flow_ages.__doc__
    steps = (templates, builtin, template_ages, link_paths, link_odd_paths, link_targets, notifications_alone, at_once_applied, admins, admin_group, flows, freshness, phone_digits, numbers, verify_limit, proxies, logs, metrics, threads)
    on_both_engines(t, "settings", both_engines, steps)
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
