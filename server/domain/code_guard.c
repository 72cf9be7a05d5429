/* code_guard.c: counts wrong tries of one-time codes, see code_guard.h. */
#include "domain/code_guard.h"

#include <string.h>

enum { TRIES = 10 };
#define DAY_US (86400 * US_PER_S)

/* A keyed hash: the table names nobody. */
static const char *key_of(const struct realm *realm, struct arena *arena, const char *text)
{
    uint8_t mac[SHA256_SIZE];
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, text, strlen(text), mac);
    return hex_encode(mac, 16, arena_alloc(arena, 33));
}

static struct code_guard guard_of(const struct realm *realm, struct arena *arena, const char *text,
                                  int64_t tries_a_day)
{
    return (struct code_guard){
        .key = key_of(realm, arena, text),
        .each_us = tries_a_day > 0 ? DAY_US / tries_a_day : 0,
    };
}

struct code_guard code_guard_of(const struct realm *realm, struct tx *tx, const char *address)
{
    struct arena *arena = tx->ctx->arena;
    struct code_guard guard = guard_of(realm, arena, arena_printf(arena, "codes to %s", address),
                                       realm->config->codes.guesses);
    guard.row = code_guard_hold(tx, guard.key);
    return guard;
}

struct code_guard code_guard_of_nonces(const struct realm *realm, struct tx *tx,
                                       const struct uuid *user_id)
{
    char id[UUID_TEXT];
    struct arena *arena = tx->ctx->arena;
    const char *text = arena_printf(arena, "nonces of %s", uuid_format(user_id, id));
    struct code_guard guard = guard_of(realm, arena, text, realm->config->codes.guesses);
    guard.row = code_guard_hold(tx, guard.key);
    return guard;
}

struct code_guard code_guard_of_links(const struct realm *realm, struct tx *tx)
{
    struct code_guard guard = guard_of(realm, tx->ctx->arena, "links in the official form",
                                       realm->config->codes.official_link_guesses);
    guard.row = code_guard_read(tx, guard.key);
    return guard;
}

bool code_guard_spent(const struct ctx *ctx, const struct code_guard *guard)
{
    int64_t busy = guard->row.busy_until - ctx->now_us;
    bool possible = busy <= DAY_US + CLOCK_SLACK_US; /* else the clock was wrong */
    return guard->each_us && possible && busy > DAY_US - guard->each_us;
}

bool code_guard_voids(const struct ctx *ctx, const struct code_guard *guard, int64_t sent_at)
{
    int64_t voided = guard->row.voided_at;
    bool of_then =
        voided >
        ctx->now_us + CLOCK_SLACK_US; /* while the clock was wrong: so was that of its codes */
    return sent_at <= voided && (!of_then || sent_at > ctx->now_us);
}

bool code_guard_wrong(struct tx *tx, struct code_guard *guard, int64_t newest_at)
{
    int64_t now = tx->ctx->now_us;
    struct code_guard_row *row = &guard->row;
    if (newest_at > row->newest_at || row->newest_at > now + CLOCK_SLACK_US) {
        row->newest_at = newest_at;
        row->wrong = 0;
    }
    bool voids = ++row->wrong >= TRIES;
    if (voids) {
        row->voided_at = now;
        row->wrong = 0;
    }
    bool busy = row->busy_until > now && row->busy_until - now <= DAY_US + CLOCK_SLACK_US;
    row->busy_until = (busy ? row->busy_until : now) + guard->each_us;
    code_guard_put(tx, guard->key, row);
    tx_commit_on_error(tx);
    return voids;
}
