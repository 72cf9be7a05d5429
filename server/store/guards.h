/* guards.h: our own tables factor_guards and password_guards: failed attempts, lockouts, and the
 * last time step that a factor used. */
#ifndef COUNTERSIGN_STORE_GUARDS_H
#define COUNTERSIGN_STORE_GUARDS_H

#include "store/db.h"

/* Wrong codes. What is spent comes back slowly, and what a session got wrong when it then gets
 * right: domain/lockout.h. */
struct tries {
    int64_t failures; /* in a row */
    int64_t locked_until;
    int64_t spent, spent_at;
    struct uuid session_id; /* of the newest wrong code */
    int64_t session_wrong;  /* what of spent is that session's */
};

struct factor_guard {
    int64_t last_step; /* of the newest TOTP code that counted; 0: none */
    struct tries tries;
};

/* All zeros if there is none yet. */
struct factor_guard factor_guard_of(struct tx *tx, const struct uuid *factor_id);
void factor_guard_prefetch(struct tx *tx, const struct uuid *factor_id);
void factor_guard_put(struct tx *tx, const struct uuid *factor_id,
                      const struct factor_guard *guard);

/* Sets failures and lock of the factor back; its last step stays. */
void factor_guard_clear(struct tx *tx, const struct uuid *factor_id);

/* Which session enrolled the factor; nil: not known. */
void factor_enrolled_put(struct tx *tx, const struct uuid *factor_id,
                         const struct uuid *session_id);
struct uuid factor_enrolled_in(struct tx *tx, const struct uuid *factor_id);

struct factor_lockout {
    struct uuid factor_id;
    int64_t failures, locked_until;
};

/* Those of the user's factors that are locked now; at most n, in the arena. */
int factor_lockouts_of(struct tx *tx, const struct uuid *user_id, int n,
                       struct factor_lockout **out);

struct password_guard {
    int64_t failures, locked_until, updated_at;
};

struct password_guard password_guard_of(struct tx *tx, const char *key);

/* Makes sure that there is a row, so that password_guard_of has one to lock: of two transactions
 * that would make the first, one waits for the other. */
void password_guard_hold(struct tx *tx, const char *key);
void password_guard_put(struct tx *tx, const char *key, const char *account,
                        const struct password_guard *guard);
void password_guard_clear(struct tx *tx, const char *key);

/* Says that password_guard_of will be called (db_prefetch). */
void password_guard_prefetch(struct tx *tx, const char *key);

struct password_guard_row {
    const char *key;
    struct password_guard guard;
};

/* Those of an account (a keyed hash) that are closed now, at most n, in the arena. */
int password_guards_of_account(struct tx *tx, const char *account, int n,
                               struct password_guard_row **out);
void password_guards_clear_account(struct tx *tx, const char *account);

#endif
