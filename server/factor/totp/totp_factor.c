/* totp_factor.c: authenticator apps as a kind of factor: secret and Key URI at enrollment, codes of
 * RFC 6238 afterwards (contract rows E2, E3, V5, V6, B1, B6, B11, B18). */
#include "base/rfc3339.h"
#include "crypto/base32.h"
#include "crypto/totp.h"
#include "domain/mfa.h"
#include "factor/methods.h"
#include "factor/totp/drift.h"
#include "factor/totp/key_uri.h"
#include "factor/totp/qr_svg.h"

#include <string.h>

enum { WINDOW = 1, CODE_ROOM = 16, URI_MAX = 2000 /* what a QR code holds, with a margin */ };

extern const struct factor_kind totp_factor; /* named by factors.def */

static bool enroll_on(const struct config *config)
{
    return config->mfa.totp_enroll;
}

static bool verify_on(const struct config *config)
{
    return config->mfa.totp_verify;
}

/* Row B6: a user without an e-mail address has a phone number or, at least, an id. */
static const char *account_name(struct arena *arena, const struct user *user)
{
    char id[UUID_TEXT];
    return user->email   ? user->email
           : user->phone ? user->phone
                         : arena_strdup(arena, uuid_format(&user->id, id));
}

static enum problem enroll(const struct realm *realm, struct tx *tx, const struct user *user,
                           const struct enroll_request *in, struct enrollment *out)
{
    struct ctx *ctx = tx->ctx;
    uint8_t bytes[TOTP_SECRET];
    entropy_bytes(ctx->entropy, bytes, sizeof bytes);
    out->secret = base32_encode(ctx->arena, bytes, sizeof bytes);
    explicit_bzero(bytes, sizeof bytes);
    const char *issuer = in->issuer && *in->issuer
                             ? in->issuer
                             : key_uri_issuer(ctx->arena, realm->config->site.url);
    struct key_uri uri = { .issuer = issuer,
                           .account = account_name(ctx->arena, user),
                           .secret = out->secret,
                           .kind = totp_default };
    out->uri = key_uri(ctx->arena, &uri);
    if (strlen(out->uri) > URI_MAX) {
        return P_LABEL_TOO_LONG;
    }
    out->factor.secret =
        vault_seal(realm->vault, ctx->arena, ctx->entropy, &out->factor.id, out->secret);
    return P_OK;
}

/* Row B18: blanks around and inside are dropped. A text too long to be a code becomes "". */
static void read_code(const char *code, char out[CODE_ROOM])
{
    size_t n = 0;
    for (; *code && n < CODE_ROOM - 1; code++) {
        if (!strchr(" \t\r\n", *code)) {
            out[n++] = *code;
        }
    }
    out[*code ? 0 : n] = '\0';
}

static void prefetch(struct tx *tx, const struct factor *factor)
{
    totp_device_prefetch(tx, &factor->id);
}

/* A code that is refused may be that of a device whose clock is off. Codes far away are looked for
 * after each wrong one, so that the time that this takes tells nobody anything. */
static void look_far(struct factor_check *c, struct totp_device *device, const uint8_t *secret,
                     size_t len, const char *digits)
{
    int64_t now_us = c->tx->ctx->now_us, step = totp_step(&device->kind, now_us), found;
    if (totp_match(&device->kind, secret, len, digits, step, DRIFT_SEEN_S / device->kind.period_s,
                   c->guard->last_step, &found)) {
        c->clock = drift_refused(device, found - step, now_us, &c->off_s);
        c->device = device;
    }
}

/* Is it the code of a step in the window that is newer than the newest one used (row B1)? */
static bool fits(struct factor_check *c, const uint8_t *secret, size_t len)
{
    const struct config *config = c->realm->config;
    struct ctx *ctx = c->tx->ctx;
    struct totp_device *device = ARENA_NEW(ctx->arena, struct totp_device);
    char digits[CODE_ROOM];
    *device = totp_device_of(c->tx, &c->factor->id);
    read_code(c->proof->code, digits);
    int64_t step = totp_step(&device->kind, ctx->now_us);
    if (c->guard->last_step - step > DRIFT_SEEN_S / device->kind.period_s + WINDOW) {
        c->guard->last_step = 0; /* used while the clock was wrong: nobody can have had it since */
    }
    bool good = totp_match(&device->kind, secret, len, digits, step + drift_of(config, device),
                           WINDOW, c->guard->last_step, &c->guard->last_step);
    if (!good) {
        look_far(c, device, secret, len, digits);
    } else if (drift_accepted(config, device, c->guard->last_step - step, ctx->now_us)) {
        c->device = device;
    }
    explicit_bzero(digits, sizeof digits);
    return good;
}

static enum problem check(struct factor_check *c)
{
    struct ctx *ctx = c->tx->ctx;
    uint8_t *secret;
    size_t len;
    const char *text = vault_open(c->realm->vault, ctx->arena, &c->factor->id, c->factor->secret);
    if (!text || !base32_decode(ctx->arena, text, &secret, &len) || len == 0) {
        return P_SECRET_UNREADABLE;
    }
    bool good = fits(c, secret, len);
    if (good && vault_stale(c->realm->vault, ctx->arena, c->factor->secret)) {
        c->factor->secret =
            vault_seal(c->realm->vault, ctx->arena, ctx->entropy, &c->factor->id, text);
        c->factor_changed = true;
    }
    return good ? P_OK : P_TOTP_WRONG;
}

static void show_enrollment(const struct enrollment *e, struct strbuf *out)
{
    strbuf_str(out, ",\"totp\":{\"qr_code\":");
    json_quote(out, qr_svg(out->arena, e->uri));
    strbuf_str(out, ",\"secret\":");
    json_quote(out, e->secret);
    strbuf_str(out, ",\"uri\":");
    json_quote(out, e->uri);
    strbuf_char(out, '}');
}

static void show_report(const struct factor_report *r, struct strbuf *out)
{
    char at[RFC3339_TEXT];
    const struct totp_device *d = &r->device;
    int64_t ahead_s = r->drift_on ? (int64_t)d->drift * d->kind.period_s : 0;
    strbuf_str(out, ",\"totp\":{\"algorithm\":");
    json_quote(out, totp_digest_name(d->kind.digest));
    strbuf_printf(out, ",\"digits\":%d,\"period\":%d,\"clock_ahead_s\":%lld", d->kind.digits,
                  d->kind.period_s, (long long)ahead_s);
    if (d->refused_at) {
        strbuf_printf(out, ",\"refused_ahead_s\":%lld,\"refused_at\":\"%s\"",
                      (long long)d->refused_off_s, rfc3339_format(d->refused_at, at));
    }
    strbuf_char(out, '}');
}

const struct factor_kind totp_factor = {
    .type = TOTP_TYPE,
    .method = TOTP_TYPE,
    .enroll_off = P_TOTP_ENROLL_OFF,
    .verify_off = P_TOTP_VERIFY_OFF,
    .unnamed = true,
    .show_enrollment = show_enrollment,
    .show_report = show_report,
    .enroll_on = enroll_on,
    .verify_on = verify_on,
    .wrong = P_TOTP_WRONG,
    .has_code = true,
    .enroll = enroll,
    .prefetch = prefetch,
    .check = check,
};
