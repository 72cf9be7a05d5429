/* jws.h: the signature algorithms of RFC 7518 §3 and RFC 8037 that access tokens may have: which
 * keys they take, signing and verifying. Used by jwk.c and keyring.c only. */
#ifndef COUNTERSIGN_CRYPTO_JWS_H
#define COUNTERSIGN_CRYPTO_JWS_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum jws_alg { JWS_HS256, JWS_RS256, JWS_RS512, JWS_ES256, JWS_ES512, JWS_EDDSA, JWS_COUNT };

enum { JWS_SIGNATURE_MAX = 2048 }; /* RSA of 16384 bits, the most that OpenSSL takes */

enum jws_key { JWS_KEY_OCT, JWS_KEY_RSA, JWS_KEY_EC, JWS_KEY_OKP };

/* What an algorithm asks of its key. */
struct jws_rule {
    const char *name;
    enum jws_key key;
    const char *kty, *crv; /* members of the JWK; crv NULL: it has none */
    const char *group;     /* OpenSSL's name of the curve */
    int part;              /* bytes of a coordinate, of r and of s */
};

const struct jws_rule *jws_rule(enum jws_alg alg);

/* false if the name is none of ours ("none" is none of ours). */
bool jws_alg_named(const char *name, enum jws_alg *out);

/* Is it the name of a signature algorithm that exists, ours or not, "none" included? */
bool jws_alg_known(const char *name);

/* Signs with an asymmetric key; returns the length of the signature, 0 if OpenSSL fails. */
size_t jws_sign(enum jws_alg alg, EVP_PKEY *key, const void *text, size_t len,
                uint8_t out[JWS_SIGNATURE_MAX]);

/* Is it the signature of the text by the asymmetric key? */
bool jws_verify(enum jws_alg alg, EVP_PKEY *key, const void *text, size_t len,
                const uint8_t *signature, size_t signature_len);

#endif
