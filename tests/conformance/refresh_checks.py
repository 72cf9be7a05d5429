"""Refresh tokens of both versions (mfa.md R1-R13, internals.md 3), beyond what checks.py asks.

The server under test makes version 2; version 1 and the time limits are checked on servers of their own.
"""
import hashlib, time, uuid
from checks import check, is_
from wire import b64, claims_of, unb64
import re

MALFORMED = "Refresh token is not valid"
NOT_FOUND = "Invalid Refresh Token: Refresh Token Not Found"
USED = "Invalid Refresh Token: Already Used"


def take_apart(token):
    """(session id, counter, signature) of a version 2 token, its form checked."""
    raw = unb64(token)
    assert 38 <= len(raw) <= 46 and raw[0] == 0 and b64(raw) == token, token
    counter = shift = 0
    at = 17
    while True:
        counter |= (raw[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if not raw[at - 1] & 128:
            break
    assert len(raw) == at + 20, (len(raw), at)
    assert raw[-4:] == hashlib.sha256(raw[:-4]).digest()[:4], "the checksum is wrong"
    return str(uuid.UUID(bytes=raw[1:17])), counter, raw[at:at + 16]


def forged(session, counter, signature):
    raw, n = b"\0" + uuid.UUID(session).bytes, counter
    while True:
        raw += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            break
    raw += signature
    return b64(raw + hashlib.sha256(raw).digest()[:4])


def refresh(s, token):
    return s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": token})


@check("R1b")
def forms(s, kit):
    """Shapes: shorter than 12, 12 of other letters, longer and no version 2 token: 400 validation_failed; null and absent alike."""
    u = s.sign_up()
    good = u.refresh
    for odd in ("a" * 11, "ABCDEFGHIJ12", "abcdefghij1!", "a" * 13, good[:-1], good + "A", good + "=", "!" + good[1:], good.replace(good[5], "*", 1), "x" * 5000, " " + good):
        is_(refresh(s, odd), 400, "validation_failed", MALFORMED)
    for body in ({}, {"refresh_token": None}, None):
        a = s.call("POST", "/token?grant_type=refresh_token", body, raw=b"null" if body is None else None)
        is_(a, 400, "validation_failed", MALFORMED)
    for odd in (5, [], {}, True):
        is_(s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": odd}), 400, "bad_json")
    is_(refresh(s, good), 200)


@check("R2", needs={"counters"})
def unknown(s, kit):
    """After a logout, and for a session that never was: 400 refresh_token_not_found."""
    u = s.sign_up()
    session, counter, sig = take_apart(u.refresh)
    is_(refresh(s, forged(str(uuid.uuid4()), 0, sig)), 400, "refresh_token_not_found", NOT_FOUND)
    is_(s.call("POST", "/logout", token=u.token), 204)
    is_(u.refreshed(), 400, "refresh_token_not_found", NOT_FOUND)


@check("R10", needs={"counters"})
def version_2(s, kit):
    """Version 2: session, counter, signature, checksum; a bent signature is not found, and the session goes on."""
    u = s.sign_up()
    session, counter, sig = take_apart(u.refresh)
    assert session == u.session_id and counter == 0, (session, counter)
    bent = bytes([sig[0] ^ 1]) + sig[1:]
    is_(refresh(s, forged(session, counter, bent)), 400, "refresh_token_not_found", NOT_FOUND)
    for odd in (1, 5, 1 << 40, 2**63 - 1):
        is_(refresh(s, forged(session, odd, sig)), 400, "refresh_token_not_found", NOT_FOUND)
    a = is_(u.refreshed(), 200)
    assert take_apart(a.json["refresh_token"])[:2] == (session, 1)
    assert a.headers.get("sb-auth-user-id") == u.id and a.headers.get("sb-auth-session-id") == session, a.headers
    assert a.headers.get("sb-auth-refresh-token-counter") == "1", a.headers
    assert a.json["user"]["id"] == u.id and a.json["token_type"] == "bearer" and a.json["expires_in"] == 3600, a.json
    assert "weak_password" not in a.json
    other = s.sign_up()
    o_session, _, o_sig = take_apart(other.refresh)
    is_(refresh(s, forged(session, 1, o_sig)), 400, "refresh_token_not_found", NOT_FOUND)


@check("R4")
def answer_was_lost(s, kit):
    """The last token shown again gives the same new one, as often as asked, and the chain goes on from that."""
    u = s.sign_up()
    first = is_(u.refreshed(), 200).json["refresh_token"]
    for _ in range(4):
        a = is_(u.refreshed(), 200)
        assert a.json["refresh_token"] == first
        is_(s.call("GET", "/user", token=a.json["access_token"]), 200)
    second = is_(u.refreshed(first), 200).json["refresh_token"]
    assert is_(u.refreshed(first), 200).json["refresh_token"] == second


@check("R5b", needs={"counters"})
def reuse_ends_the_session(s, kit):
    """A token two rotations old: 400 refresh_token_already_used; the session is gone with its access token, other sessions live."""
    u = s.sign_up()
    other = u.another_session()
    a = is_(u.refreshed(), 200).json
    b = is_(u.refreshed(a["refresh_token"]), 200).json
    old = is_(u.refreshed(), 400, "refresh_token_already_used", USED)
    assert "access_token" not in old.raw.decode()
    r = u.refreshed(b["refresh_token"])
    assert r.status == 400 and r.code in ("refresh_token_already_used", "refresh_token_not_found"), r.short()
    is_(s.call("GET", "/user", token=b["access_token"]), 403, "session_not_found")
    is_(other.refreshed(), 200)


@check("R6", needs={"start"})
def reuse_interval(s, kit):
    """Inside a reuse interval an older token still gives a session; after it the family ends; without rotation it is only refused."""
    with kit["start"](GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL="2") as own:
        o = own.server()
        u = o.sign_up()
        a = is_(u.refreshed(), 200).json["refresh_token"]
        b = is_(u.refreshed(a), 200).json["refresh_token"]
        is_(u.refreshed(), 200)
        time.sleep(3.2)
        is_(u.refreshed(), 400, "refresh_token_already_used", USED)
        assert u.refreshed(b).status == 400
    with kit["start"](GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED="false") as own:
        u = own.server().sign_up()
        a = is_(u.refreshed(), 200).json["refresh_token"]
        b = is_(u.refreshed(a), 200).json["refresh_token"]
        is_(u.refreshed(), 400, "refresh_token_already_used", USED)
        is_(u.refreshed(b), 200)


@check("R8", needs={"start"})
def session_limits(s, kit):
    """Timebox, inactivity and one session a user: 400 session_expired with a text that tells which."""
    limits = {"GOTRUE_SESSIONS_TIMEBOX": "2s", "GOTRUE_SESSIONS_INACTIVITY_TIMEOUT": "2s"}
    for name, text in (("GOTRUE_SESSIONS_TIMEBOX", "Session Expired"), ("GOTRUE_SESSIONS_INACTIVITY_TIMEOUT", "Session Expired (Inactivity)")):
        with kit["start"](**{name: limits[name]}) as own:
            u = own.server().sign_up()
            u.take(is_(u.refreshed(), 200).json)
            time.sleep(2.3)
            is_(u.refreshed(), 400, "session_expired", "Invalid Refresh Token: " + text)
    with kit["start"](GOTRUE_SESSIONS_SINGLE_PER_USER="true") as own:
        u = own.server().sign_up()
        time.sleep(1.1)
        newer = u.another_session()
        is_(u.refreshed(), 400, "session_expired", "Invalid Refresh Token: Session Expired (Revoked by Newer Login)")
        is_(newer.refreshed(), 200)


@check("R9", needs={"counters"})
def counter_after_mfa(s, kit):
    """Verifying raises the counter by two, so that the token from before cannot be mistaken for the last one."""
    u = s.sign_up()
    before = take_apart(u.refresh)[1]
    u.with_totp()
    assert take_apart(u.refresh)[:2] == (u.session_id, before + 2), take_apart(u.refresh)[:2]


@check("R12b")
def grants(s, kit):
    """grant_type: missing, unknown and in another case are refused before the body is read; sign-in by neither or both addresses is refused."""
    for path in ("/token", "/token?grant_type=", "/token?grant_type=PASSWORD", "/token?grant_type=authorization_code", "/token?grant_type[]=password"):
        is_(s.call("POST", path, raw=b"{"), 400, "invalid_credentials", "unsupported_grant_type")
    p = "/token?grant_type=password"
    is_(s.call("POST", p, {}), 400, "validation_failed", "missing email or phone")
    is_(s.call("POST", p, {"email": "a@example.com", "phone": "15551234567", "password": "x"}), 400, "validation_failed",
        "Only an email address or phone number should be provided on login.")
    u = s.sign_up()
    is_(s.call("POST", p, {"email": u.email, "password": ""}), 400, "invalid_credentials", "Invalid login credentials")
    is_(s.call("POST", p, {"email": u.email}), 400, "invalid_credentials", "Invalid login credentials")
    a = is_(s.sign_in(u.email.upper(), u.password), 200)
    assert a.json["weak_password"] is None and a.json["user"]["id"] == u.id, a.json.get("weak_password")
    is_(s.sign_in(u.email, u.password + "\0"), 400)


@check("R3v1", needs={"start", "no-reuse-interval"})
def version_1(s, kit):
    """Version 1: twelve letters; rotation; the parent of the active token gives the active one; older ones end the family but not the access token."""
    with kit["start"](GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION="1") as own:
        o = own.server()
        u = o.sign_up()
        assert re.fullmatch("[a-z0-9]{12}", u.refresh), u.refresh
        first = is_(u.refreshed(), 200)
        a = first.json["refresh_token"]
        assert re.fullmatch("[a-z0-9]{12}", a) and a != u.refresh, a
        assert first.headers.get("sb-auth-refresh-token-prefix") == a[:5], first.headers
        assert is_(u.refreshed(), 200).json["refresh_token"] == a
        b = is_(u.refreshed(a), 200).json
        c = is_(u.refreshed(b["refresh_token"]), 200).json
        time.sleep(1.2)
        is_(u.refreshed(), 400, "refresh_token_already_used", USED)
        is_(u.refreshed(c["refresh_token"]), 400, "refresh_token_already_used", USED)
        is_(o.call("GET", "/user", token=c["access_token"]), 200)
        is_(refresh(o, "abcdefghij12"), 400, "refresh_token_not_found", NOT_FOUND)
        w = o.sign_up()
        threads_converge(o, w)
        x = o.sign_up()
        old = x.refresh
        x.with_totp()
        again = refresh(o, old)                     # R9: the parent of the active token, which is the aal2 one; B4 asks for more
        assert again.status == 400 or claims_of(again.json["access_token"])["aal"] == "aal1", again.short()
        assert claims_of(is_(x.refreshed(), 200).json["access_token"])["aal"] == "aal2"
        own.restart()
        o.port = own.port
        is_(w.refreshed(), 200)


def threads_converge(o, w):
    from tally import at_once
    answers = at_once(8, lambda n: w.refreshed())
    tokens = {a.json.get("refresh_token") for a in answers if a.status == 200}
    assert all(a.status == 200 for a in answers) and len(tokens) == 1, [a.short()[:60] for a in answers]
    w.refresh = tokens.pop()


@check("R13", needs={"start"})
def both_versions_accepted(s, kit):
    """A server switched from version 1 to 2 and back still takes the tokens of either."""
    with kit["start"](GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION="1") as own:
        o = own.server()
        one = o.sign_up()
        own.changes["GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION"] = "2"
        own.restart()
        o.port = own.port
        two = o.sign_up()
        one.take(is_(one.refreshed(), 200).json)
        assert len(two.refresh) > 12
        own.changes["GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION"] = "1"
        own.restart()
        o.port = own.port
        is_(two.refreshed(), 200)
        is_(one.refreshed(), 200)
