#!/usr/bin/env python3
"""A database made by the official server: official_suite.py [--only NAME,..] [--binary FILE] [-v]

official/schema.sql and people.sql beside this file are such a database, at the official server's newest known migration; versions.py takes
away what came with the later ones. Countersign runs on each, as a role that is no superuser, touches nothing of the schema auth and serves
the people in it. Ends with 'N passed, N failed'."""
import argparse, base64, hashlib, os, re, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "support"), os.path.join(os.path.dirname(HERE), "conformance"), os.path.join(HERE, "official")]
from countersign import Countersign, default_binary  # noqa: E402
from postgres import Postgres  # noqa: E402
from tally import Tally  # noqa: E402
from versions import OLDEST, TOO_OLD, UNDO  # noqa: E402
from wire import User, b64, claims_of, totp, wait_for_fresh_step  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--only"); p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true")
args = p.parse_args()
STEPS, tally = [], Tally()
PASSWORD, SECRET = "bench-password-1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
ident = lambda n, kind="00": "00000000-0000-4000-8000-00000000%s%02d" % (kind, n)
FACTOR = ident(4, "f0")
OWNER = "supabase_auth_admin"


def step(fn):
    STEPS.append(fn)
    return fn


def text(name):
    with open(os.path.join(HERE, "official", name), encoding="utf8") as f:
        return f.read()


def made(pg, name, undo=()):
    """A database of that name as the official server leaves it, without what the migrations of `undo` brought."""
    pg.sql('create database "%s" template official; grant create on database "%s" to %s; alter role %s in database "%s" set search_path = auth'
           % (name, name, OWNER, OWNER, name))
    for version, statements in undo:
        pg.sql("%s; delete from auth.schema_migrations where version = '%s'" % (statements, version), name)
    return pg.dsn(name, OWNER)


class Serving(Countersign):
    def __init__(self, pg, dsn, **env):
        super().__init__(args.binary, env={"DATABASE_URL": dsn, "GOTRUE_DISABLE_SIGNUP": "false", **env})
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
    """The ways that write each table: sign-up, enrolment, PKCE, a phone's code, an anonymous user, an admin's list and deletion."""
    u = s.sign_up(PASSWORD)
    e = want(u.enroll(), 200).json
    wait_for_fresh_step()
    c = want(u.challenge(e["id"]), 200).json["id"]
    u.take(want(u.verify(e["id"], c, totp(e["totp"]["secret"])), 200).json)
    want(s.call("POST", "/signup", {}), 200)
    verifier = b64(os.urandom(40))
    challenge = b64(hashlib.sha256(verifier.encode()).digest())
    want(s.call("POST", "/recover", {"email": u.email, "code_challenge": challenge, "code_challenge_method": "s256"}), 200)
    link = s.sql("select recovery_token from auth.users where id = '%s'" % u.id)[0][0]
    a = want(s.call("GET", "/verify?type=recovery&token=" + link), 303)
    code = re.search("[?&]code=([^&#]+)", a.headers["location"]).group(1)
    want(s.call("POST", "/token?grant_type=pkce", {"auth_code": code, "code_verifier": verifier}), 200)
    listed = want(s.call("GET", "/admin/users?per_page=100", token=s.admin_token()), 200).json["users"]
    assert {x["id"] for x in listed} >= {ident(n) for n in (1, 2, 3, 4, 5, 7, 8, 9, 10)}, len(listed)
    want(s.call("GET", "/admin/users/%s/factors" % ident(4), token=s.admin_token()), 200)
    want(u.server.call("DELETE", "/factors/" + e["id"], token=u.token), 200)
    want(s.call("DELETE", "/admin/users/" + u.id, token=s.admin_token()), 200)
    want(s.call("POST", "/logout?scope=global", token=s.sign_up(PASSWORD).token), 204)


def untouched(pg, name):
    """What nobody used here must be as it was: the soft-deleted user, the one of SSO, the list of migrations."""
    return pg.sql("select u::text from auth.users u where id in ('%s', '%s') order by id; select i::text from auth.identities i where provider like 'sso:%%'; "
                  "select version from auth.schema_migrations order by 1" % (ident(6), ident(7)), name)


@step
def the_newest_shape_is_served_and_left_alone(pg):
    dsn = made(pg, "newest")
    before, rows = pg.dump("newest", "-n", "auth"), untouched(pg, "newest")
    with Serving(pg, dsn) as c:
        s = c.server()
        serves_tokens(s)
        serves_people(s)
        serves_newcomers(s)
    assert pg.dump("newest", "-n", "auth") == before
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
        before = pg.dump(name, "-n", "auth")
        with Serving(pg, dsn, GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION="2" if n % 2 else "1") as c:
            s = c.server()
            serves_tokens(s)
            serves_people(s)
            serves_newcomers(s)
        assert pg.dump(name, "-n", "auth") == before, name


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
    refused("tooold", "auth.sessions.refresh_token", UNDO and "20250925093508", "20260625000000", "nothing was changed")
    made(pg, "toonew")
    pg.sql("create table auth.of_tomorrow (id uuid); insert into auth.schema_migrations values ('20270203040506')", "toonew")
    refused("toonew", "20270203040506", "start a newer Countersign", "nothing was changed")
    made(pg, "noright")
    pg.sql("revoke create on database noright from %s" % OWNER, "noright")
    refused("noright", "schema countersign could not be made", "let the role of DATABASE_URL create schemas")


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


with Postgres() as pg:
    pg.create("official")
    pg.sql(text("schema.sql"), "official")
    pg.sql(text("people.sql"), "official")
    for one in STEPS:
        if not args.only or one.__name__ in args.only.split(","):
            tally.step(one.__name__.replace("_", " "), one, pg)
sys.exit(tally.close())
