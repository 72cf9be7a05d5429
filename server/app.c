/* app.c: composes clock, entropy, keys, store, executor and listener into a server, see app.h. */
#include "app.h"

#include "api/external_calls.h"
#include "base/log.h"
#include "deliver/breach.h"
#include "deliver/sender.h"
#include "factor/registry.h"
#include "http/limits.h"
#include "http/listener.h"
#include "http/metrics_listener.h"
#include "http/unauthenticated_limits.h"
#include "keys/key_files.h"
#include "keys/keys.h"
#include "keys/lost_database.h"
#include "work/outbox_worker.h"
#include "work/sweeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef COUNTERSIGN_VERSION
#error "COUNTERSIGN_VERSION is set by the build"
#endif

struct app {
    struct services services;
    struct keyring *keyring;
    struct listener *listener;
    struct metrics_listener *metrics;
    struct sweeper *sweeper;
    struct outbox_worker *outbox;
    const char *secret;
    bool secret_is_own;
    int socket, metrics_socket; /* bound, and not handed to their listeners yet; else -1 */
};

const char *app_version(void)
{
    return COUNTERSIGN_VERSION;
}

static bool load_keys(struct app *app, struct arena *arena, const char **error)
{
    struct services *s = &app->services;
    app->keyring = signing_keyring(arena, s->config, app->secret, error);
    s->realm.config = s->config;
    s->realm.official_tokens = s->config->postgres; /* the official server may share it */
    s->realm.vault = &s->vault;
    s->realm.keyring = app->keyring;
    s->realm.kinds = factor_kinds;
    s->realm.ask_breach = s->config->passwords.hibp_on ? breach_ask : NULL;
    bool by_hook = s->config->hooks.send_sms_on;
    s->realm.sms_incomplete = !by_hook && sms_setup(s->config) == SMS_INCOMPLETE;
    if (s->realm.sms_incomplete &&
        (s->config->accounts.phone_enabled || s->config->mfa.phone_verify)) {
        log_plain(LOG_WARN,
                  "phones are on, and no SMS can be sent: set GOTRUE_SMS_PROVIDER and its "
                  "settings, or GOTRUE_HOOK_SEND_SMS_ENABLED");
    }
    s->realm.codes_elsewhere = !by_hook && sms_is_checked_by_provider(s->config);
    signing_lookup_key(app->secret, s->realm.lookup_key);
    return app->keyring != NULL;
}

static bool open_store(struct app *app, struct arena *arena, const char **error)
{
    struct services *s = &app->services;
    const struct config *c = s->config;
    if (!*c->database.url && !make_folder_of(arena, c->database_path, error)) {
        return false;
    }
    *error = lost_database(arena, c);
    if (*error) {
        return false;
    }
    struct executor_settings settings = {
        .url = c->database_uri,
        .connections = (int)c->database.connections,
        .percent = (int)c->database.percent,
        .idle = (int)c->database.idle,
        .lifetime_us = c->database.lifetime_us,
        .idle_us = c->database.idle_us,
        .check_us = c->database.check_us,
        .unprepared = !c->database.prepared,
        .compute_threads = (int)c->passwords.hash_threads,
        .waits = s->asks,
        .external_threads = (int)c->http.external_threads,
        .shared = c->database.shared,
        .keep_schema = !c->database.migrate,
        .deadline_us = c->http.max_request_us,
    };
    s->executor = executor_start(arena, &settings, error);
    if (s->executor) {
        s->clock = exec_clock(s->executor);
    }
    return s->executor != NULL;
}

bool app_check(struct arena *arena, const struct config *config, const char **error)
{
    struct app app = { .services = { .config = config } };
    struct vault *vault = &app.services.vault;
    *error = NULL;
    app.secret = *config->jwt.secret ? config->jwt.secret : "any secret serves to check the rest";
    bool ok = load_keys(&app, arena, error) && vault_of_settings(arena, config, vault, error) &&
              sender_ready(config, arena, error);
    keyring_free(&app.keyring);
    explicit_bzero(&app, sizeof app);
    return ok;
}

static bool has_metrics(const struct config *c)
{
    return c->metrics.on && strcmp(c->metrics.exporter, "prometheus") == 0;
}

/* First of all: where a port is taken nothing has been made yet. */
static bool bind_sockets(struct app *app, struct arena *arena, const char **error)
{
    const struct config *c = app->services.config;
    app->socket = listener_bind(arena, c, error);
    if (app->socket >= 0 && has_metrics(c)) {
        app->metrics_socket = metrics_listener_bind(arena, c, error);
        return app->metrics_socket >= 0;
    }
    return app->socket >= 0;
}

static int take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

static bool start_metrics(struct app *app, struct arena *arena, const char **error)
{
    const struct config *c = app->services.config;
    if (!has_metrics(c)) {
        if (c->metrics.on) {
            log_plain(LOG_WARN, "no metrics: GOTRUE_METRICS_EXPORTER=prometheus is what there is");
        }
        return true;
    }
    app->metrics =
        metrics_listener_start(arena, c, COUNTERSIGN_VERSION, take(&app->metrics_socket), error);
    if (!app->metrics) {
        return false;
    }
    log_write(LOG_INFO, "metrics", LOG_STR("host", c->metrics.host),
              LOG_INT("port", metrics_listener_port(app->metrics)));
    return true;
}

static bool start_parts(struct app *app, struct arena *arena, unsigned parts, const char **error)
{
    struct services *s = &app->services;
    if ((parts & APP_LISTEN) && !bind_sockets(app, arena, error)) {
        return false;
    }
    if ((parts & APP_STORE) && !open_store(app, arena, error)) {
        return false;
    }
    const struct key_place keys = { arena, s->config, s->executor, &s->entropy };
    app->secret_is_own = !*s->config->jwt.secret;
    app->secret = signing_secret(&keys, error);
    if (!app->secret || !load_keys(app, arena, error) ||
        ((parts & APP_STORE) && !vault_open_keys(&keys, &s->vault, error))) {
        return false;
    }
    if ((parts & APP_LISTEN) && !sender_ready(s->config, arena, error)) {
        return false;
    }
    if (parts & APP_LISTEN) {
        s->limits = limits_new(s->config);
        s->unauthenticated_limits = unauthenticated_limits_new(s->config, &s->entropy);
        if (s->config->retention.cleanup) {
            app->sweeper = sweeper_start(s->executor, &s->clock, &s->entropy, s->config);
        }
        app->outbox = outbox_worker_start(&s->realm, s->executor, &s->clock, &s->entropy);
        s->outbox = app->outbox;
        if (!s->config->http.trusted_proxies.count && !s->config->development) {
            log_plain(LOG_WARN,
                      "no proxy is trusted (COUNTERSIGN_TRUSTED_PROXIES is not set): behind "
                      "one, all clients share its address, and wrong passwords of one make "
                      "all wait");
        }
        app->listener = start_metrics(app, arena, error)
                            ? listener_start(arena, s, take(&app->socket), error)
                            : NULL;
        return app->listener != NULL;
    }
    return true;
}

struct app *app_start(struct arena *arena, const struct config *config, unsigned parts,
                      const char **error)
{
    struct app *app = calloc(1, sizeof *app);
    if (!app) {
        log_die("out of memory");
    }
    *error = NULL;
    app->socket = app->metrics_socket = -1;
    app->services = (struct services){
        .config = config,
        .clock = clock_system(),
        .entropy = entropy_system(),
        .version = COUNTERSIGN_VERSION,
        .asks = external_destinations(config),
    };
    if (!start_parts(app, arena, parts, error)) {
        app_stop(&app);
    }
    return app;
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void app_stop(struct app **app)
{
    if (!app || !*app) {
        return;
    }
    struct app *a = *app;
    *app = NULL;
    if (a->services.executor) {
        exec_hurry(a->services.executor);
    }
    listener_stop(&a->listener, a->services.config->http.stop_wait_us);
    metrics_listener_stop(&a->metrics);
    outbox_worker_stop(&a->outbox);
    sweeper_stop(&a->sweeper);
    executor_stop(&a->services.executor);
    limits_free(&a->services.limits);
    unauthenticated_limits_free(&a->services.unauthenticated_limits);
    keyring_free(&a->keyring);
    close_if_open(a->socket);
    close_if_open(a->metrics_socket);
    explicit_bzero(a, sizeof *a);
    free(a);
}

struct services *app_services(struct app *app)
{
    return &app->services;
}

int app_port(const struct app *app)
{
    return app->listener ? listener_port(app->listener) : 0;
}

const char *app_secret(const struct app *app)
{
    return app->secret;
}

bool app_secret_is_own(const struct app *app)
{
    return app->secret_is_own;
}

int64_t app_keys_from_us(const struct app *app)
{
    int64_t made = app->secret_is_own ? signing_secret_made_us(app->services.config) : 0;
    return made ? made : clock_now_us(&app->services.clock);
}
