/* direct.c: the admin commands straight on the database, for the operator on the machine. The
 * requests are the same as by HTTP and go through the server's own pipeline, in this process and
 * without a socket: rights, rules and audit cannot differ. The lock of an SQLite file keeps it from
 * running beside a server; PostgreSQL has room for both. */
#include "admin.h"

#include "base/log.h"
#include "base/url.h"
#include "http/pipeline.h"
#include "show.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct direct {
    struct app *app;
};

static const char *header_of(void *arg, const char *name)
{
    const cs_http_request *request = arg;
    for (size_t i = 0; i < request->headers_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0) {
            return request->headers[i].value;
        }
    }
    return NULL;
}

/* What follows scheme and host. */
static const char *path_of(const char *url)
{
    const char *path = url_split(url).rest;
    return *path ? path : "/";
}

static cs_status answer(struct call *call, cs_http_response *response)
{
    struct answer answered = { 0 };
    pipeline_answer(call, &answered);
    cs_http_response_set_status(response, answered.status);
    for (int i = 0; i < call->reply.n_headers; i++) {
        cs_http_response_add_header(response, call->reply.headers[i].name,
                                    call->reply.headers[i].value);
    }
    return answered.len ? cs_http_response_append_body(response, answered.body, answered.len)
                        : CS_OK;
}

static cs_status send_direct(void *userdata, const cs_http_request *request,
                             cs_http_response *response)
{
    struct direct *direct = userdata;
    struct arena *arena = arena_new();
    const char *path = path_of(request->url);
    size_t len = strcspn(path, "?");
    /* The listener's order: a call lives in memory of its own and its text in its arena. */
    struct call *call = ARENA_NEW(arena, struct call);
    *call = (struct call){
        .ctx = { .arena = arena },
        .services = app_services(direct->app),
        .method = request->method,
        .path = arena_strndup(arena, path, len),
        .query = path[len] ? path + len + 1 : "",
        .header = header_of,
        .header_arg = (void *)(uintptr_t)request,
        .peer = "127.0.0.1",
        .body_len = request->body_size,
        .body_room = request->body_size + 1,
        .body = arena_strndup(arena, request->body ? request->body : "", request->body_size),
    };
    pipeline_here(call);
    cs_status status = answer(call, response);
    arena_free(&arena);
    return status;
}

static const struct config *read_config(struct job *job)
{
    const struct options *options = &job->options;
    struct common common = {
        .config_file = options->config_file,
        .data_dir = options->data_dir,
        .database = options->db,
        .own_database = options->data_dir,
    };
    const struct config *config = load_config(job->arena, &common);
    log_set_level(LOG_ERROR); /* the requests' own lines are the server's business */
    return config;
}

/* Signals end the main thread's work; the executor's threads must not take them. */
static struct app *start(struct arena *arena, const struct config *config, const char **error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    struct app *app = app_start(arena, config, APP_KEYS, error); /* keys must exist: none is made */
    if (app) {
        app_stop(&app);
        app = app_start(arena, config, APP_KEYS | APP_STORE, error);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return app;
}

static int refuse(struct job *job, const char *path, const char *error)
{
    bool locked = strstr(error, "in use by another") != NULL;
    if (!locked) {
        return job_complain(job, EXIT_UNREACHABLE, "%s", error);
    }
    const char *next = job->command->client == CLIENT_DATABASE
                           ? "stop it first"
                           : "ask that server by HTTP: leave out --db and --data-dir, and set "
                             "COUNTERSIGN_URL and COUNTERSIGN_SERVICE_KEY (countersign keys prints "
                             "both); or stop it first";
    return job_complain(job, EXIT_UNREACHABLE,
                        "a server (or another command) is using %s, and only one program may.\n"
                        "Next: %s",
                        path, next);
}

const char *direct_role(const struct config *config)
{
    return config->jwt.admin_roles.count ? config->jwt.admin_roles.items[0] : "service_role";
}

int direct_open(struct job *job, cs_transport *transport, const char **key)
{
    const char *error = NULL;
    struct stat about = { 0 };
    umask(077);
    const struct config *config = read_config(job);
    if (!config) {
        return EXIT_REFUSED; /* as load_config() said */
    }
    const char *path = config->database_path;
    bool there = config->postgres || (stat(path, &about) == 0 && S_ISREG(about.st_mode));
    if (!there) {
        return job_complain(job, EXIT_UNREACHABLE,
                            "there is no database at %s (%s).\nNext: give the server's --data-dir "
                            "or the file itself with --db",
                            path, about.st_mode ? "it is not a file" : strerror(errno));
    }
    struct app *app = start(job->arena, config, &error);
    if (!app) {
        return refuse(job, path, error ? error : "the database could not be opened");
    }
    job->direct = ARENA_NEW(job->arena, struct direct);
    job->direct->app = app;
    if (!transport) {
        return -1;
    }
    struct services *s = app_services(app);
    struct ctx ctx = { .arena = job->arena,
                       .entropy = &s->entropy,
                       .now_us = clock_now_us(&s->clock) };
    *key = claims_api_key(&s->realm, &ctx, direct_role(config));
    *transport = (cs_transport){ .send = send_direct, .userdata = job->direct };
    return -1;
}

struct services *direct_services(const struct direct *direct)
{
    return app_services(direct->app);
}

void direct_close(struct direct **direct)
{
    if (*direct) {
        app_stop(&(*direct)->app);
        *direct = NULL;
    }
}
