#!/usr/bin/env python3
"""Passwords known from breaches (accounts.md N3, N5, TK10), with a stand-in for the range service: what it is told, what its answers
become on each route that sets a password, and what a service that is away stops. breach.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import hashlib, sys, time, uuid
from hook_rig import PW, Countersign, Tally, addr, at_once, default_binary, is_, made, rows_of
from sinks import Receiver

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
KNOWN, SHORT, FRESH = "password123", "12345", "correct horse battery"
PWNED = "Password is known to be weak and easy to guess, please choose a different one."
LENGTH, CLASSES = "Password should be at least 6 characters.", "Password should contain at least one character of each: abcdefghijklmnopqrstuvwxyz."
TEXT = {"Content-Type": "text/plain"}
AWAY = (500, "unexpected_failure", "Unable to perform password strength check with HaveIBeenPwned.org.")


def digest(password):
    return hashlib.sha1(password.encode()).hexdigest().upper()


def lines(*rows):
    return ("\r\n".join(rows) + "\r\n").encode()


def teach(r, known=(KNOWN, SHORT), answer=None):
    """The service knows these, among others and padding; or answers something else to every question that these tests ask."""
    for p in (KNOWN, SHORT, FRESH, PW):
        rows = ["%035X:%d" % (n, n) for n in (1, 2)] + (["%s:%d" % (digest(p)[5:], 77)] if p in known else ["%s:0" % digest(p)[5:]]) + ["F" * 35 + ":0"]
        r.answers["/range/" + digest(p)[:5]] = answer or (200, TEXT, lines(*rows))
    r.forget()


def weak(a, status, message, reasons):
    is_(a, status, "weak_password", message)
    got = (a.json.get("weak_password") or {}).get("reasons")
    assert got == reasons, (got, reasons)


def told(s, r):
    """Five digits of the hash are all that the service learns; it is asked once, with padding."""
    teach(r)
    is_(s.call("POST", "/signup", {"email": addr(), "password": FRESH}), 200)
    call, = r.seen
    assert call.method == "GET" and call.path == "/range/" + digest(FRESH)[:5] and not call.body, (call.method, call.path)
    assert call.headers["user-agent"] == "an operator" and call.headers["add-padding"] == "true", call.headers
    assert digest(FRESH)[5:] not in str(call.headers), call.headers


def everywhere(s, r):
    """Sign-up, PUT /user, admin update and generate_link refuse it, with all reasons; nothing is left. Admin create asks nobody, unless it is told to enforce the rules."""
    teach(r)
    t, e = s.admin_token(), addr()
    weak(s.call("POST", "/signup", {"email": e, "password": KNOWN}), 422, PWNED, ["pwned"])
    weak(s.call("POST", "/signup", {"email": e, "password": SHORT}), 422, "%s %s %s" % (LENGTH, CLASSES, PWNED), ["length", "characters", "pwned"])
    weak(s.call("POST", "/admin/generate_link", {"type": "signup", "email": e, "password": KNOWN}, t), 422, PWNED, ["pwned"])
    assert rows_of(s, address=e)["users"] == 0
    u = s.sign_up(email=addr())
    weak(s.call("PUT", "/user", {"password": KNOWN}, u.token), 422, PWNED, ["pwned"])
    weak(s.call("PUT", "/admin/users/" + u.id, {"password": KNOWN}, t), 422, PWNED, ["pwned"])
    is_(s.sign_in(u.email, PW), 200)
    asked = len(r.seen)
    is_(s.call("POST", "/signup", {"email": addr(), "password": "x" * 73}), 400, "validation_failed", "Password cannot be longer than 72 characters")
    is_(s.call("POST", "/admin/users", {"email": e, "password": KNOWN, "email_confirm": True}, t), 200)
    is_(s.call("POST", "/admin/generate_link", {"type": "recovery", "email": e, "password": KNOWN}, t), 200)
    assert len(r.seen) == asked, [c.path for c in r.seen[asked:]]
    ours = {"email": addr(), "enforce_password_rules": True}
    weak(s.call("POST", "/admin/users", {**ours, "password": KNOWN}, t), 422, PWNED, ["pwned"])
    assert rows_of(s, address=ours["email"])["users"] == 0
    is_(s.call("POST", "/admin/users", {**ours, "password": FRESH}, t), 200)
    assert len(r.seen) == asked + 2, [c.path for c in r.seen[asked:]]


def at_sign_in(s, r):
    """A breached password signs in and is told of; a wrong one is not asked about; no answer stops nobody."""
    teach(r)
    u = made(s, password=KNOWN)
    a = is_(s.sign_in(u["email"], KNOWN), 200).json
    assert a["weak_password"] == {"message": PWNED, "reasons": ["pwned"]}, a["weak_password"]
    asked = len(r.seen)
    is_(s.sign_in(u["email"], "not " + KNOWN), 400, "invalid_credentials")
    assert len(r.seen) == asked
    for answer in ((500, TEXT, b""), ("drop", {}, b"")):
        teach(r, answer=answer)
        assert is_(s.sign_in(u["email"], KNOWN), 200).json["weak_password"] is None


def odd_answers(s, r):
    """Answers in lower case or with bare line ends count; counts of 0, other hashes, and answers that are none do not."""
    suffix = digest(KNOWN)[5:]
    for body, found in ((lines(suffix.lower() + ":1"), True), (("0" * 35 + ":1\n" + suffix + ":9").encode(), True), (lines(suffix + ":0"), False), (lines(suffix[:-1] + ":5"), False),
                        (lines(suffix + "0:5"), False), (lines(suffix), False), (b"", False), (b"\0" * 100, False), (b"x" * 300000, False)):
        teach(r, answer=(200, TEXT, body))
        a = s.call("POST", "/signup", {"email": addr(), "password": KNOWN})
        assert a.status == (422 if found else 200), (body[:60], a.short())


def away_open(s, r):
    """A service that fails, hangs up, redirects or answers too much is ignored where nothing else is set."""
    for answer in ((500, TEXT, b""), (404, TEXT, lines(digest(KNOWN)[5:] + ":1")), ("drop", {}, b""), (302, {"Location": "/elsewhere"}, b""), (200, TEXT, b"a" * (2 << 20))):
        teach(r, answer=answer)
        is_(s.call("POST", "/signup", {"email": addr(), "password": KNOWN}), 200)


def away_closed(s, r):
    """With FAIL_CLOSED the same is 500 and nothing is made; sign-in goes on."""
    u = made(s, password=PW)
    for answer in ((500, TEXT, b""), ("drop", {}, b""), (200, TEXT, b"a" * (2 << 20))):
        teach(r, answer=answer)
        e = addr()
        is_(s.call("POST", "/signup", {"email": e, "password": SHORT}), *AWAY)
        is_(s.call("POST", "/admin/generate_link", {"type": "signup", "email": e, "password": FRESH}, s.admin_token()), *AWAY)
        is_(s.call("PUT", "/admin/users/" + u["id"], {"password": FRESH}, s.admin_token()), *AWAY)
        assert rows_of(s, address=e)["users"] == 0
        is_(s.sign_in(u["email"], PW), 200)
    teach(r)
    is_(s.call("POST", "/signup", {"email": addr(), "password": FRESH}), 200)


def waited_too_long(t, r):
    """Requests that wait longer than GOTRUE_API_MAX_REQUEST_DURATION for a busy pool are answered 504, and have done nothing (row W11)."""
    with Countersign(binary, env={"GOTRUE_PASSWORD_HIBP_ENABLED": "true", "COUNTERSIGN_HIBP_URL": r.url, "COUNTERSIGN_WAIT_THREADS": "1", "GOTRUE_API_MAX_REQUEST_DURATION": "1s"}) as c:
        s = c.server()
        teach(r, answer=("hang", {}, 3))
        emails = ["late%d-%s@example.com" % (n, uuid.uuid4().hex) for n in range(3)]

        def one(n):
            time.sleep(0.3 * n)
            return s.call("POST", "/signup", {"email": emails[n], "password": FRESH})
        answers = at_once(3, one)
        assert answers[0].status == 200, answers[0].short()
        for n in (1, 2):
            is_(answers[n], 504, "request_timeout", "Processing this request timed out, please retry after a moment.")
            assert rows_of(s, address=emails[n])["users"] == 0
        teach(r)
        is_(s.call("POST", "/signup", {"email": emails[1], "password": FRESH}), 200)


def main():
    t = Tally(quiet=True)
    with Receiver() as r:
        env = {"GOTRUE_PASSWORD_HIBP_ENABLED": "true", "COUNTERSIGN_HIBP_URL": r.url, "GOTRUE_PASSWORD_HIBP_USER_AGENT": "an operator", "GOTRUE_PASSWORD_REQUIRED_CHARACTERS": "abcdefghijklmnopqrstuvwxyz"}
        with Countersign(binary, env=env) as c:
            for step in (told, everywhere, at_sign_in, odd_answers, away_open):
                t.step(step.__doc__, step, c.server(), r)

            def quiet():
                for secret in (KNOWN, FRESH, digest(KNOWN)[5:]):
                    assert secret not in c.log_text(), "the log holds %r" % secret
            t.step("no password in the log", quiet)
        with Countersign(binary, env={**env, "GOTRUE_PASSWORD_HIBP_FAIL_CLOSED": "true"}) as c:
            t.step(away_closed.__doc__, away_closed, c.server(), r)
        t.step(waited_too_long.__doc__, waited_too_long, t, r)
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
