/* fbscrypt.c: Firebase's scrypt hashes, see password_forms.h. scrypt (RFC 7914) of the password
 * makes an AES-256-CTR key, with which the project's signer key is encrypted: that is the hash. */
#include "crypto/password_forms.h"

#include "base/log.h"
#include "crypto/base64.h"
#include "crypto/ct_equal.h"
#include "crypto/thread.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

enum {
    KEY = 32,
    LOG_N_MAX = 21,
    R_MAX = 1024,
    P_MAX = 255,
    BLOCK = 128,          /* RFC 7914 §2: memory is 128 N r bytes */
    MEMORY_MAX_MIB = 256, /* Firebase's own exporter uses 16 MiB */
    WORK_MAX_MIB = 2048,  /* memory times p: about ten seconds */
    BYTES_MAX = 1024,     /* of each of salt, separator, signer key, hash */
};

/* Bytes of base64 up to one of the ends or the end of the text; never none. */
static bool read_bytes(struct arena *arena, const char **at, const char *ends, uint8_t **out,
                       size_t *len)
{
    size_t text_len = strcspn(*at, ends);
    if (!base64_decode(arena, *at, text_len, out, len) || !*len || *len > BYTES_MAX) {
        return false;
    }
    *at += text_len;
    return true;
}

static bool within_bounds(const struct fbscrypt_hash *hash)
{
    uint64_t memory = (uint64_t)BLOCK * hash->r << hash->log_n;
    /* RFC 7914 §2: N < 2^(128 r / 8) */
    return memory <= (uint64_t)MEMORY_MAX_MIB << 20 && hash->log_n < 16 * hash->r &&
           memory * hash->p <= (uint64_t)WORK_MAX_MIB << 20;
}

bool fbscrypt_read(struct arena *arena, const char *text, struct fbscrypt_hash *out)
{
    const char *at = text;
    uint8_t *separator = NULL, *salt;
    size_t separator_len = 0, salt_len;
    *out = (struct fbscrypt_hash){ 0 };
    if (!form_word(&at, "$fbscrypt$v=1,n=") || !form_number(&at, LOG_N_MAX, &out->log_n) ||
        !form_word(&at, ",r=") || !form_number(&at, R_MAX, &out->r) || !form_word(&at, ",p=") ||
        !form_number(&at, P_MAX, &out->p) || !within_bounds(out)) {
        return false;
    }
    if (form_word(&at, ",ss=") && !read_bytes(arena, &at, ",$", &separator, &separator_len)) {
        return false;
    }
    if (form_word(&at, ",sk=") &&
        !read_bytes(arena, &at, "$", &out->signer_key, &out->signer_key_len)) {
        return false;
    }
    if (!form_word(&at, "$") || !read_bytes(arena, &at, "$", &salt, &salt_len) ||
        !form_word(&at, "$") || !read_bytes(arena, &at, "", &out->hash, &out->hash_len)) {
        return false;
    }
    out->salt_len = salt_len + separator_len;
    out->salt = arena_alloc(arena, out->salt_len);
    memcpy(out->salt, salt, salt_len);
    if (separator_len) {
        memcpy(out->salt + salt_len, separator, separator_len);
    }
    return true;
}

static bool scrypt(const struct fbscrypt_hash *hash, char *password, uint8_t key[KEY])
{
    uint64_t n = UINT64_C(1) << hash->log_n, memory = (uint64_t)(MEMORY_MAX_MIB + 64) << 20;
    uint32_t r = hash->r, p = hash->p;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, password, strlen(password)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, hash->salt, hash->salt_len),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    if (!ctx) {
        log_die("the OpenSSL library lacks scrypt");
    }
    bool ok = EVP_KDF_derive(ctx, key, KEY, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    ERR_clear_error();
    return ok;
}

bool fbscrypt_fits(struct arena *arena, const struct fbscrypt_hash *hash, const char *password)
{
    static const uint8_t zero_iv[16];
    uint8_t key[KEY], made[BYTES_MAX];
    EVP_CIPHER_CTX *ctx = crypto_thread()->cipher;
    int len = 0;
    if (!scrypt(hash, arena_strdup(arena, password), key)) {
        return false;
    }
    bool ok = EVP_EncryptInit_ex2(ctx, crypto_aes256_ctr(), key, zero_iv, NULL) == 1 &&
              (!hash->signer_key_len || EVP_EncryptUpdate(ctx, made, &len, hash->signer_key,
                                                          (int)hash->signer_key_len) == 1);
    EVP_CIPHER_CTX_reset(ctx);
    bool fits = ok && (size_t)len == hash->hash_len && ct_equal(made, hash->hash, hash->hash_len);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(made, sizeof made);
    return fits;
}
