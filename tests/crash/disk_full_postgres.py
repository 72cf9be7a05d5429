#!/usr/bin/env python3
"""The disk under PostgreSQL is full: disk_full_postgres.py [--binary FILE]

Its files lie on a small tmpfs, mounted for the test by root, or by a plain user in a namespace of its own. Once the tables' disk is
full and the log's is not (PostgreSQL refuses single statements), once all of it is (PostgreSQL ends, as it must, and is started
again when there is room). Meanwhile nothing but 200 and 503 in the envelope with Retry-After; nothing that was acknowledged is lost;
with room again the same server process goes on by itself."""
import argparse, os, shutil, subprocess, sys, tempfile, threading, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "support"), os.path.join(os.path.dirname(HERE), "conformance")]
from countersign import Countersign, default_binary  # noqa: E402
from postgres import Postgres  # noqa: E402
from tally import Tally  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true"); p.add_argument("--mounted", help=argparse.SUPPRESS)
args = p.parse_args()
tally = Tally()
SIZE = "160m"


def mounted():
    """The folder of a tmpfs; None after this process has become one that has it, and did its work."""
    if args.mounted:
        return args.mounted
    folder = tempfile.mkdtemp(prefix="countersign-full-")
    os.chmod(folder, 0o777)
    if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0777,size=" + SIZE, "tmpfs", folder], capture_output=True).returncode == 0:
        return folder
    try:        # a namespace in which we are root mounts it; PostgreSQL will not run as root, so one more in which we are ourselves
        script = 'mount -t tmpfs -o mode=0777,size=%s tmpfs "$0" && exec unshare -U --map-user=%d "$@"' % (SIZE, os.getuid() or 1000)
        probe = ["unshare", "-rm", "sh", "-c", script, folder]
        if shutil.which("unshare") and subprocess.run(probe + ["true"], capture_output=True).returncode == 0:
            me = [sys.executable, "-B", os.path.abspath(__file__), "--mounted", folder, "--binary", os.path.abspath(args.binary)]
            sys.exit(subprocess.run(probe + me).returncode)
    finally:
        os.rmdir(folder)
    tally.skip("the disk under PostgreSQL is full", "no tmpfs can be mounted here: neither root nor user namespaces")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


disk = mounted()
ballast = os.path.join(disk, "ballast")


def fill():
    """Take every byte that is left."""
    with open(ballast, "ab", buffering=0) as f:
        for size in (1 << 16, 4096):
            try:
                while True:
                    f.write(b"\0" * size)
            except OSError:
                pass


class Load:
    """Threads that sign up anonymous users, and one for each (user, factor) that opens challenges, until stopped: what they were
    answered, and the ids acknowledged."""
    def __init__(self, s, owners):
        self.answers, self.ids, self.stopping = [], [], False
        self.threads = [threading.Thread(target=self.run, args=(how, s, *more)) for o in owners for how, more in
                        ((self.sign_up, ()), (self.challenge, o))]

    @staticmethod
    def sign_up(s):
        a = s.call("POST", "/signup", {"data": {"note": "x" * 2000}}, keep=False)
        return a, a.status == 200 and ("users", a.json["user"]["id"])

    @staticmethod
    def challenge(s, u, factor):
        a = s.call("POST", "/factors/%s/challenge" % factor, {}, u.token, keep=False)
        return a, a.status == 200 and ("mfa_challenges/" + factor, a.json["id"])

    def run(self, how, *more):
        while not self.stopping:
            a, ident = how(*more)
            self.answers.append(a)
            if ident:
                self.ids.append(ident)
            else:
                time.sleep(0.02)

    def refused(self):
        return sum(a.status != 200 for a in self.answers)

    def until(self, true, seconds=60):
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not come to that: %s" % {a.status for a in self.answers}
            time.sleep(0.05)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *why):
        self.stopping = True
        for t in self.threads:
            t.join(60)


def well_refused(answers):
    bad = [a for a in answers if a.status != 200]
    for a in bad:
        assert a.status == 503 and a.code == "unexpected_failure" and a.message and a.headers.get("retry-after"), (a.short(), a.headers)
        assert not any(w in a.raw.decode().lower() for w in ("postgres", "no space", "relation", disk)), a.short()
    return len(bad)


def all_there(pg, ids):
    """Of a user's challenges the newest 64 stay open (rule S19); the last one may have been kept and not acknowledged."""
    for what in sorted({t for t, _ in ids}):
        table = what.split("/")[0]
        mine = [i for t, i in ids if t == what][-60 if table == "mfa_challenges" else 0:]
        there = pg.sql("select count(*) from auth.%s where id in (%s)" % (table, ",".join("'%s'" % i for i in mine)))
        assert there == [[str(len(mine))]], (what, len(mine), there)
    assert {t.split("/")[0] for t, _ in ids} == {"users", "mfa_challenges"}, ids[:2]


def run_full(initdb, log_full):
    """log_full: PostgreSQL's log lies on the same disk, so it ends; whoever runs it starts it again."""
    data = os.path.join(disk, "data")
    pg = Postgres(["-c", "fsync=on", "-c", "max_wal_size=32MB", "-c", "min_wal_size=2MB", "-c", "autovacuum=off"], data=data,
                  initdb=["--wal-segsize=1"] + initdb)
    for word in initdb[1:]:
        os.makedirs(word, exist_ok=True)
        if pg.who:
            os.chown(word, pg.who["user"], pg.who["group"])
    with pg:
        c = Countersign(args.binary, env={"DATABASE_URL": pg.dsn(), "GOTRUE_RATE_LIMIT_ANONYMOUS_USERS": "1000000"})
        try:
            c.start()
            s = c.server()
            owners = [(u, u.enroll().json["id"]) for u in (s.sign_up(), s.sign_up())]
            u, factor = owners[0]
            with Load(s, owners) as load:
                load.until(lambda: len(load.ids) > 50)
                fill()
                load.until(lambda: load.refused() > 50)
                while_full = len(load.answers)
                if not log_full:
                    for _ in range(20):
                        a = s.call("GET", "/user", token=u.token, keep=False)
                        assert a.status == 200, a.short()
                assert s.call("GET", "/health", keep=False).status == 200
                os.unlink(ballast)
                if log_full:
                    restart(pg)
                before = len(load.ids)
                load.until(lambda: len(load.ids) > before + 50)
            refused = well_refused(load.answers)
            print("      %d acknowledged, %d refused with 503 (%d until there was room)" % (len(load.ids), refused, well_refused(load.answers[:while_full])))
            assert u.challenge(factor).status == 200 and c.alive()
            pg.stop("immediate")
            pg.start()
            all_there(pg, load.ids)
            c.stop()
        finally:
            c.discard()
            if os.path.exists(ballast):
                os.unlink(ballast)
    shutil.rmtree(data, ignore_errors=True)


def restart(pg):
    """Until it is up: it may still be ending, or recover by itself."""
    end = time.monotonic() + 60
    while True:
        try:
            pg.sql("select 1")
            return
        except RuntimeError:
            assert time.monotonic() < end, "PostgreSQL does not start again"
        try:
            pg.start()
        except subprocess.CalledProcessError:
            time.sleep(0.2)


logs = tempfile.mkdtemp(prefix="countersign-wal-")
os.chmod(logs, 0o755)
try:
    tally.step("the tables' disk is full: refusals in the envelope, reads go on, nothing is lost", run_full, ["--waldir", os.path.join(logs, "wal")], False)
    tally.step("all of its disk is full and PostgreSQL ends: the same, and with room all goes on", run_full, [], True)
finally:
    shutil.rmtree(logs, ignore_errors=True)
    if not args.mounted:
        subprocess.run(["umount", "-l", disk])
        os.rmdir(disk)
sys.exit(tally.close())
