"""A second factor required of some, and steps that grow too old (docs/decisions/0011-mfa-policy.md). Ours alone: the official server has neither.

Each check starts servers of its own; tests/nodes/nodes_suite.py runs them once more on PostgreSQL.
"""
import concurrent.futures, os, sys, time, uuid
from checks import again, check, is_, mfa_user
from wire import claims_of
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

VERIFY = "A second factor is required for this account: sign in again and verify it"
ENROLL = "A second factor is required for this account: sign in again and enroll one"
ALL = {"COUNTERSIGN_MFA_REQUIRED_ROLES": "*"}
HOUR = {"COUNTERSIGN_MFA_MAX_AGE": "1h"}
VERSIONS = ("1", "2")


def version(number):
    return {"GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": number}


def row_of(s, session):
    """(aal, has a factor, methods) of a session as it is stored."""
    text = str(uuid.UUID(session))
    if s.dsn:
        aal, factor = s.sql("select aal, factor_id is not null from auth.sessions where id = '%s'" % text)[0]
        methods = s.sql("select authentication_method from auth.mfa_amr_claims where session_id = '%s' order by 1" % text)
    else:
        key = "x'%s'" % uuid.UUID(session).hex
        aal, factor = s.sql("select aal, factor_id is not null from sessions where id = %s" % key)[0]
        methods = s.sql("select authentication_method from mfa_amr_claims where session_id = %s order by 1" % key)
    return aal, factor in ("t", "1"), [m[0] for m in methods]


def age_step(s, session, seconds, method="totp"):
    """The session's step was so much earlier."""
    where = "where session_id = %s and authentication_method = '%s'" % ("'%s'" % uuid.UUID(session) if s.dsn else "x'%s'" % uuid.UUID(session).hex, method)
    ident = s.sql("select %s from %smfa_amr_claims %s" % ("id" if s.dsn else "hex(id)", "auth." if s.dsn else "", where))[0][0]
    s.age("mfa_amr_claims", str(uuid.UUID(ident)), seconds, "updated_at")


@check("P1", needs={"start"}, better=True)
def required_of_everyone(s, kit):
    """COUNTERSIGN_MFA_REQUIRED_ROLES=*: a refresh at aal1 is 403 insufficient_aal in both envelopes; signing in, enrolling and verifying are not refused."""
    for number in VERSIONS:
        with kit["start"](**ALL, **version(number)) as own:
            o = own.server()
            u = mfa_user(o)
            low = u.another_session()
            a = is_(low.refreshed(), 403, "insufficient_aal", VERIFY)
            assert a.json == {"code": "insufficient_aal", "message": VERIFY} and a.headers["x-sb-error-code"] == "insufficient_aal", a.short()
            a = o.call("POST", "/token?grant_type=refresh_token", {"refresh_token": low.refresh}, version=None)
            assert a.json == {"code": 403, "error_code": "insufficient_aal", "msg": VERIFY}, a.short()
            is_(o.call("GET", "/user", token=low.token), 200)
            u.take(is_(u.refreshed(), 200).json)
            low.factor, low.secret = u.factor, u.secret
            low.take(is_(again(low), 200).json)
            low.take(is_(low.refreshed(), 200).json)
            assert claims_of(low.token)["aal"] == "aal2"
            new = o.sign_up()
            assert new.session["user"]["mfa_required"] is True
            new.take(is_(new.refreshed(), 200).json)             # within the time for an enrollment
            new.with_totp()
            assert claims_of(is_(new.refreshed(), 200).json["access_token"])["aal"] == "aal2"
            assert o.call("GET", "/settings").json["mfa_required"] == {"roles": ["*"]}


@check("P2", needs={"start"}, better=True)
def required_after_the_enrollment_time(s, kit):
    """Without a factor a session is refreshed until COUNTERSIGN_MFA_ENROLL_GRACE after sign-in, and not a second longer; anonymous users and API keys go on."""
    with kit["start"](**ALL) as own:
        o = own.server()
        u = o.sign_up()
        anonymous = is_(o.call("POST", "/signup", {}), 200).json
        u.take(is_(u.refreshed(), 200).json)
        o.age("sessions", u.session_id, 840)
        u.take(is_(u.refreshed(), 200).json)
        o.age("sessions", u.session_id, 60)
        is_(u.refreshed(), 403, "insufficient_aal", ENROLL)
        is_(o.call("POST", "/token?grant_type=refresh_token", {"refresh_token": anonymous["refresh_token"]}), 200)
        is_(o.call("GET", "/admin/users", token=o.admin_token()), 200)
        u.with_totp()                                          # the access token still does
        is_(u.refreshed(), 200)


@check("P3", needs={"start"}, better=True)
def required_from_a_time_and_of_a_role(s, kit):
    """COUNTERSIGN_MFA_REQUIRED_FROM and roles: sessions from before fall under it at their next refresh; other roles never."""
    begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
    with kit["start"](COUNTERSIGN_MFA_REQUIRED_ROLES="staff", COUNTERSIGN_MFA_REQUIRED_FROM=begin, COUNTERSIGN_MFA_ENROLL_GRACE="0") as own:
        o = own.server()
        staff, other = o.sign_up(), o.sign_up()
        is_(o.call("PUT", "/admin/users/" + staff.id, {"app_metadata": {"role": "staff"}}, o.admin_token()), 200)
        if time.time() < time.mktime(time.strptime(begin, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - 1:
            staff.take(is_(staff.refreshed(), 200).json)
            assert staff.session["user"]["mfa_required"] is False and staff.session["user"]["mfa_required_from"] == begin, staff.session["user"]
        time.sleep(4.2)
        is_(staff.refreshed(), 403, "insufficient_aal", ENROLL)
        is_(other.refreshed(), 200)
        assert "mfa_required" not in o.call("GET", "/user", token=other.token).json
        assert o.call("GET", "/user", token=staff.token).json["mfa_required"] is True


@check("P4", needs={"start"}, better=True)
def a_step_grows_too_old(s, kit):
    """COUNTERSIGN_MFA_MAX_AGE: the refresh after it gives aal1 without the step in amr, as the rows say; the factor is still shown; a verification raises it again."""
    for number in VERSIONS:
        with kit["start"](**HOUR, **version(number)) as own:
            o = own.server()
            u = mfa_user(o)
            session = u.session_id
            age_step(o, session, 3500)
            u.take(is_(u.refreshed(), 200).json)
            assert claims_of(u.token)["aal"] == "aal2" and row_of(o, session) == ("aal2", True, ["password", "totp"]), row_of(o, session)
            age_step(o, session, 101)
            u.take(is_(u.refreshed(), 200).json)
            now = claims_of(u.token)
            assert now["aal"] == "aal1" and [m["method"] for m in now["amr"]] == ["password"] and now["session_id"] == session, now
            assert [f["status"] for f in u.session["user"]["factors"]] == ["verified"]
            assert row_of(o, session) == ("aal1", False, ["password"]), row_of(o, session)
            is_(o.call("DELETE", "/factors/" + u.factor, token=u.token), 422, "insufficient_aal")
            u.take(is_(u.refreshed(), 200).json)
            u.take(is_(again(u), 200).json)
            u.take(is_(u.refreshed(), 200).json)
            now = claims_of(u.token)
            assert now["aal"] == "aal2" and now["amr"][0]["method"] == "totp" and row_of(o, session) == ("aal2", True, ["password", "totp"]), now


@check("P5", needs={"start"}, better=True)
def too_old_at_once(s, kit):
    """Many refreshes with one token of a session whose step is too old: all get one and the same refresh token, at aal1."""
    for number in VERSIONS:
        with kit["start"](**HOUR, **ALL, **version(number)) as own:
            o = own.server()
            u = mfa_user(o)
            age_step(o, u.session_id, 3601)
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda n: u.refreshed(), range(8)))
            assert {a.status for a in answers} == {200}, [a.short() for a in answers if a.status != 200]
            assert len({a.json["refresh_token"] for a in answers}) == 1
            assert {claims_of(a.json["access_token"])["aal"] for a in answers} == {"aal1"}
            assert row_of(o, u.session_id) == ("aal1", False, ["password"])


@check("P6", needs={"start"}, better=True)
def the_hook_is_told_the_level(s, kit):
    """The custom access token hook is asked once at the refresh that takes the level, and told aal1; where the refresh is refused it is not asked."""
    from sinks import Receiver
    with Receiver() as receiver:
        told = []

        def claims(request):
            told.append(request.json)
            return 200, {"Content-Type": "application/json"}, {"claims": request.json["claims"]}
        receiver.answers["/claims"] = claims
        with kit["start"](GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN_ENABLED="true", GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN_URI=receiver.url + "/claims", **HOUR, **ALL) as own:
            o = own.server()
            u = mfa_user(o)
            age_step(o, u.session_id, 3601)
            told.clear()
            u.take(is_(u.refreshed(), 200).json)
            assert len(told) == 1 and told[0]["claims"]["aal"] == "aal1" and [m["method"] for m in told[0]["claims"]["amr"]] == ["password"], told
            assert told[0]["authentication_method"] == "token_refresh" and claims_of(u.token)["aal"] == "aal1"
            assert row_of(o, u.session_id) == ("aal1", False, ["password"])
            told.clear()
            is_(u.refreshed(), 403, "insufficient_aal", VERIFY)
            assert not told, told


@check("P7", needs={"start"}, better=True)
def low_sessions_have_their_limit(s, kit):
    """With GOTRUE_SESSIONS_ALLOW_LOW_AAL a session that falls after that limit ends with session_expired, and its row has fallen."""
    with kit["start"](GOTRUE_SESSIONS_ALLOW_LOW_AAL="15m", **HOUR) as own:
        o = own.server()
        u = mfa_user(o)
        age_step(o, u.session_id, 3601)
        o.age("sessions", u.session_id, 3700)
        is_(u.refreshed(), 400, "session_expired", "Invalid Refresh Token: Session Expired (Low AAL: User Needs MFA Verification)")
        assert row_of(o, u.session_id) == ("aal1", False, ["password"]), row_of(o, u.session_id)
        v = mfa_user(o)
        age_step(o, v.session_id, 3601)
        v.take(is_(v.refreshed(), 200).json)
        claims = claims_of(v.token)
        assert claims["aal"] == "aal1" and 0 < claims["exp"] - claims["iat"] <= 900, claims


@check("P8", needs={"start"}, better=True)
def bad_settings_stop_the_start(s, kit):
    """check-config, and a file of settings, name what is wrong with each of the four."""
    for env, words in (({"COUNTERSIGN_MFA_REQUIRED_ROLES": "a, b"}, ("COUNTERSIGN_MFA_REQUIRED_ROLES", '" b"')), ({"COUNTERSIGN_MFA_REQUIRED_FROM": "2027-01-31"}, ("COUNTERSIGN_MFA_REQUIRED_ROLES must say",)),
                       ({**ALL, "COUNTERSIGN_MFA_REQUIRED_FROM": "2027-13-01"}, ("COUNTERSIGN_MFA_REQUIRED_FROM=2027-13-01",)), ({"COUNTERSIGN_MFA_ENROLL_GRACE": "5"}, ("COUNTERSIGN_MFA_ENROLL_GRACE=5",)),
                       ({"COUNTERSIGN_MFA_MAX_AGE": "a day"}, ("COUNTERSIGN_MFA_MAX_AGE=a day",)), ({**ALL, "GOTRUE_MFA_TOTP_VERIFY_ENABLED": "false"}, ("a kind of factor",))):
        own = kit["start"](**env)
        try:
            out = own.command("check-config")
            assert out.returncode not in (0, None) and all(w in out.stdout + out.stderr for w in words), (env, out.stdout, out.stderr)
            path = os.path.join(own.folder, "settings.env")
            with open(path, "w") as f:
                f.write("".join('%s="%s"\n' % pair for pair in env.items()))
            plain = {k: v for k, v in own.environment().items() if k not in env}
            out = own.command("check-config", "--config", path, env=plain)
            assert out.returncode not in (0, None) and all(w in out.stdout + out.stderr for w in words), (env, out.stdout, out.stderr)
        finally:
            own.discard()
