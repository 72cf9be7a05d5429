/* mfa.c: enrolling, challenging and removing factors; verification is in mfa_verify.c. */
#include "domain/mfa.h"
#include "domain/mfa_parts.h"

#include "domain/address.h"
#include "domain/audit_event.h"
#include "domain/first_proof.h"
#include "domain/notice.h"
#include "domain/attempt_origin.h"
#include "store/recovery_sets.h"
#include "store/step_guards.h"
#include "domain/request.h"
#include "factor/methods.h"

#include <string.h>

size_t mfa_name_length(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return n;
}

const struct factor_kind *factor_kind_of(const struct realm *realm, const char *type)
{
    for (int i = 0; realm->kinds[i]; i++) {
        if (strcmp(realm->kinds[i]->type, type) == 0) {
            return realm->kinds[i];
        }
    }
    return NULL;
}

enum problem factor_kind_usable(const struct realm *realm, const struct factor_kind *kind)
{
    if (!kind) {
        return P_WEBAUTHN_VERIFY_OFF; /* the words of the kind that comes last */
    }
    return kind->verify_on(realm->config) ? P_OK : kind->verify_off;
}

const char *factor_method(const struct realm *realm, struct arena *arena, const char *type)
{
    const struct factor_kind *kind = factor_kind_of(realm, type);
    return kind ? kind->method : arena_printf(arena, METHOD_PREFIX "%s", type);
}

static bool has_number(const struct factor *factor, const char *phone)
{
    return phone && factor->phone && strcmp(factor->phone, phone) == 0;
}

/* Row E6 holds within a session, as clients rely on it; what another session began and nobody
 * finished keeps the name from nobody (security.md S15). */
static bool gives_way(struct tx *tx, const struct session *session, const struct factor *factor,
                      const char *phone)
{
    if (factor_is_verified(factor)) {
        return false;
    }
    if (has_number(factor, phone)) { /* row E8 */
        return true;
    }
    struct uuid in = factor_enrolled_in(tx, &factor->id);
    return !uuid_equal(&in, &session->id);
}

/* For one more: the unverified one that has the name or the number goes, then the oldest ones. */
static void make_room(struct tx *tx, struct factor *list, int n, const struct factor *named,
                      const char *phone, double max)
{
    int left = 0;
    for (int i = 0; i < n; i++) {
        bool same = &list[i] == named || has_number(&list[i], phone);
        if (same && !factor_is_verified(&list[i])) {
            factor_delete(tx, &list[i].id);
        } else {
            list[left++] = list[i];
        }
    }
    for (int i = 0, over = left + 1; i < left && over > max; i++) { /* oldest first */
        if (!factor_is_verified(&list[i])) {
            factor_delete(tx, &list[i].id);
            over--;
        }
    }
}

static enum problem check_limits(const struct realm *realm, struct tx *tx,
                                 const struct subject *subject, const struct session *session,
                                 const char *name, const char *phone)
{
    const struct config *config = realm->config;
    struct factor *list;
    const struct factor *named = NULL;
    int n = factors_of(tx, &subject->user_id, &list), verified = 0;
    for (int i = 0; i < n; i++) {
        named = strcmp(list[i].friendly_name, name) == 0 ? &list[i] : named;
        verified += factor_is_verified(&list[i]);
    }
    if (named && !gives_way(tx, session, named, phone)) {
        return ctx_fail(tx->ctx, P_FACTOR_NAME_TAKEN, name);
    }
    if (verified >= config->mfa.max_factors || verified >= config->mfa.max_verified) {
        return P_FACTORS_TOO_MANY;
    }
    if (verified && !aal_is_2(aal_of_request(subject->aal, session))) {
        return P_ENROLL_NEEDS_AAL2;
    }
    enum problem problem = verified ? mfa_fresh(realm, tx, session) : P_OK;
    if (!problem) {
        make_room(tx, list, n, named, phone, config->mfa.max_factors);
    }
    return problem;
}

static enum problem check_labels(struct ctx *ctx, const struct enroll_request *in)
{
    if (mfa_name_length(in->friendly_name) > NAME_MAX_CHARS) {
        return ctx_fail(ctx, P_TEXT_TOO_LONG, "friendly_name cannot be longer than 255 characters");
    }
    if (in->issuer && mfa_name_length(in->issuer) > NAME_MAX_CHARS) {
        return ctx_fail(ctx, P_TEXT_TOO_LONG, "issuer cannot be longer than 255 characters");
    }
    return P_OK;
}

/* The user and the session as they are now: the token was checked before the transaction. */
static enum problem load_subject(struct tx *tx, const struct subject *subject, struct user *user,
                                 struct session *session, enum problem no_session)
{
    if (!user_by_id(tx, &subject->user_id, user)) {
        return P_JWT_USER_NOT_FOUND;
    }
    if (uuid_is_nil(&subject->session_id)) {
        return no_session;
    }
    if (!session_by_id(tx, &subject->session_id, session) ||
        !uuid_equal(&session->user_id, &user->id)) {
        return P_JWT_SESSION_NOT_FOUND;
    }
    return P_OK;
}

enum problem mfa_fresh(const struct realm *realm, struct tx *tx, const struct session *session)
{
    int64_t fresh_us = realm->config->mfa.fresh_us;
    return fresh_us && tx->ctx->now_us - session->mfa_at > fresh_us ? P_MFA_NOT_FRESH : P_OK;
}

static enum problem check_enrollment(const struct realm *realm, struct tx *tx,
                                     const struct factor_kind *kind,
                                     const struct enroll_request *in)
{
    if (!kind) {
        return P_FACTOR_TYPE_UNKNOWN;
    }
    if (!kind->enroll_on(realm->config)) {
        return kind->enroll_off;
    }
    return check_labels(tx->ctx, in);
}

enum problem mfa_enroll(const struct realm *realm, struct tx *tx, const struct subject *subject,
                        const char *type, const struct enroll_request *in, struct enrollment *out)
{
    struct ctx *ctx = tx->ctx;
    struct user user;
    struct session session;
    enum problem problem = load_subject(tx, subject, &user, &session, P_ENROLL_NO_SESSION);
    const struct factor_kind *kind = factor_kind_of(realm, type);
    if (!problem) {
        problem = check_enrollment(realm, tx, kind, in);
    }
    if (problem || !kind) {
        return problem;
    }
    const char *number = NULL;
    problem = kind->prepare ? kind->prepare(tx, &user, in, &number) : P_OK;
    if (problem) {
        return problem;
    }
    factors_sweep(tx, &user.id, ctx->now_us - realm->config->mfa.factor_ttl_us,
                  ctx->now_us - (int64_t)realm->config->mfa.challenge_ttl_s * US_PER_S);
    problem = check_limits(realm, tx, subject, &session, in->friendly_name, number);
    if (problem) {
        tx_commit_on_error(tx); /* the sweep */
        return problem;
    }
    out->factor = (struct factor){
        .id = uuid_v4(ctx->entropy),
        .user_id = user.id,
        .friendly_name = in->friendly_name,
        .type = kind->type,
        .status = "unverified",
        .secret = "",
        .created_at = ctx->now_us,
    };
    problem = kind->enroll(realm, tx, &user, in, out);
    if (!problem && first_proof_was(tx, &session, &user, out->factor.phone)) {
        problem = P_FACTOR_NOT_INDEPENDENT;
    }
    if (problem) {
        return problem;
    }
    factor_insert(tx, &out->factor);
    factor_enrolled_put(tx, &out->factor.id, &session.id);
    char id[UUID_TEXT];
    audit_by_user(realm, tx, &user, AUDIT_FACTOR_IN_PROGRESS, subject->client->ip,
                  TRAITS({ "factor_id", uuid_format(&out->factor.id, id) },
                         { kind->unnamed ? NULL : "factor_type", kind->type }));
    return P_OK;
}

enum problem mfa_own_factor(struct tx *tx, const struct uuid *user_id, const struct uuid *factor_id,
                            struct factor *out)
{
    bool found = factor_by_id(tx, factor_id, out) && uuid_equal(&out->user_id, user_id);
    return found ? P_OK : P_FACTOR_NOT_FOUND;
}

/* No code goes out that would not count (security.md S9). */
static enum problem check_number(struct tx *tx, const struct subject *subject,
                                 const struct user *user, const struct factor *factor)
{
    struct session session = { .id = subject->session_id };
    return !uuid_is_nil(&session.id) && first_proof_was(tx, &session, user, factor->phone)
               ? P_FACTOR_NOT_INDEPENDENT
               : P_OK;
}

/* security.md S15: who knows only the password must not use up the owner's codes. */
static bool asked_by_owner(const struct realm *realm, struct tx *tx, const struct subject *subject,
                           const struct factor *factor)
{
    struct session session;
    struct amr amr[AMR_MAX];
    if (!factor->phone || !factor_is_verified(factor) || uuid_is_nil(&subject->session_id)) {
        return false;
    }
    session_prefetch(tx, &subject->session_id);
    amr_prefetch(tx, &subject->session_id);
    attempt_origin_prefetch(tx, &subject->user_id, &factor->id);
    bool found = session_by_id(tx, &subject->session_id, &session);
    const struct request_proof proof = {
        .user_id = &subject->user_id,
        .subject_id = &factor->id,
        .aal = aal_of_request(subject->aal, found ? &session : NULL),
        .amr = amr,
        .n_amr = amr_of(tx, &subject->session_id, amr),
        .ip = subject->client->ip,
    };
    return attempt_origin_of(realm, tx, &proof).name != NULL;
}

enum problem mfa_challenge(const struct realm *realm, struct tx *tx, const struct subject *subject,
                           const struct uuid *factor_id, const struct challenge_request *in,
                           struct opened_challenge *out)
{
    struct ctx *ctx = tx->ctx;
    struct user user;
    struct factor factor;
    if (!user_by_id(tx, &subject->user_id, &user)) {
        return P_JWT_USER_NOT_FOUND;
    }
    enum problem problem = mfa_own_factor(tx, &user.id, factor_id, &factor);
    if (problem) {
        return problem;
    }
    const struct factor_kind *kind = factor_kind_of(realm, factor.type);
    problem = factor_kind_usable(realm, kind);
    if (problem) {
        return problem;
    }
    struct challenge challenge = {
        .id = uuid_v7(ctx->entropy, ctx->now_us),
        .factor_id = factor.id,
        .created_at = ctx->now_us,
        .ip = subject->client->ip,
        .otp = "",
    };
    const char *shown = NULL;
    struct challenge_request asked = *in;
    asked.of_owner = asked_by_owner(realm, tx, subject, &factor);
    problem = check_number(tx, subject, &user, &factor);
    if (!problem && kind->challenge) {
        problem = kind->challenge(realm, tx, &user, &factor, &asked, &challenge, &shown);
    }
    if (problem) {
        return problem;
    }
    factor_challenged(tx, &factor.id, ctx->now_us); /* first: else two servers deadlock (§6.3) */
    challenge_insert(tx, &challenge);
    int64_t life_us = (int64_t)realm->config->mfa.challenge_ttl_s * US_PER_S;
    if (factor.last_challenged_at && ctx->now_us - factor.last_challenged_at < life_us) {
        challenges_trim(tx, &challenge, factor.last_challenged_at);
    }
    char id[UUID_TEXT];
    audit_by_user(
        realm, tx, &user, AUDIT_CHALLENGE_CREATED, subject->client->ip,
        TRAITS({ "factor_id", uuid_format(&factor.id, id) }, { "factor_status", factor.status }));
    *out = (struct opened_challenge){
        .id = challenge.id,
        .type = factor.type,
        .expires_at_s = ctx->now_us / US_PER_S + (int64_t)realm->config->mfa.challenge_ttl_s,
        .shown = shown,
    };
    return P_OK;
}

void mfa_remove_codes(struct tx *tx, const struct user *user, const struct uuid *set_id)
{
    recovery_set_delete(tx, &user->id);
    step_guards_clear(tx, &user->id, set_id);
    amr_drop_factor(tx, &user->id, set_id, RECOVERY_CODE_METHOD, NULL);
}

void mfa_remove_factor(const struct realm *realm, struct tx *tx, const struct user *user,
                       const struct factor *factor, const char *ip)
{
    struct factor codes;
    char id[UUID_TEXT];
    factor_delete(tx, &factor->id);
    step_guards_clear(tx, &user->id, &factor->id);
    amr_drop_factor(tx, &user->id, &factor->id, factor_method(realm, tx->ctx->arena, factor->type),
                    NULL);
    if (factor_any_verified(tx, &user->id) || !recovery_set_as_factor(tx, &user->id, &codes)) {
        return;
    }
    mfa_remove_codes(tx, user, &codes.id);
    audit_by_user(realm, tx, user, AUDIT_FACTOR_UNENROLLED, ip,
                  TRAITS({ "factor_id", uuid_format(&codes.id, id) },
                         { "factor_status", codes.status }, { "factor_type", codes.type }));
}

enum problem mfa_unenroll(const struct realm *realm, struct tx *tx, const struct subject *subject,
                          const struct uuid *factor_id)
{
    struct user user;
    struct session session;
    struct factor factor;
    if (!user_by_id(tx, &subject->user_id, &user)) {
        return P_JWT_USER_NOT_FOUND;
    }
    enum problem problem = mfa_own_factor(tx, &user.id, factor_id, &factor);
    if (!problem) {
        problem = load_subject(tx, subject, &user, &session, P_UNENROLL_NO_SESSION);
    }
    if (problem) {
        return problem;
    }
    if (factor_is_verified(&factor) && !aal_is_2(aal_of_request(subject->aal, &session))) {
        return P_UNENROLL_NEEDS_AAL2;
    }
    problem = factor_is_verified(&factor) ? mfa_fresh(realm, tx, &session) : P_OK;
    if (problem) {
        return problem;
    }
    mfa_remove_factor(realm, tx, &user, &factor, subject->client->ip);
    char id[UUID_TEXT], session_id[UUID_TEXT];
    audit_by_user(realm, tx, &user, AUDIT_FACTOR_UNENROLLED, subject->client->ip,
                  TRAITS({ "factor_id", uuid_format(&factor.id, id) },
                         { "factor_status", factor.status },
                         { "session_id", uuid_format(&session.id, session_id) }));
    /* one that was never verified protected nothing; the official server tells of it all the same
     */
    if (factor_is_verified(&factor) ||
        realm->config->mail.notify_mfa_factor_unenrolled == SWITCH_ON) {
        notify_of_factor(realm, tx, &user, MAIL_FACTOR_UNENROLLED, factor.type);
    }
    return P_OK;
}
