/* otp_verify_effect.c: confirmations, changes of address, see otp_verify_effect.h. */
#include "domain/otp_verify_effect.h"

#include "domain/account_reset.h"
#include "domain/address_claim.h"
#include "domain/audit_event.h"
#include "domain/message.h"
#include "domain/notice.h"
#include "domain/profile.h"
#include "store/flow_states.h"

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

/* security.md S12: with the first proof of an address goes what others put on the account. `first`
 * is the account as it was before. A sign-up's own mail or SMS brought what the account holds. */
static void keep_own(struct tx *tx, const struct user *first, const struct verification *v,
                     bool by_email)
{
    struct flow_state flow;
    bool goes_on = v->flow_method && flow_state_newest(tx, &v->user->id, v->flow_method, &flow);
    bool brought = v->kind == TOKEN_CONFIRMATION || first->is_anonymous;
    struct kept kept = {
        .password = brought,
        .metadata = brought,
        .anonymous = first->is_anonymous,
        .flow = goes_on ? &flow.id : NULL,
    };
    account_reset(tx, v->user, by_email, &kept);
}

/* Row VF33. */
static enum problem change_phone(const struct realm *realm, struct tx *tx,
                                 const struct otp_verification *in, struct verification *v)
{
    struct user *u = v->user, before = *u;
    const char *fresh = *u->phone_change ? u->phone_change : in->address;
    enum problem problem = address_clear(realm, tx, false, fresh, &u->id);
    if (problem) {
        return problem;
    }
    u->phone = fresh;
    u->phone_change = "";
    u->phone_confirmed_at = tx->ctx->now_us;
    u->is_anonymous = false;
    if (account_unproven(&before)) {
        keep_own(tx, &before, v, false);
    }
    bool linked = identity_set_address(tx, u, "phone", fresh, true);
    audit_by_user(realm, tx, u, AUDIT_USER_MODIFIED, NULL, NULL);
    notify_of_phone(realm, tx, u, before.phone, linked);
    return P_OK;
}

/* Row VF35. */
static enum problem change_email(const struct realm *realm, struct tx *tx, struct verification *v)
{
    struct user *u = v->user, before = *u;
    const char *fresh = u->email_change;
    enum problem problem = *fresh ? address_clear(realm, tx, true, fresh, &u->id) : P_EMAIL_TAKEN;
    if (problem) {
        return problem;
    }
    u->email = fresh;
    u->email_change = "";
    u->email_change_confirm_status = 0;
    u->email_confirmed_at = u->email_confirmed_at ? u->email_confirmed_at : tx->ctx->now_us;
    u->is_anonymous = false;
    if (account_unproven(&before)) {
        keep_own(tx, &before, v, true);
    }
    identity_set_address(tx, u, "email", fresh, true);
    audit_by_user(realm, tx, u, AUDIT_USER_MODIFIED, NULL, NULL);
    if (before.email) {
        struct mail mail = { .kind = MAIL_EMAIL_CHANGED,
                             .to = before.email,
                             .old_email = before.email,
                             .email = fresh };
        notify(realm, tx, u, &mail);
    }
    return P_OK;
}

/* The address that the account has already. */
static void confirm_own(const struct realm *realm, struct tx *tx, struct verification *v)
{
    struct user *u = v->user, before = *u;
    bool by_email = strcmp(v->type, "sms") != 0, sent_to_confirm = v->kind == TOKEN_CONFIRMATION;
    if (by_email && !sent_to_confirm && u->email_confirmed_at) {
        audit_by_user(realm, tx, u, AUDIT_LOGIN, NULL, NULL);
        return;
    }
    *(by_email ? &u->email_confirmed_at : &u->phone_confirmed_at) = tx->ctx->now_us;
    u->is_anonymous = false;
    if (account_unproven(&before)) {
        keep_own(tx, &before, v, by_email);
    }
    if (by_email) {
        set_metadata(tx, u, "{\"email_verified\":true}");
    }
    audit_by_user(realm, tx, u, AUDIT_USER_SIGNEDUP, NULL,
                  TRAITS({ "provider", by_email ? "email" : "phone" }));
    if (by_email && sent_to_confirm) {
        verify_identities(tx, u);
    }
}

/* Row VF34: with secure change the first of the two confirmations only counts. */
static bool first_of_two(const struct realm *realm, const struct user *u)
{
    return realm->config->mail.secure_email_change && !realm->config->accounts.mailer_autoconfirm &&
           u->email && u->email_change_confirm_status == 0;
}

enum problem otp_verify_effect(const struct realm *realm, struct tx *tx,
                               const struct otp_verification *in, struct verification *v)
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
        problem = change_email(realm, tx, v);
    } else if (strcmp(v->type, "phone_change") == 0) {
        problem = change_phone(realm, tx, in, v);
    } else {
        confirm_own(realm, tx, v);
    }
    if (problem) {
        return problem;
    }
    user_clear_tokens(tx, u); /* row OT5 */
    providers_recompute(tx, u);
    user_save(tx, u);
    return P_OK;
}
