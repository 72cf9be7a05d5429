/* session_proofs.h: our own table session_proofs: to which number the code went that a session
 * began with. */
#ifndef COUNTERSIGN_STORE_SESSION_PROOFS_H
#define COUNTERSIGN_STORE_SESSION_PROOFS_H

#include "store/db.h"

struct session_proof {
    bool known;        /* else the session is older than the table, or another server's */
    const char *phone; /* digits; NULL: the code came by mail */
};

void session_proof_put(struct tx *tx, const struct uuid *session_id, const char *phone);
void session_proof_prefetch(struct tx *tx, const struct uuid *session_id);
struct session_proof session_proof_of(struct tx *tx, const struct uuid *session_id);

#endif
