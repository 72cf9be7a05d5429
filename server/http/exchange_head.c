/* exchange_head.c: the head of a request: target, peer and headers; see exchange.h. */
#include "http/exchange.h"
#include "http/pipeline.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_MAX = 64 << 10 }; /* above: 431 in our own envelope */

/* The values of a field that came in several lines, as one (RFC 9110 §5.3). */
struct lines {
    const char *name;
    struct strbuf value;
};

static enum MHD_Result add_line(void *arg, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct lines *lines = arg;
    (void)kind;
    if (value && strcasecmp(name, lines->name) == 0) {
        strbuf_str(&lines->value, lines->value.len ? ", " : "");
        strbuf_str(&lines->value, value);
    }
    return MHD_YES;
}

/* Some proxies put a line of their own below that of the client. What it says of addresses must not
 * be taken for theirs; of all other fields the first line counts. */
const char *exchange_header(void *arg, const char *name)
{
    struct exchange *x = arg;
    if (strcasecmp(name, "X-Forwarded-For") == 0) {
        struct lines lines = { name, strbuf_in(x->call.ctx.arena, 2 * HEADERS_MAX) };
        MHD_get_connection_values(x->connection, MHD_HEADER_KIND, add_line, &lines);
        return strbuf_ok(&lines.value) ? lines.value.data : NULL;
    }
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

/* Names the peer; an IPv4 address that came in over IPv6 keeps its IPv4 form. */
void exchange_name_peer(struct exchange *x)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    if (address && address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        inet_ntop(AF_INET, &in->sin_addr, x->peer, sizeof x->peer);
    } else if (address && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)address;
        inet_ntop(AF_INET6, &in->sin6_addr, x->peer, sizeof x->peer);
    }
}

/* Of a target in absolute form (RFC 9112 §3.2.2) the length of scheme and host; 0 if it is none. */
static size_t authority_len(const char *uri)
{
    size_t scheme = strncasecmp(uri, "http://", 7) == 0    ? 7
                    : strncasecmp(uri, "https://", 8) == 0 ? 8
                                                           : 0;
    return scheme ? scheme + strcspn(uri + scheme, "/?") : 0;
}

struct header_facts {
    size_t total;
    int hosts;
    const char *length, *coding,
        *fault; /* Content-Length, Transfer-Encoding; why this is no HTTP */
};

/* RFC 9110 §5.6.2 */
static bool is_token(const char *name)
{
    for (const char *p = name; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (!letter && !(*p >= '0' && *p <= '9') && !strchr("!#$%&'*+-.^_`|~", *p)) {
            return false;
        }
    }
    return *name;
}

static enum MHD_Result see_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct header_facts *facts = arg;
    (void)kind;
    value = value ? value : "";
    facts->total += strlen(name) + strlen(value);
    if (!is_token(name)) {
        facts->fault = "a header's name is no token";
    } else if (strcasecmp(name, "Host") == 0 && ++facts->hosts > 1) {
        facts->fault = "there are two Host headers";
    } else if (strcasecmp(name, "Content-Length") == 0) {
        if (facts->length && strcmp(facts->length, value) != 0) {
            facts->fault = "there are two lengths";
        }
        facts->length = value;
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        if (facts->coding || strcasecmp(value, "chunked") != 0) {
            facts->fault = "a transfer coding is not chunked alone";
        }
        facts->coding = value;
    }
    if (facts->length && facts->coding) { /* RFC 9112 §6.1: an attack on proxies, most likely */
        facts->fault = "there are a length and a transfer coding";
    }
    return MHD_YES;
}

void exchange_check_headers(struct exchange *x, const char *version)
{
    struct header_facts facts = { .total = strlen(x->call.path) + strlen(x->call.query) };
    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, see_header, &facts);
    if (!facts.hosts && strcmp(version, "HTTP/1.1") == 0) {
        facts.fault = "there is no Host header";
    }
    if (facts.fault) {
        x->call.problem = ctx_fail(&x->call.ctx, P_BAD_HTTP, facts.fault);
    } else if (facts.total > HEADERS_MAX) {
        x->call.problem = P_HEADERS_TOO_LARGE;
    }
    const char *length = facts.length;
    if (length && strtoull(length, NULL, 10) > BODY_LIMIT) {
        x->call.body_too_large = true;
    }
}

void exchange_read_target(struct exchange *x, const char *uri)
{
    struct call *call = &x->call;
    size_t skip = authority_len(uri), len = strcspn(uri + skip, "?");
    bool bare = skip && !len; /* http://host */
    call->path = arena_strndup(call->ctx.arena, bare ? "/" : uri + skip, bare ? 1 : len);
    len += skip;
    call->query = arena_strdup(call->ctx.arena, uri[len] ? uri + len + 1 : "");
    if (uri[len]) {
        /* libmicrohttpd's buffer. The query is ours to read: it would store each pair, and closes
         * the connection without a word to anyone when they do not fit. */
        ((char *)(uintptr_t)uri)[len] = '\0';
    }
}
