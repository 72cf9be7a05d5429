/* grant.h: a session as it is answered: the user with all that clients need (factors included, or
 * they cannot tell the next level), the session, its methods, and a refresh token. The access
 * token is made from it when the answer is written, outside the transaction. */
#ifndef COUNTERSIGN_DOMAIN_GRANT_H
#define COUNTERSIGN_DOMAIN_GRANT_H

#include "domain/assurance.h"
#include "domain/realm.h"
#include "store/identities.h"
#include "store/users.h"

struct person {
    struct user user;
    struct identity *identities;
    int n_identities;
    struct factor *factors;
    int n_factors;
    struct factor codes; /* recovery codes as they are listed; type NULL: none are */
};

struct grant {
    struct person person;
    struct session session;
    struct amr amr[AMR_MAX];
    int n_amr;
    const char *refresh_token;
    /* for the sb-auth-* headers (rows R13, W15, TK22) */
    int refresh_version;
    bool signed_in, reused, rotated;
    const char *reuse_cause; /* NULL: none */
    const char *method;      /* how the token was asked for, as hooks are told */
    const char *hook_claims; /* JSON that a hook put in place of the claims; NULL: none did */
    /* password sign-in alone: shown even when null (row O9) */
    bool shows_weakness;
    unsigned weak_reasons;
    const char *weak_message;
};

/* Factors and identities of person->user, and recovery codes where ctx->lists_recovery_codes. Ahead:
 * says that they will be asked for (db_ahead). */
void person_ahead(struct tx *tx, const struct uuid *user_id);
void person_load(struct tx *tx, struct person *person);

/* Notes in the request's context that it makes this account: hooks are told of a copy. */
void person_created(struct tx *tx, const struct user *user);

/* The same for the hook that is told afterwards: of accounts that are not confirmed at once, again
 * where such a one signs up or is invited again, and of anonymous ones (contract-internals.md §7). */
void person_announced(struct tx *tx, const struct user *user);

/* person_load and the amr of grant->session. The last that a transaction does: it is committed
 * along (db_last). */
void grant_load(struct tx *tx, struct grant *grant);

#endif
