#!/usr/bin/env python3
"""The command line for people, driven as they would: run.py [--binary FILE] [-v] [PART ...]

Starts a real server on a free port in a temporary folder and runs the real binary against it: in a terminal (a pty, and tmux), through
pipes, by HTTP and on the database file. The parts are the cases_*.py beside this file. Ends with 'N passed, N failed'.
"""
import argparse, os, sys, traceback
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
import cases_admin, cases_bad_input, cases_mfa, cases_output, cases_scripts, cases_sign_in  # noqa: E402

PARTS = {"sign_in": cases_sign_in, "mfa": cases_mfa, "admin": cases_admin, "bad_input": cases_bad_input, "output": cases_output, "scripts": cases_scripts}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", default=os.path.join(bench.ROOT, "build", "countersign"))
    p.add_argument("-v", action="store_true", help="show where a case failed")
    p.add_argument("parts", nargs="*", choices=[[], *PARTS])
    a = p.parse_args()
    passed = failed = 0
    for part in a.parts or PARTS:
        server = bench.Server(os.path.abspath(a.binary))
        try:
            for name, case in sorted(vars(PARTS[part]).items(), key=lambda x: getattr(getattr(x[1], "__code__", None), "co_firstlineno", 0)):
                if not name.startswith("case_"):
                    continue
                try:
                    case(server)
                    passed += 1
                    print("ok    %s: %s" % (part, (case.__doc__ or name).strip()), flush=True)
                except Exception as e:
                    failed += 1
                    print("FAIL  %s: %s\n      %s: %s" % (part, name, type(e).__name__, str(e)[:1500]), flush=True)
                    if a.v:
                        traceback.print_exc()
        finally:
            server.close()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
