"""Counting for the suites that are no table of checks: each step prints one line, the end prints 'N passed, N failed'."""
import sys, traceback


class Tally:
    def __init__(self, quiet=False):
        self.passed, self.failed, self.skipped, self.quiet = 0, 0, 0, quiet

    def step(self, name, call, *args):
        """Run one step; an exception is a failure, and the next step still runs. Returns what the step returned."""
        try:
            result = call(*args)
        except Exception as e:
            self.failed += 1
            print("FAIL  %s\n      %s: %s" % (name, type(e).__name__, str(e)[:600]), flush=True)
            if "-v" in sys.argv:
                traceback.print_exc()
            return None
        self.passed += 1
        if not self.quiet:
            print("ok    " + name, flush=True)
        return result

    def skip(self, name, why):
        self.skipped += 1
        print("SKIP  %s: %s" % (name, why), flush=True)

    def close(self):
        """The closing line; returns the exit code."""
        print("%d passed, %d failed%s" % (self.passed, self.failed, ", %d skipped" % self.skipped if self.skipped else ""), flush=True)
        return 1 if self.failed or not self.passed else 0


def at_once(count, call, patience_s=120):
    """Run call(number) in `count` threads that start together; their results in order (an exception is raised here)."""
    import threading
    gate, results = threading.Barrier(count), [None] * count

    def one(n):
        try:
            gate.wait(30)
            results[n] = call(n)
        except Exception as e:
            results[n] = e
    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(patience_s)
        assert not t.is_alive(), "a request hung for %d s" % patience_s
    for r in results:
        if isinstance(r, Exception):
            raise r
    return results
