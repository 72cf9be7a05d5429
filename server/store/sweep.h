/* sweep.h: deletes what has expired, a little at a time (contract-internals.md §12). */
#ifndef COUNTERSIGN_STORE_SWEEP_H
#define COUNTERSIGN_STORE_SWEEP_H

#include "store/db.h"

struct sweep_ages {
    int64_t timebox_us, inactivity_us; /* of sessions; 0: no limit */
};

/* One round: at most a few hundred rows of each kind. Returns how many went. */
int64_t sweep(struct tx *tx, const struct sweep_ages *ages);

#endif
