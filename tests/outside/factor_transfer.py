#!/usr/bin/env python3
"""Authenticator apps that come from another server, go to one, and whose clocks are off: factor_transfer.py [--binary FILE] [-v]

The real program and a real server, on SQLite and then on Debian's PostgreSQL: `countersign import factors` and `export factors`, codes of
other kinds, drift, `countersign admin factor show`, the log line and the metric. Ends with 'N passed, N failed'. Steps: the functions
below, in order, each on both engines; they look at one moment, so none waits for the hours in which a drift is learned: what the tables
hold of time is moved into the past instead."""
import argparse, base64, contextlib, csv, hashlib, hmac, io, json, os, pty, re, shutil, sqlite3, stat, struct, subprocess, sys, tempfile, time, urllib.parse, urllib.request, uuid
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "conformance")]
from countersign import Countersign, default_binary, free_port  # noqa: E402
from postgres import Postgres  # noqa: E402
from tally import Tally  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true")
args = p.parse_args()
STEPS, tally = [], Tally()
work = tempfile.mkdtemp(prefix="countersign-transfer-")
PASSWORD = "correct horse battery"


def step(fn):
    STEPS.append(fn)
    return fn


def b32(data):
    return base64.b32encode(data).decode().rstrip("=")


def code(secret, digest="SHA1", digits=6, period=30, off_s=0):
    counter = int((time.time() + off_s) // period)
    mac = hmac.new(secret, struct.pack(">Q", counter), getattr(hashlib, digest.lower())).digest()
    start = mac[-1] & 15
    return "%0*d" % (digits, (struct.unpack(">I", mac[start:start + 4])[0] & 0x7FFFFFFF) % 10 ** digits)


def early_in_step(period=30, margin=12):
    left = period - time.time() % period
    if left < margin:
        time.sleep(left + 0.2)


class Place:
    """One server on one engine, and the program beside it."""
    def __init__(self, engine, dsn=None, **env):
        self.engine, self.metrics = engine, free_port()
        self.c = Countersign(args.binary, env={"GOTRUE_METRICS_ENABLED": "true", "OTEL_EXPORTER_PROMETHEUS_PORT": str(self.metrics), "GOTRUE_LOG_LEVEL": "info",
                                               **({"DATABASE_URL": dsn} if dsn else {}), **env})
        self.c.start()
        self.s = self.c.server()
        self.s.dsn, self.s.sqlite = dsn, None if dsn else self.c.database
        self.ours = "countersign." if dsn else ""

    def run(self, *words, stdin=b"", stdout=subprocess.PIPE, **env):
        e = {k: v for k, v in self.c.environment().items() if k != "PORT"}
        return subprocess.run([args.binary, *words], cwd=work, env={**e, "LC_ALL": "C.UTF-8", **env}, input=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=60)

    def alone(self, *words, **more):
        """A command on the database: of a file while no server uses it."""
        if self.engine == "sqlite":
            self.c.stop()
        try:
            return self.run(*words, **more)
        finally:
            if self.engine == "sqlite":
                self.c.start()

    def change(self, statement):
        if self.s.dsn:
            self.s.sql(statement)
            return
        with contextlib.closing(sqlite3.connect(self.c.database, timeout=10)) as db, db:
            db.execute(statement)

    def close(self):
        self.c.stop()
        self.c.discard()


def ends(out, number, *texts):
    assert out.returncode == number, (out.returncode, out.stdout, out.stderr[-1500:])
    both = ((out.stdout or b"") + out.stderr).decode()
    for text in texts:
        assert text in both, (text, both[-2500:])
    return (out.stdout or b"").decode()


def write(name, text):
    path = os.path.join(work, name)
    with open(path, "w", newline="") as f:
        f.write(text)
    return path


def person(place, **more):
    return place.s.sign_up(PASSWORD, **more)


def uri(account, secret, **more):
    return "otpauth://totp/Old:%s?secret=%s%s\n" % (account, b32(secret), "".join("&%s=%s" % kv for kv in more.items()))


def prove(place, u, factor, digits):
    u.take(place.s.sign_in(u.email, PASSWORD).json)
    c = u.challenge(factor)
    assert c.status == 200, c.short()
    return u.verify(factor, c.json["id"], digits)


def factors(place, u):
    return {f["friendly_name"]: f for f in place.s.call("GET", "/admin/users/%s/factors" % u.id, token=place.s.admin_token()).json}


def forget_steps(place):
    """Codes may be used anew, and readings of a clock lie two hours back."""
    past = "now() - interval '2 hours'" if place.s.dsn else str(int((time.time() - 7200) * 1e6))
    place.change("update %sfactor_guards set last_step = 0" % place.ours)
    place.change("update %stotp_devices set read_at = %s where read_at is not null" % (place.ours, past))


@step
def kinds_that_are_imported_are_verified(place):
    """SHA256 and SHA512, 8 digits, 60 s: imported as URIs, verified, and refused in any other kind"""
    kinds = [("SHA1", 6, 30), ("SHA256", 8, 60), ("SHA512", 6, 60), ("SHA512", 8, 30), ("SHA1", 7, 120)]
    people = [(person(place), os.urandom(20 + n), *kind) for n, kind in enumerate(kinds)]
    path = write("kinds.txt", "".join(uri(u.email, secret, algorithm=a, digits=d, period=s, friendly_name="old%20phone") for u, secret, a, d, s in people))
    out = ends(place.alone("import", "factors", "--dry-run", path), 0, "5 fit, 0 already there, 0 wrong", "nothing was written, as you asked")
    assert out.count("fits: \"old phone\" of ") == 5 and "(SHA256, 8 digits, every 60 s)" in out, out
    assert all(b32(secret) not in out for _, secret, *_ in people)
    assert not any(factors(place, u) for u, *_ in people)
    ends(place.alone("import", "factors", path), 0, "5 fit, 0 already there, 0 wrong", "all that fit are imported and verified", *(["4 of them have codes of another kind"] if place.s.dsn else []))
    for u, secret, a, d, s in people:
        f = factors(place, u)["old phone"]
        assert f["status"] == "verified" and f["factor_type"] == "totp", f
        early_in_step(s)
        wrong = code(secret, a, 6 if d != 6 else 8, s)
        assert prove(place, u, f["id"], wrong).status == 422
        right = code(secret, a, d, s)
        good = prove(place, u, f["id"], right)
        assert good.status == 200, (a, d, s, good.short())
        u.take(good.json)
        assert place.s.call("GET", "/user", token=u.token).status == 200
        assert prove(place, u, f["id"], right).status == 422        # once
        said = json.loads(ends(place.alone("admin", "factor", "show", u.email, "old phone", "--config", write("none.env", ""), "--json"), 0))
        assert (said["totp"]["algorithm"], said["totp"]["digits"], said["totp"]["period"]) == (a, d, s), said


@step
def all_of_a_file_or_nothing(place):
    """One wrong row, and no row is taken; every wrong row is named, by its line, without its secret"""
    u, v, w = person(place), person(place), person(place, email="gone-%s@example.com" % uuid.uuid4().hex[:8])
    place.s.call("DELETE", "/admin/users/" + w.id, {"should_soft_delete": True}, place.s.admin_token())
    secret, known = os.urandom(20), os.urandom(20)
    ends(place.alone("import", "factors", write("one.txt", uri(v.email, known))), 0, '"Imported" of ' + v.email)
    lines = [uri(u.email, secret), uri("nobody@example.com", os.urandom(20)), uri(w.email, os.urandom(20)), uri(v.email, known), uri(u.email, secret), "half a line\n",
             uri(u.email, b"short"), uri(v.email, os.urandom(20), friendly_name="Imported"), uri(u.email, os.urandom(20), digits=10), uri("", os.urandom(20)), uri(u.email, os.urandom(20))[:50]]
    out = ends(place.alone("import", "factors", write("mixed.txt", "".join(lines))), 1, "1 fit, 2 already there, 8 wrong", "nothing was imported", "nothing of it is taken")
    for n, text in ((2, "there is no such user"), (3, "there is no such user"), (6, "no otpauth"),
                    (7, "shorter than 80 bits"), (8, "another factor of this name"), (9, "6 to 8 digits"), (10, "does not say whose"), (11, "")):
        assert re.search(r"^line %d: WRONG.*%s" % (n, text), out, re.M), (n, text, out)
    assert "line 4: already there: a factor of " + v.email in out and "line 5: already there: a factor of " + u.email in out, out
    assert b32(secret) not in out and b32(known) not in out
    assert not factors(place, u) and set(factors(place, v)) == {"Imported"}
    said = json.loads(ends(place.alone("import", "factors", "--json", write("mixed.txt", "".join(lines))), 1))
    assert said["imported"] == 0 and said["fitting"] == 1 and said["there"] == 2 and said["wrong"] == 8 and len(said["rows"]) == 11 and said["rows"][1]["result"] == "wrong", said
    for bad, number, text in ((os.path.join(work, "none"), 2, "cannot be read"), (work, 1, "cannot be read to its end"), (write("empty.txt", "\n"), 1, "no TOTP factor was found")):
        ends(place.alone("import", "factors", bad), number, text)
    ends(place.alone("import", "factors"), 2, "an argument is missing")


@step
def factors_have_their_bound(place):
    """No user gets more factors than are allowed, those of the file counted"""
    u = person(place)
    rows = "".join(uri(u.email, os.urandom(20)) for _ in range(11))
    out = ends(place.alone("import", "factors", write("many.txt", rows)), 1, "10 fit, 0 already there, 1 wrong", "more factors than are allowed")
    assert '"Imported 10"' in out and not factors(place, u), out
    ends(place.alone("import", "factors", "-", stdin="".join(rows.splitlines(True)[:10]).encode()), 0, "all that fit are imported")
    assert len(factors(place, u)) == 10


@step
def forms_of_other_servers(place):
    """Keycloak's realm, Auth0's users, Authelia's CSV: the codes of their apps are verified here"""
    u, v, w = person(place), person(place), person(place)
    a, b, c = b"keycloak keeps text!", os.urandom(20), os.urandom(32)
    keycloak = {"realm": "demo", "users": [
        {"username": "u", "email": u.email, "credentials": [
            {"type": "password", "secretData": "{}", "credentialData": "{}"},
            {"type": "otp", "userLabel": "KC phone", "secretData": json.dumps({"value": a.decode()}),
             "credentialData": json.dumps({"subType": "totp", "digits": 8, "counter": 0, "period": 30, "algorithm": "HmacSHA256"})},
            {"type": "webauthn", "secretData": "{}", "credentialData": "{}"}]},
        {"username": "without"}]}
    auth0 = [{"email": v.email, "mfa_factors": [{"totp": {"secret": b32(b)}}, {"phone": {"value": "+15551234567"}}]}]
    text = io.StringIO()
    csv.writer(text).writerows([["issuer", "username", "algorithm", "digits", "period", "secret"], ["Authelia", w.email, "SHA512", 6, 60, b32(c)]])
    ends(place.alone("import", "factors", write("realm.json", json.dumps(keycloak, indent=1))), 0, "1 fit, 0 already there, 0 wrong, 1 left out, 1 entries without", '"KC phone"', "of the kind webauthn")
    ends(place.alone("import", "factors", write("auth0.json", json.dumps(auth0))), 0, "1 fit, 0 already there, 0 wrong, 1 left out", "of the kind phone")
    ends(place.alone("import", "factors", write("authelia.csv", text.getvalue())), 0, "1 fit")
    early_in_step()
    for who, secret, kind in ((u, a, ("SHA256", 8, 30)), (v, b, ("SHA1", 6, 30)), (w, c, ("SHA512", 6, 60))):
        (f,) = factors(place, who).values()
        got = prove(place, who, f["id"], code(secret, *kind))
        assert got.status == 200, (kind, got.short())


def google(*factors, parts=1, part=0):
    """What Google Authenticator's QR code for other phones holds: (secret, name, issuer, algorithm, digits, type) each."""
    def field(tag, value):
        return bytes([tag << 3, value]) if isinstance(value, int) else bytes([tag << 3 | 2, len(value)]) + value
    message = b"".join(field(1, b"".join(field(n + 1, x.encode() if isinstance(x, str) else x) for n, x in enumerate(f))) for f in factors)
    message += field(2, 1) + field(3, parts) + field(4, part) + field(5, 77)
    return "otpauth-migration://offline?data=%s\n" % urllib.parse.quote(base64.b64encode(message).decode(), safe="")


@step
def forms_of_apps(place):
    """Google Authenticator's export in two parts, and the plain files of Aegis, 2FAS, Bitwarden and andOTP: what is no TOTP is left out and named,
    what is there is passed over, and a part that is missing is told"""
    u, v, w = person(place), person(place), person(place)
    a, b, c, d, e, f, g = (os.urandom(20) for _ in range(7))
    first = google((a, "Ex: " + u.email, "Ex", 1, 1, 2), (os.urandom(20), "x", "y", 1, 1, 1), parts=2)
    second = google((b, v.email, "", 2, 2, 2), parts=2, part=1)
    ends(place.alone("import", "factors", write("google.txt", first)), 1, "WRONG: part 2 of 2 of an export of Google Authenticator is not in it")
    ends(place.alone("import", "factors", write("google.txt", first + second)), 0, "2 fit, 0 already there, 0 wrong, 1 left out", "of the kind hotp")
    aegis = {"version": 1, "header": {"slots": None, "params": None}, "db": {"version": 3, "entries": [
        {"type": "totp", "name": w.email, "issuer": "Ex", "info": {"secret": b32(c), "algo": "SHA1", "digits": 6, "period": 30}}, {"type": "steam", "name": "x", "issuer": "Steam", "info": {"secret": "A"}}]}}
    two_fas = {"schemaVersion": 4, "services": [{"name": "Ex", "secret": b32(d), "otp": {"account": w.email, "issuer": "Ex", "tokenType": "TOTP", "algorithm": None}}]}
    bitwarden = {"encrypted": False, "items": [{"type": 2}, {"type": 1, "login": {"username": w.email, "totp": b32(e)}}, {"type": 1, "login": {"username": "x", "totp": "steam://ABC"}}]}
    andotp = [{"secret": b32(f), "issuer": "Ex", "label": "Ex:" + w.email, "type": "TOTP", "algorithm": "SHA1", "digits": 6, "period": 30}, {"secret": "A", "label": "x", "type": "HOTP"}]
    for n, (name, file, left) in enumerate((("aegis", aegis, 1), ("2fas", two_fas, 0), ("bitwarden", bitwarden, 1), ("andotp", andotp, 1))):
        path = write(name + ".json", json.dumps(file, indent=1))
        ends(place.alone("import", "factors", path), 0, "1 fit, 0 already there, 0 wrong, %d left out" % left)
        ends(place.alone("import", "factors", path), 0, "0 fit, 1 already there, 0 wrong, %d left out" % left, "there was nothing to do")
        assert len(factors(place, w)) == n + 1
    ends(place.alone("import", "factors", write("grown.csv", "email;secret;algorithm\n%s;%s;null\n%s;%s;Algorithm.sha1\n" % (w.email, b32(c), w.email, b32(g)))), 0, "1 fit, 1 already there, 0 wrong")
    ends(place.alone("import", "factors", write("sealed.json", json.dumps({**aegis, "db": "QUJD"}))), 1, "it is encrypted")
    early_in_step()
    for who, secret, kind in ((u, a, ("SHA1", 6, 30)), (v, b, ("SHA256", 8, 30))):
        (got,) = factors(place, who).values()
        assert prove(place, who, got["id"], code(secret, *kind)).status == 200


@step
def a_server_in_use(place):
    """A file that a server uses is refused; PostgreSQL has room for both"""
    u = person(place)
    out = place.run("import", "factors", write("used.txt", uri(u.email, os.urandom(20))))
    ends(out, *((3, "only one program may", "stop it first") if place.engine == "sqlite" else (0, "imported and verified")))


@step
def what_is_exported_is_read_back(place):
    """Every verified TOTP factor, readable for its owner alone, by who has the key; audited, and never onto a screen"""
    path = os.path.join(work, "out-%s.txt" % place.engine)
    before = {r[0] for r in place.s.sql("select id from %smfa_factors where factor_type = 'totp' and status = 'verified'" % ("auth." if place.s.dsn else ""))}
    u = person(place)
    unverified = u.enroll("never proved").json
    phone = place.s.call("POST", "/admin/users", {"phone": "4915112%06d" % (time.time() % 10**6), "phone_confirm": True}, place.s.admin_token()).json
    secret = os.urandom(20)
    ends(place.alone("import", "factors", write("phone.txt", uri("%2B" + phone["phone"], secret, friendly_name="a%3Ab%26c", digits=8))), 0)
    ends(place.alone("export", "factors", "--output", path), 0, "%d factors written" % (len(before) + 1))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path) as f:
        lines = f.read().splitlines()
    assert len(lines) == len(before) + 1 and all(x.startswith("otpauth://totp/localhost%203000:") for x in lines), lines[:2]
    assert not any(unverified["totp"]["secret"] in x for x in lines)
    assert [x for x in lines if "%s?" % phone["phone"] in x and "secret=" + b32(secret) in x and "digits=8" in x and "friendly_name=a%3Ab%26c" in x], lines
    ends(place.alone("export", "factors", "--output", path), 2, "it is there already")
    assert ends(place.alone("export", "factors"), 0).splitlines() == lines
    audit = place.s.call("GET", "/admin/audit?query=action:factors_exported", token=place.s.admin_token()).json
    assert len(audit) == 2 and audit[0]["payload"]["actor_username"] == "service_role", audit
    imported = place.s.call("GET", "/admin/audit?query=action:factor_imported&per_page=1", token=place.s.admin_token()).json
    assert imported[0]["payload"]["actor_username"] == phone["phone"] and imported[0]["payload"]["traits"]["admin_role"] == "service_role", imported
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
        f.write("".join(x + "\n" for x in lines))
        f.flush()
        ends(place.alone("import", "factors", "--dry-run", f.name), 0, "0 fit, %d already there, 0 wrong" % len(lines), "there was nothing to do")
    plain = ends(place.alone("export", "factors", "--no-names"), 0).splitlines()
    assert plain == [x.partition("&friendly_name=")[0] for x in lines], plain[:2]
    parent, child = pty.openpty()       # onto a screen never
    ends(place.alone("export", "factors", stdout=child), 2, "--output FILE")
    os.close(child)
    os.close(parent)


@step
def without_the_key_nothing_comes_out(place):
    """Encrypted with a key that is not at hand: the factors are named, no secret is written, exit code 1, and no code of theirs is right"""
    u, secret = person(place), os.urandom(20)
    ends(place.alone("import", "factors", write("keyed.txt", uri(u.email, secret, friendly_name="keyed"))), 0)
    sealed = json.dumps({"key_id": "gone", "alg": "aes-gcm-hkdf", "data": base64.b64encode(os.urandom(48)).decode(), "nonce": base64.b64encode(os.urandom(12)).decode()}, separators=(",", ":"))
    place.change("update %smfa_factors set secret = '%s' where friendly_name = 'keyed'" % ("auth." if place.s.dsn else "", sealed))
    text = ends(place.alone("export", "factors"), 1, "cannot be read", "are missing", "DECRYPTION_KEYS")
    assert b32(secret) not in text and text.count("otpauth://") > 5, text
    early_in_step()
    assert prove(place, u, factors(place, u)["keyed"]["id"], code(secret)).status == 500


@step
def a_slow_phone_explains_itself(place):
    """A code of a phone that is slow is refused; the log, the metric and the operator's command say by how much"""
    u, secret = person(place), os.urandom(20)
    ends(place.alone("import", "factors", write("slow.txt", uri(u.email, secret, friendly_name="slow"))), 0)
    f = factors(place, u)["slow"]["id"]
    early_in_step()
    a = prove(place, u, f, code(secret, off_s=-94))
    assert a.status == 422 and a.code == "mfa_verification_failed", a.short()
    line = [json.loads(x) for x in open(place.c.log, errors="replace") if '"wrong code: the device' in x][-1]
    assert line["factor_id"] == f and -125 < line["device_off_s"] < -75 and secret.hex() not in str(line), line
    report = place.s.call("GET", "/admin/users/%s/factors/%s" % (u.id, f), token=place.s.admin_token())
    assert report.status == 200 and report.json["totp"]["refused_ahead_s"] == line["device_off_s"] and report.json["failed_attempts"] == 1, report.short()
    text = urllib.request.urlopen("http://127.0.0.1:%d/metrics" % place.metrics).read().decode()
    assert re.search(r'^countersign_totp_clock_offset_seconds_count\{clock="slow"\} [1-9]', text, re.M) and re.search(r'^countersign_mfa_verifications_total\{result="wrong"\} [1-9]', text, re.M), text
    assert u.email not in text and f not in text
    out = ends(place.run("admin", "factor", "show", u.email, "slow", COUNTERSIGN_URL=place.c.base, COUNTERSIGN_SERVICE_KEY=place.s.admin_token()), 0, "set its time by the network")
    assert re.search(r"clock +this phone is (7[5-9]|8\d|9\d|1[01]\d|12[0-5]) s slow", out) and re.search(r"wrong codes +1 in a row", out), out
    early_in_step()
    assert prove(place, u, f, code(secret)).status == 200
    out = ends(place.run("admin", "factor", "show", u.email, f, COUNTERSIGN_URL=place.c.base, COUNTERSIGN_SERVICE_KEY=place.s.admin_token()), 0)
    assert "no sign that this phone's is off" in out and "wrong codes" not in out, out
    for path, method, status in (("/metrics", "POST", 405), ("/", "GET", 404)):
        try:
            urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:%d%s" % (place.metrics, path), method=method, data=b"x" * 100000 if method == "POST" else None))
            raise AssertionError("%s %s was answered" % (method, path))
        except urllib.error.HTTPError as e:
            assert e.code == status, e.code


@step
def a_steady_drift_is_followed(place):
    """Three codes, hours apart, at the slow side: the window moves by one step, and no further than one beside it"""
    u, secret = person(place), os.urandom(20)
    ends(place.alone("import", "factors", write("drift.txt", uri(u.email, secret, friendly_name="drift"))), 0)
    f = factors(place, u)["drift"]["id"]
    early_in_step(margin=15)
    assert prove(place, u, f, code(secret, off_s=-60)).status == 422
    for _ in range(3):
        forget_steps(place)
        assert prove(place, u, f, code(secret, off_s=-30)).status == 200
    forget_steps(place)
    report = place.s.call("GET", "/admin/users/%s/factors/%s" % (u.id, f), token=place.s.admin_token()).json
    assert report["totp"]["clock_ahead_s"] == -30, report
    early_in_step()
    for off_s, status in ((-90, 422), (-60, 200), (-30, 200), (0, 200)):
        got = prove(place, u, f, code(secret, off_s=off_s))
        assert got.status == status, (off_s, got.short())
    out = ends(place.run("admin", "factor", "show", u.email, f, COUNTERSIGN_URL=place.c.base, COUNTERSIGN_SERVICE_KEY=place.s.admin_token()), 0)
    assert "this phone is about 30 s slow" in out, out
    right = code(secret, off_s=30)      # the clock was set right and goes a little fast now: refused once, then believed
    assert [prove(place, u, f, right).status for _ in range(3)] == [422, 200, 422]
    assert place.s.call("GET", "/admin/users/%s/factors/%s" % (u.id, f), token=place.s.admin_token()).json["totp"]["clock_ahead_s"] == 0


engines = [("sqlite", lambda: Place("sqlite"))]
with Postgres() as pg:
    pg.sql("create database transfer")
    engines.append(("postgres", lambda: Place("postgres", pg.dsn("transfer"))))
    for engine, make in engines:
        place = make()
        for fn in STEPS:
            tally.step("%s: %s" % (engine, fn.__doc__), fn, place)
        tally.step(engine + ": the server stops well", place.close)
shutil.rmtree(work, ignore_errors=True)
sys.exit(tally.close())
