#!/usr/bin/env python3
"""Everything a hook may answer, and what becomes of the request (accounts.md HK3, internals.md §7): late, cut off, too
long, of the wrong type, busy, refusing, an error of its own. Each refusal must leave nothing behind, and nothing may be asked twice that
the contract does not try again. hook_answers.py [--binary FILE]; ends with 'N passed, N failed'.
"""
import json, re, sys, time
from hook_rig import JSON, PW, Countersign, Rig, Tally, addr, at_once, default_binary, entered, fresh_code, good, is_, made, phone, rows_of, tag, claims_of

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()
TIMEOUT = (422, "hook_timeout", "Failed to reach hook within maximum time of 5.000000 seconds")
AWAY = (422, "hook_timeout_after_retry", "Failed to reach hook after maximum retries")
LONG = (422, "hook_payload_over_size_limit", "Payload size exceeded size limit of 204800 bytes")
BUSY = (500, "unexpected_failure", "Service currently unavailable due to hook")
NOT_JSON = (500, "unexpected_failure", "Error unmarshaling JSON output.")


def typed(kind):
    return (400, "hook_payload_invalid_content_type", "Invalid JSON response. Received content-type: " + kind)


def odd(status):
    return (500, "unexpected_failure", "Unexpected status code returned from hook: %d" % status)


def sized(size):
    return b'{"pad":"' + b"x" * (size - 10) + b'"}'


NO = {"error": {"http_code": 418, "message": "not <you>"}}
AGAIN = {"Retry-After": "1"}
# name, what the hook answers, what the caller is told (None: the request goes through), how often the hook is asked
TABLE = [
    ("fine", good(), None, 1),
    ("accepted", (202, JSON, {}), None, 1),
    ("nothing", (204, {}, b""), None, 1),
    ("charset", (200, {"Content-Type": "application/json; charset=utf-8"}, {}), None, 1),
    ("full", (200, JSON, sized(204800)), None, 1),
    ("long", (200, JSON, sized(204801)), LONG, 1),
    ("late", ("hang", {}, 8), TIMEOUT, 1),
    ("stalled", ("stall", {}, 8), TIMEOUT, 1),
    ("dropped", ("drop", {}, b""), AWAY, 3),
    ("untyped", (200, {}, {}), (400, "hook_payload_invalid_content_type", "Invalid Content-Type: Missing Content-Type header"), 1),
    ("html", (200, {"Content-Type": "text/html"}, b"<p>"), typed("text/html"), 1),
    ("jsonp", (200, {"Content-Type": "application/jsonp"}, {}), typed("application/jsonp"), 1),
    ("syntax", (200, JSON, b'{"a":'), NOT_JSON, 1),
    ("list", (200, JSON, b"[]"), NOT_JSON, 1),
    ("text", (200, JSON, b'"x"'), NOT_JSON, 1),
    ("busy429", (429, {}, b""), BUSY, 1),
    ("busy503", (503, {}, b""), BUSY, 1),
    ("again429", (429, AGAIN, b""), BUSY, 3),
    ("again503", (503, AGAIN, b""), BUSY, 3),
    ("third", [(503, AGAIN, b""), (429, AGAIN, b""), "own"], None, 3),
    ("back", [("drop", {}, b""), "own"], None, 2),
    ("refused", (400, JSON, NO), (500, "unexpected_failure", "Invalid payload sent to hook"), 1),
    ("unknown", (401, JSON, NO), (500, "unexpected_failure", "Hook requires authorization token"), 1),
    ("broken", (500, JSON, NO), odd(500), 1),
    ("created", (201, JSON, {}), odd(201), 1),
    ("moved", (302, {"Location": "http://127.0.0.1:1/"}, b""), odd(302), 1),
    ("error", good(NO), (418, "unknown", "not <you>"), 1),
    ("error202", (202, JSON, NO), (418, "unknown", "not <you>"), 1),
    ("error500", good({"error": {"message": "no"}}), (500, "unexpected_failure", "no"), 1),
    ("error200", good({"error": {"http_code": 200, "message": "no"}}), (500, "unexpected_failure", "no"), 1),
    ("silent", good({"error": {"http_code": 418, "message": ""}}), None, 1),
]
SHORT = {"fine", "nothing", "late", "dropped", "long", "html", "untyped", "again503", "third", "refused", "unknown", "broken", "error", "error500"}
TIMED = {"dropped", "back"}
# The claims must come back, so that answers without them are refusals of their own.
MISSING = (500, "unexpected_failure", "output claims field is missing")
TOKEN = {"fine": MISSING, "nothing": (500, "unexpected_failure", "output claims do not conform to the expected schema: \n- (root): Invalid type. Expected: object, given: null")}


def nothing_of(s, **who):
    assert rows_of(s, **who) == {"users": 0, "sessions": 0, "tokens": 0, "identities": 0}, "something was left: %s" % rows_of(s, **who)


# One row a hook: (the request that calls it, its mark in the payload, what must be so after a refusal).
def by_sign_up(s, hook, case):
    e = tag(case, hook)
    return e, lambda: s.call("POST", "/signup", {"email": e, "password": PW}), lambda: nothing_of(s, address=e)


def by_otp(s, hook, case):
    p = phone()
    return p, lambda: s.call("POST", "/otp", {"phone": "+" + p, "data": {"case": case}}), lambda: nothing_of(s, number=p)


def by_sign_in(s, hook, case):
    e = tag(case, hook)
    u = made(s, e)

    def after():
        assert rows_of(s, address=e)["sessions"] == 0, "a session was left"
        assert not s.call("GET", "/admin/users/" + u["id"], token=s.admin_token()).json.get("last_sign_in_at"), "last_sign_in_at is set"
    return (u["id"] if hook.startswith("password") else e), lambda: s.sign_in(e, PW), after


def by_mfa(s, hook, case):
    e = tag(case, hook)
    made(s, e)
    u = entered(s, e)
    f = is_(u.enroll(), 200).json
    c = is_(u.challenge(f["id"]), 200).json

    def after():
        me = is_(s.call("GET", "/user", token=u.token), 200).json
        assert [x["status"] for x in me["factors"]] == ["unverified"], me["factors"]
        assert claims_of(is_(u.refreshed(), 200).json["access_token"])["aal"] == "aal1"
    return f["id"], lambda: u.verify(f["id"], c["id"], fresh_code(f["totp"]["secret"])), after


HOW = {"before_user_created": by_sign_up, "custom_access_token": by_sign_in, "password_verification_attempt": by_sign_in, "mfa_verification_attempt": by_mfa,
       "send_sms": by_otp, "send_email": by_sign_up}


def one(rig, s, hook, case, answer, wanted, times):
    mark, send, after = HOW[hook](s, hook, case)
    rig.claim(mark, hook, answer)
    a = send()
    took = time.time() - min([r.at for r in rig.calls_of(mark, hook)] or [time.time()])
    assert took < 30, "%.1f s since the hook was asked" % took
    if wanted is None:
        assert a.status == 200, "wanted 200, got " + a.short()
    else:
        is_(a, *wanted)
        header = a.headers.get("x-sb-error-code")
        assert header == (wanted[1] if wanted[1].startswith("hook_") else header), a.headers
        if wanted[0] == 418:
            assert header is None, "a hook's own error has no code: %s" % header
        after()
    calls = rig.calls_of(mark, hook)
    assert len(calls) == times, "the hook was asked %d times, wanted %d" % (len(calls), times)
    assert len({r.headers["webhook-id"] for r in calls}) == times and len({r.body for r in calls}) == 1, "the tries differ in more than their id"


def table(rig, s, hook, names):
    """All cases of a hook at once: (name, None or what went wrong) of each."""
    rows = [r for r in TABLE if r[0] in names]

    def run(n):
        name, answer, wanted, times = rows[n]
        if hook == "custom_access_token":
            wanted = TOKEN.get(name, wanted)
        try:
            one(rig, s, hook, name, answer, wanted, times)
        except Exception as e:
            return hook + ", " + name, e
        return hook + ", " + name, None
    return at_once(len(rows), run)


def raised(error):
    if error:
        raise error


def all_tables(t, rig, a, b):
    """The hooks' tables side by side; each case is a step of its own."""
    whole = {r[0] for r in TABLE}
    plan = [(a if hook not in ("send_sms", "send_email") else b, hook, whole if hook == "before_user_created" else SHORT) for hook in HOW]
    for timed in (True, False):     # the cases that count seconds run when nothing else does
        for outcomes in at_once(len(plan), lambda n: table(rig, *plan[n][:2], {name for name in plan[n][2] if (name in TIMED) == timed})):
            for name, error in outcomes:
                t.step(name, raised, error)


def logged(servers):
    """Each kind of wrong answer stands in the log with its host and what was wrong with it, and nothing of anybody's."""
    lines = [json.loads(x) for c in servers for x in c.log_text().splitlines() if '"a hook failed"' in x]
    said = {(x["problem"], x["detail"]) for x in lines}
    for wanted in (("HOOK_TIMEOUT", ""), ("HOOK_UNREACHABLE", ""), ("HOOK_TOO_LARGE", ""), ("HOOK_NO_TYPE", ""), ("HOOK_NOT_JSON", "text/html"), ("HOOK_BAD_JSON", ""),
                   ("HOOK_UNAVAILABLE", ""), ("HOOK_REFUSED", ""), ("HOOK_UNAUTHORIZED", ""), ("HOOK_STATUS", "500"), ("HOOK_STATUS", "302"), ("HOOK_ERROR", ""),
                   ("HOOK_CLAIMS", "output claims field is missing")):
        assert wanted in said, (wanted, sorted(said))
    for line in lines:
        assert line["level"] == "warning" and re.fullmatch(r"127\.0\.0\.1:\d+", line["host"]) and line["request_id"], line
        assert not re.search("example.com|whsec|not <you>|/before_user|" + PW, json.dumps(line)), line


def after_created(t, rig, s):
    """The account is there when it fails, and the caller is told (SU25)."""
    def fails():
        e = tag("after", "after_user_created")
        rig.claim(e, "after_user_created", (500, {}, b""))
        is_(s.call("POST", "/signup", {"email": e, "password": PW}), 500, "unexpected_failure", "Error invoking hook")
        assert rows_of(s, address=e)["users"] == 1
        assert len(rig.calls_of(e, "after_user_created")) == 1

    def again():
        e = tag("again", "after_user_created")
        rig.claim(e, "after_user_created", "own")
        is_(s.call("POST", "/signup", {"email": e, "password": PW}), 200)
        time.sleep(1.1)
        is_(s.call("POST", "/signup", {"email": e, "password": PW}), 200)
        calls = rig.calls_of(e, "after_user_created")
        assert len(calls) == 2 and calls[0].json["user"]["id"] == calls[1].json["user"]["id"], len(calls)
    t.step("after_user_created, failing: 500, and the user is there", fails)
    t.step("after_user_created, also for a repeated sign-up", again)


def nobody_there(t):
    """A hook whose port is closed: three tries, two seconds apart."""
    def refused():
        with Countersign(binary, env={"GOTRUE_HOOK_BEFORE_USER_CREATED_ENABLED": "true", "GOTRUE_HOOK_BEFORE_USER_CREATED_URI": "http://127.0.0.1:1/"}) as c:
            e, began = addr(), time.monotonic()
            is_(c.server().call("POST", "/signup", {"email": e, "password": PW}), *AWAY)
            assert 3.5 < time.monotonic() - began < 30, "took %.1f s" % (time.monotonic() - began)
            nothing_of(c.server(), address=e)
    t.step("a closed port", refused)


def others_go_on(t, rig, s):
    """While hooks hang, requests that ask no hook are answered at once."""
    def go_on():
        def hang(n):
            if n == 8:
                time.sleep(1)
                began = time.monotonic()
                for _ in range(20):
                    is_(s.call("GET", "/health"), 200)
                    is_(s.call("POST", "/recover", {"email": addr()}), 200)
                return time.monotonic() - began
            e = tag("hang", "before_user_created")
            rig.claim(e, "before_user_created", ("hang", {}, 8))
            return s.call("POST", "/signup", {"email": e, "password": PW}).status
        results = at_once(9, hang)
        assert results[:8] == [422] * 8 and results[8] < 2, results
    t.step("others are answered while eight hooks hang", go_on)


def main():
    t = Tally(quiet=True)
    with Rig() as rig:
        many = {"COUNTERSIGN_HASH_THREADS": "64", "GOTRUE_API_MAX_REQUEST_DURATION": "30s", "GOTRUE_SMTP_MAX_FREQUENCY": "1s"}
        at_sign_up = rig.settings("before_user_created", "custom_access_token", "password_verification_attempt", "mfa_verification_attempt")
        sending = {**rig.settings("send_sms", "send_email", "after_user_created"), "GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_SMS_AUTOCONFIRM": "false",
                   "GOTRUE_RATE_LIMIT_EMAIL_SENT": "10000", "GOTRUE_RATE_LIMIT_SMS_SENT": "10000"}
        with Countersign(binary, env={**at_sign_up, **many}) as first, Countersign(binary, env={**sending, **many}) as second:
            a, b = first.server(), second.server()
            all_tables(t, rig, a, b)
            t.step("wrong answers are in the log, and nothing secret", logged, (first, second))
            after_created(t, rig, b)
            others_go_on(t, rig, a)
            for c in (first, second):
                t.step("database", c.check_db)
        nobody_there(t)
    return t.close()


if __name__ == "__main__":
    sys.exit(main())
