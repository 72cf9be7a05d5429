#!/usr/bin/env python3
"""Run the official clients against the real program: run_all.py [--binary FILE] [--only seed,python,js,readme,policy,accounts,postgres] [--cache FOLDER]

The clients come from their registries into a folder under build/ that is used again; that they cannot be had is a failure, not a skip.
The server starts without any setting, as a person starts it; for the suites of accounts another one wants addresses confirmed.
postgres: the suites of seed, python, js and accounts once more on PostgreSQL. Ends with 'N passed, N failed'.
"""
import argparse, os, re, subprocess, sys, tempfile
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from countersign import Countersign, default_binary  # noqa: E402
from postgres import Postgres  # noqa: E402
from packages import CACHE, node_with_clients, python_with_clients  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("--only", default="seed,python,js,readme,policy,accounts,postgres"); p.add_argument("-v", action="store_true")
p.add_argument("--cache", default=CACHE)
a = p.parse_args()
only = a.only.split(",")
total = [0, 0]


# What an application with everything on looks like, but for the waiting times between two messages.
ACCOUNTS = {"GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_SMS_AUTOCONFIRM": "false", "GOTRUE_SMTP_MAX_FREQUENCY": "1ms", "GOTRUE_SMS_MAX_FREQUENCY": "1ms", "GOTRUE_RATE_LIMIT_EMAIL_SENT": "100000",
            "GOTRUE_RATE_LIMIT_SMS_SENT": "100000", "GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "true", "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION": "true",
            "GOTRUE_URI_ALLOW_LIST": "http://localhost:3000/**"}


# A second factor required of some, and steps that grow too old while a suite can wait for it.
POLICY = {"COUNTERSIGN_MFA_REQUIRED_ROLES": "staff", "COUNTERSIGN_MFA_ENROLL_GRACE": "6s", "COUNTERSIGN_MFA_MAX_AGE": "9s"}


def suite(name, *command):
    """Run one suite, show what it says, and add its counts."""
    print("== clients, " + name, flush=True)
    out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    print(out.stdout, end="", flush=True)
    m = re.findall(r"^(\d+) passed, (\d+) failed", out.stdout, re.M)
    counts = [int(x) for x in m[-1]] if m else [0, 1]
    if out.returncode and not counts[1]:
        counts[1] = 1
    for n in (0, 1):
        total[n] += counts[n]


def arguments(c):
    k = c.keys()
    return ["--url", k["url"] if c.zero_config else c.base, "--anon-key", k["anon_key"], "--service-key", k["service_role_key"]]


def seven_calls(c, args, only):
    """The suites of the seven calls against that server."""
    if "seed" in only:
        suite("the seven calls in Python", python, os.path.join(HERE, "seed_calls.py"), *args)
    if "python" in only:
        suite("the Python client, sync and async", python, os.path.join(HERE, "python_suite.py"), *args, *(["-v"] if a.v else []))
    if "js" in only:
        suite("the JavaScript client", "node", os.path.join(HERE, "js_suite.mjs"), args[1], args[3], args[5], os.path.join(node, "node_modules"))


def accounts(kind, dsn=None):
    """The suites of accounts against a server of their own, on SQLite or on that PostgreSQL database."""
    with tempfile.TemporaryDirectory(prefix="countersign-post-") as mails, tempfile.TemporaryDirectory(prefix="countersign-post-") as texts:
        with Countersign(a.binary, env={**ACCOUNTS, "COUNTERSIGN_MAIL_DIR": mails, "COUNTERSIGN_SMS_DIR": texts, **({"DATABASE_URL": dsn} if dsn else {})}) as c:
            k = c.keys()
            names = ("--url", c.base + "/auth/v1"), ("--anon-key", k["anon_key"]), ("--service-key", k["service_role_key"]), ("--mail-dir", mails), ("--sms-dir", texts), ("--database", dsn or c.database)
            suite("accounts in Python, sync and async" + kind, python, "-B", os.path.join(HERE, "python_accounts.py"), *sum(names, ()), *(["-v"] if a.v else []))
            suite("accounts in JavaScript" + kind, "node", os.path.join(HERE, "js_accounts.mjs"), c.base, *(v for _, v in names[1:]), os.path.join(node, "node_modules"))
            c.check_db()


try:
    python = python_with_clients(a.cache) if {"seed", "python", "readme", "policy", "accounts", "postgres"} & set(only) else None
    node = node_with_clients(a.cache) if {"js", "policy", "accounts", "postgres"} & set(only) else None
    with Countersign(a.binary, zero_config=True) as c:
        args = arguments(c)
        seven_calls(c, args, only)
        if "readme" in only:
            suite("the README's Python", python, os.path.join(HERE, "readme.py"), *args)
    if "postgres" in only:
        with Postgres() as postgres:
            with Countersign(a.binary, env={"DATABASE_URL": postgres.create("clients")}) as c:
                print("== clients, on PostgreSQL", flush=True)
                seven_calls(c, arguments(c), ("seed", "python", "js"))
            accounts(" on PostgreSQL", postgres.create("accounts"))
    if "policy" in only:
        with Postgres() as postgres:
            for where, env in ((", a file", {}), (", on PostgreSQL", {"DATABASE_URL": postgres.create("policy")})):
                with Countersign(a.binary, env={**POLICY, **env}) as c:
                    args = arguments(c)
                    suite("a second factor required, in Python" + where, python, os.path.join(HERE, "python_policy.py"), *args)
                    suite("a second factor required, in JavaScript" + where, "node", os.path.join(HERE, "js_policy.mjs"), args[1], args[3], args[5], os.path.join(node, "node_modules"))
    if "accounts" in only:
        accounts("")
except Exception as e:
    total[1] += 1
    print("FAIL  %s: %s" % (type(e).__name__, e), flush=True)
print("%d passed, %d failed" % tuple(total))
sys.exit(bool(total[1]) or not total[0])
