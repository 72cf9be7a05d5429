/* password_rules.h: what a new password must be like (accounts.md N3, N4). */
#ifndef COUNTERSIGN_DOMAIN_PASSWORD_RULES_H
#define COUNTERSIGN_DOMAIN_PASSWORD_RULES_H

#include "domain/realm.h"

#include "base/ctx.h"
#include "base/uuid.h"

/* P_PASSWORD_TOO_LONG, or P_PASSWORD_WEAK with all reasons. P_BREACH_UNASKED: the service of
 * breached passwords is on and must be asked first, which takes seconds: whoever may wait does that
 * (api/external_calls.h), and then calls again. */
enum problem password_check(const struct realm *realm, struct ctx *ctx,
                            const char *password) MUST_CHECK;

/* The same about that service alone: P_OK or P_BREACH_UNASKED. */
enum problem password_ask_breach(const struct realm *realm, struct ctx *ctx,
                                 const char *password) MUST_CHECK;

/* The reasons alone (bits of enum weak_reason) and their text; that service is not asked. */
unsigned password_weaknesses(const struct realm *realm, struct ctx *ctx, const char *password,
                             const char **message);

/* The hash as it is stored: sealed, unless that would not fit into the official server's column
 * (some imported hashes, which the first sign-in replaces). */
const char *password_at_rest(const struct realm *realm, struct ctx *ctx, const struct uuid *user_id,
                             const char *hash);

#endif
