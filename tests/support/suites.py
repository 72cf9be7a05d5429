"""Run the suites of one folder, two at a time, and add up what they say. Each is a program that takes --binary FILE and ends with
'N passed, N failed'. Called by the run_all.py of tests/outside and tests/security."""
import argparse, concurrent.futures, os, re, subprocess, sys
from countersign import default_binary
from packages import python_with_clients


def one_suite(folder, name, binary):
    """(output, passed, failed) of one file."""
    command = [sys.executable, "-B", os.path.join(folder, name + ".py"), "--binary", os.path.abspath(binary)]
    try:
        out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600)
    except subprocess.TimeoutExpired:
        return "FAIL  %s hung\n" % name, 0, 1
    m = re.search(r"^(\d+) passed, (\d+) failed\n*\Z", out.stdout, re.M)
    passed, failed = (int(m.group(1)), int(m.group(2))) if m else (0, 1)
    return out.stdout, passed, failed or int(out.returncode != 0)


def run_suites(doc, folder, suites, clients=True):
    """The whole of a run_all.py; ends the process. clients: some of them want the official Python client."""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", default=default_binary())
    p.add_argument("--only", help="names of suites, with commas")
    a = p.parse_args()
    chosen = a.only.split(",") if a.only else suites
    total = [0, 0]
    try:
        if clients:
            python_with_clients()       # once, before two suites want it
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, (text, passed, failed) in zip(chosen, pool.map(lambda name: one_suite(folder, name, a.binary), chosen)):
                print("== %s, %s\n%s" % (os.path.basename(folder), name, text), end="", flush=True)
                total[0] += passed
                total[1] += failed
    except Exception as e:
        total[1] += 1
        print("FAIL  %s: %s" % (type(e).__name__, e), flush=True)
    print("%d passed, %d failed" % tuple(total))
    sys.exit(bool(total[1]) or not total[0])
