/* send_pauses.h: our own table send_pauses: when a message was last asked for, by keyed hash of
 * kind and address, whether anybody has that address or not. */
#ifndef COUNTERSIGN_STORE_SEND_PAUSES_H
#define COUNTERSIGN_STORE_SEND_PAUSES_H

#include "store/db.h"

/* Takes it, if it was not taken after `since`; of two at once one is first. 0, or when it was. */
int64_t send_pause_take(struct tx *tx, const char *key, int64_t since);

#endif
