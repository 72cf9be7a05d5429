"""TOTP factors in full (mfa.md E3-E13, C6, V9, V10, B1, B3-B6, B8, B10, B11, B17), beyond what checks.py asks.

Codes of a step count once for a factor, so a check that needs several successes uses several factors, or the step after the
present one (which the window allows), instead of waiting.
"""
import base64, glob, os, re, tempfile, time, urllib.parse, uuid
from checks import check, is_, mfa_user, older
from wire import User, claims_of, totp, wait_for_fresh_step
import picture

NO_STORE = "no-store"
# labels that break a URI, an SVG, an attribute or a data: address when they are not escaped
HOSTILE = ["ACME Co", "a:b", 'x"><script>alert(1)</script>', "ümlaut – ✓ 日本", "%23#&=?+/;,@!$'()*", "\\ | ^ ` { } ~", "50% off #1", "&amp;&lt;"]


def wrong(secret, count=1):
    """Codes that are not valid within two steps either way."""
    live = {totp(secret, step_offset=o) for o in (-2, -1, 0, 1, 2, 3)}
    return [c for c in ("%06d" % n for n in range(count + 6)) if c not in live][:count]


def parts_of(uri):
    """(issuer of the label, account, query) of a Key URI."""
    u = urllib.parse.urlsplit(uri)
    assert u.scheme == "otpauth" and u.netloc == "totp" and not u.fragment, uri
    raw = u.path[1:]
    assert raw.count(":") == 1, "one ':' parts issuer and account: " + raw
    issuer, account = (urllib.parse.unquote(x, errors="strict") for x in raw.split(":"))
    query = dict(urllib.parse.parse_qsl(u.query, strict_parsing=True, errors="strict"))
    return issuer, account, query


def fresh_factor(s, name="phone app"):
    u = s.sign_up()
    e = is_(u.enroll(name), 200).json
    return u, e["id"], e["totp"]["secret"], is_(u.challenge(e["id"]), 200).json["id"]


def lock(u, factor, challenge, secret, count=10):
    for code in wrong(secret, count):
        is_(u.verify(factor, challenge, code), 422, "mfa_verification_failed", "Invalid TOTP code entered")


def locked(a, at_most=60):
    is_(a, 429, "over_request_rate_limit")
    wait = a.headers.get("retry-after", "")
    assert wait.isdigit() and 1 <= int(wait) <= at_most, "Retry-After %r" % wait
    assert not (isinstance(a.json, dict) and a.json.get("access_token"))
    return int(wait)


@check("E2b")
def enroll_answer(s, kit):
    """The answer names the factor's id as a lower-case UUID; user.factors shows no secret; verifying is what makes it verified."""
    u = s.sign_up()
    e = is_(u.enroll("mine"), 200)
    assert str(uuid.UUID(e.json["id"])) == e.json["id"], e.json["id"]
    me = s.call("GET", "/user", token=u.token)
    assert e.json["totp"]["secret"] not in me.raw.decode()
    f = me.json["factors"][0]
    assert f["id"] == e.json["id"] and f["factor_type"] == "totp" and f["status"] == "unverified" and f["friendly_name"] == "mine", f
    assert not f.get("last_challenged_at"), f
    is_(s.call("POST", "/factors", {"factor_type": "totp", "issuer": ""}, u.token), 200)


@check("E3")
def key_uri(s, kit):
    """160-bit secret in 32 letters of base32; the Key URI has issuer:account, SHA1, 6 digits, 30 s; the issuer defaults to the site's host."""
    email = "a.b+c%s@example.com" % uuid.uuid4().hex[:8]
    u = s.sign_up(email=email)
    e = is_(u.enroll("one", issuer="ACME Co"), 200).json["totp"]
    assert re.fullmatch("[A-Z2-7]{32}", e["secret"]) and len(base64.b32decode(e["secret"])) == 20, e["secret"]
    issuer, account, query = parts_of(e["uri"])
    assert (issuer, account) == ("ACME Co", email), (issuer, account)
    assert query == {"algorithm": "SHA1", "digits": "6", "issuer": "ACME Co", "period": "30", "secret": e["secret"]}, query
    assert "+" not in e["uri"] and " " not in e["uri"], e["uri"]
    d = is_(u.enroll("two"), 200).json["totp"]
    assert d["secret"] != e["secret"]
    issuer, account, query = parts_of(d["uri"])
    assert issuer.startswith(kit["site_host"].split(":")[0]) and query["issuer"] == issuer and ":" not in issuer, d["uri"]


@check("E6b")
def name_of_a_verified_factor(s, kit):
    """The name of a verified factor is taken too; another user may use the same name."""
    u = mfa_user(s, "mary")
    is_(u.enroll("mary"), 422, "mfa_factor_name_conflict", 'A factor with the friendly name "mary" for this user already exists')
    is_(s.sign_up().enroll("mary"), 200)


@check("E9")
def at_most_ten(s, kit):
    """Never more than ten factors: unverified ones keep nobody out, the oldest makes room (security.md S15); a taken name is told first."""
    u = s.sign_up()
    ids = [is_(u.enroll("f%d" % n), 200).json["id"] for n in range(10)]
    is_(u.enroll("f3"), 422, "mfa_factor_name_conflict")
    new = is_(u.enroll("f10"), 200).json["id"]
    assert [f["id"] for f in s.call("GET", "/user", token=u.token).json["factors"]] == ids[1:] + [new]


@check("E12")
def order_of_refusals(s, kit):
    """With a verified factor and an aal1 session: a taken name is told before the missing aal2, and that before nothing else."""
    u = mfa_user(s)
    low = u.another_session()
    is_(low.enroll("phone app"), 422, "mfa_factor_name_conflict")
    is_(low.enroll("new"), 403, "insufficient_aal", "AAL2 required to enroll a new factor")
    is_(s.call("POST", "/factors", {"factor_type": "nope"}, low.token), 400, "validation_failed")


@check("E13", needs={"no-phone"})
def types_that_are_off(s, kit):
    """Phone and WebAuthn are off by default: 422 mfa_phone_enroll_not_enabled, mfa_webauthn_enroll_not_enabled."""
    u = s.sign_up()
    is_(s.call("POST", "/factors", {"factor_type": "webauthn", "friendly_name": "w"}, u.token), 422, "mfa_webauthn_enroll_not_enabled", "MFA enroll is disabled for WebAuthn")
    is_(s.call("POST", "/factors", {"factor_type": "phone", "friendly_name": "p", "phone": "+15551234567"}, u.token), 422, "mfa_phone_enroll_not_enabled",
        "MFA enroll is disabled for Phone")
    assert not s.call("GET", "/user", token=u.token).json.get("factors")


@check("C6", needs={"start"})
def totp_off(s, kit):
    """TOTP switched off: enrollment, challenge and verification each refuse with their own code."""
    with kit["start"](GOTRUE_MFA_TOTP_ENROLL_ENABLED="false") as own:
        is_(own.server().sign_up().enroll(), 422, "mfa_totp_enroll_not_enabled", "MFA enroll is disabled for TOTP")
    with kit["start"](GOTRUE_MFA_TOTP_VERIFY_ENABLED="false") as own:
        u = own.server().sign_up()
        f = is_(u.enroll(), 200).json["id"]
        is_(u.challenge(f), 422, "mfa_totp_verify_not_enabled", "MFA verification is disabled for TOTP")
        is_(u.verify(f, str(uuid.uuid4()), "123456"), 422, "mfa_totp_verify_not_enabled", "MFA verification is disabled for TOTP")


@check("C7")
def several_challenges(s, kit):
    """Several challenges of a factor are open at once, and an older one still verifies."""
    u, f, secret, first = fresh_factor(s)
    is_(u.challenge(f), 200)
    wait_for_fresh_step()
    is_(u.verify(f, first, totp(secret)), 200)


@check("V3b")
def challenge_once_whatever_the_session(s, kit):
    """A spent challenge is spent for the user's other sessions and with a fresh code too, and the answer hands out nothing."""
    u, f, secret, c = fresh_factor(s)
    other = u.another_session()
    wait_for_fresh_step()
    is_(u.verify(f, c, totp(secret)), 200)
    a = other.verify(f, c, totp(secret, step_offset=1))
    assert a.status in (403, 422) and "access_token" not in a.raw.decode(), a.short()    # the other aal1 session ended


@check("V9")
def unverified_of_the_type_go(s, kit):
    """Success removes the user's other unverified factors of the type; those of other users stay."""
    u, f, secret, c = fresh_factor(s)
    is_(u.enroll("left over"), 200)
    other = s.sign_up()
    is_(other.enroll("keeps"), 200)
    wait_for_fresh_step()
    v = is_(u.verify(f, c, totp(secret)), 200)
    assert [x["id"] for x in v.json["user"]["factors"]] == [f], v.json["user"]["factors"]
    assert [x["id"] for x in s.call("GET", "/user", token=v.json["access_token"]).json["factors"]] == [f]
    assert len(s.call("GET", "/user", token=other.token).json["factors"]) == 1


@check("V10")
def new_refresh_token(s, kit):
    """Verifying gives a new refresh token, which refreshes to aal2 in the same session."""
    u, f, secret, c = fresh_factor(s)
    wait_for_fresh_step()
    v = is_(u.verify(f, c, totp(secret)), 200).json
    assert v["refresh_token"] != u.refresh
    r = is_(u.refreshed(v["refresh_token"]), 200).json
    now = claims_of(r["access_token"])
    assert now["aal"] == "aal2" and now["session_id"] == u.session_id, now


@check("B1", better=True)
def code_counts_once(s, kit):
    """A used code, and every earlier step, is refused for good: on the same and other challenges, in other sessions, after further success."""
    u, f, secret, c = fresh_factor(s)
    wait_for_fresh_step(15)
    used = totp(secret)
    u.take(is_(u.verify(f, c, used), 200).json)
    other = u.another_session()
    for who in (u, other):
        for code in (used, totp(secret, step_offset=-1)):
            n = is_(who.challenge(f), 200).json["id"]
            is_(who.verify(f, n, code), 422, "mfa_verification_failed", "Invalid TOTP code entered")
            is_(who.verify(f, n, " " + code[:3] + " " + code[3:]), 422, "mfa_verification_failed", "Invalid TOTP code entered")
    n = is_(other.challenge(f), 200).json["id"]
    is_(other.verify(f, n, totp(secret, step_offset=1)), 200)
    n = is_(u.challenge(f), 200).json["id"]
    is_(u.verify(f, n, totp(secret, step_offset=1)), 422, "mfa_verification_failed")
    is_(u.verify(f, n, used), 422, "mfa_verification_failed")


@check("B1b", better=True, needs={"start"})
def code_counts_once_after_a_restart(s, kit):
    """A used code stays used, and a lock stays locked, over a restart of the server; sessions and factors live on."""
    with kit["start"]() as own:
        o = own.server()
        u, f, secret, c = fresh_factor(o)
        guessed, gf, gsecret, gc = fresh_factor(o)
        lock(guessed, gf, gc, gsecret)
        wait_for_fresh_step(15)
        used = totp(secret)
        u.take(is_(u.verify(f, c, used), 200).json)
        n = is_(u.challenge(f), 200).json["id"]
        own.restart()
        o.port = own.port
        is_(o.call("GET", "/user", token=u.token), 200)
        is_(u.verify(f, n, used), 422, "mfa_verification_failed", "Invalid TOTP code entered")
        locked(guessed.verify(gf, gc, totp(gsecret)))
        u.take(is_(u.verify(f, n, totp(secret, step_offset=1)), 200).json)
        is_(u.refreshed(), 200)
        own.check_db()


@check("B3", better=True)
def guessing_locks(s, kit):
    """Ten wrong codes in a row lock the factor for 60 s: a right code, another session, another challenge all get 429 with Retry-After.

    Another factor of the user and other users are not affected, and the lock changes nothing else."""
    u = mfa_user(s)
    second = is_(u.enroll("second"), 200).json
    low = u.another_session()
    c = is_(low.challenge(u.factor), 200).json["id"]
    lock(low, u.factor, c, u.secret)
    locked(low.verify(u.factor, c, totp(u.secret, step_offset=1)))
    another = u.another_session()
    c2 = is_(another.challenge(u.factor), 200).json["id"]
    locked(another.verify(u.factor, c2, totp(u.secret, step_offset=1)))
    locked(another.verify(u.factor, c2, "000000"))
    is_(another.verify(u.factor, c2, ""), 400, "validation_failed")
    assert claims_of(is_(low.refreshed(), 200).json["access_token"])["aal"] == "aal1"
    stranger, f, secret, c = fresh_factor(s)
    c3 = is_(u.challenge(second["id"]), 200).json["id"]
    wait_for_fresh_step()
    is_(stranger.verify(f, c, totp(secret)), 200)
    is_(u.verify(second["id"], c3, totp(second["totp"]["secret"])), 200)


@check("B3b", better=True, slow=True)
def lock_ends_and_doubles(s, kit):
    """After the lock a right code works and clears the count; without it the next ten wrong codes lock for twice as long."""
    patient, pf, psecret, pc = fresh_factor(s)
    stubborn, sf, ssecret, sc = fresh_factor(s)
    for who, f, c, secret in ((patient, pf, pc, psecret), (stubborn, sf, sc, ssecret)):
        lock(who, f, c, secret)
    wait = max(locked(patient.verify(pf, pc, totp(psecret))), locked(stubborn.verify(sf, sc, totp(ssecret))))
    time.sleep(wait + 1)
    lock(stubborn, sf, sc, ssecret)
    again_locked = locked(stubborn.verify(sf, sc, totp(ssecret)), 120)
    assert again_locked > 60, "the second lock lasts %d s" % again_locked
    wait_for_fresh_step()
    patient.take(is_(patient.verify(pf, pc, totp(psecret)), 200).json)
    c = is_(patient.challenge(pf), 200).json["id"]
    lock(patient, pf, c, psecret)                      # ten again before it locks: the success cleared the count
    assert locked(patient.verify(pf, c, totp(psecret, step_offset=1))) <= 60


@check("B3c", better=True)
def removed_and_made_anew(s, kit):
    """An admin's removal of the locked factor lets the user enroll anew at once."""
    u, f, secret, c = fresh_factor(s)
    lock(u, f, c, secret)
    locked(u.verify(f, c, totp(secret)))
    is_(s.call("DELETE", "/admin/users/%s/factors/%s" % (u.id, f), token=s.admin_token()), 200)
    e = is_(u.enroll(), 200).json
    c = is_(u.challenge(e["id"]), 200).json["id"]
    wait_for_fresh_step()
    is_(u.verify(e["id"], c, totp(e["totp"]["secret"])), 200)


@check("B3d", better=True)
def count_is_of_wrong_codes_in_a_row(s, kit):
    """A success clears the count: nine wrong, one right, nine wrong never lock; an empty code or a foreign challenge is no guess."""
    u, f, secret, c = fresh_factor(s)
    lock(u, f, c, secret, 9)
    for _ in range(5):
        is_(u.verify(f, c, ""), 400, "validation_failed")
        is_(u.verify(f, str(uuid.uuid4()), "000000"), 422, "mfa_factor_not_found")
    wait_for_fresh_step()
    u.take(is_(u.verify(f, c, totp(secret)), 200).json)
    c = is_(u.challenge(f), 200).json["id"]
    lock(u, f, c, secret, 9)
    is_(u.verify(f, c, totp(secret, step_offset=1)), 200)


@check("B4", better=True)
def token_from_before_mfa(s, kit):
    """A refresh token from before the MFA step never yields aal2, and showing it does not destroy the raised session at once."""
    u = s.sign_up()
    old = u.refresh
    u.with_totp()
    a = u.refreshed(old)
    assert a.status == 400 and a.code in ("refresh_token_already_used", "refresh_token_not_found"), a.short()
    assert "access_token" not in a.raw.decode()
    is_(s.call("GET", "/user", token=u.token), 200)
    r = is_(u.refreshed(), 200).json
    assert claims_of(r["access_token"])["aal"] == "aal2"


@check("B5", better=True, needs={"sqlite"})
def secret_is_not_readable(s, kit):
    """No file of the database holds a TOTP secret in base32, raw or base64, nor a password, nor a version 2 refresh token."""
    u = s.sign_up(password="a very findable passphrase 4711")
    e = is_(u.enroll(), 200).json["totp"]
    u.with_totp("verified one")
    is_(u.refreshed(), 200)
    raw = base64.b32decode(e["secret"])
    needles = {"secret": e["secret"].encode(), "secret in lower case": e["secret"].lower().encode(), "raw secret": raw, "secret in base64": base64.b64encode(raw)[:26],
               "verified secret": u.secret.encode(), "verified raw secret": base64.b32decode(u.secret), "hex secret": raw.hex().encode(),
               "password": u.password.encode(), "refresh token": u.refresh.encode(), "access token": u.token.split(".")[2].encode()}
    files = [f for f in glob.glob(s.sqlite + "*") if not f.endswith(("jwt-secret", "encryption-key"))]
    assert s.sqlite in files, files
    for name in files:
        with open(name, "rb") as f:
            data = f.read()
        for what, needle in needles.items():
            assert needle not in data, "%s stands in %s" % (what, os.path.basename(name))
    keys = [f for f in glob.glob(s.sqlite + "*") if f.endswith("encryption-key")]
    assert keys, "no key file beside the database: " + " ".join(os.path.basename(f) for f in glob.glob(s.sqlite + "*"))
    for name in keys:
        assert os.stat(name).st_mode & 0o777 == 0o600, "%s has mode %o" % (name, os.stat(name).st_mode & 0o777)


@check("B6", better=True)
def without_an_address(s, kit):
    """A user without an e-mail address enrolls and verifies TOTP; the account in the Key URI is the phone number or the id."""
    phone = "1555%07d" % (uuid.uuid4().int % 10**7)
    made = is_(s.call("POST", "/admin/users", {"phone": "+" + phone, "password": "correct horse battery", "phone_confirm": True}, s.admin_token()), 200).json
    a = is_(s.call("POST", "/token?grant_type=password", {"phone": phone, "password": "correct horse battery"}), 200)
    u = User(s, a.json, None, "correct horse battery")
    e = is_(u.enroll(), 200).json
    _, account, _ = parts_of(e["totp"]["uri"])
    assert account.lstrip("+") == phone or account == made["id"], account
    c = is_(u.challenge(e["id"]), 200).json["id"]
    wait_for_fresh_step()
    is_(u.verify(e["id"], c, totp(e["totp"]["secret"])), 200)


@check("B8", better=True)
def not_stored_by_caches(s, kit):
    """Every answer with tokens, secrets or a user says Cache-Control: no-store."""
    def uncached(a, what):
        is_(a, 200)
        assert NO_STORE in a.headers.get("cache-control", ""), "%s: Cache-Control %r" % (what, a.headers.get("cache-control"))
        return a
    email = "u%s@example.com" % uuid.uuid4().hex[:12]
    u = User(s, uncached(s.call("POST", "/signup", {"email": email, "password": "correct horse battery"}), "signup").json, email, "correct horse battery")
    uncached(s.sign_in(u.email, u.password), "sign-in")
    u.take(uncached(u.refreshed(), "refresh").json)
    uncached(s.call("GET", "/user", token=u.token), "GET /user")
    uncached(s.call("PUT", "/user", {"data": {"a": 1}}, u.token), "PUT /user")
    e = uncached(u.enroll(), "enroll").json
    c = uncached(u.challenge(e["id"]), "challenge").json["id"]
    wait_for_fresh_step()
    u.take(uncached(u.verify(e["id"], c, totp(e["totp"]["secret"])), "verify").json)
    uncached(s.call("GET", "/admin/users/" + u.id, token=s.admin_token()), "admin user")
    uncached(s.call("GET", "/admin/users?per_page=1", token=s.admin_token()), "admin users")
    uncached(s.call("POST", "/signup", {"data": {}}), "anonymous")


@check("B10", better=True, needs={"sql"})
def expired_factors_are_swept(s, kit):
    """Enrolling sweeps the user's expired unverified factors, challenged ones too unless a challenge is still open; never another user's."""
    u, other = s.sign_up(), s.sign_up()
    ids = {n: is_(u.enroll(n), 200).json["id"] for n in ("never challenged", "challenge over", "challenge open", "young")}
    foreign = is_(other.enroll("foreign"), 200).json["id"]
    over = is_(u.challenge(ids["challenge over"]), 200).json["id"]
    is_(u.challenge(ids["challenge open"]), 200)
    older(s, "mfa_challenges", over, 400)
    for f in [v for k, v in ids.items() if k != "young"] + [foreign]:
        older(s, "mfa_factors", f, 400)
    new = is_(u.enroll("new"), 200).json["id"]
    left = {f["id"] for f in s.call("GET", "/user", token=u.token).json["factors"]}
    assert left == {ids["challenge open"], ids["young"], new}, sorted(k for k, v in ids.items() if v in left)
    assert [f["id"] for f in s.call("GET", "/user", token=other.token).json["factors"]] == [foreign]


@check("B10b", better=True, needs={"sql"})
def verified_factors_stay(s, kit):
    """A verified factor of any age is not swept, and ten abandoned enrollments do not lock a person out for ever."""
    u = mfa_user(s)
    older(s, "mfa_factors", u.factor, 10**6)
    for n in range(9):
        f = is_(u.enroll("given up %d" % n), 200).json["id"]
        older(s, "mfa_challenges", is_(u.challenge(f), 200).json["id"], 400)
        older(s, "mfa_factors", f, 400)
    is_(u.enroll("at last"), 200)
    left = [f["friendly_name"] for f in s.call("GET", "/user", token=u.token).json["factors"]]
    assert sorted(left) == ["at last", "phone app"], left


@check("B11", better=True)
def qr_code_scans(s, kit):
    """The QR code is read back to the very URI from a dark page, with hostile labels; no '#' or '%' stands in the SVG."""
    with tempfile.TemporaryDirectory() as folder:
        for n, label in enumerate(HOSTILE):
            u = s.sign_up(email="o'neil+%d%%%s@example.com" % (n, uuid.uuid4().hex[:8]))
            t = is_(u.enroll(label, issuer=label), 200).json["totp"]
            svg = t["qr_code"]
            assert svg.startswith(("<svg", "<?xml")) and svg.rstrip().endswith("</svg>"), svg[:60]
            assert not re.search("[#%]", svg), "'#' or '%' in the SVG of " + label
            assert svg.isascii() and "script" not in svg and label not in svg
            assert re.search(r'viewBox="0 0 \d+ \d+"', svg), svg[:200]
            issuer, account, query = parts_of(t["uri"])
            assert account == u.email, account
            assert issuer == query["issuer"] and ":" not in issuer, (issuer, query)
            if ":" not in label:
                assert issuer == label, (issuer, label)
            picture.scans_to(svg, t["uri"], folder, "black")
            picture.scans_to("".join(urllib.parse.unquote("data:image/svg+xml;utf-8," + svg).split(",", 1)[1]), t["uri"], folder, "white")
            picture.quiet_zone(svg, folder)


@check("B17", better=True)
def too_long_or_odd(s, kit):
    """An issuer or a friendly name over 255 characters, or with NUL, is refused with a text that names the field; 255 of any kind never give 5xx."""
    u = s.sign_up()
    for field in ("friendly_name", "issuer"):
        for text in ("x" * 256, "ä" * 256, "日" * 300, "a\0b", "\0"):
            a = s.call("POST", "/factors", {"factor_type": "totp", field: text}, u.token)
            assert 400 <= a.status < 500, (field, text[:5], a.short())
            assert field.split("_")[-1] in (a.message or "").lower() or "json" in a.message.lower(), (field, a.message)
            assert "\0" not in (a.message or "")
        for text in ("x" * 255, "ä" * 255, "日" * 255, "😀" * 255):
            a = s.call("POST", "/factors", {"factor_type": "totp", "friendly_name": "n" + uuid.uuid4().hex, field: text}, u.token)
            assert a.status == 200 or (400 <= a.status < 500 and a.code), (field, text[:5], a.short())
            if a.status == 200:
                is_(s.call("DELETE", "/factors/" + a.json["id"], token=u.token), 200)
        assert is_(s.call("POST", "/factors", {"factor_type": "totp", field: "y" * 255}, u.token), 200)
    assert len(s.call("GET", "/user", token=u.token).json["factors"]) == 2
