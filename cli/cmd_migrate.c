/* cmd_migrate.c: `countersign migrate`: brings the database of the settings to the newest schema
 * and says what it found and did. */
#include "command.h"

#include "keys/key_files.h"
#include "keys/lost_database.h"
#include "store/lock_file.h"
#include "store/migrate.h"

#include <stdio.h>
#include <sys/stat.h>

static void say_auth(const struct schema_found *before, const struct schema_found *after)
{
    if (before->auth) {
        printf("schema auth: the official server's, at its migration %s; left as it is\n",
               before->official ? before->official : "(none)");
    } else {
        printf("schema auth: made, in the shape of the official server's migration %s\n",
               after->official ? after->official : "(none)");
    }
}

static void say_own(const struct schema_found *before, const struct schema_found *after)
{
    if (before->version == after->version) {
        printf("schema of Countersign: at version %d, the newest; nothing to do\n", after->version);
    } else if (!before->version) {
        printf("schema of Countersign: made, version %d\n", after->version);
    } else {
        printf("schema of Countersign: brought from version %d to %d\n", before->version,
               after->version);
    }
}

static void say_advice(struct arena *arena, const struct schema_found *after)
{
    const char *advice = migrate_advice(arena, after);
    if (advice) {
        printf("note: %s\n", advice);
    }
}

static bool bring_up(struct arena *arena, const struct config *config, const char **error)
{
    const char *url = config->database_uri;
    struct schema_found before, after;
    struct lock_file *lock = NULL;
    if (!config->postgres) {
        if (!*config->database.url && !make_folder_of(arena, config->database_path, error)) {
            return false;
        }
        *error = lost_database(arena, config);
        lock = *error ? NULL : lock_file_take(arena, config->database_path, error);
        if (!lock) {
            return false;
        }
    }
    struct db *db =
        db_connect(arena, url, DB_CREATE | (config->database.prepared ? 0 : DB_UNPREPARED), error);
    bool good = db && migrate_look(db, arena, &before, error) && migrate(db, arena, error) &&
                migrate_look(db, arena, &after, error);
    if (good && config->postgres) {
        say_auth(&before, &after);
    }
    if (good) {
        say_own(&before, &after);
        say_advice(arena, &after);
    }
    db_close(&db);
    lock_file_free(&lock);
    return good;
}

static int run(int argc, char **argv)
{
    struct common common;
    int code = common_options(&command_migrate, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    umask(077);
    struct arena *arena = arena_new();
    const char *error = NULL;
    const struct config *config = load_config(arena, &common);
    code = config && bring_up(arena, config, &error) ? 0 : 1;
    if (error) {
        complain(error);
    }
    arena_free(&arena);
    return code;
}

const struct command command_migrate = {
    .name = "migrate",
    .summary = "bring the database to the newest schema",
    .help = "usage: countersign migrate [OPTION]...\n\n"
            "Brings the database of the settings (DATABASE_URL) to the newest schema and says\n"
            "what it did; serve does the same when it starts. On PostgreSQL an empty database\n"
            "gets the schema auth in the official server's shape; one of the official server is\n"
            "left as it is, and only the schema countersign is added. A shape that this program\n"
            "does not know is refused, and nothing is changed.\n\n"
            "  --config FILE    settings, as for serve\n"
            "  --data-dir DIR   the data folder\n",
    .run = run,
};
