#!/usr/bin/env python3
"""Run the tests of delivery: run_all.py [--driver FILE] [--only mail,sms,hooks,outbox] [--cache FOLDER] [-v]

The mail server of the tests (aiosmtpd) comes from its registry into a folder under build/ that is used again; that it cannot be had
is a failure, not a skip. Ends with 'N passed, N failed'.
"""
import argparse, hashlib, os, shutil, subprocess, sys
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def virtual_environment(folder):
    """A Python with what requirements.txt names; made anew when that file changes."""
    with open(os.path.join(HERE, "requirements.txt"), "rb") as f:
        wanted = hashlib.sha256(f.read()).hexdigest()
    mark = os.path.join(folder, "made-from")
    if not os.path.exists(mark) or open(mark).read() != wanted:
        print("      making a virtual environment with a mail server", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([os.path.join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", os.path.join(HERE, "requirements.txt")], check=True)
        with open(mark, "w") as f:
            f.write(wanted)
    return os.path.join(folder, "bin", "python")


p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--driver", default=os.path.join(ROOT, "build", "tests", "deliver", "deliver_driver")); p.add_argument("--only", default="mail,sms,hooks,outbox"); p.add_argument("-v", action="store_true")
p.add_argument("--cache", default=os.path.join(ROOT, "build", "deliver"))
a = p.parse_args()
sys.exit(subprocess.run([virtual_environment(a.cache), "-B", os.path.join(HERE, "suite.py"), a.driver, a.only] + (["-v"] if a.v else [])).returncode)
