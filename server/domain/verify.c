/* verify.c: finds whose code or link it is; what follows from it is in verify_effect.c. */
#include "domain/verify.h"

#include "crypto/ct_equal.h"
#include "domain/address.h"
#include "domain/message.h"
#include "domain/one_time_code.h"
#include "domain/session.h"
#include "domain/verify_effect.h"
#include "store/session_proofs.h"

#include <string.h>

static bool given(const char *text)
{
    return text && *text;
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

enum problem verify_form(struct ctx *ctx, struct verify *in)
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
    int64_t life_s = sms ? realm->config->sms_otp_exp_s : realm->config->mail_otp_exp_s;
    int64_t at = sent_at(u, kind);
    return !at || ctx->now_us > at + life_s * US_PER_S;
}

/* Row VF10: the kinds of token that a link of the type may be; 0: none. */
static int kinds_of_link(const char *type, enum token_kind kinds[2])
{
    if (is(type, "signup") || is(type, "invite")) {
        kinds[0] = TOKEN_CONFIRMATION;
        return 1;
    }
    if (is(type, "recovery") || is(type, "magiclink")) {
        kinds[0] = TOKEN_RECOVERY;
        return 1;
    }
    kinds[0] = is(type, "email") ? TOKEN_CONFIRMATION : TOKEN_EMAIL_CHANGE_CURRENT;
    kinds[1] = is(type, "email") ? TOKEN_RECOVERY : TOKEN_EMAIL_CHANGE_NEW;
    return is(type, "email") || is(type, "email_change") ? 2 : 0;
}

static enum problem find_by_link(const struct realm *realm, struct tx *tx,
                                 const struct verify *in, struct verification *v)
{
    enum token_kind kinds[2];
    struct uuid id;
    int n = kinds_of_link(in->type, kinds);
    if (!n) {
        return P_VERIFY_TYPE_UNKNOWN;
    }
    for (int i = 0; i < n; i++) {
        if (link_find(realm, tx, kinds[i], in->token_hash, &id)) {
            v->kind = kinds[i];
            if (!user_by_id(tx, &id, v->user)) {
                return P_LINK_EXPIRED;
            }
            if (v->user->banned_until > tx->ctx->now_us) {
                return P_USER_BANNED;
            }
            return expired(realm, tx->ctx, v->user, v->kind, false) ? P_LINK_EXPIRED : P_OK;
        }
    }
    return P_LINK_EXPIRED;
}

/* Row VF20, e-mail changes: by the code, of the present address where that must confirm too, then
 * of the new one. */
static bool find_change(const struct realm *realm, struct tx *tx, const struct verify *in,
                        struct verification *v)
{
    struct uuid id;
    bool found = false;
    if (realm->config->secure_email_change) {
        v->kind = TOKEN_EMAIL_CHANGE_CURRENT;
        found = change_code_find(realm, tx, v->kind, in->address, in->token, &id);
    }
    if (!found) {
        v->kind = TOKEN_EMAIL_CHANGE_NEW;
        found = change_code_find(realm, tx, v->kind, in->address, in->token, &id);
    }
    if (!found) {
        change_code_failed(tx, TOKEN_EMAIL_CHANGE_CURRENT, in->address);
        change_code_failed(tx, TOKEN_EMAIL_CHANGE_NEW, in->address);
    }
    return found && user_by_id(tx, &id, v->user);
}

static bool find_user(struct tx *tx, const struct verify *in, struct verification *v)
{
    if (is(in->type, "phone_change")) {
        v->kind = TOKEN_PHONE_CHANGE;
        return user_by_phone_change(tx, in->aud, in->address, v->user);
    }
    v->kind = is(in->type, "recovery") || is(in->type, "magiclink") ? TOKEN_RECOVERY
                                                                    : TOKEN_CONFIRMATION;
    return given(in->phone) ? user_by_phone(tx, in->aud, in->address, v->user)
                            : user_by_email(tx, in->aud, in->address, v->user);
}

/* The kinds that a code of this type may be of, without those that have expired: of type email two,
 * as both may be under way. */
static struct code_kinds live_kinds(const struct realm *realm, struct ctx *ctx,
                                    const struct verify *in, const struct verification *v, bool sms)
{
    enum token_kind asked[CODE_KINDS_MAX] = { v->kind, TOKEN_RECOVERY };
    struct code_kinds live = { .n = 0 };
    for (int i = 0; i < (is(in->type, "email") ? 2 : 1); i++) {
        if (!expired(realm, ctx, v->user, asked[i], sms)) {
            live.list[live.n++] = asked[i];
        }
    }
    return live;
}

/* Row VF22: does the code fit, and is it in time? */
static bool code_holds(const struct realm *realm, struct tx *tx, const struct verify *in,
                       struct verification *v)
{
    static const char *const types[] = { "signup", "invite",   "magiclink", "recovery",
                                         "email",  "sms",      "phone_change" };
    bool known = false, sms = is(in->type, "sms") || is(in->type, "phone_change");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        known = known || is(in->type, types[i]);
    }
    if (!known || sms != given(in->phone)) {
        return false;
    }
    const char *test = sms ? test_code_of(realm, tx->ctx, in->address) : NULL;
    if (test && ct_equal_text(test, in->token)) {
        return true; /* row VF23 */
    }
    if (sms && realm->codes_elsewhere) {
        return code_fits_elsewhere(tx, in->address, in->token);
    }
    struct code_kinds kinds = live_kinds(realm, tx->ctx, in, v, sms);
    return code_fits_one(realm, tx, &v->user->id, &kinds, in->address, in->token, &v->kind);
}

static enum problem find_by_code(const struct realm *realm, struct tx *tx,
                                 const struct verify *in, struct verification *v)
{
    bool change = is(in->type, "email_change");
    if (change ? !find_change(realm, tx, in, v) : !find_user(tx, in, v)) {
        return P_OTP_EXPIRED;
    }
    bool holds = change ? !expired(realm, tx->ctx, v->user, v->kind, false)
                        : code_holds(realm, tx, in, v);
    if (!holds) {
        return P_OTP_EXPIRED;
    }
    /* told to who has the code alone (rule S4); what the provider has not said yet is no proof */
    bool asked = tx->ctx->rehearsing && tx->ctx->asked.code;
    return v->user->banned_until > tx->ctx->now_us && !asked ? P_USER_BANNED : P_OK;
}

static const char *flow_method(const char *type)
{
    return is(type, "signup") ? "email/signup" : type;
}

enum problem verify_run(const struct realm *realm, struct tx *tx, const struct caller *caller,
                        const struct verify *in, struct verified *out)
{
    *out = (struct verified){ .outcome = VERIFIED_SESSION };
    struct verification v = { .user = &out->grant.person.user, .type = in->type };
    bool by_hash = given(in->token_hash);
    enum problem problem = by_hash ? find_by_link(realm, tx, in, &v)
                                   : find_by_code(realm, tx, in, &v);
    if (problem) {
        return problem;
    }
    if (is(in->type, "email")) { /* row VF14 */
        v.type = v.kind == TOKEN_RECOVERY ? "magiclink" : "signup";
    }
    out->type = v.type;
    bool pkce = in->by_link && strncmp(in->token_hash, "pkce_", 5) == 0;
    v.flow_method = pkce ? flow_method(v.type) : NULL;
    problem = verify_effect(realm, tx, in, &v);
    if (problem) {
        return problem;
    }
    if (v.half_done) {
        out->outcome = VERIFIED_HALF;
        return P_OK;
    }
    if (pkce) {
        out->outcome = VERIFIED_CODE;
        return flow_issue(tx, &v.user->id, v.flow_method, &out->auth_code);
    }
    session_open(realm, tx, caller, "otp", &out->grant);
    session_proof_put(tx, &out->grant.session.id, given(in->phone) ? in->address : NULL);
    return P_OK;
}
