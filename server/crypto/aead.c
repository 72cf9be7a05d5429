/* aead.c: secrets at rest, see aead.h: AES-256-GCM (NIST SP 800-38D) under a key that HKDF makes
 * from the configured key and the owner's id, so that a sealed text moved to another row does not
 * open. Stateless but for the thread's cipher context. */
#include "crypto/aead.h"

#include "base/json.h"
#include "base/log.h"
#include "crypto/base64.h"
#include "crypto/digest.h"
#include "crypto/thread.h"

#include <openssl/crypto.h>
#include <string.h>

enum { NONCE = 12, TAG = 16, SEALED_MAX = 1 << 20 };

static const char alg_name[] = "aes-gcm-hkdf";

struct sealed {
    const char *key_id;
    const uint8_t *nonce;
    uint8_t *data;
    size_t len;
};

static bool read_sealed(struct arena *arena, const char *stored, struct sealed *out)
{
    const char *detail;
    if (stored[0] != '{') {
        return false;
    }
    const struct json_t *form = json_read(arena, stored, strlen(stored), &detail);
    const char *key_id = json_member_text(form, "key_id"), *alg = json_member_text(form, "alg");
    const char *data = json_member_text(form, "data"), *nonce = json_member_text(form, "nonce");
    if (!key_id || !*key_id || !alg || strcmp(alg, alg_name) != 0 || !data || !nonce) {
        return false;
    }
    uint8_t *nonce_bytes;
    size_t nonce_len;
    if (!base64_decode(arena, nonce, strlen(nonce), &nonce_bytes, &nonce_len) ||
        nonce_len != NONCE || !base64_decode(arena, data, strlen(data), &out->data, &out->len) ||
        !out->len) {
        return false;
    }
    out->key_id = key_id;
    out->nonce = nonce_bytes;
    return true;
}

static void owner_key(const struct vault_key *key, const struct uuid *owner, uint8_t out[VAULT_KEY])
{
    char owner_text[UUID_TEXT];
    uuid_format(owner, owner_text);
    hkdf_sha256(key->key, VAULT_KEY, owner_text, out, VAULT_KEY);
}

/* out has len bytes; the tag follows them. */
static void gcm_seal(const uint8_t *key, const uint8_t *nonce, const char *plain, int len,
                     uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = crypto_thread()->cipher;
    int n, rest;
    if (EVP_EncryptInit_ex2(ctx, crypto_aes256_gcm(), key, nonce, NULL) != 1 ||
        EVP_EncryptUpdate(ctx, out, &n, (const uint8_t *)plain, len) != 1 ||
        EVP_EncryptFinal_ex(ctx, out + n, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + len) != 1) {
        log_die("OpenSSL fails to encrypt");
    }
    EVP_CIPHER_CTX_reset(ctx); /* the key does not stay in the thread */
}

static bool gcm_open(const uint8_t *key, const struct sealed *sealed, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = crypto_thread()->cipher;
    int len = (int)(sealed->len - TAG), n = 0, rest;
    bool ok = EVP_DecryptInit_ex2(ctx, crypto_aes256_gcm(), key, sealed->nonce, NULL) == 1 &&
              EVP_DecryptUpdate(ctx, out, &n, sealed->data, len) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, sealed->data + len) == 1 &&
              EVP_DecryptFinal_ex(ctx, out + n, &rest) == 1;
    EVP_CIPHER_CTX_reset(ctx);
    return ok;
}

const char *vault_seal(const struct vault *vault, struct arena *arena, struct entropy *entropy,
                       const struct uuid *owner, const char *plain)
{
    size_t len = strlen(plain);
    if (!vault->seals) {
        return arena_strdup(arena, plain);
    }
    if (len > SEALED_MAX / 2 || vault->current < 0 || vault->current >= vault->count) {
        log_die("nothing to seal with, or too long a secret");
    }
    const struct vault_key *key = &vault->keys[vault->current];
    uint8_t nonce[NONCE], owned[VAULT_KEY];
    uint8_t *data = arena_alloc(arena, len + TAG);
    entropy_bytes(entropy, nonce, sizeof nonce);
    owner_key(key, owner, owned);
    gcm_seal(owned, nonce, plain, (int)len, data);
    OPENSSL_cleanse(owned, sizeof owned);
    struct strbuf out = strbuf_in(arena, SEALED_MAX);
    strbuf_str(&out, "{\"key_id\":");
    json_quote(&out, key->id);
    strbuf_str(&out, ",\"alg\":\"aes-gcm-hkdf\",\"data\":\"");
    strbuf_str(&out, base64_encode(arena, data, len + TAG));
    strbuf_str(&out, "\",\"nonce\":\"");
    strbuf_str(&out, base64_encode(arena, nonce, sizeof nonce));
    strbuf_str(&out, "\"}");
    return out.data;
}

static const struct vault_key *key_named(const struct vault *vault, const char *id)
{
    for (int i = 0; i < vault->count; i++) {
        if (strcmp(vault->keys[i].id, id) == 0) {
            return &vault->keys[i];
        }
    }
    return NULL;
}

const char *vault_try(const struct vault *vault, struct arena *arena, const struct uuid *owner,
                      const char *stored)
{
    struct sealed sealed;
    uint8_t owned[VAULT_KEY];
    if (!read_sealed(arena, stored, &sealed)) {
        return arena_strdup(arena, stored);
    }
    const struct vault_key *key = key_named(vault, sealed.key_id);
    if (!key || sealed.len < TAG || sealed.len > SEALED_MAX) {
        return NULL;
    }
    size_t len = sealed.len - TAG;
    uint8_t *plain = arena_alloc(arena, len + 1);
    owner_key(key, owner, owned);
    bool ok = gcm_open(owned, &sealed, plain);
    OPENSSL_cleanse(owned, sizeof owned);
    if (!ok || strlen((const char *)plain) != len) { /* texts only */
        OPENSSL_cleanse(plain, len);
        return NULL;
    }
    return (const char *)plain;
}

const char *vault_key_id(struct arena *arena, const char *stored)
{
    struct sealed sealed;
    return read_sealed(arena, stored, &sealed) ? sealed.key_id : NULL;
}

const char *vault_open(const struct vault *vault, struct arena *arena, const struct uuid *owner,
                       const char *stored)
{
    const char *plain = vault_try(vault, arena, owner, stored);
    if (!plain) {
        char id[UUID_TEXT];
        const char *key = vault_key_id(arena, stored);
        bool known = key && key_named(vault, key);
        log_write(LOG_ERROR, "a secret in the database cannot be decrypted",
                  LOG_STR("key", key ? key : ""), LOG_STR("owner", uuid_format(owner, id)),
                  LOG_STR("why", known ? "the key of that name does not open it"
                                       : "no key of that name: "
                                         "GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS"));
    }
    return plain;
}

bool vault_stale(const struct vault *vault, struct arena *arena, const char *stored)
{
    struct sealed sealed;
    if (!vault->seals) {
        return false; /* internals.md §4: with ENCRYPT=false nothing is rewritten */
    }
    return !read_sealed(arena, stored, &sealed) ||
           strcmp(sealed.key_id, vault->keys[vault->current].id) != 0;
}

bool vault_is_sealed(struct arena *arena, const char *stored)
{
    struct sealed sealed;
    return read_sealed(arena, stored, &sealed);
}
