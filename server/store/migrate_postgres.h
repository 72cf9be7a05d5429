/* migrate_postgres.h: what comes before the schema steps on PostgreSQL: the schema auth, which is
 * made if there is none, and otherwise the official server's, looked at and left alone. For
 * migrate.c. */
#ifndef COUNTERSIGN_STORE_MIGRATE_POSTGRES_H
#define COUNTERSIGN_STORE_MIGRATE_POSTGRES_H

#include "store/db.h"

/* The official server's newest migration whose tables this program knows. */
#define OFFICIAL_NEWEST "20260625000000"

/* Inside the open transaction. false: *error says what is wrong and what to do. What fails in the
 * database itself is in tx->status. */
bool migrate_postgres_prepare(struct tx *tx, const char **error);

/* Looks for what the schema auth does not have and can do without, for db_lacks(). */
void migrate_postgres_find_lacks(struct tx *tx);

/* Is there a table countersign.schema_version? */
bool migrate_postgres_has_version(struct tx *tx);

/* Is there a table auth.schema_migrations, of the official server or of this one? */
bool migrate_postgres_has_official(struct tx *tx);

#endif
