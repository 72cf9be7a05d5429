/* hook_http.c: webhooks over HTTP (internals.md §7, accounts.md HK2, HK3): signed
 * by Standard Webhooks, at most three tries and 5 s together. See hook.h. */
#include "deliver/hook.h"

#include "base/log.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "base/url.h"
#include "crypto/base64.h"
#include "crypto/digest.h"
#include "deliver/http_client.h"

#include <string.h>
#include <strings.h>
#include <time.h>

enum { TRIES = 3, ANSWER_MAX = 204800, TYPE_SHOWN = 200, HEADERS = 5 };
#define ALL_TRIES_US (5 * US_PER_S)
#define PAUSE_US (2 * US_PER_S)

void hook_metadata(struct ctx *ctx, struct strbuf *out, const char *name, const char *ip)
{
    char id[UUID_TEXT], time[RFC3339_TEXT];
    struct uuid uuid = uuid_v4(ctx->entropy);
    strbuf_printf(out, "{\"uuid\":\"%s\",\"time\":\"%s\"", uuid_format(&uuid, id),
                  rfc3339_format(ctx->now_us, time));
    if (name && *name) {
        strbuf_str(out, ",\"name\":");
        json_quote(out, name);
    }
    if (ip && *ip) {
        strbuf_str(out, ",\"ip_address\":");
        json_quote(out, ip);
    }
    strbuf_char(out, '}');
}

const char *hook_signature(struct arena *arena, const char *secrets, const char *id,
                           int64_t timestamp_s, const char *body)
{
    static const char form[] = "v1,whsec_";
    const char *signed_text = arena_printf(arena, "%s.%lld.%s", id, (long long)timestamp_s, body);
    const char *out = "";
    for (const char *p = secrets; *p; p += *p == '|') {
        size_t len = strcspn(p, "|"), key_len;
        uint8_t *key, mac[SHA256_SIZE];
        if (strncmp(p, form, sizeof form - 1) != 0 ||
            !base64_decode(arena, p + sizeof form - 1, len - (sizeof form - 1), &key, &key_len)) {
            return NULL;
        }
        hmac_of(DIGEST_SHA256, key, key_len, signed_text, strlen(signed_text), mac);
        out = arena_printf(arena, "%s%sv1,%s", out, *out ? ", " : "",
                           base64_encode(arena, mac, sizeof mac));
        p += len;
    }
    return out;
}

/* Is it application/json, with or without parameters? */
static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    size_t len = strcspn(type, ";");
    while (len && (type[len - 1] == ' ' || type[len - 1] == '\t')) {
        len--;
    }
    return len == sizeof json - 1 && strncasecmp(type, json, len) == 0;
}

static enum problem read_error(struct ctx *ctx, const struct json_t *error)
{
    const char *message = json_member_text(error, "message");
    int64_t status;
    if (!message || !*message) {
        return P_OK;
    }
    bool usable =
        json_int(json_member(error, "http_code"), &status) && status >= 400 && status <= 599;
    ctx->problem_status = usable ? (int)status : 500;
    return ctx_fail(ctx, P_HOOK_ERROR, message);
}

static enum problem read_output(struct ctx *ctx, const struct http_answer *answer, bool too_large,
                                const struct json_t **output)
{
    const char *type = answer->content_type, *detail = NULL;
    if (!type || !*type) {
        return P_HOOK_NO_TYPE;
    }
    if (!is_json(type)) {
        bool shown = utf8_valid(type, strlen(type));
        size_t len = shown ? utf8_prefix(type, TYPE_SHOWN) : 0;
        return ctx_fail(ctx, P_HOOK_NOT_JSON, arena_strndup(ctx->arena, type, len));
    }
    if (too_large) {
        return P_HOOK_TOO_LARGE;
    }
    const struct json_t *root = json_read(ctx->arena, answer->body, answer->len, &detail);
    enum json_kind kind = json_kind_of(root);
    if (!root || (kind != KIND_OBJECT && kind != KIND_NULL)) {
        return P_HOOK_BAD_JSON;
    }
    *output = kind == KIND_OBJECT ? root : NULL;
    return read_error(ctx, json_member(root, "error"));
}

static enum problem read_answer(struct ctx *ctx, const struct http_answer *answer, bool too_large,
                                const struct json_t **output)
{
    switch (answer->status) {
    case 200:
    case 202:
        return read_output(ctx, answer, too_large, output);
    case 204:
        return P_OK;
    case 429:
    case 503:
        return P_HOOK_UNAVAILABLE;
    case 400:
        return P_HOOK_REFUSED;
    case 401:
        return P_HOOK_UNAUTHORIZED;
    default:
        return ctx_fail(ctx, P_HOOK_STATUS, arena_printf(ctx->arena, "%d", answer->status));
    }
}

/* One attempt, with an id and a signature of its own. */
static enum http_outcome attempt(struct ctx *ctx, const struct hook *hook, const char *payload,
                                 int64_t began_us, struct http_answer *answer, bool *unsigned_)
{
    char id[UUID_TEXT];
    struct uuid uuid = uuid_v4(ctx->entropy);
    int64_t spent = clock_steady_us() - began_us, at_s = (ctx->now_us + spent) / US_PER_S;
    uuid_format(&uuid, id);
    const char *signature = hook_signature(ctx->arena, hook->secrets, id, at_s, payload);
    *unsigned_ = !signature;
    if (!signature) {
        return HTTP_UNREACHABLE;
    }
    const char *headers[HEADERS] = {
        "Content-Type: application/json",
        "Accept-Encoding: identity",
        arena_printf(ctx->arena, "webhook-id: %s", id),
        arena_printf(ctx->arena, "webhook-timestamp: %lld", (long long)at_s),
        *signature ? arena_printf(ctx->arena, "webhook-signature: %s", signature)
                   : "webhook-signature;",
    };
    struct http_request request = {
        .url = hook->url,
        .body = payload,
        .body_len = strlen(payload),
        .headers = headers,
        .n_headers = HEADERS,
        .timeout_us = ALL_TRIES_US - spent,
        .max_body = ANSWER_MAX,
    };
    return http_call(ctx->arena, &request, answer);
}

static void pause_before(int64_t deadline_us)
{
    int64_t us = deadline_us - clock_steady_us();
    us = us > PAUSE_US ? PAUSE_US : us < 0 ? 0 : us;
    struct timespec pause = { .tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * 1000 };
    nanosleep(&pause, NULL);
}

static enum problem try_all(struct ctx *ctx, const struct hook *hook, const char *payload,
                            const struct json_t **output)
{
    int64_t began_us = clock_steady_us();
    for (int i = 1;; i++) {
        struct http_answer answer = { 0 };
        bool unsigned_ = false;
        if (clock_steady_us() - began_us >= ALL_TRIES_US) {
            return P_HOOK_TIMEOUT;
        }
        enum http_outcome outcome = attempt(ctx, hook, payload, began_us, &answer, &unsigned_);
        if (unsigned_) {
            return P_HOOK_SIGNATURE;
        }
        if (outcome == HTTP_TIMED_OUT) {
            return P_HOOK_TIMEOUT;
        }
        bool away = outcome == HTTP_UNREACHABLE;
        bool busy = !away && (answer.status == 429 || answer.status == 503);
        if (!away && !(busy && answer.has_retry_after && i < TRIES)) {
            return read_answer(ctx, &answer, outcome == HTTP_TOO_LARGE, output);
        }
        if (away && i == TRIES) {
            return P_HOOK_UNREACHABLE;
        }
        if (away) {
            pause_before(began_us + ALL_TRIES_US);
        }
    }
}

/* Host and port of a URL, for the log: the rest may hold secrets. */
static const char *host_of(struct arena *arena, const char *url)
{
    struct url_split u = url_split(url);
    return arena_strndup(arena, u.host.at, (size_t)(u.rest - u.host.at));
}

void hook_log_failure(struct ctx *ctx, const char *url, enum problem problem)
{
    bool told = problem == P_HOOK_STATUS || problem == P_HOOK_NOT_JSON || problem == P_HOOK_CLAIMS;
    log_write(LOG_WARN, "a hook failed", LOG_STR("host", host_of(ctx->arena, url)),
              LOG_STR("problem", problem_row(problem)->name),
              LOG_STR("detail", told ? ctx->problem_arg : ""),
              LOG_STR("request_id", ctx->request_id));
}

enum problem hook_call(struct ctx *ctx, const struct hook *hook, const char *payload,
                       const struct json_t **output)
{
    *output = NULL;
    enum problem problem = try_all(ctx, hook, payload, output);
    if (problem) {
        *output = NULL;
        hook_log_failure(ctx, hook->url, problem);
    }
    return problem;
}
