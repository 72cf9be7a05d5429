/* worker_pool.h: threads with a bounded queue, for work that would hold up others: password hashes
 * (about 50 ms of CPU each), transactions on a database server, questions to other machines. What
 * would have to wait longer than the deadline is refused at once instead of piling up. Work of
 * guests (who have not shown a token) queues apart from that of members: the two take turns, and
 * guests never have the last threads of a pool that waits. */
#ifndef COUNTERSIGN_WORK_WORKER_POOL_H
#define COUNTERSIGN_WORK_WORKER_POOL_H

#include "work/executor.h"

struct worker_pool;

struct worker_pool_settings {
    const char *name;      /* of the threads; 11 characters at most */
    int threads;           /* 0: one a core */
    int queue;             /* of each of the two kinds; 0: 64 a thread */
    int for_authenticated; /* threads that guests do not get; one is always left to them */
    bool in_the_back;      /* it computes, and steps back behind threads that answer */
    int64_t deadline_us;
    enum problem (*run)(void *arg, struct work *work); /* NULL: work->slow */
    void *arg;
};

struct worker_pool *worker_pool_start(const struct worker_pool_settings *settings);

/* Runs the work and then work->done on one of the threads. false: refused. */
bool worker_pool_queue(struct worker_pool *pool, struct work *work) MUST_CHECK;

/* How long one more job would wait, of whichever kind waits longer, by what the last ones took. */
int64_t worker_pool_wait_us(struct worker_pool *pool);

/* Finishes what is queued; refuses what comes after, as long as the pool is not freed. NULL is
 * fine. */
void worker_pool_close(struct worker_pool *pool);

/* Both. NULL is fine. */
void worker_pool_stop(struct worker_pool **pool);

#endif
