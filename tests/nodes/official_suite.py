#!/usr/bin/env python3
"""A database made by the official server: official_suite.py [--only NAME,..] [--binary FILE] [-v]

official/schema.sql and people.sql beside this file are such a database, at the official server's newest known migration; versions.py takes
away what came with the later ones. Countersign runs on each, as a role that is no superuser, touches nothing of the schema auth and serves
the people in it, and goes on when an older one is brought to a newer shape. Ends with 'N passed, N failed'."""
import argparse, contextlib, hashlib, os, re, sqlite3, subprocess, sys, tempfile
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "support"), os.path.join(os.path.dirname(HERE), "conformance"), os.path.join(HERE, "official")]
from countersign import Countersign, default_binary  # noqa: E402
from postgres import Postgres  # noqa: E402
from tally import Tally, at_once  # noqa: E402
from versions import OLDEST, OWNER, TOO_OLD, UNDO, before, brought_up, made, official  # noqa: E402
from wire import User, b64, claims_of, totp, wait_for_fresh_step  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--only"); p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true")
args = p.parse_args()
args.binary = os.path.abspath(args.binary)
STEPS, tally = [], Tally()
PASSWORD, SECRET = "bench-password-1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
ident = lambda n, kind="00": "00000000-0000-4000-8000-00000000%s%02d" % (kind, n)
FACTOR = ident(4, "f0")


KEYS = {"GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED": "true", "GOTRUE_MFA_WEB_AUTHN_VERIFY_ENABLED": "true", "GOTRUE_WEBAUTHN_RP_ID": "localhost",
        "GOTRUE_WEBAUTHN_RP_ORIGINS": "http://localhost:3000", "GOTRUE_WEBAUTHN_RP_DISPLAY_NAME": "Shapes", "GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": "0"}
NO_COUNTERS, NO_DATA = before("20251007112900"), before("20250925093508")


def step(fn):
    STEPS.append(fn)
    return fn


class Serving(Countersign):
    def __init__(self, pg, dsn, **env):
        super().__init__(args.binary, env={"DATABASE_URL": dsn, "GOTRUE_DISABLE_SIGNUP": "false", **KEYS, **env})
        self.superuser = dsn.replace(OWNER + "@", "postgres@")

    def server(self):
        s = super().server()
        s.dsn, s.sqlite = self.superuser, None
        return s


def want(answer, status, code=None):
    assert answer.status == status and (code is None or answer.code == code), (status, code, answer.short())
    return answer


def verified(s, u, factor=FACTOR):
    c = want(u.challenge(factor), 200).json["id"]
    wait_for_fresh_step()
    return u.take(want(u.verify(factor, c, totp(SECRET)), 200).json)


def serves_people(s):
    """What the people of people.sql can do, and cannot."""
    for n, who in ((1, "ada"), (2, "ben"), (3, "cid"), (4, "dot")):
        u = User(s, want(s.sign_in(who + "@example.com", PASSWORD), 200).json, who, PASSWORD)
        assert u.id == ident(n) and claims_of(u.token)["aal"] == "aal1", (who, u.id)
        want(s.call("GET", "/user", token=u.token), 200)
        u.take(want(u.refreshed(), 200).json)
        want(s.call("PUT", "/user", {"data": {"seen": True}}, u.token), 200)
    want(s.sign_in("ada@example.com", PASSWORD + "x"), 400, "invalid_credentials")
    want(s.sign_in("ike@example.com", PASSWORD), 400, "user_banned")
    for who in ("Zm9yZ290dGVuIGFkZHJlc3M", "nobody@example.com"):
        assert s.sign_in(who, PASSWORD).status == 400, who
    dot = verified(s, User(s, want(s.sign_in("dot@example.com", PASSWORD), 200).json, "dot@example.com", PASSWORD))
    assert claims_of(dot.token)["aal"] == "aal2" and len(s.call("GET", "/user", token=dot.token).json["factors"]) == 1   # the unverified one went
    phone = want(s.call("POST", "/token?grant_type=password", {"phone": "15550100", "password": PASSWORD}), 200).json
    assert phone["user"]["id"] == ident(10) and phone["user"]["factors"][0]["factor_type"] == "phone"


def serves_tokens(s):
    """Refresh tokens of version 1, and a code that was mailed before."""
    a = want(s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": "dotnewtoken0"}), 200).json
    claims = claims_of(a["access_token"])
    assert (claims["session_id"], claims["aal"]) == (ident(4, "a1"), "aal2") and {m["method"] for m in claims["amr"]} == {"password", "totp"}, claims
    low = want(s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": "dotlowtoken0"}), 200).json
    assert claims_of(low["access_token"])["aal"] == "aal1"
    want(s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": "dotoldtoken0"}), 400, "refresh_token_already_used")
    anon = want(s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": "anontoken000"}), 200).json
    assert anon["user"]["is_anonymous"] and claims_of(anon["access_token"])["is_anonymous"]
    body = {"type": "recovery", "email": "eve@example.com", "token": "123456"}
    want(s.call("POST", "/verify", {**body, "token": "654321"}), 403, "otp_expired")
    assert want(s.call("POST", "/verify", body), 200).json["user"]["id"] == ident(5)
    want(s.call("POST", "/verify", body), 403, "otp_expired")


def serves_newcomers(s):
    """The ways that write each table: sign-up, enrollment, PKCE, a phone's code, an anonymous user, an admin's list and deletion."""
    u = s.sign_up(PASSWORD)
    e = want(u.enroll(), 200).json
    wait_for_fresh_step()
    c = want(u.challenge(e["id"]), 200).json["id"]
    u.take(want(u.verify(e["id"], c, totp(e["totp"]["secret"])), 200).json)
    want(s.call("POST", "/signup", {}), 200)
    verifier = b64(os.urandom(40))
    challenge = b64(hashlib.sha256(verifier.encode()).digest())
    want(s.call("POST", "/recover", {"email": u.email, "code_challenge": challenge, "code_challenge_method": "s256"}), 200)
    link = s.sql("select token_hash from auth.one_time_tokens where user_id = '%s' and token_type = 'recovery_token'" % u.id)[0][0]
    a = want(s.call("GET", "/verify?type=recovery&token=" + link), 303)
    code = re.search("[?&]code=([^&#]+)", a.headers["location"]).group(1)
    want(s.call("POST", "/token?grant_type=pkce", {"auth_code": code, "code_verifier": verifier}), 200)
    listed = want(s.call("GET", "/admin/users?per_page=100", token=s.admin_token()), 200).json["users"]
    assert {x["id"] for x in listed} >= {ident(n) for n in (1, 2, 3, 4, 5, 7, 8, 9, 10)}, len(listed)
    want(s.call("GET", "/admin/users/%s/factors" % ident(4), token=s.admin_token()), 200)
    want(u.server.call("DELETE", "/factors/" + e["id"], token=u.token), 200)
    want(s.call("DELETE", "/admin/users/" + u.id, token=s.admin_token()), 200)
    want(s.call("POST", "/logout?scope=global", token=s.sign_up(PASSWORD).token), 204)


def at(s, u):
    u.server = s
    return u


def renewed(s, u):
    u.take(want(at(s, u).refreshed(), 200).json)


def serves_refresh(s, version):
    """Rotation, and the end of all of a session's tokens when an old one is shown again."""
    u = s.sign_up(PASSWORD)
    rows = lambda: int(s.sql("select count(*) from auth.refresh_tokens where session_id = '%s'" % u.session_id)[0][0])
    old = u.refresh
    assert rows() == (1 if version == 1 else 0), (version, rows())
    renewed(s, u)
    renewed(s, u)
    assert rows() == (3 if version == 1 else 0), (version, rows())
    want(u.refreshed(old), 400, "refresh_token_already_used")
    assert u.refreshed().status == 400, "the newest token of a session whose old one was shown again"


def serves_key(s):
    """A WebAuthn factor, from its enrollment to sign-ins with it: one step of interop.py."""
    base = "http://%s:%d" % (s.host, s.port)
    out = subprocess.run([sys.executable, "-B", os.path.join(os.path.dirname(HERE), "conformance", "interop.py"), "--a", base, "--b", base, "--secret", s.secret,
                          "--dsn", s.dsn, "--only", "security_key"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert out.returncode == 0 and out.stdout.endswith("2 passed, 0 failed\n"), out.stdout + out.stderr


def untouched(pg, name):
    """What nobody used here must be as it was: the soft-deleted user, the one of SSO, the list of migrations."""
    return pg.sql("select u::text from auth.users u where id in ('%s', '%s') order by id; select i::text from auth.identities i where provider like 'sso:%%'; "
                  "select version from auth.schema_migrations order by 1" % (ident(6), ident(7)), name)


@step
def the_newest_shape_is_served_and_left_alone(pg):
    dsn = made(pg, "newest")
    auth, rows = pg.dump("newest", "-n", "auth"), untouched(pg, "newest")
    with Serving(pg, dsn) as c:
        s = c.server()
        serves_tokens(s)
        serves_people(s)
        serves_newcomers(s)
        serves_refresh(s, 2)
        serves_key(s)
        assert "no place for" not in c.log_text() + c.command("migrate").stdout + c.command("check-db").stdout
    assert pg.dump("newest", "-n", "auth") == auth
    assert untouched(pg, "newest") == rows
    schemas = [r[0] for r in pg.sql("select nspname from pg_namespace where nspname !~ '^pg_' order by 1", "newest")]
    assert schemas == ["auth", "countersign", "information_schema", "public"], schemas
    nulls = pg.sql("select count(*) from auth.users where id <> '%s' and (instance_id is null or aud is null or role is null or confirmation_token is null or "
                   "recovery_token is null or email_change is null or phone_change is null or reauthentication_token is null)" % ident(3), "newest")
    assert nulls == [["0"]], nulls


@step
def every_older_shape_is_served_and_left_alone(pg):
    for n in range(1, len(UNDO) + 1):
        name = "before%s" % UNDO[n - 1][0]
        dsn = made(pg, name, UNDO[:n])
        assert pg.sql("select max(version) from auth.schema_migrations", name) == [[UNDO[n][0] if n < len(UNDO) else OLDEST]]
        auth = pg.dump(name, "-n", "auth")
        with Serving(pg, dsn, GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION="2" if n % 2 else "1") as c:
            s = c.server()
            serves_tokens(s)
            serves_people(s)
            serves_newcomers(s)
            serves_refresh(s, 2 if n % 2 and n < len(NO_COUNTERS) else 1)
            serves_key(s)
        assert pg.dump(name, "-n", "auth") == auth, name


@step
def a_shape_without_columns_is_said_once(pg):
    """At the start of a server, by `migrate` and by `check-db`; the setting of version 2 does not help."""
    for name, undo, both in (("nocounters", NO_COUNTERS, False), ("nodata", NO_DATA, True)):
        dsn = made(pg, name, undo)
        with Serving(pg, dsn, GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION="2", GOTRUE_SECURITY_REFRESH_TOKEN_UPGRADE_PERCENTAGE="100",
                     GOTRUE_DB_MAX_POOL_SIZE="4") as c:
            s = c.server()
            at_once(8, lambda n: s.sign_up(PASSWORD))              # on more connections than the first
            u = User(s, want(s.sign_in("ada@example.com", PASSWORD), 200).json, "ada@example.com", PASSWORD)
            a = want(u.refreshed(), 200)
            assert "sb-auth-refresh-token-prefix" in a.headers and "sb-auth-refresh-token-counter" not in a.headers, a.headers
            said = [c.log_text(), c.command("migrate").stdout, c.command("check-db").stdout]
        for text in said:
            assert text.count("has no place for refresh tokens of version 2 (those of version 1 are used") == 1, text
            assert ("last answers of WebAuthn keys" in text) == both and undo[-1][0] not in text and text.count("20260625000000 with that server") == 1, text


@step
def logins_go_on_when_the_shape_becomes_newer(pg):
    """The official server brings an older database to its newest migration while one node runs; another is restarted, and the first later."""
    dsn = made(pg, "growing", UNDO)
    with Serving(pg, dsn) as one, Serving(pg, dsn) as two:
        a, b = one.server(), two.server()
        early = [a.sign_up(PASSWORD) for _ in range(3)]
        for u in early:
            renewed(a, u)
        idle, moved, raised = early
        e = want(raised.enroll(), 200).json
        brought_up(pg, "growing")
        for u in early[1:]:
            renewed(b, u)
        renewed(a, moved)
        one.restart()
        a = one.server()                                              # now it knows the new columns, and two does not
        assert one.log_text().count("has no place for") == 1
        for u in (idle, moved):
            renewed(a, u)
            renewed(b, u)
        new = a.sign_up(PASSWORD)
        assert a.sql("select refresh_token_counter from auth.sessions where id = '%s'" % new.session_id) == [["0"]]
        for server, counter in ((b, "1"), (a, "2"), (b, "3")):
            renewed(server, new)
            assert a.sql("select refresh_token_counter from auth.sessions where id = '%s'" % new.session_id) == [[counter]]
        second = want(at(b, new).enroll(), 200).json
        for u, f in ((raised, e), (new, second)):
            wait_for_fresh_step()
            c = want(at(b, u).challenge(f["id"]), 200).json["id"]
            u.take(want(at(b, u).verify(f["id"], c, totp(f["totp"]["secret"])), 200).json)
            renewed(a, u)
            assert claims_of(u.token)["aal"] == "aal2"
        stolen = a.sign_up(PASSWORD)
        old = stolen.refresh
        renewed(b, stolen)
        renewed(b, stolen)
        want(stolen.refreshed(old), 400, "refresh_token_already_used")
        assert a.sql("select count(*) from auth.sessions where id = '%s'" % stolen.session_id) == [["0"]]
        two.restart()
        b = two.server()
        for u in (idle, moved, raised):
            renewed(b, u)
        serves_refresh(b, 2)
        serves_key(b)
        assert two.log_text().count("has no place for") == 1


@step
def copies_to_and_from_an_older_shape(pg):
    """A login is copied or the copy is refused; what the target has no place for is named."""
    def copy(source, target):
        return subprocess.run([args.binary, "copy", "--from", source, "--to", target], cwd=folder, env=c.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-shapes-"))
    lite = lambda name: "sqlite:" + os.path.join(folder, name)
    c = Serving(pg, lite("v1.db"), GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION="1", GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPT="false")
    c.database = os.path.join(folder, "v1.db")
    with c:
        s = Countersign.server(c)
        u = s.sign_up(PASSWORD)
        renewed(s, u)
    with contextlib.closing(sqlite3.connect(c.database)) as db, db:
        db.execute("insert into mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, last_webauthn_challenge_data) "
                   "select randomblob(16), id, 'k', 'webauthn', 'verified', 1, 1, '', '{}' from users limit 1")
    empty = made(pg, "target", UNDO)
    pg.sql("truncate auth.users, auth.audit_log_entries cascade", "target")
    auth = pg.dump("target", "-n", "auth")
    out = copy(lite("v1.db"), empty)
    assert out.returncode == 0 and "Left behind" in out.stdout and "last_webauthn_challenge_data of 1 factors" in out.stdout, (out.stdout, out.stderr)
    assert pg.dump("target", "-n", "auth") == auth
    with Serving(pg, empty) as there:
        renewed(there.server(), u)
        assert len(want(there.server().call("GET", "/user", token=u.token), 200).json["factors"]) == 1
    out = copy(empty, lite("back.db"))
    assert out.returncode == 0 and "Left behind" not in out.stdout, (out.stdout, out.stderr)
    with Countersign(args.binary, env={"DATABASE_URL": lite("back.db"), "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPT": "false"}) as back:
        s = back.server()
        renewed(s, u)
        s.sign_up(PASSWORD)                                           # with a token of version 2
    pg.sql("truncate auth.users, auth.audit_log_entries cascade; truncate countersign.facts, countersign.sign_in_networks", "target")
    out = copy(lite("back.db"), empty)
    assert out.returncode == 1 and "1 sessions of the source use refresh tokens of version 2" in out.stderr and "nothing was copied" in out.stderr, (out.stdout, out.stderr)
    assert pg.sql("select count(*) from auth.users", "target") == [["0"]] and pg.dump("target", "-n", "auth") == auth
    brought_up(pg, "target")
    out = copy(lite("back.db"), empty)
    assert out.returncode == 0, (out.stdout, out.stderr)
    assert pg.sql("select count(*) from auth.sessions where refresh_token_counter = 0", "target") == [["1"]]


@step
def what_only_the_official_server_has_is_named_on_each_shape(pg):
    """What a copy to SQLite leaves behind, where the tables of passkeys or OAuth are not there yet."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-shapes-"))
    for name, undo, words in (("behind1", before("20260302000000"), ("1 of auth.sessions of OAuth clients", "1 of auth.sso_providers", "1 of auth.oauth_clients")),
                              ("behind2", UNDO, ("1 of auth.sso_providers",))):
        dsn = made(pg, name, undo)
        pg.sql("insert into auth.sso_providers (id) values (gen_random_uuid())", name)
        if "OAuth" in words[0]:
            pg.sql("insert into auth.oauth_clients (id, registration_type, redirect_uris, grant_types, token_endpoint_auth_method) values (gen_random_uuid(), 'manual', '', '', 'none');"
                   "insert into auth.sessions (id, user_id, created_at, updated_at, oauth_client_id) select gen_random_uuid(), '%s', now(), now(), id from auth.oauth_clients" % ident(1), name)
        c = Serving(pg, dsn)
        try:
            assert c.command("migrate").returncode == 0
            out = c.command("copy", "--from", dsn, "--to", "sqlite:%s/%s.db" % (folder, name), timeout=120)
        finally:
            c.discard()
        assert out.returncode == 0 and re.search("Left behind.*: (.*)", out.stdout).group(1).split(", ") == list(words), (out.stdout, out.stderr)


@step
def shapes_that_are_too_old_or_unknown_are_refused(pg):
    def refused(name, *words):
        c = Serving(pg, pg.dsn(name, OWNER))
        try:
            for command in (("migrate",), ("serve", "--once")):
                out = c.command(*command, timeout=40)
                assert out.returncode > 0 and all(w in out.stderr for w in words), (command, out.returncode, out.stderr)
        finally:
            c.discard()
        assert pg.sql("select to_regnamespace('countersign') is null", name) == [["t"]]
    made(pg, "tooold", UNDO + [TOO_OLD])
    refused("tooold", "auth.m", ".web_authn_", "20240806073726", "20260625000000", "nothing was changed")
    made(pg, "halved")                                       # what its list of migrations says must be there is not
    pg.sql("alter table auth.sessions drop column refresh_token_counter", "halved")
    refused("halved", "auth.sessions.refresh_token_counter", "nothing was changed")
    made(pg, "toonew")
    pg.sql("create table auth.of_tomorrow (id uuid); insert into auth.schema_migrations values ('20270203040506')", "toonew")
    refused("toonew", "20270203040506", "start a newer Countersign", "nothing was changed")
    made(pg, "noright")
    pg.sql("revoke create on database noright from %s" % OWNER, "noright")
    refused("noright", "may not make the schema countersign", "GRANT CREATE ON DATABASE noright TO %s;" % OWNER, "nothing was changed")


@step
def countersign_made_shape_has_what_the_official_one_has(pg):
    """Each table, column, type, default, index and function of schema.sql is in the schema that Countersign makes itself."""
    dsn = pg.create("ours")
    c = Countersign(args.binary, env={"DATABASE_URL": dsn})
    try:
        assert c.command("migrate").returncode == 0
    finally:
        c.discard()
    made(pg, "theirs")
    facts = ("select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, regexp_replace(pg_get_expr(d.adbin, d.adrelid), '(::\\w+)|auth\\.', '', 'g') "
             "from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum "
             "where c.relnamespace = 'auth'::regnamespace and c.relkind = 'r' and a.attnum > 0 and c.relname <> 'schema_migrations' and not a.attisdropped; "
             "select regexp_replace(indexdef, 'INDEX \\w+_(pkey|key\\d*) ', 'INDEX ') from pg_indexes where schemaname = 'auth' and tablename <> 'schema_migrations'; "
             "select proname, prorettype::regtype, provolatile from pg_proc where pronamespace = 'auth'::regnamespace; "
             "select t.typname, string_agg(enumlabel, ',' order by enumsortorder) from pg_enum e join pg_type t on t.oid = e.enumtypid group by 1; "
             "select relname, relrowsecurity from pg_class where relnamespace = 'auth'::regnamespace and relkind = 'r' and relrowsecurity; "
             "select version from auth.schema_migrations")
    ours, theirs = ({tuple(r) for r in pg.sql(facts, n)} for n in ("ours", "theirs"))
    assert not theirs - ours, sorted(theirs - ours)[:8]


with Postgres() as pg, contextlib.ExitStack() as stack:
    official(pg)
    for one in STEPS:
        if not args.only or one.__name__ in args.only.split(","):
            tally.step(one.__name__.replace("_", " "), one, pg)
sys.exit(tally.close())
