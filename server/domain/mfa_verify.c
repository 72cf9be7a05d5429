/* mfa_verify.c: a code against a challenge: guessing stopped, single use, step-up (mfa.md
 * 4.4 and rows B1 to B4). One transaction; what a failed attempt counts is kept. */
#include "domain/audit_event.h"
#include "base/deferred.h"
#include "domain/first_factor.h"
#include "domain/first_proof.h"
#include "domain/lockout.h"
#include "domain/mfa.h"
#include "domain/notice.h"
#include "domain/attempt_origin.h"
#include "domain/session.h"
#include "domain/failed_attempt.h"
#include "domain/request.h"

#include <string.h>

struct attempt {
    const struct realm *realm;
    struct tx *tx;
    const struct subject *subject;
    struct factor factor;
    struct challenge challenge;
    struct factor_guard guard;
    struct attempt_origin origin; /* of a proof that is a code */
    struct tries *tries;          /* that count here: the guard's, or the origin's */
    struct user user;
    struct session session;
    bool factor_changed, tell, for_days; /* tell: of a new factor; for_days: it is locked so */
    int64_t wrong_before;
    bool beside;               /* the user has another verified factor */
    struct factor_check check; /* of the proof */
    struct amr amr[AMR_MAX];   /* of the session, and the user's factors, as they were before */
    int n_amr;
    struct account account;
};

static void measure_failure(const struct attempt *a)
{
    int64_t off_s = a->check.off_s;
    struct ctx *ctx = a->tx->ctx;
    deferred_count(ctx, DEFERRED_ALWAYS, METRIC_MFA_WRONG);
    if (a->check.clock == CLOCK_OFF) {
        deferred_observe(ctx, DEFERRED_ALWAYS, off_s < 0 ? METRIC_TOTP_SLOW : METRIC_TOTP_FAST,
                         off_s < 0 ? -off_s : off_s);
    } else if (a->check.clock == CLOCK_SET_RIGHT) {
        deferred_count(ctx, DEFERRED_ALWAYS, METRIC_TOTP_SET_RIGHT);
    }
}

static void log_failure(const struct attempt *a)
{
    char id[UUID_TEXT], user[UUID_TEXT];
    const struct tries *g = a->tries;
    const struct log_field fields[] = {
        LOG_STR("factor_id", uuid_format(&a->factor.id, id)),
        LOG_STR("user_id", uuid_format(&a->user.id, user)),
        LOG_INT("failures", g->failures),
        LOG_INT("device_off_s", a->check.off_s),
    };
    const char *text = g->locked_until               ? "wrong code; the factor is locked"
                       : a->check.clock == CLOCK_OFF ? "wrong code: the device's clock is off"
                       : a->check.clock == CLOCK_SET_RIGHT
                           ? "wrong code: the device's clock was set "
                             "right, its next code counts"
                           : "wrong code";
    deferred_log(a->tx->ctx, DEFERRED_ALWAYS, LOG_WARN, text, fields,
                 a->check.clock == CLOCK_OFF ? 4 : 3);
}

static void save_tries(struct attempt *a)
{
    if (a->tries == &a->origin.tries) {
        step_guard_put(a->tx, &a->user.id, &a->factor.id, a->origin.name, a->tries);
    } else {
        factor_guard_put(a->tx, &a->factor.id, &a->guard);
    }
}

/* Row B3: after so many wrong codes in a row the factor is locked, longer each time. */
static void count_failure(struct attempt *a)
{
    a->for_days = lockout_after_failure(a->realm, a->tx->ctx, &a->session.id, a->tries);
    save_tries(a);
    if (a->check.device) {
        totp_device_put(a->tx, &a->factor.id, a->check.device);
    }
    log_failure(a);
    measure_failure(a);
}

static void record_failure(struct attempt *a, const struct factor_kind *kind)
{
    if (kind->has_code) {
        count_failure(a);
    }
    const struct tries none = { 0 }, *tries = kind->has_code ? a->tries : &none;
    if (kind->spends) {
        challenge_delete(a->tx, &a->challenge.id);
    }
    struct failed_attempt wrong = {
        .user = &a->user,
        .session = &a->session,
        .ip = a->subject->client->ip,
        .factor_id = &a->factor.id,
        .challenge_id = &a->challenge.id,
        .factor_type = a->factor.type,
        .guessable = kind->has_code,
        .verified = factor_is_verified(&a->factor),
        .failures = tries->failures,
        .locked_until = tries->locked_until,
        .for_days = a->for_days,
        .before = a->wrong_before,
    };
    record_failed_attempt(a->realm, a->tx, &wrong);
    tx_commit_on_error(a->tx);
}

/* Whose tries count: before there is a verified factor there is nothing to tell people apart by. */
static enum problem check_lock(struct attempt *a, bool code)
{
    a->guard = factor_guard_of(a->tx, &a->factor.id);
    a->tries = &a->guard.tries;
    const struct request_proof proof = {
        .user_id = &a->user.id,
        .subject_id = &a->factor.id,
        .aal = aal_of_request(a->subject->aal, &a->session),
        .amr = a->amr,
        .n_amr = a->n_amr,
        .ip = a->subject->client->ip,
    };
    a->origin = attempt_origin_of(a->realm, a->tx, &proof);
    if (factor_is_verified(&a->factor) && a->origin.name) {
        a->tries = &a->origin.tries;
    }
    if (code && lockout_left(a->realm, a->tx->ctx, a->tries)) {
        deferred_count(a->tx->ctx, DEFERRED_ALWAYS, METRIC_MFA_LOCKED);
        return P_FACTOR_LOCKED;
    }
    return P_OK;
}

/* Rows V2 to V4. */
static enum problem check_challenge(struct attempt *a, const struct uuid *id)
{
    struct tx *tx = a->tx;
    if (!challenge_by_id(tx, id, &a->challenge) ||
        !uuid_equal(&a->challenge.factor_id, &a->factor.id)) {
        return P_CHALLENGE_NOT_FOUND;
    }
    if (a->challenge.verified_at ||
        strcmp(a->challenge.ip ? a->challenge.ip : "", a->subject->client->ip) != 0) {
        return P_CHALLENGE_SPENT;
    }
    int64_t life_us = (int64_t)a->realm->config->mfa.challenge_ttl_s * US_PER_S;
    if (tx->ctx->now_us > a->challenge.created_at + life_us) {
        char text[UUID_TEXT];
        challenge_delete(tx, id);
        tx_commit_on_error(tx);
        return ctx_fail(tx->ctx, P_CHALLENGE_EXPIRED,
                        arena_strdup(tx->ctx->arena, uuid_format(id, text)));
    }
    return P_OK;
}

static enum problem check_proof(struct attempt *a, const struct factor_kind *kind,
                                const struct proof *proof)
{
    struct factor_check check = {
        .realm = a->realm,
        .tx = a->tx,
        .factor = &a->factor,
        .challenge = &a->challenge,
        .proof = proof,
        .guard = &a->guard,
    };
    enum problem problem = kind->check(&check);
    a->check = check;
    a->factor_changed = check.factor_changed;
    bool wrong = problem && (problem == kind->wrong || check.wrong);
    if (!problem || wrong) {
        request_attempt(a->tx->ctx, &a->factor.id, a->factor.type, !wrong);
    }
    if (wrong) {
        record_failure(a, kind);
    }
    return problem;
}

/* What is answered; read anew if other factors went or this one was changed. */
static void show(struct attempt *a, bool anew, struct issued_session *out)
{
    out->account = a->account;
    out->account.user = a->user;
    out->session = a->session;
    out->refresh_version = a->session.refresh_key ? 2 : 1;
    out->method = factor_method(a->realm, a->tx->ctx->arena, a->factor.type);
    memcpy(out->amr, a->amr, sizeof out->amr);
    out->n_amr = a->n_amr;
    if (anew) {
        db_last(a->tx);
        out->account.n_factors = factors_of(a->tx, &a->user.id, &out->account.factors);
    }
}

static void save_factor(struct attempt *a, bool first)
{
    bool own = a->tries == &a->origin.tries;
    if (a->tries && (a->tries->failures || a->tries->spent)) {
        lockout_after_success(&a->session.id, a->tries);
        if (own) {
            save_tries(a);
        }
    }
    factor_guard_put(a->tx, &a->factor.id, &a->guard);
    attempt_origin_proved(a->tx, &a->user.id, &a->origin);
    if (first || a->factor_changed) {
        a->factor.status = "verified";
        factor_save(a->tx, &a->factor);
    }
    if (a->check.device) {
        totp_device_put(a->tx, &a->factor.id, a->check.device);
    }
    if (a->check.credential || a->check.challenge_data) {
        factor_save_webauthn(a->tx, &a->factor.id, a->check.credential, a->check.challenge_data,
                             &a->factor.webauthn_aaguid);
    }
}

static struct mail enrolled(const struct attempt *a)
{
    return (struct mail){ .kind = MAIL_FACTOR_ENROLLED,
                          .to = a->user.email,
                          .factor_type = a->factor.type };
}

/* All that the attempt reads, asked for in one round trip. */
static void prefetch_all(struct attempt *a, const struct factor_kind *kind,
                         const struct uuid *challenge_id)
{
    struct tx *tx = a->tx;
    factor_guard_prefetch(tx, &a->factor.id);
    attempt_origin_prefetch(tx, &a->user.id, &a->factor.id);
    if (kind->prefetch) {
        kind->prefetch(tx, &a->factor);
    }
    challenge_prefetch(tx, challenge_id);
    amr_prefetch(tx, &a->session.id);
    if (a->factor.phone) {
        first_proof_prefetch(tx, &a->session.id);
    }
    account_prefetch(tx, &a->user.id);
    if (!factor_is_verified(&a->factor)) {
        notice_prefetch(a->realm, tx, &a->user, MAIL_FACTOR_ENROLLED);
    } else if (kind->has_code) {
        failed_attempts_before_prefetch(tx, &a->session);
    }
}

/* Rows V7 to V10. */
static enum problem settle(struct attempt *a, struct issued_session *out)
{
    struct tx *tx = a->tx;
    struct session *s = &a->session;
    if (!challenge_claim(tx, &a->challenge.id)) {
        return P_CHALLENGE_SPENT;
    }
    session_raise(a->realm, tx, s, &out->refresh_token);
    bool first = !factor_is_verified(&a->factor), alone = a->account.n_factors == 1;
    save_factor(a, first);
    amr_earn(tx, &s->id, factor_method(a->realm, tx->ctx->arena, a->factor.type), &a->factor.id);
    a->n_amr = amr_with(a->amr, a->n_amr, factor_method(a->realm, tx->ctx->arena, a->factor.type),
                        tx->ctx->now_us);
    s->aal = aal_of(a->amr, a->n_amr);
    s->factor_id = a->factor.id;
    session_save(tx, s);
    sessions_delete_low(tx, &a->user.id, &s->id);
    if (first && !a->beside) {
        first_factor_voids(tx, &a->user);
    } else if (!alone) { /* once this one is verified itself */
        factors_delete_unverified(tx, &a->user.id, a->factor.type);
    }
    char factor[UUID_TEXT], challenge[UUID_TEXT];
    audit_by_user(a->realm, tx, &a->user, AUDIT_VERIFICATION_ATTEMPTED, a->subject->client->ip,
                  TRAITS({ "challenge_id", uuid_format(&a->challenge.id, challenge) },
                         { "factor_id", uuid_format(&a->factor.id, factor) },
                         { "factor_type", a->factor.type }));
    if (a->tell) { /* row V11 */
        struct mail mail = enrolled(a);
        notice_send(a->realm, tx, &a->user, &mail);
    }
    deferred_count(tx->ctx, DEFERRED_IF_COMMITTED, METRIC_MFA_ACCEPTED);
    show(a, !alone || first || a->factor_changed || a->check.credential, out);
    return P_OK;
}

static enum problem find_all(struct attempt *a, const struct uuid *factor_id)
{
    const struct subject *h = a->subject;
    user_prefetch(a->tx, &h->user_id);
    factor_prefetch(a->tx, factor_id);
    session_prefetch(a->tx, &h->session_id);
    if (!user_by_id(a->tx, &h->user_id, &a->user)) {
        return P_JWT_USER_NOT_FOUND;
    }
    if (!factor_by_id(a->tx, factor_id, &a->factor) ||
        !uuid_equal(&a->factor.user_id, &a->user.id)) {
        return P_FACTOR_NOT_FOUND;
    }
    if (!session_by_id(a->tx, &h->session_id, &a->session) ||
        !uuid_equal(&a->session.user_id, &a->user.id)) {
        return P_JWT_SESSION_NOT_FOUND;
    }
    return P_OK;
}

/* security.md S6: a further factor counts once one was shown; S9: not what was shown already. */
static enum problem may_raise(struct attempt *a)
{
    a->account.user = a->user;
    account_load(a->tx, &a->account);
    a->beside = factor_beside(a->account.factors, a->account.n_factors, &a->factor.id);
    if (!factor_is_verified(&a->factor) && a->beside &&
        !aal_is_2(aal_of_request(a->subject->aal, &a->session))) {
        return P_VERIFY_NEEDS_AAL2;
    }
    return first_proof_was(a->tx, &a->session, &a->user, a->factor.phone) ? P_FACTOR_NOT_INDEPENDENT
                                                                          : P_OK;
}

enum problem mfa_verify(const struct realm *realm, struct tx *tx, const struct subject *subject,
                        const struct uuid *factor_id, const struct proof *proof,
                        struct issued_session *out)
{
    struct attempt a = { .realm = realm, .tx = tx, .subject = subject };
    *out = (struct issued_session){ 0 };
    enum problem problem = find_all(&a, factor_id);
    if (problem) {
        return problem;
    }
    const struct factor_kind *kind = factor_kind_of(realm, a.factor.type);
    problem = factor_kind_usable(realm, kind);
    if (problem) {
        return problem;
    }
    if (kind->has_code && (!proof->code || !proof->code[strspn(proof->code, " \t\r\n")])) {
        return P_CODE_EMPTY;
    }
    if (kind->form && (problem = kind->form(tx->ctx, proof))) {
        return problem;
    }
    prefetch_all(&a, kind, &proof->challenge_id);
    a.n_amr = amr_of(tx, &a.session.id, a.amr);
    problem = may_raise(&a);
    if (!problem) {
        problem = check_lock(&a, kind->has_code);
    }
    if (!problem) {
        problem = check_challenge(&a, &proof->challenge_id);
    }
    if (problem) {
        return problem;
    }
    bool verified = factor_is_verified(&a.factor);
    a.wrong_before =
        kind->has_code && verified ? failed_attempts_before(tx, &a.session, a.amr, a.n_amr) : -1;
    if ((problem = check_proof(&a, kind, proof))) {
        return problem;
    }
    struct mail mail = enrolled(&a);
    a.tell = !verified && notice_due(realm, tx, &a.user, &mail);
    return settle(&a, out);
}
