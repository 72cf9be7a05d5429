/* clock.h: the time of day, replaceable in tests. Microseconds since 1970, UTC. */
#ifndef COUNTERSIGN_BASE_CLOCK_H
#define COUNTERSIGN_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define US_PER_S INT64_C(1000000)

/* A request's time is that of its beginning, so it may see what others wrote at a later one. Only
 * what lies further ahead than this was written while the clock was wrong. */
#define CLOCK_SLACK_US (60 * US_PER_S)

struct clock {
    int64_t (*now_us)(void *arg);
    void *arg;
};

/* The system's clock. */
struct clock clock_system(void);

/* A steady clock for measuring durations only. */
int64_t clock_steady_us(void);

/* The same, but it goes on while the machine sleeps. */
int64_t clock_uptime_us(void);

/* The steady clock's time in so many microseconds, for pthread_cond_timedwait on a condition that
 * was made for CLOCK_MONOTONIC. */
struct timespec clock_steady_in(int64_t us);

static inline int64_t clock_now_us(const struct clock *clock)
{
    return clock->now_us(clock->arg);
}

#endif
