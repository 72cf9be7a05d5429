/* wrong_code.h: what follows from a proof that did not fit, beside its being counted: the audit log
 * says so, and the user hears of a lock and of a stranger who has the password. */
#ifndef COUNTERSIGN_DOMAIN_WRONG_CODE_H
#define COUNTERSIGN_DOMAIN_WRONG_CODE_H

#include "domain/realm.h"
#include "store/sessions.h"
#include "store/users.h"

struct wrong_code {
    const struct user *user;
    const struct session *session;
    const char *ip;
    const struct uuid *factor_id; /* or of the set of recovery codes */
    const struct uuid *challenge_id; /* NULL: there is none */
    const char *factor_type;
    bool guessable;       /* a code; else a signature */
    bool verified;        /* the factor protects the account already */
    int64_t failures;     /* in a row */
    int64_t locked_until; /* 0: this one locked nothing */
    bool for_days;        /* it locked for long, not for minutes */
    int64_t before;       /* of wrong_codes_before() */
};

/* How many wrong codes followed the user's right password in the last day; -1 where the session did
 * not begin with it, or got further. Before the transaction writes; the first may be asked ahead. */
void wrong_codes_before_ahead(struct tx *tx, const struct session *session);
int64_t wrong_codes_before(struct tx *tx, const struct session *session, const struct amr *list,
                           int n);

/* In the transaction that counts it, which is kept although the answer is an error. */
void wrong_code_book(const struct realm *realm, struct tx *tx, const struct wrong_code *wrong);

#endif
