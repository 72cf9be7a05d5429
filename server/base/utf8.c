/* utf8.c: checks UTF-8, see utf8.h. */
#include "base/utf8.h"

#include <string.h>

/* Bytes of the character at p (left of them are there); 0 if it is malformed. */
static size_t character(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80) {
        return p[0] ? 1 : 0;
    }
    size_t n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || left < n) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool too_low = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xED && p[1] > 0x9F;
    bool too_high = p[0] == 0xF4 && p[1] > 0x8F;
    return too_low || surrogate || too_high ? 0 : n;
}

bool utf8_valid(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t at = 0; at < len;) {
        size_t n = character(p + at, len - at);
        if (!n) {
            return false;
        }
        at += n;
    }
    return true;
}

size_t utf8_prefix(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);
    if (len <= max) {
        return len;
    }
    for (len = max; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80; len--) {
    }
    return len;
}
