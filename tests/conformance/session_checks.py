"""Sessions and passwords (mfa.md S4-S10, U3, U4; accounts.md US*), beyond what checks.py asks."""
import time, uuid
from checks import check, fresh_code, is_, mfa_user
from wire import claims_of, hs256, totp, wait_for_fresh_step

AAL2_FOR_PASSWORD = "AAL2 session is required to update email or password when MFA is enabled."


@check("S4")
def aal_is_of_the_row(s, kit):
    """A token that claims aal2 without the session having it opens nothing: the session row decides."""
    u = mfa_user(s)
    low = u.another_session()
    forged = hs256({**claims_of(low.token), "aal": "aal2", "amr": [{"method": "totp", "timestamp": int(time.time())}]}, s.secret)
    is_(s.call("DELETE", "/factors/" + u.factor, token=forged), 422, "insufficient_aal", "AAL2 required to unenroll verified factor")
    is_(s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "x"}, forged), 403, "insufficient_aal")
    is_(s.call("PUT", "/user", {"password": "another correct horse"}, forged), 401, "insufficient_aal", AAL2_FOR_PASSWORD)


@check("U3b")
def downgrade_is_of_the_factor(s, kit):
    """Of two factors, removing the one that the session did not use last leaves it at aal2; removing that one takes it down."""
    u = mfa_user(s)
    e = is_(u.enroll("second"), 200).json
    c = is_(u.challenge(e["id"]), 200).json["id"]
    wait_for_fresh_step()
    u.take(is_(u.verify(e["id"], c, totp(e["totp"]["secret"])), 200).json)
    is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    u.take(is_(u.refreshed(), 200).json)
    assert claims_of(u.token)["aal"] == "aal2", claims_of(u.token)
    is_(s.call("DELETE", "/factors/" + e["id"], token=u.token), 200)
    u.take(is_(u.refreshed(), 200).json)
    now = claims_of(u.token)
    assert now["aal"] == "aal1" and [m["method"] for m in now["amr"]] == ["password"], now
    assert not u.session["user"].get("factors")


@check("U4", better=True)
def the_lower_level_decides(s, kit):
    """Neither an old aal1 token of an upgraded session nor an old aal2 token of a downgraded one may remove a factor (docs/protocol/security.md, S5)."""
    u = s.sign_up()
    old = u.token
    u.with_totp()
    is_(s.call("DELETE", "/factors/" + u.factor, token=old), 422, "insufficient_aal", "AAL2 required to unenroll verified factor")
    is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    w = mfa_user(s)
    e = is_(w.enroll("second"), 200).json
    c = is_(w.challenge(e["id"]), 200).json["id"]
    w.take(is_(w.verify(e["id"], c, fresh_code(e["totp"]["secret"])), 200).json)
    v = w.another_session()             # raised by the second factor alone: its entries are its own (S8)
    v.factor, v.secret = w.factor, w.secret
    c = is_(v.challenge(e["id"]), 200).json["id"]
    v.take(is_(v.verify(e["id"], c, fresh_code(e["totp"]["secret"])), 200).json)
    is_(s.call("DELETE", "/admin/users/%s/factors/%s" % (v.id, e["id"]), token=s.admin_token()), 200)
    assert claims_of(v.token)["aal"] == "aal2"
    is_(s.call("DELETE", "/factors/" + v.factor, token=v.token), 422, "insufficient_aal", "AAL2 required to unenroll verified factor")
    is_(s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "third"}, v.token), 403, "insufficient_aal")


@check("S6")
def password_needs_aal2(s, kit):
    """With a verified factor, password and address change only at aal2 (401 insufficient_aal); data at any level."""
    u = mfa_user(s)
    low = u.another_session()
    for change in ({"password": "another correct horse"}, {"email": "x%s@example.com" % uuid.uuid4().hex[:8]}, {"password": "another correct horse", "data": {"a": 1}}):
        is_(s.call("PUT", "/user", change, low.token), 401, "insufficient_aal", AAL2_FOR_PASSWORD)
    assert "a" not in s.call("GET", "/user", token=u.token).json["user_metadata"]
    is_(s.call("PUT", "/user", {"data": {"nick": "n"}}, low.token), 200)
    is_(s.call("PUT", "/user", {"email": u.email}, low.token), 200)          # not a change
    is_(s.call("PUT", "/user", {"password": "another correct horse"}, u.token), 200)
    is_(s.sign_in(u.email, "another correct horse"), 200)
    is_(s.sign_in(u.email, u.password), 400, "invalid_credentials")


@check("S6b")
def unverified_factor_is_no_mfa(s, kit):
    """An unverified factor asks for nothing: the password changes at aal1."""
    u = s.sign_up()
    is_(u.enroll(), 200)
    is_(s.call("PUT", "/user", {"password": "another correct horse"}, u.token), 200)


@check("S7b")
def passwords(s, kit):
    """PUT /user: the old password, a short one, one over 72 bytes are refused; an admin's change ends every session."""
    u = s.sign_up()
    is_(s.call("PUT", "/user", {"password": u.password}, u.token), 422, "same_password", "New password should be different from the old password.")
    for short in ("", "abc"):
        a = is_(s.call("PUT", "/user", {"password": short}, u.token), 422, "weak_password", "Password should be at least 6 characters.")
        assert a.json["weak_password"]["reasons"] == ["length"], a.json
    is_(s.call("PUT", "/user", {"password": "x" * 73}, u.token), 400, "validation_failed", "Password cannot be longer than 72 characters")
    is_(s.call("PUT", "/user", {"password": "ü" * 37}, u.token), 400, "validation_failed", "Password cannot be longer than 72 characters")
    is_(s.call("PUT", "/user", {"password": "x" * 72}, u.token), 200)
    is_(s.sign_in(u.email, "x" * 72), 200)
    is_(s.sign_in(u.email, "x" * 73), 400, "invalid_credentials")
    is_(s.call("PUT", "/user", {"password": None, "data": None, "email": None}, u.token), 200)
    other = s.sign_up()
    second = other.another_session()
    is_(s.call("PUT", "/admin/users/" + other.id, {"password": "set by an admin"}, s.admin_token()), 200)
    for who in (other, second):
        is_(s.call("GET", "/user", token=who.token), 403, "session_not_found")
        is_(who.refreshed(), 400, "refresh_token_not_found")
    is_(s.sign_in(other.email, "set by an admin"), 200)


@check("S7c")
def data_is_merged(s, kit):
    """data merges key by key, null removes a key, nested objects are replaced; app_metadata is not for users."""
    u = s.sign_up(data={"a": 1, "b": {"x": 1}, "c": "keep"})
    me = is_(s.call("PUT", "/user", {"data": {"a": None, "b": {"y": 2}, "d": [1, "ü", True]}}, u.token), 200).json
    assert {k: me["user_metadata"].get(k) for k in "abcd"} == {"a": None, "b": {"y": 2}, "c": "keep", "d": [1, "ü", True]}, me["user_metadata"]
    assert "a" not in s.call("GET", "/user", token=u.token).json["user_metadata"]
    before = me["user_metadata"]
    for nothing in ({"data": {}}, {}, {"data": None}, {"unknown": 5}):
        assert is_(s.call("PUT", "/user", nothing, u.token), 200).json["user_metadata"] == before
    is_(s.call("PUT", "/user", {"app_metadata": {}}, u.token), 403, "not_admin", "Updating app_metadata requires admin privileges")
    for odd in ([], "x", 5, True):
        is_(s.call("PUT", "/user", {"data": odd}, u.token), 400, "bad_json")
    assert claims_of(is_(u.refreshed(), 200).json["access_token"])["user_metadata"] == before


@check("S8b")
def logout_ends_refresh_too(s, kit):
    """After a logout neither token works; global ends all sessions, local one, others all but one; at aal1 those that are aal2 stay (docs/protocol/security.md, S5)."""
    u = mfa_user(s)
    a, b = u.another_session(), u.another_session()
    is_(s.call("POST", "/logout?scope=local", token=a.token), 204)
    is_(a.refreshed(), 400, "refresh_token_not_found")
    is_(s.call("POST", "/logout?scope=others", token=b.token), 204)
    is_(s.call("GET", "/user", token=u.token), 200)
    is_(s.call("POST", "/logout?scope=others", token=u.token), 204)
    is_(s.call("GET", "/user", token=b.token), 403, "session_not_found")
    is_(s.call("GET", "/user", token=u.token), 200)
    b, c = u.another_session(), u.another_session()
    answer = is_(s.call("POST", "/logout?scope=global", token=b.token, body={}), 204)
    assert answer.raw == b"" and "content-type" not in answer.headers, answer.headers
    is_(s.call("GET", "/user", token=u.token), 200)
    c = u.another_session()
    is_(s.call("POST", "/logout?scope=global", token=u.token, body={}), 204)
    for who in (u, b, c):
        is_(s.call("GET", "/user", token=who.token), 403, "session_not_found")
        is_(who.refreshed(), 400, "refresh_token_not_found")
    is_(s.call("POST", "/logout", token=b.token), 403, "session_not_found")
    is_(s.call("POST", "/logout"), 401, "no_authorization")


@check("S9", needs={"start"})
def low_aal_sessions_end(s, kit):
    """GOTRUE_SESSIONS_ALLOW_LOW_AAL: an aal1 session of an MFA user is refused after it, an aal2 session is not."""
    with kit["start"](GOTRUE_SESSIONS_ALLOW_LOW_AAL="3s") as own:
        o = own.server()
        u = mfa_user(o)
        low = u.another_session()
        claims = claims_of(low.token)
        assert claims["exp"] - claims["iat"] <= 4, claims
        plain = o.sign_up()
        time.sleep(4.2)
        is_(low.refreshed(), 400, "session_expired", "Invalid Refresh Token: Session Expired (Low AAL: User Needs MFA Verification)")
        is_(u.refreshed(), 200)
        is_(plain.refreshed(), 200)


@check("S10")
def amr_forms(s, kit):
    """Tokens whose amr holds plain words, null or nothing (a token hook makes such) still authenticate."""
    u = s.sign_up()
    claims = claims_of(u.token)
    for amr in (["password"], [], None, [{"method": "password", "timestamp": 1}]):
        is_(s.call("GET", "/user", token=hs256({**claims, "amr": amr}, s.secret)), 200)
    is_(s.call("GET", "/user", token=hs256({k: v for k, v in claims.items() if k != "amr"}, s.secret)), 200)


@check("S1b")
def sign_up_rules(s, kit):
    """Sign-up: a taken address, no password, a weak or too long one, both addresses, a bad address are each refused in its way."""
    u = s.sign_up()
    is_(s.call("POST", "/signup", {"email": u.email.upper(), "password": "correct horse battery"}), 422, "user_already_exists", "User already registered")
    new = lambda: "u%s@example.com" % uuid.uuid4().hex[:12]
    is_(s.call("POST", "/signup", {"email": new()}), 400, "validation_failed", "Signup requires a valid password")
    is_(s.call("POST", "/signup", {"email": new(), "password": "abc"}), 422, "weak_password", "Password should be at least 6 characters.")
    is_(s.call("POST", "/signup", {"email": new(), "password": "x" * 73}), 400, "validation_failed", "Password cannot be longer than 72 characters")
    is_(s.call("POST", "/signup", {"email": new(), "phone": "15551234567", "password": "correct horse"}), 400, "validation_failed",
        "Only an email address or phone number should be provided on signup.")
    for odd in ("x", "a@", "@b", "a b@example.com", "a@-b.com", "ü@example.com", "a@b..c", "a" * 250 + "@example.com", "a@example.com\n"):
        a = s.call("POST", "/signup", {"email": odd, "password": "correct horse battery"})
        is_(a, 400, "validation_failed")
    mixed = "Mixed.%s@Example.COM" % uuid.uuid4().hex[:8]
    assert s.sign_up(email=mixed).session["user"]["email"] == mixed.lower()


@check("S1c", needs={"start"})
def sign_up_switched_off(s, kit):
    """With sign-up and anonymous users switched off both are refused with their texts; admins still make users."""
    with kit["start"](GOTRUE_DISABLE_SIGNUP="true", GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED="false") as own:
        o = own.server()
        is_(o.call("POST", "/signup", {"email": "a@example.com", "password": "correct horse battery"}), 422, "signup_disabled", "Signups not allowed for this instance")
        is_(o.call("POST", "/signup", {}), 422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")
        is_(o.call("POST", "/admin/users", {"email": "a@example.com", "password": "correct horse battery", "email_confirm": True}, o.admin_token()), 200)
        is_(o.sign_in("a@example.com", "correct horse battery"), 200)
        st = is_(o.call("GET", "/settings"), 200).json
        assert st["disable_signup"] is True and st["external"]["anonymous_users"] is False, st


@check("B12", better=True, needs={"start"})
def unknown_users_cost_as_much(s, kit):
    """Signing in as nobody costs the server the same work as a wrong password (its CPU time is counted, not the clock's)."""
    with kit["start"]() as own:
        o = own.server()
        u = o.sign_up()
        spent = lambda: sum(int(x) for x in open("/proc/%d/stat" % own.process.pid).read().rsplit(")", 1)[1].split()[11:13])
        cost = {}
        for email in (u.email, "nobody-%s@example.com" % uuid.uuid4().hex):
            before = spent()
            for n in range(8):
                is_(o.sign_in(email, "wrong password %d" % n), 400, "invalid_credentials", "Invalid login credentials")
            cost[email] = spent() - before
        known, nobody = cost.values()
        assert nobody * 2 > known, "ticks of CPU: wrong password %d, unknown user %d" % (known, nobody)
