/* uuid.c: making, reading and writing UUIDs, see uuid.h. */
#include "base/uuid.h"

#include <string.h>

static void stamp(struct uuid *u, unsigned version)
{
    u->bytes[6] = (uint8_t)((u->bytes[6] & 0x0F) | (version << 4));
    u->bytes[8] = (uint8_t)((u->bytes[8] & 0x3F) | 0x80);
}

struct uuid uuid_v4(struct entropy *entropy)
{
    struct uuid u;
    entropy_bytes(entropy, u.bytes, sizeof u.bytes);
    stamp(&u, 4);
    return u;
}

/* RFC 9562 §5.7, §6.2 method 3: the 12 bits after the milliseconds hold the fraction of one. */
struct uuid uuid_v7(struct entropy *entropy, int64_t now_us)
{
    struct uuid u = uuid_v4(entropy);
    uint64_t ms = (uint64_t)now_us / 1000;
    unsigned fraction = (unsigned)((uint64_t)now_us % 1000 * 4096 / 1000);
    for (int i = 0; i < 6; i++) {
        u.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    u.bytes[6] = (uint8_t)(fraction >> 8);
    u.bytes[7] = (uint8_t)fraction;
    stamp(&u, 7);
    return u;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uuid_parse(const char *text, struct uuid *out)
{
    if (!text || strnlen(text, UUID_TEXT) != UUID_TEXT - 1) {
        return false;
    }
    struct uuid u;
    for (int i = 0, at = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (text[at++] != '-') {
                return false;
            }
        }
        int high = nibble(text[at]), low = nibble(text[at + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        u.bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    *out = u;
    return true;
}

char *uuid_format(const struct uuid *uuid, char out[UUID_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    char *p = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *p++ = '-';
        }
        *p++ = hex[uuid->bytes[i] >> 4];
        *p++ = hex[uuid->bytes[i] & 15];
    }
    *p = '\0';
    return out;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool uuid_is_nil(const struct uuid *uuid)
{
    return uuid_equal(uuid, &uuid_nil);
}
