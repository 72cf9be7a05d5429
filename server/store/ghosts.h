/* ghosts.h: our own table ghosts. Writes about an account that is not there go here instead, as
 * many and of about the same size, so that the time taken does not tell who has an account (rule
 * S4). Its rows mean nothing, and their number is bounded. */
#ifndef COUNTERSIGN_STORE_GHOSTS_H
#define COUNTERSIGN_STORE_GHOSTS_H

#include "store/db.h"

/* From here on db_run and db_exec of the transaction write only here, until ghost_end. Queries are
 * asked as ever. */
void ghost_begin(struct tx *tx);
void ghost_end(struct tx *tx);

/* For db.c: one write, of the size of these values. */
void ghost_write(struct tx *tx, const struct db_value *values, int n);

#endif
