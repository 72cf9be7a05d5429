#!/usr/bin/env python3
"""A real SMTP server (aiosmtpd) that writes each mail into a folder: smtp_server.py FOLDER PORT [CERTIFICATE KEY]

With a certificate it offers STARTTLS and, once encrypted, AUTH for the user "mailer" with the password "mail secret". What it says to
a mail is in the file .answer of the folder, read anew each time ("250 kept" where there is none); the sessions it saw go to .sessions,
a JSON line each: the name of the greeting, whether TLS was on, who signed in, and to whom. Runs until its standard input ends.
"""
import itertools, json, os, ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

folder, port = sys.argv[1], int(sys.argv[2])
count = itertools.count()


class Keep:
    async def handle_DATA(self, server, session, envelope):
        try:
            with open(os.path.join(folder, ".answer")) as f:
                answer = f.read().strip()
        except FileNotFoundError:
            answer = "250 kept"
        with open(os.path.join(folder, ".sessions"), "a") as f:
            seen = {"helo": session.host_name, "tls": session.ssl is not None, "user": session.auth_data, "to": envelope.rcpt_tos, "answer": answer}
            f.write(json.dumps(seen) + "\n")
        if answer.startswith("drop"):               # taken, and the connection is gone before the client hears of it
            server.transport.abort()
            return "250 kept"
        if answer.startswith("2"):
            name = "%d-%06d.eml" % (time.time_ns(), next(count))
            with open(os.path.join(folder, "." + name), "wb") as f:
                f.write(envelope.content)
            os.rename(os.path.join(folder, "." + name), os.path.join(folder, name))
        return answer


def known(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"mailer", b"mail secret")
    return AuthResult(success=good, auth_data="mailer" if good else None)


more = {}
if len(sys.argv) > 3:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    more = {"tls_context": context, "authenticator": known, "auth_require_tls": True}
controller = Controller(Keep(), hostname="127.0.0.1", port=port, **more)
controller.start()
print("ready", flush=True)
sys.stdin.read()
controller.stop()
