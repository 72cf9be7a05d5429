/* mfa.h: factors: enrollment, challenges, verification, removal (mfa.md 4.2 to 4.5, 4.9).
 * What is common to all kinds of factor stands here: limits, names, expiry, single use, lock-out,
 * step-up, audit. What a kind adds is in factor/. */
#ifndef COUNTERSIGN_DOMAIN_MFA_H
#define COUNTERSIGN_DOMAIN_MFA_H

#include "domain/factor.h"
#include "domain/issued_session.h"

/* A signed-in user who acts on own factors. */
struct subject {
    struct uuid user_id, session_id; /* session nil: the token names none */
    const char *aal;                 /* the token's, for aal_of_request; NULL: it has none */
    const struct client *client;
};

/* Rows E1 to E3, E6, E9 to E13, B6, B10, B14. */
enum problem mfa_enroll(const struct realm *realm, struct tx *tx, const struct subject *subject,
                        const char *type, const struct enroll_request *in,
                        struct enrollment *out) MUST_CHECK;

struct opened_challenge {
    struct uuid id;
    const char *type;
    int64_t expires_at_s;
    const char *shown; /* JSON of the member that has the type's name; NULL: none */
};

/* The kind of that type, or NULL. */
const struct factor_kind *factor_kind_of(const struct realm *realm, const char *type);

/* Rows C6, V14: the answer where factors of the kind cannot be used, or the kind is not here. */
enum problem factor_kind_usable(const struct realm *realm,
                                const struct factor_kind *kind) MUST_CHECK;

/* The amr method of a factor, also of a kind that is not here. */
const char *factor_method(const struct realm *realm, struct arena *arena, const char *type);

/* Was a factor verified in the session lately? Who finds an open browser must not swap factors:
 * P_MFA_NOT_FRESH, which official clients answer by challenge and verify. */
enum problem mfa_fresh(const struct realm *realm, struct tx *tx,
                       const struct session *session) MUST_CHECK;

/* Rows G9, C1, C6, C7, B13. */
enum problem mfa_challenge(const struct realm *realm, struct tx *tx, const struct subject *subject,
                           const struct uuid *factor_id, const struct challenge_request *in,
                           struct opened_challenge *out) MUST_CHECK;

/* Rows G9, V1 to V10, B1 to B4. Failed attempts are kept. */
enum problem mfa_verify(const struct realm *realm, struct tx *tx, const struct subject *subject,
                        const struct uuid *factor_id, const struct proof *proof,
                        struct issued_session *out) MUST_CHECK;

/* Rows G9, U1 to U4. */
enum problem mfa_unenroll(const struct realm *realm, struct tx *tx, const struct subject *subject,
                          const struct uuid *factor_id) MUST_CHECK;

/* By an admin: rows A2, A3 and the reset of row B3. */
enum problem mfa_admin_delete(const struct realm *realm, struct tx *tx, const struct user *user,
                              const struct uuid *factor_id, const char *ip,
                              struct factor *out) MUST_CHECK;

/* A factor with what only an operator may know. */
struct factor_report {
    struct factor factor;
    struct factor_guard guard;
    struct totp_device device; /* TOTP */
    bool drift_on;
};

enum problem mfa_admin_show(struct tx *tx, const struct user *user, const struct uuid *factor_id,
                            struct factor_report *out) MUST_CHECK;

struct factor_change {
    const char *friendly_name; /* NULL: as it is */
    const char *phone;         /* NULL: as it is */
};

enum problem mfa_admin_update(const struct realm *realm, struct tx *tx, const struct user *user,
                              const struct uuid *factor_id, const struct factor_change *change,
                              struct factor *out) MUST_CHECK;

#endif
