/* password_throttle.c: the two guards of an account, see password_throttle.h. */
#include "domain/password_throttle.h"

#include "base/ip_block.h"
#include "store/sign_in_networks.h"

#include <string.h>

#define FIRST_US (30 * US_PER_S)
#define MAX_US (900 * US_PER_S)
#define NETWORK_FORGETS_US (3600 * US_PER_S)
#define ACCOUNT_FORGETS_US (86400 * US_PER_S)

static const char *keyed(const struct realm *realm, struct arena *arena, const char *text)
{
    uint8_t mac[SHA256_SIZE];
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, text, strlen(text), mac);
    return hex_encode(mac, 16, arena_alloc(arena, 33));
}

static const char *account_key(const struct realm *realm, struct arena *arena, const char *address)
{
    return keyed(realm, arena, arena_printf(arena, "account %s", address));
}

static const char *shared_key(const struct realm *realm, struct arena *arena, const char *address)
{
    return keyed(realm, arena, arena_printf(arena, "passwords %s", address));
}

static const char *network_key(const struct realm *realm, struct arena *arena,
                               const struct uuid *user_id, const char *ip)
{
    char id[UUID_TEXT];
    return keyed(
        realm, arena,
        arena_printf(arena, "network %s %s", uuid_format(user_id, id), ip_block(arena, ip)));
}

struct password_throttle throttle_of(const struct realm *realm, struct arena *arena,
                                     const char *address, const char *ip)
{
    return (struct password_throttle){
        .own = keyed(realm, arena,
                     arena_printf(arena, "password %s %s", address, ip_block(arena, ip))),
        .shared = shared_key(realm, arena, address),
        .account = account_key(realm, arena, address),
        .ip = ip,
    };
}

const char *throttle_address(struct arena *arena, const struct user *user)
{
    char *id = arena_alloc(arena, UUID_TEXT);
    return user->email ? user->email : user->phone ? user->phone : uuid_format(&user->id, id);
}

void throttle_prefetch(struct tx *tx, const struct password_throttle *throttle)
{
    password_guard_prefetch(tx, throttle->own);
    password_guard_prefetch(tx, throttle->shared);
}

static bool is_known(const struct realm *realm, struct tx *tx,
                     const struct password_throttle *throttle, const struct uuid *user_id)
{
    return sign_in_network_is(tx, user_id,
                              network_key(realm, tx->ctx->arena, user_id, throttle->ip));
}

/* Longer than that no lock lasts: the clock was wrong when it began. */
static bool holds(int64_t now_us, int64_t locked_until)
{
    return locked_until > now_us && locked_until - now_us <= MAX_US + CLOCK_SLACK_US;
}

static enum problem closed(struct ctx *ctx, const struct password_guard *guard)
{
    int64_t left = guard->locked_until - ctx->now_us;
    if (!holds(ctx->now_us, guard->locked_until)) {
        return P_OK;
    }
    ctx->retry_after_s = (left + US_PER_S - 1) / US_PER_S;
    return P_PASSWORD_GUESSING;
}

enum problem throttle_check(const struct realm *realm, struct tx *tx,
                            struct password_throttle *throttle, const struct uuid *user_id)
{
    struct password_guard own = password_guard_of(tx, throttle->own);
    struct password_guard shared = password_guard_of(tx, throttle->shared);
    enum problem problem = closed(tx->ctx, &own);
    throttle->counted = own.failures != 0;
    if (problem || shared.locked_until <= tx->ctx->now_us ||
        is_known(realm, tx, throttle, user_id ? user_id : &uuid_nil)) {
        return problem;
    }
    return closed(tx->ctx, &shared);
}

/* After the allowed ones a pause, twice as long each further time. */
static void count_one(struct tx *tx, const char *key, const struct password_throttle *throttle,
                      struct password_guard *guard, int64_t allowed, int64_t forgets_us)
{
    if (!allowed) {
        return;
    }
    if (tx->ctx->now_us - guard->updated_at > forgets_us) {
        guard->failures = 0;
    }
    guard->failures++;
    if (guard->failures >= allowed) {
        int64_t wait = FIRST_US;
        for (int64_t n = guard->failures - allowed; n > 0 && wait < MAX_US; n--) {
            wait *= 2;
        }
        guard->locked_until = tx->ctx->now_us + (wait < MAX_US ? wait : MAX_US);
    }
    password_guard_put(tx, key, throttle->account, guard);
}

enum problem throttle_failure(const struct realm *realm, struct tx *tx,
                              const struct password_throttle *throttle, const struct uuid *user_id)
{
    const struct config *c = realm->config;
    if (!c->passwords.guesses && !c->passwords.guesses_account) {
        return P_OK;
    }
    password_guard_hold(tx, throttle->own);
    password_guard_hold(tx, throttle->shared);
    user_id = user_id ? user_id : &uuid_nil; /* asked for nobody too (rule S4) */
    throttle_prefetch(tx, throttle);
    sign_in_network_prefetch(tx, user_id,
                             network_key(realm, tx->ctx->arena, user_id, throttle->ip));
    struct password_guard own = password_guard_of(tx, throttle->own);
    struct password_guard shared = password_guard_of(tx, throttle->shared);
    bool known = is_known(realm, tx, throttle, user_id);
    enum problem problem = closed(tx->ctx, &own);
    problem = problem || known ? problem : closed(tx->ctx, &shared);
    if (problem) {
        return problem;
    }
    count_one(tx, throttle->own, throttle, &own, c->passwords.guesses, NETWORK_FORGETS_US);
    if (!known) {
        count_one(tx, throttle->shared, throttle, &shared, c->passwords.guesses_account,
                  ACCOUNT_FORGETS_US);
    }
    tx_commit_on_error(tx);
    return P_OK;
}

void throttle_undo(const struct realm *realm, struct tx *tx,
                   const struct password_throttle *throttle)
{
    struct password_guard shared = password_guard_of(tx, throttle->shared);
    password_guard_clear(tx, throttle->own);
    if (shared.failures) {
        shared.failures--;
        shared.locked_until =
            shared.failures < realm->config->passwords.guesses_account ? 0 : shared.locked_until;
        password_guard_put(tx, throttle->shared, throttle->account, &shared);
    }
}

void throttle_success(struct tx *tx, const struct password_throttle *throttle)
{
    if (throttle->counted) {
        password_guard_clear(tx, throttle->own);
    }
}

void throttle_remember_network(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
                               const char *ip)
{
    sign_in_network_put(tx, user_id, network_key(realm, tx->ctx->arena, user_id, ip));
}

/* --- for administrators --- */

enum { ADDRESSES = 3 };

static int addresses_of(struct arena *arena, const struct user *user, const char *out[ADDRESSES])
{
    char *id = arena_alloc(arena, UUID_TEXT);
    int n = 0;
    out[n++] = uuid_format(&user->id, id);
    if (user->email) {
        out[n++] = user->email;
    }
    if (user->phone) {
        out[n++] = user->phone;
    }
    return n;
}

int throttle_lockouts(const struct realm *realm, struct tx *tx, const struct user *user,
                      struct throttle_lockout out[THROTTLE_LOCKOUTS_MAX])
{
    struct arena *arena = tx->ctx->arena;
    const char *addresses[ADDRESSES];
    int count = 0, n = addresses_of(arena, user, addresses);
    for (int i = 0; i < n; i++) {
        struct password_guard_row *rows;
        const char *shared = shared_key(realm, arena, addresses[i]);
        int found = password_guards_of_account(tx, account_key(realm, arena, addresses[i]),
                                               THROTTLE_LOCKOUTS_MAX - count, &rows);
        for (int k = 0; k < found; k++) {
            if (!holds(tx->ctx->now_us, rows[k].guard.locked_until)) {
                continue;
            }
            out[count++] = (struct throttle_lockout){
                .kind = strcmp(rows[k].key, shared) == 0 ? "account" : "network",
                .failures = rows[k].guard.failures,
                .locked_until = rows[k].guard.locked_until,
            };
        }
    }
    return count;
}

void throttle_clear(const struct realm *realm, struct tx *tx, const struct user *user)
{
    const char *addresses[ADDRESSES];
    int n = addresses_of(tx->ctx->arena, user, addresses);
    for (int i = 0; i < n; i++) {
        password_guards_clear_account(tx, account_key(realm, tx->ctx->arena, addresses[i]));
    }
}
