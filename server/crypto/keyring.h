/* keyring.h: the keys that sign and verify access tokens: the HS256 secret and the JWKs of
 * GOTRUE_JWT_KEYS (internals.md §2.2). Made once at start, read by all threads after. */
#ifndef COUNTERSIGN_CRYPTO_KEYRING_H
#define COUNTERSIGN_CRYPTO_KEYRING_H

#include "base/arena.h"
#include "base/strbuf.h"

#include <stdbool.h>

struct keyring;

struct keyring_settings {
    const char *secret;        /* GOTRUE_JWT_SECRET; required */
    const char *secret_kid;    /* GOTRUE_JWT_KEY_ID or "" */
    const char *jwks;          /* GOTRUE_JWT_KEYS: JSON array of JWKs, or NULL or "" */
    const char *valid_methods; /* GOTRUE_JWT_VALID_METHODS: comma list, or NULL: every key's alg */
};

/* NULL on error, with *error (in the arena) for a person: which key is wrong and why. Refused at
 * start: no signing key, several, a key without kid or alg, a key whose type does not fit its alg,
 * a signing key without its private part, weak RSA (< 2048 bits), points off the curve. */
struct keyring *keyring_new(struct arena *arena, const struct keyring_settings *settings,
                            const char **error);
void keyring_free(struct keyring **keyring);

/* The algorithm that access tokens are signed with, such as "HS256". */
const char *keyring_signs_with(const struct keyring *keyring);

/* {"keys":[...]}: the public members of every asymmetric key, members sorted by name: the key that
 * signs first, since some verifiers go by the type of the first, and then in the order of the
 * configuration (rows JW1, §2.3). */
void keyring_write_jwks(const struct keyring *keyring, struct strbuf *out);

/* Signs a payload (JSON text): the compact form "header.payload.signature" in the arena, with
 * header {"alg":..,"kid":..,"typ":"JWT"} (kid left out if the key has none). NULL only if the
 * library fails. */
char *keyring_sign(const struct keyring *keyring, struct arena *arena, const char *payload,
                   size_t len);

/* Verifies the signature and returns the payload (JSON text, NUL-terminated, in the arena), or
 * NULL with *detail saying why in the words of internals.md §2.2 ("Verify"), such as
 * "token is malformed: token contains an invalid number of segments", "token signature is
 * invalid: signing method none is invalid", "token is unverifiable: error while executing
 * keyfunc: unrecognized JWT kid K for algorithm A". The algorithm must be among the valid methods
 * and belong to the type of the chosen key; it is never taken from the token alone. exp and the
 * other claims are not looked at here. Tokens over 64 KiB are malformed. */
const char *keyring_verify(const struct keyring *keyring, struct arena *arena, const char *token,
                           const char **detail);

#endif
