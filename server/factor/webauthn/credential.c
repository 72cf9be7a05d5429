/* credential.c: see credential.h; the record of a challenge is in challenge_record.c. */
#include "factor/webauthn/credential.h"

#include "crypto/base64.h"

#include <string.h>

enum { CREDENTIAL_MAX = 1 << 17 };

static bool read_bytes(struct arena *arena, const struct json_t *from, const char *name,
                       struct blob *out)
{
    const char *text = json_member_text(from, name);
    uint8_t *bytes = NULL;
    bool read = text && base64_decode(arena, text, strlen(text), &bytes, &out->len);
    out->bytes = bytes;
    return read && out->len;
}

static bool read_credential(struct arena *arena, const struct factor *factor,
                            struct credential *out)
{
    const char *detail, *text = factor->webauthn_credential;
    const struct json_t *json = text ? json_read(arena, text, strlen(text), &detail) : NULL;
    const struct json_t *authenticator = json_member(json, "authenticator");
    struct blob key;
    *out = (struct credential){ .factor = factor };
    if (!read_bytes(arena, json, "id", &out->id) || !read_bytes(arena, json, "publicKey", &key)) {
        return false;
    }
    struct cursor c = { key.bytes, key.len };
    if (!cose_key_read(&c, &out->key) || c.left) {
        out->key = (struct cose_key){ 0 };
    }
    out->backup_eligible = json_truth(json_member(json_member(json, "flags"), "backupEligible"));
    out->transports = json_member(json, "transport");
    if (!json_int(json_member(authenticator, "signCount"), &out->sign_count)) {
        out->sign_count = 0;
    }
    return true;
}

struct credential_list credentials_of(struct tx *tx, const struct uuid *user_id)
{
    struct factor *factors;
    int n = factors_of(tx, user_id, &factors);
    struct credential_list list = { ARENA_ARRAY(tx->ctx->arena, struct credential, n + 1), 0 };
    for (int i = 0; i < n; i++) {
        if (strcmp(factors[i].type, "webauthn") == 0 && factor_is_verified(&factors[i]) &&
            read_credential(tx->ctx->arena, &factors[i], &list.items[list.count])) {
            list.count++;
        }
    }
    return list;
}

const struct credential *credential_find(const struct credential_list *list, struct blob id)
{
    for (int i = 0; i < list->count; i++) {
        const struct credential *c = &list->items[i];
        if (c->id.len == id.len && memcmp(c->id.bytes, id.bytes, id.len) == 0) {
            return c;
        }
    }
    return NULL;
}

const char *credential_id_text(struct arena *arena, struct blob id)
{
    return base64_encode(arena, id.bytes, id.len);
}

static void put_bytes(struct strbuf *b, const char *name, struct blob bytes)
{
    strbuf_printf(b, "\"%s\":", name);
    strbuf_printf(b, bytes.bytes ? "\"%s\"" : "null",
                  bytes.bytes ? base64_encode(b->arena, bytes.bytes, bytes.len) : "");
}

static const char *truth(bool is)
{
    return is ? "true" : "false";
}

static void put_flags(struct strbuf *b, uint8_t flags)
{
    strbuf_printf(b,
                  "\"flags\":{\"userPresent\":%s,\"userVerified\":%s,\"backupEligible\":%s,"
                  "\"backupState\":%s}",
                  truth(flags & FLAG_UP), truth(flags & FLAG_UV), truth(flags & FLAG_BE),
                  truth(flags & FLAG_BS));
}

static void put_transports(struct strbuf *b, const struct text_list *transports)
{
    strbuf_str(b, "\"transport\":");
    if (!transports->count) {
        strbuf_str(b, "null");
        return;
    }
    for (int i = 0; i < transports->count; i++) {
        strbuf_char(b, i ? ',' : '[');
        json_quote(b, transports->items[i]);
    }
    strbuf_char(b, ']');
}

const char *credential_write(struct arena *arena, const struct answer *a)
{
    struct strbuf b = strbuf_in(arena, CREDENTIAL_MAX);
    struct blob key;
    key.bytes = cose_key_write(arena, &a->data.key, &key.len);
    strbuf_char(&b, '{');
    put_bytes(&b, "id", a->data.credential_id);
    strbuf_char(&b, ',');
    put_bytes(&b, "publicKey", key);
    strbuf_str(&b, ",\"attestationType\":");
    json_quote(&b, a->format);
    strbuf_char(&b, ',');
    put_transports(&b, &a->transports);
    strbuf_char(&b, ',');
    put_flags(&b, a->data.flags);
    strbuf_str(&b, ",\"authenticator\":{");
    put_bytes(&b, "AAGUID", (struct blob){ a->data.aaguid, AAGUID });
    strbuf_printf(&b, ",\"signCount\":%u,\"cloneWarning\":false,\"attachment\":\"%s\"},",
                  a->data.sign_count, a->attachment);
    strbuf_str(&b, "\"attestation\":{");
    put_bytes(&b, "clientDataJSON", a->client.text);
    strbuf_char(&b, ',');
    put_bytes(&b, "clientDataHash", (struct blob){ a->client.hash, SHA256_SIZE });
    strbuf_char(&b, ',');
    put_bytes(&b, "authenticatorData", a->told_data);
    strbuf_str(&b, ",\"publicKeyAlgorithm\":");
    strbuf_int(&b, a->told_alg);
    strbuf_char(&b, ',');
    put_bytes(&b, "object", a->object);
    strbuf_str(&b, "}}");
    return strbuf_ok(&b) ? b.data : NULL;
}

const char *credential_after(struct arena *arena, const struct factor *factor, int64_t sign_count,
                             bool cloned, const struct answer *answer)
{
    const char *detail, *text = factor->webauthn_credential;
    const struct json_t *old = json_read(arena, text, strlen(text), &detail);
    const struct json_t *authenticator = json_member(old, "authenticator");
    struct strbuf now = strbuf_in(arena, 256), b = strbuf_in(arena, CREDENTIAL_MAX);
    cloned = cloned || json_truth(json_member(authenticator, "cloneWarning"));
    strbuf_printf(&now, "{\"signCount\":%lld,\"cloneWarning\":%s}", (long long)sign_count,
                  truth(cloned));
    struct strbuf whole = strbuf_in(arena, CREDENTIAL_MAX);
    if (authenticator) {
        json_write(&whole, authenticator);
    }
    strbuf_str(&b, "{\"authenticator\":");
    strbuf_str(&b, json_merged(arena, whole.data, json_read(arena, now.data, now.len, &detail)));
    strbuf_char(&b, ',');
    put_flags(&b, answer->data.flags);
    strbuf_char(&b, '}');
    return strbuf_ok(&b) ? json_merged(arena, text, json_read(arena, b.data, b.len, &detail))
                         : NULL;
}
