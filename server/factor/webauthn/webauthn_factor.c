/* webauthn_factor.c: security keys and passkeys as a kind of factor (mfa.md rows E5, C5,
 * V13, B7; internals.md §6.5). A challenge answers only the ceremony that it was made
 * for: a registration for a new factor, an assertion for a verified one. */
#include "factor/webauthn/assertion.h"
#include "base/deferred.h"
#include "factor/methods.h"
#include "factor/webauthn/attestation.h"

#include <string.h>

extern const struct factor_kind webauthn_factor; /* named by factors.def */

static bool enroll_on(const struct config *config)
{
    return config->mfa.webauthn_enroll;
}

static bool verify_on(const struct config *config)
{
    return config->mfa.webauthn_verify;
}

static enum problem enroll(const struct realm *realm, struct tx *tx, const struct user *user,
                           const struct enroll_request *in, struct enrollment *out)
{
    (void)realm;
    (void)tx;
    (void)user;
    (void)in;
    (void)out; /* the key comes with the first verification */
    return P_OK;
}

static enum problem challenge(const struct realm *realm, struct tx *tx, const struct user *user,
                              struct factor *factor, const struct challenge_request *in,
                              struct challenge *out, const char **shown)
{
    (void)in;
    struct credential_list known = credentials_of(tx, &user->id);
    *shown = factor_is_verified(factor)
                 ? request_options(realm, tx->ctx, user, &known, &out->webauthn_data)
                 : creation_options(realm, tx->ctx, user, &known, &out->webauthn_data);
    return *shown && out->webauthn_data ? P_OK : P_UNEXPECTED;
}

static enum problem form(struct ctx *ctx, const struct proof *proof)
{
    struct answer answer;
    return answer_read(ctx, proof->credential, &answer);
}

static enum problem refuse(const struct factor_check *c, const char *fault)
{
    char id[UUID_TEXT];
    const struct log_field fields[] = {
        LOG_STR("factor_id", uuid_format(&c->factor->id, id)),
        LOG_STR("why", fault),
    };
    deferred_log(c->tx->ctx, DEFERRED_ALWAYS, LOG_WARN, "WebAuthn answer refused", fields, 2);
    return P_WEBAUTHN_WRONG;
}

/* WebAuthn §7.1. */
static enum problem register_key(struct factor_check *c, const struct ceremony *ceremony,
                                 const struct answer *answer)
{
    struct arena *arena = c->tx->ctx->arena;
    const char *fault = factor_is_verified(c->factor)
                            ? "the factor has a key already"
                            : registration_fault(c->realm->config, ceremony, answer);
    if (!fault &&
        factor_credential_known(c->tx, credential_id_text(arena, answer->data.credential_id))) {
        fault = "7.1.22: the key is registered already";
    }
    if (fault) {
        return refuse(c, fault);
    }
    c->credential = credential_write(arena, answer); /* step 23 */
    memcpy(c->factor->webauthn_aaguid.bytes, answer->data.aaguid, AAGUID);
    return P_OK;
}

/* WebAuthn §7.2. Any key of the user may answer; what follows is about the factor whose key did. */
static enum problem use_key(struct factor_check *c, const struct ceremony *ceremony,
                            const struct answer *answer)
{
    struct arena *arena = c->tx->ctx->arena;
    struct credential_list known = credentials_of(c->tx, &c->factor->user_id);
    const struct credential *key = credential_find(&known, answer->raw_id);
    const char *fault =
        !factor_is_verified(c->factor)
            ? "the factor has no key yet"
            : assertion_fault(arena, c->realm->config, ceremony, &c->factor->user_id, key, answer);
    if (fault) {
        return refuse(c, fault);
    }
    bool cloned = assertion_cloned(key, answer); /* step 21 */
    int64_t count = cloned ? key->sign_count : (int64_t)answer->data.sign_count;
    *c->factor = *key->factor;
    c->credential = credential_after(arena, key->factor, count, cloned, answer);
    if (cloned) { /* kept although the attempt fails: what a refused answer spends is committed */
        factor_save_webauthn(c->tx, &c->factor->id, c->credential, NULL,
                             &c->factor->webauthn_aaguid);
        return refuse(c, "7.2.21: the sign count did not rise: the key may have been copied");
    }
    return P_OK;
}

static enum problem check(struct factor_check *c)
{
    struct ctx *ctx = c->tx->ctx;
    struct answer answer;
    struct ceremony ceremony;
    enum problem problem = answer_read(ctx, c->proof->credential, &answer);
    if (problem) {
        return problem;
    }
    if (!ceremony_read(ctx->arena, c->challenge->webauthn_data, &c->factor->user_id, &ceremony)) {
        return refuse(c, "the challenge is of another user or unreadable");
    }
    problem = answer.creates ? register_key(c, &ceremony, &answer) : use_key(c, &ceremony, &answer);
    if (problem) {
        return problem;
    }
    c->challenge_data = challenge_record(ctx->arena, c, &answer);
    return c->credential && c->challenge_data ? P_OK : P_UNEXPECTED;
}

const struct factor_kind webauthn_factor = {
    .type = "webauthn",
    .method = METHOD_PREFIX "webauthn",
    .enroll_off = P_WEBAUTHN_ENROLL_OFF,
    .verify_off = P_WEBAUTHN_VERIFY_OFF,
    .enroll_on = enroll_on,
    .verify_on = verify_on,
    .wrong = P_WEBAUTHN_WRONG,
    .spends = true,
    .enroll = enroll,
    .challenge = challenge,
    .form = form,
    .check = check,
};
