#!/usr/bin/env python3
"""The five SMS providers, each played by a stand-in that checks path, form and credentials (internals.md §8, accounts.md
4.8): what they are sent, what their refusals become, and that nothing is left of a refused request and nothing is sent twice.
sms_providers.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import base64, re, sys, time
from hook_rig import JSON, PW, Countersign, Rig, Tally, addr, at_once, default_binary, entered, is_, made, phone, rows_of
from sinks import Receiver

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
COMMON = {"GOTRUE_SMS_AUTOCONFIRM": "false", "GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_SMS_MAX_FREQUENCY": "1s", "GOTRUE_RATE_LIMIT_SMS_SENT": "10000",
          "GOTRUE_INTERNAL_HTTP_TIMEOUT": "1s", "GOTRUE_SMS_TEMPLATE": "Gr\u00fc\u00dfe & {{ .Code }}", "COUNTERSIGN_HASH_THREADS": "16"}


def named(provider, **values):
    return {"GOTRUE_SMS_PROVIDER": provider, **{"GOTRUE_SMS_%s_%s" % (provider.upper(), k): v for k, v in values.items()}}


def basic(user, password):
    return "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


def twilio_form(p, text):
    return {"To": "+" + p, "Channel": "sms", "From": "MG1", "Body": text}


# One row a provider: settings, path, what it says to a good message, the id in that, header Authorization, the form, and refusals:
# (answer, what follows "Error sending confirmation OTP to provider: ").
PROVIDERS = [
    (named("twilio", ACCOUNT_SID="AC1", AUTH_TOKEN="a token+/ secret", MESSAGE_SERVICE_SID="MG1"), "/2010-04-01/Accounts/AC1/Messages.json", (201, JSON, {"sid": "SM7", "status": "queued"}), "SM7",
     basic("AC1", "a token+/ secret"), twilio_form,
     [((400, JSON, {"code": 21211, "message": "Invalid 'To'", "more_info": "https://t.example/21211", "status": 400}), "Invalid 'To' More information: https://t.example/21211"),
      ((200, JSON, {"sid": "SM8", "status": "failed", "error_code": 30001, "error_message": "queue"}), "twilio error: queue 30001 for message SM8"),
      ((200, JSON, {"sid": "SM9", "status": "undelivered", "error_code": "30002", "error_message": "gone"}), "twilio error: gone 30002 for message SM9"),
      ((401, JSON, {"code": 20003, "message": "Authenticate", "more_info": "x", "status": 401}), "Authenticate More information: x"),
      ((500, JSON, {"message": "oops"}), "oops More information: ")]),
    (named("messagebird", ACCESS_KEY="bird key", ORIGINATOR="Us"), "/messages", (201, JSON, {"id": "mb1", "recipients": {"totalSentCount": 1}}), "mb1", "AccessKey bird key",
     lambda p, text: {"originator": "Us", "body": text, "recipients": p, "type": "sms", "datacoding": "unicode"},
     [((422, JSON, {"errors": [{"code": 9, "description": "no (correct) recipients found", "parameter": "recipients"}]}), "no (correct) recipients found"),
      ((401, JSON, {"errors": [{"code": 2, "description": "Request not allowed", "parameter": None}]}), "Request not allowed"),
      ((201, JSON, {"id": "mb2", "recipients": {"totalSentCount": 0}}), None)]),
    (named("vonage", API_KEY="key1", API_SECRET="vonage secret", FROM="Us"), "/sms/json", (200, JSON, {"message-count": "1", "messages": [{"message-id": "vo1", "status": "0"}]}), "vo1", None,
     lambda p, text: {"from": "Us", "to": p, "text": text, "api_key": "key1", "api_secret": "vonage secret", "type": "unicode"},
     [((200, JSON, {"message-count": "1", "messages": [{"status": "4", "error-text": "Bad Credentials"}]}), None), ((200, JSON, {"messages": []}), None), ((500, JSON, {}), None)]),
    (named("textlocal", API_KEY="textlocal secret", SENDER="Us"), "/send", (200, JSON, {"status": "success", "messages": [{"id": "1"}]}), None, None,
     lambda p, text: {"sender": "Us", "apikey": "textlocal secret", "message": text, "numbers": p},
     [((200, JSON, {"status": "failure", "errors": [{"code": 4, "message": "No recipients specified"}]}), "No recipients specified"), ((200, JSON, {"status": "failure"}), None)]),
]
EVERYWHERE = [((500, {"Content-Type": "text/html"}, b"<h1>"), None), ((200, JSON, b"[]"), None), ((200, JSON, b"{"), None), ((503, {"Retry-After": "1"}, b""), None), (("drop", {}, b""), None),
              (("hang", {}, 3), None), ((302, {"Location": "/elsewhere"}, b"{}"), None)]


def code_in(text):
    return re.search(r"\d{6}", text).group()


def sent(s, r, row):
    """A sign-in: path, credentials and form; the id comes back; the code in the text works."""
    settings, path, good, ident, authorization, form, _ = row
    r.answers[path] = good
    p = phone()
    a = is_(s.call("POST", "/otp", {"phone": p}), 200)
    call, = [c for c in r.of(path) if p in c.body.decode()]
    assert call.path == path and call.headers["content-type"] == "application/x-www-form-urlencoded" and call.headers.get("authorization") == authorization, (call.path, call.headers)
    text = call.form.get("Body") or call.form.get("body") or call.form.get("text") or call.form.get("message")
    assert re.fullmatch("Gr\u00fc\u00dfe & [0-9]{6}", text) and call.form == form(p, text), call.form
    s1 = is_(s.call("POST", "/verify", {"type": "sms", "phone": p, "token": code_in(text)}), 200).json
    assert s1["user"]["phone"] == p
    time.sleep(1.1)
    a = is_(s.call("POST", "/otp", {"phone": p}), 200)
    assert a.json == ({"message_id": ident} if ident else {}), a.json


def refused(s, r, row):
    """Every refusal is 422 sms_send_failed, asked once, and leaves no user, code or session."""
    settings, path, *_, refusals = row
    for answer, text in refusals + EVERYWHERE:
        r.answers[path] = answer
        p = phone()
        a = is_(s.call("POST", "/signup", {"phone": p, "password": PW}), 422, "sms_send_failed", part="Error sending confirmation OTP to provider: ")
        assert text is None or a.message == "Error sending confirmation OTP to provider: " + text, a.message
        for secret in [v for k, v in settings.items() if k.split("_")[-1] in ("KEY", "SECRET", "TOKEN")]:
            assert secret not in a.raw.decode(), "a secret is in the answer"
        calls = [c for c in r.of(path) if p in c.body.decode()]
        assert len(calls) == 1, "%r: sent %d times" % (answer, len(calls))
        assert rows_of(s, number=p) == {"users": 0, "sessions": 0, "tokens": 0, "identities": 0}, (answer, rows_of(s, number=p))
        assert not r.of("/elsewhere")


def kinds(s, r, row):
    """The kinds by name: a phone change, a reauthentication; a failure keeps the old state, and the next try needs no waiting."""
    path, good = row[1], row[2]
    r.answers[path] = good
    e = addr()
    made(s, e)
    u, p = entered(s, e), phone()
    r.answers[path] = (500, JSON, {})
    is_(s.call("PUT", "/user", {"phone": p}, u.token), 422, "sms_send_failed", part="Error sending phone_change OTP to provider: ")
    me = is_(s.call("GET", "/user", token=u.token), 200).json
    assert "new_phone" not in me and "phone_change_sent_at" not in me, me
    r.answers[path] = good
    is_(s.call("PUT", "/user", {"phone": p}, u.token), 200)
    call = [c for c in r.of(path) if p in c.body.decode()][-1]
    text = " ".join(call.form.values())
    got = is_(s.call("POST", "/verify", {"type": "phone_change", "phone": p, "token": re.search(r"& (\d{6})", text).group(1)}), 200).json
    assert got["user"]["phone"] == p, got["user"]
    q = phone()
    created = made(s, phone=q, phone_confirm=True)
    is_(s.call("PUT", "/admin/users/" + created["id"], {"email": ""}, s.admin_token()), 200)
    only = is_(s.call("POST", "/token?grant_type=password", {"phone": q, "password": PW}), 200).json
    if not only["user"]["email"]:
        r.answers[path] = (500, JSON, {})
        is_(s.call("GET", "/reauthenticate", token=only["access_token"]), 422, "sms_send_failed", part="Error sending reauthentication OTP to provider: ")


def whatsapp(t, r):
    """Twilio by WhatsApp: the content template, or the text where there is none; other providers refuse the channel."""
    row = PROVIDERS[0]
    for more, wanted in (({"GOTRUE_SMS_TWILIO_CONTENT_SID": "HX1"}, {"ContentSid": "HX1"}), ({"GOTRUE_SMS_TWILIO_MESSAGE_SERVICE_SID": "+15550001111"}, {"From": "whatsapp:+15550001111"})):
        with Countersign(binary, env={**COMMON, **row[0], **more, "COUNTERSIGN_SMS_API_URL": r.url}) as c:
            r.answers[row[1]] = row[2]
            p = phone()
            is_(c.server().call("POST", "/otp", {"phone": p, "channel": "whatsapp"}), 200)
            form = [x for x in r.of(row[1]) if p in x.body.decode()][0].form
            assert form["To"] == "whatsapp:+" + p and form["Channel"] == "whatsapp" and wanted.items() <= form.items(), form
            assert re.fullmatch(r'\{"1": "\d{6}"\}', form["ContentVariables"]) if "ContentSid" in form else "Body" in form, form
    with Countersign(binary, env={**COMMON, **PROVIDERS[1][0], "COUNTERSIGN_SMS_API_URL": r.url}) as c:
        is_(c.server().call("POST", "/otp", {"phone": phone(), "channel": "whatsapp"}), 400, "validation_failed", part="Invalid channel, supported values are 'sms' or 'whatsapp'.")


def incomplete(t, r):
    """A provider without credentials, or none beside a mail server: 500, and nothing is left; test numbers still work."""
    for settings in ({"GOTRUE_SMTP_HOST": "127.0.0.1", "GOTRUE_SMTP_PORT": "1"}, {"GOTRUE_SMTP_HOST": "127.0.0.1", "GOTRUE_SMTP_PORT": "1", "GOTRUE_SMS_AUTOCONFIRM": "true"}, named("twilio"), named("twilio", ACCOUNT_SID="AC1", AUTH_TOKEN="t"), named("messagebird", ACCESS_KEY="k"), named("vonage"), named("textlocal"), named("twilio_verify")):
        with Countersign(binary, env={**COMMON, **settings, "COUNTERSIGN_SMS_API_URL": r.url, "GOTRUE_SMS_TEST_OTP": "15551230000:654321"}) as c:
            s, p = c.server(), phone()
            assert "no SMS can be sent" in c.log_text()
            confirmed = settings.get("GOTRUE_SMS_AUTOCONFIRM") == "true"        # then the sign-up sends nothing
            for path, body in (("/otp", {"phone": p}),) + (() if confirmed else (("/signup", {"phone": p, "password": PW}),)):
                is_(s.call("POST", path, body), 500, "unexpected_failure", "Unable to get SMS provider")
            assert rows_of(s, number=p)["users"] == 0
            is_(s.call("POST", "/otp", {"phone": "+1 555 123 0000"}), 200)
            got = is_(s.call("POST", "/verify", {"type": "sms", "phone": "+15551230000", "token": "654321"}), 200).json
            assert got["user"]["phone"] == "15551230000"
            time.sleep(1.1)
            assert is_(s.call("POST", "/otp", {"phone": "15551230000"}), 200).json == {"message_id": "test-otp"}


def twilio_verify(t, r):
    """Twilio Verify: it makes the code and says whether one is right; ours is never accepted."""
    settings = named("twilio_verify", ACCOUNT_SID="AC2", AUTH_TOKEN="verify secret", MESSAGE_SERVICE_SID="VA1")
    send, check = "/v2/Services/VA1/Verifications", "/v2/Services/VA1/VerificationCheck"
    with Countersign(binary, env={**COMMON, **settings, "COUNTERSIGN_SMS_API_URL": r.url}) as c:
        s, p = c.server(), phone()
        r.answers[send] = (201, JSON, {"sid": "VE1", "status": "pending"})
        is_(s.call("POST", "/otp", {"phone": p}), 200)
        call, = [x for x in r.of(send) if p in x.body.decode()]
        assert call.form == {"To": "+" + p, "Channel": "sms"} and call.headers["authorization"] == basic("AC2", "verify secret"), call.form
        for answer in ((200, JSON, {"status": "pending", "valid": False}), (200, JSON, {"status": "approved", "valid": False}), (404, JSON, {"code": 20404}), (404, {}, b"")):
            r.answers[check] = answer
            is_(s.call("POST", "/verify", {"type": "sms", "phone": p, "token": "123456"}), 403, "otp_expired", "Token has expired or is invalid")
        for answer in ((500, JSON, {}), ("drop", {}, b"")):
            r.answers[check] = answer
            a = s.call("POST", "/verify", {"type": "sms", "phone": p, "token": "123456"})
            assert a.status >= 400 and a.code and "access_token" not in (a.json or {}), a.short()
        r.answers[check] = (200, JSON, {"status": "approved", "valid": True})
        got = is_(s.call("POST", "/verify", {"type": "sms", "phone": p, "token": "123456"}), 200).json
        call = [x for x in r.of(check) if p in x.body.decode()][-1]
        assert call.form == {"To": "+" + p, "Code": "123456"} and got["user"]["phone"] == p and got["user"]["phone_confirmed_at"], call.form
        is_(s.call("POST", "/verify", {"type": "sms", "phone": phone(), "token": "123456"}), 403, "otp_expired", "Token has expired or is invalid")
        r.answers[send] = (400, JSON, {"message": "no", "more_info": "m"})
        time.sleep(1.1)
        is_(s.call("POST", "/otp", {"phone": p}), 422, "sms_send_failed", "Error sending confirmation OTP to provider: no More information: m")


def verify_and_notices(t, r):
    """Twilio Verify beside a send-email hook: the notice of a factor that wrong codes have locked is told, though the run that counts is not the first."""
    settings = named("twilio_verify", ACCOUNT_SID="AC2", AUTH_TOKEN="verify secret", MESSAGE_SERVICE_SID="VA1")
    check = "/v2/Services/VA1/VerificationCheck"
    with Rig() as rig, Countersign(binary, env={**COMMON, **settings, **rig.settings("send_email"), "COUNTERSIGN_SMS_API_URL": r.url, "COUNTERSIGN_SECURITY_NOTICES": "true", "GOTRUE_MAILER_AUTOCONFIRM": "true",
                                                "GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true", "GOTRUE_MFA_PHONE_MAX_FREQUENCY": "1ms"}) as c:
        u = c.server().sign_up(PW)
        rig.claim(u.email, "send_email", "own")
        r.answers["/v2/Services/VA1/Verifications"] = (201, JSON, {"sid": "VE1", "status": "pending"})
        factor = is_(u.server.call("POST", "/factors", {"factor_type": "phone", "phone": phone()}, u.token), 200).json["id"]
        for valid in (True, False):
            r.answers[check] = (200, JSON, {"status": "approved" if valid else "pending", "valid": valid})
            challenge = is_(u.challenge(factor, {"channel": "sms"}), 200).json["id"]
            for n in range(1 if valid else 10):
                a = u.verify(factor, challenge, "%06d" % n)
                if valid:
                    u.take(is_(a, 200).json)
                else:
                    is_(a, 403, "otp_expired")
        told = [x.json["email_data"]["email_action_type"] for x in rig.calls_of(u.email, "send_email")]
        assert told == ["mfa_factor_enrolled_notification", "mfa_factor_locked_notification"], told
        assert len(re.findall('"msg":"wrong code', c.log_text())) == 10, "a line a wrong code"


def one_provider(t, row):
    name = row[0]["GOTRUE_SMS_PROVIDER"]
    with Receiver() as r, Countersign(binary, env={**COMMON, **row[0], "COUNTERSIGN_SMS_API_URL": r.url}) as c:
        for step in (sent, refused) + ((kinds,) if name == "twilio" else ()):
            t.step("%s: %s" % (name, step.__doc__), step, c.server(), r, row)

        def quiet():
            log = c.log_text()
            secrets = [v for k, v in row[0].items() if k.split("_")[-1] in ("KEY", "SECRET", "TOKEN")] + [PW] + [code_in(x.body.decode().split("C3%9Fe")[-1]) for x in r.seen[:20] if "C3%9Fe" in x.body.decode()]
            for secret in secrets:
                assert not re.search(r"(?<!\d)%s(?!\d)" % re.escape(secret), log), "the log holds %r" % secret
        t.step(name + ": no secret in the log", quiet)
        t.step(name + ": database", c.check_db)


def main():
    t = Tally(quiet=True)

    def part(n):
        if n < len(PROVIDERS):
            return one_provider(t, PROVIDERS[n])
        with Receiver() as r:
            for step in ((whatsapp, twilio_verify, verify_and_notices), (incomplete,))[n - len(PROVIDERS)]:
                t.step(step.__doc__, step, t, r)
    at_once(len(PROVIDERS) + 2, part)
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
