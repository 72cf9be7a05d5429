/* rig.c: see rig.h. */
#include "rig.h"

#include "base/log.h"
#include "http/limits.h"
#include "http/pipeline.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { SETTINGS_MAX = 32 };
#define BEGIN_US (INT64_C(1772366405) * US_PER_S) /* 2026-03-01 12:00:05 UTC, 5 s into a step */

static int64_t rig_now(void *arg)
{
    return ((struct rig *)arg)->now_us;
}

/* splitmix64: different at each call, the same in each run. */
static void rig_fill(void *arg, void *out, size_t n)
{
    uint64_t *seed = arg;
    for (size_t i = 0; i < n; i++) {
        uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        ((uint8_t *)out)[i] = (uint8_t)(z >> 56);
    }
}

static const char *api_key(struct rig *rig, const char *role)
{
    struct ctx ctx = { .arena = rig->arena, .now_us = rig->now_us };
    return claims_api_key(&rig->services->realm, &ctx, role);
}

void rig_restart_with(struct rig *rig, const char *const *settings)
{
    const char *all[SETTINGS_MAX] = {
        rig_text(rig, "DATABASE_URL=sqlite:%s/db", rig->dir),
        "GOTRUE_SITE_URL=https://app.example.com",
        "GOTRUE_JWT_SECRET=a-secret-for-the-pipeline-tests-of-32-or-more",
        "GOTRUE_JWT_AUD=authenticated",
        "GOTRUE_JWT_DEFAULT_GROUP_NAME=authenticated",
        "GOTRUE_MAILER_AUTOCONFIRM=true",
        "GOTRUE_SMS_AUTOCONFIRM=true",
        "GOTRUE_EXTERNAL_PHONE_ENABLED=true",
        "GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED=true",
        "COUNTERSIGN_HASH_THREADS=1",
    };
    size_t n = 10;
    for (; *settings && n < SETTINGS_MAX - 1; settings++) {
        all[n++] = *settings;
    }
    struct config_sources sources = { .arguments = all };
    const char *error = NULL;
    const struct config *config = config_load(rig->arena, &sources, &error);
    app_stop(&rig->app);
    rig->app = config ? app_start(rig->arena, config, APP_KEYS | APP_STORE, &error) : NULL;
    if (!rig->app) {
        fail_msg("%s", error);
        return;
    }
    rig->services = app_services(rig->app);
    rig->services->clock = (struct clock){ .now_us = rig_now, .arg = rig };
    rig->services->entropy = (struct entropy){ .fill = rig_fill, .arg = &rig->seed };
    rig->services->limits = limits_new(config);
    rig->anon_key = api_key(rig, "anon");
    rig->service_key = api_key(rig, "service_role");
}

int rig_setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    if (!rig) {
        return -1;
    }
    memcpy(rig->dir, "/tmp/countersign-XXXXXX", sizeof "/tmp/countersign-XXXXXX");
    if (!mkdtemp(rig->dir)) {
        free(rig);
        return -1;
    }
    log_set_level(LOG_OFF);
    rig->arena = arena_new();
    rig->now_us = BEGIN_US;
    rig->seed = 1;
    rig->peer = "192.0.2.1";
    *state = rig;
    rig_restart(rig, NULL);
    return 0;
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;
    app_stop(&rig->app);
    DIR *dir = opendir(rig->dir);
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir) {
        closedir(dir);
    }
    rmdir(rig->dir);
    arena_free(&rig->arena);
    free(rig);
    return 0;
}

void rig_wait(struct rig *rig, double seconds)
{
    rig->now_us += llround(seconds * 1e6);
}

void rig_header(struct rig *rig, const char *name, const char *value)
{
    int at = 0;
    while (at < RIG_HEADERS - 1 && rig->headers[at].name &&
           strcasecmp(rig->headers[at].name, name) != 0) {
        at++;
    }
    rig->headers[at].name = name;
    rig->headers[at].value = value;
}

struct request {
    struct call call; /* first */
    struct rig *rig;
    const char *authorization;
};

static const char *header_of(void *arg, const char *name)
{
    struct request *r = arg;
    if (strcasecmp(name, "Authorization") == 0 && r->authorization) {
        return r->authorization;
    }
    for (int i = 0; i < RIG_HEADERS && r->rig->headers[i].name; i++) {
        if (strcasecmp(name, r->rig->headers[i].name) == 0) {
            return r->rig->headers[i].value;
        }
    }
    return NULL;
}

const struct got *ask_bytes(struct rig *rig, const char *method, const char *target,
                            const char *token, const char *body, size_t len)
{
    struct request *r = ARENA_NEW(rig->arena, struct request);
    struct got *got = ARENA_NEW(rig->arena, struct got);
    size_t path = strcspn(target, "?");
    char *copy = arena_alloc(rig->arena, len + 1); /* a body may hold NUL */
    memcpy(copy, body, len);
    r->rig = rig;
    r->authorization = token ? rig_text(rig, "Bearer %s", token) : NULL;
    r->call = (struct call){
        .ctx = { .arena = rig->arena },
        .services = rig->services,
        .method = method,
        .path = arena_strndup(rig->arena, target, path),
        .query = target[path] ? target + path + 1 : "",
        .header = header_of,
        .header_arg = r,
        .peer = rig->peer,
        .body = copy,
        .body_len = len,
        .body_too_large = len > BODY_LIMIT,
    };
    struct answer answer;
    pipeline_here(&r->call);
    pipeline_answer(&r->call, &answer);
    const char *detail;
    *got = (struct got){
        .status = answer.status,
        .body = arena_strndup(rig->arena, answer.body, answer.len),
        .len = answer.len,
        .json = answer.len ? json_read(rig->arena, answer.body, answer.len, &detail) : NULL,
        .problem = r->call.problem,
        .call = &r->call,
    };
    if (answer.len && !got->json) {
        fail_msg("%s %s: the answer is no JSON: %s", method, target, got->body);
    }
    return got;
}

const struct got *ask(struct rig *rig, const char *method, const char *target, const char *token,
                      const char *body)
{
    return ask_bytes(rig, method, target, token, body ? body : "", body ? strlen(body) : 0);
}

const char *got_header(const struct got *got, const char *name)
{
    const struct reply *reply = &got->call->reply;
    for (int i = 0; i < reply->n_headers; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0) {
            return reply->headers[i].value;
        }
    }
    return NULL;
}

const struct json_t *got_value(const struct got *got, const char *path)
{
    const struct json_t *value = got->json;
    while (value && *path) {
        char name[64];
        size_t len = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)len, path);
        bool list = json_kind_of(value) == KIND_ARRAY;
        value = list ? json_nth(value, strtoul(name, NULL, 10)) : json_member(value, name);
        path += len + (path[len] == '.');
    }
    return value;
}

const char *got_text(const struct got *got, const char *path)
{
    return json_text(got_value(got, path));
}

int64_t got_int(const struct got *got, const char *path)
{
    int64_t n = 0;
    if (!json_int(got_value(got, path), &n)) {
        fail_msg("%s is no number in %s", path, got->body);
    }
    return n;
}

char *rig_text(struct rig *rig, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_strdup(rig->arena, text);
}

const struct got *expect_status_at(const struct got *got, int status, const char *file, int line)
{
    if (got->status != status) {
        print_error("%s %s answered %d %s\n", got->call->method, got->call->path, got->status,
                    got->body);
        _assert_int_equal((uintmax_t)got->status, (uintmax_t)status, file, line);
    }
    return got;
}

/* The envelope's status and code, the text, and the header must be those of the problem's row. */
void expect_problem_at(const struct got *got, enum problem problem, const char *file, int line)
{
    const struct problem_row *row = problem_row(problem);
    const char *code = got_text(got, got->call->new_envelope ? "code" : "error_code");
    const char *text = got_text(got, got->call->new_envelope ? "message" : "msg");
    size_t fixed = strcspn(row->text, "%");
    if (got->status != row->status || !code || strcmp(code, row->code) != 0 || !text ||
        strncmp(text, row->text, fixed) != 0) {
        print_error("%s %s answered %d %s, not %s\n", got->call->method, got->call->path,
                    got->status, got->body, row->name);
        _fail(file, line);
    }
}
