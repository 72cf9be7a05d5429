/* writer.c: group commit, see writer.h. A job that fails is undone to its mark. Some failures
 * (a full disk) take the whole transaction with them; then the jobs of the batch that had gone
 * well run once more, each in a transaction of its own. */
#include "work/writer.h"

#include "base/clock.h"
#include "base/deferred.h"
#include "base/log.h"
#include "work/executor_engine.h"
#include "work/thread.h"

#include <stdlib.h>

enum {
    BATCH = 256,
    QUEUE = 16384,
    LOG_SOFT = 1000, /* pages in the log at which the checkpoint thread is woken */
    LOG_HARD = 8000, /* pages at which the writer waits for a checkpoint itself */
    RETRY_AFTER_S = 1,
};

struct writer {
    struct db *db;
    struct checkpointer *checkpointer;
    int64_t deadline_us;
    pthread_t thread;
    pthread_mutex_t lock; /* for the five below */
    pthread_cond_t work_came;
    struct work *first, **last;
    int queued;
    bool stopping;
    /* the thread's own */
    bool open;                   /* a transaction is under way */
    int kept;                    /* jobs in it that want its commit */
    enum db_status begin_status; /* of this batch */
    int pages, soft_at, hard_at; /* the log: its length, and when to checkpoint next */
};

/* --- one job --- */

static void fail(struct work *job, enum problem problem)
{
    job->result = problem;
    job->wants_commit = false;
    if (!job->ctx->retry_after_s) {
        job->ctx->retry_after_s = RETRY_AFTER_S;
    }
}

static void roll_back(struct writer *w)
{
    db_rollback(w->db);
    w->open = false;
    w->kept = 0;
}

/* Runs the job's body once in the open transaction and keeps or undoes what it wrote. The first
 * one kept needs no mark: to undo it is to roll back. Returns the transaction's status; *gone if
 * its failure took the jobs before it along. */
static enum db_status run_body(struct writer *w, struct work *job, bool *gone)
{
    bool marked = w->kept > 0;
    struct tx tx = { .ctx = job->ctx, .db = w->db, .mode = TX_WRITE };
    deferred_discard(job->ctx);
    tx.status = marked ? db_savepoint(w->db) : DB_OK;
    enum problem problem = tx.status == DB_OK ? job->fn(job->ctx, &tx, job->arg) : P_OK;
    bool keep = tx.status == DB_OK && (problem == P_OK || tx.keep);
    if (keep && marked) {
        tx.status = db_savepoint_release(w->db);
        keep = tx.status == DB_OK;
    }
    if (keep) {
        job->result = problem;
        job->wants_commit = true;
        w->kept++;
        return DB_OK;
    }
    if (tx.status == DB_OK) {
        job->result = problem;
        deferred_flush(job->ctx, false);
    } else {
        fail(job, problem_of(tx.status));
    }
    if (!marked) {
        roll_back(w);
    } else if (db_savepoint_rollback(w->db) != DB_OK) {
        roll_back(w);
        *gone = true;
    }
    return tx.status;
}

static bool begin(struct writer *w)
{
    if (!w->open && w->begin_status == DB_OK) {
        w->begin_status = db_begin(w->db, TX_WRITE);
        w->open = w->begin_status == DB_OK;
    }
    return w->open;
}

/* Runs a job, twice if a conflict or the like makes that worth it. true: the transaction with the
 * jobs before it is gone. */
static bool run_job(struct writer *w, struct work *job)
{
    bool gone = false;
    job->wants_commit = false;
    if (clock_steady_us() - job->queued_at_us > w->deadline_us && w->begin_status == DB_OK) {
        fail(job, P_REQUEST_TIMEOUT);
        return false;
    }
    for (int tries = 0; tries < 2 && !gone; tries++) {
        if (!begin(w)) {
            fail(job, problem_of(w->begin_status));
            return false;
        }
        enum db_status status = run_body(w, job, &gone);
        if (status != DB_CONFLICT && status != DB_RETRY) {
            break;
        }
    }
    return gone;
}

/* --- a batch --- */

/* Commits the open transaction for those jobs of it that want it. */
static void commit(struct writer *w, struct work **jobs, int n)
{
    enum db_status status = w->kept > 0 ? db_commit(w->db) : DB_OK;
    if (w->open && (w->kept == 0 || status != DB_OK)) {
        db_rollback(w->db);
    }
    for (int i = 0; i < n; i++) {
        if (jobs[i]->wants_commit && status == DB_OK) {
            deferred_flush(jobs[i]->ctx, true);
        } else if (jobs[i]->wants_commit) {
            fail(jobs[i], problem_of(status));
        }
    }
    if (status == DB_FULL) {
        checkpointer_truncate(w->checkpointer, w->db); /* makes the log's room free again */
    }
    for (int i = 0; i < n; i++) {
        jobs[i]->wants_commit = false; /* settled */
    }
    w->open = false;
    w->kept = 0;
}

/* After the transaction of these jobs was lost: those that were to be kept once more, alone. */
static void run_alone(struct writer *w, struct work **jobs, int n)
{
    for (int i = 0; i < n; i++) {
        if (jobs[i]->wants_commit) {
            run_job(w, jobs[i]);
            commit(w, &jobs[i], 1);
        }
    }
}

/* Adds what is queued to the batch; returns its new length. */
static int take(struct writer *w, struct work **batch, int n, int most)
{
    pthread_mutex_lock(&w->lock);
    while (w->first && n < most) {
        batch[n++] = w->first;
        w->first = w->first->next;
        w->queued--;
    }
    w->last = w->first ? w->last : &w->first;
    pthread_mutex_unlock(&w->lock);
    return n;
}

/* Runs what is queued, and what joins meanwhile, and commits it. */
static void run_batch(struct writer *w)
{
    struct work *batch[BATCH];
    int n = take(w, batch, 0, BATCH);
    w->begin_status = DB_OK;
    for (int i = 0; i < n; i++) {
        if (run_job(w, batch[i])) {
            run_alone(w, batch, i);
        }
        n = i + 1 == n ? take(w, batch, n, BATCH) : n;
    }
    commit(w, batch, n);
    for (int i = 0; i < n; i++) {
        batch[i]->done(batch[i]); /* from here on it may be gone */
    }
}

/* Somebody held the lock for as long as we wait for it: what has queued up meanwhile has waited
 * too, and is not made to wait as long again. */
static void refuse_queue(struct writer *w)
{
    struct work *jobs[BATCH];
    int n;
    while ((n = take(w, jobs, 0, BATCH)) > 0) {
        for (int i = 0; i < n; i++) {
            fail(jobs[i], problem_of(w->begin_status));
            jobs[i]->done(jobs[i]);
        }
    }
}

/* Keeps the log short: the checkpoint thread works beside us, but the log can only begin anew once
 * nobody reads it and all of it was moved, and under steady load we must stop for that. */
static void look_after_log(struct writer *w)
{
    int pages = db_log_pages(w->db);
    if (pages < w->pages) { /* it has begun anew */
        w->soft_at = LOG_SOFT;
        w->hard_at = LOG_HARD;
    }
    w->pages = pages;
    if (pages >= w->hard_at) {
        checkpointer_truncate(w->checkpointer, w->db);
        w->hard_at = pages + LOG_HARD; /* if a reader stays: not at every commit from now on */
    } else if (pages >= w->soft_at) {
        checkpointer_kick(w->checkpointer);
        w->soft_at = pages + LOG_SOFT;
    }
}

static bool wait_for_work(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stopping) {
        pthread_cond_wait(&w->work_came, &w->lock);
    }
    bool any = w->first != NULL;
    pthread_mutex_unlock(&w->lock);
    return any;
}

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    while (wait_for_work(w)) {
        run_batch(w);
        if (w->begin_status == DB_BUSY) {
            refuse_queue(w);
        }
        look_after_log(w);
    }
    return NULL;
}

/* --- from other threads --- */

struct writer *writer_start(struct db *db, struct checkpointer *checkpointer, int64_t deadline_us)
{
    struct writer *w = work_alloc(sizeof *w);
    w->db = db;
    w->checkpointer = checkpointer;
    w->deadline_us = deadline_us;
    w->last = &w->first;
    w->soft_at = LOG_SOFT;
    w->hard_at = LOG_HARD;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work_came, NULL);
    w->thread = thread_start("cs-writer", writer_main, w);
    return w;
}

bool writer_is_self(const struct writer *writer)
{
    return pthread_equal(pthread_self(), writer->thread) != 0;
}

enum problem writer_queue(struct writer *writer, struct work *work)
{
    work->next = NULL;
    work->queued_at_us = clock_steady_us();
    pthread_mutex_lock(&writer->lock);
    enum problem problem = writer->stopping          ? P_SHUTTING_DOWN
                           : writer->queued >= QUEUE ? P_OVERLOADED
                                                     : P_OK;
    if (problem == P_OK) {
        *writer->last = work;
        writer->last = &work->next;
        writer->queued++;
        pthread_cond_signal(&writer->work_came);
    }
    pthread_mutex_unlock(&writer->lock);
    return problem;
}

void writer_stop(struct writer **writer)
{
    struct writer *w = writer ? *writer : NULL;
    if (!w) {
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->work_came);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->work_came);
    pthread_mutex_destroy(&w->lock);
    free(w);
    *writer = NULL;
}
