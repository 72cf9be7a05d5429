/* vouched.h: our own table vouched_users: what an administrator gave to accounts that nobody has
 * confirmed yet, which their first confirmation keeps. */
#ifndef COUNTERSIGN_STORE_VOUCHED_H
#define COUNTERSIGN_STORE_VOUCHED_H

#include "store/db.h"

struct vouch {
    bool known;              /* an admin made the account, invited it or changed it */
    bool password, metadata; /* the admin's */
};

struct vouch vouch_of(struct tx *tx, const struct uuid *user_id);

/* Adds to what is vouched for. */
void vouch_put(struct tx *tx, const struct uuid *user_id, bool password, bool metadata);
void vouch_delete(struct tx *tx, const struct uuid *user_id);

#endif
