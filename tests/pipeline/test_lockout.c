/* test_lockout.c: guessing is stopped per factor (row B3): the schedule of locks, what a lock
 * refuses, what clears it, and that a step once used stays used. */
#include "people.h"

struct scene {
    struct rig *rig;
    struct login_session s;
    struct totp f;
};

static struct scene begin(void **state)
{
    struct scene x = { .rig = *state };
    x.s = sign_up(x.rig, "a@example.com");
    x.f = add_totp(x.rig, &x.s, "x");
    rig_wait(x.rig, 60);
    return x;
}

/* So many wrong codes, each answered as such. */
static void guess(struct scene *x, int times)
{
    for (int i = 0; i < times; i++) {
        expect_problem(prove(x->rig, x->s.access, &x->f, wrong_code(x->rig, &x->f)), TOTP_WRONG);
    }
}

static void expect_locked(struct scene *x, int seconds)
{
    const struct got *got = prove(x->rig, x->s.access, &x->f, code_at(x->rig, &x->f, 0));
    expect_problem(got, FACTOR_LOCKED);
    assert_string_equal(got_header(got, "Retry-After"), rig_text(x->rig, "%d", seconds));
}

static void ten_wrong_codes_lock_for_a_minute(void **state)
{
    struct scene x = begin(state);
    guess(&x, 10);
    expect_locked(&x, 60);
    rig_wait(x.rig, 59.999999);
    expect_locked(&x, 1);
    rig_wait(x.rig, 0.000001);
    expect_status(prove(x.rig, x.s.access, &x.f, code_at(x.rig, &x.f, 0)), 200);
}

/* What was locked, and which step was used, while the clock was a month fast holds up nobody after
 * it is set right; and then guesses are counted and locked as ever. */
static void a_clock_that_was_wrong(void **state)
{
    const double month = 30 * 86400;
    struct rig *rig = *state;
    rig_wait(rig, month);
    struct scene x = begin(state);
    guess(&x, 10);
    expect_locked(&x, 60);
    rig_wait(rig, -month);
    expect_status(prove(x.rig, x.s.access, &x.f, code_at(x.rig, &x.f, 0)), 200);
    rig_wait(rig, 60);
    guess(&x, 10);
    expect_locked(&x, 60);
    rig_wait(rig, -1000); /* more than any lock lasts */
    expect_status(prove(x.rig, x.s.access, &x.f, code_at(x.rig, &x.f, 0)), 200);
}

static void nine_do_not(void **state)
{
    struct scene x = begin(state);
    guess(&x, 9);
    expect_status(prove(x.rig, x.s.access, &x.f, code_at(x.rig, &x.f, 0)), 200);
    rig_wait(x.rig, 60);
    guess(&x, 9);
    expect_status(prove(x.rig, x.s.access, &x.f, code_at(x.rig, &x.f, 0)), 200);
}

/* The longest lock of all holds for a request that began a moment before the one that began it. */
static void a_moment_earlier(void **state)
{
    rig_restart((struct rig *)*state, "COUNTERSIGN_MFA_LOCK_FIRST=15m");
    struct scene x = begin(state);
    guess(&x, 10);
    rig_wait(x.rig, -0.005);
    expect_locked(&x, 901);
}

static void the_schedule(void **state)
{
    rig_restart((struct rig *)*state, "GOTRUE_JWT_EXP=86400");
    struct scene x = begin(state);
    static const int lengths[] = { 60, 120, 240, 480, 900, 900, 900, 900, 900 };
    for (size_t i = 0; i < COUNT(lengths); i++) {
        guess(&x, 10);
        expect_locked(&x, lengths[i]);
        rig_wait(x.rig, lengths[i]);
    }
    guess(&x, 10); /* the hundredth */
    const struct got *got = prove(x.rig, x.s.access, &x.f, code_at(x.rig, &x.f, 0));
    expect_problem(got, FACTOR_LOCKED);
    assert_string_equal(got_header(got, "Retry-After"), "86400");
    rig_wait(x.rig, 3600);
    expect_problem(prove(x.rig, x.s.access, &x.f, code_at(x.rig, &x.f, 0)), FACTOR_LOCKED);
}

static void a_success_after_the_lock_clears_the_count(void **state)
{
    struct scene x = begin(state);
    guess(&x, 10);
    rig_wait(x.rig, 60);
    guess(&x, 5);
    x.s = session_in(prove(x.rig, x.s.access, &x.f, code_at(x.rig, &x.f, 0)));
    rig_wait(x.rig, 60);
    guess(&x, 10);
    expect_locked(&x, 60);
}

static void a_lock_changes_nothing(void **state)
{
    struct scene x = begin(state);
    const char *id = challenge(x.rig, x.s.access, x.f.id);
    guess(&x, 10);
    const char *code = code_at(x.rig, &x.f, 2);
    for (int i = 0; i < 15; i++) { /* not counted, and the challenge is not consumed */
        expect_problem(verify(x.rig, x.s.access, x.f.id, id, wrong_code(x.rig, &x.f)),
                       FACTOR_LOCKED);
    }
    rig_wait(x.rig, 60);
    expect_status(verify(x.rig, x.s.access, x.f.id, id, code), 200);
}

/* Of those that begin alike: the owner's are counted apart (security.md S15). */
static void a_lock_holds_for_every_session_and_over_a_restart(void **state)
{
    struct scene x = begin(state);
    x.s = sign_in(x.rig, "a@example.com");
    guess(&x, 10);
    struct login_session other = sign_in(x.rig, "a@example.com");
    expect_problem(prove(x.rig, other.access, &x.f, code_at(x.rig, &x.f, 0)), FACTOR_LOCKED);
    rig_restart(x.rig, NULL);
    expect_locked(&x, 60);
}

static void other_factors_and_users_are_not_locked(void **state)
{
    struct scene x = begin(state);
    struct totp second = enrolled(enroll(x.rig, x.s.access, "second"));
    struct login_session stranger = sign_up(x.rig, "b@example.com");
    struct totp his = enrolled(enroll(x.rig, stranger.access, "x"));
    guess(&x, 10);
    expect_locked(&x, 60);
    expect_status(prove(x.rig, stranger.access, &his, code_at(x.rig, &his, 0)), 200);
    expect_status(prove(x.rig, x.s.access, &second, code_at(x.rig, &second, 0)), 200);
}

/* A lock for days ends by itself; until then another factor goes round it. */
static void another_factor_goes_round_a_long_lock(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "COUNTERSIGN_MFA_LOCK_LONG_AFTER=12");
    struct scene x = begin(state);
    struct totp second = enrolled(enroll(rig, x.s.access, "second"));
    x.s = session_in(prove(rig, x.s.access, &second, code_at(rig, &second, 0)));
    x.s = sign_in(rig, "a@example.com");
    guess(&x, 10);
    rig_wait(rig, 60);
    guess(&x, 2);
    rig_wait(rig, 86400);
    struct login_session now = sign_in(rig, "a@example.com");
    x.s = now;
    expect_problem(prove(rig, x.s.access, &x.f, code_at(rig, &x.f, 0)), FACTOR_LOCKED);
    x.s = session_in(prove(rig, x.s.access, &second, code_at(rig, &second, 0)));
    expect_status(prove(rig, x.s.access, &x.f, code_at(rig, &x.f, 0)), 200);
    rig_wait(rig, 2 * 86400);
    x.s = sign_in(rig, "a@example.com");
    expect_status(prove(rig, x.s.access, &x.f, code_at(rig, &x.f, 0)), 200);
}

/* Once so many wrong codes came from sessions that never got in, there is one try each 72 hours,
 * whoever gets in meanwhile: a success takes back its own slips only. */
static void guesses_are_few_a_year(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "COUNTERSIGN_MFA_LOCK_LONG_AFTER=12", "GOTRUE_JWT_EXP=8640000");
    struct scene x = begin(state);
    struct login_session guesser = sign_in(rig, "a@example.com");
    x.s = guesser;
    guess(&x, 10);
    rig_wait(rig, 60);
    x.s = sign_in(rig, "a@example.com");
    guess(&x, 1);
    expect_status(prove(rig, x.s.access, &x.f, code_at(rig, &x.f, 0)),
                  200); /* its slip is forgiven */
    x.s = sign_in(rig, "a@example.com");
    guess(&x, 2);
    for (int i = 0; i < 3; i++) {
        expect_problem(prove(rig, x.s.access, &x.f, code_at(rig, &x.f, 0)), FACTOR_LOCKED);
        rig_wait(rig, 72 * 3600 - 120);
        expect_problem(prove(rig, x.s.access, &x.f, code_at(rig, &x.f, 0)), FACTOR_LOCKED);
        rig_wait(rig, 121);
        guess(&x, 1);
    }
}

static void an_admin_clears_it(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "COUNTERSIGN_MFA_LOCK_LONG_AFTER=3");
    struct scene x = begin(state);
    guess(&x, 3);
    expect_problem(prove(rig, x.s.access, &x.f, code_at(rig, &x.f, 0)), FACTOR_LOCKED);
    expect_status(ask(rig, "PUT", rig_text(rig, "/admin/users/%s/factors/%s", x.s.user_id, x.f.id),
                      rig->service_key, "{\"friendly_name\":\"x\"}"),
                  200);
    guess(&x, 2);
    expect_status(prove(rig, x.s.access, &x.f, code_at(rig, &x.f, 0)), 200);
}

/* Row B1 holds beside the lock: neither it nor its end makes a used code good again. */
static void a_used_code_stays_used_after_a_lock(void **state)
{
    struct scene x = begin(state);
    const char *code = code_at(x.rig, &x.f, 0);
    x.s = session_in(prove(x.rig, x.s.access, &x.f, code));
    guess(&x, 9);
    expect_problem(prove(x.rig, x.s.access, &x.f, code), TOTP_WRONG); /* the tenth */
    expect_locked(&x, 60);
    rig_restart(x.rig, "COUNTERSIGN_MFA_LOCK_FIRST=1s");
    expect_status(ask(x.rig, "PUT",
                      rig_text(x.rig, "/admin/users/%s/factors/%s", x.s.user_id, x.f.id),
                      x.rig->service_key, "{}"),
                  200);
    expect_problem(prove(x.rig, x.s.access, &x.f, code), TOTP_WRONG);
}

static void the_numbers_are_settings(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "COUNTERSIGN_MFA_LOCK_AFTER=2", "COUNTERSIGN_MFA_LOCK_FIRST=10s",
                "COUNTERSIGN_MFA_LOCK_MAX=15s");
    struct scene x = begin(state);
    static const int lengths[] = { 10, 15, 15 };
    for (size_t i = 0; i < COUNT(lengths); i++) {
        guess(&x, 2);
        expect_locked(&x, lengths[i]);
        rig_wait(rig, lengths[i]);
    }
}

/* Neither an empty code nor a spent or expired challenge is a guess. */
static void what_is_no_guess_is_not_counted(void **state)
{
    struct scene x = begin(state);
    const char *spent = challenge(x.rig, x.s.access, x.f.id);
    x.s = session_in(verify(x.rig, x.s.access, x.f.id, spent, code_at(x.rig, &x.f, 0)));
    for (int i = 0; i < 12; i++) {
        expect_problem(prove(x.rig, x.s.access, &x.f, ""), CODE_EMPTY);
        expect_problem(verify(x.rig, x.s.access, x.f.id, spent, "000000"), CHALLENGE_SPENT);
    }
    rig_wait(x.rig, 60);
    expect_status(prove(x.rig, x.s.access, &x.f, code_at(x.rig, &x.f, 0)), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(ten_wrong_codes_lock_for_a_minute),
        RIG_TEST(nine_do_not),
        RIG_TEST(a_clock_that_was_wrong),
        RIG_TEST(a_moment_earlier),
        RIG_TEST(the_schedule),
        RIG_TEST(a_success_after_the_lock_clears_the_count),
        RIG_TEST(a_lock_changes_nothing),
        RIG_TEST(a_lock_holds_for_every_session_and_over_a_restart),
        RIG_TEST(other_factors_and_users_are_not_locked),
        RIG_TEST(another_factor_goes_round_a_long_lock),
        RIG_TEST(guesses_are_few_a_year),
        RIG_TEST(an_admin_clears_it),
        RIG_TEST(a_used_code_stays_used_after_a_lock),
        RIG_TEST(the_numbers_are_settings),
        RIG_TEST(what_is_no_guess_is_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
