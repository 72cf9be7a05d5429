#!/usr/bin/env python3
"""Run the checks against a server: run.py --base URL --secret S [--dsn DSN | --sqlite FILE] [--only ID,..] [--record FILE] [--site-host H]

For accounts.py also: [--base-confirm URL --mail-dir DIR --sms-dir DIR [--dsn-confirm DSN | --sqlite-confirm FILE]] [--base-closed URL]; see there.
With --binary FILE the checks that need servers of their own (other settings, a restart) run too; --jobs N runs N checks at a time.
"""
import argparse, concurrent.futures, json, os, sys, time, traceback
import checks
import gate_checks, keys_checks, admin_checks, refresh_checks, session_checks, totp_checks, race_checks, wire_checks, recovery_checks, policy_checks, words_checks  # noqa: F401  (they register themselves)
from wire import Server

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--base", required=True); p.add_argument("--secret", required=True); p.add_argument("--dsn"); p.add_argument("--sqlite")
p.add_argument("--only"); p.add_argument("--record"); p.add_argument("--site-host", default="localhost:3000")
p.add_argument("--reuse-interval", type=int, default=0); p.add_argument("-v", action="store_true")
p.add_argument("--part", choices=["mfa", "accounts"], help="one part alone: accounts is the checks whose ids begin with K")
p.add_argument("--no-phone", action="store_true", help="the server has no phone factors")
p.add_argument("--rows", action="store_true", help="the server's refresh tokens are rows (version 1)")
p.add_argument("--binary", help="the program, for checks that start servers of their own")
p.add_argument("--jobs", type=int, default=1, help="so many checks at a time")
p.add_argument("--times", action="store_true", help="print the slowest checks")
for name in ("--base-confirm", "--mail-dir", "--sms-dir", "--dsn-confirm", "--sqlite-confirm", "--base-closed"):
    p.add_argument(name)
a = p.parse_args()
if a.record and a.jobs > 1:
    p.error("--record needs --jobs 1: an exchange is filed under the check that runs")
server = Server(a.base, a.secret, a.dsn, a.sqlite)
kit = {"site_host": a.site_host, "reuse_interval": a.reuse_interval, "mail": a.mail_dir, "sms": a.sms_dir, "start": None}
if a.binary:
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
    from countersign import Countersign
    kit["start"] = lambda **env: Countersign(a.binary, env=env)
own = a.dsn_confirm or a.sqlite_confirm
for name, base in (("confirm", a.base_confirm), ("closed", a.base_closed)):
    kit[name] = base and Server(base, a.secret, a.dsn_confirm if own else a.dsn, a.sqlite_confirm if own else a.sqlite)
have = {"no-reuse-interval"} | ({"sql"} if a.dsn or a.sqlite else set()) | ({"no-phone"} if a.no_phone else {"phone"}) | ({"rows"} if a.rows else {"counters"})
have.update(name for name in ("confirm", "closed", "mail", "sms", "start") if kit[name])
have.update({"sqlite"} if a.sqlite else set())
if a.base_confirm and (own or a.dsn or a.sqlite):
    have.add("sql-confirm")
passed, failed, skipped, took = [], [], [], {}


def one_check(c):
    for one in (server, kit["confirm"], kit["closed"]):
        if one:
            one.note = c["id"]
    begin = time.monotonic()
    try:
        c["fn"](server, kit)
        passed.append(c["id"])
    except Exception as e:
        failed.append(c["id"])
        print("%-4s %s%s\n     %s: %s" % (c["id"], c["doc"], " [better than the official server]" if c["better"] else "", type(e).__name__, str(e)[:600]), flush=True)
        if a.v:
            traceback.print_exc()
    took[c["id"]] = time.monotonic() - begin


chosen = []
for c in checks.CHECKS:
    if a.only and c["id"] not in a.only.split(","):
        continue
    if a.part and (a.part == "accounts") != c["id"].startswith("K"):
        continue
    if c["needs"] - have:
        skipped.append(c["id"])
    else:
        chosen.append(c)
assert len({c["id"] for c in checks.CHECKS}) == len(checks.CHECKS), "two checks have one id"
chosen.sort(key=lambda c: not c["slow"] if a.jobs > 1 else 0)      # those that wait longest begin first
with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
    list(pool.map(one_check, chosen))
if a.record:
    json.dump(sum((one.log for one in (server, kit["confirm"], kit["closed"]) if one), []), open(a.record, "w"), indent=1)
if a.times:
    print("slowest: " + ", ".join("%s %.1f s" % (i, t) for i, t in sorted(took.items(), key=lambda x: -x[1])[:12]))
if failed or skipped:
    print("failed: %s; skipped: %s" % (" ".join(failed) or "none", " ".join(skipped) or "none"))
print("%d passed, %d failed, %d skipped" % (len(passed), len(failed), len(skipped)))
sys.exit(bool(failed) or not passed)
