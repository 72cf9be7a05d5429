/* verify_link.c: POST /verify, which answers with JSON, and GET /verify, where a person's browser
 * comes from a mail and is sent on (accounts.md 4.5). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/redirect_url.h"
#include "api/session_reply.h"
#include "api/views.h"
#include "domain/otp_verify.h"

#include <string.h>

enum { LOCATION_MAX = 1 << 20 };

#define HALF_DONE                                                                                  \
    "Confirmation link accepted. Please proceed to confirm link sent to the other email"

enum problem verify_post(struct call *call, struct tx *tx)
{
    const struct body_verify *body = call->in;
    struct otp_verified *out = ARENA_NEW(call->ctx.arena, struct otp_verified);
    struct otp_verification in = {
        .type = body->type,
        .token = body->token,
        .token_hash = body->token_hash,
        .email = body->email,
        .phone = body->phone,
        .aud = call->audience,
    };
    enum problem problem = otp_verify_check(&call->ctx, &in);
    if (!problem && body->token_hash && *body->token_hash && body->redirect_to &&
        *body->redirect_to) {
        problem = P_VERIFY_HASH_ALONE;
    }
    if (!problem) {
        problem = otp_verify_run(&call->services->realm, tx, &call->client, &in, out);
    }
    call->reply.n_headers = 0;
    if (problem) {
        return problem;
    }
    return out->outcome == VERIFIED_HALF
               ? reply_with(call, view_text, "{\"code\":\"200\",\"msg\":\"" HALF_DONE "\"}")
               : reply_session(call, &out->issued);
}

/* --- GET: everything from the look-up on is a redirect --- */

struct landing {
    const char *redirect_to;
    bool pkce;
    struct otp_verified result;
};

/* Both may be NULL: what stands in the query, and in the fragment. */
static void redirect(struct call *call, const char *target, const char *query, const char *fragment)
{
    call->reply.status = 303;
    reply_header(call, "Location", redirect_url_with(call->ctx.arena, target, query, fragment));
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

/* In the fragment, and with PKCE in the query too. */
static void tell(struct call *call, const struct landing *landing, struct strbuf *pairs)
{
    struct arena *arena = call->ctx.arena;
    const char *query = landing->pkce ? arena_strndup(arena, pairs->data, pairs->len) : NULL;
    strbuf_str(pairs, "&sb=");
    redirect(call, landing->redirect_to, query, pairs->data);
}

/* Row VF40. */
static void land_with_problem(struct call *call)
{
    const struct landing *landing = call->reply.data;
    struct strbuf b = strbuf_in(call->ctx.arena, LOCATION_MAX);
    const char *error = oauth_error(call_problem_status(call));
    if (error) {
        redirect_url_add(&b, "error", error);
    }
    redirect_url_add(&b, "error_code", call_problem_code(call));
    redirect_url_add(&b, "error_description", call_problem_text(call));
    call->reply.n_headers = 0;
    tell(call, landing, &b);
}

/* Row VF38. */
static void land_with_session(struct call *call, const struct landing *landing)
{
    int64_t expires_at_s;
    const struct issued_session *g = &landing->result.issued;
    struct arena *arena = call->ctx.arena;
    const char *token = claims_sign(&call->services->realm, &call->ctx, g, &expires_at_s);
    struct strbuf b = strbuf_in(arena, LOCATION_MAX);
    redirect_url_add(&b, "access_token", token ? token : "");
    redirect_url_add(&b, "expires_at", arena_printf(arena, "%lld", (long long)expires_at_s));
    redirect_url_add(
        &b, "expires_in",
        arena_printf(arena, "%lld", (long long)(expires_at_s - call->ctx.now_us / US_PER_S)));
    redirect_url_add(&b, "refresh_token", g->refresh_token);
    redirect_url_add(&b, "sb", "");
    redirect_url_add(&b, "token_type", "bearer");
    redirect_url_add(&b, "type", landing->result.type);
    redirect(call, landing->redirect_to, NULL, b.data);
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
        redirect_url_add(&b, "code", landing->result.auth_code);
        redirect(call, landing->redirect_to, b.data, NULL);
        break;
    case VERIFIED_HALF: /* row VF34 */
        redirect_url_add(&b, "message", HALF_DONE);
        tell(call, landing, &b);
        break;
    }
}

enum problem verify_get(struct call *call, struct tx *tx)
{
    struct landing *landing = ARENA_NEW(call->ctx.arena, struct landing);
    struct otp_verification in = { .aud = call->audience, .by_link = true };
    call->reply.on_problem = NULL;
    enum problem problem = call_query(call, "type", &in.type);
    if (!problem) {
        problem = call_query(call, "token", &in.token_hash);
    }
    if (!problem) {
        problem = otp_verify_check(&call->ctx, &in);
    }
    if (problem) {
        return problem;
    }
    landing->redirect_to = call_link_target(call).redirect_to;
    landing->pkce = strncmp(in.token_hash, "pkce_", 5) == 0;
    call->reply.on_problem = land_with_problem;
    call->reply.data = landing;
    problem = otp_verify_run(&call->services->realm, tx, &call->client, &in, &landing->result);
    if (!problem && landing->result.outcome == VERIFIED_SESSION) {
        call->issued = &landing->result.issued;
    }
    return problem ? problem : reply_with(call, land, landing);
}
