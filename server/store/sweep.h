/* sweep.h: deletes what has expired, a little at a time (internals.md §12). */
#ifndef COUNTERSIGN_STORE_SWEEP_H
#define COUNTERSIGN_STORE_SWEEP_H

#include "base/uuid.h"
#include "store/db.h"

struct sweep_ages {
    int64_t timebox_us, inactivity_us;              /* of sessions; 0: no limit */
    int64_t code_us;                                /* how long mailed codes live */
    int64_t audit_us, unconfirmed_us, anonymous_us; /* kept; 0: for good */
    int64_t pause_us; /* the longest between two messages to an address */
};

/* How far a walk through the tables came that have no index for what is looked for. All zero: the
 * beginning, which also follows the end. */
struct sweep_place {
    struct uuid session, factor;
    int64_t token;
};

/* One round: a few hundred rows of what an index finds, and a stretch of each walk, which `place`
 * says and is moved on. Returns how many rows went. */
int64_t sweep(struct tx *tx, const struct sweep_ages *ages, struct sweep_place *place);

#endif
