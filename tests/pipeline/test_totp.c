/* test_totp.c: TOTP codes over time: the window of steps (row V6), single use for good (B1), blanks
 * (B18), challenges that are used, expire (V2 to V4) or come from another address (V3). */
#include "people.h"

static void the_window_is_one_step_either_way(void **state)
{
    struct rig *rig = *state;
    for (int steps = -3; steps <= 3; steps++) {
        struct login_session s = sign_up_anonymously(rig);
        expect_problem(enroll(rig, s.access, "x"), ANONYMOUS_REFUSED);
        s = sign_up(rig, rig_text(rig, "u%d@example.com", steps + 3));
        struct totp f = enrolled(enroll(rig, s.access, "x"));
        const struct got *got = prove(rig, s.access, &f, code_at(rig, &f, steps));
        if (steps >= -1 && steps <= 1) {
            expect_status(got, 200);
        } else {
            expect_problem(got, TOTP_WRONG);
        }
    }
}

static void the_window_moves_with_the_clock(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const char *later = code_at(rig, &f, 2);
    expect_problem(prove(rig, s.access, &f, later), TOTP_WRONG);
    rig_wait(rig, 24.999999); /* the last moment of the step that began 5 s ago */
    expect_problem(prove(rig, s.access, &f, later), TOTP_WRONG);
    rig_wait(rig, 0.000001);
    expect_status(prove(rig, s.access, &f, later), 200);
}

static void a_code_counts_once_and_for_good(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const char *code = code_at(rig, &f, 0), *older = code_at(rig, &f, -1);
    s = session_in(prove(rig, s.access, &f, code));
    expect_problem(prove(rig, s.access, &f, code), TOTP_WRONG);
    expect_problem(prove(rig, s.access, &f, older), TOTP_WRONG);
    rig_wait(rig, 30);
    expect_problem(prove(rig, s.access, &f, code), TOTP_WRONG);
    struct login_session other = sign_in(rig, "a@example.com");
    expect_problem(prove(rig, other.access, &f, code), TOTP_WRONG);
    rig_restart(rig, NULL);
    expect_problem(prove(rig, other.access, &f, code), TOTP_WRONG);
    expect_status(prove(rig, other.access, &f, code_at(rig, &f, 0)), 200);
}

static void a_used_step_ahead_bars_the_ones_before_it(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    s = session_in(prove(rig, s.access, &f, code_at(rig, &f, 1)));
    expect_problem(prove(rig, s.access, &f, code_at(rig, &f, 0)), TOTP_WRONG);
    rig_wait(rig, 30);
    expect_problem(prove(rig, s.access, &f, code_at(rig, &f, 0)), TOTP_WRONG);
    expect_status(prove(rig, s.access, &f, code_at(rig, &f, 1)), 200);
}

static void a_used_code_stays_used_when_the_clock_goes_back(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    s = session_in(prove(rig, s.access, &f, code_at(rig, &f, 0)));
    rig_wait(rig, -30);
    expect_problem(prove(rig, s.access, &f, code_at(rig, &f, 0)), TOTP_WRONG);
    expect_problem(prove(rig, s.access, &f, code_at(rig, &f, 1)), TOTP_WRONG);
}

static void codes_as_people_paste_them(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    for (int i = 0; i < 3; i++) {
        const char *code = code_at(rig, &f, 0);
        const char *pasted = i == 0   ? rig_text(rig, "%.3s %s", code, code + 3)
                             : i == 1 ? rig_text(rig, " %s  ", code)
                                      : rig_text(rig, "%.3s\\t%s\\n", code, code + 3);
        s = session_in(prove(rig, s.access, &f, pasted));
        rig_wait(rig, 30);
    }
}

static void what_is_no_code(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const char *code = code_at(rig, &f, 0);
    const char *bad[] = { rig_text(rig, "%s0", code),
                          rig_text(rig, "0%s", code),
                          rig_text(rig, "%.5s", code),
                          rig_text(rig, "+%s", code),
                          "a",
                          "12345678901234567890123" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        expect_problem(prove(rig, s.access, &f, bad[i]), TOTP_WRONG);
    }
    expect_problem(prove(rig, s.access, &f, ""), CODE_EMPTY);
    expect_problem(prove(rig, s.access, &f, "  "), CODE_EMPTY);
    expect_status(prove(rig, s.access, &f, code), 200);
}

static void a_challenge_lives_300_seconds(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const struct got *opened =
        ask(rig, "POST", rig_text(rig, "/factors/%s/challenge", f.id), s.access, NULL);
    assert_int_equal(got_int(opened, "expires_at"), rig->now_us / US_PER_S + 300);
    const char *first = got_text(opened, "id"), *second = challenge(rig, s.access, f.id);
    rig_wait(rig, 300);
    s = session_in(verify(rig, s.access, f.id, first, code_at(rig, &f, 0)));
    rig_wait(rig, 0.000001);
    const struct got *late = verify(rig, s.access, f.id, second, code_at(rig, &f, 1));
    expect_problem(late, CHALLENGE_EXPIRED);
    assert_string_equal(got_text(late, "msg"),
                        rig_text(rig,
                                 "MFA challenge %s has expired, verify against another challenge "
                                 "or create a new challenge.",
                                 second));
    expect_problem(verify(rig, s.access, f.id, second, code_at(rig, &f, 1)), CHALLENGE_NOT_FOUND);
    expect_status(prove(rig, s.access, &f, code_at(rig, &f, 1)), 200);
}

static void a_challenge_counts_once(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const char *id = challenge(rig, s.access, f.id);
    expect_problem(verify(rig, s.access, f.id, id, wrong_code(rig, &f)), TOTP_WRONG);
    s = session_in(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)));
    rig_wait(rig, 60);
    expect_problem(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)), CHALLENGE_SPENT);
}

static void a_challenge_is_for_one_address_and_one_factor(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x")), g = enrolled(enroll(rig, s.access, "y"));
    const char *id = challenge(rig, s.access, f.id);
    rig->peer = "192.0.2.2";
    expect_problem(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)), CHALLENGE_SPENT);
    rig->peer = "192.0.2.1";
    expect_problem(verify(rig, s.access, g.id, id, code_at(rig, &g, 0)), CHALLENGE_NOT_FOUND);
    expect_problem(
        verify(rig, s.access, f.id, "00112233-4455-4677-8899-aabbccddeeff", code_at(rig, &f, 0)),
        CHALLENGE_NOT_FOUND);
    expect_status(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)), 200);
}

static void the_address_is_not_what_a_header_says(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    const char *id = challenge(rig, s.access, f.id);
    rig->peer = "192.0.2.2";
    rig_header(rig, "X-Forwarded-For", "192.0.2.1");
    expect_problem(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)), CHALLENGE_SPENT);
    rig_restart(rig, "COUNTERSIGN_TRUSTED_PROXIES=192.0.2.2");
    expect_status(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)), 200);
}

/* Row W14: what a configured proxy names in Sb-Forwarded-For, where that is switched on. */
static void a_proxy_may_name_the_address(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    rig->peer = "192.0.2.7";
    const char *id = challenge(rig, s.access, f.id);
    rig->peer = "192.0.2.2";
    rig_header(rig, "Sb-Forwarded-For", " 192.0.2.7 , 192.0.2.9");
    rig_header(rig, "X-Forwarded-For", "192.0.2.8");
    rig_restart(rig, "COUNTERSIGN_TRUSTED_PROXIES=192.0.2.2"); /* switched off */
    expect_problem(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)), CHALLENGE_SPENT);
    rig_restart(rig, "GOTRUE_SECURITY_SB_FORWARDED_FOR_ENABLED=true"); /* from anyone */
    expect_problem(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)), CHALLENGE_SPENT);
    rig_restart(rig, "GOTRUE_SECURITY_SB_FORWARDED_FOR_ENABLED=true",
                "COUNTERSIGN_TRUSTED_PROXIES=192.0.2.2",
                "GOTRUE_MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY=0");
    expect_status(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)), 200);
    rig_header(rig, "Sb-Forwarded-For", "nobody");
    id = challenge(rig, s.access, f.id);
    rig->peer = "192.0.2.8"; /* what X-Forwarded-For says counts then */
    expect_problem(verify(rig, s.access, f.id, id, code_at(rig, &f, 0)), TOTP_WRONG);
    rig->peer = "192.0.2.2";
    for (int i = 0; i < 31; i++) { /* its address is the key of the limits: 30 at once */
        rig_header(rig, "Sb-Forwarded-For", "192.0.2.11");
        enum problem problem = verify(rig, s.access, f.id, "x", code_at(rig, &f, 0))->problem;
        assert_int_equal(problem, i < 30 ? P_BAD_JSON : P_RATE_LIMITED);
        rig_header(rig, "Sb-Forwarded-For", rig_text(rig, "192.0.3.%d", i));
        expect_problem(verify(rig, s.access, f.id, "x", "1"), BAD_JSON);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(the_window_is_one_step_either_way),
        RIG_TEST(the_window_moves_with_the_clock),
        RIG_TEST(a_code_counts_once_and_for_good),
        RIG_TEST(a_used_step_ahead_bars_the_ones_before_it),
        RIG_TEST(a_used_code_stays_used_when_the_clock_goes_back),
        RIG_TEST(codes_as_people_paste_them),
        RIG_TEST(what_is_no_code),
        RIG_TEST(a_challenge_lives_300_seconds),
        RIG_TEST(a_challenge_counts_once),
        RIG_TEST(a_challenge_is_for_one_address_and_one_factor),
        RIG_TEST(the_address_is_not_what_a_header_says),
        RIG_TEST(a_proxy_may_name_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
