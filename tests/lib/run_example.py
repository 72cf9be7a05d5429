"""Runs the example program sign_in_with_mfa against fake_auth.py as a person would: enrolls, is
asked for the code again at the second sign-in, mistypes it once. Usage: run_example.py PROGRAM"""

import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))
import fake_auth  # noqa: E402


def sign_up(url):
    body = json.dumps({"email": "a@example.com", "password": "correct horse"}).encode()
    urllib.request.urlopen(urllib.request.Request(url + "/auth/v1/signup", body)).read()


def run(program, url, lines, secret=None):
    """Feeds lines to the program; a line None becomes the code of this moment."""
    child = subprocess.Popen([program, url, "anon", "a@example.com"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    output = ""
    for line in lines:
        if line is None and secret is None:
            while "secret" not in output:
                output += child.stdout.readline()
            secret = re.search(r"secret (\w+)", output).group(1)
        child.stdin.write((fake_auth.totp(secret, int(time.time())) if line is None else line) + "\n")
        child.stdin.flush()
    output += child.communicate(timeout=60)[0]
    return child.returncode, output, secret


def main():
    server = subprocess.Popen([sys.executable, HERE / "fake_auth.py"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    url = "http://127.0.0.1:" + server.stdout.readline().strip()
    failed = 0
    try:
        sign_up(url)
        code, output, secret = run(sys.argv[1], url, ["correct horse", None])
        checks = [("enrolls and reaches aal2", code == 0 and "signed in at aal2 (aal2 is possible)" in output)]
        code, output, _ = run(sys.argv[1], url, ["correct horse", "000000", None], secret)
        checks.append(("a second sign-in asks for a code, again after a wrong one", code == 0 and "aal2" in output))
        code, output, _ = run(sys.argv[1], url, ["wrong horse"])
        checks.append(("a wrong password is refused", code == 1 and output == ""))
        for name, holds in checks:
            print("ok   " if holds else "FAIL ", name)
            failed += not holds
    finally:
        server.stdin.close()
        server.wait(timeout=10)
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
