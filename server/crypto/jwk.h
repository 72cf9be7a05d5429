/* jwk.h: reading a JSON Web Key (RFC 7517, RFC 7518 §6, RFC 8037 §2) with all checks that can be
 * made at start. Used by keyring.c only. */
#ifndef COUNTERSIGN_CRYPTO_JWK_H
#define COUNTERSIGN_CRYPTO_JWK_H

#include "base/arena.h"
#include "base/json.h"
#include "crypto/jws.h"

struct jwk {
    const char *kid; /* "" only for the secret */
    enum jws_alg alg;
    bool signs;            /* key_ops holds "sign" */
    const uint8_t *secret; /* oct */
    size_t secret_len;
    EVP_PKEY *public_key;   /* not oct */
    EVP_PKEY *private_key;  /* only of a key that signs */
    const char *public_jwk; /* JSON text for the JWKS; NULL for oct */
};

/* Reads a key into *out, all of it in the arena, which also frees the OpenSSL keys; what is needed
 * on the way, private numbers among it, goes to scratch. false with *error (in the arena) for a
 * person, without any part of the key but its kid. */
bool jwk_read(struct arena *arena, struct arena *scratch, const struct json_t *jwk, struct jwk *out,
              const char **error);

#endif
