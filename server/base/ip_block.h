/* ip_block.h: the part of an address that stands for one client where attempts are counted: all of
 * an IPv4 address, the first 64 bits of an IPv6 address. */
#ifndef COUNTERSIGN_BASE_IP_BLOCK_H
#define COUNTERSIGN_BASE_IP_BLOCK_H

#include "base/arena.h"

/* "2001:db8:1:2::/64"; any other text as it is. In the arena, or ip itself. */
const char *ip_block(struct arena *arena, const char *ip);

/* The network around it that somebody may have as a whole: "2001:db8:1::/48", "192.0.2.0/24"; any
 * other text as it is. */
const char *ip_neighbours(struct arena *arena, const char *ip);

#endif
