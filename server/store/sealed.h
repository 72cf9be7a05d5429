/* sealed.h: the columns whose values are encrypted at rest, taken alike: to look with which keys
 * they are encrypted, and to write them anew. Codes of challenges live for minutes and are left
 * out. */
#ifndef COUNTERSIGN_STORE_SEALED_H
#define COUNTERSIGN_STORE_SEALED_H

#include "store/db.h"

enum sealed_column {
    SEALED_PASSWORD,
    SEALED_FACTOR,
    SEALED_SESSION,
    SEALED_OUTBOX,
    SEALED_COLUMNS
};

struct sealed_row {
    struct uuid id; /* the owner of the value: aead.h */
    const char *value;
};

/* "users", "mfa_factors", ... for people. */
const char *sealed_table(enum sealed_column column);

int64_t sealed_count(struct tx *tx, enum sealed_column column); /* all rows */

/* The next rows with a value, sealed or plain, in the order of their ids; how many. */
int sealed_page(struct tx *tx, enum sealed_column column, const struct uuid *after,
                struct sealed_row *rows, int most);

/* Some of those that are sealed; with that key, where key_id is not NULL. */
int sealed_sample(struct tx *tx, enum sealed_column column, const char *key_id,
                  struct sealed_row *rows, int most);

/* false: it is no longer what it was. */
bool sealed_replace(struct tx *tx, enum sealed_column column, const struct sealed_row *row,
                    const char *value);

/* What is lost with its key: a password is emptied; a factor, a session, a waiting message goes. */
int64_t sealed_drop(struct tx *tx, enum sealed_column column, const char *key_id);

#endif
