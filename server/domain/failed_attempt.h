/* failed_attempt.h: what follows from a wrong proof, besides the count: an audit row, and mails
 * about a lockout and about somebody else who has the password. */
#ifndef COUNTERSIGN_DOMAIN_FAILED_ATTEMPT_H
#define COUNTERSIGN_DOMAIN_FAILED_ATTEMPT_H

#include "domain/realm.h"
#include "store/sessions.h"
#include "store/users.h"

struct failed_attempt {
    const struct user *user;
    const struct session *session;
    const char *ip;
    const struct uuid *factor_id;    /* or of the set of recovery codes */
    const struct uuid *challenge_id; /* NULL: there is none */
    const char *factor_type;
    bool guessable;       /* a code; else a signature */
    bool verified;        /* the factor protects the account already */
    int64_t failures;     /* in a row */
    int64_t locked_until; /* 0: this one locked nothing */
    bool for_days;        /* it locked for long, not for minutes */
    int64_t before;       /* of failed_attempts_before() */
};

/* How many wrong codes followed the user's right password in the last day; -1 where the session did
 * not begin with it, or got further. Before the transaction writes; the first may be asked ahead.
 */
void failed_attempts_before_prefetch(struct tx *tx, const struct session *session);
int64_t failed_attempts_before(struct tx *tx, const struct session *session, const struct amr *list,
                               int n);

/* In the transaction that counts it, which is kept although the answer is an error. */
void record_failed_attempt(const struct realm *realm, struct tx *tx,
                           const struct failed_attempt *wrong);

#endif
