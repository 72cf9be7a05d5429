#!/usr/bin/env python3
"""Speed and cost of Countersign, measured with load.c beside this file: bench.py [--quick] [--only POINT,..] [--targets FILE]

Starts build-release/countersign itself on a scratch database with its own secret and measures points MODE@CONNECTIONS (modes: see load.c),
each `rounds` times, at most `seconds` (<= 10) after a short warm-up. Users are made by the API: admin create with a bcrypt hash of cost 4
(so that the set-up is quick), sign-in, enrol, challenge, verify; 64 more have a password of the server's own cost, for `signin`.
A user's code is sent once per 30 s step, so `verify` runs end early when the users' steps are used up, and wait for the next steps before.
An op is one request, but for verify (challenge + verify) and enroll (enrol + unenrol), which are two.
Printed per point: ops/s (median, min..max of the rounds), p50/p99 in ms, CPU in us per op of the server (utime+stime deltas of /proc),
highest RSS, the driver's own CPU share of the time, errors. The CPU figures are the ones a noisy machine disturbs least.
The record, as JSON and as the printed table, goes to bench/records/.

--targets FILE measures other servers of this API beside it, or alone: {"name": {..}, ..} with
  base      "http://127.0.0.1:9998" (a path in it is put in front of every request, e.g. /auth/v1)
  secret    the HS256 secret: the admin's token (role service_role) is made with it
  start     ["/path/server", "arg"]: started here, with env_file (KEY=value lines), env {..}, cwd and log; stopped at the end.
            Or pid: 123, for one that runs already (then nothing is said of its start)
  pg_data   data directory of its PostgreSQL, if it has one: its processes are accounted separately
  grow      ["psql", "-v", "n={n}", ..]: command that adds {n} users with a verified factor and a session to its database
"""
import argparse, base64, hashlib, hmac, http.client, json, os, platform, shutil, signal, socket, statistics, subprocess, sys, tempfile, threading, time, urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from postgres import Postgres  # noqa: E402
TICK = os.sysconf("SC_CLK_TCK")
PASSWORD, HASH4 = "bench-password-1", "$2a$04$abcdefghijklmnopqrstuum7rVdiziUK4IrsJN3SdTABKvnfazMoS"   # bcrypt cost 4 of that password
MODES, CONNECTIONS = ("get", "challenge", "verify", "refresh", "enroll", "signin"), (1, 16, 64)
POINTS = "health@16," + ",".join("%s@%d" % (m, c) for m in MODES for c in CONNECTIONS)
QUICK_POINTS = "get@16,challenge@16,verify@16,refresh@16,enroll@16,signin@16"
GROW_POINTS = "get@16,challenge@16,verify@16,refresh@16,enroll@16"


def token(secret, **claims):
    b64 = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(claims).encode())
    return text + "." + b64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def stat_of(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rsplit(")", 1)[1].split()


def tree(pid):
    """A process and all below it, from one walk over /proc."""
    kids = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                kids.setdefault(int(stat_of(int(name))[1]), []).append(int(name))
            except (OSError, IndexError):
                pass
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        todo += kids.get(p, [])
    return found


def cpu_of(root):
    """Seconds of CPU of a tree: what lives now, and the children each has waited for."""
    total = 0
    for p in tree(root):
        try:
            total += sum(int(x) for x in stat_of(p)[11:15])
        except OSError:
            pass
    return total / TICK


def memory(root, key="VmRSS"):
    """MB resident of a tree (for PostgreSQL use Pss: its processes share memory)."""
    kb = 0
    for p in tree(root):
        try:
            for line in open("/proc/%d/%s" % (p, "smaps_rollup" if key == "Pss" else "status")):
                if line.startswith(key + ":"):
                    kb += int(line.split()[1])
        except OSError:
            pass
    return kb / 1024


class Target:
    def __init__(self, name, spec, work, driver):
        self.name, self.spec, self.driver = name, spec, driver
        u = urllib.parse.urlsplit(spec["base"])
        self.host, self.port, self.prefix = u.hostname, u.port, u.path.rstrip("/")
        self.process, self.pid = None, spec.get("pid")
        self.users, self.plain = os.path.join(work, name + ".users"), os.path.join(work, name + ".plain")
        self.pg = int(open(os.path.join(spec["pg_data"], "postmaster.pid")).readline()) if spec.get("pg_data") else None
        self.admin = token(spec["secret"], role="service_role", iss="bench")

    def call(self, method, path, body=None, bearer=None, timeout=10):
        c = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            head = {"Content-Type": "application/json"} if body is not None else {}
            if bearer:
                head["Authorization"] = "Bearer " + bearer
            c.request(method, self.prefix + path, json.dumps(body) if body is not None else None, head)
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def start(self):
        """Start it; the seconds from spawn to the first good /health."""
        env = dict(os.environ)
        if self.spec.get("env_file"):
            for line in open(self.spec["env_file"]):
                if "=" in line and not line.startswith("#"):
                    key, _, value = line.strip().partition("=")
                    env[key] = value
        env.update(self.spec.get("env", {}))
        log = open(self.spec.get("log", os.devnull), "ab")
        begin = time.perf_counter()
        self.process = subprocess.Popen(self.spec["start"], env=env, cwd=self.spec.get("cwd"), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        while True:
            try:
                if self.call("GET", "/health")[0] == 200:
                    return time.perf_counter() - begin
            except OSError:
                pass
            if self.process.poll() is not None or time.perf_counter() - begin > 30:
                raise SystemExit("%s did not start (see its log)" % self.name)
            time.sleep(0.0005)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def load(self, mode, conns, seconds, max_ops=0, users=None):
        out = subprocess.run([self.driver, mode, self.host, str(self.port), self.prefix, str(conns), str(seconds), str(max_ops), users or self.users],
                             env={**os.environ, "LOAD_ADMIN": self.admin}, capture_output=True, text=True, timeout=900)
        if out.returncode:
            raise SystemExit("%s %s: driver: %s" % (self.name, mode, out.stderr))
        return json.loads(out.stdout)

    def make_users(self, count, run):
        hashed = self.call("POST", "/admin/users", {"email": "probe-%s@example.com" % run, "password_hash": HASH4, "email_confirm": True}, self.admin)[0] == 200 \
            and self.call("POST", "/token?grant_type=password", {"email": "probe-%s@example.com" % run, "password": PASSWORD})[0] == 200
        if not hashed:
            print("# %s: password_hash is not taken; the set-up hashes %d passwords" % (self.name, count), flush=True)
        for path, n, hash_, kind in ((self.users, count, HASH4 if hashed else "-", "m"), (self.plain, 64, "-", "p")):
            with open(path, "w") as f:
                for i in range(n):
                    f.write("%s%s-%d@example.com\t%s\t%s\t-\t-\t-\t-\t0\n" % (kind, run, i, PASSWORD, hash_))
        a = self.load("setup", min(16, count), 600)
        b = self.load("create", 4, 600, users=self.plain)
        for r in (a, b):
            if r["errors"] or r["hung"]:
                raise SystemExit("%s: set-up failed: %s" % (self.name, r))
        print("# %s: %d users set up in %.1f s (5 requests each), 64 with a password of the server's own cost in %.1f s" % (self.name, count, a["secs"], b["secs"]), flush=True)

    def measure(self, mode, conns, seconds):
        users = self.plain if mode == "signin" else self.users
        if mode == "verify":                     # until every user has the present step and the next one free
            last = max(int(line.rsplit("\t", 1)[1]) for line in open(self.users))
            while time.time() // 30 <= last or time.time() % 30 > 20:
                time.sleep(0.2)
            seconds = min(seconds, 29 - time.time() % 30)
        else:
            self.load(mode, conns, 0.4, users=users)
        peak, over = [memory(self.pid)], threading.Event()

        def watch():
            while not over.wait(0.2):
                peak.append(memory(self.pid))
        watcher = threading.Thread(target=watch)
        watcher.start()
        cpu, pg = cpu_of(self.pid), cpu_of(self.pg) if self.pg else 0
        r = self.load(mode, conns, seconds, users=users)
        r["server_cpu_s"], r["pg_cpu_s"] = cpu_of(self.pid) - cpu, (cpu_of(self.pg) if self.pg else 0) - pg
        over.set(); watcher.join()
        r["rss_mb"] = max(peak)
        r["ops_s"] = r["ops"] / r["secs"]
        r["server_us"], r["pg_us"] = (1e6 * r[k] / max(r["ops"], 1) for k in ("server_cpu_s", "pg_cpu_s"))
        r["driver_share"] = r["driver_cpu_s"] / r["secs"]
        return r


HEAD = ("| point | target | n | ops/s | min..max | p50 ms | p99 ms | server us/op | PG us/op | RSS MB | driver CPU | errors |\n|---|---|---|---|---|---|---|---|---|---|---|---|")


def row(point, name, runs):
    med = lambda key: statistics.median(r[key] for r in runs)
    rates = [r["ops_s"] for r in runs]
    bad = sum(r["errors"] + r["hung"] for r in runs)
    return "| %s | %s | %d | %.0f | %.0f..%.0f | %.2f | %.2f | %.0f | %.0f | %.0f | %.0f%% | %s |" % (
        point, name, sum(r["ops"] for r in runs), statistics.median(rates), min(rates), max(rates), med("p50_us") / 1e3, med("p99_us") / 1e3, med("server_us"), med("pg_us"),
        max(r["rss_mb"] for r in runs), 100 * med("driver_share"), "%d (%s)" % (bad, next((r["first_error"] for r in runs if r["first_error"]), "hung")[:120]) if bad else "0")


def own_target(work, binary, postgres=None):
    """Countersign itself on a free port, its database in the scratch folder or on that PostgreSQL, with durable commits as by default."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    secret = base64.urlsafe_b64encode(os.urandom(36)).decode()
    env = {"GOTRUE_JWT_SECRET": secret, "DATABASE_URL": "sqlite:" + os.path.join(work, "countersign.db"), "PORT": str(port), "GOTRUE_API_HOST": "127.0.0.1",
           "API_EXTERNAL_URL": "http://127.0.0.1:%d" % port, "GOTRUE_SITE_URL": "http://localhost:3000", "GOTRUE_MAILER_AUTOCONFIRM": "true", "GOTRUE_JWT_AUD": "authenticated",
           "GOTRUE_JWT_DEFAULT_GROUP_NAME": "authenticated", "GOTRUE_JWT_ISSUER": "http://127.0.0.1:%d" % port, "GOTRUE_LOG_LEVEL": "error"}
    if postgres:
        env["DATABASE_URL"] = postgres.create("bench")
    spec = {"base": "http://127.0.0.1:%d" % port, "secret": secret, "start": [binary, "serve"], "env": env, "cwd": work, "log": os.path.join(work, "server.log")}
    return {**spec, "pg_data": postgres.data} if postgres else spec


def flood(a, work, driver, record, postgres):
    """Medians of what signed-in people do beside a flood and without it: wrong passwords on 64 connections, and, all the while, sign-ups whose
    hook hangs and codes whose SMS hook hangs; mails go to an SMTP server that takes connections and says nothing."""
    from sinks import Receiver
    receiver, silent = Receiver(), socket.create_server(("127.0.0.1", 0), backlog=64)
    for path in ("/sms", "/before"):
        receiver.answers[path] = ("hang", {}, 60)
    spec = own_target(work, a.binary, postgres)
    hook = lambda name, path: {"GOTRUE_HOOK_%s_ENABLED" % name: "true", "GOTRUE_HOOK_%s_URI" % name: receiver.url + path, "GOTRUE_HOOK_%s_SECRETS" % name: "v1,whsec_" + base64.b64encode(bytes(32)).decode()}
    spec["env"].update({**hook("SEND_SMS", "/sms"), **hook("BEFORE_USER_CREATED", "/before"), "GOTRUE_SMTP_HOST": "127.0.0.1", "GOTRUE_SMTP_PORT": str(silent.getsockname()[1]),
                        "GOTRUE_SMTP_ADMIN_EMAIL": "auth@example.com", "GOTRUE_EXTERNAL_PHONE_ENABLED": "true"})
    target, over = Target("flood", spec, work, driver), threading.Event()
    target.start()
    try:
        target.make_users(a.users, "%x" % time.time_ns())
        with open(target.plain) as f:
            wrong = os.path.join(work, "wrong")
            open(wrong, "w").write(f.read().replace(PASSWORD, PASSWORD + "x"))

        def strangers(n):
            while not over.is_set():
                body = {"email": "x%x@example.com" % time.time_ns(), "password": PASSWORD} if n % 2 else {"phone": "1555%07d" % (time.time_ns() % 10**7)}
                try:
                    target.call("POST", "/signup" if n % 2 else "/otp", body, timeout=20)
                except OSError:
                    pass
        modes, calm = ("challenge", "verify", "refresh"), {}
        for mode in modes:
            calm[mode] = target.measure(mode, 4, a.seconds)
        threads = [threading.Thread(target=strangers, args=(n,), daemon=True) for n in range(16)]
        for t in threads:
            t.start()
        record.say("| mode@4 | p50 ms without | p50 ms beside the flood | more | errors | wrong passwords/s |\n|---|---|---|---|---|---|")
        results = {}
        for mode in modes:
            guess = {}
            beside = threading.Thread(target=lambda: guess.update(target.load("signin", 64, a.seconds + 1, users=wrong)))
            beside.start()
            hot = results[mode] = target.measure(mode, 4, a.seconds)
            beside.join()
            before, after = calm[mode]["p50_us"] / 1e3, hot["p50_us"] / 1e3
            record.say("| %s | %.2f | %.2f | %.2f | %d | %.0f |" % (mode, before, after, after - before, hot["errors"] + hot["hung"], guess["requests"] / guess["secs"]))
        return {"calm": calm, "beside": results}
    finally:
        over.set()
        target.stop()
        receiver.__exit__()
        silent.close()


def machine():
    """What was measured on, in one line: the figures mean little without it."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return "%s, %d cores, %s %s" % (model, os.cpu_count(), platform.system(), platform.release())


class Record:
    """Prints, and keeps what was printed for the record."""

    def __init__(self):
        self.lines = []

    def say(self, text=""):
        print(text, flush=True)
        self.lines.append(text)

    def save(self, name, results):
        folder = os.path.join(HERE, "records")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name + ".json"), "w") as f:
            json.dump(results, f, indent=1)
        with open(os.path.join(folder, name + ".md"), "w") as f:
            f.write("\n".join(self.lines) + "\n")
        print("# record: bench/records/%s.md and .json" % name)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true", help="six points, one round, two seconds each"); p.add_argument("--binary", default=os.path.join(ROOT, "build-release", "countersign"))
    p.add_argument("--flood", action="store_true", help="medians of challenge, verify and refresh beside a flood of strangers, and without it")
    p.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite", help="postgres: Debian's, in a scratch folder, with fsync")
    p.add_argument("--targets"); p.add_argument("--users", type=int); p.add_argument("--seconds", type=float); p.add_argument("--rounds", type=int); p.add_argument("--points")
    p.add_argument("--grow", type=int, default=0); p.add_argument("--grow-points", default=GROW_POINTS); p.add_argument("--starts", type=int, default=7)
    p.add_argument("--only", help="these targets of --targets alone"); p.add_argument("--name", help="of the record; by default the time"); p.add_argument("--no-record", action="store_true")
    a = p.parse_args()
    a.users, a.rounds = a.users or (600 if a.quick else 2000), a.rounds or (1 if a.quick else 3)
    a.seconds, a.points = min(a.seconds or (2 if a.quick else 5), 10), a.points or (QUICK_POINTS if a.quick else POINTS)
    work = tempfile.mkdtemp(prefix="countersign-bench-")
    driver = os.path.join(work, "load")
    subprocess.run(["gcc", "-O2", "-o", driver, os.path.join(HERE, "load.c")], check=True)
    postgres = Postgres(["-c", "fsync=on", "-c", "shared_buffers=256MB"]).__enter__() if a.database == "postgres" and not a.targets else None
    if a.flood:
        record = Record()
        record.say("# flood, %s; %s" % (time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), machine()))
        try:
            results = flood(a, work, driver, record, postgres)
        finally:
            if postgres:
                postgres.__exit__()
            shutil.rmtree(work, ignore_errors=True)
        if not a.no_record:
            record.save(a.name or "flood-" + a.database, results)
        return
    specs = json.load(open(a.targets)) if a.targets else {"countersign": own_target(work, a.binary, postgres)}
    targets = [Target(n, s, work, driver) for n, s in specs.items() if not a.only or n in a.only.split(",")]
    record = Record()
    revision = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    results = {"args": {k: v for k, v in vars(a).items() if k not in ("binary", "targets")}, "machine": machine(), "revision": revision, "targets": {}, "points": {}}
    record.say("# %s, revision %s; %s" % (time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), revision, results["machine"]))
    good = False
    try:
        for t in targets:
            facts = results["targets"][t.name] = {}
            if t.spec.get("start"):
                times = []
                for _ in range(max(a.starts, 1)):
                    t.stop()
                    times.append(t.start() * 1e3)
                time.sleep(2)
                facts["start_ms"], facts["rss_idle_mb"] = times, memory(t.pid)
                record.say("# %s: first /health %.0f ms after spawn (%.0f..%.0f of %d), memory at rest %.1f MB" % (
                    t.name, statistics.median(times), min(times), max(times), len(times), facts["rss_idle_mb"]))
            elif not t.pid:
                raise SystemExit("%s: start or pid is needed" % t.name)
            t.make_users(a.users, "%x" % time.time_ns())

        def points(names, label):
            record.say("\n" + HEAD)
            for point in filter(None, names.split(",")):
                mode, _, conns = point.partition("@")
                runs = {t.name: [] for t in targets}
                for _ in range(a.rounds):
                    for t in targets:
                        runs[t.name].append(t.measure(mode, int(conns), a.seconds))
                for t in targets:
                    record.say(row(point + label, t.name, runs[t.name]))
                results["points"][point + label] = runs
        points(a.points, "")
        if a.grow:
            for t in targets:
                if t.spec.get("grow"):
                    begin = time.time()
                    subprocess.run([x.format(n=a.grow, here=HERE) for x in t.spec["grow"]], check=True)
                    record.say("# %s: %d more users in %.0f s" % (t.name, a.grow, time.time() - begin))
            points(a.grow_points, " +%dk" % (a.grow // 1000))
        record.say()
        for t in targets:
            facts = results["targets"][t.name]
            facts["rss_end_mb"], facts["hwm_mb"] = memory(t.pid), memory(t.pid, "VmHWM")
            record.say("# %s: at the end memory %.1f MB, highest ever %.1f MB%s" % (t.name, facts["rss_end_mb"], facts["hwm_mb"],
                       ", PostgreSQL Pss %.0f MB" % memory(t.pg, "Pss") if t.pg else ""))
        good = True
    finally:
        for t in targets:
            t.stop()
        if postgres:
            postgres.__exit__()
        if good and not a.no_record:
            record.save(a.name or time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + ("-quick" if a.quick else ""), results)
        shutil.rmtree(work, ignore_errors=True)


main()
