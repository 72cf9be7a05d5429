/* send_limits.h: our own table send_limits: how many mails and SMS were sent of late, over all
 * nodes. */
#ifndef COUNTERSIGN_STORE_SEND_LIMITS_H
#define COUNTERSIGN_STORE_SEND_LIMITS_H

#include "store/db.h"

struct send_limit {
    int64_t left_millionths; /* of a message */
    int64_t filled_at;
};

/* false: nothing was counted yet. */
bool send_limit_of(struct tx *tx, const char *name, struct send_limit *out);

/* Makes it, if there is none: of two transactions that would, one waits for the other. */
void send_limit_begin(struct tx *tx, const char *name, const struct send_limit *limit);
void send_limit_put(struct tx *tx, const char *name, const struct send_limit *limit);

#endif
