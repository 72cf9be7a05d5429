/* otp_verify.c: finds whose code or link it is; what follows from it is in otp_verify_effect.c. */
#include "domain/otp_verify.h"

#include "crypto/ct_equal.h"
#include "domain/address.h"
#include "domain/message.h"
#include "domain/one_time_code.h"
#include "domain/session.h"
#include "domain/otp_verify_effect.h"
#include "store/session_proofs.h"
#include "domain/request.h"

#include <string.h>

static bool given(const char *text)
{
    return text && *text;
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

enum problem otp_verify_check(struct ctx *ctx, struct otp_verification *in)
{
    bool token = given(in->token), hash = given(in->token_hash);
    if (!given(in->type)) {
        return P_VERIFY_NO_TYPE;
    }
    if (in->by_link) {
        return hash ? P_OK : P_VERIFY_NO_TOKEN;
    }
    if (token == hash) {
        return P_VERIFY_ONE_TOKEN;
    }
    if (hash) {
        return given(in->email) || given(in->phone) ? P_VERIFY_HASH_ALONE : P_OK;
    }
    if (given(in->email) == given(in->phone)) {
        return P_VERIFY_ONE_ADDRESS;
    }
    if (given(in->phone)) {
        return phone_normalise(ctx, in->phone, &in->address);
    }
    return email_normalise(ctx, in->email, &in->address) ? P_VERIFY_EMAIL_FORM : P_OK;
}

static bool is_change(const char *type)
{
    return is(type, "email_change") || is(type, "phone_change");
}

/* When the code of the kind was sent; it lives from then on (row OT4). */
static int64_t sent_at(const struct user *u, enum token_kind kind)
{
    switch (kind) {
    case TOKEN_CONFIRMATION:
        return u->confirmation_sent_at;
    case TOKEN_RECOVERY:
        return u->recovery_sent_at;
    case TOKEN_EMAIL_CHANGE_CURRENT:
    case TOKEN_EMAIL_CHANGE_NEW:
        return u->email_change_sent_at;
    case TOKEN_PHONE_CHANGE:
        return u->phone_change_sent_at;
    default:
        return u->reauthentication_sent_at;
    }
}

static bool expired(const struct realm *realm, struct ctx *ctx, const struct user *u,
                    enum token_kind kind, bool sms)
{
    int64_t life_s = sms ? realm->config->sms.otp_exp_s : realm->config->mail.otp_exp_s;
    int64_t at = sent_at(u, kind);
    return !at || ctx->now_us > at + life_s * US_PER_S;
}

/* Row VF10: the kinds of token that a link of the type may be. */
static struct code_kinds kinds_of_link(const char *type)
{
    if (is(type, "signup") || is(type, "invite")) {
        return (struct code_kinds){ { TOKEN_CONFIRMATION }, 1 };
    }
    if (is(type, "recovery") || is(type, "magiclink")) {
        return (struct code_kinds){ { TOKEN_RECOVERY }, 1 };
    }
    if (is(type, "email")) {
        return (struct code_kinds){ { TOKEN_CONFIRMATION, TOKEN_RECOVERY }, 2 };
    }
    return (struct code_kinds){ { TOKEN_EMAIL_CHANGE_CURRENT, TOKEN_EMAIL_CHANGE_NEW },
                                is(type, "email_change") ? 2 : 0 };
}

static enum problem find_by_link(const struct realm *realm, struct tx *tx,
                                 const struct otp_verification *in, struct verification *v)
{
    struct uuid id;
    struct code_kinds kinds = kinds_of_link(in->type);
    if (!kinds.n) {
        return P_VERIFY_TYPE_UNKNOWN;
    }
    if (!link_find(realm, tx, &kinds, in->token_hash, &v->kind, &id) ||
        !user_by_id(tx, &id, v->user)) {
        return P_LINK_EXPIRED;
    }
    if (v->user->banned_until > tx->ctx->now_us) {
        return P_USER_BANNED;
    }
    return expired(realm, tx->ctx, v->user, v->kind, false) ? P_LINK_EXPIRED : P_OK;
}

/* Row VF20: who waits for a code of a change at the address: by the code, of the present address
 * where that must confirm too, then of the new one. Numbers that are not checked by our own code
 * (test numbers, codes that the provider checks) have one who waits. */
static bool find_change(const struct realm *realm, struct tx *tx, const struct otp_verification *in,
                        struct verification *v)
{
    struct uuid id;
    if (is(in->type, "phone_change")) {
        v->kind = TOKEN_PHONE_CHANGE;
        return change_code_find(realm, tx, v->kind, in->address, in->token, &id)
                   ? user_by_id(tx, &id, v->user)
                   : user_by_phone_change(tx, in->aud, in->address, v->user);
    }
    v->kind = TOKEN_EMAIL_CHANGE_CURRENT;
    if (realm->config->mail.secure_email_change &&
        change_code_find(realm, tx, v->kind, in->address, in->token, &id)) {
        return user_by_id(tx, &id, v->user);
    }
    v->kind = TOKEN_EMAIL_CHANGE_NEW;
    return change_code_find(realm, tx, v->kind, in->address, in->token, &id) &&
           user_by_id(tx, &id, v->user);
}

static bool find_user(struct tx *tx, const struct otp_verification *in, struct verification *v)
{
    v->kind =
        is(in->type, "recovery") || is(in->type, "magiclink") ? TOKEN_RECOVERY : TOKEN_CONFIRMATION;
    return given(in->phone) ? user_by_phone(tx, in->aud, in->address, v->user)
                            : user_by_email(tx, in->aud, in->address, v->user);
}

/* The kinds that a code of this type may be of, without those that have expired or are void: of
 * type email two, as both may be under way. */
static struct code_kinds live_kinds(const struct realm *realm, struct ctx *ctx,
                                    const struct otp_verification *in, const struct verification *v,
                                    const struct code_guard *guard)
{
    bool sms = given(in->phone);
    enum token_kind asked[CODE_KINDS_MAX] = { v->kind, TOKEN_RECOVERY };
    struct code_kinds live = { .n = 0 };
    for (int i = 0; i < (is(in->type, "email") ? 2 : 1); i++) {
        if (!expired(realm, ctx, v->user, asked[i], sms) &&
            !code_guard_voids(ctx, guard, sent_at(v->user, asked[i]))) {
            live.list[live.n++] = asked[i];
        }
    }
    return live;
}

static bool is_test_code(const struct realm *realm, struct ctx *ctx,
                         const struct otp_verification *in)
{
    const char *test = given(in->phone) ? test_code_of(realm, ctx, in->address) : NULL;
    return test && ct_equal_text(test, in->token); /* row VF23 */
}

/* Row VF22: does the code fit, and is it in time? */
static bool code_holds(const struct realm *realm, struct tx *tx, const struct otp_verification *in,
                       struct verification *v, const struct code_guard *guard)
{
    struct code_kinds kinds = live_kinds(realm, tx->ctx, in, v, guard);
    if (is_test_code(realm, tx->ctx, in)) {
        return true;
    }
    if (given(in->phone) && realm->codes_elsewhere) {
        return kinds.n && code_fits_elsewhere(tx, in->address, in->token);
    }
    return code_fits_one(realm, tx, &v->user->id, &kinds, in->address, in->token, &v->kind);
}

/* When the newest code was sent that a wrong one may have been meant for. */
static int64_t newest_sent_at(struct tx *tx, const struct otp_verification *in,
                              const struct verification *v, bool found)
{
    if (is_change(in->type)) {
        return changes_sent_at(tx, in->address, given(in->phone));
    }
    int64_t at = found ? sent_at(v->user, v->kind) : 0;
    int64_t other = found && is(in->type, "email") ? v->user->recovery_sent_at : 0;
    return at > other ? at : other;
}

static bool type_takes_codes(const struct otp_verification *in)
{
    static const char *const types[] = { "signup", "invite", "magiclink",    "recovery",
                                         "email",  "sms",    "phone_change", "email_change" };
    bool sms = is(in->type, "sms") || is(in->type, "phone_change");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (is(in->type, types[i])) {
            return sms == given(in->phone);
        }
    }
    return false;
}

/* A wrong code counts against the address, whether anybody waits for one there or not. */
static enum problem find_by_code(const struct realm *realm, struct tx *tx,
                                 const struct otp_verification *in, struct verification *v)
{
    if (!type_takes_codes(in)) {
        return P_OTP_EXPIRED;
    }
    struct code_guard guard = code_guard_of(realm, tx, in->address);
    if (code_guard_spent(tx->ctx, &guard)) {
        return P_OTP_EXPIRED;
    }
    bool found = is_change(in->type) ? find_change(realm, tx, in, v) : find_user(tx, in, v);
    if (found && code_holds(realm, tx, in, v, &guard)) {
        /* told to who has the code alone (rule S4); what the provider has not said yet is no proof
         */
        const struct asked_code *asked = &request_of(tx->ctx)->asked;
        bool open = asked->code && !asked->answered;
        return v->user->banned_until > tx->ctx->now_us && !open ? P_USER_BANNED : P_OK;
    }
    bool voids = code_guard_wrong(tx, &guard, newest_sent_at(tx, in, v, found));
    if (voids && found && !is_change(in->type)) { /* for other servers of the database */
        token_void_code(tx, &v->user->id, v->kind);
    }
    return P_OTP_EXPIRED;
}

static const char *flow_method(const char *type)
{
    return is(type, "signup") ? "email/signup" : type;
}

enum problem otp_verify_run(const struct realm *realm, struct tx *tx, const struct client *client,
                            const struct otp_verification *in, struct otp_verified *out)
{
    *out = (struct otp_verified){ .outcome = VERIFIED_SESSION };
    struct verification v = { .user = &out->issued.account.user, .type = in->type };
    bool by_hash = given(in->token_hash);
    enum problem problem =
        by_hash ? find_by_link(realm, tx, in, &v) : find_by_code(realm, tx, in, &v);
    if (problem) {
        return problem;
    }
    if (is(in->type, "email")) { /* row VF14 */
        v.type = v.kind == TOKEN_RECOVERY ? "magiclink" : "signup";
    }
    out->type = v.type;
    bool pkce = in->by_link && strncmp(in->token_hash, "pkce_", 5) == 0;
    v.flow_method = pkce ? flow_method(v.type) : NULL;
    problem = otp_verify_effect(realm, tx, in, &v);
    if (problem) {
        return problem;
    }
    if (v.half_done) {
        out->outcome = VERIFIED_HALF;
        return P_OK;
    }
    if (pkce) {
        out->outcome = VERIFIED_CODE;
        return pkce_flow_issue_code(tx, &v.user->id, v.flow_method, &out->auth_code);
    }
    session_open(realm, tx, client, "otp", &out->issued);
    session_proof_put(tx, &out->issued.session.id, given(in->phone) ? in->address : NULL);
    return P_OK;
}
