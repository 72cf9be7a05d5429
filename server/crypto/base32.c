/* base32.c: RFC 4648 §6 base32, see base32.h: a bit buffer both ways. Used for TOTP secrets, which
 * people type by hand: hence either case. */
#include "crypto/base32.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

char *base32_encode(struct arena *arena, const void *bytes, size_t len)
{
    const uint8_t *in = bytes;
    char *text = arena_alloc(arena, (len + 4) / 5 * 8 + 1);
    char *to = text;
    uint32_t group = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        group = group << 8 | in[i];
        for (bits += 8; bits >= 5; bits -= 5) {
            *to++ = alphabet[group >> (bits - 5) & 31];
        }
    }
    if (bits) {
        *to = alphabet[group << (5 - bits) & 31];
    }
    return text;
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a';
    }
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool base32_decode(struct arena *arena, const char *text, uint8_t **out, size_t *out_len)
{
    size_t len = strlen(text);
    size_t padding = 0;
    while (padding < len && padding <= 6 && text[len - 1 - padding] == '=') {
        padding++;
    }
    len -= padding;
    size_t rest = len % 8;
    if (padding > 6 || rest == 1 || rest == 3 || rest == 6) {
        return false;
    }
    uint8_t *bytes = arena_alloc(arena, len / 8 * 5 + rest * 5 / 8 + 1);
    size_t n = 0;
    uint32_t group = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        int value = value_of(text[i]);
        if (value < 0) {
            return false;
        }
        group = group << 5 | (uint32_t)value;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            bytes[n++] = (uint8_t)(group >> bits);
        }
    }
    /* Unused bits may be set: secrets made elsewhere as random characters have such endings, and
     * authenticator apps read them. */
    *out = bytes;
    *out_len = n;
    return true;
}
