/* profile.h: a user's identities and metadata as sign-up, updates and admins make them
 * (accounts.md O7, O8, SU16, AC11, AP5). */
#ifndef COUNTERSIGN_DOMAIN_PROFILE_H
#define COUNTERSIGN_DOMAIN_PROFILE_H

#include "domain/issued_session.h"

#include "base/json.h"

/* {"sub","email","email_verified","phone","phone_verified"} put over data, whose own keys of these
 * names are dropped: a stranger's address must not enter through them. Absent addresses: NULL. */
const char *identity_data_of(struct arena *arena, const struct uuid *user_id, const char *email,
                             const char *phone, const struct json_t *data);

/* Refuses metadata for a new account that would make access tokens too long to be sent back, or
 * that nests so deeply that common JSON readers fail on it. `field` names it in the answer. data
 * may be NULL. */
enum problem metadata_check(struct ctx *ctx, const char *field,
                            const struct json_t *data) MUST_CHECK;

/* Put a request's metadata over the user's (keys whose value is null go) unless the result would be
 * such. patch NULL: nothing to do. */
enum problem user_metadata_merge(struct ctx *ctx, struct user *user, const char *field,
                                 const struct json_t *patch) MUST_CHECK;
enum problem app_metadata_merge(struct ctx *ctx, struct user *user, const char *field,
                                const struct json_t *patch) MUST_CHECK;

/* Adds the user's identity of the provider ("email" or "phone"), with the given data. */
void identity_add(struct tx *tx, const struct user *user, const char *provider, const char *data);

/* Gives the user's identity of the provider the address, verified or not; adds it if there is
 * none, and then it is true. */
bool identity_set_address(struct tx *tx, const struct user *user, const char *provider,
                          const char *address, bool verified);

/* Row O8: provider and providers of app_metadata from the identities, oldest first. */
void providers_recompute(struct tx *tx, struct user *user);

#endif
