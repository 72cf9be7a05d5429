/* verify_link.c: POST /verify, which answers with JSON, and GET /verify, where a person's browser
 * comes from a mail and is sent on (contract-accounts.md 4.5). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/session_reply.h"
#include "api/views.h"
#include "domain/verify.h"

#include <stdlib.h>
#include <string.h>

enum { LOCATION_MAX = 1 << 20, PAIRS_MAX = 64 };

#define HALF_DONE                                                                                  \
    "Confirmation link accepted. Please proceed to confirm link sent to the other email"

enum problem verify_post(struct call *call, struct tx *tx)
{
    const struct body_verify *body = call->in;
    struct verified *out = ARENA_NEW(call->ctx.arena, struct verified);
    struct verify in = {
        .type = body->type,
        .token = body->token,
        .token_hash = body->token_hash,
        .email = body->email,
        .phone = body->phone,
        .aud = call->audience,
    };
    enum problem problem = verify_form(&call->ctx, &in);
    if (!problem && body->token_hash && *body->token_hash && body->redirect_to &&
        *body->redirect_to) {
        problem = P_VERIFY_HASH_ALONE;
    }
    if (!problem) {
        problem = verify_run(&call->services->realm, tx, &call->caller, &in, out);
    }
    call->reply.n_headers = 0;
    if (problem) {
        return problem;
    }
    return out->outcome == VERIFIED_HALF
               ? reply_with(call, view_text, "{\"code\":\"200\",\"msg\":\"" HALF_DONE "\"}")
               : reply_session(call, &out->grant);
}

/* --- GET: everything from the look-up on is a redirect --- */

struct landing {
    const char *redirect_to;
    bool pkce;
    struct verified result;
};

/* As a form does: blanks as '+'. */
static void add_encoded(struct strbuf *b, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            strchr("-._~", (char)c)) {
            strbuf_char(b, (char)c);
        } else if (c == ' ') {
            strbuf_char(b, '+');
        } else {
            strbuf_printf(b, "%%%02X", c);
        }
    }
}

static void add_pair(struct strbuf *b, const char *key, const char *value)
{
    if (b->len) {
        strbuf_char(b, '&');
    }
    strbuf_str(b, key);
    strbuf_char(b, '=');
    add_encoded(b, value);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *key_of(struct arena *arena, const char *pair)
{
    return arena_strndup(arena, pair, strcspn(pair, "="));
}

/* The target without its fragment; pairs of `more` (a query) put over those of its own query, all
 * sorted. */
static const char *with_query(struct arena *arena, const char *target, const char *more)
{
    const char *pairs[PAIRS_MAX];
    int n = 0;
    size_t path = strcspn(target, "?#");
    const char *own = target[path] == '?'
                          ? arena_strndup(arena, target + path + 1, strcspn(target + path + 1, "#"))
                          : "";
    const char *queries[2] = { more, own };
    for (int q = 0; q < 2; q++) {
        for (const char *p = queries[q]; *p && n < PAIRS_MAX;) {
            size_t len = strcspn(p, "&");
            const char *pair = arena_strndup(arena, p, len);
            bool known = false;
            for (int i = 0; i < n && q == 1; i++) {
                known = known || strcmp(key_of(arena, pairs[i]), key_of(arena, pair)) == 0;
            }
            if (len && !known) {
                pairs[n++] = pair;
            }
            p += len;
            p += *p == '&';
        }
    }
    qsort(pairs, (size_t)n, sizeof *pairs, by_text);
    struct strbuf b = strbuf_in(arena, LOCATION_MAX);
    strbuf_add(&b, target, path);
    for (int i = 0; i < n; i++) {
        strbuf_char(&b, i ? '&' : '?');
        strbuf_str(&b, pairs[i]);
    }
    return b.data ? b.data : "";
}

static void redirect(struct call *call, const char *target, const char *fragment)
{
    struct strbuf b = strbuf_in(call->ctx.arena, LOCATION_MAX);
    strbuf_add(&b, target, strcspn(target, "#"));
    if (fragment) {
        strbuf_char(&b, '#');
        strbuf_str(&b, fragment);
    }
    call->reply.status = 303;
    reply_header(call, "Location", b.data);
    reply_header(call, "Referrer-Policy", "no-referrer");
}

static const char *oauth_error(int status)
{
    switch (status) {
    case 400:
        return "invalid_request";
    case 401:
        return "unauthorized_client";
    case 403:
        return "access_denied";
    case 500:
        return "server_error";
    case 503:
        return "temporarily_unavailable";
    default:
        return NULL;
    }
}

/* Row VF40. */
static void land_with_problem(struct call *call)
{
    const struct landing *landing = call->reply.data;
    struct strbuf b = strbuf_in(call->ctx.arena, LOCATION_MAX);
    const char *error = oauth_error(call_problem_status(call));
    if (error) {
        add_pair(&b, "error", error);
    }
    add_pair(&b, "error_code", call_problem_code(call));
    add_pair(&b, "error_description", call_problem_text(call));
    const char *target = landing->pkce
                             ? with_query(call->ctx.arena, landing->redirect_to, b.data)
                             : landing->redirect_to;
    strbuf_str(&b, "&sb=");
    call->reply.n_headers = 0;
    redirect(call, target, b.data);
}

/* Row VF38. */
static void land_with_session(struct call *call, const struct landing *landing)
{
    int64_t expires_at_s;
    const struct grant *g = &landing->result.grant;
    struct arena *arena = call->ctx.arena;
    const char *token = claims_sign(&call->services->realm, &call->ctx, g, &expires_at_s);
    struct strbuf b = strbuf_in(arena, LOCATION_MAX);
    add_pair(&b, "access_token", token ? token : "");
    add_pair(&b, "expires_at", arena_printf(arena, "%lld", (long long)expires_at_s));
    add_pair(&b, "expires_in",
             arena_printf(arena, "%lld",
                          (long long)(expires_at_s - call->ctx.now_us / US_PER_S)));
    add_pair(&b, "refresh_token", g->refresh_token);
    add_pair(&b, "sb", "");
    add_pair(&b, "token_type", "bearer");
    add_pair(&b, "type", landing->result.type);
    redirect(call, landing->redirect_to, b.data);
}

static void land(struct call *call, struct strbuf *out)
{
    const struct landing *landing = call->reply.data;
    struct strbuf b = strbuf_in(call->ctx.arena, LOCATION_MAX);
    (void)out;
    switch (landing->result.outcome) {
    case VERIFIED_SESSION:
        land_with_session(call, landing);
        break;
    case VERIFIED_CODE: /* row VF39 */
        add_pair(&b, "code", landing->result.auth_code);
        redirect(call, with_query(call->ctx.arena, landing->redirect_to, b.data), NULL);
        break;
    case VERIFIED_HALF: /* row VF34 */
        add_pair(&b, "message", HALF_DONE);
        const char *target = landing->pkce
                                 ? with_query(call->ctx.arena, landing->redirect_to, b.data)
                                 : landing->redirect_to;
        strbuf_str(&b, "&sb=");
        redirect(call, target, b.data);
        break;
    }
}

enum problem verify_get(struct call *call, struct tx *tx)
{
    struct landing *landing = ARENA_NEW(call->ctx.arena, struct landing);
    struct verify in = { .aud = call->audience, .by_link = true };
    call->reply.on_problem = NULL;
    enum problem problem = call_query(call, "type", &in.type);
    if (!problem) {
        problem = call_query(call, "token", &in.token_hash);
    }
    if (!problem) {
        problem = verify_form(&call->ctx, &in);
    }
    if (problem) {
        return problem;
    }
    landing->redirect_to = call_link_target(call).redirect_to;
    landing->pkce = strncmp(in.token_hash, "pkce_", 5) == 0;
    call->reply.on_problem = land_with_problem;
    call->reply.data = landing;
    problem = verify_run(&call->services->realm, tx, &call->caller, &in, &landing->result);
    if (!problem && landing->result.outcome == VERIFIED_SESSION) {
        call->grant = &landing->result.grant;
    }
    return problem ? problem : reply_with(call, land, landing);
}
