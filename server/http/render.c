/* render.c: writes answers, see render.h. */
#include "http/render.h"

#include "http/cors.h"
#include "domain/request.h"

#include <string.h>

enum { BODY_MAX = 64 << 20 };

/* Row X1: a date YYYY-MM-DD not before 2024-01-01. */
bool wants_new_envelope(const char *v)
{
    static const char form[] = "dddd-dd-dd";
    if (!v || strlen(v) != sizeof form - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof form - 1; i++) {
        bool digit = v[i] >= '0' && v[i] <= '9';
        if (form[i] == 'd' ? !digit : v[i] != '-') {
            return false;
        }
    }
    int month = (v[5] - '0') * 10 + v[6] - '0', day = (v[8] - '0') * 10 + v[9] - '0';
    return month >= 1 && month <= 12 && day >= 1 && day <= 31 && strncmp(v, "2024", 4) >= 0;
}

static void write_reasons(struct call *call, struct strbuf *b)
{
    static const char *const names[] = { "length", "characters", "pwned" };
    strbuf_str(b, ",\"weak_password\":{\"reasons\":[");
    for (int i = 0, n = 0; i < 3; i++) {
        if (request_of(&call->ctx)->weak_reasons & (1U << i)) {
            strbuf_str(b, n++ ? "," : "");
            json_quote(b, names[i]);
        }
    }
    strbuf_str(b, "]}");
}

/* Row X5. */
static void write_oauth(struct strbuf *b, const struct problem_row *row)
{
    strbuf_str(b, "{\"error\":");
    json_quote(b, row->code + strlen("oauth:"));
    strbuf_str(b, ",\"error_description\":");
    json_quote(b, row->text);
    strbuf_char(b, '}');
}

static void write_problem(struct call *call, struct strbuf *b, const struct problem_row *row)
{
    const char *text = call_problem_text(call);
    if (strncmp(row->code, "oauth:", 6) == 0) {
        write_oauth(b, row);
        return;
    }
    strbuf_str(b, "{\"code\":");
    if (call->new_envelope) {
        json_quote(b, call_problem_code(call));
        strbuf_str(b, ",\"message\":");
        json_quote(b, text);
    } else {
        strbuf_int(b, call_problem_status(call));
        strbuf_str(b, ",\"error_code\":");
        json_quote(b, call_problem_code(call));
        strbuf_str(b, ",\"msg\":");
        json_quote(b, text);
        if (row->status >= 500 && *call->ctx.request_id) {
            strbuf_str(b, ",\"error_id\":");
            json_quote(b, call->ctx.request_id);
        }
    }
    if (call->problem == P_PASSWORD_WEAK) {
        write_reasons(call, b);
    }
    strbuf_char(b, '}');
}

static void problem_headers(struct call *call, const struct problem_row *row)
{
    bool oauth = strncmp(row->code, "oauth:", 6) == 0;
    if (!oauth && call->problem != P_HOOK_ERROR &&
        !(call->problem == P_PASSWORD_WEAK && call->new_envelope)) {
        reply_header(call, "x-sb-error-code", row->code);
    }
    if (call->new_envelope) {
        reply_header(call, "X-Supabase-Api-Version", "2024-01-01");
    }
    if (row->status == 429 || row->status == 503) {
        int64_t wait = call->ctx.retry_after_s > 0 ? call->ctx.retry_after_s : 1;
        reply_header(call, "Retry-After", arena_printf(call->ctx.arena, "%lld", (long long)wait));
    }
}

/* draft-ietf-httpapi-ratelimit-headers-06, as most clients read it. */
static void rate_headers(struct call *call)
{
    const struct {
        const char *name;
        int64_t value;
    } fields[] = {
        { "RateLimit-Limit", call->rate.limit },
        { "RateLimit-Remaining", call->rate.remaining },
        { "RateLimit-Reset", call->rate.reset_s },
    };
    for (size_t i = 0; call->rate.limit && i < sizeof fields / sizeof fields[0]; i++) {
        reply_header(call, fields[i].name,
                     arena_printf(call->ctx.arena, "%lld", (long long)fields[i].value));
    }
}

void render(struct call *call, struct answer *out)
{
    struct strbuf b = strbuf_in(call->ctx.arena, BODY_MAX);
    if (!call->problem && call->reply.view) {
        call->reply.view(call, &b);
        if (!strbuf_ok(&b)) {
            call->problem = P_UNEXPECTED;
            call->reply.n_headers = 0;
            b = strbuf_in(call->ctx.arena, BODY_MAX);
        }
    }
    if (call->problem && call->reply.on_problem) {
        call->reply.on_problem(call);
    } else if (call->problem) {
        const struct problem_row *row = problem_row(call->problem);
        call->reply.status = call_problem_status(call);
        call->reply.cache_control = NULL;
        write_problem(call, &b, row);
        problem_headers(call, row);
    }
    bool preflight = strcmp(call->method, "OPTIONS") == 0 && !call->problem;
    if (!preflight) {
        cors_headers(call);
        rate_headers(call);
    }
    if (b.len) {
        reply_header(call, "Content-Type", "application/json");
        reply_header(call, "X-Content-Type-Options", "nosniff");
    }
    reply_header(call, "Cache-Control",
                 call->reply.cache_control ? call->reply.cache_control : "no-store");
    *out = (struct answer){ call->reply.status, b.data ? b.data : "", b.len };
}
