#!/usr/bin/env python3
"""WebAuthn against the real program: run_all.py [--binary FILE] [--only soft,postgres,older,browser] [--cache FOLDER] [-v]

soft: a software authenticator in Python (suite.py); postgres: the same on that engine; older: there, on the oldest schema of the official
server; browser: a real Chromium with a virtual one, through the official helper (browser.py). What they need from registries comes into
a folder under build/ that is used again; that it, or Chromium, cannot be had is a failure, not a skip. Ends with 'N passed, N failed'.
"""
import argparse, fcntl, hashlib, os, re, shutil, subprocess, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from countersign import ROOT, default_binary  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("--only", default="soft,postgres,older,browser"); p.add_argument("-v", action="store_true")
p.add_argument("--cache", default=os.path.join(ROOT, "build", "webauthn"))
a = p.parse_args()
total = [0, 0]


def run(*command, **more):
    out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, **more)
    if out.returncode:
        raise Exception("%s: exit %d: %s" % (" ".join(command[:4]), out.returncode, out.stdout[-1500:]))


def cached(folder, source, make):
    """`make` the folder anew unless it was made from this very source; of two runs at once one makes it."""
    os.makedirs(a.cache, exist_ok=True)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return made(folder, source, make)


def made(folder, source, make):
    mark = os.path.join(folder, "made-from")
    with open(source, "rb") as f:
        stamp = hashlib.sha256(f.read()).hexdigest()
    if os.path.exists(mark) and open(mark).read() == stamp:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    print("      fetching what %s names" % os.path.relpath(source, ROOT), flush=True)
    make(folder)
    with open(mark, "w") as f:
        f.write(stamp)
    return folder


def make_python(where):
    run(sys.executable, "-m", "venv", where)
    run(os.path.join(where, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", os.path.join(HERE, "requirements.txt"))


def make_node(where):
    shutil.copy(os.path.join(HERE, "..", "clients", "package.json"), where)
    run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", cwd=where)


def suite(name, *command):
    print("== webauthn, " + name, flush=True)
    out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    lines = out.stdout.rstrip().split("\n")
    print("\n".join(lines), flush=True)
    m = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1])
    counts = [int(x) for x in m.groups()] if m else [0, 1]
    if out.returncode and not counts[1]:
        counts[1] = 1
    for n in (0, 1):
        total[n] += counts[n]


def attempt(name, call):
    if name in a.only.split(","):
        try:
            call()
        except Exception as e:
            total[1] += 1
            print("FAIL  %s: %s: %s" % (name, type(e).__name__, e), flush=True)


more = ["--binary", a.binary] + (["-v"] if a.v else [])


def soft(engine):
    folder = cached(os.path.join(a.cache, "python"), os.path.join(HERE, "requirements.txt"), make_python)
    suite("a software authenticator, " + engine, os.path.join(folder, "bin", "python"), os.path.join(HERE, "suite.py"), "--engine", engine, *more)


def browser():
    folder = cached(os.path.join(a.cache, "node"), os.path.join(HERE, "..", "clients", "package.json"), make_node)
    suite("Chromium and the official helper", sys.executable, os.path.join(HERE, "browser.py"), "--modules", os.path.join(folder, "node_modules"), *more)


attempt("soft", lambda: soft("sqlite"))
attempt("postgres", lambda: soft("postgres"))
attempt("older", lambda: soft("older"))
attempt("browser", browser)
print("%d passed, %d failed" % tuple(total))
sys.exit(bool(total[1]) or not total[0])
