/* transfer_entry.c: what one entry of a JSON file says of its user's factors, see transfer.h.
 *
 * Keycloak (export of a realm or its users): "credentials" with "type":"otp", whose
 * "credentialData" and "secretData" are JSON in a string; the secret is its text's own bytes,
 * unless "secretEncoding" is BASE32. Auth0 (bulk user files): "mfa_factors" with "totp":{"secret"},
 * base32. Our own: one factor an entry, with the members of a CSV heading. Those of apps:
 * transfer_apps.c. */
#include "factor/totp/transfer_parts.h"

#include <string.h>
#include <strings.h>

static const char *text_or_null(const struct json_t *object, const char *key)
{
    const char *text = json_member_text(object, key);
    return text && *text ? text : NULL;
}

static void read_kind(struct transfer_row *row, const struct json_t *from)
{
    const struct json_t *given = json_member(from, "algorithm");
    transfer_digest(row, !given ? "" : json_text(given) ? json_text(given) : "no text");
    row->kind.digits = transfer_number(from, "digits", row->kind.digits);
    row->kind.period_s = transfer_number(from, "period", row->kind.period_s);
}

static const struct json_t *json_in_text(struct arena *arena, const struct json_t *object,
                                         const char *key)
{
    const char *detail, *text = json_member_text(object, key);
    return text ? json_read(arena, text, strlen(text), &detail) : NULL;
}

static void keycloak_secret(struct arena *arena, struct transfer_row *row,
                            const struct json_t *data, const char *value)
{
    const char *encoding = json_member_text(data, "secretEncoding");
    if (!value) {
        return;
    }
    if (encoding && strcasecmp(encoding, "BASE32") == 0) {
        transfer_secret(arena, row, value);
    } else if (encoding) {
        row->wrong = "its secret has an unknown encoding";
    } else {
        row->secret = (const uint8_t *)value;
        row->secret_len = strlen(value);
    }
}

static void keycloak_row(struct arena *arena, struct transfer_row *row,
                         const struct json_t *credential)
{
    const char *type = json_member_text(credential, "type");
    const struct json_t *data = json_in_text(arena, credential, "credentialData");
    const struct json_t *secret = json_in_text(arena, credential, "secretData");
    const char *kind = json_member_text(data, "subType");
    if (!type || strcmp(type, "otp") != 0) {
        row->other = type ? type : "credential";
        return;
    }
    if (!data || !secret) {
        row->wrong = "its credentialData or secretData is no JSON";
    } else if (!kind || strcmp(kind, "totp") != 0) {
        row->other = kind ? kind : "otp";
    } else {
        row->friendly_name = text_or_null(credential, "userLabel");
        read_kind(row, data);
        keycloak_secret(arena, row, data, json_member_text(secret, "value"));
    }
}

static void auth0_row(struct arena *arena, struct transfer_row *row, const struct json_t *factor)
{
    void *at = NULL;
    const char *kind = NULL;
    const struct json_t *totp = json_member(factor, "totp"), *ignored;
    if (totp) {
        transfer_secret(arena, row, json_member_text(totp, "secret"));
    } else {
        row->other = json_each(factor, &at, &kind, &ignored) ? kind : "factor";
    }
}

/* The rows of a list of the user's; "password" among Keycloak's credentials is no factor. */
static void give_list(struct transfer *t, struct arena *arena, const struct transfer_row *user,
                      const struct json_t *list,
                      void (*read)(struct arena *, struct transfer_row *, const struct json_t *))
{
    int64_t given = 0;
    for (size_t i = 0; i < json_count(list) && !t->stopped; i++) {
        struct transfer_row row = *user;
        read(arena, &row, json_nth(list, i));
        if (row.other && strncmp(row.other, "password", 8) == 0) {
            continue;
        }
        row.where =
            given++ ? arena_printf(arena, "%s.%lld", user->where, (long long)given) : user->where;
        transfer_give(t, &row);
    }
    t->without += !given;
}

static void give_own(struct transfer *t, struct arena *arena, struct transfer_row *row,
                     const struct json_t *entry)
{
    row->user_id = text_or_null(entry, "user_id");
    row->friendly_name = json_member_text(entry, "friendly_name");
    transfer_type(row, json_member_text(entry, "type"));
    read_kind(row, entry);
    transfer_secret(arena, row, json_member_text(entry, "secret"));
    transfer_give(t, row);
}

/* A whole file of Bitwarden, Aegis or Ente. */
static bool is_encrypted(const struct json_t *entry)
{
    return json_truth(json_member(entry, "encrypted")) || json_member_text(entry, "db") ||
           json_member_text(entry, "encryptedData") || json_member_text(entry, "servicesEncrypted");
}

void transfer_entry(struct transfer *t, struct arena *arena, const char *where,
                    const struct json_t *entry)
{
    struct transfer_row row = transfer_row_at(where);
    const struct json_t *credentials = json_member(entry, "credentials");
    const struct json_t *factors = json_member(entry, "mfa_factors");
    const struct json_t *users = json_member(entry, "users");
    const char *uri = json_text(entry);
    if (uri && strncasecmp(uri, "otpauth:", 8) == 0) {
        transfer_uri(arena, &row, uri);
        transfer_give(t, &row);
        return;
    }
    if (json_kind_of(entry) != KIND_OBJECT) {
        row.wrong = "it is no object";
        transfer_give(t, &row);
        return;
    }
    if (json_kind_of(users) == KIND_ARRAY) { /* one realm among several */
        for (size_t i = 0; i < json_count(users) && !t->stopped; i++) {
            const char *inner = arena_printf(arena, "%s, user %zu", where, i + 1);
            const struct json_t *user = json_nth(users, i);
            if (json_member(user, "users")) { /* realms do not nest */
                t->without++;
            } else {
                transfer_entry(t, arena, inner, user);
            }
        }
        return;
    }
    row.email = text_or_null(entry, "email");
    row.phone = text_or_null(entry, "phone");
    row.phone = row.phone ? row.phone : text_or_null(entry, "phone_number");
    if (credentials) {
        if (!row.email) {
            transfer_account(&row, text_or_null(entry, "username"));
        }
        give_list(t, arena, &row, credentials, keycloak_row);
    } else if (factors) {
        give_list(t, arena, &row, factors, auth0_row);
    } else if (transfer_app_entry(arena, &row, entry)) {
        transfer_give(t, &row);
    } else if (is_encrypted(entry)) {
        row.wrong = TRANSFER_SEALED;
        transfer_give(t, &row);
    } else if (json_member(entry, "secret")) {
        give_own(t, arena, &row, entry);
    } else {
        t->without++;
    }
}
