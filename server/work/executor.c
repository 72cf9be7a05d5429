/* executor.c: the calls of executor.h, each handed to the engine that the database's URL asks for,
 * and what both engines share. */
#include "work/executor.h"

#include "base/clock.h"
#include "base/deferred.h"
#include "work/executor_engine.h"
#include "work/worker_pool.h"

#include <stdio.h>
#include <stdlib.h>

enum problem problem_of(enum db_status status)
{
    switch (status) {
    case DB_OK:
        return P_OK;
    case DB_FULL:
        return P_STORAGE_FULL;
    case DB_CONFLICT: /* also when tried again */
        return P_DATABASE_CONFLICT;
    case DB_BUSY:
    case DB_RETRY:
        return P_DATABASE_BUSY;
    case DB_VALUE:
        return P_VALUE_UNSTORABLE;
    case DB_REFUSED:
        return P_DATABASE_REFUSED;
    default:
        return P_DATABASE_AWAY;
    }
}

enum problem tx_once(struct db *db, struct ctx *ctx, enum tx_mode mode, tx_fn *fn, void *arg,
                     enum db_status *out)
{
    struct tx tx = { .ctx = ctx, .db = db, .mode = mode };
    enum problem problem = P_OK;
    deferred_discard(ctx);
    tx.status = db_begin(db, mode);
    if (tx.status == DB_OK) {
        problem = fn(ctx, &tx, arg);
        bool keep = tx.status == DB_OK && (problem == P_OK || tx.keep || mode == TX_READ);
        enum db_status end = keep ? db_commit(db) : tx.status;
        if (!keep || end != DB_OK) {
            db_rollback(db);
        }
        if (end == DB_OK) {
            deferred_flush(ctx, keep);
        }
        tx.status = end;
    }
    *out = tx.status;
    return tx.status == DB_OK ? problem : problem_of(tx.status);
}

struct executor *executor_start(struct arena *arena, const struct executor_settings *settings,
                                const char **error)
{
    return db_url_is_postgres(settings->url) ? exec_postgres_start(arena, settings, error)
                                             : exec_sqlite_start(arena, settings, error);
}

void executor_stop(struct executor **executor)
{
    if (executor && *executor) {
        (*executor)->engine->stop(*executor);
        *executor = NULL;
    }
}

void exec_hurry(struct executor *executor)
{
    if (executor->engine->hurry) {
        executor->engine->hurry(executor);
    }
}

bool exec_waits(const struct executor *executor)
{
    return executor->engine->waits;
}

struct clock exec_clock(struct executor *executor)
{
    return executor->engine->clock ? executor->engine->clock(executor) : clock_system();
}

enum problem exec_read(struct executor *executor, struct ctx *ctx, tx_fn *fn, void *arg)
{
    return executor->engine->read(executor, ctx, fn, arg);
}

enum problem exec_write(struct executor *executor, struct ctx *ctx, tx_fn *fn, void *arg)
{
    return executor->engine->write(executor, ctx, fn, arg);
}

bool exec_write_later(struct executor *executor, struct work *work)
{
    return executor->engine->write_later(executor, work);
}

bool exec_run_later(struct executor *executor, struct work *work)
{
    return executor->engine->run_later ? executor->engine->run_later(executor, work)
                                       : exec_compute_later(executor, work);
}

bool exec_compute_later(struct executor *executor, struct work *work)
{
    return worker_pool_queue(executor->hashers, work);
}

bool exec_external_later(struct executor *executor, int destination, struct work *work)
{
    struct worker_pool *pool = executor->waiting[destination];
    return pool && worker_pool_queue(pool, work);
}

static int seconds_of(struct worker_pool *pool)
{
    int64_t wait = pool ? worker_pool_wait_us(pool) : 0;
    return wait < US_PER_S ? 1 : (int)((wait + US_PER_S - 1) / US_PER_S);
}

int exec_compute_wait_s(struct executor *executor)
{
    return seconds_of(executor->hashers);
}

int exec_external_wait_s(struct executor *executor, int destination)
{
    return seconds_of(executor->waiting[destination]);
}

/* Threads that wait cost no CPU, so there are many; a quarter of them is kept for members. */
void executor_start_pools(struct executor *executor, const struct executor_settings *settings,
                          int64_t deadline_us)
{
    enum { WAITING = 32 };
    int most = settings->external_threads > 0 ? settings->external_threads : WAITING;
    executor->hashers = worker_pool_start(&(struct worker_pool_settings){
        .name = "cs-hash",
        .threads = settings->compute_threads,
        .queue = settings->compute_queue,
        .in_the_back = true,
        .deadline_us = deadline_us,
    });
    for (int i = 0; i < DESTINATIONS_MAX; i++) {
        if (settings->waits & 1U << i) {
            char name[16];
            snprintf(name, sizeof name, "cs-wait%d", i);
            executor->waiting[i] =
                worker_pool_start(&(struct worker_pool_settings){ .name = name,
                                                                  .threads = most,
                                                                  .for_authenticated = most / 4,
                                                                  .deadline_us = deadline_us });
        }
    }
}

void executor_close_pools(struct executor *executor)
{
    for (int i = 0; i < DESTINATIONS_MAX; i++) {
        worker_pool_close(executor->waiting[i]);
    }
    worker_pool_close(executor->hashers);
}

void executor_free_pools(struct executor *executor)
{
    for (int i = 0; i < DESTINATIONS_MAX; i++) {
        worker_pool_stop(&executor->waiting[i]);
    }
    worker_pool_stop(&executor->hashers);
}

struct db *executor_inspect(struct arena *arena, const char *url, const char **error)
{
    return db_connect(arena, url, DB_READ_ONLY, error);
}
