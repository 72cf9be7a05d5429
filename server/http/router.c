/* router.c: matches paths against the rows of routes.def, see router.h. */
#include "http/router.h"

#include "api/handlers.h"

#include <string.h>
#include <strings.h>

static const struct route rows[] = {
#define ROW(method_, path_, grant_, handler_, rights_, limiter_, body_, run_, spend_, flags_,      \
            captcha_)                                                                              \
    { .captcha = captcha_,                                                                         \
      .method = #method_,                                                                          \
      .pattern = path_,                                                                            \
      .grant_type = grant_,                                                                        \
      .handler = handler_,                                                                         \
      .rights = RIGHTS_##rights_,                                                                  \
      .limiter = LIMIT_##limiter_,                                                                 \
      .body = &shape_##body_,                                                                      \
      .run = RUN_##run_,                                                                           \
      .spend = SPEND_##spend_,                                                                     \
      .flags = (flags_) },
#define ROUTE(...) ROW(__VA_ARGS__, false)
#define CAPTCHA(...) ROW(__VA_ARGS__, true)
#define REFUSE(method_, path_, rights_, problem_)                                                  \
    { .method = #method_,                                                                          \
      .pattern = path_,                                                                            \
      .grant_type = "",                                                                            \
      .rights = RIGHTS_##rights_,                                                                  \
      .body = &shape_none,                                                                         \
      .refusal = P_##problem_ },
#include "http/routes.def"
#undef ROW
#undef ROUTE
#undef CAPTCHA
#undef REFUSE
};

const struct route *route_rows(int *count)
{
    *count = (int)(sizeof rows / sizeof rows[0]);
    return rows;
}

/* Takes a "{name}" of the pattern and the segment that it stands for. */
static bool take_param(struct call *call, const char **pattern, const char **path)
{
    enum param param = strncmp(*pattern, "{user_id}", 9) == 0        ? PARAM_USER
                       : strncmp(*pattern, "{identity_id}", 13) == 0 ? PARAM_IDENTITY
                                                                     : PARAM_FACTOR;
    size_t len = strcspn(*path, "/");
    if (!len) {
        return false;
    }
    call->params[param] = arena_strndup(call->ctx.arena, *path, len);
    *pattern += strcspn(*pattern, "}") + 1;
    *path += len;
    return true;
}

static bool matches(struct call *call, const char *pattern, const char *path)
{
    const char *start = pattern;
    memset(call->params, 0, sizeof call->params);
    while (*pattern) {
        if (strcmp(pattern, "/?") == 0) {
            return !*path || strcmp(path, "/") == 0;
        }
        if (*pattern == '*') {
            return pattern > start && (pattern[-1] == '/' || !*path || *path == '/');
        }
        if (*pattern == '{') {
            if (!take_param(call, &pattern, &path)) {
                return false;
            }
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return !*path;
}

static bool in_group(const char *path, const char *group)
{
    size_t len = strlen(group);
    return strncmp(path, group, len) == 0 && (!path[len] || path[len] == '/');
}

static enum rights group_rights(const char *path)
{
    return in_group(path, "/admin")     ? RIGHTS_ADMIN
           : in_group(path, "/factors") ? RIGHTS_NAMED
           : in_group(path, "/user")    ? RIGHTS_USER
                                        : RIGHTS_NOBODY;
}

/* The grant type: of the query, or of a form body (row W6). */
static enum problem grant_type_of(struct call *call, const char **out)
{
    enum problem problem = call_query(call, "grant_type", out);
    const char *type = call_header(call, "Content-Type");
    if (problem || *out || !type ||
        strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0 || !call->body_len) {
        return problem;
    }
    const char *query = call->query;
    call->query = arena_strndup(call->ctx.arena, call->body, call->body_len);
    problem = call_query(call, "grant_type", out);
    call->query = query;
    return problem;
}

static bool takes(const struct route *row, const char *method)
{
    return strcmp(row->method, method) == 0 || strcmp(row->method, "ANY") == 0 ||
           (strcmp(row->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void allow(struct call *call, struct match *out, const char *method)
{
    if (!out->allow) {
        out->allow = method;
    } else if (!strstr(out->allow, method)) {
        out->allow = arena_printf(call->ctx.arena, "%s, %s", out->allow, method);
    }
}

void route_find(struct call *call, struct match *out)
{
    const char *grant_type = NULL;
    *out = (struct match){ .group = group_rights(call->path), .problem = P_NOT_FOUND };
    if (strcmp(call->path, "/token") == 0) {
        enum problem problem = grant_type_of(call, &grant_type);
        if (problem) {
            out->problem = problem;
            return;
        }
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct route *row = &rows[i];
        if (row->pattern[1] != call->path[1] || !matches(call, row->pattern, call->path)) {
            continue;
        }
        if (!takes(row, call->method)) {
            out->problem = out->problem == P_NOT_FOUND ? P_METHOD_NOT_ALLOWED : out->problem;
            allow(call, out, row->method);
            if (strcmp(row->method, "GET") == 0) {
                allow(call, out, "HEAD");
            }
        } else if (!*row->grant_type || strcmp(row->grant_type, "*") == 0 ||
                   (grant_type && strcmp(row->grant_type, grant_type) == 0)) {
            out->route = row;
            out->problem = P_OK;
            return;
        }
    }
}
