/* job.c: runs a command for people, see job.h. */
#include "job.h"

#include "admin.h"
#include "place.h"
#include "prompt.h"
#include "say.h"
#include "show.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_URL "http://127.0.0.1:9999"

/* Countersign itself needs no anon key, so that this stands for one; hosted projects do. */
#define NO_KEY "anon"

enum { CONNECT_MS = 5000, REQUEST_MS = 20000 };

#define ADMIN_ANSWER_MAX                                                                           \
    ((size_t)256 * 1024 * 1024) /* a page of 1000 users with their metadata                        \
                                 */

/* A password over plain HTTP to another machine can be read on the way. */
static void warn_of_plain_http(const char *url)
{
    static const char *const own[] = { "http://127.", "http://localhost", "http://[::1]" };
    if (strncmp(url, "http://", 7) != 0) {
        return;
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strncmp(url, own[i], strlen(own[i])) == 0) {
            return;
        }
    }
    say_warning(
        "the connection to %s is not encrypted; use https:// where the network is not yours "
        "alone",
        url);
}

/* Of a server's URL, which may end in slashes and in the API's path. */
static size_t project_len(const char *url)
{
    static const char path[] = "/auth/v1";
    size_t len = strlen(url), known = sizeof path - 1;
    while (len && url[len - 1] == '/') {
        len--;
    }
    bool whole = len > known && len - known >= sizeof "http://h" - 1;
    len -= whole && memcmp(url + len - known, path, known) == 0 ? known : 0;
    while (len && url[len - 1] == '/') {
        len--;
    }
    return len;
}

static bool same_url(const char *a, const char *b)
{
    size_t a_len = project_len(a), b_len = project_len(b);
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static int new_client(struct job *job, const char *key, const cs_client_options *options)
{
    cs_status status = cs_client_new(job->url, key, options, &job->client);
    switch (status) {
    case CS_OK:
        return -1;
    case CS_ERR_INVALID_URL:
        return job_complain(job, EXIT_USAGE,
                            "\"%s\" is not a server's URL: it begins with http:// or https:// and "
                            "a host, such as " DEFAULT_URL " (--url or COUNTERSIGN_URL)",
                            safe(job->arena, job->url));
    case CS_ERR_INVALID_ARGUMENT:
        return job_complain(job, EXIT_USAGE,
                            "the API key has characters that no key has: was it cut or wrapped?");
    default:
        return job_complain(job, EXIT_REFUSED, "%s", cs_status_message(status));
    }
}

/* The session goes only to the server that it is from. */
static int open_user(struct job *job)
{
    struct place place;
    int code = place_load(job, &place);
    if (code >= 0) {
        return code;
    }
    bool signing_in = job->command->client == CLIENT_SIGN_IN;
    const char *asked = job->options.url ? job->options.url : environment("COUNTERSIGN_URL");
    job->url = asked ? asked : place.url ? place.url : DEFAULT_URL;
    job->server_file = place.server_file;
    job->session_file =
        signing_in ? place_session_file(job->arena, &place, job->url) : place.session_file;
    bool here = place.url && same_url(place.url, job->url);
    if (!signing_in && place.url && !here) {
        return job_complain(job, EXIT_SIGNED_OUT,
                            "you are signed in at %s, not at %s.\nNext: countersign login --url %s",
                            safe(job->arena, place.url), job->url, job->url);
    }
    const char *key = job->options.key ? job->options.key : environment("COUNTERSIGN_KEY");
    key = key ? key : here && place.key ? place.key : NO_KEY;
    job->options.key = key;
    if (signing_in) {
        warn_of_plain_http(job->url);
    }
    return new_client(job, key,
                      &(cs_client_options){ .client_info = "countersign-cli",
                                            .session_file = job->session_file,
                                            .timeout_ms = REQUEST_MS,
                                            .connect_timeout_ms = CONNECT_MS });
}

static int open_admin(struct job *job)
{
    if (job->options.db || job->options.data_dir || job->options.config_file) {
        cs_transport transport;
        const char *key;
        int code = direct_open(job, &transport, &key);
        job->url = "http://localhost"; /* for the library; nothing goes there */
        code = code >= 0
                   ? code
                   : new_client(job, key,
                                &(cs_client_options){ .transport = &transport,
                                                      .max_response_bytes = ADMIN_ANSWER_MAX });
        job->url = NULL;
        return code;
    }
    const char *url = job->options.url ? job->options.url : environment("COUNTERSIGN_URL");
    const char *key = job->options.service_key ? job->options.service_key
                                               : environment("COUNTERSIGN_SERVICE_KEY");
    job->url = url ? url : DEFAULT_URL;
    warn_of_plain_http(job->url);
    if (!key && prompt_possible()) {
        key = prompt_secret(job->arena, "Service key (countersign keys prints it): ");
    }
    if (!key) {
        return job_complain(job, EXIT_USAGE,
                            "the service key is missing.\n"
                            "Next: put it into COUNTERSIGN_SERVICE_KEY (countersign keys prints "
                            "it), or work on the database of a stopped server with --data-dir DIR "
                            "or --db FILE");
    }
    return new_client(job, key,
                      &(cs_client_options){ .client_info = "countersign-cli",
                                            .timeout_ms = REQUEST_MS,
                                            .connect_timeout_ms = CONNECT_MS,
                                            .max_response_bytes = ADMIN_ANSWER_MAX });
}

static int open_client(struct job *job)
{
    switch (job->command->client) {
    case CLIENT_NONE:
        return -1;
    case CLIENT_ADMIN:
        return open_admin(job);
    case CLIENT_DATABASE:
        return direct_open(job, NULL, NULL);
    default:
        return open_user(job);
    }
}

int job_run(const struct command *command, int argc, char **argv)
{
    struct job job = { .command = command, .arena = arena_new() };
    signal(SIGPIPE, SIG_IGN);
    int code = options_read(command, job.arena, argc, argv, &job.options);
    code = code >= 0 ? code : open_client(&job);
    code = code >= 0 ? code : command->act(&job);
    cs_client_free(&job.client);
    direct_close(&job.direct);
    arena_free(&job.arena);
    return code;
}
