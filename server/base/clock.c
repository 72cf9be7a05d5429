/* clock.c: the only reader of the system's clocks, see clock.h. */
#include "base/clock.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

static int64_t system_now(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_REALTIME);
}

struct clock clock_system(void)
{
    return (struct clock){ .now_us = system_now };
}

int64_t clock_steady_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_uptime_us(void)
{
#ifdef CLOCK_BOOTTIME
    return read_clock(CLOCK_BOOTTIME);
#else
    return read_clock(CLOCK_MONOTONIC);
#endif
}

struct timespec clock_steady_in(int64_t us)
{
    int64_t at = clock_steady_us() + us;
    return (struct timespec){ .tv_sec = at / US_PER_S, .tv_nsec = at % US_PER_S * 1000 };
}
