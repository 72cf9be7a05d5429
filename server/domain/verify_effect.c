/* verify_effect.c: confirmations, changes of address, see verify_effect.h. */
#include "domain/verify_effect.h"

#include "domain/audit_event.h"
#include "domain/message.h"
#include "domain/notice.h"
#include "domain/profile.h"

#include <string.h>

static void set_metadata(struct tx *tx, struct user *u, const char *patch)
{
    const char *detail;
    u->user_metadata = json_merged(tx->ctx->arena, u->user_metadata,
                                   json_read(tx->ctx->arena, patch, strlen(patch), &detail));
}

/* Row VF30: every identity with that e-mail. */
static void verify_identities(struct tx *tx, const struct user *u)
{
    const char *detail, *patch = "{\"email_verified\":true}";
    const struct json_t *verified = json_read(tx->ctx->arena, patch, strlen(patch), &detail);
    struct identity *list;
    int n = identities_of(tx, &u->id, &list);
    for (int i = 0; i < n; i++) {
        if (list[i].email && u->email && strcmp(list[i].email, u->email) == 0) {
            list[i].data = json_merged(tx->ctx->arena, list[i].data, verified);
            identity_save(tx, &list[i]);
        }
    }
}

static void confirm_email(const struct realm *realm, struct tx *tx, struct user *u)
{
    u->email_confirmed_at = tx->ctx->now_us;
    u->is_anonymous = false;
    set_metadata(tx, u, "{\"email_verified\":true}");
    audit_by_user(realm, tx, u, AUDIT_USER_SIGNEDUP, NULL, TRAITS({ "provider", "email" }));
}

/* Row VF33. */
static enum problem change_phone(const struct realm *realm, struct tx *tx,
                                 const struct verify *in, struct user *u)
{
    const char *old = u->phone, *fresh = *u->phone_change ? u->phone_change : in->address;
    if (user_phone_taken(tx, fresh, &u->id)) {
        return P_PHONE_TAKEN;
    }
    u->phone = fresh;
    u->phone_change = "";
    u->phone_confirmed_at = tx->ctx->now_us;
    u->is_anonymous = false;
    bool linked = identity_set_address(tx, u, "phone", fresh, true);
    audit_by_user(realm, tx, u, AUDIT_USER_MODIFIED, NULL, NULL);
    notify_of_phone(realm, tx, u, old, linked);
    return P_OK;
}

/* Row VF35. */
static enum problem change_email(const struct realm *realm, struct tx *tx, struct user *u)
{
    const char *old = u->email, *fresh = u->email_change;
    if (!*fresh || user_email_taken(tx, fresh, &u->id)) {
        return P_EMAIL_TAKEN;
    }
    u->email = fresh;
    u->email_change = "";
    u->email_change_confirm_status = 0;
    u->email_confirmed_at = u->email_confirmed_at ? u->email_confirmed_at : tx->ctx->now_us;
    u->is_anonymous = false;
    identity_set_address(tx, u, "email", fresh, true);
    audit_by_user(realm, tx, u, AUDIT_USER_MODIFIED, NULL, NULL);
    if (old) {
        struct mail mail = { .kind = MAIL_EMAIL_CHANGED, .to = old, .old_email = old,
                             .email = fresh };
        notify(realm, tx, u, &mail);
    }
    return P_OK;
}

/* Row VF34: with secure change the first of the two confirmations only counts. */
static bool first_of_two(const struct realm *realm, const struct user *u)
{
    return realm->config->secure_email_change && !realm->config->mailer_autoconfirm && u->email &&
           u->email_change_confirm_status == 0;
}

enum problem verify_effect(const struct realm *realm, struct tx *tx, const struct verify *in,
                           struct verification *v)
{
    struct user *u = v->user;
    enum problem problem = P_OK;
    if (strcmp(v->type, "email_change") == 0) {
        if (first_of_two(realm, u)) {
            token_clear(tx, &u->id, v->kind);
            u->email_change_confirm_status = 1;
            user_save(tx, u);
            v->half_done = true;
            return P_OK;
        }
        problem = change_email(realm, tx, u);
    } else if (strcmp(v->type, "phone_change") == 0) {
        problem = change_phone(realm, tx, in, u);
    } else if (strcmp(v->type, "sms") == 0) {
        u->phone_confirmed_at = tx->ctx->now_us;
        u->is_anonymous = false;
        audit_by_user(realm, tx, u, AUDIT_USER_SIGNEDUP, NULL, TRAITS({ "provider", "phone" }));
    } else if (v->kind == TOKEN_CONFIRMATION) {
        confirm_email(realm, tx, u);
        verify_identities(tx, u);
    } else if (!u->email_confirmed_at) {
        confirm_email(realm, tx, u);
    } else {
        audit_by_user(realm, tx, u, AUDIT_LOGIN, NULL, NULL);
    }
    if (problem) {
        return problem;
    }
    user_clear_tokens(tx, u); /* row OT5 */
    providers_recompute(tx, u);
    user_save(tx, u);
    return P_OK;
}
