/* sign_in_networks.h: our own table sign_in_networks: from where a user has signed in of late, so
 * that strangers' guesses do not keep the owner out (rule S14). A network is a keyed hash. */
#ifndef COUNTERSIGN_STORE_SIGN_IN_NETWORKS_H
#define COUNTERSIGN_STORE_SIGN_IN_NETWORKS_H

#include "store/db.h"

#define SIGN_IN_NETWORK_US (90 * 86400 * US_PER_S)

/* The newest few of a user are kept. */
void sign_in_network_put(struct tx *tx, const struct uuid *user_id, const char *network);
void sign_in_network_prefetch(struct tx *tx, const struct uuid *user_id, const char *network);
bool sign_in_network_is(struct tx *tx, const struct uuid *user_id, const char *network);

#endif
