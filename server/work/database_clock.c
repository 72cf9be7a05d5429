/* database_clock.c: see database_clock.h. */
#include "work/database_clock.h"

#include "base/log.h"

#define APART_US (2 * US_PER_S)

void database_clock_init(struct database_clock *clock)
{
    pthread_mutex_init(&clock->lock, NULL);
}

/* Tokens are checked by others too, with the clocks of their machines. */
static void compare(struct database_clock *clock, int64_t error_us)
{
    struct clock own = clock_system();
    int64_t prefetch = clock_now_us(&own) - (clock_uptime_us() + clock->offset_us);
    int64_t off = prefetch < 0 ? -prefetch : prefetch;
    if (!clock->apart && off > APART_US + error_us) {
        clock->apart = true;
        log_write(LOG_WARN,
                  prefetch > 0
                      ? "the clock of this machine is ahead of the database's: the database's "
                        "time is used; set both by NTP"
                      : "the clock of this machine is behind the database's: the database's "
                        "time is used; set both by NTP",
                  LOG_INT("milliseconds", off / 1000));
    } else if (clock->apart && off + error_us < APART_US) {
        clock->apart = false;
        log_plain(LOG_INFO, "the clocks of this machine and of the database agree again");
    }
}

void database_clock_take(struct database_clock *clock, const struct db_time *measured)
{
    int64_t least = measured->offset_us - measured->error_us;
    int64_t most = measured->offset_us + measured->error_us;
    pthread_mutex_lock(&clock->lock);
    int64_t offset = clock->known ? clock->offset_us : measured->offset_us;
    clock->offset_us = offset < least ? least : offset > most ? most : offset;
    clock->known = true;
    compare(clock, measured->error_us);
    pthread_mutex_unlock(&clock->lock);
}

static int64_t now_us(void *arg)
{
    struct database_clock *clock = arg;
    return clock_uptime_us() + clock->offset_us;
}

struct clock database_clock_of(struct database_clock *clock)
{
    return (struct clock){ .now_us = now_us, .arg = clock };
}
