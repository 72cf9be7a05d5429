/* thread.c: contexts per thread and algorithms per process, see thread.h. Contexts are freed when
 * their thread ends; the algorithms stay until the process does. */
#include "crypto/thread.h"

#include "base/log.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

static const char *const digest_name[DIGEST_COUNT] = {
    [DIGEST_SHA1] = "SHA1",
    [DIGEST_SHA224] = "SHA224",
    [DIGEST_SHA256] = "SHA256",
    [DIGEST_SHA512] = "SHA512",
};

/* Written once under `once`, read only after that; never freed. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static EVP_MD *mds[DIGEST_COUNT];
static EVP_MAC *hmac;
static EVP_CIPHER *aes256_gcm, *aes256_ctr;

static _Thread_local struct crypto_thread *mine;

static void *needed(void *what)
{
    if (!what) {
        log_die("the OpenSSL library lacks an algorithm or memory");
    }
    return what;
}

static void thread_free(void *what)
{
    struct crypto_thread *t = what;
    for (int i = 0; i < DIGEST_COUNT; i++) {
        EVP_MD_CTX_free(t->md[i]);
        EVP_MAC_CTX_free(t->hmac[i]);
    }
    EVP_CIPHER_CTX_free(t->cipher);
    EVP_MD_CTX_free(t->signature);
    free(t);
    mine = NULL;
}

static void fetch_all(void)
{
    for (int i = 0; i < DIGEST_COUNT; i++) {
        mds[i] = needed(EVP_MD_fetch(NULL, digest_name[i], NULL));
    }
    hmac = needed(EVP_MAC_fetch(NULL, "HMAC", NULL));
    aes256_gcm = needed(EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL));
    aes256_ctr = needed(EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL));
    if (pthread_key_create(&thread_key, thread_free)) {
        log_die("no more thread keys");
    }
}

static EVP_MAC_CTX *hmac_new(enum digest digest)
{
    EVP_MAC_CTX *ctx = needed(EVP_MAC_CTX_new(hmac));
    char name[16] = { 0 }; /* OSSL_PARAM takes no const */
    for (size_t i = 0; digest_name[digest][i]; i++) {
        name[i] = digest_name[digest][i];
    }
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    if (EVP_MAC_CTX_set_params(ctx, params) != 1) {
        log_die("OpenSSL refuses an HMAC");
    }
    return ctx;
}

struct crypto_thread *crypto_thread(void)
{
    if (mine) {
        return mine;
    }
    pthread_once(&once, fetch_all);
    struct crypto_thread *t = needed(calloc(1, sizeof *t));
    for (int i = 0; i < DIGEST_COUNT; i++) {
        t->md[i] = needed(EVP_MD_CTX_new());
        t->hmac[i] = hmac_new((enum digest)i);
    }
    t->cipher = needed(EVP_CIPHER_CTX_new());
    t->signature = needed(EVP_MD_CTX_new());
    if (pthread_setspecific(thread_key, t)) {
        log_die("out of memory");
    }
    mine = t;
    return t;
}

const EVP_MD *crypto_md(enum digest digest)
{
    pthread_once(&once, fetch_all);
    return mds[digest];
}

const EVP_CIPHER *crypto_aes256_gcm(void)
{
    pthread_once(&once, fetch_all);
    return aes256_gcm;
}

const EVP_CIPHER *crypto_aes256_ctr(void)
{
    pthread_once(&once, fetch_all);
    return aes256_ctr;
}
