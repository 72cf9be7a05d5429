/* pkce_flow.h: PKCE (RFC 7636) as the official clients use it (accounts.md N7, 3.3). */
#ifndef COUNTERSIGN_DOMAIN_PKCE_FLOW_H
#define COUNTERSIGN_DOMAIN_PKCE_FLOW_H

#include "domain/issued_session.h"

struct pkce {
    const char *challenge, *method; /* NULL or "": none */
};

bool pkce_given(const struct pkce *pkce);

/* Row N7. */
enum problem pkce_check(const struct pkce *pkce) MUST_CHECK;

/* Begins a flow for the user, if PKCE is given. */
void pkce_flow_begin(struct tx *tx, const struct uuid *user_id, const struct pkce *pkce,
                     const char *provider, const char *method);

/* The code of the user's newest flow of that method, from now on exchangeable (row VF39). */
enum problem pkce_flow_issue_code(struct tx *tx, const struct uuid *user_id, const char *method,
                                  const char **auth_code) MUST_CHECK;

/* grant_type=pkce (rows TK30 to TK35). */
enum problem pkce_flow_exchange(const struct realm *realm, struct tx *tx,
                                const struct client *client, const char *auth_code,
                                const char *verifier, struct issued_session *out) MUST_CHECK;

#endif
