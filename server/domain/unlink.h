/* unlink.h: DELETE /user/identities/{identity_id} (accounts.md 5.3). */
#ifndef COUNTERSIGN_DOMAIN_UNLINK_H
#define COUNTERSIGN_DOMAIN_UNLINK_H

#include "domain/mfa.h"

/* Rows ID3 to ID6. Since an address may go with the identity, it needs aal2 as a change of address
 * does (row S6). */
enum problem identity_unlink(const struct realm *realm, struct tx *tx,
                             const struct subject *subject,
                             const struct uuid *identity_id) MUST_CHECK;

#endif
