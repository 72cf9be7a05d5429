/* executor_engine.h: what an engine of the executor supplies to executor.c, which stands between
 * it and everybody else: exec_sqlite.c and exec_postgres.c. Their structs begin with struct
 * executor. */
#ifndef COUNTERSIGN_WORK_EXECUTOR_ENGINE_H
#define COUNTERSIGN_WORK_EXECUTOR_ENGINE_H

#include "work/executor.h"

#define DEADLINE_US (10 * US_PER_S) /* where the settings give none */

struct worker_pool;

struct executor_engine {
    bool waits;                               /* see exec_waits */
    void (*hurry)(struct executor *executor); /* NULL: nothing to do */
    void (*stop)(struct executor *executor);
    struct clock (*clock)(struct executor *executor); /* NULL: this machine's */
    enum problem (*read)(struct executor *executor, struct ctx *ctx, tx_fn *fn, void *arg);
    enum problem (*write)(struct executor *executor, struct ctx *ctx, tx_fn *fn, void *arg);
    bool (*write_later)(struct executor *executor, struct work *work);
    bool (*run_later)(struct executor *executor, struct work *work); /* NULL: like slow work */
};

enum { DESTINATIONS_MAX = 16 };

struct executor {
    const struct executor_engine *engine;
    struct worker_pool *hashers;
    struct worker_pool *waiting[DESTINATIONS_MAX]; /* NULL: never asked */
};

/* Starts hashers and waiting. */
void executor_start_pools(struct executor *executor, const struct executor_settings *settings,
                          int64_t deadline_us);

/* Lets them finish; what comes after is refused. Before the engine's own threads, which their jobs
 * need. */
void executor_close_pools(struct executor *executor);

/* When nothing can come any more. */
void executor_free_pools(struct executor *executor);

struct executor *exec_sqlite_start(struct arena *arena, const struct executor_settings *settings,
                                   const char **error);
struct executor *exec_postgres_start(struct arena *arena, const struct executor_settings *settings,
                                     const char **error);

/* How a failed transaction is answered; P_OK for DB_OK. */
enum problem problem_of(enum db_status status);

/* Runs fn once on the connection, begun and ended; *out is how that went. */
enum problem tx_once(struct db *db, struct ctx *ctx, enum tx_mode mode, tx_fn *fn, void *arg,
                     enum db_status *out);

#endif
