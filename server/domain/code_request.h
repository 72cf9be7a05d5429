/* code_request.h: codes and links that users ask for: POST /otp, /magiclink, /recover, /resend,
 * GET /reauthenticate (accounts.md 4.2 to 4.4, 4.7). */
#ifndef COUNTERSIGN_DOMAIN_CODE_REQUEST_H
#define COUNTERSIGN_DOMAIN_CODE_REQUEST_H

#include "domain/sign_up.h"

struct code_request {
    const char *type;          /* of /resend */
    const char *email, *phone; /* NULL or "": not given */
    const char *channel, *aud;
    bool create_user;
    const struct json_t *data;
    struct pkce pkce;
    struct link_target target;
    const struct client *client;
    /* made by the checks */
    const char *address;
    /* made by the calls */
    const char *message_id;
};

/* POST /otp: rows OT10 to OT20; the e-mail part is POST /magiclink: rows OT30 to OT37. */
enum problem otp_check(const struct realm *realm, struct ctx *ctx,
                       struct code_request *in) MUST_CHECK;
enum problem magic_link_check(const struct realm *realm, struct ctx *ctx,
                              struct code_request *in) MUST_CHECK;
enum problem otp_run(const struct realm *realm, struct tx *tx, struct code_request *in) MUST_CHECK;

/* Rows RC1 to RC5. */
enum problem recover_check(const struct realm *realm, struct ctx *ctx,
                           struct code_request *in) MUST_CHECK;
enum problem recover_run(const struct realm *realm, struct tx *tx,
                         struct code_request *in) MUST_CHECK;

/* Rows RS1 to RS9. */
enum problem resend_check(const struct realm *realm, struct ctx *ctx,
                          struct code_request *in) MUST_CHECK;
enum problem resend_run(const struct realm *realm, struct tx *tx,
                        struct code_request *in) MUST_CHECK;

/* Rows RA1 to RA4. */
enum problem reauthenticate_run(const struct realm *realm, struct tx *tx,
                                const struct uuid *user_id, const char **message_id) MUST_CHECK;

#endif
