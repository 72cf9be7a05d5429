/* database_clock.h: the database's time on this node, without asking for it each time: the
 * machine's uptime and an offset that is measured with each new connection and now and then. How
 * the machine's own clock is set does not matter. For the executor on PostgreSQL. */
#ifndef COUNTERSIGN_WORK_DATABASE_CLOCK_H
#define COUNTERSIGN_WORK_DATABASE_CLOCK_H

#include "base/clock.h"
#include "store/db_time.h"

#include <pthread.h>
#include <stdatomic.h>

struct database_clock {
    pthread_mutex_t lock; /* of those who measure */
    bool known, apart;    /* apart: it was said that the machine's clock is wrong */
    _Atomic int64_t offset_us;
};

/* The lock of a clock that is all zero. */
void database_clock_init(struct database_clock *clock);

/* Takes a measurement: the offset moves no further than the measurement demands, so one that took
 * long does no harm. Warns once where this machine's own clock is off by more than two seconds. */
void database_clock_take(struct database_clock *clock, const struct db_time *measured);

/* To be read by any thread, after the first measurement. */
struct clock database_clock_of(struct database_clock *clock);

#endif
