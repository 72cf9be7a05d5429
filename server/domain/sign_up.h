/* sign_up.h: POST /signup (accounts.md section 2). The caller checks, hashes the password
 * outside any transaction, and then signs up. */
#ifndef COUNTERSIGN_DOMAIN_SIGN_UP_H
#define COUNTERSIGN_DOMAIN_SIGN_UP_H

#include "domain/message.h"

#include "base/json.h"

struct sign_up {
    const char *email, *phone, *password; /* NULL or "" if not given */
    const char *channel;
    struct pkce pkce;
    const struct json_t *data; /* object or NULL */
    const char *aud;
    struct link_target target;
    bool for_code; /* by POST /otp: no password, and no session where it is confirmed at once */
    /* made by sign_up_check */
    const char *provider; /* "email", "phone", or NULL: anonymous */
    const char *address;
    /* made by the caller */
    const char *password_hash;
};

/* Rows SU2 to SU13 in their order; normalises the address. */
enum problem sign_up_check(const struct realm *realm, struct ctx *ctx,
                           struct sign_up *in) MUST_CHECK;

struct signed_up {
    bool has_session; /* else the bare user is the answer */
    struct issued_session issued;
    const char *message_id; /* of an SMS; NULL if there is none */
};

/* Rows SU4, SU14 to SU23. */
enum problem sign_up_run(const struct realm *realm, struct tx *tx, const struct client *client,
                         const struct sign_up *in, struct signed_up *out) MUST_CHECK;

#endif
