/* assertion.h: a known key against a challenge (WebAuthn Level 2 §7.2). */
#ifndef COUNTERSIGN_FACTOR_WEBAUTHN_ASSERTION_H
#define COUNTERSIGN_FACTOR_WEBAUTHN_ASSERTION_H

#include "config/config.h"
#include "factor/webauthn/ceremony.h"

/* §7.2 steps 5 to 20 with the key that the answer names: NULL if the assertion holds, else what
 * does not, for the log. Step 21 is assertion_cloned(). */
const char *assertion_fault(struct arena *arena, const struct config *config,
                            const struct ceremony *ceremony, const struct uuid *user_id,
                            const struct credential *credential, const struct answer *answer);

/* Step 21: the count did not rise, so two devices seem to hold the key. */
bool assertion_cloned(const struct credential *credential, const struct answer *answer);

#endif
