/* first_proof.h: what a session began with, so that its second factor is another one (security.md
 * S9): a code to a number proves no more when it is sent to that number twice. */
#ifndef COUNTERSIGN_DOMAIN_FIRST_PROOF_H
#define COUNTERSIGN_DOMAIN_FIRST_PROOF_H

#include "store/sessions.h"
#include "store/users.h"

void first_proof_prefetch(struct tx *tx, const struct uuid *session_id);

/* Did it begin with a code to that number (digits; NULL: a factor without one)? */
bool first_proof_was(struct tx *tx, const struct session *session, const struct user *user,
                     const char *phone);

#endif
