/* common.c: options and settings that commands share, see command.h. */
#include "command.h"

#include "keys/keys.h"
#include "base/log.h"
#include "domain/key_check.h"
#include "keys/lost_database.h"
#include "options.h"
#include "say.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

extern char **environ;

static const char *value_of(const char *option, int argc, char **argv, int *i)
{
    size_t len = strlen(option);
    if (strncmp(argv[*i], option, len) != 0) {
        return NULL;
    }
    if (argv[*i][len] == '=') {
        return argv[*i] + len + 1;
    }
    return !argv[*i][len] && *i + 1 < argc ? argv[++*i] : NULL;
}

int common_options(const struct command *command, int argc, char **argv, struct common *out)
{
    struct {
        const char *name;
        const char **value;
    } options[] = {
        { "--config", &out->config_file }, { "--data-dir", &out->data_dir },
        { "--host", &out->host },          { "--port", &out->port },
        { "--from", &out->from },          { "--to", &out->to },
    };
    *out = (struct common){ 0 };
    for (int i = 1; i < argc; i++) {
        const char *value = NULL;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(command->help, stdout);
            return 0;
        }
        bool *flag = strcmp(argv[i], "--json") == 0   ? &out->json
                     : strcmp(argv[i], "--once") == 0 ? &out->once
                     : strcmp(argv[i], "--list") == 0 ? &out->list
                                                      : NULL;
        if (flag && help_lists(command, argv[i])) {
            *flag = true;
            continue;
        }
        for (size_t o = 0; o < sizeof options / sizeof options[0] && !value; o++) {
            value = help_lists(command, options[o].name) ? value_of(options[o].name, argc, argv, &i)
                                                         : NULL;
            if (value) {
                *options[o].value = value;
            }
        }
        if (!value) {
            return usage_error(command, "%.200s is not an option, or lacks its value", argv[i]);
        }
    }
    return -1;
}

int complain(const char *text)
{
    return say_error(1, "", text);
}

static enum log_level level_of(const char *name)
{
    return strcmp(name, "debug") == 0      ? LOG_DEBUG
           : strcmp(name, "trace") == 0    ? LOG_DEBUG
           : strncmp(name, "warn", 4) == 0 ? LOG_WARN
           : strcmp(name, "info") == 0     ? LOG_INFO
                                           : LOG_ERROR;
}

static bool names(const char *entry, const char *const *list)
{
    size_t len = strcspn(entry, "=");
    for (; *list; list++) {
        if (strlen(*list) == len && memcmp(*list, entry, len) == 0) {
            return true;
        }
    }
    return false;
}

/* The environment without the variables of the commands for people, which are no settings, and
 * without the database where a command was told which one. */
static const char *const *settings_of(struct arena *arena, const struct common *common)
{
    static const char *const people[] = { "COUNTERSIGN_URL",          "COUNTERSIGN_KEY",
                                          "COUNTERSIGN_SERVICE_KEY",  "COUNTERSIGN_PASSWORD",
                                          "COUNTERSIGN_NEW_PASSWORD", NULL };
    static const char *const database[] = { "DATABASE_URL", "GOTRUE_DB_DATABASE_URL", NULL };
    int n = 0, kept = 0;
    while (environ[n]) {
        n++;
    }
    const char **list = ARENA_ARRAY(arena, const char *, n + 1);
    for (int i = 0; i < n; i++) {
        bool named = common->database || common->own_database;
        if (!names(environ[i], people) && !(named && names(environ[i], database))) {
            list[kept++] = environ[i];
        }
    }
    return list;
}

const struct config *load_config(struct arena *arena, const struct common *common)
{
    const char *arguments[5] = { NULL }, *error = NULL;
    int n = 0;
    if (common->database) {
        arguments[n++] = arena_printf(arena, "DATABASE_URL=sqlite:%s", common->database);
    }
    if (common->data_dir) {
        arguments[n++] = arena_printf(arena, "COUNTERSIGN_DATA_DIR=%s", common->data_dir);
    }
    if (common->host) {
        arguments[n++] = arena_printf(arena, "GOTRUE_API_HOST=%s", common->host);
    }
    if (common->port) {
        arguments[n++] = arena_printf(arena, "GOTRUE_API_PORT=%s", common->port);
    }
    struct config_sources sources = {
        .environment = settings_of(arena, common),
        .file = common->config_file,
        .arguments = arguments,
    };
    const struct config *config = config_load(arena, &sources, &error);
    if (!config) {
        complain(error);
        return NULL;
    }
    for (int i = 0; i < config->warnings.count; i++) {
        say_warning("%s", config->warnings.items[i]);
    }
    log_set_level(level_of(config->log.level));
    return config;
}

int inspect_database(const struct command *command, int argc, char **argv,
                     int (*look)(struct arena *, const struct config *, struct db *,
                                 const struct common *))
{
    struct common common;
    int code = common_options(command, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    struct arena *arena = arena_new();
    const char *error = NULL;
    const struct config *config = load_config(arena, &common);
    struct db *db = config ? executor_inspect(arena, config->database_uri, &error) : NULL;
    const char *lost = config && !db ? lost_database(arena, config) : NULL;
    error = lost ? lost : error;
    code = db ? look(arena, config, db, &common) : error ? complain(error) : 1;
    if (db) {
        db_close(&db);
    }
    arena_free(&arena);
    return code;
}

const char *keys_fault(struct arena *arena, const struct config *config, struct db *db,
                       bool thorough)
{
    struct entropy entropy = entropy_system();
    struct ctx ctx = { .arena = arena, .entropy = &entropy };
    struct tx tx = { .ctx = &ctx, .db = db, .mode = TX_READ };
    struct vault vault = { .count = 0 };
    struct key_check keys = { .vault = &vault, .thorough = thorough };
    const char *error = NULL;
    if (vault_read(arena, config, &vault, &error)) {
        tx.status = db_begin(db, TX_READ);
        enum problem problem = key_check_in_tx(&ctx, &tx, &keys);
        error = problem || tx.status != DB_OK ? "the keys could not be looked at (see the log)"
                                              : keys.error;
        db_rollback(db);
    }
    explicit_bzero(&vault, sizeof vault);
    return error;
}
