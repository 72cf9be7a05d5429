/* pipeline.c: route -> authenticate -> authorise -> limit -> decode -> run -> render -> log. */
#include "http/pipeline.h"

#include "api/handlers.h"
#include "api/external_calls.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "deliver/equal_time.h"
#include "deliver/captcha.h"
#include "http/authenticate.h"
#include "http/client_address.h"
#include "http/client_info.h"
#include "http/cors.h"
#include "http/database_errors.h"
#include "http/limits.h"
#include "http/unauthenticated_limits.h"
#include "work/outbox_worker.h"
#include "domain/request.h"

#include <string.h>

enum { USER_AGENT_MAX = 512, REQUEST_ID_MAX = 128, HOLD_STEP_US = 25000 };

/* /auth/v1/x is /x (the official clients put the first in front, a gateway takes it away). */
static const char *strip_prefix(const char *path)
{
    static const char prefix[] = "/auth/v1";
    size_t len = sizeof prefix - 1;
    return strncmp(path, prefix, len) == 0 && path[len] == '/' ? path + len : path;
}

static void name_request(struct call *call)
{
    const char *header = call->services->config->http.request_id_header;
    const char *given = *header ? call_header(call, header) : NULL;
    if (*header) {
        given = given ? given : "";
        bool fine = utf8_valid(given, strlen(given));
        call->ctx.request_id = arena_strndup(call->ctx.arena, fine ? given : "",
                                             fine ? utf8_prefix(given, REQUEST_ID_MAX) : 0);
        return;
    }
    char id[UUID_TEXT];
    struct uuid fresh = uuid_v4(call->ctx.entropy);
    call->ctx.request_id = arena_strdup(call->ctx.arena, uuid_format(&fresh, id));
}

/* Row B17: header values that are kept must be text. */
static enum problem read_client(struct call *call)
{
    const char *agent = call_header(call, "User-Agent");
    if (agent) {
        if (!utf8_valid(agent, strlen(agent))) {
            return ctx_fail(&call->ctx, P_BAD_REQUEST_TEXT, "User-Agent");
        }
        call->client.user_agent =
            arena_strndup(call->ctx.arena, agent, utf8_prefix(agent, USER_AGENT_MAX));
    }
    return P_OK;
}

static bool has_flag(const struct call *call, enum route_flag flag)
{
    return call->route && (call->route->flags & flag);
}

static enum problem decode_body(struct call *call)
{
    const struct body_shape *shape = call->route->body;
    if (shape == &shape_none) {
        return P_OK;
    }
    bool own_words = call->route->flags & ROUTE_OWN_WORDS;
    if (call->body_too_large) {
        return own_words ? ctx_fail(&call->ctx, P_MAGIC_BODY, "request body too large")
                         : P_BODY_TOO_LARGE;
    }
    enum problem problem = body_decode(&call->ctx, shape, call->body, call->body_len, &call->in);
    return own_words && problem == P_BAD_JSON ? P_MAGIC_BODY : problem;
}

/* Anonymous sign-ups have a limiter of their own (row SU3), known only from the body. */
static enum limiter limiter_of(const struct call *call)
{
    const struct body_sign_up *in = call->route->body == &shape_sign_up ? call->in : NULL;
    bool anonymous = in && !(in->email && *in->email) && !(in->phone && *in->phone);
    return anonymous ? LIMIT_ANONYMOUS : call->route->limiter;
}

/* The token of the body, whatever else it holds. */
static enum problem check_captcha(struct call *call)
{
    const struct json_t *root;
    enum problem problem = body_read(&call->ctx, call->body, call->body_len, &root);
    if (problem) {
        return problem;
    }
    const struct json_t *security = json_member(root, "gotrue_meta_security");
    return captcha_check(call->services->config, &call->ctx,
                         json_member_text(security, "captcha_token"), call->client.ip);
}

/* Limits and body, in the route's order. */
static enum problem later_gates(struct call *call)
{
    bool body_first = call->route->flags & ROUTE_BODY_FIRST;
    enum problem problem = body_first ? decode_body(call) : P_OK;
    if (!problem && !call->counted) {
        problem = limits_check(call, limiter_of(call));
        call->counted = !problem;
    }
    problem = problem || body_first ? problem : decode_body(call);
    call->reply.n_kept = call->reply.n_headers;
    return problem;
}

/* Before a captcha is asked about: that costs something too. A sign-up's body is looked into, for
 * what it asks; what is wrong with it is told later. */
static enum problem check_unauthenticated(struct call *call)
{
    if ((call->route->flags & ROUTE_BODY_FIRST) && decode_body(call)) {
        call->in = NULL;
    }
    return unauthenticated_limits_check(call, limiter_of(call));
}

/* Row CP2: not for a valid admin; people are asked like everybody, as nothing here reads who they
 * are (S10). */
static bool captcha_due(const struct call *call)
{
    const struct claims *claims = &call->principal.claims;
    bool admin = call->principal.known && claims_role_admin(call->services->config, claims) &&
                 !claims_of_account(claims);
    return call->services->config->captcha.on && call->route->captcha && !admin;
}

static enum problem gates(struct call *call)
{
    struct match match;
    enum problem problem = read_client(call);
    if (problem) {
        return problem;
    }
    route_find(call, &match);
    call->route = match.route;
    problem = authenticate(call, match.route ? match.route->rights : match.group);
    if (problem) {
        return problem;
    }
    if (match.problem) {
        reply_header(call, "Allow", match.allow);
        return match.problem;
    }
    if (call->route->refusal) {
        return call->route->refusal;
    }
    problem = check_unauthenticated(call);
    return problem || captcha_due(call) ? problem : later_gates(call);
}

/* --- parts and lanes --- */

enum problem pipeline_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct call *call = arg;
    (void)ctx;
    call_begin_part(call);
    return call->then(call, tx);
}

enum problem pipeline_alone(struct ctx *ctx, void *arg)
{
    return pipeline_in_tx(ctx, NULL, arg);
}

static enum problem run_handler(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct call *call = arg;
    (void)ctx;
    return call->route->handler(call, tx);
}

/* The handler's lane; P_OK, with nowhere to go on, if it may run right here. */
static enum problem to_handler(struct call *call)
{
    switch (call->route->run) {
    case RUN_WRITE:
        return external_write(call, run_handler, call);
    case RUN_SLOW:
        return call_then(call, LANE_COMPUTE, call->route->handler);
    default:
        return P_OK;
    }
}

static enum problem ask_captcha(struct call *call, struct tx *tx)
{
    enum problem problem = check_captcha(call);
    problem = problem ? problem : later_gates(call);
    problem = problem ? problem : to_handler(call);
    return problem || call->lane != LANE_NONE ? problem : call->route->handler(call, tx);
}

/* After the gates. */
static enum problem go_on(struct call *call)
{
    return captcha_due(call) ? call_then(call, LANE_EXTERNAL + (enum lane)TO_CAPTCHA, ask_captcha)
                             : to_handler(call);
}

/* The handler that could not know about the password, once more. */
static enum problem after_breach(struct call *call, enum problem problem)
{
    return problem ? problem : to_handler(call);
}

enum lane pipeline_next(struct call *call, enum problem problem)
{
    problem = call_settle(call, problem);
    if (problem == P_BREACH_UNASKED) {
        problem = external_breach(call, after_breach);
    }
    call->problem = problem;
    return call->lane;
}

bool pipeline_is_unauthenticated(const struct call *call)
{
    const struct route *route = call->route;
    return route && route->rights == RIGHTS_NOBODY && !(route->flags & ROUTE_SHOWS_TOKEN);
}

/* Would the gates or the handler wait for another machine, here where nobody may wait? */
static bool must_move(struct call *call)
{
    struct match match;
    if (!exec_waits(call->services->executor)) {
        return false;
    }
    route_find(call, &match);
    enum rights rights = match.route ? match.route->rights : match.group;
    return rights != RIGHTS_NOBODY || (match.route && match.route->run == RUN_READ);
}

/* The whole call in one transaction, so that it costs few round trips. */
static enum problem all_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct call *call = arg;
    call_begin_part(call);
    call->tx = tx;
    call->reply.n_headers = 0; /* it may have run before */
    enum problem problem = gates(call);
    call->tx = NULL;
    problem = problem ? problem : go_on(call);
    if (problem || (call->lane != LANE_NONE && call->lane != LANE_WRITE)) {
        return problem;
    }
    return call->lane == LANE_WRITE
               ? pipeline_in_tx(ctx, tx, call)
               : call->route->handler(call, call->route->run == RUN_INLINE ? NULL : tx);
}

static enum problem run_on_worker(struct call *call, struct tx *tx)
{
    struct match match;
    struct executor *executor = call->services->executor;
    (void)tx;
    route_find(call, &match);
    bool writes = match.route && match.route->run == RUN_WRITE;
    return writes ? exec_write(executor, &call->ctx, all_in_tx, call)
                  : exec_read(executor, &call->ctx, all_in_tx, call);
}

/* Patterns of redirect targets are asked before a transaction begins, never inside it. */
static void read_target(struct call *call)
{
    static handler_fn *const make_links[] = {
        sign_up_post, user_put,   otp_post,    magic_link_post,    recover_post,
        resend_post,  verify_get, invite_post, reauthenticate_get, generate_link_post,
    };
    struct match match;
    route_find(call, &match);
    for (size_t i = 0; match.route && i < sizeof make_links / sizeof make_links[0]; i++) {
        if (match.route->handler == make_links[i]) {
            (void)call_link_target(call);
        }
    }
}

/* On a thread that serves many connections: what may run here does. */
static enum lane begin_here(struct call *call)
{
    enum problem problem = gates(call);
    problem = problem ? problem : go_on(call);
    if (!problem && call->lane == LANE_NONE) {
        call->then = call->route->handler;
        problem = call->route->run == RUN_READ
                      ? exec_read(call->services->executor, &call->ctx, pipeline_in_tx, call)
                      : pipeline_alone(&call->ctx, call);
    }
    return pipeline_next(call, problem);
}

enum lane pipeline_begin(struct call *call)
{
    call->began_us = clock_steady_us();
    call->ctx.now_us = clock_now_us(&call->services->clock);
    call->ctx.entropy = &call->services->entropy;
    call->path = strip_prefix(call->path);
    call->new_envelope = wants_new_envelope(call_header(call, "X-Supabase-Api-Version"));
    request_of(&call->ctx)->lists_recovery_codes =
        client_lists_recovery_codes(call_header(call, "X-Client-Info"));
    name_request(call);
    call->client.ip = client_address(call); /* of each request: it stands in the log */
    call->client.local = client_is_local(call);
    if (cors_preflight(call) || call->problem) { /* the listener may have found one */
        return LANE_NONE;
    }
    read_target(call);
    if (must_move(call)) {
        enum problem none = call_then(call, LANE_WORKER, run_on_worker);
        return none ? LANE_NONE : call->lane;
    }
    return begin_here(call);
}

int64_t pipeline_due_us(struct call *call)
{
    int64_t wait = equal_time_wait_us(request_of(&call->ctx)->equal_time, &call->services->entropy);
    bool openly = has_flag(call, ROUTE_OPENLY) && !call->issued;
    if (!openly && !wait) {
        return 0;
    }
    int64_t took = clock_steady_us() - call->began_us + wait;
    int64_t steps = openly ? took / HOLD_STEP_US + 1 : 0;
    return call->began_us + (openly ? steps * HOLD_STEP_US : took);
}

static void count(const struct call *call, int status)
{
    metric_count(status >= 500   ? METRIC_HTTP_5XX
                 : status >= 400 ? METRIC_HTTP_4XX
                 : status >= 300 ? METRIC_HTTP_3XX
                                 : METRIC_HTTP_2XX);
    metric_observe(METRIC_HTTP_TIME, clock_steady_us() - call->began_us);
}

/* The route's pattern without the mark of an optional slash at its end; of what is no route the
 * path that was asked, as far as it tells something. */
static const char *shown_path(struct call *call)
{
    enum { SHOWN_MAX = 200 };
    if (!call->route) {
        return call->path
                   ? arena_strndup(call->ctx.arena, call->path, strnlen(call->path, SHOWN_MAX))
                   : "(none)";
    }
    const char *pattern = call->route->pattern;
    size_t len = strlen(pattern);
    bool mark = len > 2 && strcmp(pattern + len - 2, "/?") == 0;
    return mark ? arena_strndup(call->ctx.arena, pattern, len - 2) : pattern;
}

void pipeline_answer(struct call *call, struct answer *out)
{
    call->refused_words = database_error_words(call);
    render(call, out);
    count(call, out->status);
    if (request_of(&call->ctx)->outbox_filled && call->services->outbox) {
        outbox_worker_wake(call->services->outbox);
    }
    log_write(LOG_DEBUG, "statements", LOG_INT("reads", call->ctx.reads),
              LOG_INT("writes", call->ctx.writes), LOG_STR("request_id", call->ctx.request_id));
    if (!call->services->config->log.access || has_flag(call, ROUTE_QUIET) ||
        !log_wants(LOG_INFO) || !unauthenticated_limits_may_log(call)) {
        return;
    }
    enum log_level level = out->status >= 500   ? LOG_ERROR
                           : out->status >= 400 ? LOG_WARN
                                                : LOG_INFO;
    log_write(level, "request completed", LOG_STR("method", call->method),
              LOG_STR("path", shown_path(call)), LOG_INT("status", out->status),
              LOG_STR("error_code", call->problem ? problem_row(call->problem)->code : ""),
              LOG_INT("duration_us", clock_steady_us() - call->began_us),
              LOG_STR("remote_addr", call->client.ip), LOG_STR("request_id", call->ctx.request_id));
}

void pipeline_here(struct call *call)
{
    struct executor *executor = call->services->executor;
    for (enum lane lane = pipeline_begin(call); lane != LANE_NONE;) {
        enum problem problem = lane == LANE_WRITE
                                   ? exec_write(executor, &call->ctx, pipeline_in_tx, call)
                                   : pipeline_alone(&call->ctx, call);
        lane = pipeline_next(call, problem);
    }
}
