/* unlink.h: DELETE /user/identities/{identity_id} (contract-accounts.md 5.3). */
#ifndef COUNTERSIGN_DOMAIN_UNLINK_H
#define COUNTERSIGN_DOMAIN_UNLINK_H

#include "domain/grant.h"

/* Rows ID3 to ID6. */
enum problem identity_unlink(const struct realm *realm, struct tx *tx,
                             const struct uuid *user_id, const struct uuid *identity_id,
                             const char *ip) MUST_CHECK;

#endif
