/* session.c: opening, raising and ending sessions; refreshing is in refresh.c. */
#include "domain/session.h"

#include "base/draws.h"
#include "crypto/base64.h"
#include "crypto/refresh_token.h"
#include "domain/audit_event.h"
#include "domain/password_throttle.h"
#include "store/refresh_tokens.h"

#include <string.h>

void session_key_new(const struct realm *realm, struct tx *tx, struct session *session,
                     uint8_t key[32])
{
    entropy_bytes(tx->ctx->entropy, key, REFRESH_KEY);
    const char *text = base64url_encode(tx->ctx->arena, key, REFRESH_KEY);
    session->refresh_key =
        vault_seal(realm->vault, tx->ctx->arena, tx->ctx->entropy, &session->id, text);
    session->refresh_counter = 0;
}

enum problem session_key(const struct realm *realm, struct tx *tx, const struct session *session,
                         uint8_t key[32])
{
    const char *text = vault_open(realm->vault, tx->ctx->arena, &session->id, session->refresh_key);
    uint8_t *bytes;
    size_t len;
    if (!text || !base64url_decode(tx->ctx->arena, text, strlen(text), &bytes, &len) ||
        len != REFRESH_KEY) {
        return P_UNEXPECTED;
    }
    memcpy(key, bytes, REFRESH_KEY);
    return P_OK;
}

int session_version(const struct realm *realm, const struct tx *tx)
{
    return sessions_have_counters(tx) ? (int)realm->config->sessions.refresh_version : 1;
}

void session_open(const struct realm *realm, struct tx *tx, const struct client *client,
                  const char *method, struct issued_session *issued)
{
    struct arena *arena = tx->ctx->arena;
    struct session *s = &issued->session;
    *s = (struct session){
        .id = uuid_v7(ctx_draw(tx->ctx, "session"), tx->ctx->now_us),
        .user_id = issued->account.user.id,
        .created_at = tx->ctx->now_us,
        .aal = "aal1",
        .user_agent = client->user_agent,
        .ip = client->ip,
    };
    uint8_t key[REFRESH_KEY];
    issued->refresh_version = session_version(realm, tx);
    if (issued->refresh_version == 2) {
        session_key_new(realm, tx, s, key);
        issued->refresh_token = refresh_token_v2(arena, key, &s->id, 0);
        explicit_bzero(key, sizeof key);
    } else {
        issued->refresh_token = refresh_token_v1(arena, tx->ctx->entropy);
    }
    session_insert(tx, s);
    sessions_trim(tx, s, realm->config->sessions.most);
    if (issued->refresh_version == 1) {
        refresh_row_insert(tx, &s->user_id, &s->id, issued->refresh_token, NULL);
    }
    amr_put(tx, &s->id, method);
    user_signed_in(tx, &issued->account.user);
    if (!issued->account.user.is_anonymous) {
        throttle_remember_network(realm, tx, &s->user_id, client->ip);
    }
    issued->signed_in = true;
    issued->method = method;
    issued_session_load(tx, issued);
}

/* S7: the tokens from before the step go. What is gone no server answers, in no interval and by no
 * setting, and no server takes it for stolen either: the session stays. */
static void raise_v1(struct tx *tx, const struct session *session, const char **refresh_token)
{
    refresh_rows_delete(tx, &session->id);
    *refresh_token = refresh_token_v1(tx->ctx->arena, tx->ctx->entropy);
    refresh_row_insert(tx, &session->user_id, &session->id, *refresh_token, NULL);
}

void session_raise(const struct realm *realm, struct tx *tx, struct session *session,
                   const char **refresh_token)
{
    session->refreshed_at = tx->ctx->now_us;
    if (!session->refresh_key) {
        raise_v1(tx, session, refresh_token);
        return;
    }
    /* version 2: a new key, which makes them strangers' tokens; the counter goes on (§3.4). What
     * has been left of version 1 goes as well. */
    refresh_rows_delete(tx, &session->id);
    uint8_t key[REFRESH_KEY];
    int64_t counter = session->refresh_counter;
    session_key_new(realm, tx, session, key);
    session->refresh_counter = counter + 2;
    *refresh_token = refresh_token_v2(tx->ctx->arena, key, &session->id, session->refresh_counter);
    explicit_bzero(key, sizeof key);
}

void session_logout(const struct realm *realm, struct tx *tx, const struct user *user,
                    const struct uuid *session, bool high, enum logout_scope scope)
{
    user_lock(tx, &user->id);
    if (session && scope != LOGOUT_OTHERS) {
        session_delete(tx, session);
    }
    bool others = !session || scope != LOGOUT_LOCAL;
    if (others && high) {
        sessions_delete(tx, &user->id, session);
    } else if (others) {
        sessions_delete_not_high(tx, &user->id, session);
    }
    audit_by_user(realm, tx, user, AUDIT_LOGOUT, NULL, NULL);
}
