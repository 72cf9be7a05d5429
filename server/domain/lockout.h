/* lockout.h: the lock that stops guessing of codes (row B3, security.md S15): after some wrong ones
 * in a row a pause, twice as long each further time; after many that no success took back, one try
 * each few days. Never for good: who guesses must not be able to keep the owner out. */
#ifndef COUNTERSIGN_DOMAIN_LOCKOUT_H
#define COUNTERSIGN_DOMAIN_LOCKOUT_H

#include "domain/realm.h"
#include "store/guards.h"

/* When the lock ends; 0: there is none. One that lasts longer than any lock can was begun while the
 * clock was wrong, and is none either. */
int64_t lockout_end(const struct config *config, int64_t now_us, int64_t locked_until,
                    bool for_days);

/* Is it locked? Then ctx->retry_after_s says how long (a day at most). */
bool lockout_left(const struct realm *realm, struct ctx *ctx, const struct tries *tries);

/* Counts one more of the session, and locks where it is due. Returns whether it is for days. */
bool lockout_after_failure(const struct realm *realm, struct ctx *ctx,
                           const struct uuid *session_id, struct tries *tries);

/* The pauses alone, of codes that nobody can guess. */
void lockout_pause(const struct realm *realm, struct ctx *ctx, int64_t *failures,
                   int64_t *locked_until);

/* A success of the session: it starts anew, and what the session got wrong was a slip. */
void lockout_after_success(const struct uuid *session_id, struct tries *tries);

#endif
