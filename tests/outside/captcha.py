#!/usr/bin/env python3
"""Captcha (accounts.md CP1 to CP5), with a stand-in for the provider: what it is asked, what its answers become, which requests
need it, and that a refused one leaves nothing. captcha.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import sys
from hook_rig import JSON, PW, Countersign, Tally, addr, default_binary, is_, made, rows_of
from sinks import Receiver

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
MISSING = (400, "captcha_failed", "captcha protection: request disallowed (no captcha_token found)")
BROKEN = (500, "unexpected_failure", "captcha verification process failed")
YES, NO = (200, JSON, {"success": True}), (200, JSON, {"success": False, "error-codes": ["invalid-input-response", "timeout-or-duplicate"]})


def proof(token="a token & more"):
    return {"gotrue_meta_security": {"captcha_token": token}}


def asked(s, r):
    """The provider is sent secret, response and address; the token is trimmed."""
    r.answers["/siteverify"] = YES
    r.forget()
    e = addr()
    is_(s.call("POST", "/signup", {"email": e, "password": PW, **proof(" \t a token & more\n ")}), 200)
    call, = r.seen
    assert call.form == {"secret": "captcha secret +1", "response": "a token & more", "remoteip": "127.0.0.1"}, call.form
    assert call.headers["content-type"] == "application/x-www-form-urlencoded" and call.path == "/siteverify", call.headers


def missing(s, r):
    """Without a token nobody is asked, on every route that needs one."""
    r.answers["/siteverify"] = YES
    r.forget()
    for path, body in (("/signup", {"email": addr(), "password": PW}), ("/signup", {}), ("/recover", {"email": addr()}), ("/resend", {"type": "signup", "email": addr()}), ("/magiclink", {"email": addr()}),
                       ("/otp", {"email": addr()}), ("/token?grant_type=password", {"email": addr(), "password": PW}), ("/token?grant_type=web3", {}), ("/token?grant_type=nonsense", {}), ("/token", {})):
        for more in ({}, proof(""), proof("  \n"), proof(None), {"gotrue_meta_security": {}}, {"gotrue_meta_security": None}):
            is_(s.call("POST", path, {**body, **more}), *MISSING)
    assert not r.seen, "the provider was asked"


def refused(s, r):
    """success false: 400 with the provider's codes; the request has done nothing and is not asked twice."""
    r.answers["/siteverify"] = NO
    r.forget()
    e = addr()
    text = "captcha protection: request disallowed (invalid-input-response, timeout-or-duplicate)"
    is_(s.call("POST", "/signup", {"email": e, "password": PW, **proof()}), 400, "captcha_failed", text)
    assert rows_of(s, address=e)["users"] == 0 and len(r.seen) == 1
    u = made(s)
    is_(s.call("POST", "/token?grant_type=password", {"email": u["email"], "password": PW, **proof()}), 400, "captcha_failed", text)
    assert rows_of(s, address=u["email"])["sessions"] == 0
    is_(s.call("POST", "/recover", {"email": u["email"], **proof()}), 400, "captcha_failed", text)
    assert rows_of(s, address=u["email"])["tokens"] == 0
    for answer, text in (((200, JSON, {"success": False}), "captcha protection: request disallowed ()"), ((200, JSON, {}), "captcha protection: request disallowed ()"),
                         ((200, JSON, {"success": "true", "error-codes": ["x"]}), None)):
        r.answers["/siteverify"] = answer
        a = s.call("POST", "/signup", {"email": e, "password": PW, **proof()})
        assert a.status >= 400 and a.code in ("captcha_failed", "unexpected_failure") and (text is None or a.message == text), a.short()
    assert rows_of(s, address=e)["users"] == 0


def broken(s, r):
    """No answer, a late one, one that is not JSON: 500, and nothing is done."""
    e = addr()
    for answer in (("drop", {}, b""), ("hang", {}, 3), (200, {"Content-Type": "text/html"}, b"<p>yes"), (200, JSON, b"[true]"), (500, {}, b"")):
        r.answers["/siteverify"] = answer
        is_(s.call("POST", "/signup", {"email": e, "password": PW, **proof()}), *BROKEN)
    assert rows_of(s, address=e)["users"] == 0


def not_needed(s, r):
    """Admins, refresh and PKCE exchanges, /verify, PUT /user and /invite need none."""
    r.answers["/siteverify"] = NO
    r.forget()
    admin = s.admin_token()
    u = made(s)
    r.answers["/siteverify"] = YES
    session = is_(s.call("POST", "/token?grant_type=password", {"email": u["email"], "password": PW, **proof()}), 200).json
    r.forget()
    is_(s.call("POST", "/token?grant_type=password", {"email": u["email"], "password": PW}, admin), 200)
    is_(s.call("POST", "/recover", {"email": u["email"]}, admin), 200)
    is_(s.call("POST", "/token?grant_type=refresh_token", {"refresh_token": session["refresh_token"]}), 200)
    is_(s.call("POST", "/token?grant_type=pkce", {"auth_code": "x", "code_verifier": "y"}), 404, "flow_state_not_found")
    is_(s.call("POST", "/token?grant_type=id_token", {}), 400, text="id_token required")
    is_(s.call("POST", "/verify", {"type": "signup", "email": u["email"], "token": "123456"}), 403, "otp_expired")
    is_(s.call("PUT", "/user", {"data": {"a": 1}}, session["access_token"]), 200)
    is_(s.call("POST", "/invite", {"email": addr()}, admin), 200)
    assert not r.seen, "the provider was asked"
    is_(s.call("POST", "/signup", {"email": addr(), "password": PW}, session["access_token"]), *MISSING)


def order(s, r):
    """A body that is no JSON is refused first; an invalid admin token is no excuse."""
    r.answers["/siteverify"] = YES
    r.forget()
    is_(s.call("POST", "/signup", raw=b"{"), 400, "bad_json")
    is_(s.call("POST", "/signup", raw=b""), 400, "bad_json")
    is_(s.call("POST", "/signup", {"email": addr(), "password": PW}, "x.y.z"), *MISSING)
    assert not r.seen
    is_(s.call("POST", "/signup", {"email": "x", "password": PW, **proof()}), 400, "validation_failed")
    assert len(r.seen) == 1


def without_secret():
    """No secret, or a provider that is not known: the program does not start."""
    for env in ({}, {"GOTRUE_SECURITY_CAPTCHA_SECRET": "  "}, {"GOTRUE_SECURITY_CAPTCHA_SECRET": "s", "GOTRUE_SECURITY_CAPTCHA_PROVIDER": "recaptcha"}):
        c = Countersign(binary, env={"GOTRUE_SECURITY_CAPTCHA_ENABLED": "true", **env})
        out = c.command("check-config")
        c.discard()
        assert out.returncode != 0 and "CAPTCHA" in out.stderr + out.stdout, (out.returncode, out.stderr)


def main():
    t = Tally(quiet=True)
    for provider in ("hcaptcha", "turnstile"):
        env = {"GOTRUE_SECURITY_CAPTCHA_ENABLED": "true", "GOTRUE_SECURITY_CAPTCHA_PROVIDER": provider, "GOTRUE_SECURITY_CAPTCHA_SECRET": " captcha secret +1 ", "GOTRUE_SECURITY_CAPTCHA_TIMEOUT": "1s"}
        with Receiver() as r, Countersign(binary, env={**env, "COUNTERSIGN_CAPTCHA_URL": r.url + "/siteverify"}) as c:
            for step in (asked, missing, refused, broken, not_needed, order):
                t.step("%s: %s" % (provider, step.__doc__), step, c.server(), r)

            def quiet():
                for secret in ("captcha secret", "a token & more", PW):
                    assert secret not in c.log_text(), "the log holds %r" % secret
            t.step(provider + ": no secret in the log", quiet)
    t.step(without_secret.__doc__, without_secret)
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
