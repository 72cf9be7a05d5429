/* entropy.c: random bytes of the operating system, see entropy.h. */
#include "base/entropy.h"

#include "base/log.h"

#include <string.h>
#include <sys/random.h>

enum { POOL = 4096 };

static _Thread_local unsigned char pool[POOL];
static _Thread_local size_t pool_left;

static void from_system(void *out, size_t n)
{
    unsigned char *to = out;
    while (n) {
        ssize_t got = getrandom(to, n, 0);
        if (got <= 0) {
            log_die("the system gives no random bytes");
        }
        to += got;
        n -= (size_t)got;
    }
}

static void system_fill(void *arg, void *out, size_t n)
{
    (void)arg;
    if (n > 256) {
        from_system(out, n);
        return;
    }
    if (pool_left < n) {
        from_system(pool, POOL);
        pool_left = POOL;
    }
    unsigned char *from = pool + POOL - pool_left;
    memcpy(out, from, n);
    explicit_bzero(from, n); /* what was handed out stays nowhere else */
    pool_left -= n;
}

struct entropy entropy_system(void)
{
    return (struct entropy){ .fill = system_fill };
}

void entropy_bytes(struct entropy *entropy, void *out, size_t n)
{
    entropy->fill(entropy->arg, out, n);
}

uint32_t entropy_below(struct entropy *entropy, uint32_t bound)
{
    uint32_t limit = UINT32_MAX - UINT32_MAX % bound, n;
    do {
        entropy_bytes(entropy, &n, sizeof n);
    } while (n >= limit);
    return n % bound;
}
