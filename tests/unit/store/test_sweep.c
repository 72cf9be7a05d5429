/* test_sweep.c: what the sweep deletes and what it leaves, on both engines; and that its walks come
 * past every row, a stretch a round. */
#include "scratch.h"
#include "store/sweep.h"
#include "work/executor.h"

#include "../crypto/testing.h"

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)
#define DAY_US (86400 * US_PER_S)
#define HOUR_US (3600 * US_PER_S)

/* What the writer's thread found; cmocka's assertions belong on the test's own thread. */
static int64_t left[8], rounds, gone[8];
static struct uuid user, first_session;

static void add_factor(struct tx *tx, const struct uuid *id, const char *status, int64_t at)
{
    DB_SQL(sql,
           "insert into @mfa_factors (id, user_id, factor_type, status, created_at, updated_at, "
           "secret) values ($1, $2, 'totp', $3, $4, $4, '')");
    db_run(tx, &sql, V_ID(id), V_ID(&user), V_TEXT(status), V_TIME(at));
}

static void add_session(struct tx *tx, const struct uuid *id, int64_t made, int64_t refreshed)
{
    DB_SQL(sql, "insert into @sessions (id, user_id, created_at, updated_at, refreshed_at) "
                "values ($1, $2, $3, $3, $4)");
    db_run(tx, &sql, V_ID(id), V_ID(&user), V_TIME(made), V_TIME(refreshed));
}

static void add_token(struct tx *tx, const char *token, bool revoked, int64_t at)
{
    DB_SQL(sql, "insert into @refresh_tokens (instance_id, token, user_id, revoked, created_at, "
                "updated_at, session_id) values ($1, $2, $3, $4, $5, $5, $6)");
    const char *nobody = "00000000-0000-0000-0000-000000000001";
    db_run(tx, &sql, V_ID(&uuid_nil), V_TEXT(token), V_TEXT(nobody), V_BOOL(revoked), V_TIME(at),
           V_ID(&first_session));
}

static void add_challenge(struct tx *tx, const struct uuid *factor, const struct uuid *id,
                          int64_t at)
{
    DB_SQL(sql, "insert into @mfa_challenges (id, factor_id, created_at, ip_address, otp_code) "
                "values ($1, $2, $3, '192.0.2.1', '')");
    db_run(tx, &sql, V_ID(id), V_ID(factor), V_TIME(at));
}

static int64_t count(struct tx *tx, struct sql *sql)
{
    struct rows *r = db_query(tx, sql);
    int64_t n = rows_next(r) ? rows_int(r, 0) : -1;
    rows_end(r);
    return n;
}

static void add_user(struct tx *tx)
{
    DB_SQL(sql, "insert into @users (id, aud, role, email, created_at, updated_at) "
                "values ($1, 'a', 'r', 'a@example.com', $2, $2)");
    user = uuid_v4(tx->ctx->entropy);
    db_run(tx, &sql, V_ID(&user), V_TIME(tx->ctx->now_us));
}

static void counts(struct tx *tx)
{
    DB_SQL(factors, "select count(*) from @mfa_factors");
    DB_SQL(sessions, "select count(*) from @sessions");
    DB_SQL(tokens, "select count(*) from @refresh_tokens");
    DB_SQL(challenges, "select count(*) from @mfa_challenges");
    left[0] = count(tx, &factors);
    left[1] = count(tx, &sessions);
    left[2] = count(tx, &tokens);
    left[3] = count(tx, &challenges);
}

static enum problem of_each_kind(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct entropy *e = ctx->entropy;
    int64_t now = ctx->now_us, old = now - 25 * HOUR_US, young = now - 23 * HOUR_US;
    struct uuid id[12];
    for (int i = 0; i < 12; i++) {
        id[i] = i < 8 ? uuid_v4(e) : uuid_v7(e, i % 2 ? old : young);
    }
    add_user(tx);
    add_factor(tx, &id[0], "verified", old);
    add_factor(tx, &id[1], "unverified", young);
    add_factor(tx, &id[2], "unverified", old); /* goes */
    first_session = id[3];
    add_session(tx, &id[3], now - 2 * HOUR_US, 0);
    add_session(tx, &id[4], now - 40 * HOUR_US, now);                /* timebox: goes */
    add_session(tx, &id[5], now - 30 * HOUR_US, now - HOUR_US);      /* neither */
    add_session(tx, &id[6], now - 30 * HOUR_US, now - 29 * HOUR_US); /* inactive: goes */
    add_token(tx, "a", true, young);
    add_token(tx, "b", false, old);
    add_token(tx, "c", true, old); /* goes */
    for (int i = 7; i < 12; i++) { /* two of them, and one with an id of version 4, go */
        add_challenge(tx, &id[0], &id[i], i % 2 ? old : young);
    }
    struct sweep_ages *ages = arg;
    struct sweep_place place = { 0 };
    gone[0] = sweep(tx, ages, &place);
    counts(tx);
    return tx->status == DB_OK ? P_OK : P_UNEXPECTED;
}

static void run(void **state, tx_fn *fn, void *arg)
{
    struct scratch *s = *state;
    const char *error = NULL;
    struct executor_settings settings = { .url = s->url, .compute_threads = 1 };
    struct executor *e = executor_start(s->arena, &settings, &error);
    if (!e) {
        fail_msg("%s", error);
    }
    enum problem problem = exec_write(e, &s->ctx, fn, arg);
    executor_stop(&e);
    assert_int_equal(problem, P_OK);
}

static void what_is_old_goes(void **state)
{
    struct sweep_ages ages = { .timebox_us = 12 * HOUR_US, .inactivity_us = 4 * HOUR_US };
    run(state, of_each_kind, &ages);
    assert_int_equal(left[0], 2);
    assert_int_equal(left[1], 2);
    assert_int_equal(left[2], 2);
    assert_int_equal(left[3], 2);
    assert_int_equal(gone[0], 1 + 2 + 1 + 3);
}

static void sessions_without_limits_stay(void **state)
{
    struct sweep_ages ages = { 0 };
    run(state, of_each_kind, &ages);
    assert_int_equal(left[1], 4);
}

static void timebox_counts_alone(void **state)
{
    struct sweep_ages timebox = { .timebox_us = 12 * HOUR_US }; /* and a day: 36 hours */
    run(state, of_each_kind, &timebox);
    assert_int_equal(left[1], 3);
}

static void inactivity_counts_alone(void **state)
{
    struct sweep_ages inactivity = { .inactivity_us = 4 * HOUR_US };
    run(state, of_each_kind, &inactivity);
    assert_int_equal(left[1], 3);
}

/* More rows than a stretch has: the last are reached too, and then the first again. */
static enum problem walk(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)arg;
    enum { ROWS = 4500 };
    struct entropy *e = ctx->entropy;
    int64_t now = ctx->now_us;
    struct sweep_ages ages = { 0 };
    struct sweep_place place = { 0 };
    add_user(tx);
    for (int i = 0; i < ROWS; i++) {
        struct uuid id = uuid_v4(e);
        add_factor(tx, &id, i % 10 ? "verified" : "unverified", now - 2 * DAY_US);
    }
    for (rounds = 0; rounds < 4; rounds++) {
        gone[rounds] = sweep(tx, &ages, &place);
    }
    struct uuid late = uuid_v4(e);
    add_factor(tx, &late, "unverified", now - 2 * DAY_US);
    for (int i = 0; i < 4; i++) {
        gone[4] += sweep(tx, &ages, &place);
    }
    counts(tx);
    return tx->status == DB_OK ? P_OK : P_UNEXPECTED;
}

static void the_walk_reaches_every_row(void **state)
{
    memset(gone, 0, sizeof gone);
    run(state, walk, NULL);
    assert_int_equal(gone[0] + gone[1] + gone[2], 450);
    assert_true(gone[0] > 0 && gone[0] < 450 && gone[1] > 0); /* not all at once */
    assert_int_equal(gone[4], 1);
    assert_int_equal(left[0], 4050);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_old_goes),           CASE(sessions_without_limits_stay),
        CASE(timebox_counts_alone),       CASE(inactivity_counts_alone),
        CASE(the_walk_reaches_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
