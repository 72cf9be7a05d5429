/* jws.c: signing and verifying with asymmetric keys, see jws.h. OpenSSL writes ECDSA signatures
 * in DER, RFC 7518 §3.4 wants r and s side by side: both ways are converted here. */
#include "crypto/jws.h"

#include "crypto/thread.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

enum { DER_MAX = 160 }; /* two numbers of 66 bytes with their headers are 141 */

static const struct jws_rule rules[JWS_COUNT] = {
    [JWS_HS256] = { .name = "HS256", .key = JWS_KEY_OCT, .kty = "oct" },
    [JWS_RS256] = { .name = "RS256", .key = JWS_KEY_RSA, .kty = "RSA" },
    [JWS_RS512] = { .name = "RS512", .key = JWS_KEY_RSA, .kty = "RSA" },
    [JWS_ES256] = { "ES256", JWS_KEY_EC, "EC", "P-256", "prime256v1", 32 },
    [JWS_ES512] = { "ES512", JWS_KEY_EC, "EC", "P-521", "secp521r1", 66 },
    [JWS_EDDSA] = { "EdDSA", JWS_KEY_OKP, "OKP", "Ed25519", "ED25519", 32 },
};

const struct jws_rule *jws_rule(enum jws_alg alg)
{
    return &rules[alg];
}

bool jws_alg_named(const char *name, enum jws_alg *out)
{
    for (int i = 0; i < JWS_COUNT; i++) {
        if (strcmp(rules[i].name, name) == 0) {
            *out = (enum jws_alg)i;
            return true;
        }
    }
    return false;
}

bool jws_alg_known(const char *name)
{
    static const char *const others[] = { "none",  "HS384", "HS512", "RS384",
                                          "ES384", "PS256", "PS384", "PS512" };
    enum jws_alg ours;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i], name) == 0) {
            return true;
        }
    }
    return jws_alg_named(name, &ours);
}

/* RFC 8032: Ed25519 hashes by itself. */
static const EVP_MD *md_of(enum jws_alg alg)
{
    if (alg == JWS_EDDSA) {
        return NULL;
    }
    return crypto_md(alg == JWS_RS512 || alg == JWS_ES512 ? DIGEST_SHA512 : DIGEST_SHA256);
}

/* DER to r | s, in place; 0 on failure. */
static size_t raw_of_der(uint8_t *signature, size_t len, int part)
{
    const uint8_t *at = signature;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, part) == part &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + part, part) == part;
    ECDSA_SIG_free(sig);
    return ok ? 2 * (size_t)part : 0;
}

/* r | s to DER; 0 on failure. */
static size_t der_of_raw(const uint8_t *raw, int part, uint8_t der[DER_MAX])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, part, NULL), *s = BN_bin2bn(raw + part, part, NULL);
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return 0;
    }
    int len = i2d_ECDSA_SIG(sig, NULL);
    if (len > 0 && len <= DER_MAX) {
        len = i2d_ECDSA_SIG(sig, &der);
    } else {
        len = 0;
    }
    ECDSA_SIG_free(sig);
    return len > 0 ? (size_t)len : 0;
}

size_t jws_sign(enum jws_alg alg, EVP_PKEY *key, const void *text, size_t len,
                uint8_t out[JWS_SIGNATURE_MAX])
{
    EVP_MD_CTX *ctx = crypto_thread()->signature;
    size_t n = JWS_SIGNATURE_MAX;
    bool ok = EVP_DigestSignInit(ctx, NULL, md_of(alg), NULL, key) == 1 &&
              EVP_DigestSign(ctx, out, &n, text, len) == 1;
    EVP_MD_CTX_reset(ctx);
    if (!ok) {
        ERR_clear_error();
        return 0;
    }
    return rules[alg].key == JWS_KEY_EC ? raw_of_der(out, n, rules[alg].part) : n;
}

bool jws_verify(enum jws_alg alg, EVP_PKEY *key, const void *text, size_t len,
                const uint8_t *signature, size_t signature_len)
{
    EVP_MD_CTX *ctx = crypto_thread()->signature;
    uint8_t der[DER_MAX];
    if (rules[alg].key == JWS_KEY_EC) {
        /* RFC 7518 §3.4: any other length is wrong, the curve of another algorithm too. */
        if (signature_len != 2 * (size_t)rules[alg].part ||
            (EVP_PKEY_get_bits(key) + 7) / 8 != rules[alg].part) {
            return false;
        }
        signature_len = der_of_raw(signature, rules[alg].part, der);
        signature = der;
    }
    bool ok = EVP_DigestVerifyInit(ctx, NULL, md_of(alg), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, signature, signature_len, text, len) == 1;
    EVP_MD_CTX_reset(ctx);
    if (!ok) {
        ERR_clear_error();
    }
    return ok;
}
