#!/usr/bin/env python3
"""Mails that tell a user what happened to the second factors, which come without any setting: what is in them, when there is none, that
each goes out once however many requests race on however many nodes, and what the audit log says. On SQLite, and on PostgreSQL with three
nodes. notices.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import contextlib, email, email.policy, os, re, sqlite3, sys, tempfile, time, uuid
from hook_rig import PW, Countersign, Rig, Server, Tally, User, addr, at_once, default_binary, fresh_code, is_, made, on_both_engines, phone
from checks import mfa_user
from countersign import SECRET
from nodes import Anywhere
from totp_checks import wrong
from wire import totp, wait_for_fresh_step

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
ADDED, REMOVED = "A new verification method was added to your account", "A verification method was removed from your account"
BY_ADMIN, LOCKED = "An administrator removed a verification method from your account", "A verification method of your account was locked"
USED, AT_RISK = "A recovery code was used to sign in to your account", "Somebody else may know your password"
PHONE = {"GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true"}


class Place:
    """A server, or several on one database that take turns, and the folder where mails end."""

    def __init__(self, stack, env=None, database=None, nodes=1):
        self.mails = stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-post-"))
        env = {"COUNTERSIGN_MAIL_DIR": self.mails, "COUNTERSIGN_SMS_DIR": self.mails, **(env or {}), **({"DATABASE_URL": database} if database else {})}
        self.nodes = [stack.enter_context(Countersign(binary, env=env)) for _ in range(nodes)]
        self.servers = [Server(c.base, SECRET, database, None if database else c.database) for c in self.nodes]
        self.s = self.servers[0] if nodes == 1 else Anywhere(self.nodes, database)

    def sql(self, text):
        """@@ stands before our own tables, @ before the official server's."""
        pg = bool(self.s.dsn)
        text = text.replace("@@", "countersign." if pg else "").replace("@", "auth." if pg else "")
        if pg or text.startswith("select"):
            return self.s.sql(text)
        with contextlib.closing(sqlite3.connect(self.s.sqlite, timeout=10)) as db, db:
            return db.execute(text).fetchall()

    def id_is(self, column, ident):
        return "%s = '%s'" % (column, ident) if self.s.dsn else "%s = x'%s'" % (column, uuid.UUID(ident).hex)

    def sent(self, to):
        """All mails to that address, once nothing waits in the outbox."""
        end = time.monotonic() + 150     # a message whose worker failed is taken up again after its lease
        while self.sql("select count(*) from @@outbox") != [["0"]]:
            assert time.monotonic() < end, "mails wait: %s" % self.sql("select kind, topic, last_error from @@outbox")
            time.sleep(0.02)
        got = []
        for name in sorted(os.listdir(self.mails)):
            if name.endswith(".eml"):
                with open(os.path.join(self.mails, name), "rb") as f:
                    message = email.message_from_bytes(f.read(), policy=email.policy.default)
                if to in str(message["To"]):
                    got.append(message)
        return got

    def subjects(self, to):
        return sorted(str(m["Subject"]) for m in self.sent(to))

    def actions(self, u):
        return [(r[0], r[1]) for r in self.sql("select payload ->> 'action', payload ->> 'traits' from @audit_log_entries where payload ->> 'actor_id' = '%s' order by created_at, id" % u.id)]

    def unlock(self, factor, failures=None):
        """Ends the locks of a factor, wherever the wrong codes came from; failures: so many count."""
        more = "" if failures is None else ", failures = %d, spent = %d" % (failures, failures)
        self.sql("update @@factor_guards set locked_until = null%s where %s" % (more, self.id_is("factor_id", factor)))
        self.sql("update @@step_guards set locked_until = null%s where %s" % (more, self.id_is("subject_id", factor)))


def says(message, *words):
    """Each of the words in the HTML and in the text part; neither has a hole of a template left."""
    for kind in ("html", "plain"):
        body = re.sub(r"\s+", " ", message.get_body(preferencelist=(kind,)).get_content())
        for word in words:
            assert word in body, "%r is not in the %s part: %s" % (word, kind, body)
        assert "{{" not in body and "<no value>" not in body, body


def only(messages, subject):
    assert [str(m["Subject"]) for m in messages] == [subject], [str(m["Subject"]) for m in messages]
    return messages[0]


def by_link(s, u):
    """A session of the user that began with a link, not with the password."""
    a = is_(s.call("POST", "/admin/generate_link", {"type": "magiclink", "email": u.email}, s.admin_token()), 200).json
    v = is_(s.call("POST", "/verify", {"type": "magiclink", "token_hash": a["hashed_token"]}), 200).json
    return User(s, v, u.email, u.password)


def guess(u, factor, secret, times):
    c = is_(u.challenge(factor), 200).json["id"]
    for code in wrong(secret, times):
        is_(u.verify(factor, c, code), 422, "mfa_verification_failed")


def added(p):
    """Added: one mail at the first verification, none at the enrollment, none at the next verification."""
    u = p.s.sign_up()
    f = is_(u.enroll("mine"), 200).json
    assert p.sent(u.email) == []
    wait_for_fresh_step()
    u.take(is_(u.verify(f["id"], is_(u.challenge(f["id"]), 200).json["id"], totp(f["totp"]["secret"])), 200).json)
    message = only(p.sent(u.email), ADDED)
    says(message, "A verification method (authenticator app) was added to your account %s." % u.email, "http://localhost:3000")
    assert f["totp"]["secret"] not in message.as_string() and message["Auto-Submitted"] == "auto-generated"
    is_(u.verify(f["id"], is_(u.challenge(f["id"]), 200).json["id"], totp(f["totp"]["secret"], step_offset=1)), 200)
    only(p.sent(u.email), ADDED)
    assert ("notice_sent", ) in [(a,) for a, _ in p.actions(u)], p.actions(u)


def removed(p):
    """Removed by the user: one mail; none for an enrollment that was never finished."""
    u = mfa_user(p.s)
    draft = is_(u.enroll("draft"), 200).json["id"]
    is_(p.s.call("DELETE", "/factors/" + draft, token=u.token), 200)
    assert p.subjects(u.email) == [ADDED]
    is_(p.s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    assert p.subjects(u.email) == sorted([ADDED, REMOVED])
    says([m for m in p.sent(u.email) if m["Subject"] == REMOVED][0], "A verification method (authenticator app) was removed from your account %s." % u.email)


def removed_by_admin(p):
    """Removed by an admin: a mail of its own, and the audit log names the admin by role and id; so do other rows that admins cause."""
    s, u, boss = p.s, mfa_user(p.s), str(uuid.uuid4())
    path = "/admin/users/%s/factors/" % u.id
    is_(s.call("PUT", path + u.factor, {"friendly_name": "renamed"}, s.admin_token()), 200)
    is_(s.call("DELETE", path + u.factor, token=s.admin_token(role="supabase_admin", sub=boss)), 200)
    assert p.subjects(u.email) == sorted([ADDED, BY_ADMIN])
    says([m for m in p.sent(u.email) if m["Subject"] == BY_ADMIN][0], "An administrator removed a verification method (authenticator app) from your account %s." % u.email, "If this was not you")
    traits = [t for a, t in p.actions(u) if a == "factor_deleted"][0]
    for part in ('"admin_role"', '"supabase_admin"', '"admin_id"', boss, u.factor, u.id):
        assert part in traits, traits
    row, = p.sql("select payload ->> 'actor_id', payload ->> 'actor_username', payload ->> 'traits' from @audit_log_entries where payload ->> 'action' = 'factor_updated' and payload ->> 'traits' like '%%%s%%'" % u.factor)
    assert row[0] == str(uuid.UUID(int=0)) and row[1] == "service_role" and "admin_id" not in row[2], row
    is_(s.call("DELETE", "/admin/users/" + u.id, token=s.admin_token(sub=boss)), 200)
    row, = p.sql("select payload ->> 'actor_username', payload ->> 'traits' from @audit_log_entries where payload ->> 'action' = 'user_deleted' and payload ->> 'traits' like '%%%s%%'" % u.id)
    assert row[0] == "service_role" and boss in row[1], row


def locked(p):
    """Locked: one mail at the first lock of a day and one when it does not end; failures and locks stand in the audit log."""
    u = mfa_user(p.s)
    v = by_link(p.s, u)                     # no password was used: nobody knows it
    guess(v, u.factor, u.secret, 9)
    assert p.subjects(u.email) == [ADDED]
    guess(v, u.factor, u.secret, 1)
    assert p.subjects(u.email) == sorted([ADDED, LOCKED])
    says([m for m in p.sent(u.email) if m["Subject"] == LOCKED][0], "(authenticator app) of your account %s, so it was locked. It can be used again in a few minutes." % u.email)
    p.unlock(u.factor)
    guess(v, u.factor, u.secret, 10)
    assert p.subjects(u.email).count(LOCKED) == 1, "the second lock of a day"
    p.unlock(u.factor, 99)
    guess(v, u.factor, u.secret, 1)
    assert p.subjects(u.email) == sorted([ADDED, LOCKED, LOCKED])
    says([m for m in p.sent(u.email) if m["Subject"] == LOCKED][1], "It stays locked for some days for sign-ins like those.", "with another verification method or a recovery code")
    actions = p.actions(u)
    failed = [t for a, t in actions if a == "verification_failed"]
    assert len(failed) == 21 and all(u.factor in t and '"challenge_id"' in t and "totp" in t for t in failed), failed
    locks = [t for a, t in actions if a == "factor_locked"]
    assert len(locks) == 3 and '"wrong_codes"' in locks[0] and '"10"' in locks[0] and '"100"' in locks[2], locks
    assert [a for a, _ in actions].count("notice_sent") == 3 and [a for a, _ in actions].count("verification_attempted") == 1, actions


def known_password(p):
    """A right password and then ten wrong codes: the user is told to change it, and of the lock in the same mail; once a day."""
    u = mfa_user(p.s)
    thief = u.another_session()
    guess(thief, u.factor, u.secret, 10)
    assert p.subjects(u.email) == sorted([ADDED, AT_RISK])
    message = [m for m in p.sent(u.email) if m["Subject"] == AT_RISK][0]
    says(message, "Somebody signed in to your account %s with the right password and then entered ten wrong verification codes." % u.email,
         "The verification method (authenticator app) was locked. It can be used again in a few minutes.", "change your password at http://localhost:3000 now")
    p.unlock(u.factor)
    guess(u.another_session(), u.factor, u.secret, 10)
    assert p.subjects(u.email) == sorted([ADDED, AT_RISK])
    p.sql("update @@notice_counts set since = %s" % ("since - interval '86401 seconds'" if p.s.dsn else "since - 86401000000"))
    p.unlock(u.factor)
    guess(u.another_session(), u.factor, u.secret, 1)
    assert p.subjects(u.email) == sorted([ADDED, AT_RISK, AT_RISK]), "a day later it is news again"


def many_sessions(p):
    """The ten are counted over sessions, factors and recovery codes; where nothing was locked the mail does not say so."""
    s, u = p.s, mfa_user(p.s)
    second = is_(u.enroll("second"), 200).json
    c = is_(u.challenge(second["id"]), 200).json["id"]
    u.take(is_(u.verify(second["id"], c, fresh_code(second["totp"]["secret"])), 200).json)
    is_(s.call("POST", "/factors/recovery-codes", {}, u.token), 200)
    before = p.subjects(u.email)
    assert before == [ADDED] * 3
    guess(u.another_session(), u.factor, u.secret, 4)
    guess(u.another_session(), second["id"], second["totp"]["secret"], 3)
    third = u.another_session()
    for _ in range(2):
        is_(s.call("POST", "/factors/recovery-codes/verify", {"code": "a" * 16}, third.token), 422)
    assert p.subjects(u.email) == before
    is_(s.call("POST", "/factors/recovery-codes/verify", {"code": "a" * 16}, third.token), 422)
    assert p.subjects(u.email) == sorted(before + [AT_RISK])
    message = [m for m in p.sent(u.email) if m["Subject"] == AT_RISK][0]
    assert "locked" not in message.get_body(preferencelist=("plain",)).get_content()


def not_at_risk(p):
    """No alarm: mistakes of a session that got in after all, of one that needed no password, of an aal2 session, or at an enrollment."""
    s, u = p.s, mfa_user(p.s)
    v = u.another_session()
    guess(v, u.factor, u.secret, 9)
    is_(v.verify(u.factor, is_(v.challenge(u.factor), 200).json["id"], fresh_code(u.secret)), 200)
    guess(u.another_session(), u.factor, u.secret, 9)
    guess(by_link(s, u), u.factor, u.secret, 10)
    assert AT_RISK not in p.subjects(u.email) and LOCKED in p.subjects(u.email), p.subjects(u.email)
    w = mfa_user(s)
    guess(w, w.factor, w.secret, 10)
    assert p.subjects(w.email) == sorted([ADDED, LOCKED]), p.subjects(w.email)
    x = s.sign_up()
    f = is_(x.enroll(), 200).json
    guess(x, f["id"], f["totp"]["secret"], 10)
    assert p.subjects(x.email) == [LOCKED]


def recovery_codes(p):
    """Recovery codes: made, used (with what is left), locked, removed: a mail each."""
    s, u = p.s, mfa_user(p.s)
    codes = is_(s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"]
    made_mail = p.sent(u.email)[-1]
    says(made_mail, "A verification method (recovery codes) was added to your account %s." % u.email)
    low = u.another_session()
    v = User(s, is_(s.call("POST", "/factors/recovery-codes/verify", {"code": codes[0]}, low.token), 200).json, u.email, u.password)
    message, = [m for m in p.sent(u.email) if m["Subject"] == USED]
    says(message, "A recovery code was used to sign in to your account %s. Of your recovery codes 9 can still be used." % u.email)
    assert not [c for c in codes if c in message.as_string()]
    assert [t for a, t in p.actions(u) if a == "recovery_code_used"][0].replace(" ", "").find('"remaining":"9"') > 0, p.actions(u)
    p.sql("update @@recovery_codes set used_at = %s where code_hash in (select code_hash from @@recovery_codes where used_at is null and %s limit 8)"
          % ("now()" if s.dsn else "1", p.id_is("user_id", u.id)))
    for c in codes[1:]:
        if s.call("POST", "/factors/recovery-codes/verify", {"code": c}, u.another_session().token).status == 200:
            break
    says([m for m in p.sent(u.email) if m["Subject"] == USED][1], "It was the last one: make new ones.")
    link = by_link(s, u)
    for _ in range(10):
        is_(s.call("POST", "/factors/recovery-codes/verify", {"code": "b" * 16}, link.token), 422)
    says([m for m in p.sent(u.email) if m["Subject"] == LOCKED][0], "(recovery codes)", "It can be used again in a few minutes.")
    link.factor, link.secret = u.factor, u.secret
    v = link.take(is_(link.verify(u.factor, is_(link.challenge(u.factor), 200).json["id"], fresh_code(u.secret)), 200).json)
    is_(s.call("DELETE", "/factors/recovery-codes", token=v.token), 200)
    says([m for m in p.sent(u.email) if m["Subject"] == REMOVED][0], "A verification method (recovery codes) was removed")
    is_(s.call("POST", "/factors/recovery-codes", {}, v.token), 200)
    is_(s.call("DELETE", "/factors/" + u.factor, token=v.token), 200)
    gone = [t for a, t in p.actions(u) if a == "factor_unenrolled" and "recovery_code" in t]
    assert len(gone) == 2, gone


def without_address(p):
    """Who has no address gets no mail, and nothing waits for ever: a phone user enrolls, is locked, and removes."""
    s, q = p.s, phone()
    is_(s.call("POST", "/signup", {"phone": q, "password": PW}), 200)
    u = User(s, is_(s.call("POST", "/token?grant_type=password", {"phone": q, "password": PW}), 200).json, None, PW)
    before = len(os.listdir(p.mails))
    u.with_totp()
    low = User(s, is_(s.call("POST", "/token?grant_type=password", {"phone": q, "password": PW}), 200).json, None, PW)
    guess(low, u.factor, u.secret, 10)
    is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    assert p.sql("select count(*) from @@outbox") == [["0"]] and len(os.listdir(p.mails)) == before
    actions = [a for a, _ in p.actions(u)]
    assert "factor_locked" in actions and "factor_unenrolled" in actions and "notice_sent" not in actions, actions


def races(p):
    """Races, on all nodes: one mail each for a first verification, a removal, a recovery code, and forty guesses."""
    nodes = p.servers
    u = p.s.sign_up()
    f = is_(u.enroll(), 200).json
    challenges = [is_(u.challenge(f["id"]), 200).json["id"] for _ in range(6)]
    wait_for_fresh_step()
    code = totp(f["totp"]["secret"])
    path = "/factors/%s/verify" % f["id"]
    got = at_once(6, lambda n: nodes[n % len(nodes)].call("POST", path, {"challenge_id": challenges[n], "code": code}, u.token))
    u.take([a for a in got if a.status == 200][0].json)
    assert [a.status for a in got].count(200) == 1 and p.subjects(u.email) == [ADDED], p.subjects(u.email)
    codes = is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"]
    low = u.another_session()
    got = at_once(8, lambda n: nodes[n % len(nodes)].call("POST", "/factors/recovery-codes/verify", {"code": codes[0]}, low.token))
    assert [a.status for a in got].count(200) == 1 and p.subjects(u.email).count(USED) == 1, [a.short() for a in got]
    u.take([a for a in got if a.status == 200][0].json)
    p.unlock(f["id"], 0)                    # the losers of the first race count as wrong
    thief = u.another_session()
    c = is_(thief.challenge(f["id"]), 200).json["id"]
    codes = wrong(f["totp"]["secret"], 40)
    got = at_once(40, lambda n: nodes[n % len(nodes)].call("POST", path, {"challenge_id": c, "code": codes[n]}, thief.token))
    assert [a.status for a in got].count(422) == 10 and [a.status for a in got].count(429) == 30, [a.short() for a in got]
    assert p.subjects(u.email).count(AT_RISK) == 1 and p.subjects(u.email).count(LOCKED) == 0, p.subjects(u.email)
    got = at_once(8, lambda n: nodes[n % len(nodes)].call("DELETE", "/factors/" + f["id"], token=u.token))
    assert [a.status for a in got].count(200) == 1 and p.subjects(u.email).count(REMOVED) == 1, [a.short() for a in got]
    actions = [a for a, _ in p.actions(u)]
    assert actions.count("factor_locked") == 1 and actions.count("verification_failed") >= 10, actions


def no_flood(p):
    """Adding and removing over and over: no more than twenty mails of a kind a day; everything works on."""
    s, u = p.s, p.s.sign_up()
    for n in range(23):
        wait_for_fresh_step(4)
        u.with_totp("f%d" % n)
        is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    subjects = p.subjects(u.email)
    assert subjects.count(ADDED) == 20 and subjects.count(REMOVED) == 20, len(subjects)


def switches(t):
    """The official settings win where they are given; our own switches the rest off; other limits of mails hold."""
    on = "GOTRUE_MAILER_NOTIFICATIONS_MFA_FACTOR_%s_ENABLED"
    for env, wanted in (({"COUNTERSIGN_SECURITY_NOTICES": "false"}, []), ({on % "ENROLLED": "false"}, [REMOVED, BY_ADMIN]), ({on % "UNENROLLED": "false"}, [ADDED, ADDED, BY_ADMIN]),
                        ({"COUNTERSIGN_SECURITY_NOTICES": "false", on % "ENROLLED": "true"}, [ADDED, ADDED]), ({"COUNTERSIGN_SECURITY_NOTICES": "true"}, [ADDED, ADDED, REMOVED, BY_ADMIN]),
                        ({"GOTRUE_RATE_LIMIT_EMAIL_SENT": "0"}, []), ({"GOTRUE_EXTERNAL_EMAIL_AUTHORIZED_ADDRESSES": "me@example.com"}, []),
                        ({on % "UNENROLLED": "true"}, [ADDED, ADDED, REMOVED, REMOVED, BY_ADMIN])):
        with contextlib.ExitStack() as stack:
            p = Place(stack, env)
            u = p.s.sign_up()
            draft = is_(u.enroll("draft"), 200).json["id"]
            is_(p.s.call("DELETE", "/factors/" + draft, token=u.token), 200)
            wait_for_fresh_step()
            u.with_totp("one")
            first = u.factor
            u.with_totp("two")
            is_(p.s.call("DELETE", "/factors/" + first, token=u.token), 200)
            is_(p.s.call("DELETE", "/admin/users/%s/factors/%s" % (u.id, u.factor), token=p.s.admin_token()), 200)
            assert p.subjects(u.email) == sorted(wanted), (env, p.subjects(u.email))


def total_untouched(t):
    """Our notices do not use up the limit of all mails, for which sign-ups wait; an official one that was asked for does."""
    confirm = {"GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_RATE_LIMIT_EMAIL_SENT": "2"}
    for more, last in (({}, 200), ({"GOTRUE_MAILER_NOTIFICATIONS_MFA_FACTOR_ENROLLED_ENABLED": "true"}, 429)):
        with contextlib.ExitStack() as stack:
            p = Place(stack, {**confirm, **more})
            e = made(p.s)["email"]
            u = User(p.s, is_(p.s.sign_in(e, PW), 200).json, e, PW)
            wait_for_fresh_step()
            for n in range(3):
                u.with_totp("f%d" % n)
            is_(p.s.call("POST", "/signup", {"email": addr(), "password": PW}), last)
            assert len(p.sent(e)) == (2 if more else 3), p.subjects(e)


def through_the_hook(t):
    """A send-email hook hears of them only where COUNTERSIGN_SECURITY_NOTICES says so, a lock included; that it fails harms nobody."""
    for own, kinds in (({}, []), ({"COUNTERSIGN_SECURITY_NOTICES": "true"}, ["mfa_factor_enrolled_notification", "mfa_factor_enrolled_notification", "mfa_recovery_code_used_notification",
                                                                              "password_at_risk_notification", "mfa_factor_removed_by_admin_notification"])):
        with contextlib.ExitStack() as stack:
            rig = stack.enter_context(Rig())
            p = Place(stack, {**rig.settings("send_email"), **own})
            for answer in ("own", (500, {}, b"")):
                u = p.s.sign_up()
                rig.claim(u.email, "send_email", answer)
                wait_for_fresh_step()
                u.with_totp()
                code = is_(p.s.call("POST", "/factors/recovery-codes", {}, u.token), 200).json["codes"][0]
                is_(p.s.call("POST", "/factors/recovery-codes/verify", {"code": code}, u.another_session().token), 200)
                guess(u.another_session(), u.factor, u.secret, 10)
                is_(p.s.call("DELETE", "/admin/users/%s/factors/%s" % (u.id, u.factor), token=p.s.admin_token()), 200)
                calls = [c.json for c in rig.calls_of(u.email, "send_email")]
                assert [c["email_data"]["email_action_type"] for c in calls] == kinds, calls
                assert all(c["user"]["email"] == u.email and c["email_data"]["token"] == "" for c in calls), calls
                assert [c["email_data"]["factor_type"] for c in calls] == (["totp", "recovery_code", "recovery_code", "totp", "totp"] if kinds else []), calls
                assert p.sent(u.email) == []


def run_twice(t):
    """Where other hooks make each request run twice, every notice still comes once, those of a failed attempt too."""
    with contextlib.ExitStack() as stack:
        rig = stack.enter_context(Rig())
        p = Place(stack, rig.settings("mfa_verification_attempt", "custom_access_token"))
        for step in (added, removed, locked, known_password, recovery_codes):
            step(p)


def one_engine(t, name, **more):
    with contextlib.ExitStack() as stack:
        p = Place(stack, PHONE, **more)

        def run(step):
            t.step("%s: %s" % (name, step.__doc__), step, p)
        steps = [added, removed, removed_by_admin, locked, many_sessions, not_at_risk, recovery_codes, without_address, races, known_password]
        for step in steps + ([no_flood] if not p.s.dsn else []):
            run(step)
        t.step(name + ": nothing of it is an error in the log", quiet, p)


def quiet(p):
    for c in p.nodes:
        for word in ('"level":"error"', PW, "segmentation"):
            assert word not in c.log_text(), c.log_tail()


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "notices", one_engine, (switches, total_untouched, through_the_hook, run_twice))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
