/* client_address.c: whose request it is, see client_address.h. */
#include "http/client_address.h"

#include "base/ip_network.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>

enum { ADDRESS_TEXT = 64, SHOWN_MAX = 64 };
#define SAY_EVERY_US (60 * US_PER_S)

static bool trusted(const struct call *call, const char *address)
{
    const struct config *c = call->services->config;
    uint8_t bytes[IP_BYTES];
    if (!ip_parse(address, strlen(address), bytes)) {
        return false;
    }
    for (int i = 0; i < c->http.trusted_proxies.count; i++) {
        if (ip_network_holds(&c->proxy_networks[i], bytes)) {
            return true;
        }
    }
    return false;
}

/* The address of an entry: bare, address:port or [address] with or without a port, as some proxies
 * write it. Its length; 0 if it is none of these. */
static size_t entry_address(const char *text, size_t len, const char **start)
{
    const char *colon = memchr(text, ':', len), *end = text + len;
    *start = text;
    if (len && *text == '[') {
        const char *close = memchr(text, ']', len);
        bool ends = close && (close + 1 == end || (close[1] == ':' && close + 2 < end));
        *start = text + 1;
        return ends && strspn(close + 1, ":0123456789") >= (size_t)(end - close - 1)
                   ? (size_t)(close - text - 1)
                   : 0;
    }
    bool port = colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1));
    if (!port) {
        return len;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    return digits && digits >= (size_t)(end - colon - 1) ? (size_t)(colon - text) : 0;
}

/* The usual text form; NULL if it is no address. */
static const char *canonical(struct call *call, const char *text, size_t len)
{
    uint8_t a[IP_BYTES];
    const char *start;
    size_t n = entry_address(text, len, &start);
    if (!n || !ip_parse(start, n, a)) {
        return NULL;
    }
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    char *out = arena_alloc(call->ctx.arena, ADDRESS_TEXT);
    bool as_v4 = memcmp(a, mapped, sizeof mapped) == 0;
    inet_ntop(as_v4 ? AF_INET : AF_INET6, as_v4 ? a + sizeof mapped : a, out, ADDRESS_TEXT);
    return out;
}

/* One line a minute at most of each kind: who sends such a header can send it often. */
static bool may_say(_Atomic int64_t *said_at_us)
{
    int64_t now = clock_steady_us(), before = atomic_load(said_at_us);
    return (!before || now - before >= SAY_EVERY_US) &&
           atomic_compare_exchange_strong(said_at_us, &before, now);
}

/* Bounded, and only what is printable: it is a stranger's text. */
static const char *shown(struct call *call, const char *text, size_t len)
{
    size_t n = len < SHOWN_MAX ? len : SHOWN_MAX;
    char *copy = arena_strndup(call->ctx.arena, text, n);
    for (char *p = copy; *p; p++) {
        *p = *p < ' ' || *p > '~' ? '?' : *p;
    }
    return copy;
}

static void say_unread(struct call *call, const char *header, const char *text, size_t len)
{
    static _Atomic int64_t said_at_us;
    if (may_say(&said_at_us)) {
        log_write(LOG_WARN,
                  "an address in a header of a trusted proxy cannot be read; the proxy's own "
                  "address counts instead",
                  LOG_STR("header", header), LOG_STR("value", shown(call, text, len)));
    }
}

/* Rule S14: all who come through a proxy that is not named look like one client. */
static void say_untrusted(struct call *call, const char *peer)
{
    static _Atomic int64_t said_at_us;
    if (call_header(call, "X-Forwarded-For") && may_say(&said_at_us)) {
        log_write(LOG_WARN,
                  "a proxy that is not trusted sends X-Forwarded-For: all its clients share one "
                  "address, so wrong passwords of one make all wait; if it is yours, name it in "
                  "COUNTERSIGN_TRUSTED_PROXIES",
                  LOG_STR("peer", peer));
    }
}

static const char *peer_of(struct call *call)
{
    const char *peer = call->peer ? canonical(call, call->peer, strlen(call->peer)) : NULL;
    return peer ? peer : "127.0.0.1";
}

bool client_is_local(struct call *call)
{
    static const char *const names[] = {
        "X-Forwarded-For",  "Forwarded",      "X-Real-IP", "Sb-Forwarded-For",
        "CF-Connecting-IP", "True-Client-IP", "Via"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (call_header(call, names[i])) {
            return false;
        }
    }
    const char *peer = peer_of(call);
    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0;
}

/* Row W14: the first value of Sb-Forwarded-For. */
static const char *named_by(struct call *call, const char *peer)
{
    const char *header = call_header(call, "Sb-Forwarded-For");
    if (!call->services->config->http.sb_forwarded_for || !header || !trusted(call, peer)) {
        return NULL;
    }
    header += strspn(header, " \t");
    size_t len = strcspn(header, ",");
    while (len && strchr(" \t", header[len - 1])) {
        len--;
    }
    const char *address = canonical(call, header, len);
    if (!address) {
        say_unread(call, "Sb-Forwarded-For", header, len);
    }
    return address;
}

const char *client_address_named(struct call *call)
{
    return named_by(call, peer_of(call));
}

/* Row B16: from the end of the header, the first that is no proxy of ours. */
static const char *forwarded_for(struct call *call, const char *header, const char *peer)
{
    for (size_t end = strlen(header); end;) {
        size_t start = end, to = end;
        while (start && header[start - 1] != ',') {
            start--;
        }
        size_t from = start;
        while (from < to && strchr(" \t", header[from])) {
            from++;
        }
        while (to > from && strchr(" \t", header[to - 1])) {
            to--;
        }
        const char *address = canonical(call, header + from, to - from);
        if (!address) {
            say_unread(call, "X-Forwarded-For", header + from, to - from);
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

const char *client_address(struct call *call)
{
    const char *peer = peer_of(call);
    if (!trusted(call, peer)) {
        say_untrusted(call, peer);
        return peer;
    }
    const char *named = named_by(call, peer);
    const char *header = call_header(call, "X-Forwarded-For");
    return named ? named : header ? forwarded_for(call, header, peer) : peer;
}
