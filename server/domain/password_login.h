/* password_login.h: grant_type=password (accounts.md 3.1, RL3; internals.md §5).
 * Three steps, since hashing takes 50 ms: find the account (read), compare outside any
 * transaction, finish (write). */
#ifndef COUNTERSIGN_DOMAIN_PASSWORD_LOGIN_H
#define COUNTERSIGN_DOMAIN_PASSWORD_LOGIN_H

#include "domain/issued_session.h"
#include "domain/password_throttle.h"

struct login {
    const char *email, *phone, *password; /* NULL or "" if not given */
    const char *aud;
    const struct client *client;
    /* made by login_check */
    const char *provider, *address;
    struct password_throttle throttle;
    /* made by login_find */
    bool found;
    struct user user;
    const char *hash; /* opened; NULL: compare with nobody's */
    /* made by the caller */
    bool fits;
    const char *new_hash; /* to replace the stored one; NULL: keep it */
};

/* Rows TK2 to TK4. */
enum problem login_check(const struct realm *realm, struct ctx *ctx,
                         struct login *login) MUST_CHECK;

/* Row TK5, and the wait after too many wrong passwords (RL3). */
enum problem login_find(const struct realm *realm, struct tx *tx, struct login *login) MUST_CHECK;

/* Rows TK6, TK8 to TK10. A wrong password is counted and that is kept. */
enum problem login_finish(const struct realm *realm, struct tx *tx, struct login *login,
                          struct issued_session *out) MUST_CHECK;

#endif
