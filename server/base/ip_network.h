/* ip_network.h: addresses and networks in their text forms; an IPv4 address is taken as the IPv6
 * address that stands for it (RFC 4291 §2.5.5.2), so that both compare. */
#ifndef COUNTERSIGN_BASE_IP_NETWORK_H
#define COUNTERSIGN_BASE_IP_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IP_BYTES = 16 };

struct ip_network {
    uint8_t bytes[IP_BYTES];
    int bits; /* that must be equal */
};

/* false: no address. */
bool ip_parse(const char *text, size_t len, uint8_t out[IP_BYTES]);

/* "10.0.0.0/8", "::1", "192.168.1.7"; false for everything else, so that a slip of the pen does
 * not make a larger network. */
bool ip_network_parse(const char *text, struct ip_network *out);

bool ip_network_holds(const struct ip_network *network, const uint8_t address[IP_BYTES]);

#endif
