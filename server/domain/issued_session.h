/* issued_session.h: a session as it is answered: the user with all that clients need (factors
 * included, or they cannot tell the next level), the session, its methods, and a refresh token. The
 * access token is made from it when the answer is written, outside the transaction. */
#ifndef COUNTERSIGN_DOMAIN_ISSUED_SESSION_H
#define COUNTERSIGN_DOMAIN_ISSUED_SESSION_H

#include "domain/assurance.h"
#include "domain/realm.h"
#include "store/identities.h"
#include "store/users.h"

struct account {
    struct user user;
    struct identity *identities;
    int n_identities;
    struct factor *factors;
    int n_factors;
    struct factor codes; /* recovery codes as they are listed; type NULL: none are */
};

struct issued_session {
    struct account account;
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

/* Factors and identities of account->user, and recovery codes where request.lists_recovery_codes.
 * Ahead: says that they will be asked for (db_prefetch). */
void account_prefetch(struct tx *tx, const struct uuid *user_id);
void account_load(struct tx *tx, struct account *account);

/* Notes in the request's context that it makes this account: hooks are told of a copy. */
void account_created(struct tx *tx, const struct user *user);

/* The same for the hook that is told afterwards: of accounts that are not confirmed at once, again
 * where such a one signs up or is invited again, and of anonymous ones (internals.md §7).
 */
void account_announced(struct tx *tx, const struct user *user);

/* account_load and the amr of issued->session. The last that a transaction does: it is committed
 * along (db_last). */
void issued_session_load(struct tx *tx, struct issued_session *issued);

#endif
