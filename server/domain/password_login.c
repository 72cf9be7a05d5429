/* password_login.c: signing in with a password, see password_login.h. */
#include "domain/password_login.h"

#include "base/ip_block.h"
#include "domain/address.h"
#include "domain/audit_event.h"
#include "domain/password_rules.h"
#include "domain/session.h"
#include "store/guards.h"

#include <string.h>

#define GUARD_FORGETS_US (3600 * US_PER_S)
#define GUARD_FIRST_US (30 * US_PER_S)
#define GUARD_MAX_US (900 * US_PER_S)

static bool given(const char *text)
{
    return text && *text;
}

/* A keyed hash of account and address: the guard's table names nobody, and a stranger elsewhere
 * cannot lock the account for its owner (row RL3). */
static const char *guard_key(const struct realm *realm, struct arena *arena, const char *address,
                             const char *ip)
{
    uint8_t mac[SHA256_SIZE];
    const char *text = arena_printf(arena, "password %s %s", address, ip_block(arena, ip));
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, text, strlen(text), mac);
    return hex_encode(mac, 16, arena_alloc(arena, 33));
}

enum problem login_check(const struct realm *realm, struct ctx *ctx, struct login *login)
{
    if (given(login->email) && given(login->phone)) {
        return P_LOGIN_BOTH;
    }
    if (given(login->email)) {
        if (!realm->config->email_enabled) {
            return P_EMAIL_LOGINS_OFF;
        }
        login->provider = "email";
        login->address = email_as_stored(ctx->arena, login->email);
    } else if (given(login->phone)) {
        if (!realm->config->phone_enabled) {
            return P_PHONE_LOGINS_OFF;
        }
        login->provider = "phone";
        login->address = phone_as_stored(ctx->arena, login->phone);
    } else {
        return P_LOGIN_NEITHER;
    }
    login->guard_key = guard_key(realm, ctx->arena, login->address, login->caller->ip);
    return P_OK;
}

static enum problem check_guard(struct ctx *ctx, const struct password_guard *guard)
{
    int64_t left = guard->locked_until - ctx->now_us;
    if (left <= 0) {
        return P_OK;
    }
    ctx->retry_after_s = (left + US_PER_S - 1) / US_PER_S;
    return P_PASSWORD_GUESSING;
}

enum problem login_find(const struct realm *realm, struct tx *tx, struct login *login)
{
    struct password_guard guard = password_guard_of(tx, login->guard_key);
    enum problem problem = check_guard(tx->ctx, &guard);
    if (problem) {
        return problem;
    }
    login->found = strcmp(login->provider, "email") == 0
                       ? user_by_email(tx, login->aud, login->address, &login->user)
                       : user_by_phone(tx, login->aud, login->address, &login->user);
    login->hash = NULL;
    if (login->found && *login->user.password) {
        login->hash = vault_open(realm->vault, tx->ctx->arena, &login->user.id,
                                 login->user.password);
        if (!login->hash) {
            return P_PASSWORD_UNREADABLE;
        }
    }
    return P_OK;
}

/* Row RL3: after the allowed wrong ones the address waits, twice as long each further time. */
static void count_wrong(const struct realm *realm, struct tx *tx, const struct login *login)
{
    int64_t allowed = realm->config->password_guesses;
    if (!allowed) {
        return;
    }
    password_guard_hold(tx, login->guard_key);
    struct password_guard guard = password_guard_of(tx, login->guard_key);
    if (tx->ctx->now_us - guard.updated_at > GUARD_FORGETS_US) {
        guard.failures = 0;
    }
    guard.failures++;
    if (guard.failures >= allowed) {
        int64_t wait = GUARD_FIRST_US;
        for (int64_t n = guard.failures - allowed; n > 0 && wait < GUARD_MAX_US; n--) {
            wait *= 2;
        }
        guard.locked_until = tx->ctx->now_us + (wait < GUARD_MAX_US ? wait : GUARD_MAX_US);
    }
    password_guard_put(tx, login->guard_key, &guard);
    tx_keep(tx);
}

static enum problem check_account(struct ctx *ctx, const struct login *login)
{
    const struct user *u = &login->user;
    if (u->banned_until > ctx->now_us) {
        return P_LOGIN_BANNED;
    }
    if (strcmp(login->provider, "email") == 0) {
        return u->email_confirmed_at ? P_OK : P_EMAIL_NOT_CONFIRMED;
    }
    return u->phone_confirmed_at ? P_OK : P_PHONE_NOT_CONFIRMED;
}

enum problem login_finish(const struct realm *realm, struct tx *tx, struct login *login,
                          struct grant *out)
{
    *out = (struct grant){ 0 };
    struct password_guard guard = password_guard_of(tx, login->guard_key);
    enum problem problem = check_guard(tx->ctx, &guard); /* parallel guesses count too */
    if (problem) {
        return problem;
    }
    struct user now;
    bool same = login->fits && user_by_id(tx, &login->user.id, &now) &&
                strcmp(now.password, login->user.password) == 0;
    if (!same) {
        count_wrong(realm, tx, login);
        return P_CREDENTIALS_INVALID;
    }
    login->user = now;
    problem = check_account(tx->ctx, login);
    if (problem) {
        return problem;
    }
    if (guard.failures) {
        password_guard_clear(tx, login->guard_key);
    }
    if (login->new_hash || vault_stale(realm->vault, tx->ctx->arena, now.password)) {
        user_set_password(tx, &now.id,
                          password_at_rest(realm, tx->ctx, &now.id,
                                           login->new_hash ? login->new_hash : login->hash));
    }
    out->person.user = now;
    audit_by_user(realm, tx, &now, AUDIT_LOGIN, NULL, TRAITS({ "provider", login->provider }));
    session_open(realm, tx, login->caller, "password", out);
    out->shows_weakness = true;
    out->weak_reasons =
        password_weaknesses(realm, tx->ctx, login->password, &out->weak_message);
    return P_OK;
}
