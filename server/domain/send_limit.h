/* send_limit.h: limits on mails and SMS: a user's pause between two of a kind, and the total of
 * the whole server (accounts.md ML10, ML12, ML13, SM1, SM3, RL4). */
#ifndef COUNTERSIGN_DOMAIN_SEND_LIMIT_H
#define COUNTERSIGN_DOMAIN_SEND_LIMIT_H

#include "domain/realm.h"
#include "store/users.h"

/* `problem` with the seconds that are left, if the last one was sent less than pause_us ago. */
enum problem pause_check(struct ctx *ctx, int64_t last_us, int64_t pause_us,
                         enum problem problem) MUST_CHECK;

/* Who wants the message: of a total, the last half is kept for accounts that have confirmed an
 * address and for factors that exist (security rule 3), so strangers get at most half of it. */
enum wanted_by { BY_UNCONFIRMED, BY_CONFIRMED };

/* Has the account confirmed an address or a number? */
enum wanted_by message_wanted_by(const struct user *user);

/* Takes one from the total of that name; false if it is used up, or the rest of it is not for
 * strangers. setting: "N", that many in an hour, or "N/DURATION", at most N at once and one more
 * each DURATION. */
bool total_take(struct tx *tx, const char *name, const char *setting, enum wanted_by by);

/* The same for a message to an account, which may have a third of an hour's total at most (three,
 * where that is less): no one account that somebody names again and again uses it up. */
bool total_take_for(struct tx *tx, const char *name, const char *setting, const struct user *user);

/* Is the setting 0: nothing may be sent at all? */
bool total_is_zero(const char *setting);

#endif
