/* test_rows.c: the statements on which the rules for factors and sessions stand: a challenge is
 * claimed once (row B2), guards count, methods are listed in order (S3), levels fall (U3, V8). */
#include "scratch.h"
#include "store/challenges.h"
#include "store/factors.h"
#include "store/guards.h"
#include "store/sessions.h"
#include "store/users.h"
#include "work/executor.h"

#include "../crypto/testing.h"

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

struct world {
    struct uuid user, factor, low, high;
};

static struct world world;

static void add_session(struct tx *tx, const struct uuid *id, const char *aal)
{
    struct session s = { .id = *id,
                         .user_id = world.user,
                         .created_at = tx->ctx->now_us,
                         .aal = aal,
                         .ip = "192.0.2.1" };
    if (strcmp(aal, "aal2") == 0) {
        s.factor_id = world.factor;
    }
    session_insert(tx, &s);
    session_save(tx, &s);
    amr_put(tx, id, "password");
}

/* A user with a verified factor, a session at aal1 and one at aal2. */
static void populate(struct tx *tx)
{
    struct entropy *e = tx->ctx->entropy;
    world = (struct world){ uuid_v4(e), uuid_v4(e), uuid_v4(e), uuid_v4(e) };
    struct user u = { .id = world.user,
                      .aud = "a",
                      .role = "r",
                      .email = "a@example.com",
                      .password = "",
                      .email_change = "",
                      .phone_change = "",
                      .app_metadata = "{}",
                      .user_metadata = "{}",
                      .created_at = tx->ctx->now_us,
                      .updated_at = tx->ctx->now_us };
    struct factor f = { .id = world.factor,
                        .user_id = world.user,
                        .friendly_name = "x",
                        .type = "totp",
                        .status = "verified",
                        .secret = "S",
                        .created_at = tx->ctx->now_us };
    user_insert(tx, &u);
    factor_insert(tx, &f);
    add_session(tx, &world.low, "aal1");
    add_session(tx, &world.high, "aal2");
    amr_put(tx, &world.high, "totp");
}

struct job {
    void (*run)(struct tx *tx);
};

static enum problem run_job(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    populate(tx);
    ((struct job *)arg)->run(tx);
    return tx->status == DB_OK ? P_OK : P_UNEXPECTED;
}

static void in_tx(void **state, void (*run)(struct tx *tx))
{
    struct scratch *s = *state;
    const char *error = NULL;
    struct executor_settings settings = { .url = s->url, .compute_threads = 1 };
    struct executor *e = executor_start(s->arena, &settings, &error);
    if (!e) {
        fail_msg("%s", error);
    }
    struct job job = { run };
    enum problem problem = exec_write(e, &s->ctx, run_job, &job);
    executor_stop(&e);
    assert_int_equal(problem, P_OK);
}

/* What the writer's thread found; cmocka's assertions belong on the test's own thread. */
static long found[16];

/* As verifying does it: what was seen unclaimed, on PostgreSQL with its row locked, is claimed. */
static bool claim(struct tx *tx, const struct uuid *id)
{
    struct challenge seen;
    return challenge_by_id(tx, id, &seen) && !seen.verified_at && challenge_claim(tx, id);
}

static void claim_twice(struct tx *tx)
{
    struct challenge c = { .id = uuid_v4(tx->ctx->entropy),
                           .factor_id = world.factor,
                           .created_at = tx->ctx->now_us,
                           .ip = "192.0.2.1",
                           .otp = "" },
                     back;
    challenge_insert(tx, &c);
    found[0] = claim(tx, &c.id);
    found[1] = claim(tx, &c.id);
    found[2] = challenge_by_id(tx, &c.id, &back) && back.verified_at != 0;
}

static void a_challenge_is_claimed_once(void **state)
{
    in_tx(state, claim_twice);
    assert_true(found[0]);
    assert_false(found[1]);
    assert_true(found[2]);
}

static void put_guards(struct tx *tx)
{
    struct factor_guard g = factor_guard_of(tx, &world.factor);
    found[0] = g.tries.failures + g.last_step + g.tries.locked_until;
    g = (struct factor_guard){ 7, { 3, 500, 4, 600, world.high, 2 } };
    factor_guard_put(tx, &world.factor, &g);
    g = factor_guard_of(tx, &world.factor);
    found[1] = g.tries.failures;
    found[2] = g.tries.session_wrong + uuid_equal(&g.tries.session_id, &world.high);
    factor_guard_clear(tx, &world.factor);
    g = factor_guard_of(tx, &world.factor);
    found[3] = g.tries.failures + g.tries.spent;
    found[4] = g.tries.locked_until;
    found[5] = g.last_step;
}

static void guards_of_factors(void **state)
{
    in_tx(state, put_guards);
    assert_int_equal(found[0], 0);
    assert_int_equal(found[1], 3);
    assert_int_equal(found[2], 3);
    assert_int_equal(found[3], 0);
    assert_int_equal(found[4], 0);
    assert_int_equal(found[5], 7); /* a used step stays used */
}

static char methods[64];

static void put_methods(struct tx *tx)
{
    struct amr list[AMR_MAX];
    static const char *const names[] = { "otp", "totp", "recovery", "totp" };
    for (int i = 0; i < 4; i++) {
        tx->ctx->now_us += i == 2 ? 0 : US_PER_S; /* two in the same second */
        amr_put(tx, &world.low, names[i]);
    }
    methods[0] = '\0';
    for (int i = 0, n = amr_of(tx, &world.low, list); i < n; i++) {
        size_t len = strlen(methods);
        snprintf(methods + len, sizeof methods - len, "%s ", list[i].method);
    }
}

static void methods_newest_first_each_once(void **state)
{
    in_tx(state, put_methods);
    assert_string_equal(methods, "totp recovery otp password ");
}

static bool level_is(struct tx *tx, const struct uuid *id, const char *aal)
{
    struct session s;
    return session_by_id(tx, id, &s) && strcmp(s.aal, aal) == 0;
}

static void lower(struct tx *tx)
{
    struct amr list[AMR_MAX];
    found[0] = level_is(tx, &world.high, "aal2");
    amr_drop_factor(tx, &world.user, &world.low, "totp", NULL); /* another factor's */
    found[1] = level_is(tx, &world.high, "aal2");
    amr_drop_factor(tx, &world.user, &world.factor, "totp", NULL);
    found[2] = level_is(tx, &world.high, "aal1");
    found[3] = amr_of(tx, &world.high, list);
}

static void levels_fall_with_their_factor(void **state)
{
    in_tx(state, lower);
    assert_true(found[0] && found[1] && found[2]);
    assert_int_equal(found[3], 1);
}

static int64_t newest_of(struct tx *tx, const struct uuid *id)
{
    struct session s;
    return session_by_id(tx, id, &s) ? s.mfa_at : -1;
}

/* Two factors of one kind, which share an entry: it is as old as what is left of them. */
static void lower_one_of_two(struct tx *tx)
{
    struct factor second = { .id = uuid_v4(tx->ctx->entropy),
                             .user_id = world.user,
                             .friendly_name = "y",
                             .type = "totp",
                             .status = "verified",
                             .secret = "S",
                             .created_at = tx->ctx->now_us };
    int64_t first_at = tx->ctx->now_us;
    factor_insert(tx, &second);
    amr_earn(tx, &world.high, "totp", &world.factor);
    tx->ctx->now_us += 5 * US_PER_S;
    amr_earn(tx, &world.high, "totp", &second.id);
    found[0] = newest_of(tx, &world.high) == first_at + 5 * US_PER_S;
    factor_delete(tx, &second.id);
    found[1] = newest_of(tx, &world.high) == first_at + 5 * US_PER_S; /* until it is taken out */
    amr_drop_factor(tx, &world.user, &second.id, "totp", NULL);
    found[2] = newest_of(tx, &world.high) == first_at && level_is(tx, &world.high, "aal2");
    amr_drop_factor(tx, &world.user, &world.factor, "totp", &world.high);
    found[3] = newest_of(tx, &world.high) == first_at; /* the session that is left out */
    factor_delete(tx, &world.factor);
    found[4] = newest_of(tx, &world.high) == 0 && level_is(tx, &world.high, "aal1");
    found[5] = amr_of(tx, &world.high, (struct amr[AMR_MAX]){ 0 }) == 1;
}

static void two_factors_share_an_entry(void **state)
{
    in_tx(state, lower_one_of_two);
    for (int i = 0; i < 6; i++) {
        assert_true(found[i]);
    }
}

static void end_low(struct tx *tx)
{
    struct uuid third = uuid_v4(tx->ctx->entropy);
    struct session s;
    add_session(tx, &third, "aal1");
    sessions_delete_low(tx, &world.user, &third);
    found[0] = session_by_id(tx, &world.low, &s);
    found[1] = session_by_id(tx, &world.high, &s);
    found[2] = session_by_id(tx, &third, &s);
}

static void low_sessions_end_but_for_one(void **state)
{
    in_tx(state, end_low);
    assert_false(found[0]);
    assert_true(found[1] && found[2]);
}

static void delete_user(struct tx *tx)
{
    struct session s;
    struct factor f;
    user_delete(tx, &world.user);
    found[0] = session_by_id(tx, &world.high, &s) || factor_by_id(tx, &world.factor, &f);
}

static void a_user_goes_with_all_that_hangs_on_it(void **state)
{
    in_tx(state, delete_user);
    assert_false(found[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_challenge_is_claimed_once),    CASE(guards_of_factors),
        CASE(methods_newest_first_each_once), CASE(levels_fall_with_their_factor),
        CASE(two_factors_share_an_entry),

        CASE(low_sessions_end_but_for_one),   CASE(a_user_goes_with_all_that_hangs_on_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
