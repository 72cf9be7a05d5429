"""A PostgreSQL primary and a streaming standby of it, each in its own temporary folder, for suites that lose one of them."""
import os, time
from postgres import Postgres


class Pair:
    """synchronous: a commit is acknowledged only when the standby has it on its disk."""
    def __init__(self, synchronous=False):
        self.synchronous = synchronous
        self.primary, self.standby = Postgres(["-c", "wal_level=replica"]), None

    def __enter__(self):
        self.primary.__enter__()
        self.standby = Postgres(["-c", "hot_standby=on"])
        self.standby.run("pg_basebackup", "-D", self.standby.data, "-R", "-X", "stream", "-c", "fast", "-d", self.primary.dsn())
        os.chmod(self.standby.data, 0o700)
        self.standby.start()
        if self.synchronous:            # only now: before, every commit would wait for a standby that is not there
            self.primary.sql("alter system set synchronous_standby_names = '*'")
            self.primary.sql("select pg_reload_conf()")
        self.caught_up()
        if self.synchronous:
            self.until(lambda: self.primary.sql("select count(*) from pg_stat_replication where sync_state = 'sync'") == [["1"]])
        return self

    def until(self, true, seconds=20):
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise RuntimeError("the standby did not get there")
            time.sleep(0.05)

    def caught_up(self):
        at = self.primary.sql("select pg_current_wal_lsn()")[0][0]
        self.until(lambda: self.standby.sql("select coalesce(pg_last_wal_replay_lsn() >= '%s', false)" % at) == [["t"]])

    def promote(self):
        """The standby becomes a primary; its copy of the settings was made before it had to be waited for."""
        self.standby.run("pg_ctl", "-D", self.standby.data, "-w", "promote")

    def __exit__(self, *why):
        for server in (self.standby, self.primary):
            if server:
                server.__exit__(*why)
