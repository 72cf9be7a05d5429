/* test_migrate.c: steps are taken once, in order, whole or not at all. The list of the program
 * itself is taken too. */
#include "scratch.h"
#include "store/db_sqlite.h"
#include "store/migrate.h"
#include "store/migrations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct migration steps[] = {
    { .version = 1, .name = "init", .sqlite = "CREATE TABLE a (x); INSERT INTO a VALUES (1);" },
    { .version = 2, .name = "more", .sqlite = "UPDATE a SET x = x + 1; CREATE TABLE b (y);" },
    { .version = 3, .name = "bad", .sqlite = "UPDATE a SET x = 99; CREATE TABLE b (z);" },
    { .version = 4, .name = "absent", .postgres = "SELECT 1" },
};

static struct db *open_db(struct scratch *s)
{
    const char *error = NULL;
    struct db *db = db_connect(s->arena, s->url, DB_CREATE, &error);
    assert_non_null(db);
    return db;
}

static int64_t ask(struct scratch *s, struct db *db, struct sql *sql)
{
    struct tx tx = { .ctx = &s->ctx, .db = db, .status = db_begin(db, TX_READ) };
    struct rows *rows = db_query(&tx, sql);
    int64_t n = rows_next(rows) ? rows_int(rows, 0) : -1;
    rows_end(rows);
    db_rollback(db);
    return tx.status == DB_OK ? n : -2;
}

DB_SQL(value, "SELECT x FROM a");
DB_SQL(version, "SELECT max(version) FROM schema_version");
DB_SQL(entries, "SELECT count(*) FROM schema_version WHERE applied_at > 0 AND name <> ''");

static void test_steps_are_taken_once(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_db(s);
    const char *error = NULL;
    assert_true(migrate_with(db, s->arena, steps, 1, &error));
    assert_int_equal(ask(s, db, &value), 1);
    for (int again = 0; again < 2; again++) {
        assert_true(migrate_with(db, s->arena, steps, 2, &error));
        assert_int_equal(ask(s, db, &value), 2);
        assert_int_equal(ask(s, db, &version), 2);
        assert_int_equal(ask(s, db, &entries), 2);
    }
    assert_null(error);
    db_close(&db);
}

static void test_a_failed_step_leaves_nothing(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_db(s);
    const char *error = NULL;
    assert_false(migrate_with(db, s->arena, steps, 4, &error));
    assert_non_null(strstr(error, "step 3 (bad)"));
    assert_non_null(strstr(error, "table b already exists"));
    assert_int_equal(ask(s, db, &value), 2); /* the steps before it stand */
    assert_int_equal(ask(s, db, &version), 2);
    assert_false(migrate_with(db, s->arena, (struct migration[]){ steps[0], steps[1], steps[3] }, 3,
                              &error));
    assert_non_null(strstr(error, "no script for this kind"));
    db_close(&db);
}

static void test_a_newer_database_is_left_alone(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_db(s);
    const char *error = NULL;
    assert_true(migrate_with(db, s->arena, steps, 2, &error));
    assert_false(migrate_with(db, s->arena, steps, 1, &error));
    assert_non_null(strstr(error, "schema 2"));
    assert_non_null(strstr(error, "only 1"));
    assert_int_equal(ask(s, db, &version), 2);
    db_close(&db);
}

static void test_a_locked_database_is_explained(void **state)
{
    struct scratch *s = *state;
    sqlite_set_busy_ms(50);
    struct db *db = open_db(s), *other = open_db(s);
    const char *error = NULL;
    assert_int_equal(db_begin(other, TX_WRITE), DB_OK);
    assert_false(migrate_with(db, s->arena, steps, 2, &error));
    assert_non_null(strstr(error, "locked by another program"));
    db_rollback(other);
    assert_true(migrate_with(db, s->arena, steps, 2, &error));
    db_close(&db);
    db_close(&other);
    sqlite_set_busy_ms(10000);
}

static void test_the_programs_own_steps(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_db(s);
    const char *error = NULL;
    if (!migrate(db, s->arena, &error)) {
        fail_msg("%s", error);
    }
    assert_int_equal(ask(s, db, &entries), migrate_newest());
    for (int i = 0; i < migrations_count; i++) {
        assert_int_equal(migrations[i].version, i + 1);
    }
    assert_true(migrate(db, s->arena, &error));
    db_close(&db);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_steps_are_taken_once),           CASE(test_a_failed_step_leaves_nothing),
        CASE(test_a_newer_database_is_left_alone), CASE(test_a_locked_database_is_explained),
        CASE(test_the_programs_own_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
