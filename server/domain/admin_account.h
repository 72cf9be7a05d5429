/* admin_account.h: users as admins make, change and delete them (accounts.md 6.5). */
#ifndef COUNTERSIGN_DOMAIN_ADMIN_ACCOUNT_H
#define COUNTERSIGN_DOMAIN_ADMIN_ACCOUNT_H

#include "domain/issued_session.h"

#include "base/json.h"

struct admin_user {
    const char *id, *aud, *role, *email, *phone; /* NULL if not given */
    const char *password, *password_hash;        /* NULL if not given */
    const char *ban_duration;                    /* NULL if not given */
    bool enforce_password_rules;                 /* also where the official server has none: AC6 */
    bool email_confirm, phone_confirm;
    const struct json_t *user_metadata, *app_metadata; /* objects or NULL */
    const char *admin_role;                            /* of the token, for the audit */
    /* made by the checks */
    struct uuid uuid;
    const char *new_email, *new_phone;
    int64_t banned_until; /* 0: not */
    /* made by the caller */
    const char *new_hash; /* of password; NULL if none is given */
};

/* The forms alone: AC2 to AC10 but for what is taken; AP1. */
enum problem admin_create_check(const struct realm *realm, struct ctx *ctx,
                                struct admin_user *in) MUST_CHECK;
enum problem admin_update_check(const struct realm *realm, struct ctx *ctx,
                                struct admin_user *in) MUST_CHECK;

/* AC3, AC4, AC11, AC12. */
enum problem admin_create(const struct realm *realm, struct tx *tx, struct admin_user *in,
                          struct account *out) MUST_CHECK;

/* AP2 to AP10. */
enum problem admin_update(const struct realm *realm, struct tx *tx, const struct uuid *id,
                          struct admin_user *in, struct account *out) MUST_CHECK;

/* AX1 to AX4. */
enum problem admin_delete(const struct realm *realm, struct tx *tx, const struct uuid *id,
                          bool soft, const char *admin_role) MUST_CHECK;

#endif
