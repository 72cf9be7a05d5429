/* facts.h: our own table facts: what is known of the whole database, by name. */
#ifndef COUNTERSIGN_STORE_FACTS_H
#define COUNTERSIGN_STORE_FACTS_H

#include "store/db.h"

const char *fact_get(struct tx *tx, const char *name); /* NULL: unknown */
struct fact {
    const char *name, *value;
};

/* Those whose names begin so; how many. */
int facts_named(struct tx *tx, const char *beginning, struct fact *out, int most);

void fact_put_new(struct tx *tx, const char *name, const char *value); /* what is known stays */
void fact_delete(struct tx *tx, const char *name);
void fact_put(struct tx *tx, const char *name, const char *value);

#endif
