/* factor.h: what a kind of factor must supply; factor/registry.c lists the kinds. Limits, names,
 * expiry, single use, lock-out, step-up and audit are in mfa.c and mfa_verify.c, so that no kind
 * can forget them. */
#ifndef COUNTERSIGN_DOMAIN_FACTOR_H
#define COUNTERSIGN_DOMAIN_FACTOR_H

#include "base/json.h"
#include "base/strbuf.h"
#include "domain/realm.h"
#include "store/challenges.h"
#include "store/factors.h"
#include "store/guards.h"
#include "store/totp_devices.h"
#include "store/users.h"

struct enroll_request {
    const char *friendly_name; /* "" if none */
    const char *issuer;        /* TOTP; NULL: host of the site */
    const char *phone;         /* phone; as sent, NULL if not given */
};

struct enrollment {
    struct factor factor;
    const char *secret, *uri; /* TOTP; shown once */
    const char *phone;        /* phone; as the client sent it */
};

struct challenge_request {
    const char *channel;       /* phone; NULL: sms */
    enum problem body_problem; /* of the body, which only phones need */
    bool of_owner;             /* phone; by more than the password, so strangers' do not count */
};

struct proof {
    struct uuid challenge_id;        /* nil: not given */
    const char *code;                /* "" if not given */
    const struct json_t *credential; /* WebAuthn: the body's "webauthn" member; NULL if absent */
};

/* What a code that was refused says of the device's clock. */
enum clock_finding {
    CLOCK_UNKNOWN,
    CLOCK_OFF,      /* it is right for another time: off_s says by how much */
    CLOCK_SET_RIGHT /* it is right for now, but not for the clock that the device had so far */
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
    bool wrong; /* out: it did not fit, although the answer is not the kind's own */
    const char *credential, *challenge_data; /* WebAuthn: what to store anew; NULL: as it is */
    const struct totp_device *device;        /* TOTP: the same, of a wrong code too */
    enum clock_finding clock;                /* TOTP, of a wrong code */
    int64_t off_s;                           /* how far the device is ahead; negative: behind */
};

struct factor_report;

struct factor_kind {
    const char *type;
    bool (*enroll_on)(const struct config *config);
    bool (*verify_on)(const struct config *config);
    const char *method;                  /* in amr: factor/methods.h */
    enum problem enroll_off, verify_off; /* the answers where it is switched off: rows E13, C6 */
    bool unnamed;    /* the audit row of an enrollment leaves the type out, as the official one */
    bool has_number; /* an administrator may give it another number */
    enum problem wrong; /* the answer to a proof that does not fit */
    bool has_code;      /* the proof is a code, which can be guessed: V1, B3 hold */
    bool spends;        /* a wrong proof spends the challenge */

    /* What must hold before names and limits are looked at; *number: that of a phone, whose
     * unverified factors it replaces. NULL: nothing. */
    enum problem (*prepare)(struct tx *tx, const struct user *user, const struct enroll_request *in,
                            const char **number);

    /* Fills factor.secret and what is shown; id, owner and name are set already. */
    enum problem (*enroll)(const struct realm *realm, struct tx *tx, const struct user *user,
                           const struct enroll_request *in, struct enrollment *out);

    /* Fills what the kind keeps in the challenge (otp, webauthn_data) and *shown, the JSON of the
     * answer's member that has the type's name (NULL: none). NULL: nothing to do. */
    enum problem (*challenge)(const struct realm *realm, struct tx *tx, const struct user *user,
                              struct factor *factor, const struct challenge_request *in,
                              struct challenge *challenge, const char **shown);

    /* Is the proof of the right form? Asked before the challenge is looked up. NULL: any is. */
    enum problem (*form)(struct ctx *ctx, const struct proof *proof);

    /* Says what check will ask for (db_prefetch). NULL: nothing. */
    void (*prefetch)(struct tx *tx, const struct factor *factor);

    /* Does the proof fit? P_OK, .wrong (which is counted), or another problem (which is not). */
    enum problem (*check)(struct factor_check *check);

    /* Further members of the answer to an enrollment, and of what an administrator is shown of a
     * factor: JSON that begins with a comma. NULL: none. */
    void (*show_enrollment)(const struct enrollment *enrollment, struct strbuf *out);
    void (*show_report)(const struct factor_report *report, struct strbuf *out);
};

#endif
