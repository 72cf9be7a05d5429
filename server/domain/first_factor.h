/* first_factor.h: what the first verified factor of a user means (security.md S6): what was begun
 * without one counts no more, and no further one is verified without it. */
#ifndef COUNTERSIGN_DOMAIN_FIRST_FACTOR_H
#define COUNTERSIGN_DOMAIN_FIRST_FACTOR_H

#include "store/factors.h"
#include "store/users.h"

/* Has the user a verified factor beside this one (NULL: any)? */
bool factor_beside(const struct factor *list, int n, const struct uuid *but);

/* Ends what was begun at aal1: unverified factors with their challenges, changes of address and
 * number, open PKCE flows, nonces. The user is locked, and shows it. */
void first_factor_voids(struct tx *tx, struct user *user);

#endif
