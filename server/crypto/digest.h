/* digest.h: SHA-2, HMAC and HKDF. None of them can fail on these inputs (a library that lacks
 * them ends the process at the first call). Contexts are kept per thread and reused. */
#ifndef COUNTERSIGN_CRYPTO_DIGEST_H
#define COUNTERSIGN_CRYPTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_SIZE = 20, SHA224_SIZE = 28, SHA256_SIZE = 32, SHA512_SIZE = 64 };

enum digest { DIGEST_SHA1, DIGEST_SHA224, DIGEST_SHA256, DIGEST_SHA512 };

/* Size of its output in bytes. */
size_t digest_size(enum digest digest);

void digest_of(enum digest digest, const void *bytes, size_t len, uint8_t *out);

/* HMAC (RFC 2104). out has digest_size(digest) bytes. */
void hmac_of(enum digest digest, const void *key, size_t key_len, const void *bytes, size_t len,
             uint8_t *out);

/* HMACs of `count` messages of `each` bytes, laid end to end, with one key, whose set-up costs as
 * much as a message: out has count * digest_size(digest) bytes. */
void hmac_each(enum digest digest, const void *key, size_t key_len, const void *messages,
               size_t each, size_t count, uint8_t *out);

/* HKDF-SHA-256 (RFC 5869) without salt. */
void hkdf_sha256(const void *key, size_t key_len, const char *info, uint8_t *out, size_t out_len);

/* Lower-case hexadecimal; out has 2 * len + 1 bytes. */
char *hex_encode(const void *bytes, size_t len, char *out);

#endif
