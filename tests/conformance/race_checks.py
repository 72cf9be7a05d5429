"""Many requests at the same moment (mfa.md B2, B3, B10, B13, B14, R11): exactly one may win, nobody gets a 5xx.

All requests of a race start behind one barrier, each on a connection of its own.
"""
import time, uuid
from checks import check, is_
from totp_checks import fresh_factor, wrong
from wire import claims_of, totp, wait_for_fresh_step
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tally import at_once  # noqa: E402


def statuses(answers):
    count = {}
    for a in answers:
        key = "%d %s" % (a.status, a.code or "")
        count[key.strip()] = count.get(key.strip(), 0) + 1
    return count


def no_5xx(answers):
    assert all(a.status < 500 for a in answers), statuses(answers)
    return answers


def exactly_one(answers, others=(422, 429)):
    no_5xx(answers)
    winners = [a for a in answers if a.status == 200]
    assert len(winners) == 1, statuses(answers)
    assert all(a.status in others for a in answers if a.status != 200), statuses(answers)
    assert all("access_token" not in a.raw.decode() for a in answers if a.status != 200)
    return winners[0]


@check("B2", better=True)
def one_challenge_many_times(s, kit):
    """The same challenge with the same code, 16 times at once: exactly one gets tokens."""
    for _ in range(3):
        u, f, secret, c = fresh_factor(s)
        wait_for_fresh_step()
        code = totp(secret)
        won = exactly_one(at_once(16, lambda n: u.verify(f, c, code)))
        assert claims_of(won.json["access_token"])["aal"] == "aal2"
        is_(s.call("GET", "/user", token=won.json["access_token"]), 200)


@check("B2b", better=True)
def one_code_many_challenges(s, kit):
    """The same code on eight challenges at once, and from two sessions at aal2: exactly one gets tokens."""
    u, f, secret, _ = fresh_factor(s)
    challenges = [is_(u.challenge(f), 200).json["id"] for _ in range(8)]
    wait_for_fresh_step(10)
    code = totp(secret)
    u.take(exactly_one(at_once(8, lambda n: u.verify(f, challenges[n], code))).json)
    second = u.another_session()
    challenges = [is_((u, second)[n % 2].challenge(f), 200).json["id"] for n in range(8)]
    code = totp(secret, step_offset=1)
    exactly_one(at_once(8, lambda n: (u, second)[n % 2].verify(f, challenges[n], code)), (422, 403, 429))


@check("B2c", better=True)
def two_steps_at_once(s, kit):
    """Codes of the present, the last and the next step on one challenge at once: exactly one gets tokens."""
    u, f, secret, c = fresh_factor(s)
    wait_for_fresh_step()
    codes = [totp(secret, step_offset=o) for o in (-1, 0, 1)] * 4
    exactly_one(at_once(12, lambda n: u.verify(f, c, codes[n])))


@check("B3e", better=True)
def guesses_at_once(s, kit):
    """Forty wrong codes at once: no more than ten are looked at, the rest and a right one after them get 429."""
    u, f, secret, _ = fresh_factor(s)
    challenges = [is_(u.challenge(f), 200).json["id"] for _ in range(10)]
    codes = wrong(secret, 40)
    answers = no_5xx(at_once(40, lambda n: u.verify(f, challenges[n % 10], codes[n])))
    looked_at = [a for a in answers if a.status == 422]
    assert len(looked_at) <= 10 and len(looked_at) + [a.status for a in answers].count(429) == 40, statuses(answers)
    is_(u.verify(f, challenges[0], totp(secret)), 429, "over_request_rate_limit")


@check("B10c", better=True)
def same_name_at_once(s, kit):
    """Enrollments with one friendly name at once: one 200, the others 422 mfa_factor_name_conflict; '' counts as a name."""
    for name in ("mary", ""):
        for count in (2, 8):
            u = s.sign_up()
            answers = at_once(count, lambda n: u.enroll(name))
            exactly_one(answers, (422,))
            assert all(a.code == "mfa_factor_name_conflict" for a in answers if a.status != 200), statuses(answers)
            assert len(s.call("GET", "/user", token=u.token).json["factors"]) == 1


@check("B13", better=True)
def challenges_at_once(s, kit):
    """Four, and fifty, challenges of one factor at once all answer 200 with an id of their own; fifty of fifty factors too."""
    u, f, secret, _ = fresh_factor(s)
    for count in (4, 50):
        answers = at_once(count, lambda n: u.challenge(f))
        assert statuses(answers) == {"200": count}, statuses(answers)
        assert len({a.json["id"] for a in answers}) == count
    wait_for_fresh_step()
    is_(u.verify(f, answers[17].json["id"], totp(secret)), 200)
    many = [(u2, g) for u2 in (s.sign_up() for _ in range(5)) for g in [is_(u2.enroll("f%d" % n), 200).json["id"] for n in range(10)]]
    answers = at_once(50, lambda n: many[n][0].challenge(many[n][1]))
    assert statuses(answers) == {"200": 50}, statuses(answers)


@check("B13b", better=True)
def sessions_verify_at_once(s, kit):
    """Eight sessions of one user verify at once: each 200, 422, 403 or 409; at least one and with one code exactly one 200; who won goes on."""
    u, f, secret, _ = fresh_factor(s)
    sessions = [u] + [u.another_session() for _ in range(7)]
    challenges = [is_(w.challenge(f), 200).json["id"] for w in sessions]
    wait_for_fresh_step()
    code = totp(secret)
    answers = no_5xx(at_once(8, lambda n: sessions[n].verify(f, challenges[n], code)))
    assert all(a.status in (200, 422, 403, 409) for a in answers), statuses(answers)
    won = [a for a in answers if a.status == 200]
    assert len(won) == 1, statuses(answers)
    is_(s.call("GET", "/user", token=won[0].json["access_token"]), 200)
    alive = [w for w, a in zip(sessions, answers) if s.call("GET", "/user", token=w.token).status == 200]
    assert len(alive) == 1, "%d sessions live on" % len(alive)        # the other aal1 sessions ended (V8)


@check("B13c", better=True)
def verify_refresh_logout_at_once(s, kit):
    """Verifying, refreshing, enrolling and reading with one session at once: no 5xx, and the session is in one piece after it."""
    u, f, secret, c = fresh_factor(s)
    wait_for_fresh_step()
    code = totp(secret)
    calls = [lambda: u.verify(f, c, code), lambda: u.refreshed(), lambda: s.call("GET", "/user", token=u.token), lambda: u.challenge(f),
             lambda: u.enroll("n" + uuid.uuid4().hex), lambda: s.call("PUT", "/user", {"data": {"n": time.time()}}, u.token)]
    answers = no_5xx(at_once(18, lambda n: calls[n % 6]()))
    won = [a for n, a in enumerate(answers) if n % 6 == 0 and a.status == 200]
    assert len(won) == 1, statuses(answers)
    assert claims_of(won[0].json["access_token"])["aal"] == "aal2"
    other = s.sign_up()
    answers = no_5xx(at_once(12, lambda n: (s.call("POST", "/logout", token=other.token), other.refreshed(), s.call("GET", "/user", token=other.token))[n % 3]))
    is_(s.call("GET", "/user", token=other.token), 403, "session_not_found")


@check("B14", better=True)
def never_over_the_maximum(s, kit):
    """Twenty enrollments at once: ten factors, as the oldest unverified ones make room (security.md S15); with nine there, six at once make one more."""
    u = s.sign_up()
    answers = no_5xx(at_once(20, lambda n: u.enroll("f%d" % n)))
    assert statuses(answers) == {"200": 20}, statuses(answers)
    factors = s.call("GET", "/user", token=u.token).json["factors"]
    assert len(factors) == 10
    is_(s.call("DELETE", "/factors/" + factors[0]["id"], token=u.token), 200)
    answers = no_5xx(at_once(6, lambda n: u.enroll("g%d" % n)))
    assert statuses(answers) == {"200": 6}, statuses(answers)
    assert len(s.call("GET", "/user", token=u.token).json["factors"]) == 10


@check("B14b", better=True)
def removed_once(s, kit):
    """Eight removals of one factor at once: one 200, seven 404."""
    u = s.sign_up()
    f = is_(u.enroll(), 200).json["id"]
    answers = at_once(8, lambda n: s.call("DELETE", "/factors/" + f, token=u.token))
    exactly_one(answers, (404,))


@check("B9b", better=True)
def same_address_at_once(s, kit):
    """Eight sign-ups with one address at once: one account, one 200, the others 422 user_already_exists."""
    email = "u%s@example.com" % uuid.uuid4().hex[:12]
    answers = at_once(8, lambda n: s.call("POST", "/signup", {"email": email, "password": "correct horse battery"}))
    exactly_one(answers, (422, 429))
    assert all(a.code == "user_already_exists" for a in answers if a.status == 422), statuses(answers)


@check("R11b")
def refresh_chain_at_once(s, kit):
    """Sixteen refreshes of one token at once converge, and the one result goes on; three rounds in a row."""
    u = s.sign_up()
    token = u.refresh
    for _ in range(3):
        answers = at_once(16, lambda n: u.refreshed(token))
        assert statuses(answers) == {"200": 16}, statuses(answers)
        results = {a.json["refresh_token"] for a in answers}
        assert len(results) == 1 and token not in results, len(results)
        token = results.pop()
    is_(u.refreshed(token), 200)
