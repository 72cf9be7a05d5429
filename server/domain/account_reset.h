/* account_reset.h: takes from an account what was put on it before anybody had shown that its
 * address is theirs (security.md S12). */
#ifndef COUNTERSIGN_DOMAIN_ACCOUNT_RESET_H
#define COUNTERSIGN_DOMAIN_ACCOUNT_RESET_H

#include "store/users.h"
#include "store/vouched.h"

#include "base/json.h"

/* Has nobody confirmed any address of the account? */
bool account_unproven(const struct user *user);

/* What stays beside the account itself, its role, its app_metadata and a ban. */
struct kept {
    bool password, metadata;    /* brought by the request that made the proof possible */
    bool anonymous;             /* the sessions that the account began with, as nobody else's */
    const struct uuid *session; /* this one; NULL: none */
    const struct uuid *flow;    /* the PKCE flow that goes on; NULL: none */
};

/* The account belongs to who has its e-mail address (by_email) or its phone from now on: sessions,
 * factors, recovery codes, other identities and addresses, pending changes, open flows and one-time
 * tokens go, and password and metadata unless they are kept. What an admin put there stays, but no
 * session. Called after the confirmation is noted in *user; the caller saves it. */
void account_reset(struct tx *tx, struct user *user, bool by_email, const struct kept *kept);

/* Puts a sign-up's data in the place of the metadata and of those of the identity of the provider,
 * which is made if there is none. */
void account_set_data(struct tx *tx, struct user *user, const char *provider,
                      const struct json_t *data);

#endif
