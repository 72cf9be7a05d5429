/* credential.h: a registered key as it is stored in a factor (the columns web_authn_credential and
 * last_webauthn_challenge_data, internals.md §6.5), in the official server's form. */
#ifndef COUNTERSIGN_FACTOR_WEBAUTHN_CREDENTIAL_H
#define COUNTERSIGN_FACTOR_WEBAUTHN_CREDENTIAL_H

#include "domain/factor.h"
#include "factor/webauthn/answer.h"

struct credential {
    const struct factor *factor;
    struct blob id;
    struct cose_key key; /* alg 0: one that we cannot use */
    int64_t sign_count;
    bool backup_eligible;
    const struct json_t *transports; /* NULL: none known */
};

struct credential_list {
    struct credential *items;
    int count;
};

/* The keys of the user's verified WebAuthn factors, oldest first. */
struct credential_list credentials_of(struct tx *tx, const struct uuid *user_id);

/* A key by its id; NULL if it is not in the list. */
const struct credential *credential_find(const struct credential_list *list, struct blob id);

/* A new credential, from a registration that was verified. */
const char *credential_write(struct arena *arena, const struct answer *answer);

/* The stored one after an assertion: count, clone warning and flags are what they are now. */
const char *credential_after(struct arena *arena, const struct factor *factor, int64_t sign_count,
                             bool cloned, const struct answer *answer);

/* The text form of an id, as it is stored. */
const char *credential_id_text(struct arena *arena, struct blob id);

/* The column last_webauthn_challenge_data: the challenge, and the answer as it was read. */
const char *challenge_record(struct arena *arena, const struct factor_check *check,
                             const struct answer *answer);

#endif
