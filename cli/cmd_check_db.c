/* cmd_check_db.c: `countersign check-db`: is the database file sound? */
#include "command.h"

#include "store/db.h"

#include <stdio.h>

static void say(void *arg, const char *finding)
{
    (void)arg;
    printf("%s\n", finding);
}

static int run(int argc, char **argv)
{
    struct common common;
    int code = common_options(&command_check_db, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    struct arena *arena = arena_new();
    const char *error = NULL;
    const struct config *config = load_config(arena, &common);
    struct db *db = config ? executor_inspect(arena, config->database, &error) : NULL;
    code = db ? 0 : error ? complain(error) : 1;
    if (db) {
        code = db_check(db, say, NULL) ? 0 : 1;
        if (!code) {
            printf("ok\n");
        }
        db_close(&db);
    }
    arena_free(&arena);
    return code;
}

const struct command command_check_db = {
    .name = "check-db",
    .summary = "check the database file",
    .help = "usage: countersign check-db [OPTION]...\n\n"
            "Checks the whole database file, beside a running server too. Prints ok, or each\n"
            "finding and ends with 1.\n\n"
            "  --config FILE    settings, as for serve\n"
            "  --data-dir DIR   the data folder\n",
    .run = run,
};
