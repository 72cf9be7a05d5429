/* transfer_apps.c: an entry of the plain JSON that authenticator apps and password managers write,
 * by their public descriptions, see transfer.h.
 *
 * Aegis: "type", "name", "issuer", and "info" with "secret", "algo", "digits", "period". 2FAS:
 * "name", "secret", and "otp" with "account", "label", "issuer", "tokenType", "algorithm",
 * "digits", "period". Bitwarden: "login" with "username" and "totp", a secret or a URI. andOTP:
 * "secret", "label", "issuer", "type", "algorithm", "digits", "period". Ente writes URIs. */
#include "base/uuid.h"
#include "factor/totp/key_uri.h"
#include "factor/totp/transfer_parts.h"

#include <string.h>

static const char *text_in(const struct json_t *object, const char *key)
{
    const char *text = json_member_text(object, key);
    return text ? text : "";
}

int transfer_number(const struct json_t *object, const char *key, int preset)
{
    int64_t n;
    const struct json_t *value = json_member(object, key);
    const char *text = json_text(value);
    return !value                                      ? preset
           : text                                      ? key_uri_number(text, preset)
           : json_int(value, &n) && n > 0 && n < 10000 ? (int)n
                                                       : 0;
}

static void read_kind(struct transfer_row *row, const struct json_t *from, const char *algorithm)
{
    transfer_digest(row, text_in(from, algorithm));
    row->kind.digits = transfer_number(from, "digits", row->kind.digits);
    row->kind.period_s = transfer_number(from, "period", row->kind.period_s);
}

static void aegis(struct arena *arena, struct transfer_row *row, const struct json_t *entry,
                  const struct json_t *info)
{
    transfer_type(row, text_in(entry, "type"));
    transfer_account(row, key_uri_account(text_in(entry, "name"), text_in(entry, "issuer")));
    read_kind(row, info, "algo");
    transfer_secret(arena, row, text_in(info, "secret"));
}

static void two_fas(struct arena *arena, struct transfer_row *row, const struct json_t *entry,
                    const struct json_t *otp)
{
    const char *account = text_in(otp, "account");
    account = *account ? account : text_in(otp, "label");
    account = *account ? account : text_in(entry, "name");
    transfer_type(row, text_in(otp, "tokenType"));
    transfer_account(row, key_uri_account(account, text_in(otp, "issuer")));
    read_kind(row, otp, "algorithm");
    transfer_secret(arena, row, text_in(entry, "secret"));
}

/* The name of the login counts if it can be somebody's here; else the URI's account. */
static void bitwarden(struct arena *arena, struct transfer_row *row, const struct json_t *login)
{
    struct transfer_row named = *row;
    const char *totp = text_in(login, "totp");
    bool uri = strncmp(totp, "otpauth:", 8) == 0;
    transfer_account(&named, text_in(login, "username"));
    if (!named.wrong || !uri) {
        *row = named;
    }
    transfer_totp(arena, row, totp);
}

static void and_otp(struct arena *arena, struct transfer_row *row, const struct json_t *entry)
{
    transfer_type(row, text_in(entry, "type"));
    transfer_account(row, key_uri_account(text_in(entry, "label"), text_in(entry, "issuer")));
    read_kind(row, entry, "algorithm");
    transfer_secret(arena, row, text_in(entry, "secret"));
}

bool transfer_app_entry(struct arena *arena, struct transfer_row *row, const struct json_t *entry)
{
    const struct json_t *info = json_member(entry, "info"), *otp = json_member(entry, "otp");
    const struct json_t *login = json_member(entry, "login");
    bool secret = json_member(entry, "secret");
    if (json_kind_of(info) == KIND_OBJECT && json_member(info, "secret")) {
        aegis(arena, row, entry, info);
    } else if (json_kind_of(otp) == KIND_OBJECT && secret) {
        two_fas(arena, row, entry, otp);
    } else if (*text_in(login, "totp")) {
        bitwarden(arena, row, login);
    } else if (secret && json_member(entry, "label") && !json_member(entry, "email")) {
        and_otp(arena, row, entry);
    } else {
        return false;
    }
    return true;
}
