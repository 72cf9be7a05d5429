/* digest.c: SHA-2, HMAC and HKDF over the thread's contexts, see digest.h. The only file that
 * computes them: a message authentication code elsewhere goes through here. */
#include "crypto/digest.h"

#include "base/log.h"
#include "crypto/thread.h"

#include <openssl/crypto.h>
#include <string.h>

static void must(int ok)
{
    if (ok != 1) {
        log_die("OpenSSL fails to hash");
    }
}

size_t digest_size(enum digest digest)
{
    static const size_t sizes[DIGEST_COUNT] = { SHA1_SIZE, SHA224_SIZE, SHA256_SIZE, SHA512_SIZE };
    return sizes[digest];
}

void digest_of(enum digest digest, const void *bytes, size_t len, uint8_t *out)
{
    EVP_MD_CTX *ctx = crypto_thread()->md[digest];
    must(EVP_DigestInit_ex(ctx, crypto_md(digest), NULL));
    must(EVP_DigestUpdate(ctx, bytes, len));
    must(EVP_DigestFinal_ex(ctx, out, NULL));
}

/* The thread's context, keyed. An empty key is given as a pointer to something, because NULL means
 * the key of the last call to OpenSSL. */
static EVP_MAC_CTX *keyed(enum digest digest, const void *key, size_t key_len)
{
    EVP_MAC_CTX *ctx = crypto_thread()->hmac[digest];
    must(EVP_MAC_init(ctx, key_len ? key : "", key_len, NULL));
    return ctx;
}

void hmac_each(enum digest digest, const void *key, size_t key_len, const void *messages,
               size_t each, size_t count, uint8_t *out)
{
    size_t size = digest_size(digest), written;
    EVP_MAC_CTX *ctx = keyed(digest, key, key_len);
    const uint8_t *message = messages;
    for (size_t i = 0; i < count; i++, message += each, out += size) {
        if (i) {
            must(EVP_MAC_init(ctx, NULL, 0, NULL));
        }
        must(EVP_MAC_update(ctx, message, each));
        must(EVP_MAC_final(ctx, out, &written, size));
    }
}

void hmac_of(enum digest digest, const void *key, size_t key_len, const void *bytes, size_t len,
             uint8_t *out)
{
    hmac_each(digest, key, key_len, bytes, len, 1, out);
}

void hkdf_sha256(const void *key, size_t key_len, const char *info, uint8_t *out, size_t out_len)
{
    static const uint8_t no_salt[SHA256_SIZE]; /* RFC 5869 §2.2: absent means zeros */
    uint8_t prk[SHA256_SIZE], block[SHA256_SIZE];
    size_t written, block_len = 0;
    if (out_len > (size_t)255 * SHA256_SIZE) {
        log_die("HKDF asked for too much");
    }
    hmac_of(DIGEST_SHA256, no_salt, sizeof no_salt, key, key_len, prk);
    for (uint8_t i = 1; out_len; i++) { /* §2.3: T(i) = HMAC(PRK, T(i-1) | info | i) */
        EVP_MAC_CTX *ctx = keyed(DIGEST_SHA256, prk, sizeof prk);
        must(EVP_MAC_update(ctx, block, block_len));
        must(EVP_MAC_update(ctx, (const uint8_t *)info, strlen(info)));
        must(EVP_MAC_update(ctx, &i, 1));
        must(EVP_MAC_final(ctx, block, &written, sizeof block));
        block_len = sizeof block;
        size_t n = out_len < block_len ? out_len : block_len;
        memcpy(out, block, n);
        out += n;
        out_len -= n;
    }
    OPENSSL_cleanse(prk, sizeof prk);
    OPENSSL_cleanse(block, sizeof block);
}

char *hex_encode(const void *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = bytes;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * len] = '\0';
    return out;
}
