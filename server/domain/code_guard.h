/* code_guard.h: bounds on guessing one-time codes. They are counted by address, whether an account
 * has it or not: ten wrong tries since the newest code void all codes that are on their way there,
 * and a day has room for COUNTERSIGN_CODE_GUESSES wrong tries, however many codes are asked for. */
#ifndef COUNTERSIGN_DOMAIN_CODE_GUARD_H
#define COUNTERSIGN_DOMAIN_CODE_GUARD_H

#include "domain/realm.h"
#include "store/code_guards.h"

struct code_guard {
    const char *key;
    int64_t each_us; /* what a try takes of the day; 0: nothing */
    struct code_guard_row row;
};

/* The guard of an address; held, so that tries at once are counted one after the other. */
struct code_guard code_guard_of(const struct realm *realm, struct tx *tx, const char *address);

/* The guard of a user's nonces. */
struct code_guard code_guard_of_nonces(const struct realm *realm, struct tx *tx,
                                       const struct uuid *user_id);

/* The guard of links in the official server's form, which are as good as the code beside them and
 * name no address. It is held only from the first wrong one on. */
struct code_guard code_guard_of_links(const struct realm *realm, struct tx *tx);

/* No more may be tried now, a right one neither. */
bool code_guard_spent(const struct ctx *ctx, const struct code_guard *guard);

/* Is a code that was sent then void? */
bool code_guard_voids(const struct ctx *ctx, const struct code_guard *guard, int64_t sent_at);

/* Counts a wrong try, which is to be kept (tx_commit_on_error is called). newest_at: when the
 * newest code that it may have been meant for was sent; 0: there is none. true: it voided what was
 * sent. */
bool code_guard_wrong(struct tx *tx, struct code_guard *guard, int64_t newest_at);

#endif
