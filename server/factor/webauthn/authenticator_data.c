/* authenticator_data.c: see authenticator_data.h. */
#include "factor/webauthn/authenticator_data.h"

#include <fido.h>

enum { FIXED = RP_ID_HASH + 1 + 4, ATTESTED_FIXED = AAGUID + 2, EXTENSIONS_MAX = 32 };

static bool read_attested(struct cursor *c, struct authenticator_data *out)
{
    if (c->left < ATTESTED_FIXED) {
        return false;
    }
    out->aaguid = c->at;
    out->credential_id.len = (size_t)c->at[AAGUID] << 8 | c->at[AAGUID + 1];
    out->credential_id.bytes = c->at + ATTESTED_FIXED;
    c->at += ATTESTED_FIXED;
    c->left -= ATTESTED_FIXED;
    size_t len = out->credential_id.len;
    if (len == 0 || len > CREDENTIAL_ID_MAX || len > c->left) {
        return false;
    }
    c->at += len;
    c->left -= len;
    struct cursor key = *c;
    if (!cursor_skip(c)) {
        return false;
    }
    out->key_text = (struct blob){ key.at, (size_t)(c->at - key.at) };
    if (!cose_key_read(&key, &out->key)) {
        out->key = (struct cose_key){ 0 };
    }
    return true;
}

static bool read_extensions(struct cursor *c, struct authenticator_data *out)
{
    struct cursor start = *c, peek = *c;
    struct item map;
    if (!cursor_expect(&peek, ITEM_MAP, &map) || map.number > EXTENSIONS_MAX || !cursor_skip(c)) {
        return false;
    }
    out->extensions = (struct blob){ start.at, (size_t)(c->at - start.at) };
    return true;
}

bool authenticator_data_read(struct blob bytes, struct authenticator_data *out)
{
    *out = (struct authenticator_data){ .all = bytes };
    if (bytes.len < FIXED || bytes.len > AUTHENTICATOR_DATA_MAX) {
        return false;
    }
    const uint8_t *p = bytes.bytes;
    out->rp_id_hash = p;
    out->flags = p[RP_ID_HASH];
    p += RP_ID_HASH + 1;
    out->sign_count =
        (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
    struct cursor rest = { bytes.bytes + FIXED, bytes.len - FIXED };
    if ((out->flags & FLAG_AT) && !read_attested(&rest, out)) {
        return false;
    }
    if ((out->flags & FLAG_ED) && !read_extensions(&rest, out)) {
        return false;
    }
    return rest.left == 0;
}

static void note_extension(const struct item *name, const struct item *value,
                           struct extension_outputs *out)
{
    bool there = value->kind == ITEM_BYTES || (value->kind == ITEM_BOOL && value->number);
    if (item_is_text(name, "hmac-secret") && there) {
        out->mask |= FIDO_EXT_HMAC_SECRET;
    } else if (item_is_text(name, "credBlob") && there) {
        out->mask |= FIDO_EXT_CRED_BLOB;
    } else if (item_is_text(name, "credProtect") && value->kind == ITEM_INT) {
        out->mask |= FIDO_EXT_CRED_PROTECT;
        out->protection = (int)value->number;
    } else if (item_is_text(name, "minPinLength") && value->kind == ITEM_INT) {
        out->mask |= FIDO_EXT_MINPINLEN;
        out->pin_length = (size_t)value->number;
    }
}

struct extension_outputs extension_outputs_of(const struct authenticator_data *data)
{
    struct extension_outputs out = { 0 };
    struct cursor c = { data->extensions.bytes, data->extensions.len };
    struct item map, name, value;
    if (!cursor_expect(&c, ITEM_MAP, &map)) {
        return out;
    }
    for (int64_t i = 0; i < map.number; i++) {
        struct cursor peek;
        if (!cursor_next(&c, &name) || (peek = c, !cursor_next(&peek, &value)) ||
            !cursor_skip(&c)) {
            break;
        }
        note_extension(&name, &value, &out);
    }
    return out;
}
