/* public.c: what anyone may read: GET /health, /settings, /.well-known/jwks.json (rows HE1, ST1,
 * JW1). */
#include "api/handlers.h"
#include "api/views.h"
#include "base/rfc3339.h"

static void view_health(struct call *call, struct strbuf *out)
{
    strbuf_str(out, "{\"version\":");
    json_quote(out, call->services->version);
    strbuf_str(out, ",\"name\":\"GoTrue\",\"description\":"
                    "\"Countersign, a user registration and authentication API\"}");
}

enum problem health_get(struct call *call, struct tx *tx)
{
    (void)tx;
    return reply_with(call, view_health, NULL);
}

/* Decision 0011; not there where nobody must have a second factor. */
static void write_mfa_required(const struct config *c, struct strbuf *out)
{
    char time[RFC3339_TEXT];
    for (int i = 0; i < c->mfa.required_roles.count; i++) {
        strbuf_str(out, i ? "," : ",\"mfa_required\":{\"roles\":[");
        json_quote(out, c->mfa.required_roles.items[i]);
    }
    if (c->mfa_required_from_us) {
        strbuf_printf(out, "],\"from\":\"%s\"}", rfc3339_format(c->mfa_required_from_us, time));
    } else if (c->mfa.required_roles.count) {
        strbuf_str(out, "]}");
    }
}

static void view_settings(struct call *call, struct strbuf *out)
{
    static const char *const absent[] = {
        "apple",      "azure",    "bitbucket",     "discord", "facebook", "snapchat",
        "figma",      "fly",      "github",        "gitlab",  "google",   "keycloak",
        "kakao",      "linkedin", "linkedin_oidc", "notion",  "spotify",  "slack",
        "slack_oidc", "workos",   "twitch",        "twitter",
    };
    const struct config *c = call->services->config;
    strbuf_printf(out, "{\"external\":{\"anonymous_users\":%s",
                  c->accounts.anonymous_enabled ? "true" : "false");
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        strbuf_printf(out, ",\"%s\":false", absent[i]);
    }
    strbuf_printf(out, ",\"email\":%s,\"phone\":%s,\"zoom\":false}",
                  c->accounts.email_enabled ? "true" : "false",
                  c->accounts.phone_enabled ? "true" : "false");
    strbuf_printf(out, ",\"disable_signup\":%s,\"mailer_autoconfirm\":%s,\"phone_autoconfirm\":%s",
                  c->accounts.disable_signup ? "true" : "false",
                  c->accounts.mailer_autoconfirm ? "true" : "false",
                  c->accounts.sms_autoconfirm ? "true" : "false");
    strbuf_str(out, ",\"sms_provider\":");
    json_quote(out, c->sms.provider);
    strbuf_str(out, ",\"saml_enabled\":false,"
                    "\"saml_private_key_next_configured\":false,\"passkeys_enabled\":false");
    write_mfa_required(c, out);
    strbuf_char(out, '}');
}

enum problem settings_get(struct call *call, struct tx *tx)
{
    (void)tx;
    return reply_with(call, view_settings, NULL);
}

static void view_jwks(struct call *call, struct strbuf *out)
{
    keyring_write_jwks(call->services->realm.keyring, out);
}

enum problem jwks_get(struct call *call, struct tx *tx)
{
    (void)tx;
    call->reply.cache_control = "public, max-age=600";
    return reply_with(call, view_jwks, NULL);
}

enum problem head_alone(struct call *call, struct tx *tx)
{
    (void)tx;
    call->reply.status = 200;
    return P_OK;
}
