/* identities.h: the table identities: the ways in which a user signs in. */
#ifndef COUNTERSIGN_STORE_IDENTITIES_H
#define COUNTERSIGN_STORE_IDENTITIES_H

#include "store/db.h"

struct identity {
    struct uuid id, user_id;
    const char *provider, *provider_id;
    const char *data; /* JSON object */
    const char *email;
    int64_t last_sign_in_at, created_at, updated_at;
};

/* Oldest first, in the arena; returns how many. */
int identities_of(struct tx *tx, const struct uuid *user_id, struct identity **out);
void identities_prefetch(struct tx *tx, const struct uuid *user_id);

void identity_insert(struct tx *tx, const struct identity *identity);

/* Writes provider_id and data. */
void identity_save(struct tx *tx, const struct identity *identity);

void identity_delete(struct tx *tx, const struct uuid *id);

#endif
