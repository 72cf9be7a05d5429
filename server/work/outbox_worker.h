/* outbox_worker.h: a thread that sends what waits in the outbox, with retries and backoff; any
 * number of nodes may run one each. */
#ifndef COUNTERSIGN_WORK_OUTBOX_WORKER_H
#define COUNTERSIGN_WORK_OUTBOX_WORKER_H

#include "domain/realm.h"

struct executor;
struct outbox_worker;
struct clock;

struct outbox_worker *outbox_worker_start(const struct realm *realm, struct executor *executor,
                                          const struct clock *clock, struct entropy *entropy);

/* Something new waits (called after a commit); it looks by itself every few seconds too. */
void outbox_worker_wake(struct outbox_worker *worker);

/* Call before the executor is stopped. A message that the other side is taking is seen through; one
 * that has not begun to go out is left for the next start. NULL is fine. */
void outbox_worker_stop(struct outbox_worker **worker);

/* How long to wait after the n-th failed attempt (from 1): 5 s, 10 s, 20 s, ... up to 15 min. */
int64_t outbox_backoff_us(int64_t attempts);

#endif
