/* attestation.h: a new key against the challenge that asked for it (WebAuthn Level 2 §7.1). */
#ifndef COUNTERSIGN_FACTOR_WEBAUTHN_ATTESTATION_H
#define COUNTERSIGN_FACTOR_WEBAUTHN_ATTESTATION_H

#include "config/config.h"
#include "factor/webauthn/answer.h"
#include "factor/webauthn/ceremony.h"

/* §7.1 steps 5 to 21: NULL if the registration holds, else what does not, for the log. That the
 * key is nobody's yet (step 22) is for the caller. */
const char *registration_fault(const struct config *config, const struct ceremony *ceremony,
                               const struct answer *answer);

/* §7.1 steps 13 to 15, §7.2 steps 15 to 17, and the backup flags of Level 3: NULL, or what is
 * wrong. */
const char *authenticator_data_fault(const struct authenticator_data *data, const char *rp_id);

#endif
