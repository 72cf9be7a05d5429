/* test_mfa_age.c: COUNTERSIGN_MFA_MAX_AGE: a step that is too old takes its session back to aal1 at
 * the next refresh (docs/decisions/0011), with the clock moved by hand. */
#include "people.h"

#include "store/sessions.h"

#define HOUR "COUNTERSIGN_MFA_MAX_AGE=1h"

/* The level and the methods of the row, as another server on the database sees them. */
struct row {
    const char *session_id;
    struct session session;
    struct amr amr[AMR_MAX];
    int n_amr;
};

static enum problem read_row(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct row *row = arg;
    struct uuid id;
    (void)ctx;
    assert_true(uuid_parse(row->session_id, &id));
    assert_true(session_by_id(tx, &id, &row->session));
    row->n_amr = amr_of(tx, &id, row->amr);
    return P_OK;
}

static void expect_row(struct rig *rig, const struct login_session *s, const char *aal, int n_amr)
{
    struct row row = { .session_id = s->session_id };
    struct ctx ctx = { .arena = rig->arena, .now_us = rig->now_us };
    assert_int_equal(exec_read(rig->services->executor, &ctx, read_row, &row), P_OK);
    assert_string_equal(row.session.aal, aal);
    assert_int_equal(row.n_amr, n_amr);
    assert_int_equal(uuid_is_nil(&row.session.factor_id), strcmp(aal, "aal1") == 0);
}

static void an_old_step_ends_at_the_refresh(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, HOUR);
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    rig_wait(rig, 3600);
    s = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, s.access), "aal2");
    expect_row(rig, &s, "aal2", 2);
    rig_wait(rig, 0.000001);
    const struct got *got = refresh(rig, s.refresh);
    s = session_in(got);
    assert_string_equal(aal_in(rig, s.access), "aal1");
    assert_string_equal(amr_in(rig, s.access), "password");
    assert_int_equal(exp_in(rig, s.access), rig->now_us / US_PER_S + 3600);
    assert_string_equal(got_text(got, "user.factors.0.status"), "verified"); /* the next is aal2 */
    expect_row(rig, &s, "aal1", 1);
    expect_problem(ask(rig, "PUT", "/user", s.access, "{\"password\":\"another correct one\"}"),
                   UPDATE_NEEDS_AAL2);
    expect_problem(enroll(rig, s.access, "y"), ENROLL_NEEDS_AAL2);
    s = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, s.access), "aal1");
    s = session_in(prove(rig, s.access, &f, code_at(rig, &f, 0)));
    assert_string_equal(aal_in(rig, s.access), "aal2");
    s = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, s.access), "aal2");
    assert_string_equal(amr_in(rig, s.access), "totp,password");
    expect_row(rig, &s, "aal2", 2);
}

static void version_1(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, HOUR, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=1");
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    rig_wait(rig, 3601);
    struct login_session next = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, next.access), "aal1");
    expect_row(rig, &s, "aal1", 1);
    struct login_session again = session_in(refresh(rig, s.refresh)); /* row R4 */
    assert_string_equal(again.refresh, next.refresh);
    assert_string_equal(aal_in(rig, again.access), "aal1");
    next = session_in(prove(rig, next.access, &f, code_at(rig, &f, 0)));
    assert_string_equal(aal_in(rig, session_in(refresh(rig, next.refresh)).access), "aal2");
}

static void off_by_default(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    add_totp(rig, &s, "x");
    rig_wait(rig, 400 * 86400.0);
    s = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, s.access), "aal2");
}

/* Only what is too old goes: of two steps the newer one keeps the level. */
static void each_method_has_its_own_age(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, HOUR);
    struct login_session s = sign_up(rig, "a@example.com");
    rig_wait(rig, 1); /* so that the methods have an order */
    add_totp(rig, &s, "x");
    const struct got *got = ask(rig, "POST", "/factors/recovery-codes", s.access, NULL);
    const char *code = got_text(expect_status(got, 200), "codes.0");
    rig_wait(rig, 1800);
    s = session_in(ask(rig, "POST", "/factors/recovery-codes/verify", s.access,
                       rig_text(rig, "{\"code\":\"%s\"}", code)));
    assert_string_equal(amr_in(rig, s.access), "mfa/recovery_code,totp,password");
    rig_wait(rig, 1801);
    s = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, s.access), "aal2");
    assert_string_equal(amr_in(rig, s.access), "mfa/recovery_code,password");
    expect_row(rig, &s, "aal2", 2);
    rig_wait(rig, 1800);
    s = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, s.access), "aal1");
    assert_string_equal(amr_in(rig, s.access), "password");
    expect_row(rig, &s, "aal1", 1);
}

/* The age of the sign-in plays no part, nor do other sessions of the user. */
static void other_sessions_keep_their_level(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, HOUR);
    struct login_session old = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &old, "x");
    rig_wait(rig, 3000);
    struct login_session young = sign_in(rig, "a@example.com");
    young = session_in(prove(rig, young.access, &f, code_at(rig, &f, 0)));
    rig_wait(rig, 700);
    assert_string_equal(aal_in(rig, session_in(refresh(rig, old.refresh)).access), "aal1");
    assert_string_equal(aal_in(rig, session_in(refresh(rig, young.refresh)).access), "aal2");
}

/* The answer that is given again is about now too. */
static void a_lost_answer_is_not_older_than_now(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, HOUR);
    struct login_session s = sign_up(rig, "a@example.com");
    add_totp(rig, &s, "x");
    rig_wait(rig, 3590);
    struct login_session next = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, next.access), "aal2");
    rig_wait(rig, 20);
    struct login_session again = session_in(refresh(rig, s.refresh));
    assert_string_equal(again.refresh, next.refresh);
    assert_string_equal(aal_in(rig, again.access), "aal1");
    expect_row(rig, &s, "aal1", 1);
}

/* Row B4 holds where the session fell meanwhile: what was shown before the new step is old. */
static void a_token_from_before_the_new_step_does_not_raise(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, HOUR);
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    rig_wait(rig, 3601);
    struct login_session low = session_in(refresh(rig, s.refresh));
    struct login_session high = session_in(prove(rig, low.access, &f, code_at(rig, &f, 0)));
    expect_problem(refresh(rig, low.refresh), REFRESH_NOT_FOUND);
    expect_problem(refresh(rig, s.refresh), REFRESH_NOT_FOUND);
    assert_string_equal(aal_in(rig, session_in(refresh(rig, high.refresh)).access), "aal2");
}

/* With GOTRUE_SESSIONS_ALLOW_LOW_AAL a session that falls later than that ends at once, and both
 * rows say so; one that falls earlier has the rest of that time. */
static void a_low_session_has_its_own_limit(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "COUNTERSIGN_MFA_MAX_AGE=10m", "GOTRUE_SESSIONS_ALLOW_LOW_AAL=15m");
    struct login_session a = sign_up(rig, "a@example.com"), b = sign_up(rig, "b@example.com");
    struct totp f = add_totp(rig, &a, "x");
    add_totp(rig, &b, "x");
    rig_wait(rig, 601);
    a = session_in(refresh(rig, a.refresh));
    assert_string_equal(aal_in(rig, a.access), "aal1");
    assert_int_equal(exp_in(rig, a.access), rig->now_us / US_PER_S + 299);
    a = session_in(prove(rig, a.access, &f, code_at(rig, &f, 0)));
    rig_wait(rig, 300);
    const struct got *got = refresh(rig, b.refresh);
    expect_problem(got, SESSION_EXPIRED);
    assert_non_null(strstr(got->body, "(Low AAL: User Needs MFA Verification)"));
    expect_row(rig, &b, "aal1", 1);
    expect_problem(refresh(rig, b.refresh), SESSION_EXPIRED);
    assert_string_equal(aal_in(rig, session_in(refresh(rig, a.refresh)).access), "aal2");
}

/* Where a second factor is required too, the session that falls gets tokens once, to be raised
 * with; two tabs get the same. */
static void a_session_that_falls_can_be_raised(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, HOUR, "COUNTERSIGN_MFA_REQUIRED_ROLES=*");
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    rig_wait(rig, 3601);
    struct login_session low = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, low.access), "aal1");
    rig_wait(rig, 10);
    assert_string_equal(session_in(refresh(rig, s.refresh)).refresh, low.refresh);
    expect_problem(refresh(rig, low.refresh), REFRESH_NEEDS_AAL2);
    s = session_in(prove(rig, low.access, &f, code_at(rig, &f, 0)));
    assert_string_equal(aal_in(rig, session_in(refresh(rig, s.refresh)).access), "aal2");
}

/* An old token shown still ends the session, though its step is too old as well. */
static void reuse_still_ends_the_session(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, HOUR);
    struct login_session s = sign_up(rig, "a@example.com");
    add_totp(rig, &s, "x");
    struct login_session next =
        session_in(refresh(rig, session_in(refresh(rig, s.refresh)).refresh));
    rig_wait(rig, 3601);
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
    expect_problem(refresh(rig, next.refresh), REFRESH_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(an_old_step_ends_at_the_refresh),
        RIG_TEST(version_1),
        RIG_TEST(off_by_default),
        RIG_TEST(each_method_has_its_own_age),
        RIG_TEST(other_sessions_keep_their_level),
        RIG_TEST(a_lost_answer_is_not_older_than_now),
        RIG_TEST(a_token_from_before_the_new_step_does_not_raise),
        RIG_TEST(a_low_session_has_its_own_limit),
        RIG_TEST(a_session_that_falls_can_be_raised),
        RIG_TEST(reuse_still_ends_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
