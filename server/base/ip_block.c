/* ip_block.c: see ip_block.h. */
#include "base/ip_block.h"

#include <arpa/inet.h>
#include <string.h>

enum { BYTES = 16, SHARED = 8 }; /* of an IPv6 address; RFC 4291 §2.5.4: those that name a network */

const char *ip_block(struct arena *arena, const char *ip)
{
    unsigned char bytes[BYTES];
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, ip, bytes) != 1) {
        return ip;
    }
    memset(bytes + SHARED, 0, BYTES - SHARED);
    inet_ntop(AF_INET6, bytes, text, sizeof text);
    return arena_printf(arena, "%s/64", text);
}
