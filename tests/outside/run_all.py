#!/usr/bin/env python3
"""Run every suite of this folder, two at a time, and add up what they say: run_all.py [--binary FILE] [--only NAME,..]

Ends with 'N passed, N failed'.
"""
import argparse, concurrent.futures, os, re, subprocess, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from countersign import default_binary  # noqa: E402
from packages import python_with_clients  # noqa: E402

SUITES = ["hook_answers", "mail", "five_processes", "sms_providers", "hook_calls", "captcha", "breach", "notices", "phone_factors", "factor_transfer", "settings", "codes", "hook_rules", "audit", "limits", "changes"]
p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("--only")
a = p.parse_args()
chosen = a.only.split(",") if a.only else SUITES
total = [0, 0]


def suite(name):
    """(output, passed, failed) of one file."""
    command = [sys.executable, "-B", os.path.join(HERE, name + ".py"), "--binary", os.path.abspath(a.binary)]
    try:
        out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=400)
    except subprocess.TimeoutExpired:
        return "FAIL  %s hung\n" % name, 0, 1
    m = re.search(r"^(\d+) passed, (\d+) failed\n*\Z", out.stdout, re.M)
    passed, failed = (int(m.group(1)), int(m.group(2))) if m else (0, 1)
    return out.stdout, passed, failed or int(out.returncode != 0)


try:
    python_with_clients()       # once, before two suites want it
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, (text, passed, failed) in zip(chosen, pool.map(suite, chosen)):
            print("== outside, %s\n%s" % (name, text), end="", flush=True)
            total[0] += passed
            total[1] += failed
except Exception as e:
    total[1] += 1
    print("FAIL  %s: %s" % (type(e).__name__, e), flush=True)
print("%d passed, %d failed" % tuple(total))
sys.exit(bool(total[1]) or not total[0])
