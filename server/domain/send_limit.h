/* send_limit.h: limits on mails and SMS: a user's pause between two of a kind, and the total of
 * the whole server (contract-accounts.md ML10, ML12, ML13, SM1, SM3, RL4). */
#ifndef COUNTERSIGN_DOMAIN_SEND_LIMIT_H
#define COUNTERSIGN_DOMAIN_SEND_LIMIT_H

#include "domain/realm.h"
#include "store/db.h"

/* `problem` with the seconds that are left, if the last one was sent less than pause_us ago. */
enum problem pause_check(struct ctx *ctx, int64_t last_us, int64_t pause_us,
                         enum problem problem) MUST_CHECK;

/* Takes one from the total of that name; false if it is used up. setting: "N", that many in an
 * hour, or "N/DURATION", at most N at once and one more each DURATION. */
bool total_take(struct tx *tx, const char *name, const char *setting);

/* Is the setting 0: nothing may be sent at all? */
bool total_is_zero(const char *setting);

#endif
