/* key_check.h: are the keys at hand those that the database was written with? With a key that is
 * missing or another one, every right password would be wrong and every factor unreadable. For each
 * key the database keeps a fact: a known word, sealed with it. */
#ifndef COUNTERSIGN_DOMAIN_KEY_CHECK_H
#define COUNTERSIGN_DOMAIN_KEY_CHECK_H

#include "crypto/aead.h"
#include "store/db.h"

struct key_check {
    const struct vault *vault;
    bool thorough;     /* look at the data too where facts say that it was looked at before */
    const char *error; /* for a person: which key, which setting; NULL: they are right */
};

/* Only reads. Both are bodies of transactions (tx_fn) that take a struct key_check. */
enum problem key_check_in_tx(struct ctx *ctx, struct tx *tx, void *arg) MUST_CHECK;

/* After it: notes the keys that are new, and forgets those that nothing is sealed with any more. */
enum problem key_check_note_in_tx(struct ctx *ctx, struct tx *tx, void *arg) MUST_CHECK;

#endif
