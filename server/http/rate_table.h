/* rate_table.h: how often keys came of late, in memory of a fixed size: so many in a window, used
 * up at once or little by little, and given back evenly (the virtual scheduling of ITU-T I.371: a
 * key is one time, so the table needs no sweep). A request may be counted in two tiers at once,
 * such as an address and its network: it counts in both, or, where one refuses it, in neither.
 *
 * Where the table is full, the key of a set that has used least gives way, and a new key begins
 * with nothing used: so a flood of keys makes the table forget what hardly counted, never a key
 * that has used much, and refuses nobody. What a set is, depends on a secret of the process. */
#ifndef COUNTERSIGN_HTTP_RATE_TABLE_H
#define COUNTERSIGN_HTTP_RATE_TABLE_H

#include "base/entropy.h"

#include <stdbool.h>
#include <stdint.h>

enum { RATE_TIERS = 2, RATE_MOST = 50000 };

struct rate_table;

struct rate_ask {
    const char *key;
    int64_t most; /* in a window, at most RATE_MOST; 0: this tier does not count */
};

/* Of the tier that has least left. */
struct rate_left {
    int64_t limit; /* 0: no tier counts */
    int64_t remaining;
    int64_t reset_s; /* until all of it is there again */
    int64_t retry_s; /* of what was refused */
};

/* sets[i]: of tier i, a power of two; each holds 8 keys of 24 bytes. Out of memory ends the
 * process. */
struct rate_table *rate_table_new(const int sets[RATE_TIERS], int64_t window_us,
                                  struct entropy *entropy);
void rate_table_free(struct rate_table **table);

/* Counts one more, at now_us of the steady clock. false: refused. */
bool rate_take(struct rate_table *table, const struct rate_ask asks[RATE_TIERS], int64_t now_us,
               struct rate_left *out);

#endif
