/* test_sweep_own.c: what docs/guide/bounds.md says of the server's own tables: rows of so many days
 * go, on both engines, and on PostgreSQL those whose owner is gone. */
#include "scratch.h"
#include "store/sweep.h"
#include "work/executor.h"

#include "../crypto/testing.h"

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)
#define DAY_US (86400 * US_PER_S)
#define HOUR_US (3600 * US_PER_S)
#define MANY_ROUNDS 500 /* each looks at a few rows by chance; one of five at the first */

enum { AGED = 8, OWNED = 11 };

DB_SQL(put_passwords, "insert into @@password_guards (key, updated_at) values ($1, $2)");
DB_SQL(put_codes, "insert into @@code_guards (key, updated_at) values ($1, $2)");
DB_SQL(put_pauses, "insert into @@send_pauses (key, taken_at) values ($1, $2)");
DB_SQL(put_unsent,
       "insert into @@outbox (id, kind, topic, created_at) values ($1, 'mail', '', $2)");
DB_SQL(put_notices, "insert into @@notice_counts (subject_id, kind, since, sent) "
                    "values ($1, 'mail', $2, 1)");
DB_SQL(put_wrong, "insert into @@wrong_codes (session_id, user_id, wrong, updated_at) "
                  "values ($1, $3, 1, $2)");
DB_SQL(put_steps, "insert into @@step_guards (user_id, subject_id, origin, updated_at) "
                  "values ($3, $1, 'proved', $2)");
DB_SQL(put_networks, "insert into @@sign_in_networks (user_id, network, seen_at) "
                     "values ($3, $1, $2)");
DB_SQL(left_passwords, "select count(*) from @@password_guards");
DB_SQL(left_codes, "select count(*) from @@code_guards");
DB_SQL(left_pauses, "select count(*) from @@send_pauses");
DB_SQL(left_unsent, "select count(*) from @@outbox");
DB_SQL(left_notices, "select count(*) from @@notice_counts");
DB_SQL(left_wrong, "select count(*) from @@wrong_codes");
DB_SQL(left_steps, "select count(*) from @@step_guards");
DB_SQL(left_networks, "select count(*) from @@sign_in_networks");

static struct table {
    const char *name;
    struct sql *put, *left;
    int days;
    bool by_text, of_user; /* the key is a text; the user comes third */
} aged[AGED] = {
    { "password_guards", &put_passwords, &left_passwords, 1, true, false },
    { "code_guards", &put_codes, &left_codes, 1, true, false },
    { "send_pauses", &put_pauses, &left_pauses, 1, true, false },
    { "outbox", &put_unsent, &left_unsent, 7, false, false },
    { "notice_counts", &put_notices, &left_notices, 2, false, false },
    { "wrong_codes", &put_wrong, &left_wrong, 2, false, true },
    { "step_guards", &put_steps, &left_steps, 400, false, true },
    { "sign_in_networks", &put_networks, &left_networks, 90, true, true },
};

/* What the executor's thread found; cmocka's assertions belong on the test's own thread. */
static int64_t before[OWNED], left[OWNED];
static struct uuid user, factor, session, token;

static int64_t count(struct tx *tx, struct sql *sql)
{
    struct rows *r = db_query(tx, sql);
    int64_t n = rows_next(r) ? rows_int(r, 0) : -1;
    rows_end(r);
    return n;
}

static void add_session(struct tx *tx, const struct uuid *id)
{
    DB_SQL(sql,
           "insert into @sessions (id, user_id, created_at, updated_at) values ($1, $2, $3, $3)");
    db_run(tx, &sql, V_ID(id), V_ID(&user), V_TIME(tx->ctx->now_us));
}

static void add_owners(struct tx *tx)
{
    DB_SQL(users, "insert into @users (id, aud, role, email, created_at, updated_at) "
                  "values ($1, 'a', 'r', 'a@example.com', $2, $2)");
    DB_SQL(factors, "insert into @mfa_factors (id, user_id, factor_type, status, created_at, "
                    "updated_at, secret) values ($1, $2, 'totp', 'verified', $3, $3, '')");
    DB_SQL(tokens, "insert into @one_time_tokens (id, user_id, token_type, token_hash, relates_to, "
                   "created_at, updated_at) values ($1, $2, 'recovery_token', 'x', 'a', $3, $3)");
    struct entropy *e = tx->ctx->entropy;
    int64_t now = tx->ctx->now_us;
    user = uuid_v4(e);
    factor = uuid_v4(e);
    session = uuid_v4(e);
    token = uuid_v4(e);
    db_run(tx, &users, V_ID(&user), V_TIME(now));
    db_run(tx, &factors, V_ID(&factor), V_ID(&user), V_TIME(now));
    add_session(tx, &session);
    if (db_is_postgres(tx->db)) {
        db_run(tx, &tokens, V_ID(&token), V_ID(&user), V_TIME(now));
    }
}

static void put(struct tx *tx, const struct table *t, const char *text, int64_t at)
{
    struct uuid id = uuid_v4(tx->ctx->entropy);
    add_session(tx, &id);
    struct db_value key = t->by_text ? V_TEXT(text) : V_ID(&id);
    if (t->of_user) {
        db_run(tx, t->put, key, V_TIME(at), V_ID(&user));
    } else {
        db_run(tx, t->put, key, V_TIME(at));
    }
}

static enum problem by_age(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct sweep_ages ages = { 0 };
    struct sweep_place place = { 0 };
    (void)arg;
    add_owners(tx);
    for (int i = 0; i < AGED; i++) {
        int64_t limit = ctx->now_us - aged[i].days * DAY_US;
        put(tx, &aged[i], "old", limit - HOUR_US);
        put(tx, &aged[i], "young", limit + HOUR_US);
        before[i] = count(tx, aged[i].left);
    }
    sweep(tx, &ages, &place);
    for (int i = 0; i < AGED; i++) {
        left[i] = count(tx, aged[i].left);
    }
    return tx->status == DB_OK ? P_OK : P_UNEXPECTED;
}

static void run(void **state, tx_fn *fn)
{
    struct scratch *s = *state;
    const char *error = NULL;
    struct executor_settings settings = { .url = s->url, .compute_threads = 1 };
    struct executor *e = executor_start(s->arena, &settings, &error);
    if (!e) {
        fail_msg("%s", error);
    }
    enum problem problem = exec_write(e, &s->ctx, fn, NULL);
    executor_stop(&e);
    assert_int_equal(problem, P_OK);
}

static void rows_go_at_their_age(void **state)
{
    run(state, by_age);
    for (int i = 0; i < AGED; i++) {
        if (before[i] != 2 || left[i] != 1) {
            fail_msg("%s: %d, then %d", aged[i].name, (int)before[i], (int)left[i]);
        }
    }
}

/* PostgreSQL alone: on SQLite foreign keys see to it. */
#define ROW(table, key, more, values, id)                                                          \
    {                                                                                              \
        { .text = "insert into @@" table " (" key more ") values ($1" values ")" },                \
            { .text = "select count(*) from @@" table }, id, table                                 \
    }
static struct owned {
    struct sql put, left;
    const struct uuid *owner;
    const char *name;
} owned[OWNED] = {
    ROW("factor_guards", "factor_id", ", updated_at", ", now()", &factor),
    ROW("challenge_rings", "factor_id", ", origin, ids, updated_at",
        ", 'o', array[]::uuid[], now()", &factor),
    ROW("totp_devices", "factor_id", ", updated_at", ", now()", &factor),
    ROW("change_links", "token_id", ", link_hash", ", gen_random_uuid()::text", &token),
    ROW("recovery_sets", "user_id", ", id, friendly_name, created_at, updated_at",
        ", gen_random_uuid(), '', now(), now()", &user),
    ROW("vouched_users", "user_id", "", "", &user),
    ROW("sign_ups", "user_id", ", kind, seen_at", ", 'anonymous', now()", &user),
    ROW("sign_in_networks", "user_id", ", network, seen_at", ", 'n', now()", &user),
    ROW("step_guards", "user_id", ", subject_id, origin, updated_at",
        ", gen_random_uuid(), 'proved', now()", &user),
    ROW("session_proofs", "session_id", "", "", &session),
    ROW("amr_factors", "session_id", ", factor_id, authentication_method, verified_at",
        ", gen_random_uuid(), 'totp', now()", &session),
};

static enum problem by_owner(struct ctx *ctx, struct tx *tx, void *arg)
{
    enum { ORPHANS = 3 };
    struct sweep_ages ages = { 0 };
    struct sweep_place place = { 0 };
    (void)arg;
    add_owners(tx);
    for (int i = 0; i < OWNED; i++) {
        for (int n = 0; n < ORPHANS; n++) {
            struct uuid nobody = uuid_v4(ctx->entropy);
            db_run(tx, &owned[i].put, V_ID(&nobody));
        }
        db_run(tx, &owned[i].put, V_ID(owned[i].owner));
        before[i] = count(tx, &owned[i].left) - ORPHANS;
    }
    for (int n = 0; n < MANY_ROUNDS; n++) {
        sweep(tx, &ages, &place);
    }
    for (int i = 0; i < OWNED; i++) {
        left[i] = count(tx, &owned[i].left);
    }
    return tx->status == DB_OK ? P_OK : P_UNEXPECTED;
}

static void rows_go_with_their_owner(void **state)
{
    struct scratch *s = *state;
    if (strncmp(s->url, "postgres", 8) != 0) {
        skip();
    }
    run(state, by_owner);
    for (int i = 0; i < OWNED; i++) {
        if (before[i] != 1 || left[i] != 1) {
            fail_msg("%s: %d, then %d", owned[i].name, (int)before[i], (int)left[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rows_go_at_their_age),
        CASE(rows_go_with_their_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
