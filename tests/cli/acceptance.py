#!/usr/bin/env python3
"""The installed library as its users meet it: acceptance.py [--build FOLDER] [-v]

Installs the build into a scratch root, compiles tests/acceptance/seven_calls.c and examples/sign_in_with_mfa.c against it with nothing
but pkg-config and strict warnings, shared and static, and runs them against a real server. Ends with 'N passed, N failed'.
"""
import argparse, os, re, shlex, subprocess, sys, tempfile
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
sys.path.insert(0, os.path.join(bench.ROOT, "tests", "support"))
from postgres import Postgres  # noqa: E402

STRICT = ["-std=c17", "-Wall", "-Wextra", "-Werror", "-pedantic"]
SOURCES = {"seven_calls": "tests/acceptance/seven_calls.c", "sign_in_with_mfa": "examples/sign_in_with_mfa.c"}


def run(command, **more):
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, **more)
    assert out.returncode == 0, "%s: exit %d: %s" % (" ".join(command), out.returncode, out.stdout[-1500:])
    return out.stdout


def find(root, name):
    for folder, _, names in os.walk(root):
        if name in names:
            return os.path.join(folder, name)
    raise AssertionError("%s was not installed" % name)


class Installed:
    def __init__(self, build, folder):
        self.root = os.path.join(folder, "root")
        run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", self.root])
        pc = os.path.dirname(find(self.root, "countersign.pc"))
        self.env = {**os.environ, "PKG_CONFIG_PATH": pc, "PKG_CONFIG_SYSROOT_DIR": self.root}
        self.library = os.path.dirname(find(self.root, "libcountersign.so"))
        self.folder, self.run_env = folder, {**os.environ, "LD_LIBRARY_PATH": self.library}

    def compile(self, name, static=False):
        program = os.path.join(self.folder, name + ("-static" if static else ""))
        flags = shlex.split(run(["pkg-config", "--cflags", "--libs", "countersign"], env=self.env))
        if static:     # the archive, with what the library itself stands on
            flags = [f for f in flags if f != "-lcountersign"] + [os.path.join(self.library, "libcountersign.a"), "-lcurl", "-lcrypto", "-ljansson", "-pthread"]
        run(["cc", *STRICT, os.path.join(bench.ROOT, SOURCES[name]), *flags, "-o", program])
        return program


def seven_calls(server, installed, static=False):
    out = run([installed.compile("seven_calls", static), server.url, server.anon, server.service], env=installed.run_env)
    assert out.splitlines()[-1] == "11 passed, 0 failed", out


def on_postgres(build, installed):
    with Postgres() as postgres:
        server = bench.Server(os.path.join(build, "countersign"), DATABASE_URL=postgres.create("acceptance"), GOTRUE_JWT_SECRET="a secret of acceptance, of more than thirty-two characters")
        try:
            seven_calls(server, installed)
        finally:
            server.close()


def sign_in_with_mfa(server, installed):
    admin = bench.Home(server, "acceptance").with_service_key()
    admin.run("admin", "user", "create", "carl@example.com", stdin=bench.PASSWORD + "\n").ok()
    command = [installed.compile("sign_in_with_mfa"), server.url, server.anon, "carl@example.com"]
    app = None
    for turn in range(2):
        p = subprocess.Popen(command, env=installed.run_env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        p.stdin.write(bench.PASSWORD + "\n")
        p.stdin.flush()
        if not app:
            text = p.stdout.readline() + p.stdout.readline()
            app = bench.App(re.search(r"secret (\w+)", text).group(1))
        else:
            p.stdin.write(app.wrong() + "\n")
        out, err = p.communicate(app.code() + "\n", timeout=120)
        assert p.returncode == 0 and "carl@example.com is signed in at aal2 (aal2 is possible)" in out, (turn, out, err)
        assert turn == 0 or "That code is wrong" in err, err
    out = subprocess.run(command, env=installed.run_env, input="wrong\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert out.returncode == 1 and "Invalid login credentials" in out.stderr, out


def what_is_installed(installed):
    for name in ("countersign", "countersign.h", "libcountersign.a", "libcountersign.so", "countersign.1", "countersign-mfa.1", "countersign-admin.1", "libcountersign.3", "cs_auth_mfa_enroll.3"):
        find(installed.root, name)
    out = run([find(installed.root, "countersign"), "version"], env={"PATH": os.environ["PATH"]})
    assert out.startswith("countersign "), out
    needed = run(["ldd", find(installed.root, "countersign")])
    assert "libcountersign" not in needed, "the program needs the shared library: " + needed


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default=os.path.join(bench.ROOT, "build"))
    p.add_argument("-v", action="store_true")
    a = p.parse_args()
    build, passed, failed = os.path.abspath(a.build), 0, 0
    server = bench.Server(os.path.join(build, "countersign"))
    try:
        with tempfile.TemporaryDirectory(prefix="countersign-install-") as folder:
            installed = Installed(build, folder)
            for name, case in (("what an installation has", lambda: what_is_installed(installed)),
                               ("seven_calls.c as it stands, shared", lambda: seven_calls(server, installed)),
                               ("seven_calls.c as it stands, static", lambda: seven_calls(server, installed, static=True)),
                               ("seven_calls.c as it stands, on PostgreSQL", lambda: on_postgres(build, installed)),
                               ("sign_in_with_mfa enrolls, verifies, is refused", lambda: sign_in_with_mfa(server, installed))):
                try:
                    case()
                    passed += 1
                    print("ok    " + name, flush=True)
                except Exception as e:
                    failed += 1
                    print("FAIL  %s\n      %s: %s" % (name, type(e).__name__, str(e)[:1500]), flush=True)
    finally:
        server.close()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
