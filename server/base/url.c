/* url.c: reads URLs, see url.h. */
#include "base/url.h"

#include "base/utf8.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { LABEL_MAX = 63, NAME_MAX_BYTES = 253, ADDRESS_MAX = 46, PORT_MAX = 65535 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* How many bytes at the beginning are of the set. */
static size_t run_of(struct url_part part, const char *set)
{
    size_t n = 0;
    while (n < part.len && is_one_of(part.at[n], set)) {
        n++;
    }
    return n;
}

bool url_part_is(struct url_part part, const char *word)
{
    return strlen(word) == part.len && strncasecmp(part.at, word, part.len) == 0;
}

bool url_scheme_is_no_place(struct url_part scheme)
{
    static const char *const names[] = {
        "about",      "blob", "chrome",     "data",       "file",
        "filesystem", "jar",  "javascript", "livescript", "mhtml",
        "mocha",      "res",  "resource",   "vbscript",   "view-source",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (url_part_is(scheme, names[i])) {
            return true;
        }
    }
    return false;
}

int url_default_port(struct url_part scheme)
{
    static const struct {
        const char *scheme;
        int port;
    } list[] = { { "http", 80 }, { "https", 443 }, { "ws", 80 }, { "wss", 443 }, { "ftp", 21 } };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        if (url_part_is(scheme, list[i].scheme)) {
            return list[i].port;
        }
    }
    return 0;
}

bool url_scheme_is_http(struct url_part scheme)
{
    return url_part_is(scheme, "http") || url_part_is(scheme, "https");
}

struct url_split url_split(const char *text)
{
    size_t scheme = strspn(text, LETTERS DIGITS "+-.");
    scheme = strncmp(text + scheme, "://", 3) == 0 ? scheme : 0;
    size_t skip = scheme ? scheme + 3 : 0;
    const char *host = text + skip;
    size_t len = strcspn(host, "/?#");
    const char *rest = host + len, *at = memrchr(host, '@', len);
    struct url_part userinfo = { host, at ? (size_t)(at - host) : 0 };
    host = at ? at + 1 : host;
    len = (size_t)(rest - host);
    const char *bracket = len && *host == '[' ? memchr(host, ']', len) : NULL;
    const char *name_end = bracket ? bracket + 1 : host;
    const char *colon = memchr(name_end, ':', (size_t)(rest - name_end));
    const char *end = colon ? colon : rest, *port = colon ? colon + 1 : rest;
    return (struct url_split){
        .origin = { text, (size_t)(rest - text) },
        .scheme = { text, scheme },
        .userinfo = userinfo,
        .host = { host, (size_t)(end - host) },
        .port = { port, (size_t)(rest - port) },
        .rest = rest,
    };
}

/* What browsers take away, turn into something else or cannot read. */
static bool characters_fine(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F || text[i] == '\\') {
            return false;
        }
    }
    return len && text[len - 1] != ' ' && utf8_valid(text, len);
}

/* The next part up to the sign, which is taken away, too; the rest where there is no such sign. */
static struct url_part cut(struct url_part *rest, char sign)
{
    const char *end = rest->len ? memchr(rest->at, sign, rest->len) : NULL;
    struct url_part part = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
    size_t gone = part.len + (end != NULL);
    *rest = (struct url_part){ rest->at + gone, rest->len - gone };
    return part;
}

/* To a browser a host whose last label is a number is an IPv4 address, in any base (WHATWG, "ends
 * in a number"). */
static bool is_number(struct url_part label)
{
    struct url_part digits = { label.at + 2, label.len > 2 ? label.len - 2 : 0 };
    bool hex = label.len >= 2 && label.at[0] == '0' && (label.at[1] | 0x20) == 'x';
    return hex ? run_of(digits, DIGITS "abcdefABCDEF") == digits.len
               : label.len && run_of(label, DIGITS) == label.len;
}

/* Exactly as a browser would write it. */
static bool canonical_address(struct url_part host, int family)
{
    unsigned char bytes[16];
    char text[ADDRESS_MAX + 1], canonical[ADDRESS_MAX + 1];
    if (host.len > ADDRESS_MAX) {
        return false;
    }
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    return inet_pton(family, text, bytes) == 1 &&
           inet_ntop(family, bytes, canonical, sizeof canonical) && strcmp(text, canonical) == 0 &&
           (family == AF_INET || !strchr(canonical, '.'));
}

static enum url_fault read_name(struct url *out)
{
    struct url_part rest = out->host, label = { 0 };
    bool ends = false;
    if (rest.len > NAME_MAX_BYTES) {
        return URL_BAD_HOST;
    }
    const char *set = out->web ? LETTERS DIGITS "-" : LETTERS DIGITS "-_~";
    while (!ends) {
        ends = !memchr(rest.at, '.', rest.len);
        label = cut(&rest, '.');
        if (!label.len || label.len > LABEL_MAX || run_of(label, set) != label.len ||
            label.at[0] == '-' || label.at[label.len - 1] == '-') {
            return URL_BAD_HOST;
        }
    }
    out->host_kind = URL_HOST_NAME;
    if (is_number(label)) {
        out->host_kind = URL_HOST_IPV4;
        return canonical_address(out->host, AF_INET) ? URL_FINE : URL_BAD_HOST;
    }
    return URL_FINE;
}

static enum url_fault read_port(struct url_part digits, struct url *out)
{
    int port = 0;
    if (!digits.len || digits.at[0] == '0' || run_of(digits, DIGITS) != digits.len) {
        return URL_BAD_PORT;
    }
    for (size_t i = 0; i < digits.len && port <= PORT_MAX; i++) {
        port = port * 10 + (digits.at[i] - '0');
    }
    out->port = port;
    return port <= PORT_MAX ? URL_FINE : URL_BAD_PORT;
}

static enum url_fault read_authority(struct url_part authority, struct url *out)
{
    enum url_fault fault;
    out->authority = true;
    if (authority.len && memchr(authority.at, '@', authority.len)) {
        return URL_USERINFO;
    }
    if (authority.len && *authority.at == '[') {
        authority = (struct url_part){ authority.at + 1, authority.len - 1 };
        bool closed = memchr(authority.at, ']', authority.len);
        out->host = cut(&authority, ']');
        out->host_kind = URL_HOST_IPV6;
        if (!closed || (authority.len && *authority.at != ':')) {
            return URL_BAD_HOST;
        }
        fault = canonical_address(out->host, AF_INET6) ? URL_FINE : URL_BAD_HOST;
        if (fault || !authority.len) {
            return fault;
        }
        return read_port((struct url_part){ authority.at + 1, authority.len - 1 }, out);
    }
    bool port = authority.len && memchr(authority.at, ':', authority.len);
    out->host = cut(&authority, ':');
    if (!out->host.len) {
        return out->web || port ? URL_BAD_HOST : URL_FINE;
    }
    fault = read_name(out);
    return fault || !port ? fault : read_port(authority, out);
}

/* "." and "..", also written with %2e. */
static bool is_dots(struct url_part segment)
{
    int dots = 0;
    for (size_t i = 0; i < segment.len; dots++) {
        bool escaped = segment.len - i >= 3 && strncasecmp(segment.at + i, "%2e", 3) == 0;
        if (!escaped && segment.at[i] != '.') {
            return false;
        }
        i += escaped ? 3 : 1;
    }
    return dots == 1 || dots == 2;
}

static bool has_dot_segments(struct url_part path)
{
    while (path.len) {
        if (is_dots(cut(&path, '/'))) {
            return true;
        }
    }
    return false;
}

enum url_fault url_read(const char *text, struct url *out)
{
    struct url_part rest = { text, strlen(text) };
    *out = (struct url){ 0 };
    if (!characters_fine(text)) {
        return URL_BAD_CHARACTER;
    }
    bool named = memchr(rest.at, ':', rest.len);
    out->scheme = cut(&rest, ':');
    if (!named || !run_of(out->scheme, LETTERS) ||
        run_of(out->scheme, LETTERS DIGITS "+-.") != out->scheme.len) {
        return URL_NO_SCHEME;
    }
    out->port = url_default_port(out->scheme);
    out->web = out->port != 0;
    rest = cut(&rest, '#');
    bool asks = rest.len && memchr(rest.at, '?', rest.len);
    struct url_part before = cut(&rest, '?');
    out->query = asks ? rest : (struct url_part){ NULL, 0 };
    if (before.len >= 2 && memcmp(before.at, "//", 2) == 0) {
        struct url_part authority = { before.at + 2, before.len - 2 };
        const char *slash = authority.len ? memchr(authority.at, '/', authority.len) : NULL;
        authority.len = slash ? (size_t)(slash - authority.at) : authority.len;
        before = (struct url_part){ authority.at + authority.len, before.len - 2 - authority.len };
        enum url_fault fault = read_authority(authority, out);
        if (fault) {
            return fault;
        }
    } else if (out->web) {
        return URL_BAD_HOST;
    }
    out->path = before;
    return before.len && *before.at == '/' && has_dot_segments(before) ? URL_DOT_SEGMENTS
                                                                       : URL_FINE;
}

bool url_is_loopback(const struct url *url)
{
    static const char under[] = ".localhost";
    size_t len = sizeof under - 1;
    struct url_part host = url->host, tail = { host.at, 0 };
    if (host.len > len) {
        tail = (struct url_part){ host.at + host.len - len, len };
    }
    switch (url->host_kind) {
    case URL_HOST_NAME:
        return url_part_is(host, "localhost") || url_part_is(tail, under);
    case URL_HOST_IPV4:
        return strncmp(host.at, "127.", 4) == 0;
    case URL_HOST_IPV6:
        return url_part_is(host, "::1");
    case URL_HOST_NONE:
        break;
    }
    return false;
}
