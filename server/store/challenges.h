/* challenges.h: the table mfa_challenges. */
#ifndef COUNTERSIGN_STORE_CHALLENGES_H
#define COUNTERSIGN_STORE_CHALLENGES_H

#include "store/db.h"

struct challenge {
    struct uuid id, factor_id;
    int64_t created_at, verified_at; /* verified_at 0: open */
    const char *ip;
    const char *otp;           /* "" unless the factor is a phone */
    const char *webauthn_data; /* JSON or NULL */
};

void challenge_insert(struct tx *tx, const struct challenge *challenge);

enum { CHALLENGES_OPEN = 64 }; /* of one factor from one address, at most */

/* Of the factor's challenges that came fast one after another from an address the oldest goes, if
 * there are more. After challenge_insert; before_at: when the factor was challenged before. */
void challenges_trim(struct tx *tx, const struct challenge *newest, int64_t before_at);
void challenge_prefetch(struct tx *tx, const struct uuid *id);
bool challenge_by_id(struct tx *tx, const struct uuid *id, struct challenge *out);

/* Spends it: of any number of callers one gets true (row B2). */
bool challenge_claim(struct tx *tx, const struct uuid *id);
void challenge_delete(struct tx *tx, const struct uuid *id);

#endif
