/* test_refresh_v1.c: the machine of version 1 refresh tokens and the move to version 2
 * (internals.md §3.3; rows R3 to R6, R9, B4). */
#include "people.h"

static void begin(struct rig *rig)
{
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=1");
}

static void the_newest_token_steps_on(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com");
    assert_int_equal(strlen(s.refresh), 12);
    const struct got *got = refresh(rig, s.refresh);
    struct login_session next = session_in(got);
    assert_string_equal(got_header(got, "sb-auth-refresh-token-prefix"),
                        rig_text(rig, "%.5s", next.refresh));
    assert_string_equal(got_header(got, "sb-auth-refresh-token-reuse"), "false");
    assert_null(got_header(got, "sb-auth-refresh-token-counter"));
    assert_string_not_equal(next.refresh, s.refresh);
    expect_status(refresh(rig, next.refresh), 200);
}

/* Row R4: the parent of the active token, without a limit of time. */
static void a_lost_answer_is_given_again(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session next = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 30 * 86400.0);
    for (int i = 0; i < 2; i++) {
        const struct got *again = refresh(rig, s.refresh);
        assert_string_equal(session_in(again).refresh, next.refresh);
        assert_null(got_header(again, "sb-auth-refresh-token-reuse"));
    }
    expect_status(refresh(rig, next.refresh), 200);
}

/* Row R5: every token of the session dies, the session row stays. */
static void an_older_token_revokes_all(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com"), other = sign_in(rig, "a@example.com");
    rig_wait(rig, 1);
    struct login_session one = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 1);
    struct login_session two = session_in(refresh(rig, one.refresh));
    rig_wait(rig, 1);
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
    expect_problem(refresh(rig, one.refresh), REFRESH_USED);
    rig_wait(rig, 1);
    expect_problem(refresh(rig, two.refresh), REFRESH_USED);
    expect_status(ask(rig, "GET", "/user", two.access, NULL), 200);
    expect_status(refresh(rig, other.refresh), 200);
}

static void without_rotation_nothing_is_revoked(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=1",
                "GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED=false");
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session two =
        session_in(refresh(rig, session_in(refresh(rig, s.refresh)).refresh));
    rig_wait(rig, 1);
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
    expect_status(refresh(rig, two.refresh), 200);
}

/* Row R6: inside the interval the chain branches; both ends work. */
static void the_reuse_interval_branches_the_chain(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=1",
                "GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL=10");
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session one = session_in(refresh(rig, s.refresh));
    struct login_session two = session_in(refresh(rig, one.refresh));
    rig_wait(rig, 10);
    struct login_session branch = session_in(refresh(rig, s.refresh));
    assert_string_not_equal(branch.refresh, two.refresh);
    assert_string_not_equal(branch.refresh, one.refresh);
    expect_status(refresh(rig, two.refresh), 200);
    expect_status(refresh(rig, branch.refresh), 200);
    rig_wait(rig, 10.1);
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
}

/* Row R5 holds inside the interval too: what was revoked for reuse is no concurrent refresh. */
static void what_reuse_has_revoked_stays_revoked(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=1",
                "GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL=10");
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session two =
        session_in(refresh(rig, session_in(refresh(rig, s.refresh)).refresh));
    rig_wait(rig, 60);
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
    rig_wait(rig, 1);
    expect_problem(refresh(rig, two.refresh), REFRESH_USED);
}

static void a_token_without_a_session(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com");
    expect_status(ask(rig, "POST", "/logout", s.access, NULL), 204);
    expect_problem(refresh(rig, s.refresh), REFRESH_NOT_FOUND);
}

/* Row B4 against R4: the token from before the step has no active child. */
static void a_token_from_before_the_second_factor_does_not_raise(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com"), before = s;
    add_totp(rig, &s, "x");
    assert_int_equal(strlen(s.refresh), 12);
    rig_wait(rig, 59);
    expect_problem(refresh(rig, before.refresh), REFRESH_NOT_FOUND);
    struct login_session next = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, next.access), "aal2");
    rig_wait(rig, 2);
    expect_problem(refresh(rig, before.refresh), REFRESH_NOT_FOUND);
    rig_wait(rig, 1);
    expect_status(refresh(rig, next.refresh), 200); /* S7: nor does it end the session */
}

static void upgrade(struct rig *rig)
{
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=2",
                "GOTRUE_SECURITY_REFRESH_TOKEN_UPGRADE_PERCENTAGE=100");
}

static void a_session_moves_to_version_2(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com");
    upgrade(rig);
    const struct got *got = refresh(rig, s.refresh);
    struct login_session moved = session_in(got);
    assert_true(strlen(moved.refresh) > 12);
    assert_string_equal(got_header(got, "sb-auth-refresh-token-counter"), "0");
    assert_string_equal(moved.session_id, s.session_id);
    expect_status(refresh(rig, moved.refresh), 200);
}

static void it_stays_where_the_percentage_is_0(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com");
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=2");
    assert_int_equal(strlen(session_in(refresh(rig, s.refresh)).refresh), 12);
}

static void a_lost_answer_of_the_move(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com");
    upgrade(rig);
    struct login_session moved = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 600);
    assert_string_equal(session_in(refresh(rig, s.refresh)).refresh, moved.refresh);
    rig_wait(rig, 0.000001);
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
}

static void once_the_moved_token_was_used_the_old_one_is_old(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com");
    upgrade(rig);
    session_in(refresh(rig, session_in(refresh(rig, s.refresh)).refresh));
    rig_wait(rig, 1);
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
}

/* Only the token that was moved may be answered again, not any older one of the session. */
static void an_older_token_is_not_answered_with_the_moved_one(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session one = session_in(refresh(rig, s.refresh));
    upgrade(rig);
    rig_wait(rig, 1);
    session_in(refresh(rig, one.refresh));
    rig_wait(rig, 1);
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
}

/* Row B4: nor one from before the second factor. */
static void the_move_does_not_raise_an_older_token(void **state)
{
    struct rig *rig = *state;
    begin(rig);
    struct login_session s = sign_up(rig, "a@example.com"), before = s;
    add_totp(rig, &s, "x");
    upgrade(rig);
    rig_wait(rig, 90);
    struct login_session moved = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, moved.access), "aal2");
    rig_wait(rig, 1);
    expect_problem(refresh(rig, before.refresh), REFRESH_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(the_newest_token_steps_on),
        RIG_TEST(a_lost_answer_is_given_again),
        RIG_TEST(an_older_token_revokes_all),
        RIG_TEST(without_rotation_nothing_is_revoked),
        RIG_TEST(the_reuse_interval_branches_the_chain),
        RIG_TEST(what_reuse_has_revoked_stays_revoked),
        RIG_TEST(a_token_without_a_session),
        RIG_TEST(a_token_from_before_the_second_factor_does_not_raise),
        RIG_TEST(a_session_moves_to_version_2),
        RIG_TEST(it_stays_where_the_percentage_is_0),
        RIG_TEST(a_lost_answer_of_the_move),
        RIG_TEST(once_the_moved_token_was_used_the_old_one_is_old),
        RIG_TEST(an_older_token_is_not_answered_with_the_moved_one),
        RIG_TEST(the_move_does_not_raise_an_older_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
