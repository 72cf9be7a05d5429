/* test_send_limit.c: the pause between two messages and the server's totals (accounts.md
 * ML10, ML12, RL4). */
#include "domain/send_limit.h"

#include "../crypto/testing.h"
#include "base/clock.h"
#include "scratch.h"
#include "store/migrate.h"

static void pauses(void **state)
{
    struct ctx ctx = { .arena = *state, .now_us = 100 * US_PER_S };
    assert_int_equal(pause_check(&ctx, 0, 60 * US_PER_S, P_MAIL_TOO_SOON), P_OK);
    assert_int_equal(pause_check(&ctx, 40 * US_PER_S, 60 * US_PER_S, P_MAIL_TOO_SOON), P_OK);
    assert_int_equal(pause_check(&ctx, 41 * US_PER_S, 60 * US_PER_S, P_MAIL_TOO_SOON),
                     P_MAIL_TOO_SOON);
    assert_int_equal(ctx.retry_after_s, 1);
    assert_int_equal(pause_check(&ctx, 99 * US_PER_S, 60 * US_PER_S, P_SMS_TOO_SOON),
                     P_SMS_TOO_SOON);
    assert_string_equal(ctx.problem_arg, "59");
    assert_int_equal(ctx.retry_after_s, 59);
    /* The other one's request began at the same time or even later, and was faster. */
    for (int64_t later_us = 0; later_us <= 3 * US_PER_S; later_us += US_PER_S + 1) {
        assert_int_equal(pause_check(&ctx, ctx.now_us + later_us, 60 * US_PER_S, P_SMS_TOO_SOON),
                         P_SMS_TOO_SOON);
        assert_string_equal(ctx.problem_arg, "60");
        assert_int_equal(ctx.retry_after_s, 60);
    }
}

/* A message sent, or a total filled, while the clock was a month fast holds nobody up for a month.
 */
static void a_clock_that_was_wrong(void **state)
{
    const int64_t month = INT64_C(30) * 86400 * US_PER_S;
    struct ctx ctx = { .arena = *state, .now_us = 100 * US_PER_S };
    assert_int_equal(pause_check(&ctx, ctx.now_us + month, 60 * US_PER_S, P_MAIL_TOO_SOON), P_OK);
    assert_int_equal(pause_check(&ctx, ctx.now_us + 59 * US_PER_S, 60 * US_PER_S, P_MAIL_TOO_SOON),
                     P_MAIL_TOO_SOON);
}

static void zero(void **state)
{
    (void)state;
    assert_true(total_is_zero("0"));
    assert_false(total_is_zero("1"));
    assert_false(total_is_zero("10/20s"));
}

struct stage {
    struct scratch *s;
    struct db *db;
    struct tx tx;
};

static struct stage set(void **state)
{
    struct stage g = { .s = *state };
    const char *error = NULL;
    g.db = db_connect(g.s->arena, g.s->url, DB_CREATE, &error);
    assert_true(g.db && migrate(g.db, g.s->arena, &error));
    g.tx = (struct tx){ .ctx = &g.s->ctx, .db = g.db, .mode = TX_WRITE };
    g.tx.status = db_begin(g.db, TX_WRITE);
    g.s->ctx.now_us = 1700000000 * US_PER_S;
    return g;
}

static int taken(struct stage *g, const char *setting, int tries)
{
    int n = 0;
    for (int i = 0; i < tries; i++) {
        n += total_take(&g->tx, "mail", setting, BY_CONFIRMED);
    }
    return n;
}

static int taken_by_unconfirmed(struct stage *g, const char *setting, int tries)
{
    int n = 0;
    for (int i = 0; i < tries; i++) {
        n += total_take(&g->tx, "mail", setting, BY_UNCONFIRMED);
    }
    return n;
}

/* Strangers leave the last half. */
static void a_share(void **state)
{
    struct stage g = set(state);
    assert_int_equal(taken_by_unconfirmed(&g, "7", 9), 4);
    assert_int_equal(taken(&g, "7", 9), 3);
    g.s->ctx.now_us += 3 * 3600 * US_PER_S;
    assert_int_equal(taken(&g, "7", 3), 3);
    assert_int_equal(taken_by_unconfirmed(&g, "7", 9), 1);
    g.s->ctx.now_us += 3 * 3600 * US_PER_S;
    assert_int_equal(taken_by_unconfirmed(&g, "1", 2), 1); /* of one there is no half to keep */
    g.s->ctx.now_us += 3 * 3600 * US_PER_S;
    assert_int_equal(taken_by_unconfirmed(&g, "4/10s", 9), 2);
    assert_int_equal(taken(&g, "4/10s", 9), 2);
    g.s->ctx.now_us += 20 * US_PER_S;
    assert_int_equal(taken_by_unconfirmed(&g, "4/10s", 9), 0);
    g.s->ctx.now_us += 10 * US_PER_S;
    assert_int_equal(taken_by_unconfirmed(&g, "4/10s", 9), 1);
    db_rollback(g.db);
    db_close(&g.db);
}

/* One account gets a third at most; three, where a third is less. */
static void an_account(void **state)
{
    struct stage g = set(state);
    struct user user = { .id = uuid_v4(&g.s->entropy), .email_confirmed_at = 1 };
    struct user other = { .id = uuid_v4(&g.s->entropy) };
    int n = 0;
    assert_int_equal(message_wanted_by(&user), BY_CONFIRMED);
    assert_int_equal(message_wanted_by(&other), BY_UNCONFIRMED);
    for (int i = 0; i < 20; i++) {
        n += total_take_for(&g.tx, "mail", "15", &user);
    }
    assert_int_equal(n, 5);
    user.is_anonymous = true;
    assert_int_equal(message_wanted_by(&user), BY_UNCONFIRMED);
    db_rollback(g.db);
    db_close(&g.db);
}

/* "N": so many in an hour. */
static void an_hour(void **state)
{
    struct stage g = set(state);
    assert_int_equal(taken(&g, "3", 5), 3);
    assert_true(total_take(&g.tx, "sms", "3", BY_CONFIRMED));
    g.s->ctx.now_us += 1800 * US_PER_S;
    assert_true(taken(&g, "3", 5) <= 2);
    g.s->ctx.now_us += 3 * 3600 * US_PER_S;
    assert_int_equal(taken(&g, "3", 5), 3);
    db_rollback(g.db);
    db_close(&g.db);
}

/* "N/D": at most N at once, one more each D. */
static void a_bucket(void **state)
{
    struct stage g = set(state);
    assert_int_equal(taken(&g, "2/10s", 5), 2);
    g.s->ctx.now_us += 9 * US_PER_S;
    assert_int_equal(taken(&g, "2/10s", 2), 0);
    g.s->ctx.now_us += 1 * US_PER_S;
    assert_int_equal(taken(&g, "2/10s", 5), 1);
    g.s->ctx.now_us += 1000 * US_PER_S;
    assert_int_equal(taken(&g, "2/10s", 5), 2);
    g.s->ctx.now_us -= 500 * US_PER_S; /* a clock that is set back gives nothing away */
    assert_int_equal(taken(&g, "2/10s", 5), 0);
    db_rollback(g.db);
    db_close(&g.db);
}

#define DB_TEST(fn) cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(pauses),     ARENA_TEST(a_clock_that_was_wrong),
        cmocka_unit_test(zero), DB_TEST(an_hour),
        DB_TEST(a_bucket),      DB_TEST(a_share),
        DB_TEST(an_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
