/* pkce_flow.c: PKCE flows, see pkce_flow.h. */
#include "domain/pkce_flow.h"

#include "crypto/base64.h"
#include "crypto/ct_equal.h"
#include "domain/audit_event.h"
#include "domain/session.h"
#include "store/flow_states.h"

#include <string.h>
#include <strings.h>

enum { CODE_BYTES = 24 };

static bool given(const char *text)
{
    return text && *text;
}

bool pkce_given(const struct pkce *pkce)
{
    return given(pkce->challenge);
}

enum problem pkce_check(const struct pkce *pkce)
{
    if (given(pkce->challenge) != given(pkce->method)) {
        return P_PKCE_INCOMPLETE;
    }
    if (!given(pkce->challenge)) {
        return P_OK;
    }
    size_t len = strlen(pkce->challenge);
    if (len < 43 || len > 128) {
        return P_PKCE_LENGTH;
    }
    if (strspn(pkce->challenge,
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-") != len) {
        return P_PKCE_ALPHABET;
    }
    bool known = strcasecmp(pkce->method, "s256") == 0 || strcasecmp(pkce->method, "plain") == 0;
    return known ? P_OK : P_PKCE_METHOD;
}

void pkce_flow_begin(struct tx *tx, const struct uuid *user_id, const struct pkce *pkce,
                     const char *provider, const char *method)
{
    if (!pkce_given(pkce)) {
        return;
    }
    uint8_t random[CODE_BYTES]; /* the code is looked up by itself: a UUID has too little in it */
    char code[2 * CODE_BYTES + 1];
    entropy_bytes(tx->ctx->entropy, random, sizeof random);
    struct flow_state flow = {
        .id = uuid_v4(tx->ctx->entropy),
        .user_id = *user_id,
        .auth_code = hex_encode(random, sizeof random, code),
        .code_challenge = pkce->challenge,
        .code_challenge_method = strcasecmp(pkce->method, "s256") == 0 ? "s256" : "plain",
        .provider_type = provider,
        .authentication_method = method,
    };
    flow_state_insert(tx, &flow);
}

enum problem pkce_flow_issue_code(struct tx *tx, const struct uuid *user_id, const char *method,
                                  const char **auth_code)
{
    struct flow_state flow;
    if (!flow_state_newest(tx, user_id, method, &flow)) {
        return P_FLOW_NONE_OF_USER;
    }
    flow_state_issued(tx, &flow.id, tx->ctx->now_us);
    *auth_code = flow.auth_code;
    return P_OK;
}

static bool verifier_fits(struct arena *arena, const struct flow_state *flow, const char *verifier)
{
    if (strcmp(flow->code_challenge_method, "plain") == 0) {
        return ct_equal_text(flow->code_challenge, verifier);
    }
    uint8_t hash[SHA256_SIZE];
    digest_of(DIGEST_SHA256, verifier, strlen(verifier), hash);
    return ct_equal_text(flow->code_challenge, base64url_encode(arena, hash, sizeof hash));
}

enum problem pkce_flow_exchange(const struct realm *realm, struct tx *tx,
                                const struct client *client, const char *auth_code,
                                const char *verifier, struct issued_session *out)
{
    struct flow_state flow;
    *out = (struct issued_session){ 0 };
    if (!given(auth_code) || !given(verifier)) {
        return P_PKCE_EMPTY;
    }
    if (!flow_state_by_code(tx, auth_code, &flow) || !flow.auth_code_issued_at ||
        !user_by_id(tx, &flow.user_id, &out->account.user) || out->account.user.deleted_at) {
        return P_FLOW_NOT_FOUND;
    }
    if (tx->ctx->now_us > flow.auth_code_issued_at + realm->config->accounts.flow_expiry_us) {
        return P_FLOW_EXPIRED;
    }
    if (!verifier_fits(tx->ctx->arena, &flow, verifier)) {
        return P_VERIFIER_WRONG;
    }
    flow_state_delete(tx, &flow.id);
    if (out->account.user.banned_until > tx->ctx->now_us) {
        return P_LOGIN_BANNED;
    }
    audit_by_user(realm, tx, &out->account.user, AUDIT_LOGIN, NULL,
                  TRAITS({ "provider_type", flow.provider_type }));
    session_open(realm, tx, client, flow.authentication_method, out);
    return P_OK;
}
