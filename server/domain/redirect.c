/* redirect.c: checks redirect targets, see redirect.h. */
#include "domain/redirect.h"

#include "base/glob.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { TARGET_MAX = 2048 };

struct url {
    const char *scheme, *host, *port; /* port "" if none is written */
};

/* scheme://[user@]host[:port]...; false if the text has no such form. */
static bool split(struct arena *arena, const char *text, struct url *out)
{
    const char *colon = strstr(text, "://");
    if (!colon || colon == text) {
        return false;
    }
    for (const char *p = text; p < colon; p++) {
        if (!isalnum((unsigned char)*p) && !strchr("+-.", *p)) {
            return false;
        }
    }
    const char *host = colon + 3;
    size_t len = strcspn(host, "/?#");
    for (size_t i = len; i > 0; i--) {
        if (host[i - 1] == '@') {
            host += i;
            len -= i;
            break;
        }
    }
    const char *bracket = *host == '[' ? memchr(host, ']', len) : NULL;
    size_t host_len = bracket ? (size_t)(bracket + 1 - host) : strcspn(host, ":/?#");
    host_len = host_len < len ? host_len : len;
    out->scheme = arena_strndup(arena, text, (size_t)(colon - text));
    out->host = bracket ? arena_strndup(arena, host + 1, host_len - 2)
                        : arena_strndup(arena, host, host_len);
    out->port = arena_strndup(arena, host + host_len, len - host_len);
    return *out->port == '\0' || *out->port == ':';
}

static bool loopback_name(const char *host)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "::1", "0.0.0.0", "::" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(host, names[i]) == 0) {
            return true;
        }
    }
    size_t len = strlen(host);
    return len > 10 && strcasecmp(host + len - 10, ".localhost") == 0;
}

static bool digits_only(const char *host)
{
    return *host && strspn(host, "0123456789") == strlen(host);
}

static bool ip_literal(const char *host)
{
    return strchr(host, ':') || strspn(host, "0123456789.") == strlen(host);
}

static bool host_name_valid(const char *host)
{
    size_t len = strlen(host);
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)host[i]) && !strchr(".-", host[i])) {
            return false;
        }
    }
    return len && isalnum((unsigned char)host[0]) && isalnum((unsigned char)host[len - 1]);
}

/* Would a browser read another host than we do? To it a backslash ends the host like a slash, and
 * tabs and line ends are as if they were not there (WHATWG URL, 4.4). */
static bool ambiguous(const char *target)
{
    const char *host = strstr(target, "://");
    size_t head = host ? (size_t)(host + 3 - target) : 0;
    head += strcspn(target + head, "/?#");
    for (size_t i = 0; target[i]; i++) {
        unsigned char c = (unsigned char)target[i];
        if (c < 0x20 || c == 0x7F || (i < head && (c == '\\' || c == ' '))) {
            return true;
        }
    }
    return false;
}

bool redirect_allowed(const struct realm *realm, struct arena *arena, const char *target)
{
    struct url to, site;
    if (strlen(target) > TARGET_MAX || ambiguous(target)) {
        return false;
    }
    if (!split(arena, target, &to)) {
        to = (struct url){ "", "", "" };
    }
    if (*to.scheme && split(arena, realm->config->site_url, &site) &&
        strcmp(to.scheme, site.scheme) == 0 && strcasecmp(to.host, site.host) == 0 &&
        (strcmp(to.port, site.port) == 0 || loopback_name(to.host))) {
        return true;
    }
    bool http = strcmp(to.scheme, "http") == 0 || strcmp(to.scheme, "https") == 0;
    if (digits_only(to.host)) {
        return false;
    }
    if (*to.host && ip_literal(to.host)) {
        return strncmp(to.host, "127.", 4) == 0 || strcmp(to.host, "::1") == 0;
    }
    if (http && !host_name_valid(to.host)) {
        return false;
    }
    const char *whole = arena_strndup(arena, target, strcspn(target, "#"));
    for (int i = 0; i < realm->config->uri_allow_list.count; i++) {
        if (glob_match(arena, realm->config->uri_allow_list.items[i], whole)) {
            return true;
        }
    }
    return false;
}

const char *redirect_pick(const struct realm *realm, struct arena *arena, const char *header,
                          const char *query, const char *referer)
{
    const char *asked = header && *header ? header : query && *query ? query : NULL;
    if (asked && redirect_allowed(realm, arena, asked)) {
        return asked;
    }
    if (referer && *referer && redirect_allowed(realm, arena, referer)) {
        return referer;
    }
    return realm->config->site_url;
}
