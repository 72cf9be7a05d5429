/* equal_time.c: the last times of each kind, see equal_time.h. */
#include "deliver/equal_time.h"

#include <stdatomic.h>

enum { KINDS = 5, KEPT = 64 };

static _Atomic int64_t times[KINDS][KEPT];
static _Atomic uint32_t counts[KINDS];

void equal_time_note(enum equal_time what, int64_t asked_at_us)
{
    int64_t took = clock_steady_us() - asked_at_us;
    for (int i = 0; i < KINDS; i++) {
        if ((unsigned)what & 1U << i) {
            atomic_store(&times[i][atomic_fetch_add(&counts[i], 1) % KEPT], took);
        }
    }
}

int64_t equal_time_wait_us(unsigned what, struct entropy *entropy)
{
    int64_t sum = 0;
    for (int i = 0; i < KINDS; i++) {
        uint32_t n = atomic_load(&counts[i]);
        if (n && what & 1U << i) {
            sum += atomic_load(&times[i][entropy_below(entropy, n < KEPT ? n : KEPT)]);
        }
    }
    return sum;
}
