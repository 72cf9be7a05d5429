/* ip_network.c: see ip_network.h. */
#include "base/ip_network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64, V4_AT = 12, BITS = 128, BITS_MAX_DIGITS = 3 };

static bool is_v4(const char *text, size_t len)
{
    return memchr(text, ':', len) == NULL;
}

bool ip_parse(const char *text, size_t len, uint8_t out[IP_BYTES])
{
    char copy[TEXT_MAX];
    if (len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (!is_v4(copy, len)) {
        return inet_pton(AF_INET6, copy, out) == 1;
    }
    memset(out, 0, V4_AT - 2);
    memset(out + V4_AT - 2, 0xFF, 2);
    return inet_pton(AF_INET, copy, out + V4_AT) == 1;
}

bool ip_network_parse(const char *text, struct ip_network *out)
{
    size_t len = strcspn(text, "/");
    out->bits = BITS;
    if (!ip_parse(text, len, out->bytes)) {
        return false;
    }
    if (!text[len]) {
        return true;
    }
    const char *digits = text + len + 1;
    size_t n = strspn(digits, "0123456789");
    int before = is_v4(text, len) ? 8 * V4_AT : 0;
    if (!n || n > BITS_MAX_DIGITS || digits[n]) {
        return false;
    }
    out->bits = before + (int)strtol(digits, NULL, 10);
    return out->bits <= BITS;
}

bool ip_network_holds(const struct ip_network *network, const uint8_t address[IP_BYTES])
{
    for (int i = 0; i < network->bits; i++) {
        if ((network->bytes[i / 8] ^ address[i / 8]) & (0x80 >> i % 8)) {
            return false;
        }
    }
    return true;
}
