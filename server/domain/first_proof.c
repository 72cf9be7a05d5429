/* first_proof.c: see first_proof.h. */
#include "domain/first_proof.h"

#include "store/session_proofs.h"

#include <string.h>

void first_proof_prefetch(struct tx *tx, const struct uuid *session_id)
{
    session_proof_prefetch(tx, session_id);
    amr_prefetch(tx, session_id);
}

static bool began_with_code(struct tx *tx, const struct session *session)
{
    struct amr list[AMR_MAX];
    int n = amr_of(tx, &session->id, list);
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].method, "otp") == 0) {
            return true;
        }
    }
    return false;
}

bool first_proof_was(struct tx *tx, const struct session *session, const struct user *user,
                     const char *phone)
{
    if (!phone || !*phone) {
        return false;
    }
    struct session_proof proof = session_proof_of(tx, &session->id);
    if (proof.known) {
        return proof.phone && strcmp(proof.phone, phone) == 0;
    }
    /* of another server, or from before there was a record: the account's number, to be safe */
    return user->phone && strcmp(user->phone, phone) == 0 && began_with_code(tx, session);
}
