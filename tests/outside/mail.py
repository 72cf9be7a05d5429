#!/usr/bin/env python3
"""Mail through a real SMTP server: what arrives, what happens while the server is away, refuses or breaks off, that a mail outlives our own
restart and goes out exactly once, what `countersign outbox` shows meanwhile, TLS and sign-in. mail.py [--binary FILE]; ends with
'N passed, N failed'.
"""
import email, email.policy, json, os, re, shutil, subprocess, sys, tempfile, time
from hook_rig import PW, Countersign, Tally, addr, at_once, default_binary, is_
from sinks import MailServer

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
CONFIRM = {"GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_RATE_LIMIT_EMAIL_SENT": "10000", "GOTRUE_SMTP_MAX_FREQUENCY": "1s"}


def mails(m, to):
    got = []
    for name in sorted(os.listdir(m.folder)):
        if not name.startswith("."):
            with open(os.path.join(m.folder, name), "rb") as f:
                message = email.message_from_bytes(f.read(), policy=email.policy.default)
            if to in str(message["To"]).lower():
                got.append(message)
    return got


def wait_for(m, to, n=1, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if len(mails(m, to)) >= n:
            return mails(m, to)[n - 1]
        time.sleep(0.1)
    raise AssertionError("mail %d to %s did not come" % (n, to))


def part(message, kind):
    return message.get_body(preferencelist=(kind,)).get_content()


def outbox(c):
    out = c.command("outbox", "--json")
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


def sign_up(s, e):
    return is_(s.call("POST", "/signup", {"email": e, "password": PW}), 200)


def secrets_of(message):
    text = part(message, "plain")
    return [re.search(r"\b\d{6}\b", text).group(), re.search(r"token=([0-9a-f_pkce]+)", text).group(1)]


def arrives():
    """Headers, HTML and text part with link and code, the server's greeting; nothing of it in the log."""
    more = {"GOTRUE_SMTP_SENDER_NAME": "Us & <You>", "GOTRUE_SMTP_HEADERS": json.dumps({"X-Kind": ["$messageType"], "X-Two": ["a", "b"]})}
    with MailServer() as m, Countersign(binary, env={**CONFIRM, **m.settings, **more}) as c:
        s, e = c.server(), addr()
        sign_up(s, e)
        got = wait_for(m, e)
        assert got["From"].addresses[0].display_name == "Us & <You>" and got["From"].addresses[0].addr_spec == "auth@example.com" and got["Subject"] == "Confirm your email address", got.items()
        assert got["Date"] and got["Message-ID"] and got["MIME-Version"] == "1.0" and got["X-Kind"] == "confirmation" and got["X-Two"] == "a, b", got.items()
        html, text = part(got, "html"), part(got, "plain")
        code, token = secrets_of(got)
        for body in (html, text):
            assert code in body and "/verify?token=" + token in body, body
        assert "&amp;type=signup" in html and "&type=signup" in text
        session = m.sessions()[-1]
        assert session["helo"] == "127.0.0.1" or session["helo"] == "[127.0.0.1]", session
        assert session["to"] == [e] and not session["tls"], session
        is_(s.call("POST", "/verify", {"type": "signup", "email": e, "token": code}), 200)
        assert outbox(c) == []
        for secret in (code, token, PW, e):
            assert secret not in c.log_text(), "the log holds %r" % secret


def away():
    """No mail server: the request is answered all the same; the mail waits, outlives a restart of ours, and comes once, the code good."""
    m = MailServer()
    try:
        with Countersign(binary, env={**CONFIRM, **m.settings}) as c:
            s, people = c.server(), [addr() for _ in range(3)]
            began = time.monotonic()
            for e in people:
                sign_up(s, e)
            assert time.monotonic() - began < 20, "the mail held the request up"
            end = time.monotonic() + 90
            while any(not row["last_error"] for row in outbox(c)) and time.monotonic() < end:
                time.sleep(0.2)
            rows = outbox(c)
            assert len(rows) == 3 and all(r["kind"] == "mail" and r["topic"] == "confirmation" and r["tries"] >= 1 and not r["given_up"] and "mail server" in r["last_error"] for r in rows), rows
            shown = c.command("outbox").stdout
            assert shown.count("confirmation") == 3 and all(e not in shown for e in people), shown
            c.restart()
            assert len(outbox(c)) == 3
            c.kill()
            c.start()
            m.start()
            for e in people:
                got = wait_for(m, e)
            code, token = secrets_of(got)
            is_(c.server().call("POST", "/verify", {"type": "signup", "email": people[-1], "token": code}), 200)
            end = time.monotonic() + 90
            while outbox(c) and time.monotonic() < end:
                time.sleep(0.2)
            assert outbox(c) == []
            time.sleep(6)
            assert [len(mails(m, e)) for e in people] == [1, 1, 1], "sent twice"
            with open(c.database, "rb") as f:
                assert token.encode() not in f.read(), "the database holds the link's token"
            for secret in (code, token, PW):
                assert secret not in c.log_text(), "the log holds %r" % secret
    finally:
        m.stop()
        shutil.rmtree(m.folder, ignore_errors=True)


def refuses():
    """4xx: tried again; 5xx for the mail: given up at once and shown so; the server's words, which may quote the mail, are not in the log."""
    with MailServer() as m, Countersign(binary, env={**CONFIRM, **m.settings}) as c:
        s, later, never = c.server(), addr(), addr()
        m.answer("451 greylisted, words of the server")
        sign_up(s, later)
        end = time.monotonic() + 90
        while not any(r["last_error"] for r in outbox(c)) and time.monotonic() < end:
            time.sleep(0.1)
        m.answer(None)
        wait_for(m, later)
        m.answer("550 no such words of the server")
        sign_up(s, never)
        end = time.monotonic() + 90
        while not [r for r in outbox(c) if r["given_up"]] and time.monotonic() < end:
            time.sleep(0.1)
        row, = outbox(c)
        assert row["given_up"] and row["tries"] == 1 and "550" in row["last_error"], row
        m.answer(None)
        time.sleep(1.1)
        is_(s.call("POST", "/resend", {"type": "signup", "email": never}), 200)
        wait_for(m, never)
        assert len(mails(m, never)) == 1
        assert "words of the server" not in c.log_text() + json.dumps(outbox(c))


def limits():
    """The limit of all mails: 429, and a request that is refused has made nothing."""
    with MailServer() as m, Countersign(binary, env={**CONFIRM, **m.settings, "GOTRUE_RATE_LIMIT_EMAIL_SENT": "4"}) as c:       # half of it for sign-ups (rule S3)
        s, people = c.server(), [addr() for _ in range(3)]
        for e in people[:2]:
            sign_up(s, e)
        a = is_(s.call("POST", "/signup", {"email": people[2], "password": PW}), 429, "over_email_send_rate_limit", "email rate limit exceeded")
        assert a.headers.get("retry-after", "").isdigit(), a.headers
        assert s.sql("select count(*) from users where email = '%s'" % people[2]) == [["0"]]
        for e in people[:2]:
            wait_for(m, e)
        assert not mails(m, people[2]) and outbox(c) == []


def notices():
    """Notifications: each kind once, to the address that the contract says."""
    kinds = ("PASSWORD_CHANGED", "EMAIL_CHANGED", "MFA_FACTOR_ENROLLED", "MFA_FACTOR_UNENROLLED")
    env = {"GOTRUE_MAILER_NOTIFICATIONS_%s_ENABLED" % k: "true" for k in kinds}
    with MailServer() as m, Countersign(binary, env={**m.settings, **env, "GOTRUE_RATE_LIMIT_EMAIL_SENT": "1000"}) as c:
        s = c.server()
        u = s.sign_up(email=addr())
        u.with_totp()
        is_(s.call("PUT", "/user", {"password": "another " + PW}, u.token), 200)
        is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
        new = addr()
        is_(s.call("PUT", "/user", {"email": new}, u.token), 200)
        code, _ = secrets_of(wait_for(m, new))
        is_(s.call("POST", "/verify", {"type": "email_change", "email": new, "token": code}), 200)
        wait_for(m, u.email, 5)
        subjects = sorted(str(x["Subject"]) for x in mails(m, u.email))
        assert subjects == ["A new verification method was added to your account", "A verification method was removed from your account", "Confirm your new email address",
                            "Your email address was changed", "Your password was changed"], subjects
        assert [str(x["Subject"]) for x in mails(m, new)] == ["Confirm your new email address"]
        for message in mails(m, u.email):
            assert PW not in message.as_string() and u.secret not in message.as_string()


def encrypted():
    """With a user name: STARTTLS and sign-in; never the password over a plain connection or to a server with an unknown certificate."""
    folder = tempfile.mkdtemp(prefix="countersign-tls-")
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    out = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=127.0.0.1",
                          "-addext", "subjectAltName=IP:127.0.0.1"], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    who = {"GOTRUE_SMTP_USER": "mailer", "GOTRUE_SMTP_PASS": "mail secret"}
    try:
        with MailServer(certificate=(cert, key)) as m:
            with Countersign(binary, env={**CONFIRM, **m.settings, **who, "SSL_CERT_FILE": cert}) as c:
                e = addr()
                sign_up(c.server(), e)
                wait_for(m, e)
                assert m.sessions()[-1]["tls"] and m.sessions()[-1]["user"] == "mailer", m.sessions()
                assert "mail secret" not in c.log_text()
            seen = len(m.sessions())
            for more in ({}, {"SSL_CERT_FILE": cert, "GOTRUE_SMTP_PASS": "wrong secret"}):
                with Countersign(binary, env={**CONFIRM, **m.settings, **who, **more}) as c:
                    waits(c, "wrong secret")
            assert len(m.sessions()) == seen, "a mail went through"
        with MailServer() as m, Countersign(binary, env={**CONFIRM, **m.settings, **who}) as c:
            assert "TLS" in waits(c, "mail secret")
            assert m.sessions() == []
    finally:
        shutil.rmtree(folder)


def waits(c, secret):
    e = addr()
    sign_up(c.server(), e)
    end = time.monotonic() + 90
    while not any(r["last_error"] for r in outbox(c)) and time.monotonic() < end:
        time.sleep(0.1)
    row, = outbox(c)
    assert row["last_error"] and not row["given_up"] and secret not in c.log_text(), row
    return row["last_error"]


def folder():
    """No mail server set: files in a folder that only we may read, their names in the log, and listed by the outbox command."""
    with Countersign(binary, env=CONFIRM) as c:
        e = addr()
        sign_up(c.server(), e)
        where = os.path.join(c.folder, "outbox")
        end = time.monotonic() + 90
        while "was written to a file" not in c.log_text() and time.monotonic() < end:
            time.sleep(0.1)
        name, = os.listdir(where)
        assert name.endswith(".eml") and os.stat(where).st_mode & 0o077 == 0, (name, oct(os.stat(where).st_mode))
        with open(os.path.join(where, name), "rb") as f:
            code, token = secrets_of(email.message_from_bytes(f.read(), policy=email.policy.default))
        assert name in c.command("outbox").stdout and name in c.log_text()
        for secret in (code, token, PW):
            assert secret not in c.log_text() + c.command("outbox").stdout, "the log holds %r" % secret


def main():
    t = Tally(quiet=True)
    steps = (arrives, away, refuses, limits, notices, encrypted, folder)

    def run(n):
        try:
            steps[n]()
        except Exception as e:
            return [e]
        return [None]

    def raised(error):
        if error:
            raise error
    for step, outcome in zip(steps, at_once(len(steps), run)):
        t.step(step.__doc__, raised, outcome[0])
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
