"""The exact words of refusals that the other checks know by their code alone (texts of both contracts: clients and people match on them).

A table of requests for each configuration; each starts a server of its own.
"""
import tempfile, urllib.parse, uuid
import accounts
from checks import check, is_, mfa_user
from wire import claims_of

PW = "correct horse battery"
PKCE = {"code_challenge": "c" * 43, "code_challenge_method": "s256"}


def addr():
    return "w%s@example.com" % uuid.uuid4().hex[:12]


def phone():
    return "1555%07d" % (uuid.uuid4().int % 10**7)


def refused(s, rows, token=None):
    """Rows of (method, path, body, status, code, words)."""
    for method, path, body, status, code, words in rows:
        try:
            is_(s.call(method, path, body, token), status, code, words)
        except AssertionError as e:
            raise AssertionError("%s %s %s: %s" % (method, path, body, e))


def made(s, **fields):
    """An account that an admin made, signed in by password."""
    e = addr()
    is_(s.call("POST", "/admin/users", {"email": e, "password": PW, "email_confirm": True, **fields}, s.admin_token()), 200)
    return is_(s.sign_in(e, PW), 200).json


@check("WD1", needs={"start"})
def of_forms(s, kit):
    """SU10, N7, OT11, OT14, OT32, 1.4, E4, B17 and 5.1: what is wrong with a request's form."""
    with kit["start"](GOTRUE_MFA_PHONE_ENROLL_ENABLED="true") as own:
        o = own.server()
        u, admin = o.sign_up(), o.admin_token()
        odd = {"email": addr(), "password": PW, "code_challenge": "c" * 43, "code_challenge_method": "md5"}
        refused(o, [
            ("POST", "/signup", {"phone": phone(), "password": PW, **PKCE}, 400, "validation_failed", "PKCE not supported for phone signups"),
            ("POST", "/signup", odd, 400, "validation_failed", "Invalid code_challenge_method"),
            ("POST", "/otp", {"email": addr(), "channel": "sms"}, 400, "validation_failed", "Channel should only be specified with Phone OTP"),
            ("POST", "/otp", {}, 400, "validation_failed", "One of email or phone must be set"),
            ("POST", "/otp", {"create_user": False}, 400, "validation_failed", "One of email or phone must be set"),
            ("POST", "/magiclink", None, 400, "bad_json", "Could not read verification params: unexpected end of JSON input"),
            ("GET", "/authorize?provider=GitHub", None, 400, "validation_failed", "Unsupported provider: provider is not enabled"),
            ("GET", "/authorize?provider=No", None, 400, "validation_failed", "Unsupported provider: Provider no could not be found"),
            ("POST", "/token?grant_type=id_token", {"id_token": "x", "provider": "p"}, 400, "validation_failed", 'Custom OIDC provider "p" not allowed'),
            ("POST", "/token?grant_type=web3", None, 422, "web3_provider_disabled", "Web3 provider is disabled"),
        ])
        for body, words in (({}, "id_token required"), ({"id_token": "x"}, "provider or client_id and issuer required"), ({"id_token": "x", "client_id": "c"}, "provider or client_id and issuer required")):
            a = is_(o.call("POST", "/token?grant_type=id_token", body), 400)
            assert a.json == {"error": "invalid request", "error_description": words} and "x-sb-error-code" not in a.headers, (a.json, a.headers)
        for query, code, words in (("", "bad_oauth_callback", "OAuth+state+parameter+missing"), ("?state=x", "bad_oauth_state", "OAuth+state+parameter+is+invalid"),
                                   ("?state=" + str(uuid.uuid4()), "bad_oauth_state", "OAuth+state+not+found+or+expired")):
            a = is_(o.call("GET", "/callback" + query), 303)
            assert a.headers["location"] == "http://localhost:3000?error=invalid_request&error_code=%s&error_description=%s" % (code, words), a.headers["location"]
        refused(o, [
            ("DELETE", "/admin/users/%s/passkeys/x" % u.id, None, 404, "validation_failed", "Passkey not found"),
            ("GET", "/admin/sso/providers/x", None, 404, "sso_provider_not_found", "SSO Identity Provider not found"),
        ], admin)
        refused(o, [
            ("POST", "/factors", {"factor_type": "phone"}, 400, "validation_failed", "Phone number required to enroll Phone factor"),
            ("POST", "/factors", {"factor_type": "totp", "issuer": "é" * 255}, 400, "validation_failed", "issuer and account name are too long for a QR code"),
            ("POST", "/factors", {"factor_type": "totp", "issuer": "i" * 256}, 400, "validation_failed", "issuer cannot be longer than 255 characters"),
            ("POST", "/factors", {"factor_type": "totp", "friendly_name": "n" * 256}, 400, "validation_failed", "friendly_name cannot be longer than 255 characters"),
        ], u.token)
        is_(o.call("GET", "/user", token=u.token, headers={"X-JWT-AUD": "other"}), 400, "validation_failed", "Token audience doesn't match request audience")
        is_(o.call("GET", "/user", token=u.token, headers={"X-JWT-AUD": "authenticated"}), 200)


@check("WD2", needs={"start"})
def of_closed_doors(s, kit):
    """SU12, TK3, OT16, OT30, OT31, RC1, RS5, 1.4, C6: what is switched off."""
    with kit["start"](GOTRUE_EXTERNAL_EMAIL_ENABLED="false", GOTRUE_EXTERNAL_PHONE_ENABLED="false", GOTRUE_CUSTOM_OAUTH_ENABLED="false") as own:
        o = own.server()
        refused(o, [
            ("POST", "/signup", {"email": addr(), "password": PW}, 400, "email_provider_disabled", "Email signups are disabled"),
            ("POST", "/signup", {"phone": phone(), "password": PW}, 400, "phone_provider_disabled", "Phone signups are disabled"),
            ("POST", "/token?grant_type=password", {"email": addr(), "password": PW}, 422, "email_provider_disabled", "Email logins are disabled"),
            ("POST", "/token?grant_type=password", {"phone": phone(), "password": PW}, 422, "phone_provider_disabled", "Phone logins are disabled"),
            ("POST", "/otp", {"email": addr()}, 422, "email_provider_disabled", "Email logins are disabled"),
            ("POST", "/otp", {"phone": phone()}, 400, "phone_provider_disabled", "Unsupported phone provider"),
            ("POST", "/magiclink", {"email": addr()}, 422, "email_provider_disabled", "Email logins are disabled"),
            ("POST", "/recover", {"email": addr()}, 400, "email_provider_disabled", "Email logins are disabled"),
            ("POST", "/resend", {"type": "signup", "email": addr()}, 400, "email_provider_disabled", "Email logins are disabled"),
            ("POST", "/resend", {"type": "sms", "phone": phone()}, 400, "phone_provider_disabled", "Phone logins are disabled"),
        ])
    with kit["start"](GOTRUE_EXTERNAL_EMAIL_MAGIC_LINK_ENABLED="false", GOTRUE_MFA_PHONE_ENROLL_ENABLED="true", GOTRUE_MFA_PHONE_VERIFY_ENABLED="false") as own:
        o = own.server()
        for path in ("/magiclink", "/otp"):
            is_(o.call("POST", path, {"email": addr()}), 422, "email_provider_disabled", "Login with magic link is disabled")
        u = o.sign_up()
        f = is_(o.call("POST", "/factors", {"factor_type": "phone", "phone": "+15550001111"}, u.token), 200).json["id"]
        is_(u.challenge(f), 422, "mfa_phone_verify_not_enabled", "MFA verification is disabled for Phone")
        is_(u.verify(f, str(uuid.uuid4()), "123456"), 422, "mfa_phone_verify_not_enabled", "MFA verification is disabled for Phone")


@check("WD3", needs={"start"})
def of_passwords_and_identities(s, kit):
    """US10, US11, ID1 to ID4, RA2, RA3, GL7, N9: what the account does not allow."""
    with tempfile.TemporaryDirectory(prefix="countersign-sink-") as mails, kit["start"](
            GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD="true", GOTRUE_SECURITY_MANUAL_LINKING_ENABLED="true", GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED="false",
            GOTRUE_EXTERNAL_EMAIL_AUTHORIZED_ADDRESSES="let@example.com", COUNTERSIGN_MAIL_DIR=mails) as own:
        o = own.server()
        u, p = o.sign_up(), phone()
        two = made(o, phone=p, phone_confirm=True)
        one, last, stranger = u.session["user"]["identities"][0]["identity_id"], two["user"]["identities"], str(uuid.uuid4())
        refused(o, [
            ("PUT", "/user", {"password": "a new one"}, 400, "current_password_required", "Current password required when setting new password."),
            ("PUT", "/user", {"password": "a new one", "current_password": "wrong"}, 400, "current_password_invalid", "Current password required when setting new password."),
            ("PUT", "/user", {"password": u.password, "current_password": u.password}, 422, "same_password", "New password should be different from the old password."),
            ("PUT", "/user", {"password": "a new one", "current_password": u.password}, 200, None, None),
            ("DELETE", "/user/identities/x", None, 404, "validation_failed", "identity_id must be an UUID"),
            ("DELETE", "/user/identities/" + one, None, 422, "single_identity_not_deletable", "User must have at least 1 identity after unlinking"),
        ], u.token)
        is_(o.call("DELETE", "/user/identities/" + one, token=two["access_token"], headers={"X-JWT-AUD": "other"}), 403, "unexpected_audience", "Token audience doesn't match request audience")
        refused(o, [
            ("DELETE", "/user/identities/" + stranger, None, 422, "identity_not_found", "Identity doesn't exist"),
            ("DELETE", "/user/identities/" + one, None, 422, "identity_not_found", "Identity doesn't exist"),
            ("DELETE", "/user/identities/" + last[1]["identity_id"], None, 200, None, None),
            ("DELETE", "/user/identities/" + last[0]["identity_id"], None, 422, "single_identity_not_deletable", "User must have at least 1 identity after unlinking"),
        ], two["access_token"])
        admin = o.admin_token()
        is_(o.call("POST", "/admin/generate_link", {"type": "email_change_current", "email": u.email, "new_email": addr()}, admin), 400, "validation_failed",
            "Enable secure email change to generate link for current email")
        is_(o.call("POST", "/recover", {"email": u.email}), 400, "email_address_not_authorized", 'Email address "%s" cannot be used as it is not authorized' % u.email)
        is_(o.call("PUT", "/user", {"email": "other@example.com"}, u.token), 400, "email_address_not_authorized", 'Email address "other@example.com" cannot be used as it is not authorized')
        # an address that is not confirmed cannot be asked: the session is of the time before
        is_(o.call("PUT", "/admin/users/" + u.id, {"phone": phone()}, admin), 200)
        with o._open_sqlite() as db:
            db.execute("update users set email_confirmed_at = null where email = ?", (u.email,))
            db.commit()
        is_(o.call("GET", "/reauthenticate", token=u.token), 422, "email_not_confirmed", "Please verify your email first.")
        q = is_(o.call("POST", "/signup", {"phone": phone(), "password": PW}), 200).json
        with o._open_sqlite() as db:
            db.execute("update users set phone_confirmed_at = null where phone = ?", (q["user"]["phone"],))
            db.commit()
        is_(o.call("GET", "/reauthenticate", token=q["access_token"]), 422, "phone_not_confirmed", "Please verify your phone first.")
        nobody = is_(o.call("POST", "/signup", {}), 200).json
        is_(o.call("GET", "/reauthenticate", token=nobody["access_token"]), 400, "validation_failed", "Reauthentication requires the user to have an email or a phone number")


@check("WD4", needs={"start"})
def of_factors(s, kit):
    """E8, V5, RC, A5: a phone that is verified already, a wrong code from it, recovery codes twice, an admin's session that is over."""
    with tempfile.TemporaryDirectory(prefix="countersign-sink-") as texts, kit["start"](
            GOTRUE_MFA_PHONE_ENROLL_ENABLED="true", GOTRUE_MFA_PHONE_VERIFY_ENABLED="true", COUNTERSIGN_SMS_DIR=texts) as own:
        o = own.server()
        u = mfa_user(o)
        f = is_(o.call("POST", "/factors", {"factor_type": "phone", "friendly_name": "p", "phone": "+15550001111"}, u.token), 200).json["id"]
        c = is_(u.challenge(f, {"channel": "sms"}), 200).json["id"]
        for wrong in ("x", "12345", "1234567"):
            is_(u.verify(f, c, wrong), 422, "mfa_verification_failed", "Invalid MFA Phone code entered")
        a = is_(u.challenge(f, {"channel": "sms"}), 429, "over_sms_send_rate_limit", part="For security purposes, you can only request this after ")
        assert 0 < int(a.headers["retry-after"]) <= 60, a.headers
        with o._open_sqlite() as db:        # as if it had been verified
            db.execute("update mfa_factors set status = 'verified' where factor_type = 'phone'")
            db.commit()
        is_(o.call("POST", "/factors", {"factor_type": "phone", "friendly_name": "q", "phone": "+1 555 000 1111"}, u.token), 422, "mfa_verified_factor_exists",
            "A verified phone factor already exists, unenroll the existing factor to continue")
        is_(o.call("GET", "/factors/recovery-codes", token=u.token), 404, "mfa_factor_not_found", "There are no recovery codes")
        is_(o.call("POST", "/factors/recovery-codes", token=u.token), 200)
        is_(o.call("POST", "/factors/recovery-codes", token=u.token), 422, "mfa_verified_factor_exists", "Recovery codes exist already, regenerate them to get new ones")
        is_(o.call("PUT", "/admin/users/" + u.id, {"role": "service_role"}, o.admin_token()), 200)
        u.take(is_(u.refreshed(), 200).json)
        admin = u.token         # S10: a person whose role is an administrator's, at aal2
        is_(o.call("GET", "/admin/users/" + u.id, token=admin), 200)
        with o._open_sqlite() as db:
            db.execute("update sessions set not_after = 1")
            db.commit()
        is_(o.call("GET", "/admin/users/" + u.id, token=admin), 403, "session_expired", "Session is no longer valid")
        is_(u.refreshed(), 400, "session_expired", "Invalid Refresh Token: Session Expired")
        assert claims_of(u.token)["aal"] == "aal2"


def change(s, statement, *values):
    """What time or another server would do to the database."""
    with s._open_sqlite() as db:
        n = db.execute(statement, values).rowcount
        db.commit()
    assert n > 0, statement


CONFIRM = {"GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_SMS_AUTOCONFIRM": "false", "GOTRUE_SMTP_MAX_FREQUENCY": "1ms", "GOTRUE_SMS_MAX_FREQUENCY": "1ms"}


@check("WD5", needs={"start"})
def of_flows(s, kit):
    """TK31, TK32, VF39: a code of a PKCE flow lives 300 s from the click, however old the flow; not without its flow or its account."""
    with tempfile.TemporaryDirectory(prefix="countersign-sink-") as mails, kit["start"](COUNTERSIGN_MAIL_DIR=mails, **CONFIRM) as own:
        o, box = own.server(), {"mail": mails}

        def clicked(email, before=None):
            verifier, challenge = accounts.pkce()
            is_(o.call("POST", "/recover", {"email": email, **challenge}), 200)
            m = accounts.mail_to(box, email, 1 if before is None else before)
            return verifier, m

        def exchange(code, verifier):
            return o.call("POST", "/token?grant_type=pkce", {"auth_code": code, "code_verifier": verifier})

        def account():
            e = addr()
            return e, is_(o.call("POST", "/admin/users", {"email": e, "password": PW, "email_confirm": True}, o.admin_token()), 200).json["id"]
        e, _ = account()
        verifier, m = clicked(e)
        change(o, "update flow_state set created_at = created_at - 3600000000")
        code = accounts.target(accounts.follow(o, box, m))[1]["code"]
        is_(exchange(code, "v" * 43), 400, "bad_code_verifier", "code challenge does not match previously saved code verifier")
        change(o, "update flow_state set auth_code_issued_at = auth_code_issued_at - 299000000")
        is_(exchange(code, verifier), 200)
        is_(exchange(code, verifier), 404, "flow_state_not_found", "invalid flow state, no valid flow state found")
        verifier, m = clicked(e, 2)
        code = accounts.target(accounts.follow(o, box, m))[1]["code"]
        change(o, "update flow_state set auth_code_issued_at = auth_code_issued_at - 301000000")
        is_(exchange(code, verifier), 422, "flow_state_expired", "invalid flow state, flow state has expired")
        # a flow that nobody clicked has no code yet
        verifier, m = clicked(e, 3)
        with o._open_sqlite() as db:
            (unclicked,), = db.execute("select auth_code from flow_state where auth_code_issued_at is null")
        is_(exchange(unclicked, verifier), 404, "flow_state_not_found")
        change(o, "delete from flow_state")
        where, q, f = accounts.target(accounts.follow(o, box, m))
        words = "No associated flow state found. 422: No valid flow state found for user."
        assert q == f or {**q, "sb": ""} == f, (q, f)
        assert f["error_code"] == "flow_state_not_found" and f["error"] == "invalid_request" and f["error_description"] == words, f
        # the account is gone between click and exchange: softly (the row stays), and wholly
        for soft in (True, False):
            e, ident = account()
            verifier, m = clicked(e)
            code = accounts.target(accounts.follow(o, box, m))[1]["code"]
            is_(o.call("DELETE", "/admin/users/" + ident, {"should_soft_delete": soft}, o.admin_token()), 200)
            is_(exchange(code, verifier), 404, "flow_state_not_found", "invalid flow state, no valid flow state found")


@check("WD6", needs={"start"})
def of_rarer_ones(s, kit):
    """US5, ID5, W16, OT1, SM3, TK20, JW2 and recovery codes that are switched off."""
    with tempfile.TemporaryDirectory(prefix="countersign-sink-") as sink, kit["start"](
            COUNTERSIGN_MAIL_DIR=sink, COUNTERSIGN_SMS_DIR=sink, GOTRUE_MAILER_EXTERNAL_HOSTS="auth.example.com,localhost", GOTRUE_MAILER_OTP_LENGTH="8", GOTRUE_RATE_LIMIT_SMS_SENT="1",
            GOTRUE_SECURITY_MANUAL_LINKING_ENABLED="true", GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION="1", GOTRUE_MFA_RECOVERY_CODES_ENROLL_ENABLED="false",
            GOTRUE_MFA_RECOVERY_CODES_VERIFY_ENABLED="false", **CONFIRM) as own:
        o, box, admin = own.server(), {"mail": sink}, None
        admin = o.admin_token()
        # row W16: only a listed host, http only for localhost that says so
        for head, want in (({}, own.base), ({"X-Forwarded-Host": "auth.example.com"}, "https://auth.example.com"), ({"X-Forwarded-Host": "auth.example.com", "X-Forwarded-Proto": "http"}, "https://auth.example.com"),
                           ({"X-Forwarded-Host": "localhost", "X-Forwarded-Proto": "http"}, "http://localhost"), ({"X-Forwarded-Host": "localhost"}, "https://localhost"),
                           ({"X-Forwarded-Host": "auth.example.com.evil.test"}, own.base), ({"X-Forwarded-Host": "auth.example.com, evil.test"}, own.base), ({"X-Forwarded-Host": "AUTH.example.com/evil"}, own.base)):
            e = addr()
            is_(o.call("POST", "/signup", {"email": e, "password": PW}, headers=head), 200)
            link = urllib.parse.urlsplit(accounts.mail_to(box, e).link)
            assert link.scheme + "://" + link.netloc == want and link.path == "/verify", (head, link)
        a = is_(o.call("POST", "/admin/generate_link", {"type": "recovery", "email": e}, admin), 200).json
        assert len(a["email_otp"]) == 8 and a["email_otp"].isdigit(), a["email_otp"]
        is_(o.call("POST", "/verify", {"type": "recovery", "email": e, "token": a["email_otp"]}), 200)
        # row SM3: one SMS an hour
        is_(o.call("POST", "/otp", {"phone": phone()}), 200)
        p = phone()
        is_(o.call("POST", "/otp", {"phone": p}), 429, "over_sms_send_rate_limit", "SMS rate limit exceeded")
        is_(o.call("POST", "/otp", {"phone": p, "create_user": False}), 422, "otp_disabled", "Signups not allowed for otp")       # nothing is left of it
        # row US5
        u = made(o)
        change(o, "update users set is_sso_user = 1 where email = ?", u["user"]["email"])
        for body in ({"email": addr()}, {"phone": phone()}, {"password": "something else"}, {"nonce": "123456"}):
            is_(o.call("PUT", "/user", body, u["access_token"]), 422, "user_sso_managed", "Updating email, phone, password of a SSO account only possible via SSO")
        is_(o.call("PUT", "/user", {"data": {"a": 1}}, u["access_token"]), 200)
        # row ID5: the address that is left is another account's by now
        u, p, other = made(o, phone=phone(), phone_confirm=True), phone(), addr()
        mail_identity = [i for i in u["user"]["identities"] if i["provider"] == "email"][0]["identity_id"]
        change(o, "update identities set identity_data = json_set(identity_data, '$.email', ?) where user_id = ? and provider = 'phone'", other, uuid.UUID(u["user"]["id"]).bytes)
        change(o, "update users set email = ? where email = ?", other, made(o)["user"]["email"])
        is_(o.call("DELETE", "/user/identities/" + mail_identity, token=u["access_token"]), 422, "email_conflict_identity_not_deletable", "Unable to unlink identity due to email conflict")
        # row TK20: a token whose session is gone, which then is gone too
        u = made(o)
        change(o, "update refresh_tokens set session_id = null where token = ?", u["refresh_token"])
        body = {"refresh_token": u["refresh_token"]}
        is_(o.call("POST", "/token?grant_type=refresh_token", body), 400, "session_not_found", "Invalid Refresh Token: No Valid Session Found")
        is_(o.call("POST", "/token?grant_type=refresh_token", body), 400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
        u = made(o)["access_token"]
        is_(o.call("POST", "/factors/recovery-codes", token=u), 422, "mfa_recovery_codes_enroll_not_enabled", "MFA enroll is disabled for recovery codes")
        is_(o.call("POST", "/factors/recovery-codes/verify", {"code": "x"}, u), 422, "mfa_recovery_codes_verify_not_enabled", "MFA verification is disabled for recovery codes")
        is_(o.call("GET", "/.well-known/openid-configuration"), 404, "feature_disabled", "OAuth server is disabled")
