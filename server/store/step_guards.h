/* step_guards.h: our own table step_guards: wrong codes by where they come from, and the networks
 * that a user verified a factor from. */
#ifndef COUNTERSIGN_STORE_STEP_GUARDS_H
#define COUNTERSIGN_STORE_STEP_GUARDS_H

#include "store/guards.h"

enum { STEP_GUARDS_MAX = 64, NETWORKS_MAX = 16 /* kept of a user */ };

struct step_guard {
    struct uuid subject_id; /* a factor, or a set of recovery codes; nil: a network that is known */
    const char *origin;
    struct tries tries;
    int64_t updated_at;
};

/* Those of one subject and the user's known networks, newest first; returns how many. */
void step_guards_prefetch(struct tx *tx, const struct uuid *user_id, const struct uuid *subject_id);
int step_guards_of(struct tx *tx, const struct uuid *user_id, const struct uuid *subject_id,
                   struct step_guard list[STEP_GUARDS_MAX]);

void step_guard_put(struct tx *tx, const struct uuid *user_id, const struct uuid *subject_id,
                    const char *origin, const struct tries *tries);

/* Forgets the tries of a subject, from wherever they came. */
void step_guards_clear(struct tx *tx, const struct uuid *user_id, const struct uuid *subject_id);

void known_network_put(struct tx *tx, const struct uuid *user_id, const char *origin);
void known_network_drop(struct tx *tx, const struct uuid *user_id, const char *origin);

#endif
