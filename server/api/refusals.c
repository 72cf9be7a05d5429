/* refusals.c: answers of features that are out of scope, where they need more than a fixed row
 * (accounts.md 1.4). */
#include "api/handlers.h"
#include "api/redirect_url.h"
#include "api/views.h"
#include "base/utf8.h"

#include <string.h>

enum problem authorize_get(struct call *call, struct tx *tx)
{
    static const char *const known[] = {
        "apple",   "azure",      "bitbucket", "discord",       "facebook",
        "figma",   "fly",        "github",    "gitlab",        "google",
        "kakao",   "keycloak",   "linkedin",  "linkedin_oidc", "notion",
        "slack",   "slack_oidc", "snapchat",  "spotify",       "twitch",
        "twitter", "workos",     "x",         "zoom",          "vercel_marketplace",
    };
    const char *provider;
    enum problem problem = call_query(call, "provider", &provider);
    (void)tx;
    if (problem) {
        return problem;
    }
    char *name = arena_strndup(call->ctx.arena, provider ? provider : "",
                               utf8_prefix(provider ? provider : "", 64));
    for (char *p = name; *p; p++) {
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 'a' - 'A' : *p);
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i], name) == 0) {
            return P_PROVIDER_OFF;
        }
    }
    return ctx_fail(&call->ctx, P_PROVIDER_UNKNOWN, name);
}

static enum problem callback_problem(struct call *call)
{
    const char *state;
    struct uuid id;
    enum problem problem = call_query(call, "state", &state);
    if (problem) {
        return problem;
    }
    return !state || !*state         ? P_OAUTH_STATE_MISSING
           : !uuid_parse(state, &id) ? P_OAUTH_STATE_INVALID
                                     : P_OAUTH_STATE_UNKNOWN;
}

/* A browser is sent home with the error in the query. */
enum problem callback_any(struct call *call, struct tx *tx)
{
    const struct problem_row *row = problem_row(callback_problem(call));
    struct strbuf to = strbuf_in(call->ctx.arena, 8192);
    struct arena *arena = call->ctx.arena;
    (void)tx;
    redirect_url_add(&to, "error", "invalid_request");
    redirect_url_add(&to, "error_code", row->code);
    redirect_url_add(&to, "error_description", row->text);
    reply_header(call, "Location",
                 redirect_url_with(arena, call->services->config->site.url, to.data, NULL));
    struct strbuf body = strbuf_in(call->ctx.arena, 1024);
    strbuf_str(&body, "{\"code\":");
    json_quote(&body, row->code);
    strbuf_str(&body, ",\"message\":");
    json_quote(&body, row->text);
    strbuf_char(&body, '}');
    reply_with(call, view_text, body.data);
    call->reply.status = 303;
    return P_OK;
}

enum problem admin_empty_providers(struct call *call, struct tx *tx)
{
    (void)tx;
    return reply_with(call, view_text, "{\"providers\":[]}");
}

enum problem admin_empty_sso(struct call *call, struct tx *tx)
{
    (void)tx;
    return reply_with(call, view_text, "{\"items\":[]}");
}

enum problem admin_empty_passkeys(struct call *call, struct tx *tx)
{
    (void)tx;
    return reply_with(call, view_text, "[]");
}
