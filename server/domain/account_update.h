/* account_update.h: PUT /user (accounts.md 5.2). Like sign-in in three steps: check
 * (read), compare and hash outside any transaction, apply (write, which checks again). */
#ifndef COUNTERSIGN_DOMAIN_ACCOUNT_UPDATE_H
#define COUNTERSIGN_DOMAIN_ACCOUNT_UPDATE_H

#include "domain/message.h"

#include "base/json.h"

struct update {
    struct uuid user_id, session_id; /* session nil: none */
    const char *aal;                 /* the token's; NULL: none */
    const char *email, *phone;       /* NULL or "": unchanged */
    const char *password;            /* NULL: unchanged */
    const char *current_password, *nonce, *channel;
    const char *ip; /* of who asks */
    struct pkce pkce;
    struct link_target target;
    const struct json_t *data, *app_metadata; /* objects or NULL */
    /* made by update_form */
    const char *new_email, *new_phone;
    /* made by update_check */
    bool guarded; /* its failure is a guess (rule S14) of that address */
    const char *guessed;
    const char *old_hash; /* opened; NULL: the account has no password */
    bool needs_current;   /* row US10 */
    /* made by the caller */
    const char *new_hash;
    /* made by update_apply */
    const char *message_id;
};

/* Row US1: the form alone. */
enum problem update_form(const struct realm *realm, struct ctx *ctx, struct update *in) MUST_CHECK;

/* Rows US2 to US8, US10. */
enum problem update_check(const struct realm *realm, struct tx *tx, struct update *in) MUST_CHECK;

/* Where in->guarded holds: counts it as a guess, in a transaction of its own, before anything is
 * compared; update_apply takes that back. 429: there were too many. */
enum problem update_count(const struct realm *realm, struct tx *tx, struct update *in) MUST_CHECK;

/* Rows US13 to US19. */
enum problem update_apply(const struct realm *realm, struct tx *tx, struct update *in,
                          struct account *out) MUST_CHECK;

#endif
