/* assurance.h: authentication methods (amr) and the assurance level (aal) that follows from them
 * (contract rows S3, S4; internals.md §6.7). */
#ifndef COUNTERSIGN_DOMAIN_ASSURANCE_H
#define COUNTERSIGN_DOMAIN_ASSURANCE_H

#include "store/factors.h"
#include "store/sessions.h"

/* "aal2" if any method is a second factor's, else "aal1". */
const char *aal_of(const struct amr *list, int n);

/* "aal2" if the user has a verified factor, else "aal1". */
const char *aal_highest(const struct factor *factors, int n);

bool aal_is_2(const char *aal);

/* What a request may do: the lower of its token's level and its session's as it is now
 * (docs/protocol/security.md, S5). token_aal NULL: the token has none; session NULL: it names none.
 */
const char *aal_of_request(const char *token_aal, const struct session *session);

/* Is the method a second factor's? */
bool method_is_second_factor(const char *method);

/* The time of the newest second-factor entry; 0 if there is none. */
int64_t mfa_at(const struct amr *list, int n);

#endif
