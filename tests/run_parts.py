#!/usr/bin/env python3
"""Run the parts of the test suite, two or three at a time where they do not disturb each other, and add up their counts.

Called by script/test. Each part is a command whose output goes to build/test-logs/PART.log and, when it is over, to the terminal as
far as a person wants it: closing lines, failures. A part that ends badly, hangs, or counts nothing is a failure.
"""
import os, re, subprocess, sys, threading, time
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(ROOT, "build", "test-logs")
PY = [sys.executable, "-B"]
SANITIZER_ENV = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1:detect_stack_use_after_return=1", "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1"}
CMOCKA_OK, CMOCKA_BAD = re.compile(r"^\[  PASSED  \] (\d+) test", re.M), re.compile(r"^ ?\[  FAILED  \] +(\d+) test|^ *(\d+) FAILED TEST", re.M)
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
SHOWN = re.compile(r"^(FAIL|SKIP|check_|[\w/.]+:\d+: |[\w.]+\.def: |P_\w+ |\[  FAILED|\[  ERROR|\[  PASSED|==|failed:|\d+ passed|     |      |[A-Z]+\d+\w* )|PASSED|rror:|lint:|warning:")


def meson_test(folder):
    return ["meson", "test", "-C", folder, "--no-rebuild", "--verbose", "--num-processes", "2", "--timeout-multiplier", "4"]


def conformance(rounds):
    return PY + ["tests/conformance/run_all.py", "--rounds", rounds] + (["--asan", "build-asan/countersign"] if "asan" in rounds else [])


# One row a part: name, needs (builds), the commands one after the other, minutes at most, whether it may run beside others.
PARTS = [
    ("lint", [], [["script/lint"]], 30, True),
    ("unit", ["build"], [meson_test("build"), PY + ["tests/store/query_plans.py"]], 10, True),
    ("asan", ["build-asan"], [meson_test("build-asan"), conformance("asan"), PY + ["tests/webauthn/run_all.py", "--only", "soft", "--binary", "build-asan/countersign"]], 25, True),
    ("nodes", ["build"], [PY + ["tests/nodes/nodes_suite.py"], PY + ["tests/nodes/time_suite.py"], PY + ["tests/nodes/official_suite.py"], PY + ["tests/nodes/project_suite.py"], PY + ["tests/nodes/keys_suite.py"], PY + ["tests/nodes/stop_suite.py"], conformance("postgres,interop,older")], 20, True),
    ("webauthn", ["build"], [PY + ["tests/webauthn/run_all.py"]], 15, True),
    ("conformance", ["build"], [conformance("root,prefix")], 20, True),
    ("clients", ["build"], [PY + ["tests/clients/run_all.py"]], 15, True),
    ("deliver", ["build"], [PY + ["tests/deliver/run_driver.py"]], 10, True),
    ("cli", ["build"], [PY + ["tests/cli/run.py"], PY + ["tests/cli/acceptance.py"], PY + ["tests/lib/release.py"]], 15, True),
    ("outside", ["build"], [PY + ["tests/outside/run_all.py"]], 10, True),
    ("security", ["build"], [PY + ["tests/security/run_all.py"]], 20, True),
    ("threads", [], [PY + ["tests/lib/threads.py"]], 15, True),
    ("hostile", ["build"], [PY + ["tests/hostile/bad_input.py"]], 15, True),
    ("start", ["build"], [PY + ["tests/conformance/start_up.py"]], 10, True),
    ("accounts", ["build", "build-asan"], [conformance("accounts,accounts-smtp,accounts-postgres,accounts-asan")], 15, False),
    ("copy", ["build"], [PY + ["tests/nodes/copy_suite.py"]], 20, False),
    ("crash", ["build"], [PY + ["tests/crash/kill_nine.py"], PY + ["tests/crash/disk_full.py"], PY + ["tests/crash/disk_full_postgres.py"]], 15, False),
]
BUILDS = {"build": ["script/build", "--no-bootstrap"], "build-asan": ["script/build", "--no-bootstrap", "--sanitize"]}
screen = threading.Lock()


def count(text):
    """(passed, failed, skipped) of one command's output; cmocka's lines and all plain ones, or else the last plain closing line."""
    plain = PLAIN.findall(text)
    good = sum(int(x) for x in CMOCKA_OK.findall(text))
    bad = max((sum(int(x or y) for x, y in CMOCKA_BAD.findall(text)) + 1) // 2, 0)      # cmocka says it twice
    if good or bad:         # C programs, and beside them a few runners with plain lines
        return good + sum(int(x[0]) for x in plain), bad + sum(int(x[1]) for x in plain), sum(int(x[2] or 0) for x in plain)
    return tuple(int(x or 0) for x in plain[-1]) if plain else (0, 0, 0)


def run_part(name, commands, minutes):
    begin, total, log = time.monotonic(), [0, 0, 0], os.path.join(LOGS, name + ".log")
    shown = []
    with open(log, "w") as f:
        for command in commands:
            env = {**os.environ, **(SANITIZER_ENV if "build-asan" in command else {}), "PYTHONDONTWRITEBYTECODE": "1"}
            try:
                out = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=minutes * 60)
                text, code = out.stdout, out.returncode
            except subprocess.TimeoutExpired as e:
                text, code = (e.stdout or b"").decode("utf8", "replace") if isinstance(e.stdout, bytes) else (e.stdout or ""), "none: over after %d minutes" % minutes
            f.write(text)
            got = list(count(text))
            if code != 0 and not got[1]:
                got[1] = 1
                shown.append("FAIL  %s ended with exit code %s; its last words:\n%s" % (" ".join(command), code, text[-1500:]))
            if code == 0 and not got[0] and not got[2]:
                got[1] = 1
                shown.append("FAIL  %s counted no test" % " ".join(command))
            total = [x + y for x, y in zip(total, got)]
            shown += [line for line in text.splitlines() if SHOWN.search(line) and "[       OK" not in line]
    with screen:
        print("---- %s (%.0f s)" % (name, time.monotonic() - begin))
        print("\n".join(shown))
        print("%s: %d passed, %d failed%s" % (name, total[0], total[1], ", %d skipped" % total[2] if total[2] else ""), flush=True)
    return total


def main():
    names = sys.argv[1:] or [p[0] for p in PARTS]
    unknown = set(names) - {p[0] for p in PARTS}
    if unknown:
        print("no such part: %s; there are %s" % (" ".join(sorted(unknown)), " ".join(p[0] for p in PARTS)), file=sys.stderr)
        return 2
    parts = [p for p in PARTS if p[0] in names]
    for build in [b for b in BUILDS if any(b in p[1] for p in parts)]:
        if subprocess.run(BUILDS[build], cwd=ROOT).returncode:
            print("0 passed, 1 failed")
            return 1
    os.makedirs(LOGS, exist_ok=True)
    totals, seats = [], threading.Semaphore(3)

    def seated(part):
        with seats:
            totals.append(run_part(part[0], part[2], part[3]))
    threads = [threading.Thread(target=seated, args=(p,)) for p in parts if p[4]]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    totals += [run_part(p[0], p[2], p[3]) for p in parts if not p[4]]
    sums = [sum(t[n] for t in totals) for n in range(3)]
    print("%d passed, %d failed%s" % (sums[0], sums[1], ", %d skipped" % sums[2] if sums[2] else ""))
    return 1 if sums[1] or not sums[0] else 0


sys.exit(main())
