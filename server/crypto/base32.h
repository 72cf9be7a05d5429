/* base32.h: RFC 4648 §6, upper case, without padding: the form of TOTP secrets. */
#ifndef COUNTERSIGN_CRYPTO_BASE32_H
#define COUNTERSIGN_CRYPTO_BASE32_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

char *base32_encode(struct arena *arena, const void *bytes, size_t len);

/* Accepts either case and trailing '='; false on anything else. */
bool base32_decode(struct arena *arena, const char *text, uint8_t **out, size_t *out_len);

#endif
