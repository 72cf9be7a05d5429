"""Delivery against real servers on loopback: suite.py DRIVER mail,sms,hooks,outbox [-v]; called by run_all.py."""
import base64, email, email.policy, json, os, shutil, signal, sqlite3, stat, subprocess, sys, tempfile, time, urllib.parse, uuid
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from receivers import HttpServer, MailServer, Silent, certificate, signature_of  # noqa: E402
from tally import Tally  # noqa: E402

DRIVER, ONLY = os.path.abspath(sys.argv[1]), sys.argv[2].split(",")
tally, PAIR, FOLDER = Tally(), certificate(), tempfile.mkdtemp(prefix="countersign-test-deliver-")
SECRET = "v1,whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
OTHER = "v1,whsec_" + base64.b64encode(b"another secret of 32 bytes, yes!").decode()
JSON = {"Content-Type": "application/json"}
CODE, HASH = "483926", "pkce_c0ffee"
ENV_BASE = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH")}


class Skip(Exception):
    pass


def environment(**more):
    folder = tempfile.mkdtemp(dir=FOLDER)
    env = dict(ENV_BASE, DATABASE_URL="sqlite:" + os.path.join(folder, "countersign.db"), GOTRUE_SITE_URL="http://localhost:3000", API_EXTERNAL_URL="https://auth.example.com/auth/v1",
               GOTRUE_JWT_SECRET="a test secret of more than thirty-two characters", GOTRUE_SMTP_ADMIN_EMAIL="auth@example.com", SSL_CERT_FILE=PAIR[0])
    env.update({k: str(v) for k, v in more.items()})
    return env


def drive(*command, env=None, given=None, timeout=60):
    """The driver's answer; its log in drive.log."""
    out = subprocess.run([DRIVER, *map(str, command)], input=json.dumps(given) if isinstance(given, dict) else given or "", env=env or environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
    drive.log = out.stderr
    assert out.returncode == 0, "exit %d: %s" % (out.returncode, out.stderr[-1000:])
    return json.loads(out.stdout)


def mail(kind="confirmation", to="joe@example.com", **more):
    given = {"mail": kind, "user_id": str(uuid.uuid4()), "to": to, "email": to, "token": CODE, "token_hash": HASH, "action_type": "signup", "redirect_to": "http://localhost:3000",
             "confirmation_url": "https://auth.example.com/verify?token=%s&type=signup&redirect_to=http://localhost:3000" % HASH, "data": "{}"}
    given.update(more)
    return {k: v for k, v in given.items() if v is not None}


def sms(**more):
    return dict({"user_id": str(uuid.uuid4()), "phone": "15551234567", "code": CODE, "channel": "sms", "kind": "confirmation"}, **more)


def parsed(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def parts(message):
    return message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()


def quiet(log):
    """Nothing of a message may stand in a log."""
    for secret in (CODE, HASH, "whsec_", "hunter2"):
        assert secret not in log, "the log shows %s: %s" % (secret, log)


# --- mail --------------------------------------------------------------------------------------------------------------
def by_smtp(given, server, **more):
    return drive("mail", given=given, env=environment(GOTRUE_SMTP_HOST="127.0.0.1", GOTRUE_SMTP_PORT=server.port, **more))


def received(given, server_options=None, **more):
    """((from, to, bytes), session) of the one mail that arrived."""
    server = MailServer(**(server_options or {}))
    try:
        a = by_smtp(given, server, **more)
        assert a["sent"], a
        assert len(server.mails) == 1, len(server.mails)
        return server.mails[0], server.sessions[0]
    finally:
        server.stop()


def plain_mail():
    (sender, to, raw), session = received(mail(), GOTRUE_SMTP_SENDER_NAME="Käse & Co")
    m = parsed(raw)
    assert sender == "auth@example.com" and to == ["joe@example.com"], (sender, to)
    assert session["ehlo"] == "auth.example.com", session
    assert m["From"].addresses[0].display_name == "Käse & Co" and m["From"].addresses[0].addr_spec == "auth@example.com", m["From"]
    assert m["To"] == "joe@example.com" and m["Subject"] == "Confirm your email address"
    assert m["Message-ID"].endswith("@auth.example.com>") and m["Date"] and m["MIME-Version"] == "1.0"
    assert m.get_content_type() == "multipart/alternative" and [p.get_content_type() for p in m.iter_parts()] == ["text/plain", "text/html"]
    assert all(p["Content-Transfer-Encoding"] == "quoted-printable" and p.get_content_charset() == "utf-8" for p in m.iter_parts())
    for text in parts(m):
        assert CODE in text and "token=" + HASH in text, text
    assert all(len(line) <= 998 for line in raw.split(b"\r\n")) and b"\n" not in raw.replace(b"\r\n", b"")
    quiet(drive.log)


def every_kind():
    kinds = {"confirmation": "Confirm your email address", "invite": "You've been invited", "magic_link": "Your sign-in link", "recovery": "Reset your password",
             "email_change": "Confirm your new email address", "reauthentication": CODE + " is your verification code"}
    for kind, subject in kinds.items():
        m = parsed(received(mail(kind, new_email="new@example.com"))[0][2])
        assert m["Subject"] == subject, m["Subject"]
        text, html = parts(m)
        assert CODE in text and CODE in html
        assert (HASH in text) == (HASH in html) == (kind != "reauthentication"), kind
    noted = {"password_changed": ("Your password was changed", {}), "email_changed": ("Your email address was changed", {"old_email": "old@example.com"}),
             "phone_changed": ("Your phone number was changed", {"phone": "15550001111", "old_phone": "15550002222"}), "identity_linked": ("A new sign-in method was linked to your account", {"provider": "phone"}),
             "identity_unlinked": ("A sign-in method was removed from your account", {"provider": "phone"}), "mfa_factor_enrolled": ("A new verification method was added to your account", {"factor_type": "totp"}),
             "mfa_factor_unenrolled": ("A verification method was removed from your account", {"factor_type": "phone"}),
             "mfa_factor_removed_by_admin": ("An administrator removed a verification method from your account", {"factor_type": "webauthn"}),
             "mfa_factor_locked": ("A verification method of your account was locked", {"factor_type": "recovery_code", "locked": "days"}),
             "mfa_recovery_code_used": ("A recovery code was used to sign in to your account", {"remaining": "7"}), "password_at_risk": ("Somebody else may know your password", {"factor_type": "unheard-of"})}
    shown = {"totp": "authenticator app", "phone": "phone number", "webauthn": "security key or passkey", "recovery_code": "recovery codes", "days": "stays locked"}
    for kind, (subject, fields) in noted.items():
        m = parsed(received(mail(kind + "_notification", token=None, token_hash=None, confirmation_url=None, **fields))[0][2])
        assert m["Subject"] == subject, m["Subject"]
        for text in parts(m):
            hidden = kind == "password_at_risk"      # names the factor only where it was locked
            assert all((shown.get(v, v) if kind.startswith("mfa") else v) in text or hidden for v in fields.values()) and "{{" not in text, text
            assert CODE not in text and ("code" in text.lower()) == (kind in ("mfa_factor_locked", "mfa_recovery_code_used", "password_at_risk")), text


def templates():
    body = ('<p lang="de">{{ if eq .Data.lang "de" }}Hallo {{ .Data.name }}{{ else }}Hello{{ end }}</p><a href="{{ .ConfirmationURL }}">Los</a> {{ .Token }} {{ .TokenHash }} {{ .SiteURL }} '
            '{{ .RedirectTo }} {{ .Nothing }}<a href="{{ .SiteURL }}/c?h={{ .TokenHash }}&e={{ .Email }}">x</a>').encode()
    web = HttpServer(lambda n, r: (200, {"Content-Type": "text/html"}, body))
    raw = received(mail(to="a+b@example.com", data=json.dumps({"lang": "de", "name": "<b>Jörg</b>"})), GOTRUE_MAILER_TEMPLATES_CONFIRMATION=web.url + "/t", GOTRUE_MAILER_SUBJECTS_CONFIRMATION="Grüße, {{ .Data.lang }}!")[0][2]
    text, html = parts(parsed(raw))
    assert parsed(raw)["Subject"] == "Grüße, de!", parsed(raw)["Subject"]
    assert "Hallo &lt;b&gt;Jörg&lt;/b&gt;" in html and "token=%s&amp;type=signup&amp;redirect_to=" % HASH in html, html
    assert "/c?h=%s&e=a%%2bb%%40example.com" % HASH in html, html
    assert "Hallo <b>Jörg</b>" in text and "Los <https://auth.example.com/verify?token=%s&type=signup" % HASH in text, text
    assert [r["path"] for r in web.requests] == ["/t"] and web.requests[0]["method"] == "GET"
    raw = received(mail("recovery"), GOTRUE_MAILER_TEMPLATES_RECOVERY="/mails/recovery.html", GOTRUE_SITE_URL=web.url)[0][2]
    assert web.requests[-1]["path"] == "/mails/recovery.html" and "Hello" in parts(parsed(raw))[1]
    web.stop()


def template_failures():
    answers = {"500": (500, {}, b"<p>no</p>"), "redirect": (302, {"Location": "/else"}, b""), "latin": (200, {}, b"<p>\xff{{ .Token }}</p>"), "broken": (200, {}, b"<p>{{ if .Token }}</p>"),
               "range": (200, {}, b"{{ range .Data }}{{ end }}"), "script": (200, {}, b"<script>var c = '{{ .Token }}'</script>"), "gone": None}
    for name, got in answers.items():
        web = HttpServer(lambda n, r: got)
        text, html = parts(parsed(received(mail(), GOTRUE_MAILER_TEMPLATES_CONFIRMATION=web.url + "/t")[0][2]))
        assert "Or enter this code" in html and CODE in html, name
        assert "template cannot be used" in drive.log, drive.log
        quiet(drive.log)
        assert {r["path"] for r in web.requests} == {"/t"}, web.requests
        web.stop()
    web = HttpServer(lambda n, r: (200, {}, b"<p>{{ .Token }}</p>" + b"x" * 3000))
    html = parts(parsed(received(mail(), GOTRUE_MAILER_TEMPLATES_CONFIRMATION=web.url, GOTRUE_MAILER_TEMPLATE_MAX_SIZE=1000)[0][2]))[1]
    assert len(html.strip()) < 1000 and CODE in html
    web.stop()


def extra_headers():
    headers = {"X-Kind": ["$messageType"], "X-List": ["a", "b ü"], "X-Evil": ["a\r\nBcc: evil@example.com\r\n\r\nbody"], "To": ["other@example.com"], "Bad Name": ["x"], "X-Colon:": ["x"], "Subject": ["y"]}
    (_, to, raw), _ = received(mail(), GOTRUE_SMTP_HEADERS=json.dumps(headers))
    m = parsed(raw)
    assert m["X-Kind"] == "confirmation" and m["X-List"] == "a, b ü", m.items()
    assert m["Bcc"] is None and m["Bad Name"] is None and m.get_all("To") == ["joe@example.com"] and m.get_all("Subject") == ["Confirm your email address"]
    assert to == ["joe@example.com"]
    m = parsed(received(mail("reauthentication"), GOTRUE_SMTP_HEADERS='{"X-Kind": ["mail-$messageType"]}')[0][2])
    assert m["X-Kind"] == "mail-reauthenticate", m["X-Kind"]
    received(mail(), GOTRUE_SMTP_HEADERS="{not json")
    assert "GOTRUE_SMTP_HEADERS has no effect" in drive.log


def injection():
    m = parsed(received(mail(data=json.dumps({"n": "x\r\nBcc: evil@example.com\r\n\r\nhello"})), GOTRUE_MAILER_SUBJECTS_CONFIRMATION="Hi {{ .Data.n }}", GOTRUE_SMTP_SENDER_NAME='Eve" <eve@example.com>,')[0][2])
    assert m["Bcc"] is None and len(m["From"].addresses) == 1 and m["From"].addresses[0].addr_spec == "auth@example.com", m.items()
    server = MailServer()
    for to in ("a@b.c\r\nRCPT TO:<evil@example.com>", "a@b.c> NOTIFY=NEVER", "a b@c", "a@b.c,d@e.f"):
        a = by_smtp(mail(to=to), server)
        assert not a["sent"] and a["for_good"], a
    assert not server.mails
    server.stop()


def dots_and_length():
    body = ("<pre>\n.\n..\n.hidden\r\n" + "é" * 5000 + "\n.\n</pre>{{ .Token }}").encode()
    web = HttpServer(lambda n, r: (200, {}, body))
    html = parts(parsed(received(mail(), GOTRUE_MAILER_TEMPLATES_CONFIRMATION=web.url)[0][2]))[1]
    assert html.replace("\r\n", "\n").rstrip("\n") == body.decode().replace("\r\n", "\n").replace("{{ .Token }}", CODE), html[:100]
    web.stop()


def starttls():
    _, session = received(mail(), {"tls": "starttls", "pair": PAIR})
    assert session["tls"], session
    _, session = received(mail(), {"tls": "starttls", "pair": PAIR, "login": ("me", "hunter2")}, GOTRUE_SMTP_USER="me", GOTRUE_SMTP_PASS="hunter2")
    assert session["tls"] and session["login"], session


def implicit_tls():
    """On port 465, which needs a right to be opened, on an address of this machine that nobody else uses."""
    address = "127.%d.%d.%d" % (43, os.getpid() // 250 % 250 + 1, os.getpid() % 250 + 1)
    pair = certificate(address)
    try:
        server = MailServer(tls="implicit", pair=pair, login=("me", "hunter2"), address=address, port=465)
    except PermissionError:
        raise Skip("port 465 cannot be opened by this user")
    a = drive("mail", given=mail(), env=environment(GOTRUE_SMTP_HOST=address, GOTRUE_SMTP_PORT=465, GOTRUE_SMTP_USER="me", GOTRUE_SMTP_PASS="hunter2", SSL_CERT_FILE=pair[0]))
    assert a["sent"] and len(server.mails) == 1 and server.sessions[0]["login"], a
    a = drive("mail", given=mail(), env=environment(GOTRUE_SMTP_HOST=address, GOTRUE_SMTP_PORT=465))
    assert not a["sent"] and len(server.mails) == 1, a
    server.stop()


def tls_refusals():
    stranger = MailServer(tls="starttls", pair=certificate())
    a = by_smtp(mail(), stranger)
    assert not a["sent"] and not a["for_good"] and not stranger.mails, a
    stranger.stop()
    bare = MailServer(login=("me", "hunter2"))
    a = by_smtp(mail(), bare, GOTRUE_SMTP_USER="me", GOTRUE_SMTP_PASS="hunter2")
    assert not a["sent"] and "TLS" in a["error"] and not a["for_good"] and not bare.mails, a
    bare.stop()
    strict = MailServer(tls="starttls", pair=PAIR, login=("me", "hunter2"))
    a = by_smtp(mail(), strict, GOTRUE_SMTP_USER="me", GOTRUE_SMTP_PASS="wrong")
    assert not a["sent"] and not a["for_good"] and not strict.mails, a
    quiet(json.dumps(a) + drive.log)
    strict.stop()


def smtp_refusals():
    for where, reply, for_good in (("rcpt", "550 5.1.1 no such user " + CODE, True), ("rcpt", "451 4.7.1 greylisted", False), ("data", "554 spam: token " + HASH, True), ("mail", "452 full", False), ("mail", "530 5.7.0 log in first", False)):
        server = MailServer(refuse={where: reply})
        a = by_smtp(mail(), server)
        assert not a["sent"] and a["for_good"] == for_good and reply[:3] in a["error"], (reply, a)
        quiet(json.dumps(a) + drive.log)
        server.stop()
    a = drive("mail", given=mail(), env=environment(GOTRUE_SMTP_HOST="127.0.0.1", GOTRUE_SMTP_PORT=1))
    assert not a["sent"] and not a["for_good"] and "cannot be used" in a["error"], a


def mail_folder():
    env = environment()
    a = drive("mail", given=mail(), env=env)
    folder = os.path.join(os.path.dirname(env["DATABASE_URL"][7:]), "outbox")
    files = os.listdir(folder)
    assert a["sent"] and len(files) == 1 and files[0].endswith(".eml"), (a, files)
    path = os.path.join(folder, files[0])
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 and stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    with open(path, "rb") as f:
        assert CODE in parts(parsed(f.read()))[0] and files[0] in drive.log
    quiet(drive.log)
    assert drive("mail", given=mail(), env=env)["sent"] and len(os.listdir(folder)) == 1      # the same row tried again
    other = os.path.join(FOLDER, "mails")
    assert drive("mail", given=mail(), env=environment(COUNTERSIGN_MAIL_DIR=other))["sent"] and len(os.listdir(other)) == 1
    a = drive("mail", given=mail(), env=environment(COUNTERSIGN_MAIL_DIR="/proc/nothing"))
    assert not a["sent"] and not a["for_good"] and "/proc/nothing" in a["error"], a


# --- SMS ---------------------------------------------------------------------------------------------------------------
TWILIO = {"GOTRUE_SMS_PROVIDER": "twilio", "GOTRUE_SMS_TWILIO_ACCOUNT_SID": "AC1", "GOTRUE_SMS_TWILIO_AUTH_TOKEN": "hunter2", "GOTRUE_SMS_TWILIO_MESSAGE_SERVICE_SID": "MG1"}
VERIFY = {"GOTRUE_SMS_PROVIDER": "twilio_verify", "GOTRUE_SMS_TWILIO_VERIFY_ACCOUNT_SID": "AC2", "GOTRUE_SMS_TWILIO_VERIFY_AUTH_TOKEN": "hunter2", "GOTRUE_SMS_TWILIO_VERIFY_MESSAGE_SERVICE_SID": "VA2"}
BIRD = {"GOTRUE_SMS_PROVIDER": "messagebird", "GOTRUE_SMS_MESSAGEBIRD_ACCESS_KEY": "hunter2", "GOTRUE_SMS_MESSAGEBIRD_ORIGINATOR": "Me"}
VONAGE = {"GOTRUE_SMS_PROVIDER": "vonage", "GOTRUE_SMS_VONAGE_API_KEY": "k", "GOTRUE_SMS_VONAGE_API_SECRET": "hunter2", "GOTRUE_SMS_VONAGE_FROM": "Me"}
LOCAL = {"GOTRUE_SMS_PROVIDER": "textlocal", "GOTRUE_SMS_TEXTLOCAL_API_KEY": "hunter2", "GOTRUE_SMS_TEXTLOCAL_SENDER": "Me"}


def by_sms(answer, settings, command=("sms",), **more):
    """(the driver's answer, the one request)."""
    web = HttpServer(lambda n, r: answer)
    try:
        a = drive(*command, given=sms(**more), env=environment(COUNTERSIGN_SMS_API_URL=web.url, **settings))
        assert len(web.requests) == 1, "%d requests" % len(web.requests)
        r = web.requests[0]
        assert r["method"] == "POST" and r["headers"]["content-type"] == "application/x-www-form-urlencoded", r
        r["form"] = dict(urllib.parse.parse_qsl(r["body"].decode(), keep_blank_values=True, strict_parsing=True))
        quiet(drive.log)
        return a, r
    finally:
        web.stop()


def reply(value, status=200):
    return status, JSON, json.dumps(value).encode()


def twilio():
    a, r = by_sms(reply({"sid": "SM9", "status": "queued", "error_code": None}, 201), TWILIO)
    assert a["sent"] and a["provider_id"] == "SM9", a
    assert r["path"] == "/2010-04-01/Accounts/AC1/Messages.json"
    assert r["headers"]["authorization"] == "Basic " + base64.b64encode(b"AC1:hunter2").decode()
    assert r["form"] == {"To": "+15551234567", "Channel": "sms", "From": "MG1", "Body": "Your code is " + CODE}, r["form"]
    a, r = by_sms(reply({"sid": "SM9"}), dict(TWILIO, GOTRUE_SMS_TEMPLATE="Ihr Code für & mehr: {{ .Code }}"))
    assert r["form"]["Body"] == "Ihr Code für & mehr: " + CODE, r["form"]
    a, r = by_sms(reply({"sid": "SM9"}), dict(TWILIO, GOTRUE_SMS_TEMPLATE="{{ .Code"))
    assert r["form"]["Body"] == "Your code is " + CODE and "template of SMS cannot be used" in drive.log
    a, r = by_sms(reply({"sid": "SM9"}), dict(TWILIO, GOTRUE_SMS_TWILIO_MESSAGE_SERVICE_SID="+15550009999", GOTRUE_SMS_TWILIO_CONTENT_SID="HX1"), channel="whatsapp")
    assert r["form"] == {"To": "whatsapp:+15551234567", "Channel": "whatsapp", "From": "whatsapp:+15550009999", "ContentSid": "HX1", "ContentVariables": '{"1": "%s"}' % CODE}, r["form"]
    a, r = by_sms(reply({"sid": "SM9"}), TWILIO, channel="whatsapp")
    assert r["form"]["From"] == "MG1" and r["form"]["Body"] == "Your code is " + CODE
    a, r = by_sms(reply({"sid": "SM9"}), dict(TWILIO, GOTRUE_MFA_PHONE_TEMPLATE="Second step: {{ .Code }}"), kind="mfa")
    assert r["form"]["Body"] == "Second step: " + CODE, r["form"]


def twilio_failures():
    a, _ = by_sms(reply({"code": 21211, "message": "Invalid number", "more_info": "https://t.example/21211", "status": 400}, 400), TWILIO)
    assert not a["sent"] and a["error"] == "Invalid number More information: https://t.example/21211" and a["for_good"], a
    for code in ("30003", 30003):
        a, _ = by_sms(reply({"sid": "SM9", "status": "failed", "error_message": "Unreachable", "error_code": code}), TWILIO)
        assert not a["sent"] and a["error"] == "twilio error: Unreachable 30003 for message SM9", a
    for answer in ((200, JSON, b"not json"), (200, JSON, b"[]"), (200, JSON, b""), (500, {}, b"<html>"), None, (302, {"Location": "/else"}, b""), (200, JSON, b'{"sid":"' + b"x" * 70000 + b'"}')):
        a, _ = by_sms(answer, TWILIO)
        assert not a["sent"] and a["error"] and not a["for_good"], (answer, a)
    began = time.monotonic()
    a, _ = by_sms((200, JSON, b"{}", 20), dict(TWILIO, GOTRUE_INTERNAL_HTTP_TIMEOUT="1s"))
    assert not a["sent"] and time.monotonic() - began < 15, a


def incomplete():
    for settings in (TWILIO, VERIFY, BIRD, VONAGE, LOCAL):
        for name in settings:
            if name != "GOTRUE_SMS_PROVIDER":
                a = drive("sms", given=sms(), env=environment(**{k: v for k, v in settings.items() if k != name}))
                assert a["setup"] == 2 and not a["sent"], (name, a)


def twilio_verify():
    a, r = by_sms(reply({"sid": "VE1", "status": "pending"}, 201), VERIFY)
    assert a["sent"] and a["provider_id"] == "VE1" and r["path"] == "/v2/Services/VA2/Verifications" and r["form"] == {"To": "+15551234567", "Channel": "sms"}, (a, r)
    assert r["headers"]["authorization"] == "Basic " + base64.b64encode(b"AC2:hunter2").decode()
    a, r = by_sms(reply({"status": "approved", "valid": True}), VERIFY, ("check", "15551234567", "123 &456"))
    assert a == {"error": None, "right": True} and r["path"] == "/v2/Services/VA2/VerificationCheck" and r["form"] == {"To": "+15551234567", "Code": "123 &456"}, (a, r)
    for answer in (reply({"status": "pending", "valid": False}), reply({"status": "approved", "valid": False}), reply({"status": "approved"}), reply({}, 404), reply({"status": "approved", "valid": "true"})):
        a, _ = by_sms(answer, VERIFY, ("check", "15551234567", "123456"))
        assert a == {"error": None, "right": False}, (answer, a)
    a, _ = by_sms(reply({"status": "approved", "valid": True}, 500), VERIFY, ("check", "15551234567", "123456"))
    assert a["error"] and not a["right"], a


def other_providers():
    a, r = by_sms(reply({"id": "mb1", "recipients": {"totalSentCount": 1}}, 201), BIRD)
    assert a["sent"] and a["provider_id"] == "mb1" and r["path"] == "/messages" and r["headers"]["authorization"] == "AccessKey hunter2", (a, r)
    assert r["form"] == {"originator": "Me", "body": "Your code is " + CODE, "recipients": "15551234567", "type": "sms", "datacoding": "unicode"}, r["form"]
    a, _ = by_sms(reply({"errors": [{"code": 9, "description": "no (correct) recipients found"}]}, 422), BIRD)
    assert not a["sent"] and a["error"] == "no (correct) recipients found", a
    a, _ = by_sms(reply({"recipients": {"totalSentCount": 0}}), BIRD)
    assert not a["sent"], a
    a, r = by_sms(reply({"messages": [{"status": "0", "message-id": "v1"}]}), VONAGE)
    assert a["sent"] and a["provider_id"] == "v1" and r["path"] == "/sms/json", (a, r)
    assert r["form"] == {"from": "Me", "to": "15551234567", "text": "Your code is " + CODE, "api_key": "k", "api_secret": "hunter2"}, r["form"]
    a, r = by_sms(reply({"messages": [{"status": "9", "error-text": "Quota"}]}), dict(VONAGE, GOTRUE_SMS_TEMPLATE="Ü {{ .Code }}"))
    assert not a["sent"] and "Quota" in a["error"] and r["form"]["type"] == "unicode", a
    a, r = by_sms(reply({"status": "success"}), LOCAL)
    assert a["sent"] and a["provider_id"] is None and r["path"] == "/send" and r["form"] == {"sender": "Me", "apikey": "hunter2", "message": "Your code is " + CODE, "numbers": "15551234567"}, (a, r)
    a, _ = by_sms(reply({"status": "failure", "errors": [{"message": "Invalid number"}]}), LOCAL)
    assert not a["sent"] and a["error"] == "Invalid number", a
    a, _ = by_sms(reply({"status": "failure"}), LOCAL)
    assert not a["sent"] and a["error"], a
    a = drive("sms", given=sms(channel="whatsapp"), env=environment(**VONAGE))
    assert not a["sent"] and a["error"] == 'channel type "whatsapp" is not supported for vonage', a


def sms_folder():
    folder = os.path.join(FOLDER, "texts")
    a = drive("sms", given=sms(), env=environment(COUNTERSIGN_SMS_DIR=folder))
    files = os.listdir(folder)
    with open(os.path.join(folder, files[0])) as f:
        got = json.load(f)
    assert a["sent"] and a["setup"] == 0 and len(files) == 1 and got["phone"] == "15551234567" and got["code"] == CODE and got["message"] == "Your code is " + CODE, (a, got)
    quiet(drive.log)


# --- hooks -------------------------------------------------------------------------------------------------------------
def by_hook(script, secrets=SECRET, payload='{"a":"ü"}', tls=None):
    """(answer, requests, seconds)."""
    web = HttpServer(script if callable(script) else lambda n, r: script, tls)
    began = time.monotonic()
    try:
        a = drive("hook", web.url + "/hook?key=hunter2", secrets, given=payload)
        quiet(drive.log)
        return a, web.requests, time.monotonic() - began
    finally:
        web.stop()


def hook_signed():
    a, got, _ = by_hook((200, JSON, b'{"decision":"continue"}'), SECRET + "|" + OTHER)
    assert a["problem"] == "OK" and a["output"] == {"decision": "continue"}, a
    r, h = got[0], got[0]["headers"]
    assert r["method"] == "POST" and r["body"] == '{"a":"ü"}'.encode() and h["content-type"] == "application/json" and h["accept-encoding"] == "identity", r
    assert h["webhook-signature"] == ", ".join(signature_of(s, r) for s in (SECRET, OTHER)), h
    assert str(uuid.UUID(h["webhook-id"])) == h["webhook-id"] and abs(int(h["webhook-timestamp"]) - time.time()) < 10
    a, got, _ = by_hook((200, {"Content-Type": "Application/JSON; charset=utf-8"}, b"{}"), "")
    assert a["problem"] == "OK" and a["output"] == {} and got[0]["headers"]["webhook-signature"] == "", (a, got)
    a, got, _ = by_hook((200, JSON, b"{}"), "v1a,whpk_" + "A" * 44 + ":whsk_" + "A" * 44)
    assert a["problem"] == "HOOK_SIGNATURE" and not got, a


def hook_answers():
    for answer, problem in (((202, JSON, b"{}"), "OK"), ((204, {}, b""), "OK"), ((200, JSON, b"null"), "OK"), ((200, {}, b"{}"), "HOOK_NO_TYPE"), ((200, {"Content-Type": "text/html"}, b"{}"), "HOOK_NOT_JSON"),
                            ((200, {"Content-Type": "application/jsonx"}, b"{}"), "HOOK_NOT_JSON"), ((200, JSON, b""), "HOOK_BAD_JSON"), ((200, JSON, b"[1]"), "HOOK_BAD_JSON"), ((200, JSON, b'{"a":1'), "HOOK_BAD_JSON"),
                            ((200, JSON, b'{"a":"\xff"}'), "HOOK_BAD_JSON"), ((400, JSON, b'{"error":{"message":"m"}}'), "HOOK_REFUSED"), ((401, {}, b""), "HOOK_UNAUTHORIZED"), ((201, JSON, b"{}"), "HOOK_STATUS"),
                            ((500, {}, b""), "HOOK_STATUS"), ((301, {"Location": "/other"}, b""), "HOOK_STATUS"), ((503, {}, b""), "HOOK_UNAVAILABLE"), ((429, {}, b""), "HOOK_UNAVAILABLE")):
        a, got, _ = by_hook(answer)
        assert a["problem"] == problem and len(got) == 1 and (a["output"] is None or problem == "OK"), (answer, a, len(got))
    assert by_hook((418, {}, b""))[0]["arg"] == "418"
    assert by_hook((200, {"Content-Type": "text/html; charset=x"}, b""))[0]["arg"] == "text/html; charset=x"


def hook_size():
    body = lambda n: b'{"a":"' + b"x" * (n - 8) + b'"}'
    assert by_hook((200, JSON, body(204800)))[0]["problem"] == "OK"
    assert by_hook((200, JSON, body(204801)))[0]["problem"] == "HOOK_TOO_LARGE"
    assert by_hook((200, {"Content-Type": "text/html"}, body(300000)))[0]["problem"] == "HOOK_NOT_JSON"
    assert by_hook((400, JSON, body(300000)))[0]["problem"] == "HOOK_REFUSED"
    assert by_hook((200, JSON, b"{}"), payload='{"a":"' + "y" * 1500000 + '"}')[0]["problem"] == "OK"


def hook_errors():
    error = lambda e: (200, JSON, json.dumps({"error": e}).encode())
    a, _, _ = by_hook(error({"http_code": 403, "message": "Not <you>"}))
    assert a["problem"] == "HOOK_ERROR" and a["status"] == 403 and a["arg"] == "Not <you>" and a["output"] is None, a
    for e in ({"message": "m"}, {"http_code": 0, "message": "m"}, {"http_code": 200, "message": "m"}, {"http_code": 99999, "message": "m"}, {"http_code": "403", "message": "m"}):
        a, _, _ = by_hook(error(e))
        assert a["problem"] == "HOOK_ERROR" and a["status"] == 500 and a["arg"] == "m", (e, a)
    for e in ({"http_code": 403, "message": ""}, {"http_code": 403}, {}, None, "text", {"message": 5}):
        assert by_hook(error(e))[0]["problem"] == "OK", e


def hook_retries():
    busy = (503, {"Retry-After": "60"}, b"")
    a, got, took = by_hook(lambda n, r: busy if n < 3 else (200, JSON, b'{"n":3}'))
    assert a["problem"] == "OK" and a["output"] == {"n": 3} and len(got) == 3 and took < 30, (a, len(got), took)
    assert len({r["headers"]["webhook-id"] for r in got}) == 3 and all(r["headers"]["webhook-signature"] == signature_of(SECRET, r) for r in got)
    a, got, took = by_hook((429, {"retry-after": ""}, b""))
    assert a["problem"] == "HOOK_UNAVAILABLE" and len(got) == 3 and took < 30, (a, len(got), took)
    a, got, took = by_hook(lambda n, r: None if n == 1 else (200, JSON, b"{}"))
    assert a["problem"] == "OK" and len(got) == 2 and 1.8 < took < 30, (a, len(got), took)
    a, got, took = by_hook(None)
    assert a["problem"] == "HOOK_UNREACHABLE" and len(got) == 3 and 3.8 < took < 30, (a, len(got), took)
    began = time.monotonic()
    a = drive("hook", "http://127.0.0.1:1/", SECRET, given="{}")
    assert a["problem"] == "HOOK_UNREACHABLE" and 3.8 < time.monotonic() - began < 30, a


def hook_late():
    a, got, took = by_hook((200, JSON, b"{}", 7))
    assert a["problem"] == "HOOK_TIMEOUT" and len(got) == 1 and 4.8 < took < 30, (a, len(got), took)
    a, got, took = by_hook(lambda n, r: None if n == 1 else (200, JSON, b"{}", 7))
    assert a["problem"] == "HOOK_TIMEOUT" and len(got) == 2 and 4.8 < took < 30, (a, len(got), took)
    silent = Silent()
    began = time.monotonic()
    a = drive("hook", "http://127.0.0.1:%d/" % silent.port, SECRET, given="{}")
    assert a["problem"] == "HOOK_TIMEOUT" and 4.8 < time.monotonic() - began < 30, a
    silent.stop()


def hook_tls():
    a, _, _ = by_hook((200, JSON, b"{}"), tls=PAIR)
    assert a["problem"] == "OK", a
    a, got, _ = by_hook((200, JSON, b"{}"), tls=certificate())
    assert a["problem"] == "HOOK_UNREACHABLE" and not got, a
    assert drive("hook", "file:///etc/passwd", SECRET, given="{}")["problem"] == "HOOK_UNREACHABLE"


# --- outbox ------------------------------------------------------------------------------------------------------------
def outbox_rows(env, what="count(*)"):
    db = sqlite3.connect(env["DATABASE_URL"][7:])
    try:
        return db.execute("select %s from outbox order by id" % what).fetchall()
    finally:
        db.close()


def smtp_env(port):
    return environment(GOTRUE_SMTP_HOST="127.0.0.1", GOTRUE_SMTP_PORT=port)


def ids_of(server):
    return [parsed(raw)["Message-ID"] for _, _, raw in server.mails]


def outbox_sends():
    server = MailServer()
    env = smtp_env(server.port)
    drive("put", 20, given=mail(), env=env)
    assert all(CODE not in p and HASH not in p and "joe@" not in p for (p,) in outbox_rows(env, "payload")), "payloads are not sealed"
    a = drive("work", 20, env=env)
    assert a["empty"] and len(server.mails) == 20 and outbox_rows(env) == [(0,)], (a, len(server.mails))
    assert len(set(ids_of(server))) == 20
    quiet(drive.log)
    server.stop()


def outbox_retries():
    server = MailServer(refuse={"rcpt": "451 later " + CODE})
    env = smtp_env(server.port)
    drive("put", 1, given=mail(), env=env)
    drive("work", 1, env=env)
    ((attempts, error, wait),) = outbox_rows(env, "attempts, last_error, next_try_at - created_at")
    assert attempts == 1 and "451" in error and 4.9e6 < wait < 8e6, (attempts, error, wait)
    quiet(drive.log + error)
    server.refuse.clear()
    began = time.monotonic()
    a = drive("work", 20, env=env)
    assert a["empty"] and len(server.mails) == 1 and time.monotonic() - began > 2, a
    server.stop()


def outbox_gives_up():
    server = MailServer(refuse={"rcpt": "550 no such user"})
    env = smtp_env(server.port)
    drive("put", 1, given=mail(), env=env)
    drive("work", 1, env=env)
    ((payload, at, error),) = outbox_rows(env, "payload, next_try_at, last_error")
    assert payload is None and at is None and "550" in error and "given up" in drive.log, (payload, at, error)
    server.refuse = {"rcpt": "451 later"}
    env = smtp_env(server.port)
    drive("put", 1, given=mail("password_changed_notification", token=None), env=env)
    db = sqlite3.connect(env["DATABASE_URL"][7:])
    db.execute("update outbox set created_at = created_at - 86400000000")
    db.commit()
    db.close()
    drive("work", 1, env=env)
    assert outbox_rows(env, "payload, next_try_at") == [(None, None)]
    server.stop()


def outbox_survives():
    server = MailServer(slow=0.05)
    env = smtp_env(server.port)
    drive("put", 30, given=mail(), env=env)
    process = subprocess.Popen([DRIVER, "work", "-1"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(server.mails) < 8 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = outbox_rows(env)[0][0]
    assert 20 <= left <= 23, left
    drive("work", 6, env=env)                       # what was under way waits until its lease is over
    ids = ids_of(server)
    assert len(ids) == len(set(ids)) >= 29 and outbox_rows(env)[0][0] <= 1, (len(ids), len(set(ids)))
    server.stop()


def outbox_three_processes():
    server = MailServer(slow=0.02)
    env = dict(smtp_env(server.port), COUNTERSIGN_SHARED_DATABASE="true")
    drive("put", 40, given=mail(), env=env)
    nodes = [subprocess.Popen([DRIVER, "work", "20"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [n.communicate(timeout=60) for n in nodes]
    assert not any(n.returncode for n in nodes), said
    assert len(ids_of(server)) == len(set(ids_of(server))) == 40, (len(ids_of(server)), len(set(ids_of(server))))
    server.stop()


def outbox_stops_at_once():
    silent = Silent()
    env = smtp_env(silent.port)
    drive("put", 1, given=mail(), env=env)
    a = drive("work", 2, env=env)
    assert not a["empty"] and a["stop_ms"] < 3000, a
    ((at,),) = outbox_rows(env, "next_try_at - created_at")
    assert at < 20e6, "it waits for the lease: %d" % at
    silent.stop()


SUITES = {
    "mail": [plain_mail, every_kind, templates, template_failures, extra_headers, injection, dots_and_length, starttls, implicit_tls, tls_refusals, smtp_refusals, mail_folder],
    "sms": [twilio, twilio_failures, incomplete, twilio_verify, other_providers, sms_folder],
    "hooks": [hook_signed, hook_answers, hook_size, hook_errors, hook_retries, hook_late, hook_tls],
    "outbox": [outbox_sends, outbox_retries, outbox_gives_up, outbox_survives, outbox_three_processes, outbox_stops_at_once],
}
for suite in ONLY:
    for test in SUITES[suite]:
        name = "%s: %s" % (suite, test.__name__.replace("_", " "))
        try:
            test()
        except Skip as why:
            tally.skip(name, why)
        except Exception as e:
            def again(error=e):
                raise error
            tally.step(name, again)
        else:
            tally.step(name, lambda: None)
shutil.rmtree(FOLDER, ignore_errors=True)
shutil.rmtree(os.path.dirname(PAIR[0]), ignore_errors=True)
sys.exit(tally.close())
