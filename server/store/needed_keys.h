/* needed_keys.h: the unique and foreign keys on PostgreSQL that the statements of store/ rely on.
 * A restore brings tables and rows first and the keys last, so one that broke off looks whole. */
#ifndef COUNTERSIGN_STORE_NEEDED_KEYS_H
#define COUNTERSIGN_STORE_NEEDED_KEYS_H

#include "store/db.h"

/* What is missing and what to do, or NULL. For a database at the newest schema; one query. NULL
 * on SQLite, whose file holds tables and keys in one piece. */
const char *needed_keys_missing(struct tx *tx);

/* The same in a transaction of its own. */
const char *needed_keys_fault(struct db *db, struct arena *arena);

#endif
