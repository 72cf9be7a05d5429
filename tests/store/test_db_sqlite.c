/* test_db_sqlite.c: the engine interface of db.h on SQLite: values, parameters, rows, failures,
 * marks, connections. */
#include "scratch.h"
#include "store/db.h"
#include "store/db_sqlite.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

DB_SQL(insert, "INSERT INTO @t (id, n) VALUES ($1, $2)");
DB_SQL(all, "SELECT n FROM @t ORDER BY n");
DB_SQL(count, "SELECT count(*) FROM @t");

static struct db *open_db(struct scratch *s, unsigned flags)
{
    const char *error = NULL;
    struct db *db = db_connect(s->arena, s->url, flags, &error);
    if (!db) {
        fail_msg("%s", error);
    }
    return db;
}

static void script(struct scratch *s, struct db *db, const char *text)
{
    const char *error = NULL;
    if (!db_script(db, s->arena, text, &error)) {
        fail_msg("%s", error);
    }
}

static struct db *open_with_table(struct scratch *s)
{
    struct db *db = open_db(s, DB_CREATE);
    script(s, db,
           "CREATE TABLE t (id BLOB UNIQUE, n INTEGER, b INTEGER, at INTEGER, s TEXT, j TEXT);"
           "CREATE TABLE child (id INTEGER PRIMARY KEY, t BLOB REFERENCES t (id))");
    return db;
}

static struct tx begin(struct scratch *s, struct db *db, enum tx_mode mode)
{
    struct tx tx = { .ctx = &s->ctx, .db = db, .mode = mode };
    tx.status = db_begin(db, mode);
    assert_int_equal(tx.status, DB_OK);
    return tx;
}

static int64_t one_number(struct tx *tx, struct sql *sql)
{
    struct rows *rows = db_query(tx, sql);
    int64_t n = rows_next(rows) ? rows_int(rows, 0) : -1;
    rows_end(rows);
    return n;
}

static struct uuid id_of(uint8_t byte)
{
    struct uuid id;
    memset(id.bytes, byte, sizeof id.bytes);
    return id;
}

/* --- values and parameters --- */

static void test_every_kind_of_value_comes_back(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_WRITE);
    struct uuid id = id_of(7);
    DB_SQL(put, "INSERT INTO @t (id, n, b, at, s, j) VALUES ($1, $2, $3, $4, $5, $6)");
    DB_SQL(get, "SELECT id, n, b, at, s, j FROM @t WHERE id = $1");
    assert_int_equal(db_exec(&tx, &put, V_ID(&id), V_INT(INT64_MIN), V_BOOL(true),
                             V_TIME(1700000000000001), V_TEXT("h\xc3\xa9llo"), V_JSON("{\"a\":1}")),
                     1);
    struct rows *rows = db_query(&tx, &get, V_ID(&id));
    assert_true(rows_next(rows));
    struct uuid got = rows_id(rows, 0);
    assert_true(uuid_equal(&got, &id));
    assert_true(rows_int(rows, 1) == INT64_MIN);
    assert_int_equal(rows_int(rows, 2), 1);
    assert_true(rows_time(rows, 3) == 1700000000000001);
    assert_string_equal(rows_text(rows, 4), "h\xc3\xa9llo");
    assert_string_equal(rows_text(rows, 5), "{\"a\":1}");
    assert_false(rows_null(rows, 0));
    assert_false(rows_next(rows));
    assert_true(rows_null(rows, 0)); /* past the end there is nothing */
    assert_null(rows_text(rows, 4));
    rows_end(rows);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
    assert_null(db);
}

static void test_nothing_is_null(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_WRITE);
    DB_SQL(put, "INSERT INTO @t (id, at, s, j) VALUES ($1, $2, $3, $4)");
    DB_SQL(get, "SELECT id, at, s, j FROM @t WHERE id IS NULL AND at IS NULL AND s IS NULL");
    db_exec(&tx, &put, V_ID(NULL), V_TIME(0), V_TEXT(NULL), V_JSON(NULL));
    struct rows *rows = db_query(&tx, &get);
    assert_true(rows_next(rows));
    struct uuid id = rows_id(rows, 0);
    assert_true(uuid_is_nil(&id));
    assert_int_equal(rows_time(rows, 1), 0);
    assert_null(rows_text(rows, 2));
    assert_true(rows_null(rows, 3));
    rows_end(rows);
    assert_int_equal(tx.status, DB_OK);
    db_close(&db);
}

static void test_parameters_go_by_their_number(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_READ);
    DB_SQL(mixed, "SELECT $3, $1, $2, $1, $3");
    const char *want[] = { "c", "a", "b", "a", "c" };
    for (int again = 0; again < 2; again++) {
        struct rows *rows = db_query(&tx, &mixed, V_TEXT("a"), V_TEXT("b"), V_TEXT("c"));
        assert_true(rows_next(rows));
        for (int i = 0; i < 5; i++) {
            assert_string_equal(rows_text(rows, i), want[i]);
        }
        rows_end(rows);
    }
    db_close(&db);
}

static void test_wrong_number_of_values_fails(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_READ);
    DB_SQL(two, "SELECT $1, $2");
    DB_SQL2(two_of_three, "SELECT $1, $3", "SELECT $1, $2, $3");
    struct rows *rows = db_query(&tx, &two_of_three, V_INT(1), V_INT(2), V_INT(3));
    assert_true(rows_next(rows));
    assert_int_equal(rows_int(rows, 1), 3);
    rows_end(rows);
    rows = db_query(&tx, &two, V_INT(1));
    assert_false(rows_next(rows));
    rows_end(rows);
    assert_int_equal(tx.status, DB_IO);
    tx.status = DB_OK;
    rows_end(db_query(&tx, &two, V_INT(1), V_INT(2), V_INT(3)));
    assert_int_equal(tx.status, DB_IO);
    db_close(&db);
}

static void test_at_signs_name_tables_outside_of_quotes(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_READ);
    DB_SQL(quoted,
           "SELECT 'a@b', '@@t', 'it''s @t', \"n\" /* isn't @t */ -- @t isn't\nFROM @@t RIGHT JOIN "
           "(SELECT 1) ON true");
    struct rows *rows = db_query(&tx, &quoted);
    assert_true(rows_next(rows));
    assert_string_equal(rows_text(rows, 0), "a@b");
    assert_string_equal(rows_text(rows, 1), "@@t");
    assert_string_equal(rows_text(rows, 2), "it's @t");
    rows_end(rows);
    char *text = db_sql_text("SELECT '@x' FROM @a, @@b WHERE c = '", "auth.", "countersign.");
    assert_string_equal(text, "SELECT '@x' FROM auth.a, countersign.b WHERE c = '");
    free(text);
    db_close(&db);
}

static void test_id_that_a_person_wrote_as_text(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_READ);
    DB_SQL(texts, "SELECT '07070707-0707-0707-0707-070707070707', 'not an id', 7");
    struct rows *rows = db_query(&tx, &texts);
    assert_true(rows_next(rows));
    struct uuid id = rows_id(rows, 0), want = id_of(7);
    assert_true(uuid_equal(&id, &want));
    id = rows_id(rows, 1);
    assert_true(uuid_is_nil(&id));
    id = rows_id(rows, 2);
    assert_true(uuid_is_nil(&id));
    rows_end(rows);
    db_close(&db);
}

/* --- statements and rows --- */

static void test_changes_are_counted(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_WRITE);
    DB_SQL(up, "UPDATE @t SET n = n + 1 WHERE n >= $1");
    DB_SQL(ddl, "CREATE TABLE other (a)");
    struct uuid a = id_of(1), b = id_of(2);
    db_exec(&tx, &insert, V_ID(&a), V_INT(1));
    db_exec(&tx, &insert, V_ID(&b), V_INT(2));
    assert_int_equal(db_exec(&tx, &up, V_INT(1)), 2);
    assert_int_equal(db_exec(&tx, &up, V_INT(99)), 0);
    assert_int_equal(db_exec(&tx, &up, V_INT(3)), 1);
    assert_int_equal(db_exec(&tx, &ddl), 0);
    assert_int_equal(db_exec(&tx, &count), 0);
    db_close(&db);
}

static void fill(struct tx *tx, int rows)
{
    for (int i = 1; i <= rows; i++) {
        struct uuid id = id_of((uint8_t)i);
        assert_int_equal(db_exec(tx, &insert, V_ID(&id), V_INT(i)), 1);
    }
}

static void test_one_statement_may_be_under_way_twice(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_WRITE);
    fill(&tx, 3);
    int seen = 0;
    struct rows *outer = db_query(&tx, &all);
    while (rows_next(outer)) {
        struct rows *inner = db_query(&tx, &all);
        while (rows_next(inner)) {
            seen += (int)(10 * rows_int(outer, 0) + rows_int(inner, 0));
        }
        rows_end(inner);
    }
    rows_end(outer);
    assert_int_equal(seen, 3 * 10 * 6 + 3 * 6);
    assert_int_equal(tx.status, DB_OK);
    db_close(&db);
}

static void test_statement_is_free_again_after_an_early_end(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_WRITE);
    fill(&tx, 3);
    for (int i = 0; i < 20; i++) {
        struct rows *rows = db_query(&tx, &all);
        assert_true(rows_next(rows));
        assert_int_equal(rows_int(rows, 0), 1);
        rows_end(rows);
    }
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

static void test_rows_left_open_end_with_the_transaction(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    for (int round = 0; round < 3; round++) {
        struct tx tx = begin(s, db, TX_READ);
        for (int i = 0; i < MAX_ROWS; i++) {
            db_query(&tx, &count);
            assert_int_equal(tx.status, DB_OK);
        }
        db_query(&tx, &count); /* one too many */
        assert_int_equal(tx.status, DB_IO);
        if (round == 1) {
            db_rollback(db);
        } else {
            assert_int_equal(db_commit(db), DB_OK);
        }
    }
    db_close(&db);
}

static void test_returning_writes_at_once(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_WRITE);
    fill(&tx, 3);
    DB_SQL(up, "UPDATE @t SET n = n + 10 RETURNING n");
    rows_end(db_query(&tx, &up));
    assert_int_equal(one_number(&tx, &all), 11);
    struct rows *rows = db_query(&tx, &up);
    assert_true(rows_next(rows));
    assert_int_equal(rows_int(rows, 0), 21);
    rows_end(rows);
    assert_int_equal(one_number(&tx, &all), 21);
    /* the foreign key is checked although only one of two rows was looked at */
    DB_SQL(orphans, "INSERT INTO @child (t) VALUES ($1), ($1) RETURNING id");
    struct uuid nobody = id_of(99);
    rows = db_query(&tx, &orphans, V_ID(&nobody));
    rows_next(rows);
    rows_end(rows);
    assert_int_equal(tx.status, DB_CONFLICT);
    db_close(&db);
}

/* --- failures --- */

static void test_failure_sticks(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_WRITE);
    fill(&tx, 3);
    struct uuid id = id_of(1), other = id_of(9);
    struct rows *under_way = db_query(&tx, &all);
    assert_true(rows_next(under_way));
    assert_int_equal(db_exec(&tx, &insert, V_ID(&id), V_INT(5)), 0);
    assert_int_equal(tx.status, DB_CONFLICT);
    assert_false(rows_next(under_way));
    rows_end(under_way);
    assert_int_equal(db_exec(&tx, &insert, V_ID(&other), V_INT(5)), 0);
    struct rows *rows = db_query(&tx, &all);
    assert_false(rows_next(rows));
    assert_true(rows_null(rows, 0));
    assert_int_equal(rows_int(rows, 0), 0);
    assert_null(rows_text(rows, 0));
    id = rows_id(rows, 0);
    assert_true(uuid_is_nil(&id));
    rows_end(rows);
    assert_int_equal(tx.status, DB_CONFLICT);
    db_rollback(db);
    tx = begin(s, db, TX_READ);
    assert_int_equal(one_number(&tx, &count), 0);
    db_close(&db);
}

/* A check or a trigger would say no again: that is no conflict with another request. */
static void test_refusals(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    DB_SQL(low, "INSERT INTO checked VALUES ($1)");
    script(s, db,
           "CREATE TABLE checked (n INTEGER UNIQUE CHECK (n > 0));"
           "CREATE TRIGGER no_seven BEFORE INSERT ON checked WHEN NEW.n = 7 "
           "BEGIN SELECT RAISE(ABORT, 'no seven'); END");
    const struct {
        int n;
        enum db_status status;
    } cases[] = { { 1, DB_OK }, { 1, DB_CONFLICT }, { 0, DB_REFUSED }, { 7, DB_REFUSED } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tx tx = begin(s, db, TX_WRITE);
        db_exec(&tx, &low, V_INT(cases[i].n));
        assert_int_equal(tx.status, cases[i].status);
        if (tx.status == DB_OK) {
            assert_int_equal(db_commit(db), DB_OK);
        } else {
            db_rollback(db);
        }
    }
    db_close(&db);
}

static void test_broken_statements_fail(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    DB_SQL(syntax, "SELEC 1");
    DB_SQL(two, "SELECT 1; SELECT 2");
    DB_SQL(nothing, "-- nothing");
    DB_SQL(unnamed, "SELECT ?");
    DB_SQL(quotes, "SELECT \"no such column\" FROM @t");
    struct sql *broken[] = { &syntax, &two, &nothing, &unnamed, &quotes };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct tx tx = begin(s, db, TX_READ);
        db_exec(&tx, broken[i]);
        assert_true(tx.status == DB_IO || tx.status == DB_REFUSED);
        db_rollback(db);
    }
    db_close(&db);
}

static void test_full(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    script(s, db, "PRAGMA max_page_count=10");
    DB_SQL(big, "INSERT INTO @t (s) VALUES (hex(zeroblob($1)))");
    struct tx tx = begin(s, db, TX_WRITE);
    db_exec(&tx, &big, V_INT(100000));
    assert_int_equal(tx.status, DB_FULL);
    db_rollback(db);
    tx = begin(s, db, TX_WRITE); /* what fits still goes in */
    db_exec(&tx, &big, V_INT(10));
    assert_int_equal(tx.status, DB_OK);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

static void test_busy(void **state)
{
    struct scratch *s = *state;
    sqlite_set_busy_ms(50);
    struct db *db = open_with_table(s), *other = open_db(s, 0);
    struct tx tx = begin(s, db, TX_WRITE);
    fill(&tx, 1);
    assert_int_equal(db_begin(other, TX_WRITE), DB_BUSY);
    struct tx reader = begin(s, other, TX_READ); /* reading goes on, and sees the old state */
    assert_int_equal(one_number(&reader, &count), 0);
    assert_int_equal(db_commit(db), DB_OK);
    assert_int_equal(one_number(&reader, &count), 0);
    tx = begin(s, db, TX_WRITE);
    struct uuid id = id_of(2);
    db_exec(&tx, &insert, V_ID(&id), V_INT(2));
    assert_int_equal(db_commit(db), DB_OK);
    db_exec(&reader, &insert, V_ID(&id), V_INT(2)); /* from a snapshot that is old */
    assert_int_equal(reader.status, DB_RETRY);
    db_rollback(other);
    db_close(&db);
    db_close(&other);
    sqlite_set_busy_ms(10000);
}

/* --- marks --- */

static void test_savepoints(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    struct tx tx = begin(s, db, TX_WRITE);
    struct uuid a = id_of(1), b = id_of(2), c = id_of(3);
    assert_int_equal(db_savepoint(db), DB_OK);
    db_exec(&tx, &insert, V_ID(&a), V_INT(1));
    assert_int_equal(db_savepoint(db), DB_OK); /* they nest */
    db_exec(&tx, &insert, V_ID(&b), V_INT(2));
    db_query(&tx, &all); /* left under way: does not stand in the way */
    assert_int_equal(db_savepoint_rollback(db), DB_OK);
    assert_int_equal(db_savepoint_release(db), DB_OK);
    assert_int_equal(db_savepoint(db), DB_OK);
    db_exec(&tx, &insert, V_ID(&c), V_INT(3));
    assert_int_equal(db_savepoint_rollback(db), DB_OK);
    assert_int_not_equal(db_savepoint_rollback(db), DB_OK); /* undo has forgotten it */
    assert_int_equal(one_number(&tx, &count), 1);
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

/* --- connections --- */

static void test_files_are_private(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    const char *names[] = { "db", "db-wal", "db-shm" };
    for (size_t i = 0; i < 3; i++) {
        struct stat st;
        assert_int_equal(stat(scratch_file(s, names[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    db_close(&db);
}

static void test_reader_cannot_write(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    db_close(&db);
    db = open_db(s, DB_READ_ONLY); /* also when no other connection holds the log open */
    struct tx tx = begin(s, db, TX_READ);
    assert_int_equal(one_number(&tx, &count), 0);
    struct uuid id = id_of(1);
    assert_int_equal(db_exec(&tx, &insert, V_ID(&id), V_INT(1)), 0);
    assert_int_equal(tx.status, DB_IO);
    db_close(&db);
}

static void refused(struct scratch *s, const char *url, unsigned flags, const char *why)
{
    const char *error = NULL;
    struct db *db = db_connect(s->arena, url, flags, &error);
    assert_null(db);
    assert_non_null(error);
    if (!strstr(error, why)) {
        fail_msg("\"%s\" does not say \"%s\"", error, why);
    }
}

static void test_what_cannot_be_opened_is_explained(void **state)
{
    struct scratch *s = *state;
    refused(s, s->url, 0, "there is no database");
    refused(s, scratch_file(s, "no/db"), DB_CREATE, "/no of the database does not exist");
    refused(s, s->dir, DB_CREATE, "Is a directory");
    refused(s, "sqlite::memory:", DB_CREATE, "must be a file");
    refused(s, "sqlite:", DB_CREATE, "must be a file");
    refused(s, "mysql://name:secret@host/db", 0, "unknown kind");
    int fd = open(s->path, O_WRONLY | O_CREAT, 0600);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(write(fd, "this is a text file\n", 20), 20);
    }
    close(fd);
    refused(s, s->url, 0, "is no SQLite database");
    assert_string_equal(db_file("sqlite:///var/lib/x"), "/var/lib/x");
    assert_string_equal(db_file("sqlite:x"), "x");
    assert_string_equal(db_file("x"), "x");
    assert_null(db_file("postgres://x"));
}

static void collect(void *arg, const char *finding)
{
    (*(int *)arg)++;
    assert_non_null(finding);
}

static void test_check_finds_damage(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s);
    int findings = 0;
    script(s, db,
           "CREATE INDEX t_n ON t (n);"
           "WITH RECURSIVE c (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < 999)"
           "INSERT INTO t (n, s) SELECT x, hex(randomblob(40)) FROM c");
    assert_true(db_check(db, collect, &findings));
    assert_int_equal(findings, 0);
    script(s, db, "PRAGMA foreign_keys=OFF; INSERT INTO child (t) VALUES (x'01')");
    assert_false(db_check(db, collect, &findings));
    assert_int_equal(findings, 1);
    script(s, db, "DELETE FROM child");
    db_close(&db);
    int fd = open(s->path, O_WRONLY);
    char zeroes[4096] = { 0 };
    assert_int_equal(pwrite(fd, zeroes, sizeof zeroes, 5 * 4096), (ssize_t)sizeof zeroes);
    close(fd);
    db = open_db(s, DB_READ_ONLY);
    findings = 0;
    assert_false(db_check(db, collect, &findings));
    assert_true(findings > 0);
    db_close(&db);
}

static off_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : -1;
}

static void test_checkpoint(void **state)
{
    struct scratch *s = *state;
    struct db *db = open_with_table(s), *reader = open_db(s, DB_READ_ONLY);
    const char *wal = scratch_file(s, "db-wal");
    assert_true(db_log_pages(db) > 0);
    struct tx tx = begin(s, reader, TX_READ);
    one_number(&tx, &count);
    struct tx write = begin(s, db, TX_WRITE);
    fill(&write, 1);
    assert_int_equal(db_commit(db), DB_OK);
    assert_true(db_checkpoint(db, false) >
                0); /* the reader still needs the last pages' old state */
    assert_true(size_of(wal) > 0);
    assert_int_equal(db_commit(reader), DB_OK);
    assert_int_equal(db_checkpoint(db, false), 0);
    assert_true(size_of(wal) > 0);
    assert_int_equal(db_checkpoint(db, true), 0);
    assert_int_equal(size_of(wal), 0);
    assert_int_equal(db_log_pages(db), 0);
    db_close(&reader);
    db_close(&db);
    assert_int_equal(size_of(wal), -1); /* the last one tidies up */
}

/* Another process that holds SQLite's RESERVED lock (the byte at 1 GiB + 1,
 * sqlite.org/lockingv3.html) for a moment, as one that is about to turn the log on. Returns once it
 * holds it. */
static pid_t hold_a_moment(const char *path)
{
    int told[2];
    char byte = 0;
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        struct flock reserved = { .l_type = F_WRLCK, .l_start = 0x40000001, .l_len = 1 };
        int fd = open(path, O_RDWR | O_CREAT, 0600);
        bool held = fd >= 0 && fcntl(fd, F_SETLK, &reserved) == 0;
        ssize_t n = write(told[1], held ? "+" : "-", 1);
        usleep(200000);
        _exit(n == 1 ? 0 : 1);
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    assert_int_equal(byte, '+');
    close(told[0]);
    close(told[1]);
    return child;
}

static void test_file_that_another_one_just_makes_is_waited_for(void **state)
{
    struct scratch *s = *state;
    pid_t other = hold_a_moment(s->path);
    struct db *db = open_db(s, DB_CREATE);
    waitpid(other, NULL, 0);
    db_close(&db);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_every_kind_of_value_comes_back),
        CASE(test_nothing_is_null),
        CASE(test_parameters_go_by_their_number),
        CASE(test_wrong_number_of_values_fails),
        CASE(test_at_signs_name_tables_outside_of_quotes),
        CASE(test_id_that_a_person_wrote_as_text),
        CASE(test_changes_are_counted),
        CASE(test_one_statement_may_be_under_way_twice),
        CASE(test_statement_is_free_again_after_an_early_end),
        CASE(test_rows_left_open_end_with_the_transaction),
        CASE(test_returning_writes_at_once),
        CASE(test_failure_sticks),
        CASE(test_refusals),
        CASE(test_broken_statements_fail),
        CASE(test_full),
        CASE(test_busy),
        CASE(test_savepoints),
        CASE(test_files_are_private),
        CASE(test_reader_cannot_write),
        CASE(test_what_cannot_be_opened_is_explained),
        CASE(test_check_finds_damage),
        CASE(test_checkpoint),
        CASE(test_file_that_another_one_just_makes_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
