/* known_networks.h: our own table known_networks: from where a user has signed in of late, so that
 * strangers' guesses do not keep the owner out (rule S14). A network is a keyed hash. */
#ifndef COUNTERSIGN_STORE_KNOWN_NETWORKS_H
#define COUNTERSIGN_STORE_KNOWN_NETWORKS_H

#include "store/db.h"

#define KNOWN_NETWORK_US (90 * 86400 * US_PER_S)

/* The newest few of a user are kept. */
void known_network_put(struct tx *tx, const struct uuid *user_id, const char *network);
void known_network_ahead(struct tx *tx, const struct uuid *user_id, const char *network);
bool known_network_is(struct tx *tx, const struct uuid *user_id, const char *network);

#endif
