/* guesses.h: wrong passwords and nonces are counted (rules RL3 and S14). Two guards hold one account:
 * that of account and network, for whoever comes from there, and that of the account alone, which
 * bounds guesses that are spread over many networks and does not hold where the owner has signed in
 * of late. So no stranger keeps the owner out. */
#ifndef COUNTERSIGN_DOMAIN_GUESSES_H
#define COUNTERSIGN_DOMAIN_GUESSES_H

#include "domain/realm.h"
#include "store/guards.h"
#include "store/users.h"

/* Keyed hashes: the tables name nobody. */
struct guess {
    const char *own, *shared, *account;
    const char *ip;
    bool counted; /* there are wrong ones of this account from there; of guess_allowed */
};

struct guess guess_of(const struct realm *realm, struct arena *arena, const char *address,
                      const char *ip);

/* The address that guesses of a signed-in user's password or nonce count under. */
const char *guess_address(struct arena *arena, const struct user *user);

/* Says that guess_allowed will be called (db_ahead). */
void guess_ahead(struct tx *tx, const struct guess *guess);

/* 429 with ctx.retry_after_s if one of the guards is closed. user_id NULL: there is no account. */
enum problem guess_allowed(const struct realm *realm, struct tx *tx, struct guess *guess,
                           const struct uuid *user_id) MUST_CHECK;

/* Counts a wrong one, and that is kept; 429 if so many at once have closed a guard meanwhile: then
 * the answer must not say whether it was wrong. */
enum problem guess_wrong(const struct realm *realm, struct tx *tx, const struct guess *guess,
                         const struct uuid *user_id) MUST_CHECK;

/* What guess_wrong counted was right after all. */
void guess_undo(const struct realm *realm, struct tx *tx, const struct guess *guess);

void guess_right(struct tx *tx, const struct guess *guess);

/* The user has signed in from there. */
void guess_remember(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
                    const char *ip);

/* What waits for an account, for its administrators. */
struct guess_lock {
    const char *kind; /* "network" or "account" */
    int64_t failures, locked_until;
};

enum { GUESS_LOCKS_MAX = 100 };

/* Those of both addresses of the user that are closed now; returns how many, at most so many. */
int guess_locks(const struct realm *realm, struct tx *tx, const struct user *user,
                struct guess_lock out[GUESS_LOCKS_MAX]);
void guess_unlock(const struct realm *realm, struct tx *tx, const struct user *user);

#endif
