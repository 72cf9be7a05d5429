/* lock.h: the lock that stops guessing of codes (row B3): after some wrong ones in a row a pause,
 * twice as long each further time, and in the end for good. */
#ifndef COUNTERSIGN_DOMAIN_LOCK_H
#define COUNTERSIGN_DOMAIN_LOCK_H

#include "domain/realm.h"
#include "store/guards.h"

/* Is it locked? Then ctx->retry_after_s says how long (a day at most). */
bool lock_left(struct ctx *ctx, int64_t locked_until);

/* Counts one more, and locks where it is due. */
void lock_after_failure(const struct realm *realm, struct ctx *ctx, int64_t *failures,
                        int64_t *locked_until);

#endif
