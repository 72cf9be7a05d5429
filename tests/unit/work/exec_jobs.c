/* exec_jobs.c: see exec_jobs.h. */
#include "exec_jobs.h"

#include "base/deferred.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

DB_SQL(put, "INSERT INTO @note (n, s) VALUES ($1, hex(zeroblob($2)))");
DB_SQL(has, "SELECT count(*) FROM @note WHERE n = $1");

struct executor *start(struct scratch *s, struct executor_settings settings)
{
    const char *error = NULL;
    settings.url = s->url;
    struct executor *e = executor_start(s->arena, &settings, &error);
    if (!e) {
        fail_msg("%s", error);
    }
    return e;
}

enum problem run(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct job *j = arg;
    const char *error = NULL;
    j->ran++;
    if (j->pragma && !db_script(tx->db, ctx->arena, j->pragma, &error)) {
        tx->status = DB_IO;
    }
    if (j->n) {
        db_exec(tx, &put, V_INT(j->n), V_INT(j->size));
    }
    if (j->clash_always || (j->clash_once && j->ran == 1)) {
        db_exec(tx, &put, V_INT(j->n), V_INT(0));
    }
    if (j->tells) {
        deferred_count(ctx, DEFERRED_IF_COMMITTED, METRIC_MFA_WRONG);
        deferred_count(ctx, DEFERRED_ALWAYS, METRIC_MFA_LOCKED);
    }
    if (j->keep) {
        tx_commit_on_error(tx);
    }
    return j->answer;
}

enum problem write_job(struct executor *e, struct scratch *s, struct job *j)
{
    return exec_write(e, &s->ctx, run, j);
}

enum problem count_row(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    int64_t *n = arg;
    struct rows *rows = db_query(tx, &has, V_INT(*n));
    *n = rows_next(rows) ? rows_int(rows, 0) : -1;
    rows_end(rows);
    return P_OK;
}

bool has_row(struct executor *e, struct scratch *s, int64_t n)
{
    assert_int_equal(exec_read(e, &s->ctx, count_row, &n), P_OK);
    assert_in_range(n, 0, 1);
    return n == 1;
}

struct executor *start_with_table(struct scratch *s, struct executor_settings settings)
{
    struct executor *e = start(s, settings);
    struct job j = { .pragma = "CREATE TABLE note (n INTEGER PRIMARY KEY, s TEXT)" };
    assert_int_equal(write_job(e, s, &j), P_OK);
    return e;
}

void nap(void)
{
    usleep(1000);
}

static enum problem wait_at(struct gate *g)
{
    g->entered = true;
    while (!g->open) {
        nap();
    }
    return P_NOT_FOUND;
}

static enum problem gate_run(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    (void)tx;
    return wait_at(arg);
}

enum problem gate_slow(struct ctx *ctx, void *arg)
{
    (void)ctx;
    return wait_at(arg);
}

void gate_done(struct work *work)
{
    (void)work;
}

void close_gate(struct executor *e, struct scratch *s, struct gate *g)
{
    *g = (struct gate){ .ctx = s->ctx };
    g->work = (struct work){ .ctx = &g->ctx, .fn = gate_run, .arg = g, .done = gate_done };
    assert_true(exec_write_later(e, &g->work));
    while (!g->entered) {
        nap();
    }
}

/* Jobs that are queued together and waited for together. */
static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done_came = PTHREAD_COND_INITIALIZER;
static int done_count;

void job_done(struct work *work)
{
    pthread_mutex_lock(&done_lock);
    ((struct job *)work)->done++;
    done_count++;
    pthread_cond_signal(&done_came);
    pthread_mutex_unlock(&done_lock);
}

bool queue(struct executor *e, struct scratch *s, struct job *j)
{
    j->ctx = s->ctx;
    j->work = (struct work){ .ctx = &j->ctx, .fn = run, .arg = j, .done = job_done };
    return exec_write_later(e, &j->work);
}

void await(int n)
{
    pthread_mutex_lock(&done_lock);
    while (done_count < n) {
        pthread_cond_wait(&done_came, &done_lock);
    }
    done_count -= n;
    pthread_mutex_unlock(&done_lock);
}

void run_as_batch(struct executor *e, struct scratch *s, struct job *jobs, int n)
{
    struct gate gate;
    close_gate(e, s, &gate);
    for (int i = 0; i < n; i++) {
        assert_true(queue(e, s, &jobs[i]));
    }
    gate.open = true;
    await(n);
    for (int i = 0; i < n; i++) {
        assert_int_equal(jobs[i].done, 1);
    }
}
