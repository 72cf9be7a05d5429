/* base64.c: RFC 4648 base64, standard and URL-safe, see base64.h. Decoding goes through one table
 * a form; a text has one decoding and a byte string one text, so that tokens cannot be varied. */
#include "crypto/base64.h"

enum { BAD = 64 };

struct form {
    const char *alphabet;
    uint8_t value[256]; /* of each character, BAD for those outside the alphabet */
};

/* clang-format off */
#define ROW16(v) v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v
/* In the order of ASCII; the forms differ in four places: '+', '-', '/' and '_'. */
#define VALUES(plus, minus, slash, underscore)                                                     \
    {                                                                                              \
        ROW16(BAD), ROW16(BAD),                                                                    \
        BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, plus, BAD, minus, BAD, slash,       \
        52, 53, 54, 55, 56, 57, 58, 59, 60, 61, BAD, BAD, BAD, BAD, BAD, BAD,                      \
        BAD, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,                                     \
        15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, BAD, BAD, BAD, BAD, underscore,                \
        BAD, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,                           \
        41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, BAD, BAD, BAD, BAD, BAD,                       \
        ROW16(BAD), ROW16(BAD), ROW16(BAD), ROW16(BAD),                                            \
        ROW16(BAD), ROW16(BAD), ROW16(BAD), ROW16(BAD),                                            \
    }
/* clang-format on */

static const struct form standard = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", VALUES(62, BAD, 63, BAD)
};
static const struct form url_safe = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", VALUES(BAD, 62, BAD, 63)
};

static size_t encode(char *out, const void *bytes, size_t len, const struct form *form)
{
    const char *alphabet = form->alphabet;
    const uint8_t *in = bytes;
    char *to = out;
    for (; len >= 3; in += 3, len -= 3, to += 4) {
        uint32_t group = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        to[0] = alphabet[group >> 18];
        to[1] = alphabet[group >> 12 & 63];
        to[2] = alphabet[group >> 6 & 63];
        to[3] = alphabet[group & 63];
    }
    if (len) {
        uint32_t group = (uint32_t)in[0] << 16 | (len == 2 ? (uint32_t)in[1] << 8 : 0);
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[group >> 12 & 63];
        if (len == 2) {
            *to++ = alphabet[group >> 6 & 63];
        }
    }
    return (size_t)(to - out);
}

/* Whole groups of four characters; returns how many characters were well. */
static size_t decode_groups(uint8_t *out, const uint8_t *in, size_t len, const struct form *form)
{
    size_t i = 0;
    for (; i + 4 <= len; i += 4, out += 3) {
        uint32_t a = form->value[in[i]], b = form->value[in[i + 1]];
        uint32_t c = form->value[in[i + 2]], d = form->value[in[i + 3]];
        if ((a | b | c | d) & BAD) {
            break;
        }
        out[0] = (uint8_t)(a << 2 | b >> 4);
        out[1] = (uint8_t)(b << 4 | c >> 2);
        out[2] = (uint8_t)(c << 6 | d);
    }
    return i;
}

/* Decodes unpadded text into (len * 3) / 4 bytes. Returns the place of the first wrong character,
 * SIZE_MAX if all is well. */
static size_t decode(uint8_t *out, const char *text, size_t len, const struct form *form)
{
    const uint8_t *in = (const uint8_t *)text;
    size_t start = decode_groups(out, in, len, form);
    uint32_t group = 0;
    unsigned bits = 0;
    out += start / 4 * 3;
    for (size_t i = start; i < len; i++) { /* up to three, or the group with the wrong one */
        uint8_t value = form->value[in[i]];
        if (value == BAD) {
            return i;
        }
        group = group << 6 | value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *out++ = (uint8_t)(group >> bits);
        }
    }
    if (len % 4 == 1) {
        return len - 1;
    }
    /* RFC 4648 §3.5: the unused bits of the last character are zero. */
    return group & ((UINT32_C(1) << bits) - 1) ? len - 1 : SIZE_MAX;
}

static bool decode_into(struct arena *arena, const char *text, size_t len, const struct form *form,
                        uint8_t **out, size_t *out_len)
{
    size_t n = len / 4 * 3 + len % 4 * 3 / 4;
    uint8_t *bytes = arena_alloc(arena, n + 1);
    if (decode(bytes, text, len, form) != SIZE_MAX) {
        return false;
    }
    *out = bytes;
    *out_len = n;
    return true;
}

char *base64url_encode(struct arena *arena, const void *bytes, size_t len)
{
    char *text = arena_alloc(arena, (len + 2) / 3 * 4 + 1);
    encode(text, bytes, len, &url_safe);
    return text;
}

char *base64_encode(struct arena *arena, const void *bytes, size_t len)
{
    char *text = arena_alloc(arena, (len + 2) / 3 * 4 + 1);
    size_t n = encode(text, bytes, len, &standard);
    while (n % 4) {
        text[n++] = '=';
    }
    return text;
}

size_t base64url_write(char *out, const void *bytes, size_t len)
{
    return encode(out, bytes, len, &url_safe);
}

bool base64url_decode(struct arena *arena, const char *text, size_t len, uint8_t **out,
                      size_t *out_len)
{
    return decode_into(arena, text, len, &url_safe, out, out_len);
}

size_t base64url_bad_at(struct arena *arena, const char *text, size_t len)
{
    return decode(arena_alloc(arena, len + 1), text, len, &url_safe);
}

bool base64_decode(struct arena *arena, const char *text, size_t len, uint8_t **out,
                   size_t *out_len)
{
    if (len % 4) {
        return false;
    }
    if (len && text[len - 1] == '=') {
        len -= text[len - 2] == '=' ? 2 : 1;
    }
    return decode_into(arena, text, len, &standard, out, out_len);
}

bool base64_decode_bare(struct arena *arena, const char *text, size_t len, uint8_t **out,
                        size_t *out_len)
{
    return decode_into(arena, text, len, &standard, out, out_len);
}
