/* lock.c: see lock.h. */
#include "domain/lock.h"

#define DAY_S 86400

bool lock_left(struct ctx *ctx, int64_t locked_until)
{
    int64_t left = locked_until - ctx->now_us;
    if (left <= 0) {
        return false;
    }
    int64_t seconds = (left + US_PER_S - 1) / US_PER_S;
    ctx->retry_after_s = seconds < DAY_S ? seconds : DAY_S;
    return true;
}

void lock_after_failure(const struct realm *realm, struct ctx *ctx, int64_t *failures,
                        int64_t *locked_until)
{
    const struct config *config = realm->config;
    ++*failures;
    *locked_until = 0;
    if (*failures >= config->lock_for_good) {
        *locked_until = LOCKED_FOR_GOOD;
    } else if (*failures % config->lock_after == 0) {
        int64_t length = config->lock_first_us;
        for (int64_t n = *failures / config->lock_after; n > 1 && length < config->lock_max_us;
             n--) {
            length *= 2;
        }
        *locked_until =
            ctx->now_us + (length < config->lock_max_us ? length : config->lock_max_us);
    }
}
