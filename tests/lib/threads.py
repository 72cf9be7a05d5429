#!/usr/bin/env python3
"""The tests made of threads, built with ThreadSanitizer into build-tsan/: those of the library, and those of the executor.

A report is a failure. Ends with 'N passed, N failed'.
"""
import os, platform, re, subprocess, sys
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "build-tsan")
TESTS = ["tests/lib/test_lib_threads", "tests/lib/test_lib_races", "tests/unit/test_work_executor"]
passed = failed = 0


def run(*command, **more):
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=900, **more)


def must(*command):
    out = run(*command)
    if out.returncode:
        print("FAIL  %s: %s\n0 passed, 1 failed" % (" ".join(command), out.stdout[-2000:]))
        sys.exit(1)


if not os.path.exists(os.path.join(FOLDER, "build.ninja")):
    must("meson", "setup", FOLDER, "-Db_sanitize=thread", "-Db_lundef=false", "--buildtype=debugoptimized")
must("ninja", "-C", FOLDER, *TESTS)
for test in TESTS:
    # without randomised addresses: the sanitizer's own map of memory does not fit every kernel's
    out = run("setarch", platform.machine(), "-R", os.path.join(FOLDER, test), env={**os.environ, "TSAN_OPTIONS": "halt_on_error=0:exitcode=66"})
    good = re.search(r"^\[  PASSED  \] (\d+) test", out.stdout, re.M)
    if out.returncode == 0 and good and "WARNING: ThreadSanitizer" not in out.stdout:
        passed += int(good.group(1))
        print("ok    %s" % test)
    else:
        failed += 1
        print("FAIL  %s: exit %d: %s" % (test, out.returncode, out.stdout[-3000:]))
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed) or not passed)
