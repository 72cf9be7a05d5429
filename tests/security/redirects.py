#!/usr/bin/env python3
"""Redirect targets (docs/protocol/security.md S16): read as browsers read them or refused; patterns matched part by part; parameters of ours that a target cannot
double; patterns that are named at start. Mails, links and landings alike, on both engines. redirects.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import html, os, re, subprocess, sys, tempfile, urllib.parse
from rig import CONFIRM, PW, Tally, addr, binary, is_, made, on_both_engines, place

SITE = "http://localhost:3000"
LIST = ("https://*.ok.example/**,https://one.example/cb,https://{a,b}.two.example:8443/x/*,com.example.app://**,exp://192.168.1.5:8081/**,http://10.0.0.1/**,"
        "javascript:**,data:**,blob:**,file:///**,https://open.example**,https://bücher.example/**,https://[unclosed")
ENV = {"GOTRUE_URI_ALLOW_LIST": LIST, "GOTRUE_MAILER_EXTERNAL_HOSTS": "front.example"}
GOOD = [SITE + "/a?b=c", "http://localhost:9/z", "http://127.0.0.1:5/y", "http://[::1]:5/y", "https://x.ok.example/y/z.html?q=/..", "HTTPS://X.OK.example/", "https://x.ok.example:443/",
        "https://one.example/cb", "https://a.two.example:8443/x/y", "https://b.two.example:8443/x/y", "com.example.app://callback", "com.example.app://sign-in/v2?x=1",
        "exp://192.168.1.5:8081/--/cb", "https://open.example/a/b", "https://xn--bcher-kva.ok.example/"]
BAD = ["https://x.y.ok.example/", "https://x.ok.example:8443/", "http://x.ok.example/", "https://x.ok.example.evil.test/", "https://evil.test/.ok.example/", "https://evil.test?.ok.example/",
       "https://evil.test#.ok.example/", "https://evil.test\\.ok.example/", "https://evil.test/\\@x.ok.example/", "https://evil.test@x.ok.example/", "https://x.ok.example@evil.test/", "https://@x.ok.example/",
       "https://x.ok.example/a/../b", "https://x.ok.example/%2e%2e/b", "https://x.ok.example/\tb", " https://x.ok.example/", "https://x.ok.example/ ", "https:x.ok.example/", "https:/x.ok.example/",
       "https:///x.ok.example/", "//x.ok.example/", "/a", "https://x.ok.example:0/", "https://x.ok.example:65536/", "https://x.ok.example:/", "https://x.ok.example./", "https://ü.ok.example/",
       "https://x%2eok.example/", "https://one.example/cb?x", "https://one.example/cb/", "https://c.two.example:8443/x/y", "https://a.two.example:8443/x/y/z", "https://a.two.example/x/y",
       "http://10.0.0.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.0.0x1/", "http://[::ffff:127.0.0.1]/", "http://[0:0:0:0:0:0:0:1]/",
       "javascript:x", "JavaScript:x", "javascript://127.0.0.1/x", "data:text/plain,x", "blob:http://localhost:3000/x", "file:///x", "file://localhost/x", "vbscript:x", "exp://192.168.1.6:8081/x",
       "com.example.app:callback", "com.example.other://x", "https://open.example.evil.test/", "https://openxexample/", "https://localhost:3000/", "http://localhost:3000@evil.test/"]


def quoted(text):
    return urllib.parse.quote(text, safe="")


def lands(s, there="", kind="signup", token="x", headers=None):
    a = s.call("GET", "/verify?type=%s&token=%s" % (kind, token) + ("&redirect_to=" + quoted(there) if there else ""), headers=headers or {})
    assert a.status == 303, a.short()
    return a.headers["location"]


def place_of(location):
    return location.partition("#")[0]


def landings(p):
    """GET /verify: good targets as they are, by query, by header and by Referer; all else lands on the site."""
    for there in GOOD:
        assert place_of(lands(p.s, there)) == there, (there, lands(p.s, there))
        for name in ("redirect_to", "Referer"):
            assert place_of(lands(p.s, headers={name: there})) == there, (name, there)
    for there in BAD:
        assert place_of(lands(p.s, there)) == SITE, (there, lands(p.s, there))
        if there.isascii() and there == there.strip() and there.isprintable():
            for name in ("redirect_to", "Referer"):
                assert place_of(lands(p.s, headers={name: there})) == SITE, (name, there)
    assert place_of(lands(p.s, "https://x.ok.example/b ü?q= ü")) == "https://x.ok.example/b%20%C3%BC?q=%20%C3%BC"


def link_in(p, email):
    text = p.sent(email)[-1].get_body(preferencelist=("plain",)).get_content()
    return re.search(r"\w+://\S+token=\S+", text).group()


def mailed(p):
    """Mails and generate_link carry the target whole or the site, and what comes back is what was asked for, '+' and '%2F' too; no foreign host leads the link elsewhere."""
    s = p.s
    for there, want in (("https://x.ok.example/a+b%2Fc?d=e%26f&g=h", None), ("com.example.app://cb/x%20y", None), ("https://evil.test/", SITE), ("https://x.ok.example@evil.test/", SITE)):
        e = addr()
        is_(s.call("POST", "/signup?redirect_to=" + quoted(there), {"email": e, "password": PW}, headers={"X-Forwarded-Host": "evil.test"}), 200)
        link = urllib.parse.urlsplit(link_in(p, e))
        assert urllib.parse.parse_qs(link.query)["redirect_to"] == [want or there] and "evil" not in link.geturl(), link
        a = s.call("GET", "/verify?" + link.query)
        assert a.status == 303 and place_of(a.headers["location"]) == (want or there) and "access_token=" in a.headers["location"], a.headers
        for kind in ("recovery", "magiclink"):
            got = is_(s.call("POST", "/admin/generate_link", {"type": kind, "email": e, "redirect_to": there}, s.admin_token()), 200).json
            assert got["redirect_to"] == (want or there) and "evil" not in got["action_link"], got


def doubled(p):
    """What we tell an application stands in its address once: names of ours in a target's own query are left out, however written; other parameters stay."""
    s, ours = p.s, ("access_token", "refresh_token", "expires_in", "expires_at", "token_type", "provider_token", "code", "error", "error_code", "error_description")
    own = "&".join("%s=evil" % name for name in ours) + "&%61ccess_token=evil&c%6Fde=evil&err%6fr=evil&access_token&a=1&next=/x%3Fcode%3D2&&b"
    target = "https://x.ok.example/cb?" + own
    for token in ("x", "pkce_x"):
        location = lands(s, target, "magiclink", token)
        where, _, fragment = location.partition("#")
        query = urllib.parse.parse_qs(where.partition("?")[2], keep_blank_values=True)
        assert "evil" not in location and query["a"] == ["1"] and query["next"] == ["/x?code=2"] and query["b"] == [""], location
        told = urllib.parse.parse_qs(fragment)
        assert told["error_code"] == ["otp_expired"] and all(len(values) == 1 for values in {**told, **query}.values()), location
        assert ("error_code" in query) == (token != "x"), location
    e = made(s)["email"]
    link = is_(s.call("POST", "/admin/generate_link", {"type": "magiclink", "email": e, "redirect_to": target + "&type=evil&sb=evil#access_token=evil"}, s.admin_token()), 200).json
    location = lands(s, link["redirect_to"], "magiclink", link["hashed_token"])
    told = urllib.parse.parse_qs(location.partition("#")[2])
    assert "evil" not in location and location.count("#") == 1 and location.count("access_token=") == 1 and told["type"] == ["magiclink"], location
    e = addr()
    challenge = {"code_challenge": "a" * 43, "code_challenge_method": "plain"}
    is_(s.call("POST", "/signup?redirect_to=" + quoted(target), {"email": e, "password": PW, **challenge}), 200)
    a = s.call("GET", "/verify?" + urllib.parse.urlsplit(link_in(p, e)).query)
    query = urllib.parse.parse_qs(a.headers["location"].partition("?")[2])
    assert a.status == 303 and "evil" not in a.headers["location"] and len(query["code"]) == 1 and query["a"] == ["1"], a.headers
    flow = is_(s.call("POST", "/token?grant_type=pkce", {"auth_code": query["code"][0], "code_verifier": "a" * 43}), 200).json
    assert flow["user"]["email"] == e, flow


def in_mail_text(p):
    """A target in a mail's HTML is text there, and the link as a whole one address."""
    s, e, there = p.s, addr(), "https://x.ok.example/\"><script>x</script>?a='b"
    is_(s.call("POST", "/signup?redirect_to=" + quoted(there), {"email": e, "password": PW}), 200)
    page = p.sent(e)[-1].get_body(preferencelist=("html",)).get_content()
    assert "<script" not in page, page
    link = html.unescape(re.search(r'href="([^"]*token=[^"]*)"', page).group(1))
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["redirect_to"] == [there], link


def named(t):
    """check-config and the start name each pattern that allows nothing or too much, with the reason; the server starts and the others hold."""
    cases = {"https://good.example/**": None, "https://open.example**": "host open.example with the path /**", "**": "every site", "https://*example.com/**": "notexample.com", "https://*.com/**": "every name under .com",
             "https://[unclosed": "not closed", "javascript:**": "such a scheme", "https://u@h.example/": "user's name", "example.com/**": "no scheme; write https://example.com/**", "https://h.example/#/**": "never compared",
             "https://bücher.example/": "xn--", "http://192.168.1.*:3000/**": "addresses"}
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ["PATH"], "HOME": folder, "COUNTERSIGN_DATA_DIR": folder, "GOTRUE_SITE_URL": "https://app.example", "GOTRUE_URI_ALLOW_LIST": ",".join(cases)}
        got = subprocess.run([binary, "check-config"], env=env, capture_output=True, text=True)
        assert got.returncode == 0, got
        lines = [line for line in got.stderr.splitlines() if "GOTRUE_URI_ALLOW_LIST" in line]
        assert len(lines) == len(cases) - 1, lines
        for pattern, reason in cases.items():
            found = [line for line in lines if "the pattern %s " % pattern in line]
            assert bool(found) == bool(reason) and (not reason or reason in found[0]), (pattern, found)
        odd = subprocess.run([binary, "check-config"], env={**env, "GOTRUE_SITE_URL": "javascript://x"}, capture_output=True, text=True)
        assert odd.returncode and "such a scheme" in odd.stderr, odd
    with place({"GOTRUE_URI_ALLOW_LIST": ",".join(cases)}) as p:
        assert place_of(lands(p.s, "https://good.example/x")) == "https://good.example/x" and place_of(lands(p.s, "javascript:x")) == SITE


def one_engine(t, name, **more):
    with place({**CONFIRM, **ENV}, **more) as p:
        for step in (landings, mailed, doubled, in_mail_text):
            t.step("%s: %s" % (name, step.__doc__), step, p)


def main():
    t = Tally(quiet=True)
    on_both_engines(t, "redirects", one_engine, (named,))
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
