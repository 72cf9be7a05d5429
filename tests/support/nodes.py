"""Several processes of the program on one PostgreSQL, without stickiness, for the suites of tests/nodes: each request of a server made
here goes to another of them."""
import itertools
from countersign import SECRET, Countersign
from tally import at_once
from wire import Server, totp, wait_for_fresh_step


class Nodes:
    """Some processes of the program on one database."""
    def __init__(self, dsn, count=3, each=(), binary=None, **env):
        """each: what only the first, second … of them is told."""
        self.dsn = dsn
        each = list(each) or [{}] * count
        self.nodes = [Countersign(binary, env={"DATABASE_URL": dsn, "GOTRUE_LOG_LEVEL": "info", **env, **own}) for own in each]

    def __enter__(self):
        at_once(len(self.nodes), lambda n: self.nodes[n].start())
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                for n in self.nodes:
                    n.stop()
        finally:
            for n in self.nodes:
                n.discard()

    def server(self, dsn=None):
        return Anywhere(self.nodes, dsn or self.dsn)


class Anywhere(Server):
    """A server whose every request goes to the next node."""
    def __init__(self, nodes, dsn):
        self.ports = itertools.cycle([n.port for n in nodes])
        super().__init__(nodes[0].base, SECRET, dsn)

    @property
    def port(self):
        return next(self.ports)

    @port.setter
    def port(self, value):
        pass


def mfa_user(s):
    """(user, factor id, secret) with a verified factor."""
    u = s.sign_up()
    a = u.enroll("f")
    assert a.status == 200, a.short()
    factor, secret = a.json["id"], a.json["totp"]["secret"]
    c = u.challenge(factor)
    assert c.status == 200, c.short()
    wait_for_fresh_step(3)
    a = u.verify(factor, c.json["id"], totp(secret))
    assert a.status == 200, a.short()
    u.take(a.json)
    return u, factor, secret


def counts(answers):
    out = {}
    for a in answers:
        out[a.status] = out.get(a.status, 0) + 1
    return out
