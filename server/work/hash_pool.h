/* hash_pool.h: threads with a bounded queue, for work that would hold up others: password hashes
 * (about 50 ms of CPU each), transactions on a database server, questions to other machines. What
 * would have to wait longer than the deadline is refused at once instead of piling up. Work of
 * guests (who have not shown a token) queues apart from that of members: the two take turns, and
 * guests never have the last threads of a pool that waits. */
#ifndef COUNTERSIGN_WORK_HASH_POOL_H
#define COUNTERSIGN_WORK_HASH_POOL_H

#include "work/executor.h"

struct hash_pool;

struct hash_pool_settings {
    const char *name;  /* of the threads; 11 characters at most */
    int threads;       /* 0: one a core */
    int queue;         /* of each of the two kinds; 0: 64 a thread */
    int for_members;   /* threads that guests do not get; one is always left to them */
    bool in_the_back;  /* it computes, and steps back behind threads that answer */
    int64_t deadline_us;
    enum problem (*run)(void *arg, struct work *work); /* NULL: work->slow */
    void *arg;
};

struct hash_pool *hash_pool_start(const struct hash_pool_settings *settings);

/* Runs the work and then work->done on one of the threads. false: refused. */
bool hash_pool_queue(struct hash_pool *pool, struct work *work) MUST_CHECK;

/* How long one more job would wait, of whichever kind waits longer, by what the last ones took. */
int64_t hash_pool_wait_us(struct hash_pool *pool);

/* Finishes what is queued; refuses what comes after, as long as the pool is not freed. NULL is
 * fine. */
void hash_pool_close(struct hash_pool *pool);

/* Both. NULL is fine. */
void hash_pool_stop(struct hash_pool **pool);

#endif
