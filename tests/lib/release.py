#!/usr/bin/env python3
"""script/release in clones of this tree: two archives alike, and no archive where something does not agree. Ends with 'N passed, N failed'."""
import hashlib, os, re, subprocess, sys, tempfile
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from tally import Tally  # noqa: E402


def run(folder, *words):
    return subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)


def commit(folder):
    out = run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qam", "tests: a change")
    assert out.returncode == 0, out.stdout


def changed(folder, path, old, new):
    with open(os.path.join(folder, path)) as f:
        text = f.read()
    assert old in text, (path, old)
    with open(os.path.join(folder, path), "w") as f:
        f.write(text.replace(old, new, 1))


def clone(base, name):
    folder = os.path.join(base, name)
    out = run(base, "git", "clone", "-q", "--no-hardlinks", ROOT, folder)
    assert out.returncode == 0, out.stdout
    # The build of this tree serves, since a clone of the same commit would make the same.
    os.symlink(os.path.join(ROOT, "build"), os.path.join(folder, "build"))
    with open(os.path.join(folder, ".git", "info", "exclude"), "a") as f:
        f.write("/build\n")
    changed(folder, "script/release", "script/build --no-bootstrap >/dev/null", ": the build is there")
    commit(folder)
    return folder


def alike(base):
    sums = []
    for name in ("one", "two"):
        folder = clone(base, name)
        # Another time of the commit would be another archive: both get the same.
        run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "--amend", "--no-edit", "--date=2026-01-01T00:00:00Z")
        env = {**os.environ, "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "--amend", "--no-edit"], cwd=folder, env=env, check=True)
        out = run(folder, "script/release", "--check", os.path.join(base, "out-" + name))
        assert out.returncode == 0 and "the same bytes twice" in out.stdout, out.stdout
        archive = re.search(r"release: (\S+\.tar\.gz)", out.stdout).group(1)
        with open(archive, "rb") as f:
            sums.append(hashlib.sha256(f.read()).hexdigest())
        listed = run(base, "tar", "tzf", archive).stdout
        assert "/LICENSE\n" in listed and "/script/build\n" in listed and "/.git/" not in listed, listed[:300]
    assert sums[0] == sums[1], sums


def refused(base):
    for n, (path, old, new, said) in enumerate((
            ("include/countersign.h", "#define CS_VERSION_MINOR 1", "#define CS_VERSION_MINOR 2", "names another version"),
            ("lib/meson.build", "soversion: '0'", "soversion: '1'", "soversion 1"),
            ("CHANGELOG.md", "## [", "## [9.9.9] - 2026-01-01\n\n## [", "CHANGELOG.md begins with"),
            ("docs/errors.md", "# Errors", "# Mistakes", "gen_docs"),
            ("README.md", "# Countersign", "# Countersign\n\n[x](nowhere.md)", "leads nowhere"))):
        folder = clone(base, "wrong-%d" % n)
        changed(folder, path, old, new)
        dirty = run(folder, "script/release", "--check")
        assert dirty.returncode == 1 and "has changes" in dirty.stdout, dirty.stdout
        commit(folder)
        out = run(folder, "script/release", "--check")
        assert out.returncode == 1 and said in out.stdout, (path, out.stdout)
    out = run(clone(base, "undated"), "script/release")
    assert out.returncode == 1 and "CHANGELOG.md begins with" in out.stdout, out.stdout


def main():
    t = Tally()
    with tempfile.TemporaryDirectory() as base:
        t.step("two archives of one commit are alike", alike, base)
        t.step("no archive of a tree that does not agree", refused, base)
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
