/* cors.c: preflights and the headers that let pages read answers, see cors.h. */
#include "http/cors.h"

#include <string.h>
#include <strings.h>

static bool header_allowed(const struct call *call, const char *name, size_t len)
{
    static const char *const known[] = {
        "accept",        "apikey",    "authorization", "content-type",           "x-client-ip",
        "x-client-info", "x-jwt-aud", "x-use-cookie",  "x-supabase-api-version",
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i]) == len && strncasecmp(known[i], name, len) == 0) {
            return true;
        }
    }
    const struct text_list *more = &call->services->config->http.cors_headers;
    for (int i = 0; i < more->count; i++) {
        if (strlen(more->items[i]) == len && strncasecmp(more->items[i], name, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool headers_allowed(const struct call *call, const char *list)
{
    while (list && *list) {
        list += strspn(list, " ,");
        size_t len = strcspn(list, " ,");
        if (len && !header_allowed(call, list, len)) {
            return false;
        }
        list += len;
    }
    return true;
}

static bool method_allowed(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "POST") == 0 ||
           strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0 ||
           strcmp(method, "DELETE") == 0 || strcmp(method, "OPTIONS") == 0;
}

bool cors_preflight(struct call *call)
{
    const char *method = call_header(call, "Access-Control-Request-Method");
    const char *headers = call_header(call, "Access-Control-Request-Headers");
    if (strcmp(call->method, "OPTIONS") != 0 || !method) {
        return false;
    }
    call->reply.status = 204;
    reply_header(call, "Vary",
                 "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    if (call_header(call, "Origin") && method_allowed(method) && headers_allowed(call, headers)) {
        reply_header(call, "Access-Control-Allow-Origin", "*");
        reply_header(call, "Access-Control-Allow-Methods", method);
        reply_header(call, "Access-Control-Max-Age", "600");
        if (headers && *headers) {
            reply_header(call, "Access-Control-Allow-Headers", headers);
        }
    }
    return true;
}

void cors_headers(struct call *call)
{
    reply_header(call, "Vary", "Origin");
    if (call_header(call, "Origin")) {
        reply_header(call, "Access-Control-Allow-Origin", "*");
        reply_header(call, "Access-Control-Expose-Headers",
                     "X-Total-Count, Link, X-Supabase-Api-Version, RateLimit-Limit, "
                     "RateLimit-Remaining, RateLimit-Reset, Retry-After");
    }
}
