/* factor.h: what a kind of factor must supply; factor/registry.c lists the kinds. Limits, names,
 * expiry, single use, lock-out, step-up and audit are in mfa.c and mfa_verify.c, so that no kind
 * can forget them. */
#ifndef COUNTERSIGN_DOMAIN_FACTOR_H
#define COUNTERSIGN_DOMAIN_FACTOR_H

#include "domain/realm.h"
#include "store/challenges.h"
#include "store/factors.h"
#include "store/guards.h"
#include "store/users.h"

struct enrol_request {
    const char *friendly_name; /* "" if none */
    const char *issuer;        /* TOTP; NULL: host of the site */
};

struct enrolment {
    struct factor factor;
    const char *secret, *uri; /* TOTP; shown once */
};

struct proof {
    struct uuid challenge_id; /* nil: not given */
    const char *code;         /* "" if not given */
};

/* A proof under test. The kind may change the factor and says so. */
struct factor_check {
    const struct realm *realm;
    struct tx *tx;
    struct factor *factor;
    const struct challenge *challenge;
    const struct proof *proof;
    struct factor_guard *guard; /* last_step: in, the newest used; out, this proof's */
    bool factor_changed;
};

struct factor_kind {
    const char *type;
    bool (*enroll_on)(const struct config *config);
    bool (*verify_on)(const struct config *config);
    enum problem wrong; /* the answer to a proof that does not fit */

    /* Fills factor.secret and what is shown; id, owner and name are set already. */
    enum problem (*enroll)(const struct realm *realm, struct tx *tx, const struct user *user,
                           const struct enrol_request *in, struct enrolment *out);

    /* Does the proof fit? P_OK, .wrong (which is counted), or another problem (which is not). */
    enum problem (*check)(struct factor_check *check);
};

#endif
