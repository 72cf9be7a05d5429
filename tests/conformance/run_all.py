#!/usr/bin/env python3
"""Start the real program on free loopback ports and run every conformance check against it: run_all.py [--binary FILE] [--asan FILE]

Rounds: root, under `/`; prefix, under `/auth/v1`; accounts, the checks of accounts.py with mails and SMS in folders; accounts-smtp,
the same with a real mail server and the send-SMS hook; postgres, accounts-postgres, both on PostgreSQL, and interop, interop.py with two
nodes on one database; older, those three on the oldest shape of the official server's schema; and, with --asan, asan and accounts-asan
against a build with AddressSanitizer and UBSan, where any report or leak is a failure. Each server has a database of its own. --only
ID,.. and -v are handed on to run.py.
Ends with 'N passed, N failed'.
"""
import argparse, base64, contextlib, os, re, subprocess, sys, tempfile, time, uuid
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "nodes", "official")]
from countersign import SECRET, Countersign, default_binary  # noqa: E402
from postgres import Postgres  # noqa: E402
from shared_rules import broken  # noqa: E402
from sinks import MailServer, Receiver  # noqa: E402
from versions import UNDO, made, official  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("--asan", help="the program built with sanitizers")
p.add_argument("--rounds", default="root,prefix,accounts,accounts-smtp,postgres,accounts-postgres,interop,older,asan,accounts-asan", help="those named above, with commas"); p.add_argument("--only"); p.add_argument("-v", action="store_true")
p.add_argument("--jobs", default="8"); p.add_argument("--wrapper", help="a command in front of the program, such as valgrind with its options")
a = p.parse_args()


def run_checks(command, may_skip=True):
    """Run run.py, show what it says; (passed, failed), a skipped check being a failure unless it may be one."""
    command += (["--only", a.only] if a.only else []) + (["-v"] if a.v else [])
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1500)
    print(out.stdout, end="", flush=True)
    m = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped", out.stdout, re.M)
    passed, failed, skipped = (int(x) for x in m.groups()) if m else (0, 1, 0)
    return passed, (failed or int(out.returncode != 0)) + (0 if may_skip else skipped)


def place(postgres, name):
    """(settings, what run.py is told with 'sqlite' or 'dsn') of a database: a new one of that PostgreSQL, or each server's own file."""
    if not postgres:
        return {}, lambda c, suffix="": ["--sqlite" + suffix, c.database]
    url = postgres.create(name)
    return {"DATABASE_URL": url}, lambda c, suffix="": ["--dsn" + suffix, url]


class Older:
    """That PostgreSQL, whose new databases have the oldest shape of the official server's schema that Countersign runs on."""
    def __init__(self, postgres):
        self.postgres = postgres
        official(postgres, people=False)

    def create(self, name):
        return made(self.postgres, "older_" + name, UNDO)


def one_round(name, binary, prefix, postgres=None, *options):
    """(passed, failed) of one server's life; a server that reports, dies or does not stop well is one failure more."""
    print("== conformance, %s" % name, flush=True)
    passed = failed = 0
    try:
        env, where = place(postgres, "conformance")
        with Countersign(binary, env=env, wrapper=a.wrapper.split() if a.wrapper else (), start_s=120 if a.wrapper else 30) as c:
            command = [sys.executable, os.path.join(HERE, "run.py"), "--base", c.base + prefix, "--secret", SECRET] + where(c) + [
                       "--part", "mfa", "--no-phone", "--jobs", a.jobs, "--times", *options]
            if not prefix and not postgres:
                command += ["--binary", binary]          # the checks with servers of their own need no second run under the prefix
            passed, failed = run_checks(command)
            if not postgres:
                c.check_db()
    except Exception as e:
        failed += 1
        print("FAIL  the server itself: %s: %s" % (type(e).__name__, e), flush=True)
    return passed, failed


# The three servers of accounts.py, as its opening comment says.
EVERY = {"GOTRUE_URI_ALLOW_LIST": "http://localhost:3000,https://supabase.com/"}
CONFIRM = {"GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_SMS_AUTOCONFIRM": "false", "GOTRUE_SMTP_MAX_FREQUENCY": "2s", "GOTRUE_SMS_MAX_FREQUENCY": "2s",
           "GOTRUE_RATE_LIMIT_EMAIL_SENT": "100000", "GOTRUE_RATE_LIMIT_SMS_SENT": "100000", "GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "true",
           "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION": "true"}
CLOSED = {"GOTRUE_DISABLE_SIGNUP": "true", "GOTRUE_EXTERNAL_PHONE_ENABLED": "false", "GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED": "false",
          "GOTRUE_RATE_LIMIT_HEADER": "X-Limit-Key"}


def keep_sms(receiver, folder):
    """The send-SMS hook at /sms, which writes what it is told into the folder."""
    def keep(request):
        name = "%d-%s.json" % (time.time_ns(), uuid.uuid4().hex)
        with open(os.path.join(folder, "." + name), "wb") as f:
            f.write(request.body)
        os.rename(os.path.join(folder, "." + name), os.path.join(folder, name))
        return 200, {"Content-Type": "application/json"}, {}
    receiver.answers["/sms"] = keep
    return {"GOTRUE_HOOK_SEND_SMS_ENABLED": "true", "GOTRUE_HOOK_SEND_SMS_URI": receiver.url + "/sms"}


def accounts_round(name, binary, real_sinks, postgres=None):
    """(passed, failed) of accounts.py; every check of it must run."""
    print("== conformance, accounts, %s" % name, flush=True)
    passed = failed = 0
    try:
        with contextlib.ExitStack() as stack:
            mails, texts = (stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-sink-")) for _ in range(2))
            env = {**EVERY, "COUNTERSIGN_MAIL_DIR": mails, "COUNTERSIGN_SMS_DIR": texts}
            if real_sinks:
                env = {**EVERY, **stack.enter_context(MailServer(mails)).settings, **keep_sms(stack.enter_context(Receiver()), texts)}
            places = [place(postgres, "accounts_" + which) for which in ("base", "confirm", "closed")]
            base, confirm, closed = (stack.enter_context(Countersign(binary, env={**env, **own, **at[0]}))
                                     for own, at in zip(({}, CONFIRM, CLOSED), places))
            passed, failed = run_checks([
                sys.executable, os.path.join(HERE, "run.py"), "--base", base.base, "--secret", SECRET] + places[0][1](base) + [
                "--part", "accounts", "--base-confirm", confirm.base] + places[1][1](confirm, "-confirm") + ["--base-closed", closed.base,
                "--mail-dir", mails, "--sms-dir", texts, "--jobs", a.jobs, "--times"], may_skip=False)
            for c in () if postgres else (base, confirm, closed):
                c.check_db()
    except Exception as e:
        failed += 1
        print("FAIL  the servers themselves: %s: %s" % (type(e).__name__, e), flush=True)
    return passed, failed


# What interop.py asks of both servers.
SHARED = {"GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true", "GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED": "true",
          "GOTRUE_MFA_WEB_AUTHN_VERIFY_ENABLED": "true", "GOTRUE_WEBAUTHN_RP_ID": "localhost", "GOTRUE_WEBAUTHN_RP_ORIGINS": "http://localhost:3000",
          "GOTRUE_WEBAUTHN_RP_DISPLAY_NAME": "Interop", "GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": "0"}


KEY = base64.urlsafe_b64encode(b"0123456789abcdef0123456789abcdef").decode().rstrip("=")
SEALED = {"GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPT": "true", "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY_ID": "k1",
          "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY": KEY, "GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS": "k1:" + KEY}


def interop_round(name, binary, postgres, settings, *options):
    """(passed, failed) of interop.py with two nodes of ours."""
    print("== conformance, two servers on one database, %s" % name, flush=True)
    try:
        with contextlib.ExitStack() as stack:
            texts = stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-sink-"))
            url = postgres.create("interop_" + re.sub(r"\W", "_", name))
            env = {**SHARED, **settings, **keep_sms(stack.enter_context(Receiver()), texts), "DATABASE_URL": url}
            one, two = (stack.enter_context(Countersign(binary, env=env)) for _ in range(2))
            out = subprocess.run([sys.executable, os.path.join(HERE, "interop.py"), "--a", one.base, "--b", two.base, "--secret", SECRET,
                                  "--dsn", url, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
            print(out.stdout, end="", flush=True)
            m = re.search(r"^(\d+) passed, (\d+) failed", out.stdout, re.M)
            passed, failed = (int(x) for x in m.groups()) if m else (0, 1)
            return passed, failed or int(out.returncode != 0)
    except Exception as e:
        print("FAIL  the servers themselves: %s: %s" % (type(e).__name__, e), flush=True)
        return 0, 1


def shared_rules(postgres):
    """(passed, failed): what the rounds before have left in their databases, read as the official server would."""
    print("== conformance, the rows that were left", flush=True)
    passed = failed = 0
    for (database,) in postgres.sql("select datname from pg_database where not datistemplate and datname <> 'postgres' order by 1"):
        found = broken(postgres, database)
        passed, failed = passed + (not found), failed + len(found)
        for what, rows in found:
            print("FAIL  %s: %s (%d rows)" % (database, what, rows), flush=True)
    return passed, failed


def postgres_rounds(wanted, binary):
    with Postgres(["-c", "timezone=Asia/Kolkata"]) as postgres:
        if "postgres" in wanted:
            yield one_round("under / on PostgreSQL", binary, "", postgres)
        if "accounts-postgres" in wanted:
            yield accounts_round("on PostgreSQL", binary, False, postgres)
        if "interop" in wanted:
            yield interop_round("tokens of version 1", binary, postgres, {"GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": "1"})
            yield interop_round("encrypted, tokens of version 2", binary, postgres, SEALED, "--keys", "k1:" + KEY)
        if "older" in wanted:
            older = Older(postgres)
            yield one_round("under / on the oldest schema", binary, "", older, "--rows")
            yield accounts_round("on the oldest schema", binary, False, older)
            yield interop_round("the oldest schema", binary, older, {"GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": "2"})
        yield shared_rules(postgres)


rounds = a.rounds.split(",")
results = []
if "root" in rounds:
    results.append(one_round("under /", a.binary, ""))
if "prefix" in rounds:
    results.append(one_round("under /auth/v1", a.binary, "/auth/v1"))
if "asan" in rounds and a.asan:
    results.append(one_round("with AddressSanitizer and UBSan", a.asan, ""))
if "accounts" in rounds:
    results.append(accounts_round("mails and SMS in folders", a.binary, False))
if "accounts-smtp" in rounds:
    results.append(accounts_round("a mail server and the send-SMS hook", a.binary, True))
if {"postgres", "accounts-postgres", "interop", "older"} & set(rounds):
    results += postgres_rounds(rounds, a.binary)
if "accounts-asan" in rounds and a.asan:
    results.append(accounts_round("with AddressSanitizer and UBSan", a.asan, True))
total = [sum(r[n] for r in results) for n in (0, 1)]
print("%d passed, %d failed" % tuple(total))
sys.exit(bool(total[1]) or not total[0])
