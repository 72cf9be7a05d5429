/* sweeper.h: a thread that deletes what has expired, in small transactions, beside the requests. */
#ifndef COUNTERSIGN_WORK_SWEEPER_H
#define COUNTERSIGN_WORK_SWEEPER_H

#include "config/config.h"
#include "store/sweep.h"
#include "work/executor.h"

struct sweeper;

struct sweeper *sweeper_start(struct executor *executor, const struct clock *clock,
                              struct entropy *entropy, const struct config *config);

/* Call before the executor is stopped. NULL is fine. */
void sweeper_stop(struct sweeper **sweeper);

#endif
