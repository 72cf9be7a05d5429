/* password.h: password hashes: bcrypt (new ones cost 10), argon2i/argon2id and Firebase scrypt
 * (accounts.md N6, internals.md §5). Slow on purpose: call on the hash pool. */
#ifndef COUNTERSIGN_CRYPTO_PASSWORD_H
#define COUNTERSIGN_CRYPTO_PASSWORD_H

#include "base/arena.h"
#include "base/entropy.h"

#include <stdbool.h>

enum { PASSWORD_MAX = 72 }; /* bytes; bcrypt ignores what is beyond, so we refuse it */

/* "$2a$10$..." of the password; NULL if it has more than PASSWORD_MAX bytes. */
const char *password_hash(struct arena *arena, struct entropy *entropy, const char *password);

/* Does the password fit the hash? Constant time. A password of more than 72 bytes never does.
 * An unreadable hash: false, after as long as a real one takes. */
bool password_verify(const char *hash, const char *password);

/* Takes as long as password_verify on a hash of the default cost; for accounts that do not
 * exist (contract row B12). Always false. */
bool password_verify_nobody(const char *password);

/* Is it a hash that password_verify can read, within the bounds of N6 (memory, time, lanes)? */
bool password_hash_readable(const char *hash);

/* Should the hash be replaced after a successful sign-in (bcrypt of a cost other than 10 is kept
 * at 5..10; below or above, true)? The imported forms are kept too. */
bool password_hash_stale(const char *hash);

#endif
