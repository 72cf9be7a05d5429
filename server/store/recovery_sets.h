/* recovery_sets.h: our own tables recovery_sets and recovery_codes. */
#ifndef COUNTERSIGN_STORE_RECOVERY_SETS_H
#define COUNTERSIGN_STORE_RECOVERY_SETS_H

#include "store/factors.h"

struct recovery_set {
    struct uuid id, user_id;
    const char *friendly_name;
    int64_t failures, locked_until, created_at;
    int64_t total, remaining; /* codes */
};

bool recovery_set_of(struct tx *tx, const struct uuid *user_id, struct recovery_set *out);

/* The set as a verified factor of the type "recovery_code", as it is shown. */
bool recovery_set_as_factor(struct tx *tx, const struct uuid *user_id, struct factor *out);
void recovery_set_as_factor_prefetch(struct tx *tx, const struct uuid *user_id);

void recovery_set_insert(struct tx *tx, const struct recovery_set *set);

/* Writes failures, locked_until and friendly_name. */
void recovery_set_save(struct tx *tx, const struct recovery_set *set);

/* With its codes. */
void recovery_set_delete(struct tx *tx, const struct uuid *user_id);

void recovery_code_insert(struct tx *tx, const struct uuid *user_id, const char *hash);
void recovery_codes_delete(struct tx *tx, const struct uuid *user_id);

/* Uses the code up: of any number of callers one gets true. */
bool recovery_code_use(struct tx *tx, const struct uuid *user_id, const char *hash);

#endif
