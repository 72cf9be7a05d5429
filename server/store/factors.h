/* factors.h: the table mfa_factors. */
#ifndef COUNTERSIGN_STORE_FACTORS_H
#define COUNTERSIGN_STORE_FACTORS_H

#include "store/db.h"

enum { FACTORS_SHOWN = 1000 };

struct factor {
    struct uuid id, user_id;
    const char *friendly_name, *type, *status;
    const char *secret; /* TOTP: base32, maybe sealed */
    const char *phone;  /* digits or NULL */
    int64_t created_at, updated_at, last_challenged_at;
    const char *webauthn_credential, *webauthn_data; /* JSON or NULL */
    struct uuid webauthn_aaguid;                     /* nil: none */
};

bool factor_is_verified(const struct factor *factor);

void factor_prefetch(struct tx *tx, const struct uuid *id);
void factors_prefetch(struct tx *tx, const struct uuid *user_id);
bool factor_by_id(struct tx *tx, const struct uuid *id, struct factor *out);

/* Oldest first, at most FACTORS_SHOWN, in the arena; returns how many. */
int factors_of(struct tx *tx, const struct uuid *user_id, struct factor **out);

bool factor_any_verified(struct tx *tx, const struct uuid *user_id);

void factor_insert(struct tx *tx, const struct factor *factor);

/* Writes friendly_name, status, secret and phone. */
void factor_save(struct tx *tx, struct factor *factor);

/* Writes what a WebAuthn verification leaves behind; NULL: as it is. */
void factor_save_webauthn(struct tx *tx, const struct uuid *id, const char *credential,
                          const char *challenge_data, const struct uuid *aaguid);

/* Is a WebAuthn credential with that id (as it is stored) some factor's, of whatever user? No
 * other transaction can register it until this one ends. */
bool factor_credential_known(struct tx *tx, const char *credential_id);

void factor_challenged(struct tx *tx, const struct uuid *id, int64_t at_us);
void factor_delete(struct tx *tx, const struct uuid *id);
void factors_delete(struct tx *tx, const struct uuid *user_id);

/* The user's unverified factors of a type (row V9); NULL: of every type. */
void factors_delete_unverified(struct tx *tx, const struct uuid *user_id, const char *type);

/* The user's own unverified factors made before `older_than` and without a challenge made after
 * `open_since` (rows E11, B10). */
void factors_sweep(struct tx *tx, const struct uuid *user_id, int64_t older_than,
                   int64_t open_since);

#endif
