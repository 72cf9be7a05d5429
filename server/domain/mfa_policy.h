/* mfa_policy.h: what the operator asks of second factors: whom they are required of, and how old
 * their step may be (docs/decisions/0011-mfa-policy.md). */
#ifndef COUNTERSIGN_DOMAIN_MFA_POLICY_H
#define COUNTERSIGN_DOMAIN_MFA_POLICY_H

#include "domain/realm.h"
#include "store/sessions.h"
#include "store/users.h"

/* Is this a user who must have a second factor, now or from the date that is set? */
bool mfa_policy_names(const struct config *config, struct arena *arena, const struct user *user);

/* Must the user have one now? */
bool mfa_policy_holds(const struct config *config, struct ctx *ctx, const struct user *user);

/* May that user do what administrators may with a session that is aal1 (S10)? */
enum problem mfa_policy_admin(const struct config *config, struct tx *tx,
                              const struct user *user) MUST_CHECK;

/* May an aal1 session of that user get new tokens? */
enum problem mfa_policy_refresh(const struct realm *realm, struct tx *tx, const struct user *user,
                                const struct session *session) MUST_CHECK;

/* Says that mfa_policy_age will be called for the session (db_prefetch). */
void mfa_policy_age_prefetch(const struct realm *realm, struct tx *tx,
                             const struct uuid *session_id);

/* Takes the steps that are too old out of the session. True if none is left: it is aal1 then, in
 * *session too. */
bool mfa_policy_age(const struct realm *realm, struct tx *tx, struct session *session);

#endif
