/* exec_sqlite.c: the executor on SQLite, see executor.h: reads on the calling thread, which gets a
 * connection of its own at its first one; writes on the writer (writer.c); slow work on pools
 * (worker_pool.c). Starts and stops all of them in the right order. */
#include "work/executor_engine.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/lock_file.h"
#include "store/migrate.h"
#include "work/checkpointer.h"
#include "work/thread.h"
#include "work/writer.h"

#include <stdlib.h>
#include <string.h>

/* A thread's connection for reads; closed when the thread ends or the executor stops. */
struct reader {
    struct sqlite_executor *executor;
    struct db *db;
    struct reader *next, **link;
};

struct sqlite_executor {
    struct executor base;
    char *url;
    struct lock_file *lock_file;
    struct db *db; /* the writer's */
    struct checkpointer *checkpointer;
    struct writer *writer;
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
static struct reader *reader_get(struct sqlite_executor *e, struct arena *arena)
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

static enum problem sqlite_read(struct executor *base, struct ctx *ctx, tx_fn *fn, void *arg)
{
    struct sqlite_executor *executor = (struct sqlite_executor *)base;
    struct reader *r = reader_get(executor, ctx->arena);
    if (!r) {
        return P_DATABASE_AWAY;
    }
    enum db_status status;
    enum problem problem = tx_once(r->db, ctx, TX_READ, fn, arg, &status);
    if (status == DB_RETRY) {
        problem = tx_once(r->db, ctx, TX_READ, fn, arg, &status);
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

static enum problem sqlite_write(struct executor *base, struct ctx *ctx, tx_fn *fn, void *arg)
{
    struct sqlite_executor *executor = (struct sqlite_executor *)base;
    struct waiter w = { .work = { .ctx = ctx, .fn = fn, .arg = arg, .done = wake },
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .woken = PTHREAD_COND_INITIALIZER };
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

static bool sqlite_write_later(struct executor *executor, struct work *work)
{
    return writer_queue(((struct sqlite_executor *)executor)->writer, work) == P_OK;
}

/* --- start and stop --- */

static bool open_all(struct sqlite_executor *e, struct arena *arena,
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
    if (!e->db || !(settings->keep_schema ? migrate_not_needed : migrate)(e->db, arena, error)) {
        return false;
    }
    e->checkpointer = checkpointer_start(arena, settings->url, error);
    if (!e->checkpointer) {
        return false;
    }
    e->writer = writer_start(e->db, e->checkpointer, deadline_us);
    executor_start_pools(&e->base, settings, deadline_us);
    return true;
}

static void sqlite_stop(struct executor *executor)
{
    struct sqlite_executor *e = (struct sqlite_executor *)executor;
    executor_close_pools(executor); /* first: their jobs still write */
    bool ran = e->writer != NULL;
    writer_stop(&e->writer);
    executor_free_pools(executor);
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
}

static const struct executor_engine engine = {
    .stop = sqlite_stop,
    .read = sqlite_read,
    .write = sqlite_write,
    .write_later = sqlite_write_later,
};

struct executor *exec_sqlite_start(struct arena *arena, const struct executor_settings *settings,
                                   const char **error)
{
    int64_t deadline_us = settings->deadline_us > 0 ? settings->deadline_us : DEADLINE_US;
    struct sqlite_executor *e = work_alloc(sizeof *e);
    e->base.engine = &engine;
    e->url = strdup(settings->url);
    if (!e->url || pthread_key_create(&e->reader_key, reader_close) != 0) {
        log_die("out of memory");
    }
    pthread_mutex_init(&e->lock, NULL);
    if (!open_all(e, arena, settings, deadline_us, error)) {
        sqlite_stop(&e->base);
        return NULL;
    }
    return &e->base;
}
