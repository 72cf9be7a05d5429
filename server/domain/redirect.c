/* redirect.c: checks redirect targets, see redirect.h. */
#include "domain/redirect.h"

#include "base/url.h"

#include <string.h>
#include <strings.h>

enum { TARGET_MAX = 2048 };

static bool same_part(struct url_part a, struct url_part b, bool any_case)
{
    return a.len == b.len &&
           (any_case ? strncasecmp(a.at, b.at, a.len) : memcmp(a.at, b.at, a.len)) == 0;
}

/* Row RD2: any path of the site; on this machine any port, too. */
static bool is_site(const struct realm *realm, const struct url *to)
{
    struct url site;
    if (url_read(realm->config->site.url, &site) || !site.authority || !to->authority ||
        !site.host.len || site.host_kind != to->host_kind) {
        return false;
    }
    bool any_port = url_is_loopback(to) || url_part_is(to->host, "0.0.0.0") ||
                    (to->host_kind == URL_HOST_IPV6 && url_part_is(to->host, "::"));
    return same_part(to->scheme, site.scheme, true) && same_part(to->host, site.host, site.web) &&
           (to->port == site.port || any_port);
}

bool redirect_allowed(const struct realm *realm, const char *target)
{
    struct url to;
    if (strlen(target) > TARGET_MAX || url_read(target, &to) || url_scheme_is_no_place(to.scheme)) {
        return false;
    }
    if (is_site(realm, &to)) {
        return true;
    }
    if (to.web && to.host_kind != URL_HOST_NAME) { /* row RD3 */
        return url_is_loopback(&to) &&
               (url_part_is(to.scheme, "http") || url_part_is(to.scheme, "https"));
    }
    return url_patterns_match(&realm->config->redirect_patterns, &to, NULL);
}

const char *redirect_pick(const struct realm *realm, const char *header, const char *query,
                          const char *referer)
{
    const char *asked = header && *header ? header : query && *query ? query : NULL;
    if (asked && redirect_allowed(realm, asked)) {
        return asked;
    }
    if (referer && *referer && redirect_allowed(realm, referer)) {
        return referer;
    }
    return realm->config->site.url;
}
