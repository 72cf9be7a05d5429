/* reseal.h: encrypts stored secrets anew with the current key, a batch of rows in a transaction,
 * while servers use the database. For `countersign keys encrypt`. */
#ifndef COUNTERSIGN_DOMAIN_RESEAL_H
#define COUNTERSIGN_DOMAIN_RESEAL_H

#include "crypto/aead.h"
#include "store/sealed.h"

enum { RESEAL_BATCH = 200 };

struct reseal {
    const struct vault *vault;
    enum sealed_column column;
    struct uuid after; /* begin with nil */
    /* what this batch did */
    struct uuid last;                /* the next `after` */
    int looked, written, unreadable; /* looked 0: the end */
};

/* Body of a write transaction (tx_fn) that takes a struct reseal. Where it runs again it does the
 * same again. */
enum problem reseal_batch(struct ctx *ctx, struct tx *tx, void *arg) MUST_CHECK;

#endif
