/* test_session_ends.c: sessions that end by themselves: timebox, inactivity, a low level (row S9),
 * one a user (internals.md §3.2, row R8), and what ends others (S7, S8, V8). */
#include "people.h"

static void expect_expired(const struct got *got, const char *how)
{
    expect_problem(got, SESSION_EXPIRED);
    assert_string_equal(got_text(got, "msg") + strlen("Invalid Refresh Token: Session Expired"),
                        how);
}

static void a_timebox_runs_from_sign_in(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SESSIONS_TIMEBOX=1h");
    struct login_session s = sign_up(rig, "a@example.com");
    rig_wait(rig, 1800);
    s = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 1800);
    s = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 0.000001);
    expect_expired(refresh(rig, s.refresh), "");
    expect_status(ask(rig, "GET", "/user", s.access, NULL), 200);
}

static void inactivity_runs_from_the_last_refresh(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SESSIONS_INACTIVITY_TIMEOUT=10m");
    struct login_session s = sign_up(rig, "a@example.com");
    for (int i = 0; i < 3; i++) {
        rig_wait(rig, 600);
        s = session_in(refresh(rig, s.refresh));
    }
    rig_wait(rig, 600.000001);
    expect_expired(refresh(rig, s.refresh), " (Inactivity)");
}

static void inactivity_of_version_1(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SESSIONS_INACTIVITY_TIMEOUT=10m",
                "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=1");
    struct login_session s = sign_up(rig, "a@example.com");
    rig_wait(rig, 600);
    s = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 600.000001);
    expect_expired(refresh(rig, s.refresh), " (Inactivity)");
}

static void a_low_level_ends_where_a_higher_one_is_possible(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SESSIONS_ALLOW_LOW_AAL=15m");
    struct login_session low = sign_up(rig, "a@example.com");
    assert_int_equal(exp_in(rig, low.access), rig->now_us / US_PER_S + 3600);
    struct login_session high = low;
    struct totp f = add_totp(rig, &high, "x");
    assert_int_equal(exp_in(rig, high.access), rig->now_us / US_PER_S + 3600);
    low = sign_in(rig, "a@example.com");
    assert_int_equal(exp_in(rig, low.access), rig->now_us / US_PER_S + 900);
    rig_wait(rig, 600);
    low = session_in(refresh(rig, low.refresh));
    assert_int_equal(exp_in(rig, low.access), rig->now_us / US_PER_S + 300);
    rig_wait(rig, 300);
    low = session_in(refresh(rig, low.refresh));
    rig_wait(rig, 0.000001);
    expect_expired(refresh(rig, low.refresh), " (Low AAL: User Needs MFA Verification)");
    high = session_in(refresh(rig, high.refresh));
    assert_int_equal(exp_in(rig, high.access), rig->now_us / US_PER_S + 3600);
    (void)f;
}

static void a_low_level_is_fine_without_a_factor(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SESSIONS_ALLOW_LOW_AAL=15m");
    struct login_session s = sign_up(rig, "a@example.com");
    expect_status(enroll(rig, s.access, "not verified"), 200);
    rig_wait(rig, 86400);
    expect_status(refresh(rig, s.refresh), 200);
}

static void one_session_a_user(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SESSIONS_SINGLE_PER_USER=true");
    struct login_session first = sign_up(rig, "a@example.com"),
                         other = sign_up(rig, "b@example.com");
    rig_wait(rig, 1);
    struct login_session second = sign_in(rig, "a@example.com");
    rig_wait(rig, 1);
    expect_expired(refresh(rig, first.refresh), " (Revoked by Newer Login)");
    expect_status(refresh(rig, second.refresh), 200);
    expect_status(refresh(rig, other.refresh), 200);
}

/* A session that has ended itself is no newer login. */
static void an_expired_session_does_not_count(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SESSIONS_SINGLE_PER_USER=true", "GOTRUE_SESSIONS_TIMEBOX=1h");
    struct login_session old = sign_up(rig, "a@example.com");
    rig_wait(rig, 3000);
    rig_restart(rig, "GOTRUE_SESSIONS_TIMEBOX=1h");
    struct login_session young = sign_in(rig, "a@example.com");
    rig_wait(rig, 500);
    session_in(refresh(rig, old.refresh));
    rig_restart(rig, "GOTRUE_SESSIONS_SINGLE_PER_USER=true", "GOTRUE_SESSIONS_TIMEBOX=1h");
    rig_wait(rig, 200);
    expect_status(refresh(rig, young.refresh), 200);
}

static void access_tokens_expire(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    rig_wait(rig, 3594); /* the clock began 5 s into a step, at a whole second */
    expect_status(ask(rig, "GET", "/user", s.access, NULL), 200);
    rig_wait(rig, 6);
    const struct got *got = ask(rig, "GET", "/user", s.access, NULL);
    expect_problem(got, BAD_JWT);
    assert_non_null(strstr(got_text(got, "msg"), "token has invalid claims: token is expired"));
}

static void log_out(void **state)
{
    struct rig *rig = *state;
    struct login_session a = sign_up(rig, "a@example.com"), b = sign_in(rig, "a@example.com"),
                         c = sign_in(rig, "a@example.com"), d = sign_in(rig, "a@example.com");
    expect_status(ask(rig, "POST", "/logout?scope=local", a.access, NULL), 204);
    expect_problem(ask(rig, "GET", "/user", a.access, NULL), JWT_SESSION_NOT_FOUND);
    expect_status(ask(rig, "GET", "/user", b.access, NULL), 200);
    expect_status(ask(rig, "POST", "/logout?scope=others", b.access, "{}"), 204);
    expect_problem(refresh(rig, c.refresh), REFRESH_NOT_FOUND);
    expect_problem(refresh(rig, d.refresh), REFRESH_NOT_FOUND);
    expect_status(ask(rig, "GET", "/user", b.access, NULL), 200);
    const struct got *bad = ask(rig, "POST", "/logout?scope=x", b.access, NULL);
    expect_problem(bad, LOGOUT_SCOPE);
    assert_string_equal(got_text(bad, "msg"), "Unsupported logout scope \"x\"");
    struct login_session e = sign_in(rig, "a@example.com");
    expect_status(ask(rig, "POST", "/logout?scope=global", b.access, NULL), 204);
    expect_problem(ask(rig, "GET", "/user", e.access, NULL), JWT_SESSION_NOT_FOUND);
}

static void a_new_password_ends_other_sessions(void **state)
{
    struct rig *rig = *state;
    struct login_session a = sign_up(rig, "a@example.com"), b = sign_in(rig, "a@example.com");
    expect_problem(ask(rig, "PUT", "/user", a.access, "{\"password\":\"" PASSWORD "\"}"),
                   SAME_PASSWORD);
    expect_status(ask(rig, "GET", "/user", b.access, NULL), 200);
    expect_status(ask(rig, "PUT", "/user", a.access, "{\"password\":\"another password\"}"), 200);
    expect_status(ask(rig, "GET", "/user", a.access, NULL), 200);
    expect_problem(ask(rig, "GET", "/user", b.access, NULL), JWT_SESSION_NOT_FOUND);
    expect_status(ask(rig, "PUT", rig_text(rig, "/admin/users/%s", a.user_id), rig->service_key,
                      "{\"password\":\"" PASSWORD "\"}"),
                  200);
    expect_problem(ask(rig, "GET", "/user", a.access, NULL), JWT_SESSION_NOT_FOUND);
    expect_status(password_grant(rig, "a@example.com", PASSWORD), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_timebox_runs_from_sign_in),
        RIG_TEST(inactivity_runs_from_the_last_refresh),
        RIG_TEST(inactivity_of_version_1),
        RIG_TEST(a_low_level_ends_where_a_higher_one_is_possible),
        RIG_TEST(a_low_level_is_fine_without_a_factor),
        RIG_TEST(one_session_a_user),
        RIG_TEST(an_expired_session_does_not_count),
        RIG_TEST(access_tokens_expire),
        RIG_TEST(log_out),
        RIG_TEST(a_new_password_ends_other_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
