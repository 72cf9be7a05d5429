/* advice.c: looks for settings that are allowed and probably not meant so, see advice.h. */
#include "config/advice.h"

#include "base/url.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { SECRET_LEAST = 32 }; /* RFC 7518, 3.2: a key of HS256 has 256 bits at least */

struct lines {
    struct arena *arena;
    const char **out;
    int n;
};

static void add(struct lines *lines, const char *text)
{
    if (lines->n < ADVICE_MAX) {
        lines->out[lines->n++] = text;
    }
}

/* Secrets that stand in public examples: whoever reads those can sign tokens. */
static bool secret_is_public(const char *secret)
{
    static const char *const examples[] = {
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "your-super-secret-jwt-token-with-at-least-32-characters-long",
        "your-super-secret-and-long-postgres-password",
        "testsecret",
        "secret",
        "changeme",
        "change-me",
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        if (strcmp(secret, examples[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void look_at_tokens(struct lines *lines, const struct config *c)
{
    size_t len = strlen(c->jwt.secret);
    if (len && len < SECRET_LEAST) {
        add(lines,
            arena_printf(lines->arena,
                         "GOTRUE_JWT_SECRET has %zu bytes, and can be guessed from any token if "
                         "they are words: HS256 asks for 32 random ones at least (`countersign "
                         "keys generate --jwt-secret` prints some)",
                         len));
    }
    if (secret_is_public(c->jwt.secret)) {
        add(lines, "GOTRUE_JWT_SECRET stands in public examples: anybody can sign tokens with it, "
                   "those of admins too");
    }
    if (!c->development && !*c->jwt.aud) {
        add(lines, "GOTRUE_JWT_AUD is empty, so tokens are for nobody in particular: other servers "
                   "expect \"authenticated\"");
    }
    if (!c->development && !*c->jwt.default_role) {
        add(lines, "GOTRUE_JWT_DEFAULT_GROUP_NAME is empty, so new users have no role: row-level "
                   "policies expect \"authenticated\"");
    }
}

/* WebAuthn: the domain is the origin's host, or what it ends with behind a dot. */
static bool fits(const char *domain, struct url_part host)
{
    size_t n = strlen(domain);
    return host.len >= n && strncasecmp(host.at + host.len - n, domain, n) == 0 &&
           (host.len == n || host.at[host.len - n - 1] == '.');
}

static void look_at_keys(struct lines *lines, const struct config *c)
{
    for (int i = 0;
         (c->mfa.webauthn_enroll || c->mfa.webauthn_verify) && i < c->webauthn.rp_origins.count;
         i++) {
        struct url_split origin = url_split(c->webauthn.rp_origins.items[i]);
        if (url_scheme_is_http(origin.scheme) && !fits(c->webauthn.rp_id, origin.host)) {
            add(lines,
                arena_printf(lines->arena,
                             "security keys for %s (GOTRUE_WEBAUTHN_RP_ID) cannot be used at %s "
                             "(GOTRUE_WEBAUTHN_RP_ORIGINS): its host is not in that domain",
                             c->webauthn.rp_id, c->webauthn.rp_origins.items[i]));
        }
    }
}

int advice_at_start(struct arena *arena, const struct config *c, const char *out[ADVICE_MAX])
{
    struct lines lines = { arena, out, 0 };
    look_at_tokens(&lines, c);
    look_at_keys(&lines, c);
    return lines.n;
}

static bool is_this_machine(const char *text)
{
    struct url url;
    return url_read(text, &url) == URL_FINE && url_is_loopback(&url);
}

static void look_at_place(struct lines *lines, const struct config *c)
{
    if (!c->development && is_this_machine(c->site.url)) {
        add(lines,
            "GOTRUE_SITE_URL names this machine: mailed links lead there. On a laptop leave it "
            "out, so that the development defaults hold; else set the site's address");
    }
    if (!c->development && !c->http.trusted_proxies.count) {
        add(lines,
            "COUNTERSIGN_TRUSTED_PROXIES is empty: behind a proxy every client has the proxy's "
            "address in limits, locks and the log; set the address that it connects from");
    }
    if (!c->development && !*c->mail.smtp_host && !c->hooks.send_email_on) {
        add(lines, "no mail leaves this machine, it is written into a folder: set GOTRUE_SMTP_HOST "
                   "and the others of GOTRUE_SMTP_, or a send-email hook");
    }
}

static void look_at_file(struct lines *lines, const char *file)
{
    struct stat st;
    if (file && stat(file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
        add(lines, arena_printf(lines->arena,
                                "others can read %s, which may hold secrets: chmod 600 it", file));
    }
}

int advice_before_use(struct arena *arena, const struct config *c, const char *file,
                      const char *out[ADVICE_MAX])
{
    struct lines lines = { arena, out, 0 };
    look_at_place(&lines, c);
    look_at_file(&lines, file);
    return lines.n;
}
