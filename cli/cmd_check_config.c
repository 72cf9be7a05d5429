/* cmd_check_config.c: `countersign check-config`: are the settings right? */
#include "command.h"

#include "show.h"

#include <stdio.h>
#include <string.h>

static void print_json(struct arena *arena, const struct config *config)
{
    struct strbuf out = json_begin(arena, '{');
    json_add_text(&out, "database", config->postgres ? "PostgreSQL" : config->database_path);
    json_add_bool(&out, "development_defaults", config->laptop);
    json_add_text(&out, "host", config->api_host);
    json_add_bool(&out, "ok", true);
    json_add_int(&out, "port", config->port);
    json_add_text(&out, "site_url", config->site_url);
    json_end(&out, '}');
}

static void print_settings(const struct config *config)
{
    printf("ok\n");
    printf("listen:    %s port %d\n", *config->api_host ? config->api_host : "all addresses",
           (int)config->port);
    printf("database:  %s\n", config->postgres ? "PostgreSQL" : config->database_path);
    printf("site:      %s%s\n", config->site_url,
           config->laptop ? " (GOTRUE_SITE_URL is not set: development defaults hold)" : "");
}

static void print_rows(void)
{
    int n;
    const struct setting_row *rows = config_rows(&n);
    for (int i = 0; i < n; i++) {
        printf("%.*s\n    %s%s%s%s\n", (int)strcspn(rows[i].names, ","), rows[i].names,
               rows[i].help, *rows[i].preset ? " (default: " : "", rows[i].preset,
               *rows[i].preset ? ")" : "");
    }
}

static int run(int argc, char **argv)
{
    struct common common;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        print_rows();
        return 0;
    }
    int code = common_options(&command_check_config, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    struct arena *arena = arena_new();
    const char *error = NULL;
    const struct config *config = load_config(arena, &common);
    code = config && app_check(arena, config, &error) ? 0 : error ? complain(error) : 1;
    if (!code && common.json) {
        print_json(arena, config);
    } else if (!code) {
        print_settings(config);
    }
    arena_free(&arena);
    return code;
}

const struct command command_check_config = {
    .name = "check-config",
    .summary = "check the settings and show what follows from them",
    .help = "usage: countersign check-config [OPTION]...\n\n"
            "Reads the settings as serve does and says what is wrong with them, if anything.\n\n"
            "  --config FILE    settings, as for serve\n"
            "  --data-dir DIR   the data folder\n"
            "  --json           what follows, as JSON; errors too (on standard error)\n"
            "  --list           list all settings with their defaults\n",
    .run = run,
};
