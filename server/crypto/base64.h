/* base64.h: RFC 4648 §4 (with padding) and §5 (URL-safe, without padding). Decoding is strict:
 * exactly the alphabet, exactly the padding of the form, unused bits zero. */
#ifndef COUNTERSIGN_CRYPTO_BASE64_H
#define COUNTERSIGN_CRYPTO_BASE64_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* Text in the arena, NUL-terminated. */
char *base64url_encode(struct arena *arena, const void *bytes, size_t len);
char *base64_encode(struct arena *arena, const void *bytes, size_t len);

/* Writes len*4/3 characters (rounded up) without a NUL, returns how many. */
size_t base64url_write(char *out, const void *bytes, size_t len);

/* false if the text is not of the form; else *out (in the arena, NUL-terminated beyond its
 * length for convenience) and *out_len. */
bool base64url_decode(struct arena *arena, const char *text, size_t len, uint8_t **out,
                      size_t *out_len);
bool base64_decode(struct arena *arena, const char *text, size_t len, uint8_t **out,
                   size_t *out_len);

/* The standard alphabet without padding: the form within argon2 hashes. */
bool base64_decode_bare(struct arena *arena, const char *text, size_t len, uint8_t **out,
                        size_t *out_len);

/* For messages about a text that base64url_decode refused: the place of the character that is
 * wrong, counted from 0; SIZE_MAX if none is. */
size_t base64url_bad_at(struct arena *arena, const char *text, size_t len);

#endif
