/* send_limit.c: counts what is sent, see send_limit.h. */
#include "domain/send_limit.h"

#include "config/duration.h"
#include "store/ghosts.h"
#include "store/notices.h"
#include "store/send_limits.h"

#include <stdlib.h>
#include <string.h>

#define MILLION INT64_C(1000000)
#define HOUR_US (3600 * US_PER_S)

enum problem pause_check(struct ctx *ctx, int64_t last_us, int64_t pause_us, enum problem problem)
{
    int64_t left = last_us ? last_us + pause_us - ctx->now_us : 0;
    if (left <= 0 ||
        left > pause_us + CLOCK_SLACK_US) { /* sent long from now: the clock was wrong then */
        return P_OK;
    }
    left = left < pause_us ? left : pause_us; /* who went ahead may have begun a moment later */
    ctx->retry_after_s = (left + US_PER_S - 1) / US_PER_S;
    return ctx_fail(ctx, problem, arena_printf(ctx->arena, "%lld", (long long)(left / US_PER_S)));
}

bool total_is_zero(const char *setting)
{
    return strtod(setting, NULL) < 1 && !strchr(setting, '/');
}

enum wanted_by message_wanted_by(const struct user *user)
{
    bool confirmed = user->email_confirmed_at || user->phone_confirmed_at;
    return confirmed && !user->is_anonymous ? BY_CONFIRMED : BY_UNCONFIRMED;
}

/* Takes one for whom it is charged to. What is left must be enough for `asked`; if it is so, but
 * not for `charged`, nothing is sent and nobody learns that (rule S4). */
static bool take(struct tx *tx, const char *name, const char *setting, enum wanted_by asked,
                 enum wanted_by charged)
{
    const char *slash = strchr(setting, '/');
    int64_t most = (int64_t)strtod(setting, NULL) * MILLION, each_us = 0, now = tx->ctx->now_us;
    struct send_limit limit;
    if (slash && !duration_parse(slash + 1, &each_us)) {
        each_us = 0;
    }
    if (!send_limit_of(tx, name, &limit)) {
        limit = (struct send_limit){ most, now };
        send_limit_begin(tx, name, &limit);
        (void)send_limit_of(tx, name, &limit); /* somebody else's, if it was first */
    }
    if (limit.filled_at > now) { /* by a request that began later, or the clock was wrong */
        limit.filled_at = now;
    }
    if (slash && each_us > 0) {
        double grown = (double)(now - limit.filled_at) / (double)each_us * (double)MILLION;
        limit.left_millionths += grown < (double)most ? (int64_t)grown : most;
        limit.filled_at = now;
    } else if (now >= limit.filled_at + HOUR_US) {
        limit = (struct send_limit){ most, now };
    }
    limit.left_millionths = limit.left_millionths < most ? limit.left_millionths : most;
    int64_t half = most / MILLION / 2 * MILLION;
    if (limit.left_millionths < (asked == BY_UNCONFIRMED ? half : 0) + MILLION) {
        return false;
    }
    if (limit.left_millionths < (charged == BY_UNCONFIRMED ? half : 0) + MILLION) {
        ghost_begin(tx);
    }
    limit.left_millionths -= MILLION;
    send_limit_put(tx, name, &limit);
    return true;
}

bool total_take(struct tx *tx, const char *name, const char *setting, enum wanted_by by)
{
    return take(tx, name, setting, by, by);
}

bool total_take_for(struct tx *tx, const char *name, const char *setting, const struct user *user)
{
    enum { LEAST = 3 };
    int64_t third = (int64_t)strtod(setting, NULL) / 3;
    enum wanted_by by = message_wanted_by(user);
    /* where anybody may ask, the address has the third, whether an account has the address or not
     */
    const struct uuid *subject = tx->openly ? &tx->subject : &user->id;
    return take(tx, name, setting, tx->owners_too ? BY_CONFIRMED : by, by) &&
           notice_count(tx, subject, name, HOUR_US, NULL) <= (third > LEAST ? third : LEAST);
}
