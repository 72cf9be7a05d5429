/* address.h: e-mail addresses and phone numbers as they are stored (accounts.md N1, N2).
 */
#ifndef COUNTERSIGN_DOMAIN_ADDRESS_H
#define COUNTERSIGN_DOMAIN_ADDRESS_H

#include "base/ctx.h"

/* Checks and lower-cases. */
enum problem email_normalise(struct ctx *ctx, const char *email, const char **out) MUST_CHECK;

/* Checks, and removes one '+' and all spaces. */
enum problem phone_normalise(struct ctx *ctx, const char *phone, const char **out) MUST_CHECK;

/* For sign-in, which validates neither: lower-cased, stripped. */
const char *email_as_stored(struct arena *arena, const char *email);
const char *phone_as_stored(struct arena *arena, const char *phone);

#endif
