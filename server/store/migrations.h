/* migrations.h: the list of schema steps, which embed_migrations.py writes at build time from
 * store/migrations/NNNN_name.{sqlite,postgres}.sql. For migrate.c and its tests alone. */
#ifndef COUNTERSIGN_STORE_MIGRATIONS_H
#define COUNTERSIGN_STORE_MIGRATIONS_H

#include "store/db.h"

struct migration {
    int version; /* 1, 2, 3 ... */
    const char *name;
    const char *sqlite, *postgres; /* the scripts; NULL if there is none for that engine */
};

extern const struct migration migrations[];
extern const int migrations_count;

/* The official server's schema auth, for a database that has none. */
extern const char *const migrations_auth_postgres;

/* migrate() with another list. */
bool migrate_with(struct db *db, struct arena *arena, const struct migration *list, int n,
                  const char **error);

#endif
