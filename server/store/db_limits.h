/* db_limits.h: what a database server allows its clients. */
#ifndef COUNTERSIGN_STORE_DB_LIMITS_H
#define COUNTERSIGN_STORE_DB_LIMITS_H

#include "store/db.h"

/* Connections that PostgreSQL accepts from all clients together; 0: it did not say. In a read
 * transaction of its own. */
int64_t db_most_connections(struct db *db, struct arena *arena);

#endif
