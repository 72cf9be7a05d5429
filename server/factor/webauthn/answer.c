/* answer.c: reads a credential as JSON (row V13; internals.md §6.5 "request body"). Only
 * its form is looked at here: whether it proves anything is for attestation.c and assertion.c. */
#include "factor/webauthn/answer.h"

#include "crypto/base64.h"

#include <string.h>

enum { OBJECT_PAIRS_MAX = 8, STATEMENT_PAIRS_MAX = 8, FORMAT_MAX = 32 };

/* Base64url, padded or not, of at most max bytes. NULL text: false. */
static bool read_blob(struct arena *arena, const char *text, size_t max, struct blob *out)
{
    size_t len = text ? strlen(text) : 0;
    for (int i = 0; i < 2 && len && text[len - 1] == '='; i++) {
        len--;
    }
    uint8_t *bytes;
    if (!len || len > max / 3 * 4 + 4 || !base64url_decode(arena, text, len, &bytes, &out->len) ||
        out->len > max) {
        return false;
    }
    out->bytes = bytes;
    return true;
}

/* A member that may be absent; of a wrong type or form it is refused. */
static bool read_optional(struct arena *arena, const struct json_t *from, const char *name,
                          size_t max, struct blob *out)
{
    const struct json_t *value = json_member(from, name);
    const char *text = json_text(value);
    *out = (struct blob){ NULL, 0 };
    return !value || (text && !*text) || read_blob(arena, text, max, out);
}

static bool read_statement(struct cursor *c, struct statement *out)
{
    struct item map, name, value;
    struct cursor start = *c, at = *c;
    if (!cursor_skip(c) || !cursor_expect(&at, ITEM_MAP, &map) ||
        map.number > STATEMENT_PAIRS_MAX) {
        return false;
    }
    *out =
        (struct statement){ .text = { start.at, (size_t)(c->at - start.at) }, .pairs = map.number };
    for (int64_t i = 0; i < map.number; i++) {
        if (!cursor_expect(&at, ITEM_TEXT, &name)) {
            return false;
        }
        struct cursor peek = at;
        if (!cursor_next(&peek, &value) || !cursor_skip(&at)) {
            return false;
        }
        if (item_is_text(&name, "alg") && value.kind == ITEM_INT) {
            out->alg = value.number;
        } else if (item_is_text(&name, "sig") && value.kind == ITEM_BYTES) {
            out->signature = (struct blob){ value.bytes, value.len };
        } else if (item_is_text(&name, "x5c") && value.kind == ITEM_ARRAY && value.number) {
            out->certificates = (struct cursor){ peek.at, peek.left };
            out->n_certificates = value.number;
        }
    }
    return true;
}

static bool is_member(const struct item *name)
{
    return item_is_text(name, "fmt") || item_is_text(name, "attStmt") ||
           item_is_text(name, "authData");
}

/* §7.1 step 12. */
static bool read_object(struct arena *arena, struct blob bytes, struct answer *out)
{
    struct cursor c = { bytes.bytes, bytes.len };
    struct item map, name, value;
    bool stated = false, data = false;
    if (!cursor_expect(&c, ITEM_MAP, &map) || map.number > OBJECT_PAIRS_MAX) {
        return false;
    }
    for (int64_t i = 0; i < map.number; i++) {
        if (!cursor_expect(&c, ITEM_TEXT, &name)) {
            return false;
        }
        if (item_is_text(&name, "fmt") && !out->format) {
            if (!cursor_expect(&c, ITEM_TEXT, &value) || value.len > FORMAT_MAX ||
                memchr(value.bytes, 0, value.len)) {
                return false;
            }
            out->format = arena_strndup(arena, (const char *)value.bytes, value.len);
        } else if (item_is_text(&name, "attStmt") && !stated) {
            stated = read_statement(&c, &out->statement);
            if (!stated) {
                return false;
            }
        } else if (item_is_text(&name, "authData") && !data) {
            data = cursor_expect(&c, ITEM_BYTES, &value) &&
                   authenticator_data_read((struct blob){ value.bytes, value.len }, &out->data);
            if (!data) {
                return false;
            }
        } else if (is_member(&name) || !cursor_skip(&c)) { /* a second one of a name, or bad */
            return false;
        }
    }
    return c.left == 0 && out->format && stated && data && (out->data.flags & FLAG_AT);
}

static bool transport_valid(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    return len && len <= TRANSPORT_CHARS_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool read_transports(struct arena *arena, const struct json_t *response,
                            struct text_list *out)
{
    const struct json_t *list = json_member(response, "transports");
    size_t n = json_count(list);
    if (!list) {
        return true;
    }
    if (json_kind_of(list) != KIND_ARRAY || n > TRANSPORTS_MAX) {
        return false;
    }
    const char **items = ARENA_ARRAY(arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        items[i] = json_text(json_nth(list, i));
        if (!transport_valid(items[i])) {
            return false;
        }
        if (strcmp(items[i], "cable") == 0) {
            items[i] = "hybrid"; /* its name of today */
        }
    }
    *out = (struct text_list){ items, (int)n };
    return true;
}

static bool read_created(struct arena *arena, const struct json_t *response, struct answer *out)
{
    const struct json_t *alg = json_member(response, "publicKeyAlgorithm");
    return read_blob(arena, json_member_text(response, "attestationObject"), ATTESTATION_MAX,
                     &out->object) &&
           read_object(arena, out->object, out) &&
           read_transports(arena, response, &out->transports) &&
           read_optional(arena, response, "authenticatorData", AUTHENTICATOR_DATA_MAX,
                         &out->told_data) &&
           (!alg || json_int(alg, &out->told_alg));
}

static bool read_asserted(struct arena *arena, const struct json_t *response, struct answer *out)
{
    struct blob data;
    return read_blob(arena, json_member_text(response, "authenticatorData"), AUTHENTICATOR_DATA_MAX,
                     &data) &&
           authenticator_data_read(data, &out->data) &&
           read_blob(arena, json_member_text(response, "signature"), SIGNATURE_MAX,
                     &out->signature) &&
           read_optional(arena, response, "userHandle", USER_HANDLE_MAX, &out->user_handle);
}

/* The members that both ceremonies have. */
static bool read_common(struct arena *arena, const struct json_t *json, struct answer *out)
{
    const struct json_t *raw = json_member(json, "rawId");
    const struct json_t *attachment = json_member(json, "authenticatorAttachment");
    const char *type = json_member_text(json, "type");
    struct blob raw_id, text;
    out->id = json_member_text(json, "id");
    out->response = json_member(json, "response");
    out->extension_results = json_member(json, "clientExtensionResults");
    if (!type || strcmp(type, "public-key") != 0 || json_kind_of(out->response) != KIND_OBJECT ||
        (attachment && !json_text(attachment)) ||
        !read_blob(arena, out->id, CREDENTIAL_ID_MAX, &out->raw_id)) {
        return false;
    }
    if (raw && (!read_blob(arena, json_text(raw), CREDENTIAL_ID_MAX, &raw_id) ||
                raw_id.len != out->raw_id.len ||
                memcmp(raw_id.bytes, out->raw_id.bytes, raw_id.len) != 0)) {
        return false;
    }
    bool known = attachment && (strcmp(json_text(attachment), "platform") == 0 ||
                                strcmp(json_text(attachment), "cross-platform") == 0);
    out->attachment = known ? json_text(attachment) : "";
    if (out->extension_results) {
        struct strbuf written = strbuf_in(arena, EXTENSION_RESULTS_MAX);
        json_write(&written, out->extension_results);
        if (json_kind_of(out->extension_results) != KIND_OBJECT || !strbuf_ok(&written)) {
            return false;
        }
    }
    return read_blob(arena, json_member_text(out->response, "clientDataJSON"), CLIENT_DATA_MAX,
                     &text) &&
           client_data_read(arena, text, &out->client);
}

enum problem answer_read(struct ctx *ctx, const struct json_t *webauthn, struct answer *out)
{
    *out = (struct answer){ 0 };
    if (!webauthn) {
        return P_WEBAUTHN_MISSING;
    }
    const char *type = json_member_text(webauthn, "type");
    out->creates = type && strcmp(type, "create") == 0;
    if (!out->creates && !(type && strcmp(type, "request") == 0)) {
        return P_WEBAUTHN_TYPE;
    }
    const struct json_t *json = json_member(webauthn, "credential_response");
    if (!json) {
        return P_WEBAUTHN_NO_RESPONSE;
    }
    if (json_kind_of(json) != KIND_OBJECT || !read_common(ctx->arena, json, out)) {
        return P_WEBAUTHN_FORM;
    }
    bool formed = out->creates ? read_created(ctx->arena, out->response, out)
                               : read_asserted(ctx->arena, out->response, out);
    return formed ? P_OK : P_WEBAUTHN_FORM;
}
