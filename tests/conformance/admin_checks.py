"""The admin's routes (mfa.md A1-A6; accounts.md AD*, AC*, AP*, AX*, AU*), beyond what checks.py asks."""
import time, uuid
from checks import check, is_, mfa_user
from wire import claims_of, hs256

PW = "correct horse battery"
ARGON2 = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$8u4GHYdi77qnKvdgq27SV+dAQ7Zg3RLLBwKBWYDkxuI"          # of PW, by the reference tool


def address():
    return "u%s@example.com" % uuid.uuid4().hex[:12]


@check("A1b")
def factors_in_full(s, kit):
    """The admin sees each factor's name, status, type, times and phone; friendly_name is left out where it is empty."""
    u = mfa_user(s, "mine")
    is_(u.enroll(""), 200)
    a = is_(s.call("GET", "/admin/users/%s/factors" % u.id, token=s.admin_token()), 200)
    assert isinstance(a.json, list) and u.secret not in a.raw.decode()
    verified, bare = (next(f for f in a.json if f["status"] == w) for w in ("verified", "unverified"))
    assert verified["friendly_name"] == "mine" and verified["factor_type"] == "totp" and verified["last_challenged_at"], verified
    assert bare.get("friendly_name", "") == "", bare
    for f in a.json:
        assert set(f) >= {"id", "created_at", "updated_at", "status", "factor_type"} and "secret" not in f, f
    one = is_(s.call("GET", "/admin/users/" + u.id, token=s.admin_token()), 200)
    assert len(one.json["factors"]) == 2 and u.secret not in one.raw.decode()


@check("A3")
def rename_factor(s, kit):
    """PUT a factor: the name is set and shown; a bad phone is refused; a foreign or unknown factor is 404."""
    u, other, t = s.sign_up(), s.sign_up(), s.admin_token()
    f = is_(u.enroll("old"), 200).json["id"]
    path = "/admin/users/%s/factors/%s" % (u.id, f)
    a = is_(s.call("PUT", path, {"friendly_name": "new"}, t), 200)
    assert a.json["id"] == f and a.json["friendly_name"] == "new" and "secret" not in a.json, a.json
    assert s.call("GET", "/user", token=u.token).json["factors"][0]["friendly_name"] == "new"
    is_(s.call("PUT", path, {"phone": "+1"}, t), 400, "validation_failed", "Invalid phone number format (E.164 required)")
    is_(s.call("PUT", path, {"friendly_name": 5}, t), 400, "bad_json")
    is_(s.call("PUT", path, {"friendly_name": "x" * 256}, t), 400)
    for owner, factor in ((other.id, f), (u.id, str(uuid.uuid4()))):
        is_(s.call("PUT", "/admin/users/%s/factors/%s" % (owner, factor), {"friendly_name": "x"}, t), 404, "mfa_factor_not_found", "Factor not found")
    is_(s.call("PUT", "/admin/users/%s/factors/nope" % u.id, {"friendly_name": "x"}, t), 404, "validation_failed", "factor_id must be an UUID")
    is_(s.call("DELETE", path, token=u.token), 403, "not_admin", "User not allowed")
    is_(s.call("PUT", path, {"friendly_name": "x"}), 401, "no_authorization")
    assert s.call("GET", "/user", token=u.token).json["factors"][0]["friendly_name"] == "new"


@check("A5b")
def who_is_admin(s, kit):
    """The role decides: a user's own token with another role is no admin's; an admin token that names a dead session is refused."""
    u = s.sign_up()
    for role in ("authenticated", "anon", "", "SERVICE_ROLE", "service_role ", None):
        is_(s.call("GET", "/admin/users/" + u.id, token=hs256({**claims_of(u.token), "role": role}, s.secret)), 403, "not_admin", "User not allowed")
    is_(s.call("GET", "/admin/users", token=hs256({"role": "service_role", "exp": int(time.time()) - 5}, s.secret)), 403, "bad_jwt")
    live = hs256({**claims_of(u.token), "role": "service_role"}, s.secret)
    is_(s.call("GET", "/admin/users/" + u.id, token=live), 403, "not_admin")       # S10: of a person, the database says the role
    is_(s.call("PUT", "/admin/users/" + u.id, {"role": "service_role"}, s.admin_token()), 200)
    is_(s.call("GET", "/admin/users/" + u.id, token=live), 200)
    is_(s.call("POST", "/logout", token=u.token), 204)
    is_(s.call("GET", "/admin/users/" + u.id, token=live), 403)


@check("A6")
def deleting_users(s, kit):
    """A hard deletion removes factors and sessions; a soft one too, hides the address and frees it; what is not there is 404."""
    t = s.admin_token()
    u = mfa_user(s)
    assert is_(s.call("DELETE", "/admin/users/" + u.id, token=t), 200).json == {}
    is_(s.call("GET", "/admin/users/%s/factors" % u.id, token=t), 404, "user_not_found", "User not found")
    is_(s.call("DELETE", "/admin/users/" + u.id, token=t), 404, "user_not_found", "User not found")
    is_(u.refreshed(), 400, "refresh_token_not_found")
    is_(s.sign_in(u.email, u.password), 400, "invalid_credentials")
    again_here = s.sign_up(email=u.email)
    assert again_here.id != u.id and not again_here.session["user"].get("factors")
    v = mfa_user(s)
    assert is_(s.call("DELETE", "/admin/users/" + v.id, {"should_soft_delete": True}, t), 200).json == {}
    gone = is_(s.call("GET", "/admin/users/" + v.id, token=t), 200).json
    assert gone["deleted_at"] and gone["email"] != v.email and not gone.get("factors"), gone
    assert s.call("GET", "/admin/users/%s/factors" % v.id, token=t).json == []
    for a in (s.call("GET", "/user", token=v.token), s.call("POST", "/factors", {"factor_type": "totp"}, v.token)):
        assert a.status == 403, a.short()
    is_(v.refreshed(), 400)
    is_(s.sign_in(v.email, v.password), 400, "invalid_credentials")
    assert s.sign_up(email=v.email).id != v.id
    is_(s.call("DELETE", "/admin/users/" + v.id, {"should_soft_delete": True}, t), 200)
    is_(s.call("DELETE", "/admin/users/nope", token=t), 404, "validation_failed", "user_id must be an UUID")
    is_(s.call("DELETE", "/admin/users/" + v.id, {"should_soft_delete": "yes"}, t), 400, "bad_json")


@check("AC1")
def create(s, kit):
    """Admin creation: fields shown, hash formats accepted (bcrypt, argon2id), ban and confirmation honoured, no session made."""
    t, e, ident = s.admin_token(), address(), str(uuid.uuid4())
    a = is_(s.call("POST", "/admin/users", {"id": ident, "email": e, "password": PW, "email_confirm": True, "role": "editor", "user_metadata": {"n": 1},
                                            "app_metadata": {"plan": "pro"}}, t), 200).json
    assert a["id"] == ident and a["role"] == "editor" and a["user_metadata"]["n"] == 1 and a["app_metadata"]["plan"] == "pro", a
    assert a["email_confirmed_at"] and a["app_metadata"]["provider"] == "email" and "access_token" not in a, a
    is_(s.sign_in(e, PW), 200)
    hashed = address()
    is_(s.call("POST", "/admin/users", {"email": hashed, "password_hash": "$2a$04$abcdefghijklmnopqrstuum7rVdiziUK4IrsJN3SdTABKvnfazMoS", "email_confirm": True}, t), 200)
    is_(s.sign_in(hashed, "bench-password-1"), 200)
    is_(s.sign_in(hashed, "bench-password-2"), 400, "invalid_credentials")
    argon = address()
    is_(s.call("POST", "/admin/users", {"email": argon, "password_hash": ARGON2, "email_confirm": True}, t), 200)
    is_(s.sign_in(argon, PW), 200)
    is_(s.sign_in(argon, "wrong"), 400, "invalid_credentials")
    late = address()
    is_(s.call("POST", "/admin/users", {"email": late, "password": PW}, t), 200)
    is_(s.sign_in(late, PW), 400, "email_not_confirmed", "Email not confirmed")
    banned = address()
    is_(s.call("POST", "/admin/users", {"email": banned, "password": PW, "email_confirm": True, "ban_duration": "1h"}, t), 200)
    is_(s.sign_in(banned, PW), 400, "user_banned", "User is banned")


@check("AC2", better=True)
def create_refusals(s, kit):
    """Admin creation refuses what does not fit, each with a 4xx that names it: addresses, ids, hashes, durations, roles, taken ones."""
    t, u = s.admin_token(), s.sign_up()
    wrong = [({}, "validation_failed", "email or phone"), ({"email": "x"}, "validation_failed", "email"), ({"phone": "abc"}, "validation_failed", "phone"),
             ({"email": u.email}, "email_exists", "already been registered"), ({"email": address(), "password": PW, "password_hash": "$2a$04$x"}, "validation_failed", "password"),
             ({"email": address(), "password_hash": "nonsense"}, "validation_failed", "hash"), ({"email": address(), "password": "x" * 73}, "validation_failed", "Password"),
             ({"email": address(), "id": "nope"}, "validation_failed", "ID"), ({"email": address(), "id": "00000000-0000-0000-0000-000000000000"}, "validation_failed", "nil"),
             ({"email": address(), "ban_duration": "soon"}, "validation_failed", "ban duration"), ({"email": address(), "id": u.id}, None, None),
             ({"email": address(), "role": "x" * 256}, None, None), ({"email": address(), "aud": "x" * 256}, None, None),
             ({"email": address(), "password_hash": ARGON2.replace("m=64", "m=4294967295")}, None, None), ({"email": address(), "password_hash": "$2a$31$" + "a" * 52}, None, None), ({"email": address(), "password_hash": "$2a$19$" + "a" * 53}, "validation_failed", "hash"),
             ({"email": address(), "password_hash": "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$AAAA"}, None, None)]
    for body, code, part in wrong:
        for version in ("2024-01-01", None):
            a = s.call("POST", "/admin/users", body, t, version=version)
            assert 400 <= a.status < 500, (body, a.short())
            if code:
                assert a.code == code and part.lower() in a.message.lower(), (body, a.short())
            assert not any(w in a.raw.decode().lower() for w in ("constraint", "sqlite", "unique")), a.short()


@check("AD1", slow=True)
def listing(s, kit):
    """The list is paged: X-Total-Count, Link with next and last, aud; odd page numbers are refused, 0 never a 5xx."""
    # Others sign up and delete all the while: only a list of the check's own users stands still between two pages.
    t, tag = s.admin_token(), address().split("@")[0]
    made = {is_(s.call("POST", "/admin/users", {"email": "%s-%d@example.com" % (tag, n), "password_hash": "$2a$04$abcdefghijklmnopqrstuum7rVdiziUK4IrsJN3SdTABKvnfazMoS"}, t), 200).json["id"]
            for n in range(3)}
    listed = []
    for page in (1, 2):
        a = is_(s.call("GET", "/admin/users?page=%d&per_page=2&filter=%s" % (page, tag), token=t), 200)
        assert a.headers["x-total-count"] == "3" and a.json["aud"] == "authenticated", a.headers
        listed += [u["id"] for u in a.json["users"]]
    assert len(listed) == 3 and set(listed) == made, (listed, made)
    a = is_(s.call("GET", "/admin/users?page=1&per_page=2", token=t), 200)
    assert len(a.json["users"]) == 2 and int(a.headers["x-total-count"]) >= 3 and a.json["aud"] == "authenticated", a.headers
    assert 'page=2&per_page=2>; rel="next"' in a.headers["link"] and 'rel="last"' in a.headers["link"], a.headers["link"]
    for odd in ("page=x", "per_page=x", "page=-1", "per_page=-1", "page=99999999999999999999999"):
        is_(s.call("GET", "/admin/users?" + odd, token=t), 400, "validation_failed", part="Bad Pagination Parameters")
    for odd in ("per_page=0", "page=0", "page=999999999", "per_page=1000000", "page=9223372036854775807&per_page=9223372036854775807"):
        a = s.call("GET", "/admin/users?" + odd, token=t)
        assert a.status in (200, 400), (odd, a.short())


@check("AP1")
def update(s, kit):
    """Admin update: metadata merges, role, confirmation, ban; a taken address is 422; an unknown user 404."""
    t, u, o = s.admin_token(), s.sign_up(), s.sign_up()
    path = "/admin/users/" + u.id
    a = is_(s.call("PUT", path, {"user_metadata": {"a": 1}, "app_metadata": {"b": 2}, "role": "editor"}, t), 200).json
    assert a["user_metadata"]["a"] == 1 and a["app_metadata"]["b"] == 2 and a["app_metadata"]["provider"] == "email" and a["role"] == "editor", a
    a = is_(s.call("PUT", path, {"user_metadata": {"a": None}}, t), 200).json
    assert "a" not in a["user_metadata"], a
    is_(s.call("PUT", path, {"email": o.email}, t), 422, "email_exists", "A user with this email address has already been registered")
    is_(s.call("PUT", path, {"ban_duration": "x"}, t), 400, "validation_failed", part="invalid format for ban duration")
    is_(s.call("PUT", path, {"password": "abc"}, t), 422, "weak_password")
    is_(s.call("POST", "/admin/users", {"email": address(), "password": "abc"}, t), 200)          # row AC6
    ours = {"email": address(), "password": "abc", "enforce_password_rules": True}
    is_(s.call("POST", "/admin/users", ours, t), 422, "weak_password", "Password should be at least 6 characters.")
    is_(s.call("POST", "/admin/users", {**ours, "password": "abcdef"}, t), 200)
    is_(s.call("PUT", "/admin/users/%s" % uuid.uuid4(), {}, t), 404, "user_not_found", "User not found")
    is_(s.call("PUT", "/admin/users/x", {}, t), 404, "validation_failed", "user_id must be an UUID")
    assert claims_of(is_(u.refreshed(), 200).json["access_token"])["role"] == "editor"


@check("AU1")
def audit(s, kit):
    """The audit log tells what a factor went through, newest first, and holds no secret and no code."""
    t = s.admin_token()
    u = mfa_user(s)
    is_(s.call("DELETE", "/factors/" + u.factor, token=u.token), 200)
    a = is_(s.call("GET", "/admin/audit?per_page=1000&query=author:" + u.email, token=t), 200)
    actions = [x["payload"]["action"] for x in a.json]
    for wanted in ("user_signedup", "factor_in_progress", "challenge_created", "verification_attempted", "factor_unenrolled"):
        assert wanted in actions, (wanted, actions)
    assert actions.index("factor_unenrolled") < actions.index("factor_in_progress"), actions
    assert u.secret not in a.raw.decode() and all(x["payload"]["actor_id"] == u.id for x in a.json)
    only = is_(s.call("GET", "/admin/audit?query=action:challenge_created", token=t), 200).json
    assert only and all(x["payload"]["action"] == "challenge_created" for x in only)
    is_(s.call("GET", "/admin/audit?query=nothing", token=t), 400, "validation_failed", "Invalid query scope: nothing")
    is_(s.call("GET", "/admin/audit?page=x", token=t), 400, "validation_failed")
    a = s.call("GET", "/admin/audit?per_page=0", token=t)
    assert a.status in (200, 400), a.short()


@check("A101", better=True)
def no_session_for_a_strangers_account(s, kit):
    """Signing up with the unconfirmed phone, or e-mail, of an account whose other address is confirmed gives no session for it."""
    t = s.admin_token()
    for confirmed, claimed in (("email", "phone"), ("phone", "email")):
        e, p = address(), "1555%07d" % (uuid.uuid4().int % 10**7)
        made = is_(s.call("POST", "/admin/users", {"email": e, "phone": p, "password": PW, confirmed + "_confirm": True}, t), 200).json
        a = s.call("POST", "/signup", {claimed: e if claimed == "email" else p, "password": "attacker's words"})
        assert a.status < 500 and not (isinstance(a.json, dict) and a.json.get("access_token")), a.short()
        assert "attacker" not in a.raw.decode()
        is_(s.call("POST", "/token?grant_type=password", {confirmed: e if confirmed == "email" else p, "password": PW}), 200)
        assert s.call("GET", "/admin/users/" + made["id"], token=t).json["id"] == made["id"]
