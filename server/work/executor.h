/* executor.h: where transactions run.
 *
 * On SQLite reads run on the calling thread, with a connection of its own, and writes go to one
 * writer, which commits what has queued up as a batch: a savepoint each, one commit. Answers leave
 * after it. On PostgreSQL both run on the calling thread, with one of a bounded number of
 * connections, and wait for the server; threads that must not wait hand whole calls to workers
 * (exec_run_later).
 *
 * Passwords are hashed on a bounded pool in the background. External calls wait on a pool of their
 * destination, so that one that hangs delays nobody who asks another. Nothing here knows of HTTP.
 */
#ifndef COUNTERSIGN_WORK_EXECUTOR_H
#define COUNTERSIGN_WORK_EXECUTOR_H

#include "base/clock.h"
#include "store/db.h"

#include <stdbool.h>

struct executor;

/* A transaction's body. It may run more than once (retry), so it writes only to the transaction
 * and to its own out. P_OK commits; a problem rolls back unless tx_commit_on_error() was called. */
typedef enum problem tx_fn(struct ctx *ctx, struct tx *tx, void *arg);

struct executor_settings {
    const char *url;      /* "sqlite:PATH" or "postgres://…" */
    int compute_threads;  /* hash pool; 0: one a core */
    int compute_queue;    /* jobs that may wait for it; 0: 64 a thread */
    unsigned waits;       /* destinations that may be asked: a bit each, from bit 0 */
    int external_threads; /* so many questions at a time to each; 0: 32 */
    int64_t deadline_us;  /* a job that waited longer in a queue is refused (P_REQUEST_TIMEOUT); 0:
                             10 s */
    int connections;      /* PostgreSQL: at most; 0: 16 */
    int percent; /* PostgreSQL: so many of the hundred that it accepts instead; 0: not so */
    int idle;    /* PostgreSQL: connections kept while nobody uses them; 0: all */
    int64_t lifetime_us, idle_us, check_us; /* of connections: see work/connections.h */
    bool unprepared;                        /* PostgreSQL: no prepared statements, for poolers */
    bool keep_schema; /* do not migrate: refuse to start where that is needed */
    bool shared;      /* SQLite: other processes may serve the same file too: no lock file */
};

/* Opens the database (creating it), migrates it, starts the threads. NULL: *error for a person. */
struct executor *executor_start(struct arena *arena, const struct executor_settings *settings,
                                const char **error);

/* Finishes what is queued, checkpoints, stops the threads, closes all. NULL is fine. */
void executor_stop(struct executor **executor);

/* A stop has begun: what waits for others in the database does not wait much longer. */
void exec_hurry(struct executor *executor);

/* Do exec_read and exec_write wait for another machine? Then a thread that serves many connections
 * calls exec_run_later instead. */
bool exec_waits(const struct executor *executor);

/* What time it is for the database: PostgreSQL's own, so that all nodes agree; of a file this
 * machine's. Good as long as the executor. */
struct clock exec_clock(struct executor *executor);

/* Runs fn in a read transaction on the calling thread. Its problem, or P_DATABASE_AWAY,
 * P_DATABASE_BUSY, P_STORAGE_FULL. */
enum problem exec_read(struct executor *executor, struct ctx *ctx, tx_fn *fn, void *arg) MUST_CHECK;

/* Runs fn on the writer and waits until it is durable. Not from the writer's own thread. */
enum problem exec_write(struct executor *executor, struct ctx *ctx, tx_fn *fn,
                        void *arg) MUST_CHECK;

/* The same without waiting: done(work) is called, on another thread, when it is durable or has
 * failed; result is set. The memory belongs to the caller and stays until done. */
struct work {
    struct ctx *ctx;
    tx_fn *fn;                                       /* for exec_write_later */
    enum problem (*run)(struct ctx *ctx, void *arg); /* for the other three */
    void *arg;
    void (*done)(struct work *work);
    bool unauthenticated; /* of somebody who has not shown a token: never takes the last place */
    enum problem result;
    /* the executor's own */
    struct work *next;
    int64_t queued_at_us;
    bool wants_commit, fn_first;
};

/* All: false if the queue is full or the executor is stopping (then done is not called). run_later
 * is for work that spends its time waiting for the database, slow_later for what computes,
 * wait_later for what asks that destination. done may hand the same work over again. */
bool exec_write_later(struct executor *executor, struct work *work) MUST_CHECK;
bool exec_run_later(struct executor *executor, struct work *work) MUST_CHECK;
bool exec_compute_later(struct executor *executor, struct work *work) MUST_CHECK;
bool exec_external_later(struct executor *executor, int destination, struct work *work) MUST_CHECK;

/* How long that queue would take now, in seconds rounded up: for Retry-After. */
int exec_compute_wait_s(struct executor *executor);
int exec_external_wait_s(struct executor *executor, int destination);

/* A connection of its own for a command that runs beside or without a server (check-db). */
struct db *executor_inspect(struct arena *arena, const char *url, const char **error);

#endif
