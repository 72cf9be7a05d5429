/* app.c: composes clock, entropy, keys, store, executor and listener into a server, see app.h. */
#include "app.h"

#include "api/outside.h"
#include "base/log.h"
#include "crypto/base64.h"
#include "deliver/breach.h"
#include "deliver/sender.h"
#include "factor/registry.h"
#include "http/limits.h"
#include "http/listener.h"
#include "http/metrics_listener.h"
#include "key_files.h"
#include "store/copy.h"
#include "store/facts.h"
#include "work/outbox_worker.h"
#include "work/sweeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifndef COUNTERSIGN_VERSION
#error "COUNTERSIGN_VERSION is set by the build"
#endif

enum { SECRET_BYTES = 48, OWN_KEY_ID_HEX = 12 };
#define DRAIN_US (60 * US_PER_S)

struct app {
    struct services services;
    struct keyring *keyring;
    struct listener *listener;
    struct metrics_listener *metrics;
    struct sweeper *sweeper;
    struct outbox_worker *outbox;
    const char *secret;
    bool secret_is_own;
};

const char *app_version(void)
{
    return COUNTERSIGN_VERSION;
}

static bool add_key(struct vault *vault, struct arena *arena, const char *id, const char *text,
                    const char **error)
{
    uint8_t *bytes;
    size_t len;
    if (vault->count >= VAULT_KEYS || strlen(id) >= sizeof vault->keys[0].id || !*id) {
        *error = "encryption keys: at most 16, each with a name of 1 to 80 bytes";
        return false;
    }
    if (!base64url_decode(arena, text, strlen(text), &bytes, &len) || len != VAULT_KEY) {
        *error = arena_printf(arena, "the encryption key %s is not 32 bytes as base64url without "
                                     "padding",
                              id);
        return false;
    }
    struct vault_key *key = &vault->keys[vault->count++];
    memcpy(key->id, id, strlen(id) + 1);
    memcpy(key->key, bytes, VAULT_KEY);
    return true;
}

/* id:key,id:key */
static bool add_decryption_keys(struct vault *vault, struct arena *arena, const char *map,
                                const char **error)
{
    for (const char *p = map; *p;) {
        size_t len = strcspn(p, ","), id_len = strcspn(p, ":,");
        if (p[id_len] != ':') {
            *error = "GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS: id:key,id:key is allowed";
            return false;
        }
        const char *id = arena_strndup(arena, p, id_len);
        const char *key = arena_strndup(arena, p + id_len + 1, len - id_len - 1);
        if (!add_key(vault, arena, id, key, error)) {
            return false;
        }
        p += len;
        p += *p == ',';
    }
    return true;
}

/* What identifies a key without giving it away. */
static const char *fingerprint(struct arena *arena, const char *key)
{
    uint8_t hash[SHA256_SIZE];
    hkdf_sha256(key, strlen(key), "countersign key fingerprint", hash, sizeof hash);
    return hex_encode(hash, 16, arena_alloc(arena, 33));
}

static enum problem read_fact(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    *(const char **)arg = fact_get(tx, "encryption_key");
    return P_OK;
}

static enum problem write_fact(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    fact_put(tx, "encryption_key", arg);
    return P_OK;
}

/* The database remembers which key file belongs to it: without that key nobody's second factor
 * could be verified any more, so a lost or foreign key file stops the start. */
static const char *own_key(struct app *app, struct arena *arena, const char **error)
{
    struct services *s = &app->services;
    const char *known = NULL, *path = s->config->database_path;
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy };
    const char *key = key_file_read(arena, path, "encryption-key", error);
    if (*error || !s->executor) {
        return key;
    }
    enum problem problem = exec_read(s->executor, &ctx, read_fact, &known);
    if (!problem && known && !key) { /* another server may have made both since we looked */
        key = key_file_read(arena, path, "encryption-key", error);
        if (*error) {
            return NULL;
        }
    }
    if (!problem && known && (!key || strcmp(known, fingerprint(arena, key)) != 0)) {
        *error = arena_printf(arena,
                              "%s.encryption-key %s, but the database was written with it: "
                              "restore that file from a backup",
                              path, key ? "holds another key" : "is missing");
        return NULL;
    }
    if (!problem && !key) {
        key = key_file_make(arena, &s->entropy, path, "encryption-key", VAULT_KEY, error);
    }
    if (!problem && key && !known) {
        char *mark = arena_strdup(arena, fingerprint(arena, key));
        problem = exec_write(s->executor, &ctx, write_fact, mark);
    }
    if (problem) {
        *error = problem_row(problem)->text;
    }
    return *error ? NULL : key;
}

static bool fill_vault(struct app *app, struct arena *arena, const char **error)
{
    struct services *s = &app->services;
    struct vault *vault = &s->vault;
    const struct config *c = s->config;
    /* Nodes and the official server must be able to read what one of them writes, so on PostgreSQL
     * there is no key of our own making. */
    bool seals = c->encrypt && (*c->encryption_key || !c->postgres);
    vault->seals = seals;
    if (c->encrypt && !seals) {
        log_plain(LOG_WARN, "secrets are stored as they are: with PostgreSQL they are encrypted "
                            "when GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY is set");
    }
    if (*c->encryption_key && !add_key(vault, arena, c->encryption_key_id, c->encryption_key,
                                       error)) {
        return false;
    }
    if (!add_decryption_keys(vault, arena, c->decryption_keys, error)) {
        return false;
    }
    bool needed = seals && !*c->encryption_key;
    const char *own = needed ? own_key(app, arena, error)
                             : key_file_read(arena, c->database_path, "encryption-key", error);
    if (*error) {
        return false;
    }
    if (own) {
        char id[2 + OWN_KEY_ID_HEX + 1] = "k-";
        memcpy(id + 2, fingerprint(arena, own), OWN_KEY_ID_HEX);
        vault->current = *c->encryption_key ? 0 : vault->count;
        return add_key(vault, arena, id, own, error);
    }
    return true;
}

/* What a copy or another server left of the whole database. */
struct found {
    bool half_copied;
    const char *key; /* fingerprint of the key that its secrets are encrypted with, or NULL */
};

static enum problem read_found(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    struct found *found = arg;
    found->half_copied = copy_unfinished(tx);
    found->key = fact_get(tx, "encryption_key");
    return P_OK;
}

/* Before anything is written to it: a half-copied database is nobody's. */
static bool look_at_database(struct app *app, struct arena *arena, struct found *out,
                             const char **error)
{
    struct services *s = &app->services;
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy };
    enum problem problem = exec_read(s->executor, &ctx, read_found, out);
    if (problem) {
        *error = problem_row(problem)->text;
    } else if (out->half_copied) {
        *error = "a copy into this database was begun and not finished: run the same `countersign "
                 "copy` again first";
    }
    return !*error;
}

/* With that key missing nobody's second factor could be verified. */
static bool has_key(const struct app *app, struct arena *arena, const char *key, const char **error)
{
    const struct vault *vault = &app->services.vault;
    for (int i = 0; key && i < vault->count; i++) {
        const char *text = base64url_encode(arena, vault->keys[i].key, VAULT_KEY);
        key = strcmp(fingerprint(arena, text), key) == 0 ? NULL : key;
    }
    if (key) {
        *error = arena_printf(arena,
                              "secrets in the database are encrypted with the key k-%.*s, which the "
                              "settings do not give: set GOTRUE_SECURITY_DB_ENCRYPTION_"
                              "ENCRYPTION_KEY_ID to that name and ..._ENCRYPTION_KEY to the key, or "
                              "add name:key to ..._DECRYPTION_KEYS",
                              OWN_KEY_ID_HEX, key);
    }
    return !key;
}

static bool load_secret(struct app *app, struct arena *arena, bool may_make, const char **error)
{
    const struct config *c = app->services.config;
    app->secret = *c->jwt_secret ? c->jwt_secret : NULL;
    app->secret_is_own = !app->secret;
    if (!app->secret) {
        app->secret = key_file_read(arena, c->database_path, "jwt-secret", error);
    }
    if (!app->secret && !*error && may_make) {
        app->secret = key_file_make(arena, &app->services.entropy, c->database_path, "jwt-secret",
                                    SECRET_BYTES, error);
    }
    if (!app->secret && !*error) {
        *error = arena_printf(arena, "there are no keys yet beside %s: start the server once, or "
                                     "set GOTRUE_JWT_SECRET",
                              c->database_path);
    }
    return app->secret != NULL;
}

static bool load_keys(struct app *app, struct arena *arena, const char **error)
{
    struct services *s = &app->services;
    struct keyring_settings settings = {
        .secret = app->secret,
        .secret_kid = s->config->jwt_key_id,
        .jwks = s->config->jwt_keys,
        .valid_methods = *s->config->jwt_valid_methods ? s->config->jwt_valid_methods : NULL,
    };
    app->keyring = keyring_new(arena, &settings, error);
    s->realm.config = s->config;
    s->realm.official_tokens = s->config->postgres; /* the official server may share it */
    s->realm.vault = &s->vault;
    s->realm.keyring = app->keyring;
    s->realm.kinds = factor_kinds;
    s->realm.ask_breach = s->config->hibp_on ? breach_ask : NULL;
    bool by_hook = s->config->hook_send_sms_on;
    s->realm.sms_incomplete = !by_hook && sms_setup(s->config) == SMS_INCOMPLETE;
    if (s->realm.sms_incomplete && (s->config->phone_enabled || s->config->phone_verify)) {
        log_plain(LOG_WARN, "phones are on, and no SMS can be sent: set GOTRUE_SMS_PROVIDER and its "
                            "settings, or GOTRUE_HOOK_SEND_SMS_ENABLED");
    }
    s->realm.codes_elsewhere = !by_hook && sms_is_checked_by_provider(s->config);
    hkdf_sha256(app->secret, strlen(app->secret), "countersign lookup key", s->realm.lookup_key,
                sizeof s->realm.lookup_key);
    return app->keyring != NULL;
}

static bool open_store(struct app *app, struct arena *arena, const char **error)
{
    struct services *s = &app->services;
    const struct config *c = s->config;
    if (!*c->database_url && !make_folder_of(arena, c->database_path, error)) {
        return false;
    }
    struct executor_settings settings = {
        .url = c->database,
        .connections = (int)c->db_connections,
        .percent = (int)c->db_percent,
        .idle = (int)c->db_idle,
        .lifetime_us = c->db_lifetime_us,
        .idle_us = c->db_idle_us,
        .check_us = c->db_check_us,
        .unprepared = !c->db_prepared,
        .slow_threads = (int)c->hash_threads,
        .waits = s->asks,
        .wait_threads = (int)c->wait_threads,
        .shared = c->shared_database,
        .keep_schema = !c->migrate,
        .deadline_us = c->max_request_us,
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
    app.secret = *config->jwt_secret ? config->jwt_secret : "any secret serves to check the rest";
    bool ok = load_keys(&app, arena, error) &&
              (!*config->encryption_key ||
               add_key(vault, arena, config->encryption_key_id, config->encryption_key, error)) &&
              add_decryption_keys(vault, arena, config->decryption_keys, error);
    keyring_free(&app.keyring);
    explicit_bzero(&app, sizeof app);
    return ok;
}

static bool start_metrics(struct app *app, struct arena *arena, const char **error)
{
    const struct config *c = app->services.config;
    if (c->metrics_on && strcmp(c->metrics_exporter, "prometheus") != 0) {
        log_plain(LOG_WARN, "no metrics: GOTRUE_METRICS_EXPORTER=prometheus is what there is");
    } else if (c->metrics_on) {
        app->metrics = metrics_listener_start(arena, c, COUNTERSIGN_VERSION, error);
        if (!app->metrics) {
            return false;
        }
        log_write(LOG_INFO, "metrics", LOG_STR("host", c->metrics_host),
                  LOG_INT("port", metrics_listener_port(app->metrics)));
    }
    return true;
}

static bool start_parts(struct app *app, struct arena *arena, unsigned parts, const char **error)
{
    struct services *s = &app->services;
    if ((parts & APP_STORE) && !open_store(app, arena, error)) {
        return false;
    }
    if (!load_secret(app, arena, parts & APP_STORE, error) || !load_keys(app, arena, error)) {
        return false;
    }
    struct found found = { 0 };
    if ((parts & APP_STORE) && (!look_at_database(app, arena, &found, error) ||
                                !fill_vault(app, arena, error) ||
                                !has_key(app, arena, found.key, error))) {
        return false;
    }
    if (parts & APP_LISTEN) {
        s->limits = limits_new(s->config);
        if (s->config->cleanup) {
            const struct config *c = s->config;
            int64_t mail_us = c->smtp_max_frequency_us, sms_us = c->sms_max_frequency_us;
            struct sweep_ages ages = { c->timebox_us, c->inactivity_us,
                                       mail_us > sms_us ? mail_us : sms_us };
            app->sweeper = sweeper_start(s->executor, &s->clock, &s->entropy, &ages);
        }
        app->outbox = outbox_worker_start(&s->realm, s->executor, &s->clock, &s->entropy);
        s->outbox = app->outbox;
        if (!s->config->trusted_proxies.count && !s->config->laptop) {
            log_plain(LOG_WARN, "no proxy is trusted (COUNTERSIGN_TRUSTED_PROXIES is not set): behind "
                                "one, all clients share its address, and wrong passwords of one make "
                                "all wait");
        }
        app->listener = start_metrics(app, arena, error) ? listener_start(arena, s, error) : NULL;
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
    app->services = (struct services){
        .config = config,
        .clock = clock_system(),
        .entropy = entropy_system(),
        .version = COUNTERSIGN_VERSION,
        .asks = outside_destinations(config),
    };
    if (!start_parts(app, arena, parts, error)) {
        app_stop(&app);
    }
    return app;
}

void app_stop(struct app **app)
{
    if (!app || !*app) {
        return;
    }
    struct app *a = *app;
    *app = NULL;
    listener_stop(&a->listener, DRAIN_US);
    metrics_listener_stop(&a->metrics);
    outbox_worker_stop(&a->outbox);
    sweeper_stop(&a->sweeper);
    executor_stop(&a->services.executor);
    limits_free(&a->services.limits);
    keyring_free(&a->keyring);
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
    char path[4096];
    struct stat file;
    const char *database = app->services.config->database_path;
    if (app->secret_is_own &&
        (size_t)snprintf(path, sizeof path, "%s.jwt-secret", database) < sizeof path &&
        stat(path, &file) == 0) {
        return (int64_t)file.st_mtime * US_PER_S;
    }
    return clock_now_us(&app->services.clock);
}
