/* phone_factor.c: a phone that receives codes as a kind of factor (contract rows E4, E7, E8, C2 to
 * C4, V5). A code lives with its challenge, as a keyed hash where the database is our own, else in
 * the official server's form. */
#include "crypto/ct_equal.h"
#include "base/draws.h"
#include "domain/address.h"
#include "domain/factor.h"
#include "domain/message.h"
#include "domain/one_time_code.h"
#include "domain/send_limit.h"
#include "store/notices.h"
#include "factor/methods.h"

#include <string.h>

enum { CODE_ROOM = 16 };
#define HOUR_US (3600 * US_PER_S)
static const char sent_codes[] = "codes to phone factors";

extern const struct factor_kind phone_factor; /* named by factors.def */

static bool enroll_on(const struct config *config)
{
    return config->mfa.phone_enroll;
}

static bool verify_on(const struct config *config)
{
    return config->mfa.phone_verify;
}

/* Rows E4, E7, E8: before names and limits are looked at. */
static enum problem prepare(struct tx *tx, const struct user *user, const struct enroll_request *in,
                            const char **number)
{
    const char *digits;
    struct factor *list;
    if (!in->phone || !*in->phone) {
        return P_FACTOR_NO_PHONE;
    }
    enum problem problem = phone_normalise(tx->ctx, in->phone, &digits);
    if (problem) {
        return problem;
    }
    int n = factors_of(tx, &user->id, &list);
    for (int i = 0; i < n; i++) {
        if (factor_is_verified(&list[i]) && list[i].phone && strcmp(list[i].phone, digits) == 0) {
            return P_PHONE_FACTOR_EXISTS;
        }
    }
    *number = digits;
    return P_OK;
}

static enum problem enroll(const struct realm *realm, struct tx *tx, const struct user *user,
                           const struct enroll_request *in, struct enrollment *out)
{
    (void)realm;
    (void)user;
    out->phone = in->phone;
    return phone_normalise(tx->ctx, in->phone, &out->factor.phone);
}

/* What stands in the challenge's row. */
static const char *stored_form(const struct realm *realm, struct ctx *ctx,
                               const struct uuid *challenge, const char *code)
{
    if (realm->official_tokens) {
        return vault_seal(realm->vault, ctx->arena, ctx->entropy, challenge, code);
    }
    char id[UUID_TEXT];
    uint8_t mac[SHA256_SIZE];
    const char *text =
        arena_printf(ctx->arena, "phone factor %s %s", uuid_format(challenge, id), code);
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, text, strlen(text), mac);
    return hex_encode(mac, sizeof mac, arena_alloc(ctx->arena, 2 * SHA256_SIZE + 1));
}

/* A number by its keyed hash: the table of counts names nobody. */
static struct uuid number_id(const struct realm *realm, struct arena *arena, const char *phone)
{
    struct uuid id;
    uint8_t mac[SHA256_SIZE];
    const char *text = arena_printf(arena, "number %s", phone);
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, text, strlen(text), mac);
    memcpy(id.bytes, mac, sizeof id.bytes);
    return id;
}

/* Of a number that may be a stranger's: the pause holds although the factor is made anew or is
 * another user's. Verified factors do not count here, or strangers could keep the owner out. */
static enum problem check_number(const struct realm *realm, struct tx *tx, const char *phone)
{
    const struct config *c = realm->config;
    struct uuid id = number_id(realm, tx->ctx->arena, phone);
    int64_t since = 0;
    if (notice_count(tx, &id, "pause", c->mfa.phone_max_frequency_us, &since) > 1) {
        return pause_check(tx->ctx, since, c->mfa.phone_max_frequency_us, P_SMS_TOO_SOON);
    }
    return c->mfa.phone_per_number &&
                   notice_count(tx, &id, sent_codes, HOUR_US, NULL) > c->mfa.phone_per_number
               ? P_SMS_LIMIT
               : P_OK;
}

/* The owner's codes have a pause and a count of their own, which strangers who know the password
 * cannot use up (security.md S15). */
static enum problem check_owner(const struct realm *realm, struct tx *tx, const struct user *user,
                                const struct factor *factor)
{
    const struct config *c = realm->config;
    int64_t since = 0;
    if (notice_count(tx, &factor->id, "owner_pause", c->mfa.phone_max_frequency_us, &since) > 1) {
        return pause_check(tx->ctx, since, c->mfa.phone_max_frequency_us, P_SMS_TOO_SOON);
    }
    return c->mfa.phone_per_user &&
                   notice_count(tx, &user->id, "owner_codes", HOUR_US, NULL) > c->mfa.phone_per_user
               ? P_SMS_LIMIT
               : P_OK;
}

static enum problem check_limits(const struct realm *realm, struct tx *tx, const struct user *user,
                                 const struct factor *factor, bool of_owner)
{
    const struct config *c = realm->config;
    if (of_owner) {
        return check_owner(realm, tx, user, factor);
    }
    enum problem problem = pause_check(tx->ctx, factor->last_challenged_at,
                                       c->mfa.phone_max_frequency_us, P_SMS_TOO_SOON);
    if (!problem && !factor_is_verified(factor)) {
        problem = check_number(realm, tx, factor->phone ? factor->phone : "");
    }
    if (!problem && c->mfa.phone_per_user &&
        notice_count(tx, &user->id, sent_codes, HOUR_US, NULL) > c->mfa.phone_per_user) {
        problem = P_SMS_LIMIT;
    }
    return problem;
}

static enum problem challenge(const struct realm *realm, struct tx *tx, const struct user *user,
                              struct factor *factor, const struct challenge_request *in,
                              struct challenge *challenge, const char **shown)
{
    const struct config *c = realm->config;
    struct ctx *ctx = tx->ctx;
    (void)shown;
    enum problem problem = in->body_problem;
    if (!problem) {
        problem = message_channel_check(realm, in->channel);
    }
    if (!problem) {
        problem = check_limits(realm, tx, user, factor, in->of_owner);
    }
    if (!problem && realm->sms_incomplete) {
        problem = P_SMS_NO_PROVIDER;
    }
    enum wanted_by by = factor_is_verified(factor) ? BY_CONFIRMED : BY_UNCONFIRMED;
    if (!problem && !c->accounts.sms_autoconfirm && !total_take(tx, "sms", c->sms.rate_sent, by)) {
        problem = P_SMS_LIMIT;
    }
    if (problem) {
        return problem;
    }
    char *code = arena_alloc(ctx->arena, CODE_ROOM);
    struct entropy *entropy = ctx_draw(ctx, "code of a factor");
    for (int i = 0; i < c->mfa.phone_otp_length && i < CODE_ROOM - 1; i++) {
        code[i] = (char)('0' + entropy_below(entropy, 10));
    }
    challenge->otp = stored_form(realm, ctx, &challenge->id, code);
    struct sms sms = {
        .user_id = user->id,
        .phone = factor->phone,
        .code = code,
        .channel = in->channel && *in->channel ? in->channel : "sms",
        .kind = "mfa",
    };
    outgoing_sms(realm, tx, &sms);
    return P_OK;
}

static enum problem check(struct factor_check *k)
{
    struct ctx *ctx = k->tx->ctx;
    char digits[CODE_ROOM];
    size_t n = 0;
    const char *stored = k->challenge->otp ? k->challenge->otp : "", *p = k->proof->code;
    for (; *p && n < CODE_ROOM - 1; p++) { /* row B18 */
        if (!strchr(" \t\r\n", *p)) {
            digits[n++] = *p;
        }
    }
    digits[*p ? 0 : n] = '\0';
    if (k->realm->codes_elsewhere) {
        bool right = *digits &&
                     code_fits_elsewhere(k->tx, k->factor->phone, arena_strdup(ctx->arena, digits));
        k->wrong = !right;
        return right ? P_OK : P_OTP_EXPIRED;
    }
    const char *given = digits;
    if (k->realm->official_tokens) {
        stored = vault_open(k->realm->vault, ctx->arena, &k->challenge->id, stored);
        if (!stored) {
            return P_UNEXPECTED; /* the log says which key is missing */
        }
    } else {
        given = stored_form(k->realm, ctx, &k->challenge->id, digits);
    }
    bool fits = stored && *stored && *digits && ct_equal_text(stored, given);
    return fits ? P_OK : P_PHONE_CODE_WRONG;
}

const struct factor_kind phone_factor = {
    .type = "phone",
    .method = METHOD_PREFIX "phone",
    .enroll_off = P_PHONE_ENROLL_OFF,
    .verify_off = P_PHONE_VERIFY_OFF,
    .has_number = true,
    .enroll_on = enroll_on,
    .verify_on = verify_on,
    .wrong = P_PHONE_CODE_WRONG,
    .has_code = true,
    .prepare = prepare,
    .enroll = enroll,
    .challenge = challenge,
    .check = check,
};
