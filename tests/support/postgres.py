"""Debian's PostgreSQL in a temporary folder, and PgBouncer in front of it: for suites that need a real server. Never as root: what
root starts here runs as the user postgres or nobody. Nothing outside of the folder is touched."""
import glob, os, pwd, shutil, signal, socket, subprocess, tempfile, time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def bin_dir():
    found = [os.environ[n] for n in ("POSTGRES_BIN",) if n in os.environ]
    found += sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]), reverse=True)
    for path in found + [os.path.dirname(shutil.which("initdb") or "")]:
        if path and os.path.exists(os.path.join(path, "initdb")):
            return path
    return None


def plain_user():
    """Popen's arguments that give up root."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        except KeyError:
            pass
    raise RuntimeError("no user to run PostgreSQL as")


class Postgres:
    def __init__(self, options=(), folder=None, data=None, initdb=()):
        """data: where its files go, else into its folder; initdb: more words for that program."""
        self.initdb = list(initdb)
        self.bin, self.port, self.options = bin_dir(), free_port(), list(options)
        if not self.bin:
            raise RuntimeError("PostgreSQL's server is not installed (Debian: postgresql)")
        self.folder = folder or tempfile.mkdtemp(prefix="countersign-pg-")
        self.who = plain_user()
        if self.who:
            os.chown(self.folder, self.who["user"], self.who["group"])
        os.chmod(self.folder, 0o755)
        self.data = data or os.path.join(self.folder, "data")

    def run(self, *command, **more):
        done = subprocess.run([os.path.join(self.bin, command[0])] + list(command[1:]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, cwd=self.folder, timeout=120, **{**self.who, **more})
        if done.returncode:
            raise RuntimeError("%s: exit %d: %s" % (command[0], done.returncode, done.stdout[-2000:]))
        return done.stdout

    def __enter__(self):
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N", *self.initdb)
        for attempt in range(5):
            try:
                self.start()
                return self
            except subprocess.CalledProcessError:
                with open(os.path.join(self.folder, "log")) as f:
                    said = f.read()
                if attempt == 4 or "in use" not in said:
                    raise RuntimeError("PostgreSQL did not start: " + said[-2000:]) from None
                self.port = free_port()         # another test took it between our look and the start
        return self

    def start(self):
        settings = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "shared_buffers=64MB"]
        words = " ".join(["-p", str(self.port), "-k", self.folder] + settings + self.options)
        subprocess.run([os.path.join(self.bin, "pg_ctl"), "-D", self.data, "-l", os.path.join(self.folder, "log"), "-w", "-o", words, "start"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, cwd=self.folder, timeout=60, **self.who)

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def signal(self, number):
        """To the postmaster and all its children."""
        with open(os.path.join(self.data, "postmaster.pid")) as f:
            top = int(f.readline())
        children = subprocess.run(["pgrep", "-P", str(top)], stdout=subprocess.PIPE, text=True).stdout.split()
        for pid in [top] + [int(c) for c in children]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def __exit__(self, *why):
        try:
            self.signal(signal.SIGCONT)
            self.stop("immediate")
        except Exception:
            pass
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def dsn(self, database="postgres", user="postgres", password=None, port=None):
        return "postgres://%s%s@127.0.0.1:%d/%s" % (user, ":" + password if password else "", port or self.port, database)

    def sql(self, text, database="postgres"):
        done = subprocess.run(["psql", "-XqtA", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.dsn(database), "-f", "-"], input=text,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return [line.split("\t") for line in done.stdout.splitlines()]

    def create(self, database):
        self.sql('create database "%s"' % database)
        return self.dsn(database)

    def dump(self, database, *more):
        out = self.run("pg_dump", "--schema-only", "-d", self.dsn(database), *more)
        return "\n".join(line for line in out.splitlines() if line and not line.startswith(("--", "\\restrict", "\\unrestrict", "SET ")))

    def cut_all(self, database):
        """Ends every connection to the database; how many there were."""
        return len(self.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = '%s' and pid <> pg_backend_pid()" % database))


class PgBouncer:
    """In transaction mode: two transactions of one client may run on two servers' connections."""
    def __init__(self, postgres, pool=6):
        self.postgres, self.port = postgres, free_port()
        self.folder = tempfile.mkdtemp(prefix="countersign-pgbouncer-")
        if postgres.who:
            os.chown(self.folder, postgres.who["user"], postgres.who["group"])
        with open(os.path.join(self.folder, "pgbouncer.ini"), "w") as f:
            f.write("[databases]\n* = host=127.0.0.1 port=%d user=postgres\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=%d\n"
                    "unix_socket_dir=\nauth_type=any\npool_mode=transaction\ndefault_pool_size=%d\nmax_client_conn=200\n"
                    "server_idle_timeout=5\nlogfile=%s/log\n" % (postgres.port, self.port, pool, self.folder))
        os.chmod(os.path.join(self.folder, "pgbouncer.ini"), 0o644)

    def __enter__(self):
        binary = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        self.process = subprocess.Popen([binary, "-q", os.path.join(self.folder, "pgbouncer.ini")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, **self.postgres.who)
        end = time.monotonic() + 90
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("pgbouncer did not start")

    def __exit__(self, *why):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
