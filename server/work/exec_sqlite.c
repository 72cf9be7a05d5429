/* exec_sqlite.c: the executor on SQLite, see executor.h: reads on the calling thread, which gets a
 * connection of its own at its first one; writes on the writer (writer.c); slow work on the pool
 * (hash_pool.c). Starts and stops all of them in the right order. */
#include "work/executor.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/lock_file.h"
#include "store/migrate.h"
#include "work/checkpointer.h"
#include "work/hash_pool.h"
#include "work/thread.h"
#include "work/writer.h"

#include <stdlib.h>
#include <string.h>

#define DEADLINE_US (10 * US_PER_S)

/* A thread's connection for reads; closed when the thread ends or the executor stops. */
struct reader {
    struct executor *executor;
    struct db *db;
    struct reader *next, **link;
};

struct executor {
    char *url;
    struct lock_file *lock_file;
    struct db *db; /* the writer's */
    struct checkpointer *checkpointer;
    struct writer *writer;
    struct hash_pool *pool;
    pthread_key_t reader_key; /* of a struct reader, in each thread */
    pthread_mutex_t lock;     /* for readers */
    struct reader *readers;
};

/* --- reads --- */

static void reader_close(void *arg)
{
    struct reader *r = arg;
    pthread_mutex_lock(&r->executor->lock);
    *r->link = r->next;
    if (r->next) {
        r->next->link = r->link;
    }
    pthread_mutex_unlock(&r->executor->lock);
    db_close(&r->db);
    free(r);
}

/* The calling thread's connection; NULL if it cannot be opened. */
static struct reader *reader_get(struct executor *e, struct arena *arena)
{
    struct reader *r = pthread_getspecific(e->reader_key);
    if (r) {
        return r;
    }
    const char *error = "";
    struct db *db = db_connect(arena, e->url, DB_READ_ONLY, &error);
    if (!db) {
        log_write(LOG_ERROR, "no connection for reading", LOG_STR("error", error));
        return NULL;
    }
    r = work_alloc(sizeof *r);
    r->executor = e;
    r->db = db;
    pthread_mutex_lock(&e->lock);
    r->next = e->readers;
    r->link = &e->readers;
    if (r->next) {
        r->next->link = &r->next;
    }
    e->readers = r;
    pthread_mutex_unlock(&e->lock);
    if (pthread_setspecific(e->reader_key, r) != 0) {
        log_die("out of memory");
    }
    return r;
}

static enum problem read_once(struct db *db, struct ctx *ctx, tx_fn *fn, void *arg,
                              enum db_status *out)
{
    struct tx tx = {.ctx = ctx, .db = db, .mode = TX_READ};
    enum problem problem = P_OK;
    tx.status = db_begin(db, TX_READ);
    if (tx.status == DB_OK) {
        problem = fn(ctx, &tx, arg);
        enum db_status end = tx.status == DB_OK ? db_commit(db) : tx.status;
        if (end != DB_OK) {
            db_rollback(db);
        }
        tx.status = end;
    }
    *out = tx.status;
    return tx.status == DB_OK ? problem : problem_of(tx.status);
}

enum problem exec_read(struct executor *executor, struct ctx *ctx, tx_fn *fn, void *arg)
{
    struct reader *r = reader_get(executor, ctx->arena);
    if (!r) {
        return P_DATABASE_AWAY;
    }
    enum db_status status;
    enum problem problem = read_once(r->db, ctx, fn, arg, &status);
    if (status == DB_RETRY) {
        problem = read_once(r->db, ctx, fn, arg, &status);
    }
    if (status == DB_IO) { /* the next read tries a fresh connection */
        pthread_setspecific(executor->reader_key, NULL);
        reader_close(r);
    }
    return problem;
}

/* --- writes --- */

struct waiter {
    struct work work; /* first: done() is given its address */
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool done;
};

static void wake(struct work *work)
{
    struct waiter *w = (struct waiter *)work;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->woken);
    pthread_mutex_unlock(&w->lock);
}

enum problem exec_write(struct executor *executor, struct ctx *ctx, tx_fn *fn, void *arg)
{
    struct waiter w = {.work = {.ctx = ctx, .fn = fn, .arg = arg, .done = wake},
                       .lock = PTHREAD_MUTEX_INITIALIZER,
                       .woken = PTHREAD_COND_INITIALIZER};
    if (writer_is_self(executor->writer)) {
        log_die("exec_write was called from the writer's own thread, which would wait for itself");
    }
    enum problem refused = writer_queue(executor->writer, &w.work);
    if (refused) {
        return refused;
    }
    pthread_mutex_lock(&w.lock);
    while (!w.done) {
        pthread_cond_wait(&w.woken, &w.lock);
    }
    pthread_mutex_unlock(&w.lock);
    pthread_cond_destroy(&w.woken);
    pthread_mutex_destroy(&w.lock);
    return w.work.result;
}

bool exec_write_later(struct executor *executor, struct work *work)
{
    return writer_queue(executor->writer, work) == P_OK;
}

/* --- slow work --- */

bool exec_slow_later(struct executor *executor, struct work *work)
{
    return hash_pool_queue(executor->pool, work);
}

int exec_slow_wait_s(struct executor *executor)
{
    int64_t wait = hash_pool_wait_us(executor->pool);
    return wait < US_PER_S ? 1 : (int)((wait + US_PER_S - 1) / US_PER_S);
}

/* --- start and stop --- */

static bool open_all(struct executor *e, struct arena *arena,
                     const struct executor_settings *settings, int64_t deadline_us,
                     const char **error)
{
    const char *path = db_file(settings->url);
    if (path && path[0]) {
        e->lock_file = settings->shared ? lock_file_share(arena, path, error)
                                        : lock_file_take(arena, path, error);
        if (!e->lock_file) {
            return false;
        }
    }
    e->db = db_connect(arena, settings->url, DB_CREATE, error);
    if (!e->db || !migrate(e->db, arena, error)) {
        return false;
    }
    e->checkpointer = checkpointer_start(arena, settings->url, error);
    if (!e->checkpointer) {
        return false;
    }
    e->writer = writer_start(e->db, e->checkpointer, deadline_us);
    e->pool = hash_pool_start(settings->slow_threads, settings->slow_queue, deadline_us);
    return true;
}

struct executor *executor_start(struct arena *arena, const struct executor_settings *settings,
                                const char **error)
{
    int64_t deadline_us = settings->deadline_us > 0 ? settings->deadline_us : DEADLINE_US;
    struct executor *e = work_alloc(sizeof *e);
    e->url = strdup(settings->url);
    if (!e->url || pthread_key_create(&e->reader_key, reader_close) != 0) {
        log_die("out of memory");
    }
    pthread_mutex_init(&e->lock, NULL);
    if (!open_all(e, arena, settings, deadline_us, error)) {
        executor_stop(&e);
    }
    return e;
}

void executor_stop(struct executor **executor)
{
    struct executor *e = executor ? *executor : NULL;
    if (!e) {
        return;
    }
    hash_pool_stop(&e->pool); /* first: its jobs still write */
    bool ran = e->writer != NULL;
    writer_stop(&e->writer);
    checkpointer_stop(&e->checkpointer);
    pthread_key_delete(e->reader_key);
    while (e->readers) {
        reader_close(e->readers);
    }
    if (ran) {
        db_checkpoint(e->db, true);
    }
    db_close(&e->db);
    lock_file_free(&e->lock_file);
    pthread_mutex_destroy(&e->lock);
    free(e->url);
    free(e);
    *executor = NULL;
}

struct db *executor_inspect(struct arena *arena, const char *url, const char **error)
{
    return db_connect(arena, url, DB_READ_ONLY, error);
}
