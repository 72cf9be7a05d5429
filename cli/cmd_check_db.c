/* cmd_check_db.c: `countersign check-db`: is the database file sound? */
#include "command.h"

#include "store/db.h"
#include "store/migrate.h"

#include <stdio.h>

static void say(void *arg, const char *finding)
{
    (void)arg;
    printf("%s\n", finding);
}

static int check(struct arena *arena, const struct config *config, struct db *db,
                 const struct common *common)
{
    (void)config, (void)common;
    struct schema_found found;
    const char *error;
    if (!db_check(db, say, NULL)) {
        return 1;
    }
    if (migrate_look(db, arena, &found, &error) && migrate_advice(arena, &found)) {
        printf("note: %s\n", migrate_advice(arena, &found));
    }
    printf("ok\n");
    return 0;
}

static int run(int argc, char **argv)
{
    return inspect_database(&command_check_db, argc, argv, check);
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
