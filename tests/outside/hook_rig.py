"""What the hook suites share: servers whose seven hooks point at one Receiver, and the answers a receiver may give.

A request to a hook belongs to the case that is named in it: by an e-mail address "CASE.HOOK.random@example.com", or by a phone number or
user id that was registered with claim(). So all cases of a table run at the same time against one server.
"""
import base64, os, sys, threading, uuid
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "conformance")]
from accounts import addr, phone  # noqa: E402,F401
from checks import fresh_code, is_  # noqa: E402,F401
from countersign import Countersign, default_binary  # noqa: E402,F401
from postgres import Postgres  # noqa: E402,F401
from sinks import Receiver, check_signature  # noqa: E402,F401
from tally import Tally, at_once  # noqa: E402,F401
from wire import Server, User, claims_of  # noqa: E402,F401

PW = "correct horse battery"
SECRETS = ["v1,whsec_" + base64.b64encode(("secret %d of a test hook, 32 B.." % n).encode()).decode() for n in (1, 2)]
HOOKS = ("before_user_created", "after_user_created", "send_sms", "send_email", "password_verification_attempt", "mfa_verification_attempt", "custom_access_token")
JSON = {"Content-Type": "application/json"}


def good(data=None):
    return 200, JSON, {} if data is None else data


def own_answer(hook, request):
    """What a well-behaved receiver says: the claims as they came, else an empty object."""
    return good({"claims": request.json["claims"]} if hook == "custom_access_token" else {})


class Rig:
    """A receiver, and the cases that answer in their own way."""

    def __init__(self):
        self.receiver, self.lock, self.cases, self.calls = Receiver(), threading.Lock(), {}, {}
        for hook in HOOKS:
            self.receiver.answers["/" + hook] = lambda request, hook=hook: self.answer(hook, request)

    def settings(self, *hooks):
        env = {}
        for hook in hooks:
            name = "GOTRUE_HOOK_%s_" % hook.upper()
            env.update({name + "ENABLED": "true", name + "URI": self.receiver.url + "/" + hook, name + "SECRETS": "|".join(SECRETS)})
        return env

    def claim(self, mark, hook, answer):
        """Requests to this hook that hold the mark (an address, a phone, a user id) get this answer and are kept apart."""
        with self.lock:
            self.cases[hook, mark] = list(answer) if isinstance(answer, list) else answer
            self.calls[hook, mark] = []

    def answer(self, hook, request):
        check_signature(request, *SECRETS)
        text = request.body.decode()
        with self.lock:
            found = [key for key in self.cases if key[0] == hook and key[1] in text]
            if not found:
                return own_answer(hook, request)
            self.calls[found[0]].append(request)
            answer = self.cases[found[0]]
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer == "own":
            return own_answer(hook, request)
        return answer(request) if callable(answer) else answer

    def calls_of(self, mark, hook):
        with self.lock:
            return list(self.calls[hook, mark])

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.receiver.__exit__()


def rows_of(s, address=None, number=None, user=None):
    """How many rows of the database speak of this account: users, sessions, one-time tokens, identities, waiting messages."""
    where = "email = '%s'" % address if address else "phone = '%s'" % number if number else "id = (select id from users where lower(hex(id)) = '%s')" % user.replace("-", "")
    ids = "select id from users where " + where
    count = lambda text: int(s.sql("select count(*) from " + text)[0][0])
    return {"users": count("users where " + where), "sessions": count("sessions where user_id in (%s)" % ids), "tokens": count("one_time_tokens where user_id in (%s)" % ids),
            "identities": count("identities where user_id in (%s)" % ids)}


def made(s, email=None, **more):
    email = email or addr()
    a = s.call("POST", "/admin/users", {"email": email, "password": PW, "email_confirm": True, **more}, s.admin_token())
    assert a.status == 200, a.short()
    return a.json


def entered(s, email):
    a = is_(s.sign_in(email, PW), 200)
    return User(s, a.json, email, PW)


def tag(case, hook):
    return "%s.%s.%s@example.com" % (case, hook.replace("_", ""), uuid.uuid4().hex[:10])


def on_both_engines(t, database, one_engine, steps):
    """one_engine(t, name, ...) on SQLite and with three nodes on a new database of that name, and, beside them, steps with servers of their own."""
    with Postgres() as postgres:
        def part(n):
            if n == 0:
                one_engine(t, "SQLite")
            elif n == 1:
                one_engine(t, "PostgreSQL, three nodes", database=postgres.create(database), nodes=3)
            else:
                for step in steps:
                    t.step(step.__doc__, step, t)
        at_once(3, part, 1200)      # whole suites, on a machine that may be busy
