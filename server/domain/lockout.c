/* lockout.c: see lockout.h. */
#include "domain/lockout.h"

#define DAY_S 86400

int64_t lockout_end(const struct config *c, int64_t now_us, int64_t locked_until, bool for_days)
{
    int64_t most = for_days ? c->mfa.lock_long_us : c->mfa.lock_max_us;
    return locked_until > now_us && locked_until - now_us <= most + CLOCK_SLACK_US ? locked_until
                                                                                   : 0;
}

bool lockout_left(const struct realm *realm, struct ctx *ctx, const struct tries *t)
{
    bool for_days = t->spent >= realm->config->mfa.lock_long_after;
    int64_t end = lockout_end(realm->config, ctx->now_us, t->locked_until, for_days);
    int64_t left = end - ctx->now_us;
    if (!end) {
        return false;
    }
    int64_t seconds = (left + US_PER_S - 1) / US_PER_S;
    ctx->retry_after_s = seconds < DAY_S ? seconds : DAY_S;
    return true;
}

void lockout_pause(const struct realm *realm, struct ctx *ctx, int64_t *failures,
                   int64_t *locked_until)
{
    const struct config *config = realm->config;
    ++*failures;
    *locked_until = 0;
    if (*failures % config->mfa.lock_after == 0) {
        int64_t length = config->mfa.lock_first_us;
        for (int64_t n = *failures / config->mfa.lock_after;
             n > 1 && length < config->mfa.lock_max_us; n--) {
            length *= 2;
        }
        *locked_until =
            ctx->now_us + (length < config->mfa.lock_max_us ? length : config->mfa.lock_max_us);
    }
}

/* One comes back each time that so much time has passed. */
static void come_back(const struct config *config, int64_t now_us, struct tries *t)
{
    if (t->spent_at > now_us + CLOCK_SLACK_US) { /* the clock was wrong */
        t->spent_at = now_us;
    }
    int64_t n = t->spent_at ? (now_us - t->spent_at) / config->mfa.lock_long_us : 0;
    if (n > 0) {
        t->spent = t->spent > n ? t->spent - n : 0;
        t->spent_at += n * config->mfa.lock_long_us;
    }
    if (t->spent == 0) {
        t->spent_at = now_us;
    }
}

bool lockout_after_failure(const struct realm *realm, struct ctx *ctx,
                           const struct uuid *session_id, struct tries *t)
{
    const struct config *config = realm->config;
    lockout_pause(realm, ctx, &t->failures, &t->locked_until);
    come_back(config, ctx->now_us, t);
    t->spent++;
    t->session_wrong = uuid_equal(&t->session_id, session_id) ? t->session_wrong + 1 : 1;
    t->session_id = *session_id;
    if (t->spent < config->mfa.lock_long_after) {
        return false;
    }
    t->locked_until =
        t->spent_at + (t->spent - config->mfa.lock_long_after + 1) * config->mfa.lock_long_us;
    return true;
}

void lockout_after_success(const struct uuid *session_id, struct tries *t)
{
    if (uuid_equal(&t->session_id, session_id)) {
        t->spent = t->spent > t->session_wrong ? t->spent - t->session_wrong : 0;
        t->session_wrong = 0;
    }
    t->failures = t->locked_until = 0;
}
