/* check_webauthn.c: the relying party of WebAuthn: what is not set follows from the site's address
 * (internals.md §1.10). Called by check.c. */
#include "config/check.h"

#include "base/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* "scheme://host[:port]" of a URL that has a host; else NULL. */
static const char *origin_of(struct arena *arena, const char *url)
{
    struct url_split u = url_split(url);
    if (!u.scheme.len || !u.host.len) {
        return NULL;
    }
    return arena_printf(arena, "%.*s://%.*s%s%.*s", (int)u.scheme.len, u.scheme.at, (int)u.host.len,
                        u.host.at, u.port.len ? ":" : "", (int)u.port.len, u.port.at);
}

/* In lower case. */
static const char *host_of(struct arena *arena, const char *origin)
{
    struct url_part host = url_split(origin).host;
    char *text = arena_strndup(arena, host.at, host.len);
    for (char *p = text; *p; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    return text;
}

/* A slash at the end is forgiven; other schemes than the web's (apps) are taken as they are. */
static const char *check_origins(struct arena *arena, const char *setting,
                                 struct text_list *origins)
{
    const char **list = ARENA_ARRAY(arena, const char *, origins->count + 1);
    for (int i = 0; i < origins->count; i++) {
        const char *origin = origins->items[i];
        struct url_split u = url_split(origin);
        bool web = url_scheme_is_http(u.scheme);
        if (web && (!u.host.len || strspn(u.rest, "/") != strlen(u.rest) || u.userinfo.len)) {
            return arena_printf(arena, "%s=%s: origins are allowed, such as https://example.com",
                                setting, origin);
        }
        list[i] = web ? arena_strndup(arena, origin, u.origin.len) : origin;
    }
    origins->items = list;
    return NULL;
}

const char *check_webauthn(struct arena *arena, struct config *c)
{
    bool on = c->mfa.webauthn_enroll || c->mfa.webauthn_verify; /* RP_ID may be another program's */
    const char *site = origin_of(arena, c->site.url);
    site = site ? site : "http://localhost";
    const char *host = host_of(arena, site);
    if (!*c->webauthn.rp_id) {
        c->webauthn.rp_id = host;
    } else if (on && strspn(c->webauthn.rp_id, "abcdefghijklmnopqrstuvwxyz0123456789-.") !=
                         strlen(c->webauthn.rp_id)) {
        return arena_printf(arena,
                            "GOTRUE_WEBAUTHN_RP_ID=%s: a domain in lower case is allowed, "
                            "such as example.com",
                            c->webauthn.rp_id);
    }
    if (!*c->webauthn.rp_name) {
        c->webauthn.rp_name = c->webauthn.rp_id;
    }
    if (!c->webauthn.rp_origins.count) {
        const char **one = ARENA_ARRAY(arena, const char *, 1);
        one[0] = site;
        c->webauthn.rp_origins = (struct text_list){ one, 1 };
    }
    if (!on) {
        return NULL;
    }
    const char *error = check_origins(arena, "GOTRUE_WEBAUTHN_RP_ORIGINS", &c->webauthn.rp_origins);
    return error ? error
                 : check_origins(arena, "COUNTERSIGN_WEBAUTHN_TOP_ORIGINS",
                                 &c->webauthn.rp_top_origins);
}
