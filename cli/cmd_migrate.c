/* cmd_migrate.c: `countersign migrate`: makes or brings up to date the database and ends. */
#include "command.h"

#include "store/migrate.h"

#include <stdio.h>

static int run(int argc, char **argv)
{
    struct common common;
    int code = common_options(&command_migrate, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    struct arena *arena = arena_new();
    const char *error = NULL;
    const struct config *config = load_config(arena, &common);
    struct app *app = config ? app_start(arena, config, APP_KEYS | APP_STORE, &error) : NULL;
    code = app ? 0 : error ? complain(error) : 1;
    if (app) {
        printf("ok: the database has schema %d\n", migrate_newest());
        app_stop(&app);
    }
    arena_free(&arena);
    return code;
}

const struct command command_migrate = {
    .name = "migrate",
    .summary = "make the database, or bring it up to date",
    .help = "usage: countersign migrate [OPTION]...\n\n"
            "Brings the database to the schema of this program, as serve does when it starts, and\n"
            "ends. On PostgreSQL the official server's schema is made if there is none, and left\n"
            "as it is otherwise.\n\n"
            "  --config FILE    settings, as for serve\n"
            "  --data-dir DIR   the data folder\n",
    .run = run,
};
