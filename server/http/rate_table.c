/* rate_table.c: see rate_table.h. A key's time is when all that it used will have been given back.
 */
#include "http/rate_table.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 8, KEY = 16 };

struct slot {
    uint8_t key[KEY];   /* of HMAC-SHA-256(secret, key) */
    int64_t free_at_us; /* in the past: as good as a slot that nobody has */
};

struct rate_table {
    pthread_mutex_t lock;
    int64_t window_us;
    uint8_t secret[SHA256_SIZE];
    struct slot *slots[RATE_TIERS];
    int sets[RATE_TIERS];
};

/* What a tier says of one more. */
struct finding {
    struct slot *slot;
    uint8_t key[KEY];
    int64_t each_us, used_us; /* of one; with this one */
    bool allowed;
};

struct rate_table *rate_table_new(const int sets[RATE_TIERS], int64_t window_us,
                                  struct entropy *entropy)
{
    struct rate_table *t = calloc(1, sizeof *t);
    for (int i = 0; t && i < RATE_TIERS; i++) {
        t->sets[i] = sets[i];
        t->slots[i] = calloc((size_t)sets[i] * WAYS, sizeof *t->slots[i]);
    }
    if (!t || !t->slots[0] || !t->slots[1]) {
        log_die("out of memory");
    }
    t->window_us = window_us;
    entropy_bytes(entropy, t->secret, sizeof t->secret);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void rate_table_free(struct rate_table **table)
{
    struct rate_table *t = table ? *table : NULL;
    if (!t) {
        return;
    }
    *table = NULL;
    pthread_mutex_destroy(&t->lock);
    for (int i = 0; i < RATE_TIERS; i++) {
        free(t->slots[i]);
    }
    free(t);
}

/* The key's slot, else the one of its set that has used least. */
static struct slot *slot_of(struct slot *set, const uint8_t key[KEY])
{
    struct slot *least = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (memcmp(set[i].key, key, KEY) == 0) {
            return &set[i];
        }
        least = set[i].free_at_us < least->free_at_us ? &set[i] : least;
    }
    return least;
}

static void look(struct rate_table *t, int tier, const struct rate_ask *ask,
                 const uint8_t hash[SHA256_SIZE], int64_t now_us, struct finding *out)
{
    size_t set = ((size_t)hash[KEY] << 16 | (size_t)hash[KEY + 1] << 8 | hash[KEY + 2]) &
                 (size_t)(t->sets[tier] - 1);
    memcpy(out->key, hash, KEY);
    out->slot = slot_of(&t->slots[tier][set * WAYS], out->key);
    bool known = memcmp(out->slot->key, out->key, KEY) == 0;
    int64_t used = known && out->slot->free_at_us > now_us ? out->slot->free_at_us - now_us : 0;
    out->each_us = t->window_us / ask->most;
    out->used_us = used + out->each_us;
    out->allowed = out->used_us <= t->window_us;
}

static int64_t seconds_up(int64_t us)
{
    return us > 0 ? (us + US_PER_S - 1) / US_PER_S : 0;
}

static struct rate_left left_of(const struct rate_table *t, const struct rate_ask *ask,
                                const struct finding *f, bool counted)
{
    int64_t used = counted ? f->used_us : f->used_us - f->each_us;
    int64_t over = f->used_us - t->window_us;
    return (struct rate_left){
        .limit = ask->most,
        .remaining = used < t->window_us ? (t->window_us - used) / f->each_us : 0,
        .reset_s = seconds_up(used),
        .retry_s = f->allowed ? 0 : seconds_up(over),
    };
}

bool rate_take(struct rate_table *t, const struct rate_ask asks[RATE_TIERS], int64_t now_us,
               struct rate_left *out)
{
    struct finding found[RATE_TIERS] = { 0 };
    uint8_t hash[RATE_TIERS][SHA256_SIZE];
    bool allowed = true;
    *out = (struct rate_left){ 0 };
    for (int i = 0; i < RATE_TIERS; i++) {
        hmac_of(DIGEST_SHA256, t->secret, sizeof t->secret, asks[i].key, strlen(asks[i].key),
                hash[i]);
    }
    pthread_mutex_lock(&t->lock);
    for (int i = 0; i < RATE_TIERS; i++) {
        if (asks[i].most) {
            look(t, i, &asks[i], hash[i], now_us, &found[i]);
            allowed = allowed && found[i].allowed;
        }
    }
    for (int i = 0; i < RATE_TIERS; i++) {
        if (!asks[i].most) {
            continue;
        }
        if (allowed) {
            memcpy(found[i].slot->key, found[i].key, KEY);
            found[i].slot->free_at_us = now_us + found[i].used_us;
        }
        struct rate_left left = left_of(t, &asks[i], &found[i], allowed);
        bool tighter = !out->limit || left.retry_s > out->retry_s ||
                       (left.retry_s == out->retry_s && left.remaining < out->remaining);
        *out = tighter ? left : *out;
    }
    pthread_mutex_unlock(&t->lock);
    return allowed;
}
