/* test_kill_writer.c: a process that writes with several threads is killed (SIGKILL) at a random
 * moment, again and again. After each kill the file is sound, and every row that was acknowledged
 * is in it. */
#include "scratch.h"
#include "work/executor.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS = 12, WRITERS = 8, ROUND_ROWS = 1000000 };

DB_SQL(create, "CREATE TABLE IF NOT EXISTS @note (n INTEGER PRIMARY KEY, s TEXT)");
DB_SQL(create_pair, "CREATE TABLE IF NOT EXISTS @pair (n INTEGER PRIMARY KEY, s TEXT)");
DB_SQL(put, "INSERT INTO @note (n, s) VALUES ($1, hex(randomblob(900)))");
DB_SQL(put_pair, "INSERT INTO @pair (n, s) VALUES ($1, hex(randomblob(90)))");
DB_SQL(has, "SELECT count(*) FROM @note JOIN @pair USING (n) WHERE n = $1");
DB_SQL(torn, "SELECT (SELECT count(*) FROM @note) - (SELECT count(*) FROM @pair)");

struct writer_arg {
    struct executor *e;
    int64_t n;
    int pipe;
};

static enum problem make_tables(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    (void)arg;
    db_exec(tx, &create);
    db_exec(tx, &create_pair);
    return P_OK;
}

static enum problem put_both(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    int64_t n = *(int64_t *)arg;
    db_exec(tx, &put, V_INT(n));
    db_exec(tx, &put_pair, V_INT(n));
    return n % 7 == 6 ? P_NOT_FOUND : P_OK; /* some are undone */
}

static void *writer_main(void *arg)
{
    struct writer_arg *w = arg;
    struct arena *arena = arena_new();
    struct ctx ctx = { .arena = arena };
    for (;; w->n++) {
        if (exec_write(w->e, &ctx, put_both, &w->n) == P_OK &&
            write(w->pipe, &w->n, sizeof w->n) != sizeof w->n) {
            break; /* nobody listens any more */
        }
    }
    arena_free(&arena);
    return NULL;
}

/* The child: writes until it is killed, and tells each acknowledged row through the pipe. */
static void write_until_killed(struct scratch *s, int round, int to)
{
    const char *error = NULL;
    struct executor_settings settings = { .url = s->url };
    struct executor *e = executor_start(s->arena, &settings, &error);
    if (!e || exec_write(e, &s->ctx, make_tables, NULL) != P_OK) {
        _exit(1);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_t thread;
        struct writer_arg *w = calloc(1, sizeof *w);
        *w = (struct writer_arg){ .e = e, .pipe = to };
        w->n = ((int64_t)round * WRITERS + i) * ROUND_ROWS;
        pthread_create(&thread, NULL, writer_main, w);
    }
    pause();
    _exit(1);
}

struct question {
    struct sql *sql;
    int64_t value, answer;
};

static enum problem ask_body(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    struct question *q = arg;
    struct rows *rows =
        q->sql == &torn ? db_query(tx, q->sql) : db_query(tx, q->sql, V_INT(q->value));
    q->answer = rows_next(rows) ? rows_int(rows, 0) : -1;
    rows_end(rows);
    return P_OK;
}

static int64_t ask(struct executor *e, struct scratch *s, struct sql *sql, int64_t value)
{
    struct question q = { .sql = sql, .value = value };
    assert_int_equal(exec_read(e, &s->ctx, ask_body, &q), P_OK);
    return q.answer;
}

static void on_finding(void *arg, const char *finding)
{
    (void)arg;
    print_error("%s\n", finding);
}

static void check(struct scratch *s, const int64_t *rows, int count)
{
    const char *error = NULL;
    struct executor_settings settings = { .url = s->url };
    struct executor *e = executor_start(s->arena, &settings, &error);
    if (!e) {
        fail_msg("%s", error);
    }
    struct db *db = executor_inspect(s->arena, s->url, &error);
    assert_non_null(db);
    assert_true(db_check(db, on_finding, NULL));
    db_close(&db);
    assert_int_equal(ask(e, s, &torn, 0), 0);
    for (int i = 0; i < count; i++) {
        assert_int_equal(ask(e, s, &has, rows[i]), 1);
    }
    executor_stop(&e);
}

static void test_killed_at_any_moment(void **state)
{
    struct scratch *s = *state;
    enum { MOST = 400000 };
    int64_t *rows = calloc(MOST, sizeof *rows);
    assert_non_null(rows);
    int count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int ends[2], first = count;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            write_until_killed(s, round, ends[1]);
        }
        close(ends[1]);
        uint32_t most = 100 + entropy_below(&s->entropy, 900);
        while (count < MOST && count - first < (int)most &&
               read(ends[0], &rows[count], sizeof rows[0]) == sizeof rows[0]) {
            count++;
        }
        usleep(entropy_below(&s->entropy, 3000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (count < MOST && read(ends[0], &rows[count], sizeof rows[0]) == sizeof rows[0]) {
            count++; /* acknowledged before the kill, not yet read */
        }
        close(ends[0]);
        assert_true(count > first);
        check(s, rows, count);
    }
    print_message("%d rows acknowledged in %d rounds\n", count, ROUNDS);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_at_any_moment, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
