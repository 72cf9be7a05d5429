/* refresh_token.h: the two text forms of refresh tokens (internals.md §3.1). Version 1 is
 * 12 random characters; version 2 names its session and a counter and carries a MAC:
 * base64url(00 | session 16 | uvarint counter | HMAC-SHA-256[0:16] | SHA-256[0:4]). */
#ifndef COUNTERSIGN_CRYPTO_REFRESH_TOKEN_H
#define COUNTERSIGN_CRYPTO_REFRESH_TOKEN_H

#include "base/arena.h"
#include "base/entropy.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

enum { REFRESH_KEY = 32, REFRESH_V2_BYTES = 46 };

struct refresh_token {
    int version;                     /* 1 or 2 */
    const char *text;                /* as given */
    struct uuid session;             /* version 2 */
    int64_t counter;                 /* version 2 */
    uint8_t bytes[REFRESH_V2_BYTES]; /* version 2, for refresh_token_fits */
    size_t len;
};

/* Row R1: false if the text is of neither form (checksum included). */
bool refresh_token_parse(struct arena *arena, const char *text, struct refresh_token *out);

/* Was this version 2 token made with the key? Constant time. */
bool refresh_token_fits(const struct refresh_token *token, const uint8_t key[REFRESH_KEY]);

char *refresh_token_v2(struct arena *arena, const uint8_t key[REFRESH_KEY],
                       const struct uuid *session, int64_t counter);

/* 12 characters of [a-z2-7]. */
char *refresh_token_v1(struct arena *arena, struct entropy *entropy);

#endif
