/* client_address.c: addresses and networks, see client_address.h. */
#include "http/client_address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_TEXT = 64 };

struct address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
};

static bool parse(const char *text, size_t len, struct address *out, bool *v4)
{
    char copy[ADDRESS_TEXT];
    struct in_addr in;
    if (len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    *v4 = inet_pton(AF_INET, copy, &in) == 1;
    if (*v4) {
        memset(out->bytes, 0, 10);
        memset(out->bytes + 10, 0xFF, 2);
        memcpy(out->bytes + 12, &in, 4);
        return true;
    }
    return inet_pton(AF_INET6, copy, out->bytes) == 1;
}

bool address_in_network(const char *address, const char *network)
{
    struct address a, n;
    bool a4, n4;
    size_t len = strcspn(network, "/");
    if (!parse(address, strlen(address), &a, &a4) || !parse(network, len, &n, &n4)) {
        return false;
    }
    int bits = 128;
    if (network[len]) {
        bits = (int)strtol(network + len + 1, NULL, 10) + (n4 ? 96 : 0);
        if (bits < 0 || bits > 128) {
            return false;
        }
    }
    for (int i = 0; i < bits; i++) {
        if ((a.bytes[i / 8] ^ n.bytes[i / 8]) & (0x80 >> i % 8)) {
            return false;
        }
    }
    return true;
}

static bool trusted(const struct call *call, const char *address)
{
    const struct text_list *list = &call->services->config->trusted_proxies;
    for (int i = 0; i < list->count; i++) {
        if (address_in_network(address, list->items[i])) {
            return true;
        }
    }
    return false;
}

/* The usual text form; NULL if it is no address. */
static const char *canonical(struct call *call, const char *text, size_t len)
{
    struct address a;
    bool v4;
    if (!parse(text, len, &a, &v4)) {
        return NULL;
    }
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    char *out = arena_alloc(call->ctx.arena, ADDRESS_TEXT);
    bool as_v4 = memcmp(a.bytes, mapped, sizeof mapped) == 0;
    inet_ntop(as_v4 ? AF_INET : AF_INET6, as_v4 ? a.bytes + 12 : a.bytes, out, ADDRESS_TEXT);
    return out;
}

static const char *peer_of(struct call *call)
{
    const char *peer = call->peer ? canonical(call, call->peer, strlen(call->peer)) : NULL;
    return peer ? peer : "127.0.0.1";
}

/* Row W14: the first value of Sb-Forwarded-For. */
static const char *named_by(struct call *call, const char *peer)
{
    const char *header = call_header(call, "Sb-Forwarded-For");
    if (!call->services->config->sb_forwarded_for || !header || !trusted(call, peer)) {
        return NULL;
    }
    header += strspn(header, " \t");
    size_t len = strcspn(header, ",");
    while (len && strchr(" \t", header[len - 1])) {
        len--;
    }
    return canonical(call, header, len);
}

const char *client_address_named(struct call *call)
{
    return named_by(call, peer_of(call));
}

const char *client_address(struct call *call)
{
    const char *peer = peer_of(call);
    if (!call->services->config->trusted_proxies.count || !trusted(call, peer)) {
        return peer;
    }
    const char *named = named_by(call, peer);
    if (named) {
        return named;
    }
    const char *header = call_header(call, "X-Forwarded-For");
    size_t end = header ? strlen(header) : 0;
    while (end) {
        size_t start = end;
        while (start && header[start - 1] != ',') {
            start--;
        }
        size_t from = start, to = end;
        while (from < to && header[from] == ' ') {
            from++;
        }
        while (to > from && header[to - 1] == ' ') {
            to--;
        }
        const char *address = canonical(call, header + from, to - from);
        if (!address) {
            return peer;
        }
        peer = address;
        if (!trusted(call, address)) {
            return peer;
        }
        end = start ? start - 1 : 0;
    }
    return peer;
}
