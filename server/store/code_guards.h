/* code_guards.h: our own table code_guards: what stops the guessing of one-time codes. A row is a
 * target, by its keyed hash; domain/code_guard.h says what the numbers mean. */
#ifndef COUNTERSIGN_STORE_CODE_GUARDS_H
#define COUNTERSIGN_STORE_CODE_GUARDS_H

#include "store/db.h"

struct code_guard_row {
    int64_t wrong;      /* wrong tries since the newest code was sent, or since codes were voided */
    int64_t newest_at;  /* when that code was sent */
    int64_t voided_at;  /* codes sent until then are void */
    int64_t busy_until; /* where the tries that were made are used up again */
};

/* As it is; all zeros if there is none. */
struct code_guard_row code_guard_read(struct tx *tx, const char *key);

/* The same, and nobody else has it until the transaction ends, on any node. */
struct code_guard_row code_guard_hold(struct tx *tx, const char *key);

/* Of a row that is held. */
void code_guard_put(struct tx *tx, const char *key, const struct code_guard_row *row);

#endif
