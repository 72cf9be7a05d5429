/* enumeration.c: see enumeration.h. */
#include "domain/enumeration.h"

#include "domain/send_limit.h"
#include "store/send_pauses.h"

#include <string.h>

static const char *key_of(const struct realm *realm, struct arena *arena,
                          enum enumeration_call call, const char *address)
{
    uint8_t mac[SHA256_SIZE];
    const char *text = arena_printf(arena, "pause %d %s", (int)call, address);
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, text, strlen(text), mac);
    return hex_encode(mac, 16, arena_alloc(arena, 33));
}

enum problem enumeration_pause(const struct realm *realm, struct tx *tx, enum enumeration_call call,
                               const char *address, bool *quiet)
{
    const struct config *c = realm->config;
    bool by_phone = call == ENUMERATION_PHONE || call == ENUMERATION_PHONE_CHANGE;
    int64_t pause_us = by_phone ? c->sms.max_frequency_us : c->mail.smtp_max_frequency_us;
    const char *key = key_of(realm, tx->ctx->arena, call, address);
    const char *subject =
        key_of(realm, tx->ctx->arena, by_phone ? ENUMERATION_PHONE : ENUMERATION_CODE, address);
    int64_t last = send_pause_take(tx, key, tx->ctx->now_us - pause_us);
    enum problem problem =
        pause_check(tx->ctx, last, pause_us, by_phone ? P_SMS_TOO_SOON : P_MAIL_TOO_SOON);
    tx->openly = true;
    memcpy(tx->subject.bytes, subject,
           sizeof tx->subject.bytes); /* half of its digits are enough */
    *quiet = problem && c->accounts.disable_signup;
    if (*quiet) {
        tx->ctx->retry_after_s = 0;
        return P_OK;
    }
    return problem;
}

void enumeration_equal_totals(struct tx *tx)
{
    tx->owners_too = true;
}

struct user enumeration_decoy_user(const struct realm *realm, struct tx *tx, const char *aud,
                                   const char *email, const char *phone)
{
    ghost_begin(tx);
    return (struct user){
        .id = uuid_v4(tx->ctx->entropy),
        .aud = aud,
        .role = realm->config->jwt.default_role,
        .email = email,
        .phone = phone,
        .password = "",
        .email_change = email ? email : "",
        .phone_change = phone ? phone : "",
        .created_at = tx->ctx->now_us,
        .updated_at = tx->ctx->now_us,
        .app_metadata = "{}",
        .user_metadata = "{}",
    };
}
