"""The mfa commands: enrollment with the QR code read back, verification, levels, removal."""
import glob, json, os, re, subprocess, time
from bench import PASSWORD, App, Home, Server
from terminal import DARK, LIGHT, Terminal, read_qr

STATE = {}


def person(server, name):
    """Somebody new, signed in."""
    email = name + "@example.com"
    Home(server, "admin-" + name).with_service_key().run("admin", "user", "create", email, stdin=PASSWORD + "\n").ok()
    return Home(server, name).sign_in(email)


def case_enroll_in_terminal(server):
    """mfa enroll draws a QR code that a reader reads to the exact Key URI, on dark and on light; the code is verified"""
    h = STATE["ada"] = person(server, "ada")
    t = Terminal([server.binary, "mfa", "enroll", "--name", "phone", "--issuer", "Example"], h.env)
    t.expect("Code that the app shows: ")
    shown = t.output
    for theme in (DARK, LIGHT):
        assert read_qr(shown, theme).startswith("otpauth://totp/"), "no QR code was read on %s: %s" % (theme, shown[-300:])
    uri = read_qr(shown, DARK)
    assert uri == read_qr(shown, LIGHT)
    secret = re.search(r"type in instead: ([A-Z2-7 ]+)", shown).group(1).replace(" ", "")
    assert uri == "otpauth://totp/Example:ada@example.com?algorithm=SHA1&digits=6&issuer=Example&period=30&secret=" + secret, uri
    STATE["app"] = app = App(secret)
    t.send(app.code())
    assert t.wait() == 0, t.output
    assert "Verified with phone: the session is at level aal2." in t.output, t.output


def case_uri_is_the_servers(server):
    """the QR code in the terminal is the uri that the server sent, byte for byte"""
    h = person(server, "una")
    made = h.run("mfa", "enroll", "--name", "first", "--json").ok().json
    assert made["type"] == "totp" and made["totp"]["uri"].startswith("otpauth://totp/") and "<svg" in made["totp"]["qr_code"], made
    t = Terminal([server.binary, "mfa", "enroll", "--name", "sec\u00f6nd", "--no-verify"], h.env)
    assert t.wait() == 0, t.output
    uri = read_qr(t.output, DARK)
    secret = re.search(r"type in instead: ([A-Z2-7 ]+)", t.output).group(1).replace(" ", "")
    assert uri == made["totp"]["uri"].replace(made["totp"]["secret"], secret), (uri, made["totp"]["uri"])
    assert "Next: countersign mfa challenge-and-verify" in t.output and len(secret) == 32


def in_tmux(server, h, columns, rows, words, until):
    """What stands on a screen of tmux, with its colours, once `until` does."""
    tmux = ["tmux", "-L", "countersign-cli-%d" % os.getpid(), "-f", "/dev/null"]
    env = {**h.env, "TMUX_TMPDIR": h.path}
    try:
        subprocess.run(tmux + ["new-session", "-d", "-x", str(columns), "-y", str(rows), "%s %s; sleep 60" % (server.binary, words)], env=env, check=True)
        end, screen = time.monotonic() + 90, ""
        while until not in screen and time.monotonic() < end:
            time.sleep(0.2)
            screen = subprocess.run(tmux + ["capture-pane", "-e", "-p"], env=env, stdout=subprocess.PIPE, check=True).stdout.decode()
    finally:
        subprocess.run(tmux + ["kill-server"], env=env)
    assert until in screen, screen
    return screen


def case_enroll_in_tmux(server):
    """the same in tmux, whose screen is read back with its colours"""
    screen = in_tmux(server, person(server, "tom"), 100, 50, "mfa enroll --no-verify", "Next: countersign")
    for theme in (DARK, LIGHT):
        assert read_qr(screen, theme).startswith("otpauth://totp/"), "no QR code was read in tmux"


def case_enroll_on_80_by_24(server):
    """on 80 by 24 the whole code stands above the prompt: smaller, its URI without what apps take for granted"""
    screen = in_tmux(server, person(server, "tim"), 80, 24, "mfa enroll", "Code that the app shows:")
    for theme in (DARK, LIGHT):
        uri = read_qr(screen, theme)
        assert re.fullmatch(r"otpauth://totp/localhost%203000:tim@example.com\?issuer=localhost%203000&secret=[A-Z2-7]{32}", uri), (uri, screen)
    assert "lines and the terminal" not in screen, screen


def case_too_low_a_terminal(server):
    """where even the smaller code is too high the person is told so before it"""
    h = person(server, "lou")
    t = Terminal(["/bin/sh", "-c", 'stty rows 15; "$0" mfa enroll --no-verify', server.binary], h.env)
    assert t.wait() == 0
    assert re.search(r"The QR code has \d+ lines and the terminal 15: make it higher", t.output.partition("Scan this")[0]), t.output
    assert read_qr(t.output, DARK).startswith("otpauth://totp/")


def case_terminals_that_show_less(server):
    """NO_COLOR, TERM=dumb and no UTF-8 get a code without colours, or without blocks, or the secret alone"""
    h = person(server, "les")
    for name, env, plain, ascii_only in (("nc", {"NO_COLOR": "1"}, True, False), ("dumb", {"TERM": "dumb"}, True, False), ("latin", {"LC_ALL": "", "LANG": "de_DE.ISO-8859-1"}, False, True)):
        t = Terminal([server.binary, "mfa", "enroll", "--name", name, "--no-verify"], {**h.env, **env}, rows=70, columns=130)
        assert t.wait() == 0, t.output
        assert ("\x1b" not in t.output) == plain and t.output.isascii() == ascii_only, (name, t.output)
        assert ("light letters on a dark ground" in t.output) == plain
        for theme in (DARK,) if plain else (DARK, LIGHT):
            assert read_qr(t.output, theme).startswith("otpauth://totp/"), (name, t.output)
    t = Terminal([server.binary, "mfa", "enroll", "--name", "neither", "--no-verify"], {**h.env, "TERM": "dumb", "LC_ALL": "C"})
    assert t.wait() == 0 and t.output.isascii() and "\x1b" not in t.output and "can show no QR code" in t.output and "type in instead" in t.output, t.output


def case_narrow_terminal(server):
    """a terminal too narrow for the code gets the secret and is told how wide it must be"""
    h = person(server, "nan")
    t = Terminal([server.binary, "mfa", "enroll", "--no-verify"], h.env, columns=120)
    t.wait()
    t = Terminal(["/bin/sh", "-c", 'stty cols 40; "$0" mfa enroll --name two --no-verify', server.binary], h.env)
    assert t.wait() == 0
    assert "too narrow" in t.output and "Secret" in t.output and "\u2588" not in t.output, t.output


def case_wrong_code_may_be_repeated(server):
    """at the prompt a wrong code may be tried again"""
    h = person(server, "wes")
    t = Terminal([server.binary, "mfa", "enroll"], h.env)
    t.expect("Code that the app shows: ")
    app = App(re.search(r"type in instead: ([A-Z2-7 ]+)", t.output).group(1))
    t.send(app.wrong())
    t.expect("mfa_verification_failed")
    t.expect("Next: wait for the app's next code")
    code = app.code()
    t.send(code[:3] + " " + code[3:])      # as people write it
    assert t.wait() == 0 and "level aal2" in t.output, t.output


def case_enroll_without_code(server):
    """an empty answer leaves the factor unverified and says how to go on"""
    h = person(server, "eve")
    out = h.run("mfa", "enroll", "--name", "later").ends(1, "does not count until", "Next: countersign mfa challenge-and-verify")
    factor = re.search(r"Factor id: (\S+)", out.out).group(1)
    assert h.run("mfa", "list", "--json").ok().json[0] ["id"] == factor
    app = App(re.search(r"type in instead: ([A-Z2-7 ]+)", out.out).group(1))
    h.run("mfa", "challenge-and-verify", "later", stdin=app.code() + "\n").ok("level aal2")


def case_code_by_pipe(server):
    """the whole enrollment through pipes: --json, then the code on standard input"""
    h = person(server, "pip")
    made = h.run("mfa", "enroll", "--name", "n", "--json").ok().json
    app = App(made["totp"]["secret"])
    done = h.run("mfa", "challenge-and-verify", made["id"], "--json", stdin=app.code() + "\n").ok().json
    assert done["current_level"] == done["next_level"] == "aal2" and done["user"]["factors"][0]["status"] == "verified", done


def case_aal(server):
    """mfa aal shows level and methods; a new sign-in is aal1 and is told what raises it"""
    h = STATE["ada"]
    level = h.run("mfa", "aal", "--json").ok().json
    assert level["current_level"] == level["next_level"] == "aal2" and [m["method"] for m in level["current_authentication_methods"]] == ["totp", "password"], level
    h.run("mfa", "aal", "--local").ok("current level  aal2")
    second = STATE["second"] = Home(server, "ada-2")
    second.run("login", "ada@example.com", stdin=PASSWORD + "\n").ok("level aal1", "Next: countersign mfa challenge-and-verify raises it to aal2")
    second.run("mfa", "aal").ok("current level  aal1", "next level     aal2", "Next: countersign mfa challenge-and-verify")
    second.run("whoami").ok("Next: countersign mfa challenge-and-verify")


def case_challenge_and_verify(server):
    """mfa challenge, then mfa verify; the only verified factor needs no name"""
    h, app = STATE["second"], STATE["app"]
    text = h.run("mfa", "challenge").ok("good until", "Next: countersign mfa verify").out
    command = re.search(r"Next: countersign (.*)", text).group(1).split()
    h.run(*command, stdin=app.code() + "\n").ok("Verified with phone", "aal2")
    made = h.run("mfa", "challenge", "phone", "--json").ok().json
    assert set(made) == {"id", "type", "expires_at"} and made["expires_at"] > time.time(), made
    h.run("mfa", "verify", "phone", "--challenge", made["id"], "--code", app.code()).ok("warning: --code", "aal2")


def case_used_code(server):
    """a code counts once: the second use is refused with what to do"""
    h, app = STATE["second"], STATE["app"]
    code = app.code()
    h.run("mfa", "challenge-and-verify", stdin=code + "\n").ok()
    h.run("mfa", "challenge-and-verify", stdin=code + "\n").ends(1, "mfa_verification_failed", "Next: wait for the app's next code")


def case_list(server):
    """mfa list is a table, or with --json what the API has"""
    h = STATE["ada"]
    h.run("mfa", "list").ok("ID ", "STATUS", "verified", "phone", "totp")
    factors = h.run("mfa", "list", "--json").ok().json
    assert len(factors) == 1 and factors[0]["friendly_name"] == "phone" and factors[0]["factor_type"] == "totp", factors


def case_tricks_of_names(server):
    """a name with escape sequences cannot act on the terminal"""
    h = person(server, "zed")
    evil = "\x1b]0;owned\x07\x1b[31m\u202ered\u0085"
    made = h.run("mfa", "enroll", "--name", evil, "--json")
    assert made.code in (0, 1), made
    if made.code == 0:
        out = h.run("mfa", "list").ok()
        assert "\x1b" not in out.out and "\u202e" not in out.out and "\u0085" not in out.out and "red" in out.out, out
        admin = Home(server, "admin-zed-2").with_service_key()
        for command in (("show",), ):
            shown = admin.run("admin", "user", *command, "zed@example.com").ok()
            assert "\x1b" not in shown.out and "red" in shown.out, shown


def case_recovery_codes(server):
    """mfa recovery-codes makes ten codes that count once each, and removes them"""
    h = STATE["ada"]
    h.run("mfa", "recovery-codes").ok("You have no recovery codes.", "recovery-codes generate")
    assert h.run("mfa", "recovery-codes", "--json").ok().json == {"remaining": 0, "total": 0}
    codes = h.run("mfa", "recovery-codes", "generate", "--json").ok().json["codes"]
    assert len(set(codes)) == 10, codes
    h.run("mfa", "recovery-codes").ok("10 of 10 recovery codes are left.")
    low = Home(server, "ada-recovers").sign_in("ada@example.com")
    assert low.run("mfa", "aal", "--local", "--json").ok().json["current_level"] == "aal1"
    assert low.run("mfa", "recovery-codes", "verify", stdin="abcd-efgh\n").code == 1
    low.run("mfa", "recovery-codes", "verify", stdin=codes[3].lower() + "\n").ok()
    assert low.run("mfa", "aal", "--local", "--json").ok().json["current_level"] == "aal2"
    assert low.run("mfa", "recovery-codes", "verify", stdin=codes[3] + "\n").code == 1
    assert h.run("mfa", "recovery-codes", "--json").ok().json["remaining"] == 9
    for action in ("regenerate", "remove"):
        h.run("mfa", "recovery-codes", action).ends(2, "--yes")
    anew = h.run("mfa", "recovery-codes", "regenerate", "--yes", "--json").ok().json["codes"]
    assert len(set(anew + codes)) == 20, anew
    assert low.run("mfa", "recovery-codes", "verify", stdin=codes[4] + "\n").code == 1
    h.run("mfa", "recovery-codes", "remove", "--yes").ok()
    h.run("mfa", "recovery-codes", "dance").ends(2, "no \"dance\" of recovery codes")


def case_unenroll(server):
    """mfa unenroll asks first, needs aal2, and lowers the level at once"""
    h, app = STATE["ada"], STATE["app"]
    low = Home(server, "ada-3").sign_in("ada@example.com")
    low.run("mfa", "unenroll", "phone", "--yes").ends(1, "insufficient_aal", "Next: countersign mfa challenge-and-verify")
    h.run("mfa", "unenroll", "phone").ends(2, "nothing was removed", "--yes")
    t = Terminal([server.binary, "mfa", "unenroll", "phone"], h.env)
    t.expect("Remove the factor phone? Type yes to go on: ")
    t.send("no")
    assert t.wait() == 1 and "nothing was removed" in t.output
    t = Terminal([server.binary, "mfa", "unenroll", "phone"], h.env)
    t.expect("Type yes")
    t.send("yes")
    assert t.wait() == 0 and "Removed phone." in t.output, t.output
    h.run("mfa", "list").ok("No factors yet", "Next: countersign mfa enroll")
    assert h.run("mfa", "aal", "--local", "--json").ok().json["current_level"] == "aal1"
    assert app


def case_required(server):
    """where a second factor is required, login and whoami say so and what to do; a refused renewal signs out and says how to go on"""
    own = Server(server.binary, COUNTERSIGN_MFA_REQUIRED_ROLES="*", COUNTERSIGN_MFA_ENROLL_GRACE="0", GOTRUE_JWT_EXP="10")
    try:
        Home(own, "admin").with_service_key().run("admin", "user", "create", "req@example.com", stdin=PASSWORD + "\n").ok()
        h = Home(own, "req")
        said = "A second factor is required for this account: without it this session cannot be renewed."
        h.run("login", "req@example.com", stdin=PASSWORD + "\n").ok(said, "Next: countersign mfa enroll")
        h.run("whoami").ok(said, "Next: countersign mfa enroll")
        time.sleep(6.2)                     # more than half of the token's time: the client renews
        h.run("whoami").ends(4, "A second factor is required for this account: sign in again and enroll one (insufficient_aal, HTTP 403)", "Next: countersign login")
        h.run("login", "req@example.com", stdin=PASSWORD + "\n").ok()
        made = h.run("mfa", "enroll", "--name", "app", "--no-verify", "--json").ok().json
        app = App(made["totp"]["secret"])
        h.run("mfa", "challenge-and-verify", "app", stdin=app.code() + "\n").ok("aal2")
        time.sleep(6.2)
        out = h.run("whoami").ok("level     aal2")
        assert "required" not in out.out, out
        h.run("login", "req@example.com", stdin=PASSWORD + "\n").ok(said, "Next: countersign mfa challenge-and-verify")
        time.sleep(6.2)
        h.run("whoami").ends(4, "sign in again and verify it (insufficient_aal, HTTP 403)", "Next: countersign login")
    finally:
        own.close()
    own = Server(server.binary, COUNTERSIGN_MFA_REQUIRED_ROLES="*", COUNTERSIGN_MFA_REQUIRED_FROM="2199-05-01")
    try:
        Home(own, "admin").with_service_key().run("admin", "user", "create", "req@example.com", stdin=PASSWORD + "\n").ok()
        Home(own, "req").run("login", "req@example.com", stdin=PASSWORD + "\n").ok("From 2199-05-01T00:00:00Z on a second factor is required for this account.", "Next: countersign mfa enroll")
    finally:
        own.close()


def case_phone(server):
    """a phone factor: enroll, challenge with a channel, and verify with the code that the SMS in the folder holds"""
    own = Server(server.binary, GOTRUE_EXTERNAL_PHONE_ENABLED="true", GOTRUE_MFA_PHONE_ENROLL_ENABLED="true", GOTRUE_MFA_PHONE_VERIFY_ENABLED="true")
    try:
        h = person(own, "pia")
        out = h.run("mfa", "enroll", "--phone", "+15550001111", "--name", "cell").ok("for +15550001111 is made", "does not count").out
        factor = re.search(r"Next: countersign mfa challenge (\S+)\n", out).group(1)
        h.run("mfa", "verify", "cell", "--challenge", factor, "--code", "123456").ends(1, "mfa_factor_not_found")
        h.run("mfa", "challenge", "cell", "--channel", "pigeon").ends(1, "Invalid channel")
        made = h.run("mfa", "challenge", "cell", "--channel", "sms", "--json").ok().json
        assert made["type"] == "phone", made
        texts, end = [], time.monotonic() + 90
        while not texts and time.monotonic() < end:
            time.sleep(0.1)
            texts = glob.glob(os.path.join(own.data, "outbox", "*.sms.json"))
        with open(texts[0]) as f:
            sms = json.load(f)
        assert len(texts) == 1 and sms["phone"] == "15550001111" and sms["channel"] == "sms", (texts, sms)
        wrong = "%06d" % ((int(sms["code"]) + 1) % 1000000)
        h.run("mfa", "verify", "cell", "--challenge", made["id"], stdin=wrong + "\n").ends(1, "mfa_verification_failed")
        h.run("mfa", "verify", "cell", "--challenge", made["id"], stdin=sms["code"] + "\n").ok("Verified with cell: the session is at level aal2.")
        h.run("mfa", "list").ok("phone", "verified", "cell")
        assert h.run("mfa", "aal", "--local", "--json").ok().json["current_level"] == "aal2"
    finally:
        own.close()
