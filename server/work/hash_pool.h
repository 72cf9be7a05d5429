/* hash_pool.h: threads for slow work (password hashes, about 50 ms of CPU each). What would have
 * to wait longer than the deadline is refused at once instead of piling up. */
#ifndef COUNTERSIGN_WORK_HASH_POOL_H
#define COUNTERSIGN_WORK_HASH_POOL_H

#include "work/executor.h"

struct hash_pool;

/* threads 0: one a core; queue 0: 64 a thread. */
struct hash_pool *hash_pool_start(int threads, int queue, int64_t deadline_us);

/* The same for work of another kind: run(arg, work) in place of work->slow. name: 11 characters at
 * most. */
struct hash_pool *hash_pool_start_as(const char *name, int threads, int queue, int64_t deadline_us,
                                     enum problem (*run)(void *arg, struct work *work), void *arg);

/* Runs work->slow and then work->done on one of the threads. false: refused. */
bool hash_pool_queue(struct hash_pool *pool, struct work *work) MUST_CHECK;

/* How long one more job would wait, by what the last ones took. */
int64_t hash_pool_wait_us(struct hash_pool *pool);

/* Finishes what is queued; refuses what comes after. NULL is fine. */
void hash_pool_stop(struct hash_pool **pool);

#endif
