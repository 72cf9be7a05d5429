/* test_db_postgres.c: the engine interface of db.h on PostgreSQL: values, failures, round trips,
 * locks, lost connections; the schema; and rules that need this engine's own SQL. */
#include "postgres.h"
#include "base/ctx.h"
#include "store/challenges.h"
#include "store/db.h"
#include "store/factors.h"
#include "store/migrate.h"
#include "store/sessions.h"
#include "store/users.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct postgres server;
static struct arena *arena;
static struct entropy entropy;
static struct ctx ctx;

static struct db *open_with(const char *url, unsigned flags)
{
    const char *error = "";
    struct db *db = db_connect(arena, url, flags, &error);
    if (!db) {
        fail_msg("%s", error);
    }
    return db;
}

static struct db *open_db(void)
{
    return open_with(server.url, 0);
}

static struct tx begin(struct db *db, enum tx_mode mode)
{
    struct tx tx = { .ctx = &ctx, .db = db, .mode = mode };
    tx.status = db_begin(db, mode);
    assert_int_equal(tx.status, DB_OK);
    return tx;
}

static void script(struct db *db, const char *text)
{
    const char *error = "";
    begin(db, TX_WRITE);
    if (!db_script(db, arena, text, &error)) {
        fail_msg("%s", error);
    }
    assert_int_equal(db_commit(db), DB_OK);
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    entropy = entropy_system();
    struct clock clock = clock_system();
    ctx = (struct ctx){ .arena = arena, .entropy = &entropy, .now_us = clock_now_us(&clock) };
    const char *error = "";
    if (!postgres_start(&server)) {
        return -1;
    }
    struct db *db = open_db();
    if (!migrate(db, arena, &error)) {
        print_error("%s\n", error);
        return -1;
    }
    script(db, "CREATE TYPE kind AS ENUM ('a', 'b');"
               "CREATE TABLE countersign.t (id uuid UNIQUE, n int8, small int2, b bool, "
               "at timestamptz, plain timestamp, s text, v varchar(5), j jsonb, o json, ip inet, "
               "k kind);"
               "CREATE TABLE public.theirs (n int8 UNIQUE CHECK (n > 0), of int8 REFERENCES "
               "public.theirs (n) DEFERRABLE INITIALLY IMMEDIATE)");
    db_close(&db);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    postgres_stop(&server);
    arena_free(&arena);
    return 0;
}

static struct uuid fresh_id(void)
{
    return uuid_v4(&entropy);
}

DB_SQL(put_id, "insert into countersign.t (id, n) values ($1, $2)");
DB_SQL(n_of, "select n from countersign.t where id = $1");

static int64_t number_of(struct tx *tx, const struct uuid *id)
{
    struct rows *r = db_query(tx, &n_of, V_ID(id));
    int64_t n = rows_next(r) ? rows_int(r, 0) : -1;
    rows_end(r);
    return n;
}

/* --- values --- */

static void check_values(unsigned flags)
{
    DB_SQL(put, "insert into countersign.t (id, n, small, b, at, plain, s, v, j, o, ip, k) "
                "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
    DB_SQL(get,
           "select id, n, small, b, at, plain, s, v, j, o, ip, k from countersign.t where id = $1");
    DB_SQL(as_text, "select plain::text from countersign.t where id = $1 and k = $2");
    struct db *db = open_with(server.url, flags);
    struct uuid id = fresh_id();
    struct tx tx = begin(db, TX_WRITE);
    db_exec(&tx, &put, V_ID(&id), V_INT(INT64_MIN), V_INT(-7), V_BOOL(true),
            V_TIME(1700000000000001), V_TIME(1700000000000001), V_TEXT("h\xc3\xa9llo"),
            V_TEXT("five"), V_JSON("{\"a\": 1, \"c\": 3, \"bb\": 2}"), V_JSON("{\"b\":2}"),
            V_TEXT("2001:db8::1"), V_TEXT("b"));
    struct rows *r = db_query(&tx, &get, V_ID(&id));
    assert_true(rows_next(r));
    struct uuid got = rows_id(r, 0);
    assert_true(uuid_equal(&got, &id));
    assert_true(rows_int(r, 1) == INT64_MIN);
    assert_int_equal(rows_int(r, 2), -7);
    assert_int_equal(rows_int(r, 3), 1);
    assert_true(rows_time(r, 4) == 1700000000000001);
    assert_true(rows_time(r, 5) == 1700000000000001);
    assert_string_equal(rows_text(r, 6), "h\xc3\xa9llo");
    assert_string_equal(rows_text(r, 7), "five");
    assert_string_equal(rows_text(r, 8), "{\"a\":1,\"bb\":2,\"c\":3}");
    assert_string_equal(rows_text(r, 9), "{\"b\":2}");
    assert_string_equal(rows_text(r, 10), "2001:db8::1");
    assert_string_equal(rows_text(r, 11), "b");
    assert_false(rows_next(r));
    assert_true(rows_null(r, 0)); /* past the end there is nothing */
    assert_null(rows_text(r, 6));
    rows_end(r);
    r = db_query(&tx, &as_text, V_ID(&id), V_TEXT("b"));
    assert_true(rows_next(r));
    assert_string_equal(rows_text(r, 0), "2023-11-14 22:13:20.000001"); /* UTC */
    rows_end(r);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

static void test_every_kind_of_value_comes_back(void **state)
{
    (void)state;
    check_values(0);
}

static void test_no_state_of_the_session_is_needed(void **state)
{
    (void)state;
    struct db *db = open_db();
    script(db, "ALTER DATABASE postgres SET timezone = 'Asia/Tokyo';"
               "ALTER DATABASE postgres SET search_path = ''");
    check_values(DB_UNPREPARED);
    script(db, "ALTER DATABASE postgres RESET ALL");
    db_close(&db);
}

static void test_null_is_null(void **state)
{
    (void)state;
    DB_SQL(put, "insert into countersign.t (id, at, plain, s, j, ip, k) "
                "values ($1, $2, $3, $4, $5, $6, $7)");
    DB_SQL(get,
           "select id, at, s, j, ip from countersign.t where id is null and at is null limit 1");
    struct db *db = open_db();
    struct tx tx = begin(db, TX_WRITE);
    db_exec(&tx, &put, V_ID((const struct uuid *)0), V_TIME(0), V_TIME(0), V_TEXT((const char *)0),
            V_JSON((const char *)0), V_TEXT((const char *)0), V_TEXT((const char *)0));
    struct rows *r = db_query(&tx, &get);
    assert_true(rows_next(r));
    struct uuid id = rows_id(r, 0);
    assert_true(uuid_is_nil(&id) && rows_time(r, 1) == 0 && !rows_text(r, 2) && !rows_text(r, 3));
    assert_true(rows_null(r, 4));
    rows_end(r);
    db_rollback(db);
    db_close(&db);
}

/* --- failures --- */

static void test_a_failure_sticks_and_is_over_after_it(void **state)
{
    (void)state;
    struct db *db = open_db();
    struct uuid id = fresh_id();
    struct tx tx = begin(db, TX_WRITE);
    assert_int_equal(db_exec(&tx, &put_id, V_ID(&id), V_INT(1)), 1);
    assert_int_equal(db_commit(db), DB_OK);

    tx = begin(db, TX_WRITE);
    db_run(&tx, &put_id, V_ID(&id), V_INT(2)); /* not waited for */
    assert_int_equal(tx.status, DB_OK);
    assert_int_equal(number_of(&tx, &id), -1);
    assert_int_equal(tx.status, DB_CONFLICT);
    assert_int_equal(db_exec(&tx, &put_id, V_ID(&id), V_INT(3)), 0);
    db_rollback(db);

    tx = begin(db, TX_WRITE);
    db_run(&tx, &put_id, V_ID(&id), V_INT(2));
    assert_int_equal(db_commit(db), DB_CONFLICT); /* it shows at the commit at the latest */
    db_rollback(db);

    tx = begin(db, TX_READ);
    assert_int_equal(number_of(&tx, &id), 1);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

/* What the application's own tables refuse is no conflict with another request of ours. */
static void test_refusals_of_other_tables(void **state)
{
    (void)state;
    DB_SQL(twice, "insert into public.theirs (n) values ($1), ($1)");
    DB_SQL(orphan, "insert into public.theirs (n, of) values ($1, $1 + 1)");
    DB_SQL(odd, "insert into public.theirs (n) values (-$1)");
    DB_SQL(raise, "do $$ begin raise exception 'no'; end $$");
    DB_SQL(bytes, "select convert_from(decode('ff', 'hex'), 'UTF8')");
    struct sql *refused[] = { &twice, &orphan, &odd };
    struct db *db = open_db();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct tx tx = begin(db, TX_WRITE);
        assert_int_equal(db_exec(&tx, refused[i], V_INT(1)), 0);
        assert_int_equal(tx.status, DB_REFUSED);
        db_rollback(db);
    }
    struct tx tx = begin(db, TX_WRITE);
    db_run(&tx, &raise);
    assert_int_equal(db_commit(db), DB_REFUSED); /* also where it shows at the commit only */
    db_rollback(db);
    tx = begin(db, TX_READ);
    assert_false(rows_next(db_query(&tx, &bytes)));
    assert_int_equal(tx.status, DB_VALUE);
    db_rollback(db);
    assert_true(db_alive(db));
    db_close(&db);
}

static void test_wrong_statements_fail_alone(void **state)
{
    (void)state;
    DB_SQL(two, "select $1::int8, $2::int8");
    DB_SQL(nonsense, "select nonsense from nowhere");
    struct db *db = open_db();
    struct tx tx = begin(db, TX_READ);
    assert_false(rows_next(db_query(&tx, &two, V_INT(1))));
    assert_int_equal(tx.status, DB_IO);
    db_rollback(db);
    tx = begin(db, TX_READ);
    assert_false(rows_next(db_query(&tx, &nonsense)));
    assert_int_equal(tx.status, DB_REFUSED);
    db_rollback(db);
    assert_true(db_alive(db));
    tx = begin(db, TX_READ);
    struct rows *r = db_query(&tx, &two, V_INT(1), V_INT(2));
    assert_true(rows_next(r) && rows_int(r, 1) == 2);
    rows_end(r);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

static void test_savepoints(void **state)
{
    (void)state;
    struct db *db = open_db();
    struct uuid kept = fresh_id(), undone = fresh_id();
    struct tx tx = begin(db, TX_WRITE);
    db_run(&tx, &put_id, V_ID(&kept), V_INT(1));
    assert_int_equal(db_savepoint(db), DB_OK);
    db_run(&tx, &put_id, V_ID(&undone), V_INT(2));
    db_run(&tx, &put_id, V_ID(&kept), V_INT(3)); /* a conflict inside of the mark */
    assert_int_equal(db_savepoint_rollback(db), DB_OK);
    tx.status = DB_OK;
    assert_int_equal(db_savepoint(db), DB_OK);
    assert_int_equal(db_savepoint_release(db), DB_OK);
    assert_int_equal(number_of(&tx, &kept), 1);
    assert_int_equal(number_of(&tx, &undone), -1);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

static void cut(const struct db *except)
{
    (void)except;
    DB_SQL(sql, "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = 'postgres' and pid <> pg_backend_pid()");
    struct db *db = open_db();
    struct tx tx = begin(db, TX_READ);
    struct rows *r = db_query(&tx, &sql);
    while (rows_next(r)) {
    }
    rows_end(r);
    db_commit(db);
    db_close(&db);
    usleep(50000);
}

static void test_a_lost_connection_may_be_tried_again(void **state)
{
    (void)state;
    struct uuid id = fresh_id();
    struct db *db = open_db();
    struct tx tx = begin(db, TX_READ);
    number_of(&tx, &id);
    db_commit(db);
    cut(db);
    tx = begin(db, TX_WRITE); /* found out while it was idle */
    assert_int_equal(db_exec(&tx, &put_id, V_ID(&id), V_INT(1)), 0);
    assert_int_equal(tx.status, DB_RETRY);
    assert_false(db_alive(db));
    db_rollback(db);
    assert_int_equal(db_begin(db, TX_WRITE), DB_IO);
    db_close(&db);

    db = open_db(); /* in the middle, before the commit */
    tx = begin(db, TX_WRITE);
    assert_int_equal(db_exec(&tx, &put_id, V_ID(&id), V_INT(1)), 1);
    cut(db);
    assert_int_equal(db_commit(db), DB_IO); /* nobody can know */
    db_rollback(db);
    db_close(&db);
}

/* --- round trips --- */

static void test_prefetched_statements_cost_one_round_trip(void **state)
{
    (void)state;
    struct db *db = open_db();
    struct uuid a = fresh_id(), b = fresh_id();
    struct tx tx = begin(db, TX_WRITE);
    int64_t before = db_trips(db);
    db_run(&tx, &put_id, V_ID(&a), V_INT(1));
    db_run(&tx, &put_id, V_ID(&b), V_INT(2));
    assert_int_equal(db_commit(db), DB_OK);
    assert_int_equal(db_trips(db) - before, 1);

    tx = begin(db, TX_READ);
    before = db_trips(db);
    db_prefetch(&tx, &n_of, V_ID(&a));
    db_prefetch(&tx, &n_of, V_ID(&b));
    assert_int_equal(number_of(&tx, &b), 2);
    assert_int_equal(number_of(&tx, &a), 1);
    assert_int_equal(number_of(&tx, &a), 1); /* asked again: known */
    assert_int_equal(db_commit(db), DB_OK);
    assert_int_equal(db_trips(db) - before, 1);
    db_close(&db);
}

static void test_a_write_is_seen_by_the_same_query(void **state)
{
    (void)state;
    DB_SQL(raise, "update countersign.t set n = n + 1 where id = $1");
    DB_SQL(raised, "update countersign.t set n = n + 1 where id = $1 returning n");
    struct db *db = open_db();
    struct uuid id = fresh_id();
    struct tx tx = begin(db, TX_WRITE);
    db_run(&tx, &put_id, V_ID(&id), V_INT(1));
    db_prefetch(&tx, &n_of, V_ID(&id));
    assert_int_equal(number_of(&tx, &id), 1);
    db_run(&tx, &raise, V_ID(&id));
    assert_int_equal(number_of(&tx, &id), 2);
    for (int want = 3; want < 5; want++) {
        struct rows *r = db_query(&tx, &raised, V_ID(&id));
        assert_true(rows_next(r));
        assert_int_equal(rows_int(r, 0), want);
        rows_end(r);
    }
    assert_int_equal(number_of(&tx, &id), 4);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

static void test_commit_goes_with_the_last_query(void **state)
{
    (void)state;
    struct db *db = open_db(), *other = open_db();
    struct uuid id = fresh_id();
    struct tx tx = begin(db, TX_WRITE);
    int64_t before = db_trips(db);
    db_run(&tx, &put_id, V_ID(&id), V_INT(5));
    db_prefetch(&tx, &n_of, V_ID(&id));
    db_last(&tx);
    assert_int_equal(number_of(&tx, &id), 5);
    struct tx look = begin(other, TX_READ);
    assert_int_equal(number_of(&look, &id), 5);
    db_commit(other);
    assert_int_equal(db_commit(db), DB_OK);
    assert_int_equal(db_trips(db) - before, 1);

    tx = begin(db, TX_WRITE); /* a failure shows all the same */
    db_run(&tx, &put_id, V_ID(&id), V_INT(6));
    db_last(&tx);
    assert_int_equal(number_of(&tx, &id), -1);
    assert_int_equal(tx.status, DB_CONFLICT);
    db_rollback(db);
    tx = begin(db, TX_READ);
    assert_int_equal(number_of(&tx, &id), 5);
    db_commit(db);
    db_close(&db);
    db_close(&other);
}

/* --- locks --- */

struct second {
    struct uuid first, then;
    enum db_status status;
};

DB_SQL(lock_row, "select n from countersign.t where id = $1 for update");

static void take(struct tx *tx, const struct uuid *id)
{
    struct rows *r = db_query(tx, &lock_row, V_ID(id));
    rows_next(r);
    rows_end(r);
}

static void *lock_both(void *arg)
{
    struct second *s = arg;
    struct db *db = open_db();
    struct tx tx = begin(db, TX_WRITE);
    take(&tx, &s->first);
    usleep(300000);
    take(&tx, &s->then);
    s->status = tx.status;
    db_rollback(db);
    db_close(&db);
    return NULL;
}

static void test_a_deadlock_may_be_tried_again(void **state)
{
    (void)state;
    struct uuid a = fresh_id(), b = fresh_id();
    struct db *db = open_db();
    struct tx tx = begin(db, TX_WRITE);
    db_run(&tx, &put_id, V_ID(&a), V_INT(1));
    db_run(&tx, &put_id, V_ID(&b), V_INT(1));
    assert_int_equal(db_commit(db), DB_OK);
    struct second one = { a, b, DB_OK }, two = { b, a, DB_OK };
    pthread_t first, second;
    pthread_create(&first, NULL, lock_both, &one);
    pthread_create(&second, NULL, lock_both, &two);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    assert_true((one.status == DB_RETRY) != (two.status == DB_RETRY));
    db_close(&db);
}

/* --- the schema and its rules --- */

static struct user a_user(struct tx *tx)
{
    struct user u = { .id = fresh_id(),
                      .aud = "authenticated",
                      .role = "authenticated",
                      .app_metadata = "{}",
                      .user_metadata = "{}",
                      .created_at = ctx.now_us,
                      .updated_at = ctx.now_us };
    user_insert(tx, &u);
    return u;
}

static struct factor a_factor(struct tx *tx, const struct uuid *user_id)
{
    struct factor f = { .id = fresh_id(),
                        .user_id = *user_id,
                        .friendly_name = "f",
                        .type = "totp",
                        .status = "verified",
                        .secret = "",
                        .created_at = ctx.now_us };
    factor_insert(tx, &f);
    return f;
}

static void test_two_challenges_in_one_microsecond(void **state)
{
    (void)state;
    struct db *db = open_db();
    struct tx tx = begin(db, TX_WRITE);
    int64_t at[3];
    for (int i = 0; i < 3; i++) {
        struct user u = a_user(&tx);
        struct factor f = a_factor(&tx, &u.id), now;
        factor_challenged(&tx, &f.id, ctx.now_us);
        assert_true(factor_by_id(&tx, &f.id, &now));
        at[i] = now.last_challenged_at;
        assert_true(at[i] >= ctx.now_us && at[i] < ctx.now_us + 1000);
    }
    assert_int_equal(tx.status, DB_OK);
    assert_true(at[0] == ctx.now_us && at[1] != at[0] && at[2] != at[0]);
    db_rollback(db);
    db_close(&db);
}

static void test_nothing_that_the_official_server_reads_is_null(void **state)
{
    (void)state;
    DB_SQL(nulls, "select 1 from auth.users where id = $1 and (instance_id is null or aud is null "
                  "or role is null or confirmation_token is null or recovery_token is null or "
                  "email_change_token_new is null or email_change_token_current is null or "
                  "email_change is null or phone_change is null or phone_change_token is null or "
                  "reauthentication_token is null or email_change_confirm_status is null)");
    struct db *db = open_db();
    struct tx tx = begin(db, TX_WRITE);
    struct user u = a_user(&tx), back;
    struct rows *r = db_query(&tx, &nulls, V_ID(&u.id));
    assert_false(rows_next(r));
    rows_end(r);
    assert_true(user_by_id(&tx, &u.id, &back));
    back.deleted_at = ctx.now_us;
    user_save(&tx, &back);
    r = db_query(&tx, &nulls, V_ID(&u.id));
    assert_false(rows_next(r));
    rows_end(r);
    assert_int_equal(tx.status, DB_OK);
    db_rollback(db);
    db_close(&db);
}

static void test_sessions_and_methods_come_back(void **state)
{
    (void)state;
    struct db *db = open_db();
    struct tx tx = begin(db, TX_WRITE);
    struct user u = a_user(&tx);
    struct session s = { .id = fresh_id(),
                         .user_id = u.id,
                         .created_at = ctx.now_us,
                         .aal = "aal1",
                         .ip = "192.0.2.7",
                         .user_agent = "x",
                         .refresh_key = "key" },
                   back;
    struct factor f = { .id = fresh_id(),
                        .user_id = u.id,
                        .friendly_name = "x",
                        .type = "totp",
                        .status = "verified",
                        .secret = "",
                        .created_at = ctx.now_us };
    struct amr list[AMR_MAX], known[AMR_MAX];
    session_insert(&tx, &s);
    factor_insert(&tx, &f);
    amr_put(&tx, &s.id, "password");
    int n = amr_of(&tx, &s.id, known);
    n = amr_with(known, n, "totp", ctx.now_us);
    amr_earn(&tx, &s.id, "totp", &f.id);
    assert_int_equal(amr_of(&tx, &s.id, list), n);
    for (int i = 0; i < n; i++) {
        assert_string_equal(list[i].method, known[i].method);
        assert_true(list[i].at_us == known[i].at_us);
    }
    s.aal = "aal2";
    s.refreshed_at = ctx.now_us;
    s.refresh_counter = 3;
    session_save(&tx, &s);
    assert_true(session_by_id(&tx, &s.id, &back));
    assert_true(back.refreshed_at == ctx.now_us && back.refresh_counter == 3);
    assert_string_equal(back.aal, "aal2");
    assert_string_equal(back.ip, "192.0.2.7");
    assert_false(session_newer_exists(&tx, &back, 0, 0));
    db_rollback(db);
    db_close(&db);
}

static void test_migrating_again_changes_nothing(void **state)
{
    (void)state;
    DB_SQL(count, "select count(*) from countersign.schema_version");
    const char *error = "";
    struct db *db = open_db();
    assert_true(migrate(db, arena, &error));
    struct tx tx = begin(db, TX_READ);
    struct rows *r = db_query(&tx, &count);
    assert_true(rows_next(r));
    assert_int_equal(rows_int(r, 0), migrate_newest());
    rows_end(r);
    db_commit(db);
    db_close(&db);
}

/* Gives the database the shape from before the columns of version 2, or with them again. */
static void reshape(bool older)
{
    struct db *db = open_db();
    script(db, older ? "ALTER TABLE auth.sessions DROP COLUMN refresh_token_hmac_key, "
                       "DROP COLUMN refresh_token_counter;"
                       "ALTER TABLE auth.mfa_factors DROP COLUMN last_webauthn_challenge_data;"
                       "DELETE FROM auth.schema_migrations WHERE version IN "
                       "('20251007112900', '20250925093508')"
                     : "ALTER TABLE auth.sessions ADD COLUMN refresh_token_hmac_key text, "
                       "ADD COLUMN refresh_token_counter bigint;"
                       "ALTER TABLE auth.mfa_factors ADD COLUMN last_webauthn_challenge_data jsonb;"
                       "INSERT INTO auth.schema_migrations VALUES "
                       "('20251007112900'), ('20250925093508')");
    db_close(&db);
}

static void a_factor_keeps_its_credential(struct tx *tx, const struct uuid *user_id)
{
    struct factor f = { .id = fresh_id(),
                        .user_id = *user_id,
                        .friendly_name = "k",
                        .type = "webauthn",
                        .status = "unverified",
                        .secret = "",
                        .created_at = tx->ctx->now_us },
                  back, *list;
    factor_insert(tx, &f);
    factor_save_webauthn(tx, &f.id, "{\"id\":\"x\"}", "{\"type\":\"create\"}", &f.id);
    assert_true(factor_by_id(tx, &f.id, &back));
    assert_non_null(strstr(back.webauthn_credential, "x"));
    assert_true((back.webauthn_data == NULL) == (db_lacks(tx->db) != 0));
    assert_true(uuid_equal(&back.webauthn_aaguid, &f.id));
    assert_int_equal(factors_of(tx, user_id, &list), 1);
}

/* Looks anew: what the database lacks, and whether the person is told. */
static void expect_lacks(struct db *db, unsigned lacks)
{
    const char *error = "";
    struct schema_found found;
    assert_true(migrate(db, arena, &error));
    assert_int_equal(db_lacks(db), lacks);
    assert_true(migrate_look(db, arena, &found, &error));
    assert_int_equal(found.lacks, lacks);
    const char *advice = migrate_advice(arena, &found);
    assert_true(lacks ? strstr(advice, "refresh tokens of version 2") != NULL : !advice);
}

static void both_in_one_round_trip(struct db *db, const struct session *s)
{
    struct session back;
    struct factor *list;
    struct tx tx = begin(db, TX_READ);
    int64_t before = db_trips(db);
    session_prefetch(&tx, &s->id);
    factors_prefetch(&tx, &s->user_id);
    assert_true(session_by_id(&tx, &s->id, &back));
    assert_int_equal(factors_of(&tx, &s->user_id, &list), 1);
    assert_int_equal(db_trips(db), before + 1);
    assert_int_equal(db_commit(db), DB_OK);
}

static void test_an_older_shape_is_found_and_served(void **state)
{
    (void)state;
    struct session back;
    reshape(true);
    struct db *db = open_db();
    expect_lacks(db, DB_LACKS_COUNTERS | DB_LACKS_WEBAUTHN_DATA);
    struct tx tx = begin(db, TX_WRITE);
    struct user u = a_user(&tx);
    struct session s = { .id = fresh_id(),
                         .user_id = u.id,
                         .created_at = ctx.now_us,
                         .aal = "aal1",
                         .ip = "192.0.2.7" };
    assert_false(sessions_have_counters(&tx));
    session_insert(&tx, &s);
    s.refreshed_at = ctx.now_us;
    session_save(&tx, &s);
    assert_true(session_by_id(&tx, &s.id, &back));
    assert_true(back.refreshed_at == ctx.now_us && !back.refresh_key);
    assert_string_equal(back.ip, "192.0.2.7");
    a_factor_keeps_its_credential(&tx, &u.id);
    assert_int_equal(db_commit(db), DB_OK);
    both_in_one_round_trip(db, &s);

    /* the columns come while this process runs, and another one uses them */
    reshape(false);
    tx = begin(db, TX_WRITE);
    DB_SQL(other, "update @sessions set refresh_token_hmac_key = 'key', refresh_token_counter = 6 "
                  "where id = $1");
    assert_int_equal(db_exec(&tx, &other, V_ID(&s.id)), 1);
    assert_true(session_by_id(&tx, &s.id, &back));
    assert_string_equal(back.refresh_key, "key");
    assert_int_equal(back.refresh_counter, 6);
    back.refresh_counter++;
    session_save(&tx, &back);
    assert_true(session_by_id(&tx, &s.id, &back));
    assert_int_equal(back.refresh_counter, 7);
    assert_int_equal(tx.status, DB_OK);
    db_rollback(db);
    expect_lacks(db, 0);
    tx = begin(db, TX_WRITE);
    struct user later = a_user(&tx);
    a_factor_keeps_its_credential(&tx, &later.id);
    db_rollback(db);
    db_close(&db);
}

static void test_bad_addresses_are_told(void **state)
{
    (void)state;
    char url[200];
    const char *error = NULL;
    assert_null(db_connect(arena, postgres_url(&server, "missing", url), 0, &error));
    assert_non_null(strstr(error, "does not exist"));
    error = NULL;
    assert_null(db_connect(arena, "postgres://a:s3kr1t@[::1", 0, &error));
    assert_non_null(strstr(error, "no valid URL"));
    assert_null(strstr(error, "s3kr1t"));
    error = NULL;
    assert_null(db_connect(arena, "mysql://a:s3kr1t@b/c", 0, &error));
    assert_null(strstr(error, "s3kr1t"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_value_comes_back),
        cmocka_unit_test(test_no_state_of_the_session_is_needed),
        cmocka_unit_test(test_null_is_null),
        cmocka_unit_test(test_a_failure_sticks_and_is_over_after_it),
        cmocka_unit_test(test_wrong_statements_fail_alone),
        cmocka_unit_test(test_refusals_of_other_tables),
        cmocka_unit_test(test_savepoints),
        cmocka_unit_test(test_a_lost_connection_may_be_tried_again),
        cmocka_unit_test(test_prefetched_statements_cost_one_round_trip),
        cmocka_unit_test(test_a_write_is_seen_by_the_same_query),
        cmocka_unit_test(test_commit_goes_with_the_last_query),
        cmocka_unit_test(test_a_deadlock_may_be_tried_again),
        cmocka_unit_test(test_two_challenges_in_one_microsecond),
        cmocka_unit_test(test_nothing_that_the_official_server_reads_is_null),
        cmocka_unit_test(test_sessions_and_methods_come_back),
        cmocka_unit_test(test_migrating_again_changes_nothing),
        cmocka_unit_test(test_an_older_shape_is_found_and_served),
        cmocka_unit_test(test_bad_addresses_are_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
