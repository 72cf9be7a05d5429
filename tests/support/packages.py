"""The official clients and the mail server of the tests, from their registries, in folders under build/ that are used again.

Each folder is made from one list (requirements.txt, package.json) and made anew when that list changes; a lock keeps two parts of
the test suite from making the same folder at once. That a package cannot be had is a failure, not a skip.
"""
import fcntl, hashlib, os, shutil, subprocess, sys
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLIENTS = os.path.join(ROOT, "tests", "clients")
LINT = os.path.join(ROOT, "build", "lint")
CACHE = os.environ.get("TEST_PACKAGES") or os.path.join(ROOT, "build", "clients")


def run(*command, **more):
    out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, **more)
    if out.returncode:
        raise Exception("%s: exit %d: %s" % (" ".join(command[:4]), out.returncode, out.stdout[-1500:]))


def cached(folder, source, make):
    """`make` the folder anew unless it was made from this very list; half-made ones are thrown away."""
    with open(source, "rb") as f:
        stamp = hashlib.sha256(f.read()).hexdigest()
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = os.path.join(folder, "made-from")
        if os.path.exists(mark):
            with open(mark) as f:
                if f.read() == stamp:
                    return folder
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        make(folder)
        with open(mark, "w") as f:
            f.write(stamp)
    return folder


def python_with_clients(cache=CACHE):
    """The interpreter of a virtual environment with what tests/clients/requirements.txt names."""
    source = os.path.join(CLIENTS, "requirements.txt")

    def make(where):
        print("      making a virtual environment with the official Python client", flush=True)
        run(sys.executable, "-m", "venv", where)
        run(os.path.join(where, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", source)
    return os.path.join(cached(os.path.join(cache, "python"), source, make), "bin", "python")


def python_for_lint(cache=LINT):
    """The folder of programs that look at Python sources: tools/lint-requirements.txt names them."""
    source = os.path.join(ROOT, "tools", "lint-requirements.txt")

    def make(where):
        run(sys.executable, "-m", "venv", where)
        run(os.path.join(where, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", source)
    return os.path.join(cached(os.path.join(cache, "python"), source, make), "bin")


def node_with_clients(cache=CACHE):
    """A folder whose node_modules has what tests/clients/package.json names."""
    source = os.path.join(CLIENTS, "package.json")

    def make(where):
        print("      installing the official JavaScript client", flush=True)
        shutil.copy(source, where)
        run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", cwd=where)
    return cached(os.path.join(cache, "node"), source, make)
