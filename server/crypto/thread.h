/* thread.h: what the crypto layer keeps for each thread and fetches once for the process, because
 * making it anew costs more than the work itself. For files of server/crypto only. */
#ifndef COUNTERSIGN_CRYPTO_THREAD_H
#define COUNTERSIGN_CRYPTO_THREAD_H

#include "crypto/digest.h"

#include <openssl/evp.h>

enum { DIGEST_COUNT = DIGEST_SHA512 + 1 };

/* Contexts of the calling thread, freed when it ends. Each is used within one call and holds no
 * state that a later call relies on. */
struct crypto_thread {
    EVP_MD_CTX *md[DIGEST_COUNT];
    EVP_MAC_CTX *hmac[DIGEST_COUNT]; /* its digest set */
    EVP_CIPHER_CTX *cipher;
    EVP_MD_CTX *signature;
};

/* Never NULL. */
struct crypto_thread *crypto_thread(void);

/* Fetched at the first call, shared by all threads. */
const EVP_MD *crypto_md(enum digest digest);
const EVP_CIPHER *crypto_aes256_gcm(void);
const EVP_CIPHER *crypto_aes256_ctr(void);

#endif
