/* test_refresh_v2.c: the machine of version 2 refresh tokens (internals.md §3.4; rows R2,
 * R3, R6, R9, R10, B4) with the clock moved by hand. */
#include "people.h"

static const char *counter_of(const struct got *got)
{
    return got_header(got, "sb-auth-refresh-token-counter");
}

static void the_newest_token_steps_on(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    const char *token = s.refresh;
    for (int i = 1; i <= 3; i++) {
        const struct got *got = refresh(rig, token);
        struct login_session next = session_in(got);
        assert_string_equal(counter_of(got), rig_text(rig, "%d", i));
        assert_string_equal(got_header(got, "sb-auth-refresh-token-reuse"), "false");
        assert_null(got_header(got, "sb-auth-refresh-token-reuse-cause"));
        assert_string_equal(got_header(got, "sb-auth-session-id"), s.session_id);
        assert_string_equal(next.session_id, s.session_id);
        assert_string_not_equal(next.refresh, token);
        token = next.refresh;
    }
}

/* d = 1: the client lost the answer. */
static void a_lost_answer_is_given_again(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session next = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 600);
    const struct got *again = refresh(rig, s.refresh);
    assert_string_equal(session_in(again).refresh, next.refresh);
    assert_string_equal(got_header(again, "sb-auth-refresh-token-reuse-cause"), "fail-to-save");
    assert_null(got_header(again, "sb-auth-refresh-token-reuse"));
    assert_string_equal(counter_of(again), "1");
    expect_status(refresh(rig, next.refresh), 200);
}

/* The window is measured from the rotation, not from the last answer. */
static void the_window_of_a_lost_answer_ends(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session next = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 599);
    expect_status(refresh(rig, s.refresh), 200);
    rig_wait(rig, 1.000001);
    const struct got *late = refresh(rig, s.refresh);
    expect_problem(late, REFRESH_USED);
    assert_string_equal(got_header(late, "sb-auth-refresh-token-rotated"), "true");
    expect_problem(refresh(rig, next.refresh), REFRESH_NOT_FOUND);
    expect_problem(ask(rig, "GET", "/user", next.access, NULL), JWT_SESSION_NOT_FOUND);
}

static void an_older_token_ends_the_session(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), other = sign_in(rig, "a@example.com");
    struct login_session two =
        session_in(refresh(rig, session_in(refresh(rig, s.refresh)).refresh));
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
    expect_problem(refresh(rig, s.refresh), REFRESH_NOT_FOUND);
    expect_problem(refresh(rig, two.refresh), REFRESH_NOT_FOUND);
    expect_problem(ask(rig, "GET", "/user", two.access, NULL), JWT_SESSION_NOT_FOUND);
    expect_status(refresh(rig, other.refresh), 200);
}

static void without_rotation_nothing_ends(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED=false");
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session two =
        session_in(refresh(rig, session_in(refresh(rig, s.refresh)).refresh));
    const struct got *old = refresh(rig, s.refresh);
    expect_problem(old, REFRESH_USED);
    assert_null(got_header(old, "sb-auth-refresh-token-rotated"));
    expect_status(refresh(rig, two.refresh), 200);
}

static void the_reuse_interval_counts_from_the_last_rotation(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL=10");
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session two =
        session_in(refresh(rig, session_in(refresh(rig, s.refresh)).refresh));
    for (int i = 0; i < 4; i++) {
        rig_wait(rig, 2);
        const struct got *got = refresh(rig, s.refresh);
        assert_string_equal(session_in(got).refresh, two.refresh);
        assert_string_equal(got_header(got, "sb-auth-refresh-token-reuse-cause"),
                            "concurrent-refresh");
    }
    rig_wait(rig, 2);
    expect_problem(refresh(rig, s.refresh), REFRESH_USED);
}

static void all_causes_are_named(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL=10",
                "GOTRUE_SECURITY_REFRESH_TOKEN_ALLOW_REUSE=true");
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session one = session_in(refresh(rig, s.refresh));
    assert_string_equal(got_header(refresh(rig, s.refresh), "sb-auth-refresh-token-reuse-cause"),
                        "concurrent-refresh,fail-to-save,always-allow");
    session_in(refresh(rig, one.refresh));
    rig_wait(rig, 86400);
    assert_string_equal(got_header(refresh(rig, s.refresh), "sb-auth-refresh-token-reuse-cause"),
                        "always-allow");
}

/* Row B4. */
static void a_token_from_before_the_second_factor_does_not_raise(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), before = s;
    add_totp(rig, &s, "x");
    assert_string_equal(aal_in(rig, s.access), "aal2");
    rig_wait(rig, 59);
    expect_problem(refresh(rig, before.refresh), REFRESH_NOT_FOUND); /* and the session stays */
    struct login_session next = session_in(refresh(rig, s.refresh));
    assert_string_equal(aal_in(rig, next.access), "aal2");
    assert_string_equal(next.session_id, before.session_id);
}

/* S7: it is of another key, so it never ends the session either. */
static void nor_does_it_end_the_session(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), before = s;
    add_totp(rig, &s, "x");
    rig_wait(rig, 86400);
    expect_problem(refresh(rig, before.refresh), REFRESH_NOT_FOUND);
    assert_string_equal(aal_in(rig, session_in(refresh(rig, s.refresh)).access), "aal2");
}

/* The token that was lost just before the step is from before it too. */
static void a_lost_answer_before_the_step_does_not_raise(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), first = s;
    s = session_in(refresh(rig, s.refresh));
    struct login_session before = s;
    add_totp(rig, &s, "x");
    expect_problem(refresh(rig, first.refresh), REFRESH_NOT_FOUND);
    expect_problem(refresh(rig, before.refresh), REFRESH_NOT_FOUND);
    rig_wait(rig, 61);
    expect_problem(refresh(rig, before.refresh), REFRESH_NOT_FOUND);
}

/* Reuse allowed for ever is for tokens of the same level. */
static void always_allow_does_not_raise(void **state)
{
    struct rig *rig = *state;
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_ALLOW_REUSE=true");
    struct login_session s = sign_up(rig, "a@example.com"), before = s;
    add_totp(rig, &s, "x");
    rig_wait(rig, 3600);
    expect_problem(refresh(rig, before.refresh), REFRESH_NOT_FOUND);
}

static void the_raised_token_has_its_own_lost_answer(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    add_totp(rig, &s, "x");
    struct login_session next = session_in(refresh(rig, s.refresh));
    rig_wait(rig, 300);
    assert_string_equal(session_in(refresh(rig, s.refresh)).refresh, next.refresh);
}

static void what_is_not_found_or_not_ours(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    char *forged = rig_text(rig, "%s", s.refresh);
    static const char *const malformed[] = {
        "", "abc", "abcdefghijk", "ABCDEFGHIJKL", "abcdefghijk-", "abcdefghijklm"
    };
    for (size_t i = 0; i < COUNT(malformed); i++) {
        expect_problem(refresh(rig, malformed[i]), REFRESH_MALFORMED);
    }
    expect_problem(ask(rig, "POST", "/token?grant_type=refresh_token", NULL, "{}"),
                   REFRESH_MALFORMED);
    expect_problem(refresh(rig, "abcdefghijkl"), REFRESH_NOT_FOUND);
    size_t last = strlen(forged) - 10; /* inside the HMAC: the checksum is wrong then */
    forged[last] = forged[last] == 'A' ? 'B' : 'A';
    expect_problem(refresh(rig, forged), REFRESH_MALFORMED);
    expect_status(ask(rig, "POST", "/logout", s.access, NULL), 204);
    expect_problem(refresh(rig, s.refresh), REFRESH_NOT_FOUND);
}

static enum problem set_back(struct ctx *ctx, struct tx *tx, void *arg)
{
    DB_SQL(sql, "update @sessions set refresh_token_counter = 0");
    (void)ctx;
    (void)arg;
    return db_exec(tx, &sql) == 1 ? P_OK : P_UNEXPECTED;
}

static void a_counter_ahead_of_ours(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    struct login_session next = session_in(refresh(rig, s.refresh));
    struct ctx ctx = { .arena = rig->arena, .now_us = rig->now_us };
    assert_int_equal(exec_write(rig->services->executor, &ctx, set_back, NULL), P_OK);
    expect_problem(refresh(rig, next.refresh), REFRESH_FOREIGN);
    expect_status(refresh(rig, s.refresh), 200);
}

static void a_banned_user_is_told_so(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    expect_status(ask(rig, "PUT", rig_text(rig, "/admin/users/%s", s.user_id), rig->service_key,
                      "{\"ban_duration\":\"1h\"}"),
                  200);
    expect_problem(refresh(rig, s.refresh), REFRESH_BANNED);
    rig_wait(rig, 3600);
    expect_status(refresh(rig, s.refresh), 200);
}

static void keys_survive_a_restart(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    rig_restart(rig, "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=1");
    const struct got *got = refresh(rig, s.refresh); /* a version 2 session stays one */
    assert_string_equal(counter_of(got), "1");
    expect_status(refresh(rig, session_in(got).refresh), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(the_newest_token_steps_on),
        RIG_TEST(a_lost_answer_is_given_again),
        RIG_TEST(the_window_of_a_lost_answer_ends),
        RIG_TEST(an_older_token_ends_the_session),
        RIG_TEST(without_rotation_nothing_ends),
        RIG_TEST(the_reuse_interval_counts_from_the_last_rotation),
        RIG_TEST(all_causes_are_named),
        RIG_TEST(a_token_from_before_the_second_factor_does_not_raise),
        RIG_TEST(nor_does_it_end_the_session),
        RIG_TEST(a_lost_answer_before_the_step_does_not_raise),
        RIG_TEST(always_allow_does_not_raise),
        RIG_TEST(the_raised_token_has_its_own_lost_answer),
        RIG_TEST(what_is_not_found_or_not_ours),
        RIG_TEST(a_counter_ahead_of_ours),
        RIG_TEST(a_banned_user_is_told_so),
        RIG_TEST(keys_survive_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
