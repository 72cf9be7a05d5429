/* cmd_check_config.c: `countersign check-config`: are the settings right? */
#include "command.h"

#include "config/advice.h"
#include "keys/lost_database.h"
#include "show.h"
#include "store/migrate.h"
#include "store/needed_keys.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct findings {
    struct arena *arena;
    const struct config *config;
    const char *database; /* what can be said of it; "" for a new one */
    const char *advice[ADVICE_MAX + 1];
    int n;
};

static void print_json(const struct findings *f)
{
    const struct config *config = f->config;
    struct strbuf list = json_begin(f->arena, '[');
    for (int i = 0; i < f->n; i++) {
        json_add_text(&list, NULL, f->advice[i]);
    }
    strbuf_char(&list, ']');
    struct strbuf out = json_begin(f->arena, '{');
    json_add_raw(&out, "advice", list.data);
    json_add_text(&out, "database", config->postgres ? "PostgreSQL" : config->database_path);
    json_add_bool(&out, "development_defaults", config->development);
    json_add_text(&out, "host", config->http.host);
    json_add_bool(&out, "ok", true);
    json_add_int(&out, "port", config->http.port);
    json_add_text(&out, "site_url", config->site.url);
    json_end(&out, '}');
}

static void print_settings(const struct findings *f)
{
    const struct config *config = f->config;
    printf("ok\n");
    printf("listen:    %s port %d\n", *config->http.host ? config->http.host : "all addresses",
           (int)config->http.port);
    printf("database:  %s%s\n", config->postgres ? "PostgreSQL" : config->database_path,
           f->database);
    printf("site:      %s%s\n", config->site.url,
           config->development ? " (GOTRUE_SITE_URL is not set: development defaults hold)" : "");
    for (int i = 0; i < f->n; i++) {
        printf("advice:    %s\n", safe(f->arena, f->advice[i]));
    }
}

/* As a file of settings could have them. */
static void print_held(struct arena *arena, const struct config *config, bool as_json)
{
    int n;
    const struct setting_row *rows = config_rows(&n);
    const struct setting_held *held = config_held(arena, config);
    struct strbuf list = json_begin(arena, '[');
    for (int i = 0; i < n; i++) {
        const char *name = arena_strndup(arena, rows[i].names, strcspn(rows[i].names, ","));
        if (!as_json) {
            printf("# %s\n%s=%s  # %s\n", *rows[i].help ? rows[i].help : "-", name,
                   safe(arena, held[i].value), held[i].origin);
            continue;
        }
        struct strbuf item = strbuf_in(arena, 1 << 20);
        strbuf_char(&item, '{');
        json_add_text(&item, "name", name);
        json_add_text(&item, "origin", held[i].origin);
        json_add_text(&item, "value", held[i].value);
        strbuf_char(&item, '}');
        json_add_raw(&list, NULL, item.data);
    }
    if (as_json) {
        json_end(&list, ']');
    }
}

/* A database that is there must open with the keys of the settings; a new one is made at start. */
static const char *look_at_database(struct findings *f)
{
    const struct config *c = f->config;
    const char *error = NULL;
    struct schema_found found;
    f->database = "";
    const char *fault = lost_database(f->arena, c);
    if (fault || (!c->postgres && access(c->database_path, F_OK) != 0)) {
        return fault;
    }
    struct db *db = executor_inspect(f->arena, c->database_uri, &error);
    if (!db) {
        f->database = " (not reached)";
        f->advice[f->n++] = arena_printf(f->arena, "the database cannot be opened now: %s", error);
        return NULL;
    }
    f->database = " (reached)";
    if (migrate_look(db, f->arena, &found, &error) && found.version) {
        fault = found.version == migrate_newest() ? needed_keys_fault(db, f->arena) : NULL;
        fault = fault ? fault : keys_fault(f->arena, c, db, false);
    }
    db_close(&db);
    return fault;
}

static int check(struct arena *arena, const struct config *config, const struct common *common)
{
    struct findings f = { .arena = arena, .config = config };
    const char *error = NULL;
    if (!app_check(arena, config, &error)) {
        return complain(error);
    }
    f.n = advice_before_use(arena, config, common->config_file, f.advice);
    error = look_at_database(&f);
    if (error) {
        return complain(error);
    }
    common->json ? print_json(&f) : print_settings(&f);
    return 0;
}

static int run(int argc, char **argv)
{
    struct common common;
    int code = common_options(&command_check_config, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    struct arena *arena = arena_new();
    const struct config *config = load_config(arena, &common);
    if (config && common.list) {
        print_held(arena, config, common.json);
        code = 0;
    } else {
        code = config ? check(arena, config, &common) : 1;
    }
    arena_free(&arena);
    return code;
}

const struct command command_check_config = {
    .name = "check-config",
    .summary = "check the settings and show what follows from them",
    .help =
        "usage: countersign check-config [OPTION]...\n\n"
        "Reads the settings as serve does and says what is wrong with them, if anything, and what\n"
        "may not be meant so. A database that is there is opened, and its keys are checked.\n\n"
        "  --config FILE    settings, as for serve\n"
        "  --data-dir DIR   the data folder\n"
        "  --json           what follows, as JSON; errors too (on standard error)\n"
        "  --list           list all settings as they hold, and where each comes from\n",
    .run = run,
};
