/* invitation.h: POST /invite and POST /admin/generate_link (accounts.md 6.3, 6.4). */
#ifndef COUNTERSIGN_DOMAIN_INVITATION_H
#define COUNTERSIGN_DOMAIN_INVITATION_H

#include "domain/sign_up.h"

struct invitation {
    const char *type;                         /* of generate_link */
    const char *email, *new_email, *password; /* NULL or "": not given */
    const struct json_t *data;
    const char *aud, *admin_role;
    struct link_target target;
    /* made by the checks */
    const char *address, *new_address;
    /* made by the caller, where a password is given */
    const char *password_hash;
};

/* Row IN1. */
enum problem invite_check(struct ctx *ctx, struct invitation *in) MUST_CHECK;

/* Rows IN2 to IN5. */
enum problem invite_run(const struct realm *realm, struct tx *tx, const struct invitation *in,
                        struct account *out) MUST_CHECK;

struct generated_link {
    struct account account;
    const char *action_link, *email_otp, *hashed_token, *verification_type, *redirect_to;
};

/* Row GL1. */
enum problem generate_link_check(const struct realm *realm, struct ctx *ctx,
                                 struct invitation *in) MUST_CHECK;

/* Rows GL3 to GL13. */
enum problem generate_link_run(const struct realm *realm, struct tx *tx,
                               const struct invitation *in, struct generated_link *out) MUST_CHECK;

#endif
