/* migrate.h: brings a database to the newest schema, each step in a transaction of its own that
 * also writes its row into the table schema_version. */
#ifndef COUNTERSIGN_STORE_MIGRATE_H
#define COUNTERSIGN_STORE_MIGRATE_H

#include "store/db.h"

/* false: *error (in the arena) says what to do; a database that is newer than this program is
 * refused and left as it is. */
bool migrate(struct db *db, struct arena *arena, const char **error);

/* The version of the newest step that this program knows. */
int migrate_newest(void);

/* What is there now; nothing is changed. */
struct schema_found {
    int version;          /* of the schema of our own; 0: none yet */
    bool auth;            /* PostgreSQL: is there a schema auth of the official shape? */
    const char *official; /* the official server's newest migration in it, or NULL */
    unsigned lacks;       /* enum db_lack */
};
bool migrate_look(struct db *db, struct arena *arena, struct schema_found *out, const char **error);

/* What to tell the person whose schema auth is served without some of its columns; else NULL. */
const char *migrate_advice(struct arena *arena, const struct schema_found *found);

/* For a process that must not change the schema: false unless it is there and the newest. */
bool migrate_not_needed(struct db *db, struct arena *arena, const char **error);

#endif
