/* facts.h: our own table facts: what is known of the whole database, by name. */
#ifndef COUNTERSIGN_STORE_FACTS_H
#define COUNTERSIGN_STORE_FACTS_H

#include "store/db.h"

const char *fact_get(struct tx *tx, const char *name); /* NULL: unknown */
void fact_put(struct tx *tx, const char *name, const char *value);

#endif
