/* ip_block.c: see ip_block.h. */
#include "base/ip_block.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    BYTES = 16,     /* of an IPv6 address */
    SHARED = 8,     /* RFC 4291 §2.5.4: those that name a network */
    NEIGHBOURS = 6, /* RFC 6177: what one site gets at most */
    V4_BYTES = 4,
    V4_NEIGHBOURS = 3,
};

/* Its first `kept` bytes; NULL if it is no address of that family. */
static const char *network(struct arena *arena, int family, const char *ip, int size, int kept)
{
    unsigned char bytes[BYTES];
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(family, ip, bytes) != 1) {
        return NULL;
    }
    memset(bytes + kept, 0, (size_t)(size - kept));
    inet_ntop(family, bytes, text, sizeof text);
    return arena_printf(arena, "%s/%d", text, 8 * kept);
}

const char *ip_block(struct arena *arena, const char *ip)
{
    const char *block = network(arena, AF_INET6, ip, BYTES, SHARED);
    return block ? block : ip;
}

const char *ip_neighbours(struct arena *arena, const char *ip)
{
    const char *v6 = network(arena, AF_INET6, ip, BYTES, NEIGHBOURS);
    const char *v4 = v6 ? NULL : network(arena, AF_INET, ip, V4_BYTES, V4_NEIGHBOURS);
    return v6 ? v6 : v4 ? v4 : ip;
}
