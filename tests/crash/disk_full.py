#!/usr/bin/env python3
"""The disk is full: writes are refused in the envelope with 503 or 507, reads go on, and with room again all goes on: disk_full.py [--binary FILE]

The database lies on a small tmpfs that is mounted for the test, which needs root; as a plain user it is skipped, loudly.
"""
import argparse, os, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from countersign import Countersign, default_binary  # noqa: E402
from tally import Tally  # noqa: E402
from wire import totp, wait_for_fresh_step  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true")
a = p.parse_args()
tally = Tally()
folder = tempfile.mkdtemp(prefix="countersign-disk-")
mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", folder], capture_output=True).returncode == 0
if not mounted:
    os.rmdir(folder)
    tally.skip("disk full", "a tmpfs cannot be mounted here (root is needed)")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)
ballast = os.path.join(folder, "ballast")


def fill():
    """Take every byte that is left."""
    with open(ballast, "ab", buffering=0) as f:
        for size in (1 << 16, 4096, 512, 1):
            try:
                while True:
                    f.write(b"\0" * size)
            except OSError:
                pass


c = Countersign(a.binary, env={"DATABASE_URL": "sqlite:" + os.path.join(folder, "countersign.db")})
c.database = os.path.join(folder, "countersign.db")
refused = []


def while_full(s, u, f):
    fill()
    for n in range(60):
        r = s.call("POST", "/factors/%s/challenge" % f, {}, u.token, keep=False)
        if r.status != 200:
            refused.append(r)
        assert r.status == 200 or r.status in (503, 507), "challenge %d: %s" % (n, r.short())
        if r.status != 200:
            assert r.json and r.code and r.message and r.headers["content-type"] == "application/json", r.raw
            assert not any(w in r.raw.decode().lower() for w in ("sqlite", "disk i/o", folder)), r.short()
        fill()
    assert refused, "sixty writes on a full disk, and none was refused"
    for body, path in (({"email": "new@example.com", "password": "correct horse battery"}, "/signup"), ({"email": u.email, "password": u.password}, "/token?grant_type=password"),
                       ({"refresh_token": u.refresh}, "/token?grant_type=refresh_token")):
        r = s.call("POST", path, body, keep=False)
        assert r.status in (503, 507) and r.code, "%s: %s" % (path, r.short())
    for _ in range(20):
        r = s.call("GET", "/user", token=u.token, keep=False)
        assert r.status in (200, 503), r.short()
    assert s.call("GET", "/health", keep=False).status == 200
    assert c.alive(), c.log_tail()


def room_again(s, u, f, secret):
    os.unlink(ballast)
    end = time.monotonic() + 90
    while True:
        r = s.call("POST", "/factors/%s/challenge" % f, {}, u.token, keep=False)
        if r.status == 200 or time.monotonic() > end:
            break
        time.sleep(0.3)
    assert r.status == 200, "with room again: " + r.short()
    wait_for_fresh_step()
    v = u.verify(f, r.json["id"], totp(secret))
    assert v.status == 200, v.short()
    assert s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": v.json["refresh_token"]}).status == 200
    s.sign_up(email="new@example.com")
    c.check_db()


def full_at_start():
    c.stop()
    fill()
    out = c.command("serve", "--once", timeout=30)
    if out.returncode:
        assert (out.stderr + out.stdout).strip() and out.returncode > 0, "it died without a word: %s" % out.returncode
    os.unlink(ballast)
    c.start()
    c.check_db()


try:
    c.start()
    s = c.server()
    u = s.sign_up()
    e = u.enroll().json
    tally.step("a full disk: refusals in the envelope, reads go on", while_full, s, u, e["id"])
    if os.path.exists(ballast):
        tally.step("room again: all goes on without a restart", room_again, s, u, e["id"], e["totp"]["secret"])
    tally.step("full at the start: it says so or starts, and starts with room", full_at_start)
    tally.step("it stops well, and the database is in order", lambda: (c.stop(), c.check_db()))
finally:
    c.discard()
    subprocess.run(["umount", "-l", folder])
    os.rmdir(folder)
sys.exit(tally.close())
