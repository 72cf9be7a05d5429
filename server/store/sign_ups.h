/* sign_ups.h: our own table sign_ups: accounts made here that are anonymous or that nobody has
 * confirmed; the sweep looks at them (rule S19). */
#ifndef COUNTERSIGN_STORE_SIGN_UPS_H
#define COUNTERSIGN_STORE_SIGN_UPS_H

#include "store/users.h"

enum sign_up_kind { SIGN_UP_UNCONFIRMED, SIGN_UP_ANONYMOUS };

void sign_up_put(struct tx *tx, const struct uuid *user_id, enum sign_up_kind kind);

/* Somebody vouches for the account: it is no longer looked at. */
void sign_up_forget(struct tx *tx, const struct uuid *user_id);

/* Up to n of those not seen since; returns how many. */
int sign_ups_due(struct tx *tx, enum sign_up_kind kind, int64_t since, int n, struct uuid *out);

/* Deletes the account, if nobody confirmed it and nothing was done with it (it has no session,
 * factor, identity elsewhere, and no admin touched it), or, an anonymous one, if it was not used
 * since; else it only puts down what it found. true: deleted. */
bool sign_up_settle(struct tx *tx, const struct uuid *user_id, enum sign_up_kind kind,
                    int64_t since);

/* Looks at it again as if it was used now. */
void sign_up_put_off(struct tx *tx, const struct uuid *user_id);

#endif
