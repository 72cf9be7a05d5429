/* test_mfa_policy.c: a second factor is required of some (docs/decisions/0011): whom, from when,
 * what can still be done, and what else a password alone must not do. The clock stands at
 * 2026-03-01 12:00:05 UTC when a test begins. */
#include "people.h"

#define EVERYONE "COUNTERSIGN_MFA_REQUIRED_ROLES=*"

static void give(struct rig *rig, const struct login_session *s, const char *change)
{
    expect_status(
        ask(rig, "PUT", rig_text(rig, "/admin/users/%s", s->user_id), rig->service_key, change),
        200);
}

static void a_refresh_at_aal1_is_refused(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct totp f = add_totp(rig, &s, "x");
    struct login_session low = sign_in(rig, "a@example.com");
    rig_restart(rig, EVERYONE);
    rig_wait(rig, 60);
    expect_problem(refresh(rig, low.refresh), REFRESH_NEEDS_AAL2);
    expect_problem(refresh(rig, low.refresh), REFRESH_NEEDS_AAL2);
    session_in(refresh(rig, s.refresh));
    /* the session is still there: its access token raises it, and from then on it is renewed */
    low = session_in(prove(rig, low.access, &f, code_at(rig, &f, 0)));
    low = session_in(refresh(rig, low.refresh));
    assert_string_equal(aal_in(rig, low.access), "aal2");
}

static void the_new_envelope_has_the_code(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, EVERYONE, "COUNTERSIGN_MFA_ENROLL_GRACE=0");
    struct login_session s = sign_up(rig, "a@example.com");
    rig_header(rig, "X-Supabase-Api-Version", "2024-01-01");
    const struct got *got = expect_status(refresh(rig, s.refresh), 403);
    assert_string_equal(got_text(got, "code"), "insufficient_aal");
    assert_string_equal(got_text(got, "message"), "A second factor is required for this account: "
                                                  "sign in again and enroll one");
}

/* Who has no factor may renew the session for a while, and enroll in it to the end. */
static void an_enrollment_has_its_time(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, EVERYONE);
    struct login_session s = sign_up(rig, "a@example.com"), other = s;
    rig_wait(rig, 899);
    s = session_in(refresh(rig, s.refresh));
    struct totp f = enrolled(enroll(rig, s.access, "x"));
    rig_wait(rig, 1);
    expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
    rig_wait(rig, 1000); /* the access token is still good */
    s = session_in(prove(rig, s.access, &f, code_at(rig, &f, 0)));
    s = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, s.access), "aal2");
    assert_string_equal(s.session_id, other.session_id);
    /* signing in again is always possible; with a factor there is no such time any more */
    other = sign_in(rig, "a@example.com");
    expect_problem(refresh(rig, other.refresh), REFRESH_NEEDS_AAL2);
}

/* An enrollment that nobody verified is none, however often it is made. */
static void a_factor_that_is_not_verified_buys_no_time(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, EVERYONE);
    struct login_session s = sign_up(rig, "a@example.com");
    for (int i = 0; i < 3; i++) {
        rig_wait(rig, 299);
        expect_status(enroll(rig, s.access, rig_text(rig, "%d", i)), 200);
        s = session_in(refresh(rig, s.refresh));
    }
    rig_wait(rig, 3);
    expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
}

static void it_begins_at_its_time(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, EVERYONE, "COUNTERSIGN_MFA_REQUIRED_FROM=2026-03-01T13:00:05Z");
    struct login_session s = sign_up(rig, "a@example.com");
    rig_wait(rig, 3599);
    s = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 1); /* a session from before falls under it at its next refresh */
    expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
    s = sign_in(rig, "a@example.com");
    session_in(refresh(rig, s.refresh));
}

static void a_day_begins_at_midnight(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, EVERYONE, "COUNTERSIGN_MFA_REQUIRED_FROM=2026-03-02",
                "COUNTERSIGN_MFA_ENROLL_GRACE=0");
    struct login_session s = sign_up(rig, "a@example.com");
    rig_wait(rig, 43194.5);
    s = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 0.5);
    expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
}

/* By the role that the token shows, and by what only admins can write. */
static void roles_are_the_users_or_those_of_app_metadata(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *change;
        bool covered;
    } rows[] = {
        { "{}", false },
        { "{\"role\":\"staff\"}", true },
        { "{\"role\":\"staf\"}", false },
        { "{\"role\":\"Staff\"}", false },
        { "{\"app_metadata\":{\"role\":\"staff\"}}", true },
        { "{\"app_metadata\":{\"role\":\"guest\"}}", false },
        { "{\"app_metadata\":{\"roles\":[\"guest\",\"admin\"]}}", true },
        { "{\"app_metadata\":{\"roles\":[\"guest\",7,null,[\"admin\"],{\"admin\":1}]}}", false },
        { "{\"app_metadata\":{\"roles\":\"admin\"}}", true },
        { "{\"app_metadata\":{\"role\":{\"staff\":true},\"roles\":5}}", false },
        { "{\"user_metadata\":{\"role\":\"staff\",\"roles\":[\"admin\"]}}", false },
    };
    rig_restart(rig, "COUNTERSIGN_MFA_REQUIRED_ROLES=admin,staff",
                "COUNTERSIGN_MFA_ENROLL_GRACE=0");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login_session s = sign_up(rig, rig_text(rig, "u%zu@example.com", i));
        give(rig, &s, rows[i].change);
        const struct got *got = refresh(rig, s.refresh);
        if (got->status != (rows[i].covered ? 403 : 200)) {
            fail_msg("%s: %d %s", rows[i].change, got->status, got->body);
        }
    }
}

/* Anonymous users cannot enroll and could never sign in again; a person's account can. */
static void anonymous_users_are_left_alone(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, EVERYONE, "COUNTERSIGN_MFA_ENROLL_GRACE=0");
    struct login_session s = sign_up_anonymously(rig);
    s = session_in(refresh(rig, s.refresh));
    expect_status(ask(rig, "PUT", "/user", s.access, "{\"email\":\"n@example.com\"}"), 200);
    expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
}

static void everyone_is_not_who_may_use_admin(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, EVERYONE, "COUNTERSIGN_MFA_ENROLL_GRACE=0");
    struct login_session s = sign_up(rig, "a@example.com");
    expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
    give(rig, &s, "{\"role\":\"service_role\"}");
    s = session_in(refresh(rig, s.refresh));
    rig_restart(rig, "COUNTERSIGN_MFA_REQUIRED_ROLES=*,service_role",
                "COUNTERSIGN_MFA_ENROLL_GRACE=0");
    expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
    expect_status(ask(rig, "GET", "/admin/users", rig->service_key, NULL), 200); /* keys go on */
}

/* Two tabs with one token: the second gets the answer of the first, for a minute. */
static void an_answer_is_given_again(void **state)
{
    struct rig *rig = *state;
    static const char *const versions[] = { "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=1",
                                            "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=2" };
    for (size_t i = 0; i < COUNT(versions); i++) {
        rig_restart(rig, versions[i]);
        struct login_session s = sign_up(rig, rig_text(rig, "u%zu@example.com", i));
        struct login_session next = session_in(refresh(rig, s.refresh));
        rig_restart(rig, versions[i], EVERYONE, "COUNTERSIGN_MFA_ENROLL_GRACE=0");
        rig_wait(rig, 59);
        assert_string_equal(session_in(refresh(rig, s.refresh)).refresh, next.refresh);
        expect_problem(refresh(rig, next.refresh), REFRESH_NEEDS_FACTOR);
        rig_wait(rig, 1);
        expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
    }
}

/* An old token that is let in for ever elsewhere does not keep a session alive here. */
static void no_old_token_goes_round_it(void **state)
{
    struct rig *rig = *state;
    static const char *const settings[] = { "GOTRUE_SECURITY_REFRESH_TOKEN_ALLOW_REUSE=true",
                                            "GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL=86400",
                                            "COUNTERSIGN_REFRESH_TOKEN_LOST_ANSWER_WINDOW=24h" };
    for (size_t i = 0; i < COUNT(settings); i++) {
        rig_restart(rig, settings[i], EVERYONE, "COUNTERSIGN_MFA_ENROLL_GRACE=1m");
        struct login_session s = sign_up(rig, rig_text(rig, "u%zu@example.com", i));
        struct login_session next = session_in(refresh(rig, s.refresh));
        for (int again = 0; again < 3; again++) {
            rig_wait(rig, 60);
            expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
        }
        expect_problem(refresh(rig, next.refresh), REFRESH_NEEDS_FACTOR);
    }
}

/* A refused refresh costs the token nothing: once the policy goes, it is good. */
static void a_refused_refresh_changes_nothing(void **state)
{
    struct rig *rig = *state;
    static const char *const versions[] = { "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=1",
                                            "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=2" };
    for (size_t i = 0; i < COUNT(versions); i++) {
        rig_restart(rig, versions[i], EVERYONE, "COUNTERSIGN_MFA_ENROLL_GRACE=0");
        struct login_session s = sign_up(rig, rig_text(rig, "u%zu@example.com", i));
        expect_problem(refresh(rig, s.refresh), REFRESH_NEEDS_FACTOR);
        rig_restart(rig, versions[i]);
        const struct got *got = refresh(rig, s.refresh);
        session_in(got);
        assert_string_equal(got_header(got, "sb-auth-refresh-token-reuse"), "false");
    }
}

/* People are told: everybody by /settings, those whom it is about by their own user. */
static void who_must_is_told(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), staff = sign_up(rig, "b@example.com");
    assert_null(got_value(ask(rig, "GET", "/settings", NULL, NULL), "mfa_required"));
    rig_restart(rig, "COUNTERSIGN_MFA_REQUIRED_ROLES=staff,quality \"A\"",
                "COUNTERSIGN_MFA_REQUIRED_FROM=2026-03-01T14:00:05+01:00");
    give(rig, &staff, "{\"app_metadata\":{\"role\":\"staff\"}}");
    const struct got *got = ask(rig, "GET", "/settings", NULL, NULL);
    assert_string_equal(got_text(got, "mfa_required.roles.1"), "quality \"A\"");
    assert_string_equal(got_text(got, "mfa_required.from"), "2026-03-01T13:00:05Z");
    assert_null(got_value(ask(rig, "GET", "/user", s.access, NULL), "mfa_required"));
    got = ask(rig, "GET", "/user", staff.access, NULL);
    assert_int_equal(json_kind_of(got_value(got, "mfa_required")), KIND_BOOL);
    assert_false(json_truth(got_value(got, "mfa_required")));
    assert_string_equal(got_text(got, "mfa_required_from"), "2026-03-01T13:00:05Z");
    rig_wait(rig, 3600);
    got = password_grant(rig, "b@example.com", PASSWORD);
    assert_true(json_truth(got_value(got, "user.mfa_required")));
    rig_restart(rig, "COUNTERSIGN_MFA_REQUIRED_ROLES=staff");
    got = ask(rig, "GET", "/user", session_in(got).access, NULL);
    assert_true(json_truth(got_value(got, "mfa_required")));
    assert_null(got_value(got, "mfa_required_from"));
    got = ask(rig, "GET", "/settings", NULL, NULL);
    assert_string_equal(got_text(got, "mfa_required.roles.0"), "staff");
    assert_null(got_value(got, "mfa_required.from"));
}

/* Removing an identity may take the address along, which at aal1 must not change (row S6). */
static void an_identity_goes_at_aal2_alone(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SECURITY_MANUAL_LINKING_ENABLED=true");
    struct login_session s = sign_up(rig, "a@example.com");
    s = session_in(refresh(rig, s.refresh));
    expect_status(ask(rig, "PUT", "/user", s.access, "{\"phone\":\"+15550100\"}"), 200);
    struct totp f = add_totp(rig, &s, "x");
    struct login_session low = sign_in(rig, "a@example.com");
    const struct got *got = ask(rig, "GET", "/user", low.access, NULL);
    const char *path =
        rig_text(rig, "/user/identities/%s", got_text(got, "identities.0.identity_id"));
    assert_non_null(got_text(got, "identities.1.identity_id"));
    expect_problem(ask(rig, "DELETE", path, low.access, NULL), UNLINK_NEEDS_AAL2);
    got = ask(rig, "GET", "/user", low.access, NULL);
    assert_string_equal(got_text(got, "email"), "a@example.com");
    rig_wait(rig, 30);
    low = session_in(prove(rig, low.access, &f, code_at(rig, &f, 0)));
    expect_status(ask(rig, "DELETE", path, low.access, NULL), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_refresh_at_aal1_is_refused),
        RIG_TEST(the_new_envelope_has_the_code),
        RIG_TEST(an_enrollment_has_its_time),
        RIG_TEST(a_factor_that_is_not_verified_buys_no_time),
        RIG_TEST(it_begins_at_its_time),
        RIG_TEST(a_day_begins_at_midnight),
        RIG_TEST(roles_are_the_users_or_those_of_app_metadata),
        RIG_TEST(anonymous_users_are_left_alone),
        RIG_TEST(everyone_is_not_who_may_use_admin),
        RIG_TEST(an_answer_is_given_again),
        RIG_TEST(no_old_token_goes_round_it),
        RIG_TEST(a_refused_refresh_changes_nothing),
        RIG_TEST(who_must_is_told),
        RIG_TEST(an_identity_goes_at_aal2_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
