/* check_webauthn.c: the relying party of WebAuthn: what is not set follows from the site's address
 * (contract-internals.md §1.10). Called by check.c. */
#include "config/check.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Bytes of "scheme://host[:port]"; 0 if the URL has no host. */
static size_t origin_length(const char *url)
{
    const char *colon = strstr(url, "://");
    size_t host = colon ? strcspn(colon + 3, "/?#") : 0;
    return host ? (size_t)(colon + 3 - url) + host : 0;
}

/* The host of an origin in lower case, without user and port. */
static const char *host_of(struct arena *arena, const char *origin)
{
    const char *host = strstr(origin, "://") + 3, *at = strrchr(host, '@');
    host = at ? at + 1 : host;
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    char *text = arena_strndup(arena, host, len);
    for (char *p = text; *p; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    return text;
}

static bool is_web(const char *origin)
{
    return strncasecmp(origin, "https://", 8) == 0 || strncasecmp(origin, "http://", 7) == 0;
}

/* A slash at the end is forgiven; other schemes than the web's (apps) are taken as they are. */
static const char *check_origins(struct arena *arena, const char *setting,
                                 struct text_list *origins)
{
    const char **list = ARENA_ARRAY(arena, const char *, origins->count + 1);
    for (int i = 0; i < origins->count; i++) {
        const char *origin = origins->items[i];
        size_t len = origin_length(origin);
        if (is_web(origin) && (!len || strspn(origin + len, "/") != strlen(origin + len) ||
                               memchr(origin, '@', len))) {
            return arena_printf(arena, "%s=%s: origins are allowed, such as https://example.com",
                                setting, origin);
        }
        list[i] = is_web(origin) ? arena_strndup(arena, origin, len) : origin;
    }
    origins->items = list;
    return NULL;
}

const char *check_webauthn(struct arena *arena, struct config *c)
{
    bool on = c->webauthn_enroll || c->webauthn_verify; /* RP_ID may be another program's */
    size_t len = origin_length(c->site_url);
    const char *site = len ? arena_strndup(arena, c->site_url, len) : "http://localhost";
    const char *host = host_of(arena, site);
    if (!*c->rp_id) {
        c->rp_id = host;
    } else if (on &&
               strspn(c->rp_id, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(c->rp_id)) {
        return arena_printf(arena,
                            "GOTRUE_WEBAUTHN_RP_ID=%s: a domain in lower case is allowed, "
                            "such as example.com",
                            c->rp_id);
    }
    if (!*c->rp_name) {
        c->rp_name = c->rp_id;
    }
    if (!c->rp_origins.count) {
        const char **one = ARENA_ARRAY(arena, const char *, 1);
        const char *at = strrchr(site, '@'), *scheme = strstr(site, "://") + 3;
        one[0] = at ? arena_printf(arena, "%.*s%s", (int)(scheme - site), site, at + 1) : site;
        c->rp_origins = (struct text_list){ one, 1 };
    }
    if (!on) {
        return NULL;
    }
    const char *error = check_origins(arena, "GOTRUE_WEBAUTHN_RP_ORIGINS", &c->rp_origins);
    return error ? error
                 : check_origins(arena, "COUNTERSIGN_WEBAUTHN_TOP_ORIGINS", &c->rp_top_origins);
}
