/* password_throttle.h: wrong passwords and nonces are counted (rules RL3 and S14). Two guards hold
 * one account: that of account and network, for whoever comes from there, and that of the account
 * alone, which bounds guesses that are spread over many networks and does not hold where the owner
 * has signed in of late. So no stranger keeps the owner out. */
#ifndef COUNTERSIGN_DOMAIN_PASSWORD_THROTTLE_H
#define COUNTERSIGN_DOMAIN_PASSWORD_THROTTLE_H

#include "domain/realm.h"
#include "store/guards.h"
#include "store/users.h"

/* Keyed hashes: the tables name nobody. */
struct password_throttle {
    const char *own, *shared, *account;
    const char *ip;
    bool counted; /* there are wrong ones of this account from there; of throttle_check */
};

struct password_throttle throttle_of(const struct realm *realm, struct arena *arena,
                                     const char *address, const char *ip);

/* The address that guesses of a signed-in user's password or nonce count under. */
const char *throttle_address(struct arena *arena, const struct user *user);

/* Says that throttle_check will be called (db_prefetch). */
void throttle_prefetch(struct tx *tx, const struct password_throttle *throttle);

/* 429 with ctx.retry_after_s if one of the guards is closed. user_id NULL: there is no account. */
enum problem throttle_check(const struct realm *realm, struct tx *tx,
                            struct password_throttle *throttle,
                            const struct uuid *user_id) MUST_CHECK;

/* Counts a wrong one, and that is kept; 429 if so many at once have closed a guard meanwhile: then
 * the answer must not say whether it was wrong. */
enum problem throttle_failure(const struct realm *realm, struct tx *tx,
                              const struct password_throttle *throttle,
                              const struct uuid *user_id) MUST_CHECK;

/* What throttle_failure counted was right after all. */
void throttle_undo(const struct realm *realm, struct tx *tx,
                   const struct password_throttle *throttle);

void throttle_success(struct tx *tx, const struct password_throttle *throttle);

/* The user has signed in from there. */
void throttle_remember_network(const struct realm *realm, struct tx *tx, const struct uuid *user_id,
                               const char *ip);

/* What waits for an account, for its administrators. */
struct throttle_lockout {
    const char *kind; /* "network" or "account" */
    int64_t failures, locked_until;
};

enum { THROTTLE_LOCKOUTS_MAX = 100 };

/* Those of both addresses of the user that are closed now; returns how many, at most so many. */
int throttle_lockouts(const struct realm *realm, struct tx *tx, const struct user *user,
                      struct throttle_lockout out[THROTTLE_LOCKOUTS_MAX]);
void throttle_clear(const struct realm *realm, struct tx *tx, const struct user *user);

#endif
