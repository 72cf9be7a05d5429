#!/usr/bin/env python3
"""Five processes on one SQLite file, set up as the official clients' own suites want theirs (COUNTERSIGN_SHARED_DATABASE):
  unconfirmed  autoconfirm off, an SMS provider without credentials;   confirmed  autoconfirm on, JWT keys of two kinds;
  closed       no sign-ups, both providers off;   rs256  RS256 signing;   prefixed  under /auth/v1, RS256, reuse interval 10 s.
What one writes the others see at once; all of them written to together: no 5xx, nothing lost, nothing double; one is killed and the rest
go on. five_processes.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import base64, json, subprocess, sys, tempfile, shutil, os, time, uuid
from hook_rig import PW, Countersign, Tally, User, addr, at_once, claims_of, default_binary, fresh_code, is_, phone
from countersign import SECRET
from wire import b64

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()


def rsa_jwk(kid, ops):
    """A private RSA key as a JWK, by openssl."""
    pem = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
    text = subprocess.run(["openssl", "rsa", "-noout", "-text"], input=pem, capture_output=True, check=True).stdout.decode()
    fields, name = {}, None
    for line in text.splitlines():
        if line.startswith(" "):
            fields[name] += line.strip().replace(":", "")
        elif ":" in line:
            name, _, rest = line.partition(":")
            fields[name] = ""
    number = lambda key: b64(int(fields[key], 16).to_bytes((int(fields[key], 16).bit_length() + 7) // 8, "big"))
    return {"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "key_ops": ops, "e": "AQAB", "n": number("modulus"), "d": number("privateExponent"), "p": number("prime1"), "q": number("prime2"),
            "dp": number("exponent1"), "dq": number("exponent2"), "qi": number("coefficient")}


def oct_jwk(kid, ops):
    return {"kty": "oct", "kid": kid, "alg": "HS256", "key_ops": ops, "k": b64(SECRET.encode())}


RSA = rsa_jwk("rsa", ["sign", "verify"])
OFF = {"GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_SMS_AUTOCONFIRM": "false"}
SETTINGS = {
    "unconfirmed": {**OFF, "GOTRUE_SMS_PROVIDER": "twilio"},
    "confirmed": {"GOTRUE_JWT_KEYS": json.dumps([oct_jwk("one", ["sign", "verify"]), {**RSA, "key_ops": ["verify"]}])},
    "closed": {"GOTRUE_DISABLE_SIGNUP": "true", "GOTRUE_EXTERNAL_EMAIL_ENABLED": "false", "GOTRUE_EXTERNAL_PHONE_ENABLED": "false"},
    "rs256": {"GOTRUE_JWT_KEYS": json.dumps([RSA, oct_jwk("one", ["verify"])])},
    "prefixed": {"GOTRUE_JWT_KEYS": json.dumps([RSA, oct_jwk("one", ["verify"])]), "GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": "10"},
}


class Five:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="countersign-five-")
        self.all = {}
        for name, env in SETTINGS.items():
            c = Countersign(binary, env={"COUNTERSIGN_SHARED_DATABASE": "true", "GOTRUE_RATE_LIMIT_EMAIL_SENT": "100000", "COUNTERSIGN_MAIL_DIR": os.path.join(self.folder, "mails"),
                                         "DATABASE_URL": "sqlite:" + os.path.join(self.folder, "shared.db"), **env})
            c.database = os.path.join(self.folder, "shared.db")
            self.all[name] = c

    def __enter__(self):
        try:
            at_once(len(self.all), lambda n: list(self.all.values())[n].start() and None)     # all five make the same new file
        except BaseException:
            self.end()
            raise
        return self

    def server(self, name):
        return self.all[name].server("/auth/v1" if name == "prefixed" else "")

    def end(self):
        for c in self.all.values():
            c.discard()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(self, *what):
        self.end()


def settings(five):
    """Each answers by its own settings."""
    s = five.server
    is_(s("closed").call("POST", "/signup", {"email": addr(), "password": PW}), 422, "signup_disabled")
    is_(s("closed").call("POST", "/token?grant_type=password", {"email": addr(), "password": PW}), 422, "email_provider_disabled")
    is_(s("closed").call("POST", "/token?grant_type=password", {"phone": phone(), "password": PW}), 422, "phone_provider_disabled")
    is_(s("unconfirmed").call("POST", "/signup", {"phone": phone(), "password": PW}), 500, "unexpected_failure", "Unable to get SMS provider")
    a = is_(s("unconfirmed").call("POST", "/signup", {"email": addr(), "password": PW}), 200).json
    assert "access_token" not in a and a["confirmation_sent_at"], a
    for name, alg, kids in (("confirmed", "HS256", {"rsa"}), ("rs256", "RS256", {"rsa"}), ("prefixed", "RS256", {"rsa"})):
        j = is_(s(name).call("POST", "/signup", {"email": addr(), "password": PW}), 200).json
        head = json.loads(base64.urlsafe_b64decode(j["access_token"].split(".")[0] + "=="))
        assert head["alg"] == alg, head
        assert {k["kid"] for k in is_(s(name).call("GET", "/.well-known/jwks.json"), 200).json["keys"]} == kids


def seen_by_all(five):
    """An account made by one signs in at the others, and its session is refreshed and ended anywhere."""
    s = five.server
    u = s("confirmed").sign_up(email=addr())
    tokens = {name: is_(s(name).sign_in(u.email, PW), 200).json for name in ("unconfirmed", "confirmed", "rs256", "prefixed")}
    for name in ("rs256", "prefixed", "confirmed"):
        for made_by in ("confirmed", "rs256", "prefixed"):
            is_(s(name).call("GET", "/user", token=tokens[made_by]["access_token"]), 200)
    refresh = tokens["confirmed"]["refresh_token"]
    for name in ("rs256", "prefixed", "unconfirmed", "confirmed", "closed"):
        refresh = is_(s(name).call("POST", "/token?grant_type=refresh_token", {"refresh_token": refresh}), 200).json["refresh_token"]
    is_(s("rs256").call("POST", "/logout?scope=global", token=tokens["prefixed"]["access_token"]), 204)
    for name in ("confirmed", "rs256", "prefixed"):
        is_(s(name).call("GET", "/user", token=tokens["confirmed"]["access_token"]), 403, "session_not_found")


def second_factor(five):
    """A factor enrolled at one is challenged at a second and verified at a third; its code is good once in all of them."""
    s = five.server
    u = s("confirmed").sign_up(email=addr())
    f = is_(s("rs256").call("POST", "/factors", {"factor_type": "totp", "friendly_name": "f"}, u.token), 200).json

    def verify(name, code, token):
        """The answer of verify, or of challenge where that refuses: the session may have ended since another one reached aal2."""
        c = s("prefixed").call("POST", "/factors/%s/challenge" % f["id"], {}, token)
        return s(name).call("POST", "/factors/%s/verify" % f["id"], {"challenge_id": c.json["id"], "code": code}, token) if c.status == 200 else c

    code = fresh_code(f["totp"]["secret"])
    j = is_(verify("confirmed", code, u.token), 200).json
    assert claims_of(j["access_token"])["aal"] == "aal2"
    low = [is_(s(name).sign_in(u.email, PW), 200).json["access_token"] for name in ("confirmed", "rs256", "prefixed")]
    for name, token in zip(("rs256", "prefixed", "confirmed"), low):
        is_(verify(name, code, token), 422, "mfa_verification_failed")
    code = fresh_code(f["totp"]["secret"])
    names = ("confirmed", "rs256", "prefixed")
    got = at_once(9, lambda n: verify(names[n % 3], code, low[n // 3]).status)
    assert sorted(got) == [200] + [422] * 8 or (got.count(200) == 1 and set(got) <= {200, 422, 403}), "one code was good more than once, or worse: %s" % got


def same_address(five):
    """One address signed up at all at the same moment: one account."""
    names = ("confirmed", "rs256", "prefixed") * 3
    for _ in range(4):
        e = addr()
        got = at_once(9, lambda n: five.server(names[n]).call("POST", "/signup", {"email": e, "password": PW}))
        assert sorted(a.status for a in got) == [200] + [422] * 8, [a.short() for a in got]
        assert five.server("rs256").sql("select count(*) from users where email = '%s'" % e) == [["1"]]


def same_refresh(five):
    """One refresh token shown to all at the same moment: no 5xx, and the session lives on."""
    names = ("confirmed", "rs256", "prefixed", "unconfirmed", "closed")
    for _ in range(4):
        u = five.server("confirmed").sign_up(email=addr())
        got = at_once(10, lambda n: five.server(names[n % 5]).call("POST", "/token?grant_type=refresh_token", {"refresh_token": u.refresh}))
        assert all(a.status == 200 for a in got), [a.short() for a in got]
        is_(five.server("rs256").call("POST", "/token?grant_type=refresh_token", {"refresh_token": got[0].json["refresh_token"]}), 200)


def all_together(five, dead=(), seconds=5):
    """Everything at once at all five for some seconds: no 5xx, and all that was answered is in the file."""
    names = [name for name in SETTINGS if name not in dead]
    end = time.monotonic() + seconds

    def work(n):
        s, done = five.server(names[n % len(names)]), []
        while time.monotonic() < end:
            if names[n % len(names)] == "closed":
                e = addr()
                done.append(is_(s.call("POST", "/admin/users", {"email": e, "password": PW, "email_confirm": True}, s.admin_token()), 200).json["id"])
                is_(s.call("GET", "/admin/users?page=1&per_page=5", token=s.admin_token()), 200)
                continue
            a = is_(s.call("POST", "/signup", {"email": addr(), "password": PW}), 200).json
            done.append(a["id"] if "id" in a else a["user"]["id"])
            if "access_token" not in a:
                continue
            u = User(s, a, a["user"]["email"], PW)
            f = is_(u.enroll(), 200).json
            u.take(is_(u.verify(f["id"], is_(u.challenge(f["id"]), 200).json["id"], fresh_code(f["totp"]["secret"])), 200).json)
            for other in names:
                j = is_(five.server(other).call("POST", "/token?grant_type=refresh_token", {"refresh_token": u.refresh}), 200).json
                assert claims_of(j["access_token"])["aal"] == "aal2", "the level was lost"
                u.refresh = j["refresh_token"]
            is_(s.call("PUT", "/user", {"data": {"n": n}}, u.token), 200)
        return done
    made = sum(at_once(2 * len(names), work), [])
    assert len(made) > 10 and len(set(made)) == len(made), len(made)
    known = {row[0] for row in five.server("rs256").sql("select lower(hex(id)) from users")}
    lost = [i for i in made if uuid.UUID(i).hex not in known]
    assert not lost, "%d of %d accounts are not in the file" % (len(lost), len(made))


def one_dies(five):
    """One is killed amid writes: the others go on at once, and it comes back."""
    five.all["prefixed"].kill()
    began = time.monotonic()
    all_together(five, dead=("prefixed",), seconds=2)
    assert time.monotonic() - began < 60
    five.all["prefixed"].start()
    is_(five.server("prefixed").call("POST", "/signup", {"email": addr(), "password": PW}), 200)


def mails_once(five):
    """Five workers share the outbox: each mail leaves once."""
    s = five.server("unconfirmed")
    people = [addr() for _ in range(20)]
    at_once(20, lambda n: is_(s.call("POST", "/signup", {"email": people[n], "password": PW}), 200))
    folder, end = os.path.join(five.folder, "mails"), time.monotonic() + 90
    while s.sql("select count(*) from outbox") != [["0"]] and time.monotonic() < end:
        time.sleep(0.2)
    texts = []
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as f:
            texts.append(f.read(4000).lower())
    counts = {e: sum(e.encode() in text for text in texts) for e in people}
    assert set(counts.values()) == {1}, counts


def not_asked_for(five):
    """A process that was not told of the others does not start beside them."""
    c = Countersign(binary, env={"DATABASE_URL": "sqlite:" + five.all["rs256"].database}, start_s=10)
    try:
        c.start()
    except Exception as e:
        assert "another" in str(e).lower() or "in use" in str(e).lower() or "lock" in str(e).lower(), str(e)
        return
    finally:
        c.discard()
    raise AssertionError("it started")


def stop_all(five):
    for c in five.all.values():
        c.stop()
    five.all["rs256"].check_db()


def main():
    t = Tally(quiet=True)
    try:
        with Five() as five:
            for step in (settings, seen_by_all, second_factor, same_address, same_refresh, all_together, mails_once, one_dies, not_asked_for, stop_all):
                t.step(step.__doc__ or "graceful ends, and a whole file", step, five)
    except Exception as e:
        t.failed += 1
        print("FAIL  %s: %s" % (type(e).__name__, e))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
