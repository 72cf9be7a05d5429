/* recovery_codes.c: making and using recovery codes, see recovery_codes.h. */
#include "domain/recovery_codes.h"

#include "factor/methods.h"

#include "crypto/base32.h"
#include "domain/audit_event.h"
#include "domain/lockout.h"
#include "domain/notice.h"
#include "domain/attempt_origin.h"
#include "domain/session.h"
#include "domain/failed_attempt.h"
#include "domain/request.h"

#include <string.h>

enum { CODE_BYTES = 10, CODE_TEXT = 16, NAME_MAX_BYTES = 1020 /* 255 characters */ };

static const char method[] = RECOVERY_CODE_METHOD, type[] = RECOVERY_CODE_TYPE;

/* Keyed with the set's id: a code is good in its own set alone. */
static const char *hash_of(const struct realm *realm, struct arena *arena,
                           const struct uuid *set_id, const char *code)
{
    char id[UUID_TEXT];
    uint8_t mac[SHA256_SIZE];
    const char *text = arena_printf(arena, "recovery code %s %s", uuid_format(set_id, id), code);
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, text, strlen(text), mac);
    return hex_encode(mac, sizeof mac, arena_alloc(arena, 2 * SHA256_SIZE + 1));
}

static const char *random_code(struct ctx *ctx)
{
    uint8_t bytes[CODE_BYTES]; /* 80 bits */
    entropy_bytes(ctx->entropy, bytes, sizeof bytes);
    char *code = base32_encode(ctx->arena, bytes, sizeof bytes);
    explicit_bzero(bytes, sizeof bytes);
    for (char *p = code; *p; p++) {
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 'a' - 'A' : *p);
    }
    return code;
}

static enum problem load(struct tx *tx, const struct subject *subject, struct user *user,
                         struct session *session)
{
    if (!user_by_id(tx, &subject->user_id, user)) {
        return P_JWT_USER_NOT_FOUND;
    }
    return session_by_id(tx, &subject->session_id, session) &&
                   uuid_equal(&session->user_id, &user->id)
               ? P_OK
               : P_JWT_SESSION_NOT_FOUND;
}

static enum problem check_making(const struct realm *realm, struct tx *tx,
                                 const struct subject *subject, const struct session *session,
                                 const char *name, bool again, bool exists)
{
    if (!realm->config->mfa.recovery_enroll) {
        return P_RECOVERY_ENROLL_OFF;
    }
    if (!aal_is_2(aal_of_request(subject->aal, session))) {
        return ctx_fail(tx->ctx, P_RECOVERY_NEEDS_AAL2, again ? "regenerate" : "generate");
    }
    if (again != exists) {
        return exists ? P_RECOVERY_EXISTS : P_RECOVERY_NONE;
    }
    if (!factor_any_verified(tx, &session->user_id)) {
        return P_RECOVERY_SOLE;
    }
    if (strlen(name) > NAME_MAX_BYTES) {
        return ctx_fail(tx->ctx, P_TEXT_TOO_LONG,
                        "friendly_name cannot be longer than 255 characters");
    }
    return mfa_fresh(realm, tx, session);
}

enum problem recovery_make(const struct realm *realm, struct tx *tx, const struct subject *subject,
                           const char *friendly_name, bool again, struct new_codes *out)
{
    struct user user;
    struct session session;
    enum problem problem = load(tx, subject, &user, &session);
    if (problem) {
        return problem;
    }
    bool exists = recovery_set_of(tx, &user.id, &out->set);
    const char *name = friendly_name && *friendly_name ? friendly_name : "Recovery codes";
    problem = check_making(realm, tx, subject, &session, name, again, exists);
    if (problem) {
        return problem;
    }
    if (!exists) {
        out->set = (struct recovery_set){
            .id = uuid_v4(tx->ctx->entropy),
            .user_id = user.id,
            .friendly_name = name,
            .created_at = tx->ctx->now_us,
        };
        recovery_set_insert(tx, &out->set);
    } else { /* what the old codes earned goes with them, but for who makes the new ones */
        amr_drop_factor(tx, &user.id, &out->set.id, method, &session.id);
    }
    recovery_codes_delete(tx, &user.id);
    for (int i = 0; i < RECOVERY_CODES; i++) {
        out->codes[i] = random_code(tx->ctx);
        recovery_code_insert(tx, &user.id,
                             hash_of(realm, tx->ctx->arena, &out->set.id, out->codes[i]));
    }
    out->set.failures = 0;
    out->set.locked_until = 0;
    step_guards_clear(tx, &user.id, &out->set.id);
    recovery_set_save(tx, &out->set);
    out->set.total = out->set.remaining = RECOVERY_CODES;
    char id[UUID_TEXT];
    audit_by_user(realm, tx, &user, AUDIT_FACTOR_IN_PROGRESS, subject->client->ip,
                  TRAITS({ "factor_id", uuid_format(&out->set.id, id) }, { "factor_type", type }));
    notify_of_factor(realm, tx, &user, MAIL_FACTOR_ENROLLED, type);
    return P_OK;
}

enum problem recovery_show(struct tx *tx, const struct uuid *user_id, struct recovery_set *out)
{
    return recovery_set_of(tx, user_id, out) ? P_OK : P_RECOVERY_NONE;
}

/* As people copy them: in any case, with blanks or hyphens. "" if it is too long. */
static const char *clean(struct arena *arena, const char *code)
{
    char *text = arena_alloc(arena, CODE_TEXT + 1);
    size_t n = 0;
    for (; *code; code++) {
        if (strchr(" -\t\r\n", *code)) {
            continue;
        }
        if (n == CODE_TEXT) {
            return "";
        }
        text[n++] = (char)(*code >= 'A' && *code <= 'Z' ? *code + 'a' - 'A' : *code);
    }
    text[n] = '\0';
    return text;
}

/* The user should hear of it: whoever finds the list of codes can do it too. */
static void tell_of_use(const struct realm *realm, struct tx *tx, const struct subject *subject,
                        const struct user *user, const struct recovery_set *set)
{
    char id[UUID_TEXT];
    const char *left = arena_printf(tx->ctx->arena, "%d", (int)set->remaining);
    struct mail mail = {
        .kind = MAIL_RECOVERY_CODE_USED, .to = user->email, .factor_type = type, .remaining = left
    };
    audit_by_user(realm, tx, user, AUDIT_RECOVERY_CODE_USED, subject->client->ip,
                  TRAITS({ "factor_id", uuid_format(&set->id, id) }, { "remaining", left }));
    notify(realm, tx, user, &mail);
}

static void raise(const struct realm *realm, struct tx *tx, const struct subject *subject,
                  const struct recovery_set *set, struct issued_session *out)
{
    struct session *s = &out->session;
    char id[UUID_TEXT];
    amr_earn(tx, &s->id, method, &set->id);
    s->aal = "aal2";
    s->factor_id = set->id;
    session_raise(realm, tx, s, &out->refresh_token);
    session_save(tx, s);
    sessions_delete_low(tx, &s->user_id, &s->id);
    audit_by_user(realm, tx, &out->account.user, AUDIT_VERIFICATION_ATTEMPTED, subject->client->ip,
                  TRAITS({ "factor_id", uuid_format(&set->id, id) }, { "factor_type", type }));
    tell_of_use(realm, tx, subject, &out->account.user, set);
    out->refresh_version = s->refresh_key ? 2 : 1;
    out->method = method;
    issued_session_load(tx, out);
}

/* The tries that count are the set's, or those of where the request comes from. Nobody guesses 80
 * bits, so there are only pauses. */
static struct tries tries_of(const struct recovery_set *set, const struct attempt_origin *origin)
{
    return origin->name
               ? origin->tries
               : (struct tries){ .failures = set->failures, .locked_until = set->locked_until };
}

static void save_tries(struct tx *tx, struct recovery_set *set, const struct attempt_origin *origin,
                       const struct tries *tries)
{
    if (origin->name) {
        step_guard_put(tx, &set->user_id, &set->id, origin->name, tries);
    } else {
        set->failures = tries->failures;
        set->locked_until = tries->locked_until;
    }
    recovery_set_save(tx, set);
}

static void record_failure(const struct realm *realm, struct tx *tx, const struct subject *subject,
                           struct recovery_set *set, const struct issued_session *issued,
                           const struct attempt_origin *origin)
{
    struct tries tries = tries_of(set, origin);
    int64_t before = failed_attempts_before(tx, &issued->session, issued->amr, issued->n_amr);
    lockout_pause(realm, tx->ctx, &tries.failures, &tries.locked_until);
    save_tries(tx, set, origin, &tries);
    struct failed_attempt wrong = {
        .user = &issued->account.user,
        .session = &issued->session,
        .ip = subject->client->ip,
        .factor_id = &set->id,
        .factor_type = type,
        .guessable = true,
        .verified = true,
        .failures = tries.failures,
        .locked_until = tries.locked_until,
        .before = before,
    };
    record_failed_attempt(realm, tx, &wrong);
    tx_commit_on_error(tx);
}

enum problem recovery_use(const struct realm *realm, struct tx *tx, const struct subject *subject,
                          const char *code, struct issued_session *out)
{
    struct recovery_set set;
    *out = (struct issued_session){ 0 };
    if (!realm->config->mfa.recovery_verify) {
        return P_RECOVERY_VERIFY_OFF;
    }
    enum problem problem = load(tx, subject, &out->account.user, &out->session);
    if (problem) {
        return problem;
    }
    const char *typed = clean(tx->ctx->arena, code ? code : "");
    if (!code || !code[strspn(code, " -\t\r\n")]) {
        return P_CODE_EMPTY;
    }
    if (!recovery_set_of(tx, &out->account.user.id, &set) ||
        !factor_any_verified(tx, &set.user_id)) { /* they stand in for one (row U3) */
        return P_RECOVERY_NONE;
    }
    out->n_amr = amr_of(tx, &out->session.id, out->amr);
    const struct request_proof proof = {
        .user_id = &set.user_id,
        .subject_id = &set.id,
        .aal = aal_of_request(subject->aal, &out->session),
        .amr = out->amr,
        .n_amr = out->n_amr,
        .ip = subject->client->ip,
    };
    struct attempt_origin origin = attempt_origin_of(realm, tx, &proof);
    struct tries tries = tries_of(&set, &origin);
    if (lockout_left(realm, tx->ctx, &tries)) {
        return P_RECOVERY_LOCKED;
    }
    bool right = *typed && recovery_code_use(tx, &set.user_id,
                                             hash_of(realm, tx->ctx->arena, &set.id, typed));
    request_attempt(tx->ctx, &set.id, type, right);
    if (!right) {
        record_failure(realm, tx, subject, &set, out, &origin);
        return P_RECOVERY_WRONG;
    }
    set.remaining--;
    lockout_after_success(&out->session.id, &tries);
    save_tries(tx, &set, &origin, &tries);
    attempt_origin_proved(tx, &set.user_id, &origin);
    raise(realm, tx, subject, &set, out);
    return P_OK;
}

enum problem recovery_remove(const struct realm *realm, struct tx *tx,
                             const struct subject *subject, struct uuid *id)
{
    struct user user;
    struct session session;
    struct recovery_set set;
    enum problem problem = load(tx, subject, &user, &session);
    if (problem) {
        return problem;
    }
    if (!recovery_set_of(tx, &user.id, &set)) {
        return P_RECOVERY_NONE;
    }
    if (!aal_is_2(aal_of_request(subject->aal, &session))) {
        return ctx_fail(tx->ctx, P_RECOVERY_NEEDS_AAL2, "unenroll");
    }
    problem = mfa_fresh(realm, tx, &session);
    if (problem) {
        return problem;
    }
    recovery_set_delete(tx, &user.id);
    step_guards_clear(tx, &user.id, &set.id);
    amr_drop_factor(tx, &user.id, &set.id, method, NULL);
    *id = set.id;
    char text[UUID_TEXT];
    audit_by_user(realm, tx, &user, AUDIT_FACTOR_UNENROLLED, subject->client->ip,
                  TRAITS({ "factor_id", uuid_format(&set.id, text) },
                         { "factor_status", "verified" }, { "factor_type", type }));
    notify_of_factor(realm, tx, &user, MAIL_FACTOR_UNENROLLED, type);
    return P_OK;
}
