/* check.c: clamps as the official server has them, rules between settings, derived values. */
#include "config/check.h"

#include "base/clock.h"
#include "base/ip_network.h"
#include "base/strbuf.h"
#include "base/url.h"

#include <stdio.h>
#include <string.h>

/* Row N4: sets separated by ':', "\:" is a colon, empty sets dropped. */
static struct text_list split_sets(struct arena *arena, const char *text)
{
    const char **sets = ARENA_ARRAY(arena, const char *, strlen(text) + 1);
    int count = 0;
    struct strbuf set = strbuf_in(arena, 8192);
    for (const char *p = text;; p++) {
        if (*p && *p != ':') {
            p += *p == '\\' && p[1] == ':';
            strbuf_char(&set, *p);
            continue;
        }
        if (set.len) {
            sets[count++] = arena_strndup(arena, set.data, set.len);
            set.len = 0;
        }
        if (!*p) {
            return (struct text_list){ sets, count };
        }
    }
}

static const char *check_database(struct arena *arena, struct config *c)
{
    const char *url = c->database.url;
    bool sqlite = !*url || strncmp(url, "sqlite:", 7) == 0;
    if (sqlite && strcmp(c->database.driver, "postgres") == 0) {
        return "GOTRUE_DB_DRIVER=postgres: DATABASE_URL must be "
               "postgres://USER:PASSWORD@HOST:PORT/DATABASE";
    }
    if (!*url) {
        c->database_path = arena_printf(arena, "%s/countersign.db", c->database.data_dir);
        return NULL;
    }
    if (strncmp(url, "sqlite:", 7) == 0 && url[7]) {
        const char *path = url + 7;
        c->database_path = strncmp(path, "///", 3) == 0 ? path + 2 : path;
        return NULL;
    }
    if (strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0) {
        c->postgres = true;
        c->database_path = arena_printf(arena, "%s/countersign", c->database.data_dir);
        return strcmp(c->database.driver, "sqlite") == 0
                   ? "GOTRUE_DB_DRIVER=sqlite: DATABASE_URL names a PostgreSQL database"
                   : NULL;
    }
    return "DATABASE_URL: sqlite:PATH is allowed, such as sqlite:/var/lib/countersign/auth.db, or "
           "postgres://USER:PASSWORD@HOST:PORT/DATABASE";
}

static const char *check_url(struct arena *arena, const char *name, const char *url)
{
    struct url_split parts = url_split(url);
    if (!parts.scheme.len || !url[parts.scheme.len + 3]) {
        return arena_printf(arena, "%s=%s: an absolute URL is allowed, such as https://example.com",
                            name, url);
    }
    return url_scheme_is_no_place(parts.scheme)
               ? arena_printf(arena, "%s=%s: nobody can be sent to such a scheme", name, url)
               : NULL;
}

/* A network that is misread could be the whole world, whose word would count for its address. */
static const char *check_proxies(struct arena *arena, struct config *c)
{
    const struct text_list *list = &c->http.trusted_proxies;
    struct ip_network *networks = ARENA_ARRAY(arena, struct ip_network, list->count + 1);
    c->proxy_networks = networks;
    for (int i = 0; i < list->count; i++) {
        if (!ip_network_parse(list->items[i], &networks[i])) {
            return arena_printf(arena,
                                "COUNTERSIGN_TRUSTED_PROXIES: \"%s\" is no address and no network; "
                                "10.0.0.7, 10.0.0.0/8 and 2001:db8::/32 are allowed, with commas "
                                "alone between them",
                                list->items[i]);
        }
    }
    return NULL;
}

/* As URLs write an IPv6 address. */
static const char *without_brackets(struct arena *arena, const char *host)
{
    size_t len = strlen(host);
    bool whole = len > 2 && host[0] == '[' && host[len - 1] == ']';
    return whole ? arena_strndup(arena, host + 1, len - 2) : host;
}

const char *config_check(struct arena *arena, struct config *c)
{
    c->jwt.exp_s = c->jwt.exp_s ? c->jwt.exp_s : 3600;
    c->passwords.min = c->passwords.min < 6 ? 6 : c->passwords.min;
    c->mfa.challenge_ttl_s =
        c->mfa.challenge_ttl_s < 300 ? 300 : (double)(int64_t)c->mfa.challenge_ttl_s;
    c->mfa.factor_ttl_us =
        c->mfa.factor_ttl_us < 300 * US_PER_S ? 300 * US_PER_S : c->mfa.factor_ttl_us;
    c->mfa.phone_otp_length =
        c->mfa.phone_otp_length < 6 || c->mfa.phone_otp_length > 10 ? 6 : c->mfa.phone_otp_length;
    c->mfa.phone_max_frequency_us =
        c->mfa.phone_max_frequency_us ? c->mfa.phone_max_frequency_us : 60 * US_PER_S;
    c->accounts.flow_expiry_us =
        c->accounts.flow_expiry_us < 300 * US_PER_S ? 300 * US_PER_S : c->accounts.flow_expiry_us;
    c->database.percent = c->database.percent < 0     ? 0
                          : c->database.percent > 100 ? 100
                                                      : c->database.percent;
    c->sessions.refresh_version = c->sessions.refresh_version == 2 ? 2 : 1;
    c->password_sets = split_sets(arena, c->passwords.characters);
    c->http.host = without_brackets(arena, c->http.host);
    if (!*c->site.external_url) {
        const char *host = *c->http.host ? c->http.host : "127.0.0.1";
        bool v6 = strchr(host, ':') != NULL;
        c->site.external_url = arena_printf(arena, "http://%s%s%s:%d", v6 ? "[" : "", host,
                                            v6 ? "]" : "", (int)c->http.port);
    }
    if (c->development && !*c->jwt.issuer) {
        c->jwt.issuer = c->site.external_url;
    }
    const char *wrong = check_database(arena, c);
    c->database_uri = c->postgres ? c->database.url
                      : wrong     ? ""
                                  : arena_printf(arena, "sqlite:%s", c->database_path);
    if (!wrong && c->postgres && !*c->jwt.secret) {
        wrong = "GOTRUE_JWT_SECRET must be set with PostgreSQL: to the same on all nodes";
    }
    check_redirects(arena, c);
    if (!wrong) {
        wrong = check_url(arena, "API_EXTERNAL_URL", c->site.external_url);
    }
    if (!wrong) {
        wrong = check_url(arena, "GOTRUE_SITE_URL", c->site.url);
    }
    if (!wrong && c->captcha.on && !c->captcha.secret[strspn(c->captcha.secret, " \t\r\n")]) {
        wrong = "GOTRUE_SECURITY_CAPTCHA_SECRET must be set where GOTRUE_SECURITY_CAPTCHA_ENABLED "
                "is true";
    }
    if (!wrong && *c->encryption.key && !*c->encryption.key_id) {
        wrong = "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY_ID must name the key that "
                "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY gives";
    }
    wrong = wrong ? wrong : check_proxies(arena, c);
    wrong = wrong ? wrong : check_webauthn(arena, c);
    wrong = wrong ? wrong : check_mfa(arena, c);
    return wrong ? wrong : check_outgoing(arena, c);
}
