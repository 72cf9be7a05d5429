/* client_address.c: whose request it is, see client_address.h. */
#include "http/client_address.h"

#include "base/ip_network.h"

#include <arpa/inet.h>
#include <string.h>

enum { ADDRESS_TEXT = 64 };

static bool trusted(const struct call *call, const char *address)
{
    const struct config *c = call->services->config;
    uint8_t bytes[IP_BYTES];
    if (!ip_parse(address, strlen(address), bytes)) {
        return false;
    }
    for (int i = 0; i < c->trusted_proxies.count; i++) {
        if (ip_network_holds(&c->proxy_networks[i], bytes)) {
            return true;
        }
    }
    return false;
}

/* The usual text form; NULL if it is no address. */
static const char *canonical(struct call *call, const char *text, size_t len)
{
    uint8_t a[IP_BYTES];
    if (!ip_parse(text, len, a)) {
        return NULL;
    }
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    char *out = arena_alloc(call->ctx.arena, ADDRESS_TEXT);
    bool as_v4 = memcmp(a, mapped, sizeof mapped) == 0;
    inet_ntop(as_v4 ? AF_INET : AF_INET6, as_v4 ? a + sizeof mapped : a, out, ADDRESS_TEXT);
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
