/* limits.c: token buckets a limiter and key, see limits.h. The table is fixed: sets of a few
 * buckets, the longest unused of a set gives way. */
#include "http/limits.h"

#include "base/ip_block.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "http/client_address.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 4096, WAYS = 8, KEY = 16, KEY_TEXT_MAX = 256 };

struct bucket {
    uint8_t key[KEY]; /* of SHA-256(limiter, key) */
    double tokens;
    int64_t filled_at_us; /* steady clock; 0: free */
};

struct rate {
    double per_s, burst;
};

struct limits {
    pthread_mutex_t lock;
    struct rate rates[LIMIT_COUNT];
    struct bucket sets[SETS][WAYS];
};

struct limits *limits_new(const struct config *c)
{
    struct limits *l = calloc(1, sizeof *l);
    if (!l) {
        log_die("out of memory");
    }
    pthread_mutex_init(&l->lock, NULL);
    l->rates[LIMIT_SIGNUP] = (struct rate){ c->rates.otp / 300, 30 };
    l->rates[LIMIT_USER] = (struct rate){ c->rates.otp / 300, 30 };
    for (int i = LIMIT_OTP; i <= LIMIT_RESEND; i++) {
        l->rates[i] = (struct rate){ c->rates.otp / 300, 30 };
    }
    l->rates[LIMIT_TOKEN_VERIFY] = (struct rate){ c->rates.verify / 300, 30 };
    l->rates[LIMIT_ANONYMOUS] = (struct rate){ c->rates.anonymous / 3600, c->rates.anonymous };
    l->rates[LIMIT_TOKEN] = (struct rate){ c->rates.token / 300, 30 };
    l->rates[LIMIT_CHALLENGE] = (struct rate){ c->mfa.rate / 60, 30 };
    l->rates[LIMIT_VERIFY] = (struct rate){ c->mfa.rate / 60, 30 };
    return l;
}

void limits_free(struct limits **limits)
{
    if (limits && *limits) {
        pthread_mutex_destroy(&(*limits)->lock);
        free(*limits);
        *limits = NULL;
    }
}

/* Row RL1: what a proxy names, else the header's first value, trimmed; "" if the limit does not
 * act. */
static const char *key_of(struct call *call)
{
    const struct config *c = call->services->config;
    const char *named = client_address_named(call);
    if (named) {
        return named;
    }
    const char *value = *c->rates.header ? call_header(call, c->rates.header) : NULL;
    if (value) {
        value += strspn(value, " \t");
        size_t len = strcspn(value, ",");
        while (len && strchr(" \t", value[len - 1])) {
            len--;
        }
        if (len) {
            return arena_strndup(call->ctx.arena, value, len < KEY_TEXT_MAX ? len : KEY_TEXT_MAX);
        }
    }
    return c->rates.by_address ? ip_block(call->ctx.arena, call->client.ip) : "";
}

static struct bucket *find(struct bucket *set, const uint8_t key[KEY], const struct rate *rate,
                           int64_t now)
{
    struct bucket *oldest = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].filled_at_us && memcmp(set[i].key, key, KEY) == 0) {
            return &set[i];
        }
        oldest = set[i].filled_at_us < oldest->filled_at_us ? &set[i] : oldest;
    }
    memcpy(oldest->key, key, KEY);
    oldest->tokens = rate->burst;
    oldest->filled_at_us = now;
    return oldest;
}

enum problem limits_check(struct call *call, enum limiter limiter)
{
    struct limits *l = call->services->limits;
    const char *key = limiter == LIMIT_NONE ? "" : key_of(call);
    if (!*key) {
        return P_OK;
    }
    uint8_t hash[SHA256_SIZE];
    const char *text = arena_printf(call->ctx.arena, "%d %s", (int)limiter, key);
    digest_of(DIGEST_SHA256, text, strlen(text), hash);
    const struct rate *rate = &l->rates[limiter];
    int64_t now = clock_steady_us();
    pthread_mutex_lock(&l->lock);
    struct bucket *b = find(l->sets[(hash[30] << 8 | hash[31]) % SETS], hash, rate, now);
    b->tokens += (double)(now - b->filled_at_us) / 1e6 * rate->per_s;
    b->tokens = b->tokens > rate->burst ? rate->burst : b->tokens;
    b->filled_at_us = now;
    bool allowed = b->tokens >= 1;
    double missing = 1 - b->tokens;
    b->tokens -= allowed;
    pthread_mutex_unlock(&l->lock);
    if (allowed) {
        return P_OK;
    }
    double wait = rate->per_s > 0 ? missing / rate->per_s : 3600;
    call->ctx.retry_after_s = wait < 3600 ? (int64_t)wait + 1 : 3600;
    return P_RATE_LIMITED;
}
