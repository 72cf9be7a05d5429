/* profile.h: a user's identities and metadata as sign-up, updates and admins make them
 * (contract-accounts.md O7, O8, SU16, AC11, AP5). */
#ifndef COUNTERSIGN_DOMAIN_PROFILE_H
#define COUNTERSIGN_DOMAIN_PROFILE_H

#include "domain/grant.h"

#include "base/json.h"

/* {"sub","email","email_verified","phone","phone_verified"} put over data, whose own keys of these
 * names are dropped: a stranger's address must not enter through them. Absent addresses: NULL. */
const char *identity_data_of(struct arena *arena, const struct uuid *user_id, const char *email,
                             const char *phone, const struct json_t *data);

/* Adds the user's identity of the provider ("email" or "phone"), with the given data. */
void identity_add(struct tx *tx, const struct user *user, const char *provider, const char *data);

/* Gives the user's identity of the provider the address, verified or not; adds it if there is
 * none. */
void identity_set_address(struct tx *tx, const struct user *user, const char *provider,
                          const char *address, bool verified);

/* Row O8: provider and providers of app_metadata from the identities, oldest first. */
void providers_recompute(struct tx *tx, struct user *user);

#endif
