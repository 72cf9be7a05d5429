/* lost_database.h: an SQLite file that is missing or empty although it was in use. */
#ifndef COUNTERSIGN_KEYS_LOST_DATABASE_H
#define COUNTERSIGN_KEYS_LOST_DATABASE_H

#include "config/config.h"

/* What is wrong and what to do, or NULL: key files lie beside a database that is not there, or
 * that has no tables. Served as a new one, everybody's account would be gone without a word. */
const char *lost_database(struct arena *arena, const struct config *config);

#endif
