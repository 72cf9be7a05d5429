/* claims.h: the claims of access tokens, made and read (contract rows S5, S9, G2, G3, B15;
 * internals.md §2.1). */
#ifndef COUNTERSIGN_DOMAIN_CLAIMS_H
#define COUNTERSIGN_DOMAIN_CLAIMS_H

#include "domain/issued_session.h"

struct claims {
    const char *sub, *role, *aud, *session_id, *iss, *aal; /* NULL where absent */
    const struct json_t *audiences; /* aud as it came: a text or a list of texts; NULL: absent */
    bool has_exp, is_anonymous;
};

/* Is the token for that audience? One without the claim is for any. */
bool claims_are_for(const struct claims *claims, const char *audience);

/* Does the token name a role that may use /admin? Of a person's, the user's role decides (S10). */
bool claims_role_admin(const struct config *config, const struct claims *claims);

/* A token with a session is somebody's; keys have none. */
bool claims_of_account(const struct claims *claims);

/* The signed access token of the grant, and when it ends (seconds since 1970). NULL only if
 * signing fails. */
const char *claims_sign(const struct realm *realm, struct ctx *ctx,
                        const struct issued_session *issued, int64_t *expires_at_s);

/* The claims alone, as JSON text: what the custom access token hook is given. */
const char *claims_text(const struct realm *realm, struct ctx *ctx,
                        const struct issued_session *issued, int64_t *expires_at_s);

/* Verifies a token's signature and times and reads its claims; P_BAD_JWT with the detail. */
enum problem claims_read(const struct realm *realm, struct ctx *ctx, const char *token,
                         struct claims *out) MUST_CHECK;

/* A long-lived API key: HS256 token with only a role, as anon and service_role keys are. */
const char *claims_api_key(const struct realm *realm, struct ctx *ctx, const char *role);

#endif
