/* call.c: reading a request's query and making its reply, see call.h. */
#include "api/call.h"

#include "base/utf8.h"
#include "domain/redirect.h"

#include <string.h>

enum problem call_then(struct call *call, enum lane lane, handler_fn *fn)
{
    call->lane = lane;
    call->then = fn;
    return P_OK;
}

void call_begin_part(struct call *call)
{
    call->lane = LANE_NONE;
    call->settled = NULL;
}

enum problem call_settle(struct call *call, enum problem problem)
{
    enum problem (*settled)(struct call *, enum problem) = call->settled;
    call->settled = NULL;
    problem = settled ? settled(call, problem) : problem;
    call->lane = problem ? LANE_NONE : call->lane;
    return problem;
}

const char *call_header(const struct call *call, const char *name)
{
    return call->header ? call->header(call->header_arg, name) : NULL;
}

bool call_wants_other_audience(const struct call *call)
{
    const char *asked = call_header(call, "X-JWT-AUD");
    const char *aud = call->principal.claims.aud;
    return asked && *asked && strcmp(asked, aud ? aud : "") != 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t text_decode(char *text)
{
    char *to = text;
    for (const char *p = text; *p; p++) {
        int high = *p == '%' ? hex_digit(p[1]) : -1;
        int low = high >= 0 ? hex_digit(p[2]) : -1;
        if (low >= 0) {
            *to++ = (char)(high << 4 | low);
            p += 2;
        } else {
            *to++ = *p == '+' ? ' ' : *p;
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

enum problem call_query_nth(struct call *call, const char *name, int n, const char **out)
{
    size_t name_len = strlen(name);
    *out = NULL;
    for (const char *p = call->query; *p;) {
        size_t len = strcspn(p, "&");
        size_t key_len = strcspn(p, "=&");
        if (key_len == name_len && memcmp(p, name, name_len) == 0 && n-- == 0) {
            const char *value = p + key_len + (p[key_len] == '=');
            char *text = arena_strndup(call->ctx.arena, value, (size_t)(p + len - value));
            size_t decoded = text_decode(text);
            if (!utf8_valid(text, decoded)) {
                return ctx_fail(&call->ctx, P_BAD_REQUEST_TEXT,
                                arena_strdup(call->ctx.arena, name));
            }
            *out = text;
            return P_OK;
        }
        p += len;
        p += *p == '&';
    }
    return P_OK;
}

enum problem call_query(struct call *call, const char *name, const char **out)
{
    return call_query_nth(call, name, 0, out);
}

void reply_header(struct call *call, const char *name, const char *value)
{
    struct reply *r = &call->reply;
    if (r->n_headers < REPLY_HEADERS && value) {
        r->headers[r->n_headers].name = name;
        r->headers[r->n_headers++].value = value;
    }
}

void reply_restart(struct call *call)
{
    struct reply *r = &call->reply;
    r->n_headers = r->n_kept;
    r->status = 0;
    r->view = NULL;
    r->data = NULL;
    r->on_problem = NULL;
    r->cache_control = NULL;
}

enum problem reply_with(struct call *call, void (*view)(struct call *, struct strbuf *),
                        const void *data)
{
    call->reply.status = 200;
    call->reply.view = view;
    call->reply.data = data;
    return P_OK;
}

static void view_empty_object(struct call *call, struct strbuf *out)
{
    (void)call;
    strbuf_str(out, "{}");
}

enum problem reply_empty_object(struct call *call)
{
    return reply_with(call, view_empty_object, NULL);
}

enum problem reply_no_content(struct call *call)
{
    call->reply.status = 204;
    return P_OK;
}

/* Row W16: only a host that the configuration lists; anything else is as if it were not sent. */
static const char *link_base(struct call *call)
{
    const struct config *c = call->services->config;
    const char *host = call_header(call, "X-Forwarded-Host");
    const char *proto = call_header(call, "X-Forwarded-Proto");
    if (!host || !*host || !list_has(&c->mail.external_hosts, host)) {
        return c->site.external_url;
    }
    bool plain = strcmp(host, "localhost") == 0 && proto && strcmp(proto, "http") == 0;
    return arena_printf(call->ctx.arena, "%s://%s", plain ? "http" : "https", host);
}

struct link_target call_link_target(struct call *call)
{
    const char *query = NULL;
    if (call->target.base) {
        return call->target;
    }
    if (call_query(call, "redirect_to", &query)) {
        query = NULL; /* an unreadable one is as if it were not sent */
    }
    call->target = (struct link_target){
        .base = link_base(call),
        .redirect_to = redirect_pick(&call->services->realm, call_header(call, "redirect_to"),
                                     query, call_header(call, "Referer")),
    };
    return call->target;
}

struct subject call_subject(const struct call *call)
{
    return (struct subject){
        .user_id = call->principal.user.id,
        .session_id = call->principal.session_id,
        .aal = call->principal.claims.aal,
        .client = &call->client,
    };
}

/* A hook's own error has the status that it asks for, and no code (row HK3, X3). */
int call_problem_status(const struct call *call)
{
    return call->problem == P_HOOK_ERROR && call->ctx.problem_status
               ? call->ctx.problem_status
               : problem_row(call->problem)->status;
}

const char *call_problem_code(const struct call *call)
{
    return call->problem == P_HOOK_ERROR && call_problem_status(call) != 500
               ? "unknown"
               : problem_row(call->problem)->code;
}

const char *call_problem_text(struct call *call)
{
    if (call->problem == P_DATABASE_REFUSED && call->refused_words) {
        return call->refused_words;
    }
    const char *text = problem_row(call->problem)->text, *hole = strstr(text, "%s");
    if (!hole) {
        return text;
    }
    const char *arg = call->ctx.problem_arg ? call->ctx.problem_arg : "";
    return arena_printf(call->ctx.arena, "%.*s%s%s", (int)(hole - text), text, arg, hole + 2);
}
