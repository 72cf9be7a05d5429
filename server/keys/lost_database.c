/* lost_database.c: see lost_database.h. A server makes its key files after the tables, so where
 * there is one of them there were tables; a first start that failed leaves tables, or no key. */
#include "keys/lost_database.h"

#include "store/db.h"
#include "store/migrate.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *key_file_beside(struct arena *arena, const char *database)
{
    static const char *const names[] = { "jwt-secret", "encryption-key" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path = arena_printf(arena, "%s.%s", database, names[i]);
        if (access(path, F_OK) == 0) {
            return path;
        }
    }
    return NULL;
}

/* A file that cannot be read is not lost: opening it says why. */
static bool has_no_tables(struct arena *arena, const char *url)
{
    struct schema_found found = { .version = 1 };
    const char *error;
    struct db *db = db_connect(arena, url, DB_READ_ONLY, &error);
    bool looked = db && migrate_look(db, arena, &found, &error);
    db_close(&db);
    return looked && !found.version;
}

const char *lost_database(struct arena *arena, const struct config *config)
{
    struct stat file;
    const char *path = config->database_path, *what = NULL;
    /* Looked for first: another process may be making both at this moment. */
    const char *key = config->postgres ? NULL : key_file_beside(arena, path);
    if (!key) {
        return NULL;
    }
    if (stat(path, &file) != 0) {
        what = errno == ENOENT ? "is missing" : NULL;
    } else if (file.st_size == 0) {
        what = "is empty";
    } else if (has_no_tables(arena, config->database_uri)) {
        what = "has no tables";
    }
    return what ? arena_printf(
                      arena,
                      "the database %s %s, but was in use: its key file %s is there; restore "
                      "the database from a backup, or, if a new one is to be begun, move its "
                      "key files (%s.*) away first",
                      path, what, key, path)
                : NULL;
}
