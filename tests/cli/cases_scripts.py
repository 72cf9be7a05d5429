"""Help, completion and the manual pages: they know every command and every option."""
import glob, os, re, shutil, subprocess
from bench import ROOT, Home

MAN = os.path.join(ROOT, "docs", "man")


def commands(h):
    text = h.run("--help").ok().out
    return re.findall(r"^  ([a-z][a-z -]*?)  +\S", text, re.M)


def case_help(server):
    """--help everywhere: exit code 0, on standard output, within 100 columns"""
    h = Home(server, "help")
    names = commands(h)
    assert len(names) >= 25 and "mfa enroll" in names and "admin factor unlock" in names, names
    for name in names + ["mfa", "admin", "admin user", "admin factor"]:
        for flag in ("--help", "-h"):
            out = h.run(*name.split(), flag).ok("usage: countersign " + name)
            assert not out.err and all(len(line) <= 100 for line in out.out.splitlines()), out
    assert h.run("--version").ok().out == h.run("version").ok().out


def case_options_of_helps(server):
    """every option that a help lists is known to its command"""
    h = Home(server, "options")
    for name in commands(h):
        text = h.run(*name.split(), "--help").out
        if name in ("serve", "keys", "check-config", "check-db", "outbox", "version"):     # with settings: common.c reads their options
            continue
        for option in re.findall(r"^  (--[a-z-]+)", text, re.M):
            out = h.run(*name.split(), option + "=x", "--no-such")
            assert out.code == 2 and ("--no-such is not" in out.err or option + " takes no value" in out.err), (name, option, out)


def complete(h, server, *words):
    """What bash would offer for the last of the words."""
    script = 'source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _countersign; printf "%s\\n" "${COMPREPLY[@]}"'
    out = subprocess.run(["bash", "-uc", script, server.binary, "countersign", *words], env=h.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert out.returncode == 0 and not out.stderr, out
    return out.stdout.split()


def case_bash(server):
    """the bash script loads and completes commands, groups and options"""
    h = Home(server, "bash")
    assert {"serve", "login", "mfa", "admin", "completion"} <= set(complete(h, server, "")) and complete(h, server, "mfa", "challenge") == ["challenge", "challenge-and-verify"]
    assert complete(h, server, "log") == ["login", "logout"] and complete(h, server, "admin", "") == ["user", "factor", "--help"]
    assert complete(h, server, "admin", "factor", "un") == ["unlock"] and complete(h, server, "mfa", "enroll", "--no") == ["--no-verify"]
    assert complete(h, server, "logout", "--scope", "g") == ["global"] and "--challenge" in complete(h, server, "mfa", "verify", "phone", "--c")
    assert complete(h, server, "mfa", "recovery-codes", "re") == ["regenerate", "remove"]
    assert complete(h, server, "completion", "z") == ["zsh"] and "--port" in complete(h, server, "serve", "--p")
    assert complete(h, server, "check-db", "--db") == [] and complete(h, server, "nonsense", "") == []


def case_zsh(server):
    """the zsh script has the same words, and loads where zsh is there"""
    h = Home(server, "zsh")
    script = h.run("completion", "zsh").ok().out
    assert script.startswith("#compdef countersign\n")
    branch = re.compile(r"^    ('.*) choices='(.*)' ;;$", re.M)
    assert branch.findall(script) == branch.findall(h.run("completion", "bash").ok().out) != []
    if shutil.which("zsh"):
        path = os.path.join(h.path, "_countersign")
        with open(path, "w") as f:
            f.write(script)
        out = subprocess.run(["zsh", "-fc", "autoload -Uz compinit && compinit -D && source %s && (( $+functions[_countersign] )) && [[ $_comps[countersign] = _countersign ]]" % path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert out.returncode == 0 and not out.stdout, out


def man(name):
    with open(os.path.join(MAN, name)) as f:
        return f.read().replace("\\-", "-").replace("\\&", "")


def synopsis(command):
    """The words of the SYNOPSIS as a person would see them, however they are laid out."""
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    out = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", out)
    return "".join("".join(re.findall(r"^SYNOPSIS$(.*?)^[A-Z]", out, re.M | re.S)).split())


# What a page says of one command.
ITEM = re.compile(r"^\.(?:It|Ss) (?:Cm )?[a-z].*?(?=^\.(?:It|Ss|Sh|El)\b|\Z)", re.M | re.S)


def case_man_pages(server):
    """the manual pages name every command, option, exit code and variable; groff and mandoc read them without an error, and alike"""
    h = Home(server, "man")
    pages = {"mfa": man("countersign-mfa.1"), "admin": man("countersign-admin.1"), "": man("countersign.1")}
    for name in commands(h):
        group = name.split()[0] if name.split()[0] in pages else ""
        page = pages[group]
        word = re.escape(name.split(" ", 1)[-1] if group else name)
        own = re.search(r"^\.(?:It|Ss)(?: Cm)? %s\b(?! [a-z]+\b(?<!Ar)(?<!Oo)).*?(?=^\.(?:It|Ss|Sh|El)\b|\Z)" % word, page, re.M | re.S)
        assert own, "%s is not in its manual page" % name
        shared = re.sub(ITEM, "", page)                    # described once, for all commands of the page
        for option in re.findall(r"^  --([a-z-]+)", h.run(*name.split(), "--help").out, re.M):
            assert re.search(r"Fl -%s\b" % re.escape(option), own.group(0) + shared), "--%s of %s is not in its manual page" % (option, name)
    for word in ("COUNTERSIGN_URL", "COUNTERSIGN_KEY", "COUNTERSIGN_SERVICE_KEY", "COUNTERSIGN_PASSWORD", "COUNTERSIGN_NEW_PASSWORD", "XDG_STATE_HOME", "session-*.json", "EXIT STATUS", ".It 4"):
        assert word in pages[""], word + " is not in countersign.1"
    for name in ("countersign.1", "countersign-mfa.1", "countersign-admin.1"):
        out = subprocess.run(["groff", "-ww", "-mandoc", "-Tutf8", "-z", os.path.join(MAN, name)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert out.returncode == 0 and not out.stdout, (name, out.stdout[:500])
    for path in sorted(glob.glob(os.path.join(MAN, "*.[0-9]"))):
        with open(path) as f:
            if f.read(4) == ".so ":
                continue
        out = subprocess.run(["mandoc", "-T", "lint", "-W", "error", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert out.returncode == 0 and not out.stdout, (path, out.stdout[:500])
        groff, mandoc = synopsis(["groff", "-mandoc", "-Tascii", "-P-c", path]), synopsis(["mandoc", "-T", "ascii", path])
        assert groff and groff == mandoc, (path, groff, mandoc)
