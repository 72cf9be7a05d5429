#!/usr/bin/env python3
"""Start the real program on free loopback ports and run every conformance check against it: run_all.py [--binary FILE] [--asan FILE]

Rounds: under `/`, under `/auth/v1`, and, with --asan, against a build with AddressSanitizer and UBSan, where any report or leak is a
failure. Each round has a database of its own. --only ID,.. and -v are handed on to run.py. Ends with 'N passed, N failed'.
"""
import argparse, os, re, subprocess, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from countersign import SECRET, Countersign, default_binary  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("--asan", help="the program built with sanitizers")
p.add_argument("--rounds", default="root,prefix,asan", help="of root, prefix, asan"); p.add_argument("--only"); p.add_argument("-v", action="store_true")
p.add_argument("--jobs", default="8"); p.add_argument("--wrapper", help="a command in front of the program, such as valgrind with its options")
a = p.parse_args()


def one_round(name, binary, prefix):
    """(passed, failed) of one server's life; a server that reports, dies or does not stop well is one failure more."""
    print("== conformance, %s" % name, flush=True)
    passed = failed = 0
    try:
        with Countersign(binary, wrapper=a.wrapper.split() if a.wrapper else (), start_s=120 if a.wrapper else 30) as c:
            command = [sys.executable, os.path.join(HERE, "run.py"), "--base", c.base + prefix, "--secret", SECRET, "--sqlite", c.database,
                       "--part", "mfa", "--no-phone", "--jobs", a.jobs, "--times"]
            if not prefix:
                command += ["--binary", binary]          # the checks with servers of their own need no second run under the prefix
            command += (["--only", a.only] if a.only else []) + (["-v"] if a.v else [])
            out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1500)
            print(out.stdout, end="", flush=True)
            m = re.search(r"^(\d+) passed, (\d+) failed", out.stdout, re.M)
            passed, failed = (int(m.group(1)), int(m.group(2))) if m else (0, 1)
            if out.returncode and not failed:
                failed = 1
            c.check_db()
    except Exception as e:
        failed += 1
        print("FAIL  the server itself: %s: %s" % (type(e).__name__, e), flush=True)
    return passed, failed


rounds = a.rounds.split(",")
results = []
if "root" in rounds:
    results.append(one_round("under /", a.binary, ""))
if "prefix" in rounds:
    results.append(one_round("under /auth/v1", a.binary, "/auth/v1"))
if "asan" in rounds and a.asan:
    results.append(one_round("with AddressSanitizer and UBSan", a.asan, ""))
total = [sum(r[n] for r in results) for n in (0, 1)]
print("%d passed, %d failed" % tuple(total))
sys.exit(bool(total[1]) or not total[0])
