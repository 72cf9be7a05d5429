/* exec_postgres.c: the executor on PostgreSQL, see executor.h: workers, each of which runs a call
 * from its authentication to its commit on connections that it borrows for a transaction at a
 * time. A transaction that met another one (serialisation failure, deadlock, the same key at the
 * same time) or lost its connection before its commit was sent runs again, a few times. */
#include "base/clock.h"
#include "base/log.h"
#include "store/db_limits.h"
#include "store/migrate.h"
#include "work/connections.h"
#include "work/executor_engine.h"
#include "work/worker_pool.h"
#include "work/thread.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    CONNECTIONS = 16, /* where the settings give no number */
    QUEUE_PER_WORKER = 256,
    TRIES = 6,
    RETRY_AFTER_S = 1,
};
#define PAUSE_US 2000 /* before a further try; random, up to twice as long each time */

struct pg_executor {
    struct executor base;
    struct connections *connections;
    struct database_clock clock;
    struct worker_pool *workers;
    int64_t deadline_us;
};

/* Those who met do not meet again at the same moment. */
static void pause_before(struct ctx *ctx, int tries)
{
    uint16_t draw = 0;
    entropy_bytes(ctx->entropy, &draw, sizeof draw);
    int64_t most = PAUSE_US << tries;
    usleep((useconds_t)(most * draw / 65536));
}

static enum problem fail(struct ctx *ctx, enum problem problem)
{
    if (!ctx->retry_after_s) {
        ctx->retry_after_s = RETRY_AFTER_S;
    }
    return problem;
}

static enum problem run_tx(struct executor *base, struct ctx *ctx, enum tx_mode mode, tx_fn *fn,
                           void *arg)
{
    struct pg_executor *e = (struct pg_executor *)base;
    enum db_status status = DB_OK;
    enum problem problem = P_OK;
    for (int tries = 0; tries < TRIES; tries++) {
        struct db *db = connections_take(e->connections, ctx->arena, e->deadline_us, &problem);
        if (!db) {
            return fail(ctx, problem);
        }
        int64_t trips = db_trips(db);
        problem = tx_once(db, ctx, mode, fn, arg, &status);
        if (log_wants(LOG_DEBUG)) {
            log_write(LOG_DEBUG, "transaction",
                      LOG_STR("mode", mode == TX_WRITE ? "write" : "read"),
                      LOG_INT("round_trips", db_trips(db) - trips), LOG_INT("status", status),
                      LOG_STR("request_id", ctx->request_id));
        }
        bool lost = !db_alive(db);
        connections_give(e->connections, db);
        if (status != DB_RETRY && status != DB_CONFLICT) {
            break;
        }
        if (!lost && tries > 0) {
            pause_before(ctx, tries);
        }
    }
    return status == DB_OK ? problem : fail(ctx, problem);
}

static enum problem pg_read(struct executor *executor, struct ctx *ctx, tx_fn *fn, void *arg)
{
    return run_tx(executor, ctx, TX_READ, fn, arg);
}

static enum problem pg_write(struct executor *executor, struct ctx *ctx, tx_fn *fn, void *arg)
{
    return run_tx(executor, ctx, TX_WRITE, fn, arg);
}

/* On a worker: work with fn is a write transaction, other work runs by itself. */
static enum problem run_work(void *arg, struct work *work)
{
    return work->fn_first ? run_tx(arg, work->ctx, TX_WRITE, work->fn, work->arg)
                          : work->run(work->ctx, work->arg);
}

static bool pg_write_later(struct executor *executor, struct work *work)
{
    work->fn_first = true;
    return worker_pool_queue(((struct pg_executor *)executor)->workers, work);
}

static bool pg_run_later(struct executor *executor, struct work *work)
{
    work->fn_first = false;
    return worker_pool_queue(((struct pg_executor *)executor)->workers, work);
}

static void pg_stop(struct executor *executor)
{
    struct pg_executor *e = (struct pg_executor *)executor;
    executor_close_pools(executor); /* first: their jobs still write */
    worker_pool_close(e->workers);
    executor_free_pools(executor);
    worker_pool_stop(&e->workers);
    connections_free(&e->connections);
    free(e);
}

static void pg_hurry(struct executor *executor)
{
    connections_hurry(((struct pg_executor *)executor)->connections);
}

static struct clock pg_clock(struct executor *executor)
{
    return database_clock_of(&((struct pg_executor *)executor)->clock);
}

static const struct executor_engine engine = {
    .waits = true,
    .hurry = pg_hurry,
    .stop = pg_stop,
    .clock = pg_clock,
    .read = pg_read,
    .write = pg_write,
    .write_later = pg_write_later,
    .run_later = pg_run_later,
};

/* GOTRUE_DB_CONN_PERCENTAGE: a part of what the server accepts, at least one. */
static int connections_of(struct db *db, struct arena *arena,
                          const struct executor_settings *settings)
{
    if (settings->percent > 0) {
        int64_t part = db_most_connections(db, arena) * settings->percent / 100;
        return part < 1 ? 1 : (int)part;
    }
    return settings->connections ? settings->connections : CONNECTIONS;
}

/* Once a process, which keeps to the shape that it found. */
static void say_older_shape(struct db *db, struct arena *arena)
{
    struct schema_found found;
    const char *error, *advice = NULL;
    if (db_lacks(db) && migrate_look(db, arena, &found, &error)) {
        advice = migrate_advice(arena, &found);
    }
    if (advice) {
        log_plain(LOG_WARN, advice);
    }
}

static struct connections *connections_of_settings(struct arena *arena,
                                                   struct database_clock *clock,
                                                   const struct executor_settings *settings,
                                                   int *most, const char **error)
{
    unsigned flags = settings->unprepared ? DB_UNPREPARED : 0;
    struct db *db = db_connect(arena, settings->url, flags, error);
    if (!db || !(settings->keep_schema ? migrate_not_needed : migrate)(db, arena, error)) {
        db_close(&db);
        return NULL;
    }
    say_older_shape(db, arena);
    *most = connections_of(db, arena, settings);
    struct connections_settings set = {
        .url = settings->url,
        .flags = flags,
        .lacks = db_lacks(db),
        .most = *most,
        .most_idle = settings->percent > 0 ? 0 : settings->idle,
        .lifetime_us = settings->lifetime_us,
        .idle_us = settings->idle_us,
        .check_us = settings->check_us,
    };
    struct connections *connections = connections_new(&set, db, clock);
    if (!connections) {
        *error = "the database does not say what time it is (the log above says why)";
    }
    return connections;
}

struct executor *exec_postgres_start(struct arena *arena, const struct executor_settings *settings,
                                     const char **error)
{
    int most;
    struct pg_executor *e = work_alloc(sizeof *e);
    e->base.engine = &engine;
    e->deadline_us = settings->deadline_us > 0 ? settings->deadline_us : DEADLINE_US;
    database_clock_init(&e->clock);
    e->connections = connections_of_settings(arena, &e->clock, settings, &most, error);
    if (!e->connections) {
        free(e);
        return NULL;
    }
    executor_start_pools(&e->base, settings, e->deadline_us);
    e->workers = worker_pool_start(&(struct worker_pool_settings){
        .name = "cs-db",
        .threads = most,
        .queue = QUEUE_PER_WORKER * most,
        .for_authenticated = most > 3 ? most / 4 : 1,
        .deadline_us = e->deadline_us,
        .run = run_work,
        .arg = e,
    });
    return &e->base;
}
