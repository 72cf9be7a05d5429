/* address_claim.h: an address is the account's that confirmed it, or that an admin gave it to. Who
 * only signed up with it, or waits for a change to it, keeps nobody out (security.md S13). */
#ifndef COUNTERSIGN_DOMAIN_ADDRESS_CLAIM_H
#define COUNTERSIGN_DOMAIN_ADDRESS_CLAIM_H

#include "domain/realm.h"
#include "store/users.h"

/* Called before the address is written down as that of account `self` (NULL: of a new one). Who
 * merely claims it loses it: an account without any proof is emptied and closed. P_EMAIL_TAKEN or
 * P_PHONE_TAKEN where another holds it. */
enum problem address_clear(const struct realm *realm, struct tx *tx, bool by_email,
                           const char *address, const struct uuid *self) MUST_CHECK;

/* The account is somebody's by another address, and only claims this one of its own. */
bool address_is_foreign(struct tx *tx, const struct user *user, bool by_email);

/* The account that a sign-up or an invitation to the address is about: that of the audience, or one
 * that claims it in another and has no proof, which then moves. *found: there is one. */
enum problem address_account(const struct realm *realm, struct tx *tx, bool by_email,
                             const char *aud, const char *address, struct user *out,
                             bool *found) MUST_CHECK;

#endif
