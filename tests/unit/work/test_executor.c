/* test_executor.c: transactions on the executor: what is committed, undone, run again, refused;
 * stopping. Trouble with the disk and with locks is in test_executor_trouble.c. */
#include "exec_jobs.h"

#include "base/metrics.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* --- what is kept --- */

static void test_success_is_kept_and_a_problem_undone(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    assert_int_equal(write_job(e, s, &(struct job){ .n = 1 }), P_OK);
    assert_true(has_row(e, s, 1));
    struct job bad = { .n = 2, .answer = P_NOT_FOUND };
    assert_int_equal(write_job(e, s, &bad), P_NOT_FOUND);
    assert_int_equal(bad.ran, 1);
    assert_false(has_row(e, s, 2));
    struct job kept = { .n = 3, .answer = P_NOT_FOUND, .keep = true };
    assert_int_equal(write_job(e, s, &kept), P_NOT_FOUND);
    assert_true(has_row(e, s, 3));
    executor_stop(&e);
    assert_null(e);
}

static void test_conflict_runs_once_more(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    struct job once = { .n = 1, .clash_once = true };
    assert_int_equal(write_job(e, s, &once), P_OK);
    assert_int_equal(once.ran, 2);
    assert_true(has_row(e, s, 1));
    struct job always = { .n = 2, .clash_always = true, .keep = true };
    assert_int_equal(write_job(e, s, &always), P_DATABASE_CONFLICT);
    assert_int_equal(always.ran, 2);
    assert_false(has_row(e, s, 2));
    assert_true(s->ctx.retry_after_s > 0);
    executor_stop(&e);
}

/* How often verifications ended so, as the counters of this process say. */
static long counted(struct scratch *s, const char *result)
{
    struct strbuf b = strbuf_in(s->arena, 1 << 20);
    metrics_write(&b, "0", 0);
    const char *labels = "countersign_mfa_verifications_total{result=\"";
    for (const char *at = b.data; (at = strstr(at, labels)) != NULL;) {
        at += strlen(labels);
        if (strncmp(at, result, strlen(result)) == 0) {
            return strtol(at + strlen(result) + 3, NULL, 10);
        }
    }
    fail_msg("no counter of %s", result);
    return -1;
}

static void test_told_once_however_often_it_ran(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    long wrong = counted(s, "wrong"), locked = counted(s, "locked");
    struct job jobs[] = {
        { .n = 1, .tells = true, .clash_once = true },    /* kept at its second run */
        { .n = 2, .tells = true, .answer = P_NOT_FOUND }, /* rolled back */
        { .n = 3, .tells = true, .answer = P_NOT_FOUND, .keep = true },
        { .n = 4, .tells = true, .clash_always = true }, /* never ends well */
    };
    for (int i = 0; i < 4; i++) {
        (void)!write_job(e, s, &jobs[i]);
    }
    assert_int_equal(jobs[0].ran + jobs[3].ran, 4);
    assert_int_equal(counted(s, "wrong") - wrong, 2);
    assert_int_equal(counted(s, "locked") - locked, 3);
    for (int i = 0; i < 4; i++) {
        jobs[i].n += 4;
        jobs[i].ran = 0;
    }
    run_as_batch(e, s, jobs, 4);
    assert_int_equal(counted(s, "wrong") - wrong, 4);
    assert_int_equal(counted(s, "locked") - locked, 6);
    executor_stop(&e);
}

/* What a full disk took along and ran again counts once, too. */
static void test_told_once_after_a_full_disk(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    struct job small = { .pragma = "PRAGMA max_page_count=400" };
    assert_int_equal(write_job(e, s, &small), P_OK);
    long wrong = counted(s, "wrong"), locked = counted(s, "locked");
    struct job jobs[] = {
        { .n = 1, .tells = true },
        { .n = 2, .tells = true, .answer = P_NOT_FOUND },
        { .n = 3, .size = 4000000 },
    };
    run_as_batch(e, s, jobs, 3);
    assert_int_equal(jobs[0].ran, 2);
    assert_int_equal(counted(s, "wrong") - wrong, 1);
    assert_int_equal(counted(s, "locked") - locked, 2);
    executor_stop(&e);
}

static void test_each_of_a_batch_has_its_own_fate(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    struct job jobs[] = {
        { .n = 1, .answer = P_NOT_FOUND },
        { .n = 2 },
        { .n = 3, .answer = P_NOT_FOUND },
        { .n = 4, .answer = P_NOT_FOUND, .keep = true },
        { .n = 5, .clash_always = true },
        { .n = 6, .clash_once = true },
        { .n = 2 }, /* clashes with the second job */
        { .n = 7 },
    };
    const enum problem want[] = { P_NOT_FOUND,         P_OK, P_NOT_FOUND,         P_NOT_FOUND,
                                  P_DATABASE_CONFLICT, P_OK, P_DATABASE_CONFLICT, P_OK };
    const bool kept[] = { false, false, true, false, true, false, true, true };
    run_as_batch(e, s, jobs, 8);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(jobs[i].work.result, want[i]);
    }
    for (int n = 1; n < 8; n++) {
        assert_int_equal(has_row(e, s, n), kept[n]);
    }
    executor_stop(&e);
}

static void test_more_than_a_batch(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    enum { MANY = 1000 };
    struct job *jobs = calloc(MANY, sizeof *jobs);
    assert_non_null(jobs);
    for (int i = 0; i < MANY; i++) {
        jobs[i].n = i + 1;
        jobs[i].answer = i % 3 == 2 ? P_NOT_FOUND : P_OK;
    }
    run_as_batch(e, s, jobs, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(jobs[i].work.result, jobs[i].answer);
        assert_int_equal(jobs[i].ran, 1);
        assert_int_equal(has_row(e, s, i + 1), i % 3 != 2);
    }
    free(jobs);
    executor_stop(&e);
}

/* --- reads --- */

DB_SQL(put, "INSERT INTO @note (n) VALUES ($1)");

static enum problem read_and_write(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    (void)arg;
    db_exec(tx, &put, V_INT(1));
    return P_OK;
}

static void test_reads_do_not_write(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    assert_int_equal(exec_read(e, &s->ctx, read_and_write, NULL), P_DATABASE_AWAY);
    assert_false(has_row(e, s, 1)); /* and the thread can read again */
    executor_stop(&e);
}

struct snapshot {
    struct executor *e;
    struct scratch *s;
    int64_t before, after;
};

static enum problem read_twice(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct snapshot *snap = arg;
    struct job between = { .n = 1 };
    int64_t n = 1;
    enum problem problem = count_row(ctx, tx, &n);
    snap->before = n;
    if (problem == P_OK) {
        problem = write_job(snap->e, snap->s, &between);
    }
    n = 1;
    problem = problem == P_OK ? count_row(ctx, tx, &n) : problem;
    snap->after = n;
    return problem;
}

static void test_a_read_sees_one_state(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    struct snapshot snap = { .e = e, .s = s };
    assert_int_equal(exec_read(e, &s->ctx, read_twice, &snap), P_OK);
    assert_int_equal(snap.before, 0);
    assert_int_equal(snap.after, 0);
    assert_true(has_row(e, s, 1));
    executor_stop(&e);
}

static int open_descriptors(const char *path)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char target[256] = { 0 };
        if (readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1) > 0) {
            n += strcmp(target, path) == 0;
        }
    }
    closedir(dir);
    return n;
}

struct reading {
    struct executor *e;
    pthread_barrier_t *all;
    int64_t sum;
};

static void *reading_main(void *arg)
{
    struct reading *r = arg;
    struct arena *arena = arena_new();
    struct ctx ctx = { .arena = arena };
    for (int i = 0; i < 50; i++) {
        int64_t n = 1;
        r->sum += exec_read(r->e, &ctx, count_row, &n) == P_OK ? n : -1000;
    }
    pthread_barrier_wait(r->all); /* all have read */
    pthread_barrier_wait(r->all); /* the descriptors are counted */
    arena_free(&arena);
    return NULL;
}

static void test_a_connection_a_thread(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ .compute_threads = 1 });
    assert_int_equal(write_job(e, s, &(struct job){ .n = 1 }), P_OK);
    int before = open_descriptors(s->path);
    pthread_barrier_t all;
    pthread_barrier_init(&all, NULL, 5);
    pthread_t threads[4];
    struct reading readings[4];
    for (int i = 0; i < 4; i++) {
        readings[i] = (struct reading){ .e = e, .all = &all };
        assert_int_equal(pthread_create(&threads[i], NULL, reading_main, &readings[i]), 0);
    }
    pthread_barrier_wait(&all);
    int during = open_descriptors(s->path);
    pthread_barrier_wait(&all);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readings[i].sum, 50);
    }
    pthread_barrier_destroy(&all);
    assert_int_equal(during - before, 4);
    assert_true(has_row(e, s, 1)); /* this thread's own is closed by the stop */
    executor_stop(&e);
    assert_int_equal(open_descriptors(s->path), 0);
}

/* --- slow work --- */

struct slow {
    struct job job; /* first */
    struct executor *e;
};

static enum problem slow_run(struct ctx *ctx, void *arg)
{
    struct slow *slow = arg;
    int64_t n = slow->job.n;
    enum problem problem = exec_read(slow->e, ctx, count_row, &n);
    return problem == P_OK && n == 0 ? exec_write(slow->e, ctx, run, &slow->job) : P_NOT_FOUND;
}

static bool queue_slow(struct executor *e, struct scratch *s, struct slow *slow)
{
    slow->e = e;
    slow->job.ctx = s->ctx;
    slow->job.ctx.arena = arena_new();
    slow->job.work =
        (struct work){ .ctx = &slow->job.ctx, .run = slow_run, .arg = slow, .done = job_done };
    bool taken = exec_compute_later(e, &slow->job.work);
    if (!taken) {
        arena_free(&slow->job.ctx.arena);
    }
    return taken;
}

static void test_slow_work_reads_and_writes(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ .compute_threads = 2 });
    struct slow slow[20];
    memset(slow, 0, sizeof slow);
    for (int i = 0; i < 20; i++) {
        slow[i].job.n = i + 1;
        assert_true(queue_slow(e, s, &slow[i]));
    }
    await(20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(slow[i].job.work.result, P_OK);
        assert_true(has_row(e, s, i + 1));
        arena_free(&slow[i].job.ctx.arena);
    }
    assert_int_equal(exec_compute_wait_s(e), 1);
    executor_stop(&e);
}

/* --- start and stop --- */

struct stopping {
    struct executor *e;
};

static void *stop_main(void *arg)
{
    executor_stop(&((struct stopping *)arg)->e);
    return NULL;
}

static void test_stop_finishes_what_is_queued(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ .compute_threads = 1 });
    struct gate writer_gate, pool_gate = { .ctx = s->ctx };
    struct slow slow = { .job = { .n = 500 } };
    struct job queued = { .n = 1 };
    close_gate(e, s, &writer_gate);
    pool_gate.work = (struct work){
        .ctx = &pool_gate.ctx, .run = gate_slow, .arg = &pool_gate, .done = gate_done
    };
    assert_true(exec_compute_later(e, &pool_gate.work));
    assert_true(queue_slow(e, s, &slow));
    assert_true(queue(e, s, &queued));
    struct stopping stopping = { .e = e };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_main, &stopping), 0);
    /* until the stop has begun; what slips in before is finished like all else */
    struct slow late[200];
    memset(late, 0, sizeof late);
    for (int i = 0; i < 200; i++) {
        late[i].job.n = 600 + i;
    }
    int taken = 0;
    while (taken < 200 && queue_slow(e, s, &late[taken])) {
        taken++;
        nap();
    }
    assert_in_range(taken, 0, 199);
    pool_gate.open = true;
    writer_gate.open = true;
    pthread_join(thread, NULL);
    await(2 + taken);
    assert_null(stopping.e);
    for (int i = 0; i < taken; i++) {
        assert_int_equal(late[i].job.work.result, P_OK);
        arena_free(&late[i].job.ctx.arena);
    }
    assert_int_equal(slow.job.work.result, P_OK);
    assert_int_equal(queued.work.result, P_OK);
    arena_free(&slow.job.ctx.arena);
    assert_int_equal(access(scratch_file(s, "db-wal"), F_OK), -1);
    assert_int_equal(access(scratch_file(s, "db.lock"), F_OK), -1);
    e = start(s, (struct executor_settings){ 0 });
    assert_true(has_row(e, s, 500));
    executor_stop(&e);
}

static void test_one_server_a_file(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start(s, (struct executor_settings){ 0 });
    const char *error = NULL;
    struct executor_settings settings = { .url = s->url };
    assert_null(executor_start(s->arena, &settings, &error));
    assert_non_null(strstr(error, s->path));
    assert_non_null(strstr(error, arena_printf(s->arena, "process %d", (int)getpid())));
    settings.shared = true; /* the first was not told of others */
    assert_null(executor_start(s->arena, &settings, &error));
    executor_stop(&e);
    e = start(s, settings);
    struct executor *second = executor_start(s->arena, &settings, &error);
    assert_non_null(second);
    settings.shared = false;
    assert_null(executor_start(s->arena, &settings, &error));
    executor_stop(&second);
    struct db *db = executor_inspect(s->arena, s->url, &error);
    assert_non_null(db);
    db_close(&db);
    executor_stop(&e);
    e = start(s, (struct executor_settings){ 0 });
    executor_stop(&e);
    executor_stop(&e);
}

static void test_no_start_without_a_directory(void **state)
{
    struct scratch *s = *state;
    const char *error = NULL;
    struct executor_settings settings = { .url = scratch_file(s, "no/db") };
    assert_null(executor_start(s->arena, &settings, &error));
    assert_non_null(strstr(error, "does not exist"));
    settings.shared = true;
    assert_null(executor_start(s->arena, &settings, &error));
    assert_non_null(strstr(error, "does not exist"));
}

/* --- many at once --- */

struct client {
    struct executor *e;
    int number, failures;
};

static void *client_main(void *arg)
{
    struct client *c = arg;
    struct arena *arena = arena_new();
    struct ctx ctx = { .arena = arena };
    for (int i = 0; i < 60; i++) {
        struct job j = { .n = c->number * 1000 + i,
                         .size = 2000,
                         .answer = i % 5 == 4 ? P_NOT_FOUND : P_OK };
        int64_t n = j.n;
        c->failures += exec_write(c->e, &ctx, run, &j) != j.answer;
        c->failures += exec_read(c->e, &ctx, count_row, &n) != P_OK;
        c->failures += n != (j.answer == P_OK); /* what was acknowledged is seen at once */
    }
    arena_free(&arena);
    return NULL;
}

static void test_many_threads(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    pthread_t threads[16];
    struct client clients[16];
    for (int i = 0; i < 16; i++) {
        clients[i] = (struct client){ .e = e, .number = i + 1 };
        assert_int_equal(pthread_create(&threads[i], NULL, client_main, &clients[i]), 0);
    }
    for (int i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(clients[i].failures, 0);
    }
    executor_stop(&e);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_success_is_kept_and_a_problem_undone),
        CASE(test_conflict_runs_once_more),
        CASE(test_told_once_however_often_it_ran),
        CASE(test_told_once_after_a_full_disk),
        CASE(test_each_of_a_batch_has_its_own_fate),
        CASE(test_more_than_a_batch),
        CASE(test_reads_do_not_write),
        CASE(test_a_read_sees_one_state),
        CASE(test_a_connection_a_thread),
        CASE(test_slow_work_reads_and_writes),
        CASE(test_stop_finishes_what_is_queued),
        CASE(test_one_server_a_file),
        CASE(test_no_start_without_a_directory),
        CASE(test_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
