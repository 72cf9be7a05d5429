/* account_update.c: changes that users make to themselves, see account_update.h. */
#include "domain/account_update.h"

#include "domain/account_reset.h"
#include "domain/address.h"
#include "domain/address_claim.h"
#include "domain/assurance.h"
#include "domain/mfa_policy.h"
#include "domain/audit_event.h"
#include "domain/password_throttle.h"
#include "domain/notice.h"
#include "domain/password_rules.h"
#include "domain/profile.h"

#include <string.h>

static bool given(const char *text)
{
    return text && *text;
}

enum problem update_form(const struct realm *realm, struct ctx *ctx, struct update *in)
{
    enum problem problem = P_OK;
    if (given(in->email)) {
        problem = email_normalise(ctx, in->email, &in->new_email);
    }
    if (!problem && given(in->phone)) {
        problem = phone_normalise(ctx, in->phone, &in->new_phone);
    }
    if (!problem && given(in->phone)) {
        problem = message_channel_check(realm, in->channel);
    }
    if (!problem && in->password) {
        problem = password_check(realm, ctx, in->password);
    }
    return problem ? problem : pkce_check(&in->pkce);
}

/* Drops addresses that are the user's already (row US20). */
static void drop_unchanged(const struct user *user, struct update *in)
{
    if (in->new_email && user->email && strcmp(in->new_email, user->email) == 0) {
        in->new_email = NULL;
    }
    if (in->new_phone && user->phone && strcmp(in->new_phone, user->phone) == 0) {
        in->new_phone = NULL;
    }
}

static enum problem check_level(const struct realm *realm, struct tx *tx, const struct user *user,
                                const struct update *in)
{
    struct session session;
    bool named = !uuid_is_nil(&in->session_id);
    if (named && (!session_by_id(tx, &in->session_id, &session) ||
                  !uuid_equal(&session.user_id, &user->id))) {
        return P_JWT_SESSION_NOT_FOUND;
    }
    bool guarded = in->password || in->new_email || in->new_phone;
    bool high = aal_is_2(aal_of_request(in->aal, named ? &session : NULL));
    if (guarded && !high && factor_any_verified(tx, &user->id)) {
        return P_UPDATE_NEEDS_AAL2;
    }
    return in->app_metadata && !high ? mfa_policy_admin(realm->config, tx, user) : P_OK;
}

/* Row US10: not after a sign-in by a code or link, which shows that the password is lost. */
static bool session_proves_mailbox(struct tx *tx, const struct update *in)
{
    struct amr list[AMR_MAX];
    int n = amr_of(tx, &in->session_id, list);
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].method, "otp") == 0 || strcmp(list[i].method, "magiclink") == 0 ||
            strcmp(list[i].method, "recovery") == 0) {
            return true;
        }
    }
    return false;
}

/* Rows US6, US7. */
static enum problem check_taken(struct tx *tx, const struct user *user, const struct update *in)
{
    if (in->new_email && user_email_taken(tx, in->new_email, &user->id)) {
        return P_EMAIL_TAKEN;
    }
    return in->new_phone && user_phone_taken(tx, in->new_phone, &user->id) ? P_PHONE_TAKEN : P_OK;
}

/* Row US8: an old session, or none, must prove itself once more. */
static bool needs_nonce(const struct realm *realm, struct tx *tx, const struct update *in)
{
    struct session session;
    if (!realm->config->passwords.reauthentication || !in->password) {
        return false;
    }
    return uuid_is_nil(&in->session_id) || !session_by_id(tx, &in->session_id, &session) ||
           tx->ctx->now_us > session.created_at + 24 * 3600 * US_PER_S;
}

/* Row US9; the nonce is spent by the update itself, which clears all tokens. */
static enum problem check_nonce(const struct realm *realm, struct tx *tx, const struct user *u,
                                const struct update *in)
{
    if (!needs_nonce(realm, tx, in)) {
        return P_OK;
    }
    if (!given(in->nonce)) {
        return P_REAUTH_NEEDED;
    }
    const struct config *c = realm->config;
    int64_t life_s = u->email ? c->mail.otp_exp_s : c->sms.otp_exp_s;
    bool live = u->reauthentication_sent_at &&
                tx->ctx->now_us <= u->reauthentication_sent_at + life_s * US_PER_S;
    const char *address = u->email ? u->email : u->phone ? u->phone : "";
    struct code_guard guard = code_guard_of_nonces(realm, tx, &u->id);
    if (!live || code_guard_spent(tx->ctx, &guard) ||
        code_guard_voids(tx->ctx, &guard, u->reauthentication_sent_at)) {
        return P_NONCE_INVALID;
    }
    bool fits = !u->email && realm->codes_elsewhere
                    ? code_fits_elsewhere(tx, address, in->nonce)
                    : code_fits(realm, tx, &u->id, TOKEN_REAUTHENTICATION, address, in->nonce);
    if (!fits) {
        code_guard_wrong(tx, &guard, u->reauthentication_sent_at);
    }
    return fits ? P_OK : P_NONCE_INVALID;
}

static enum problem check_rights(const struct realm *realm, const struct user *user,
                                 const struct update *in)
{
    if (in->app_metadata && (strcmp(user->role, realm->config->jwt.admin_group) != 0 ||
                             strcmp(user->aud, realm->config->jwt.aud) != 0)) {
        return P_APP_METADATA_NEEDS_ADMIN;
    }
    return P_OK;
}

static enum problem load_and_check(const struct realm *realm, struct tx *tx, struct update *in,
                                   struct user *user)
{
    if (!user_by_id(tx, &in->user_id, user)) {
        return P_JWT_USER_NOT_FOUND;
    }
    drop_unchanged(user, in);
    enum problem problem = check_rights(realm, user, in);
    if (!problem) {
        problem = check_level(realm, tx, user, in);
    }
    if (!problem && user->is_anonymous && in->password && !in->new_email && !in->new_phone) {
        problem = P_ANONYMOUS_PASSWORD;
    }
    if (!problem && user->is_sso &&
        (in->new_email || in->new_phone || in->password || given(in->nonce))) {
        problem = P_SSO_MANAGED;
    }
    return problem ? problem : check_taken(tx, user, in);
}

enum problem update_check(const struct realm *realm, struct tx *tx, struct update *in)
{
    struct user user;
    enum problem problem = load_and_check(realm, tx, in, &user);
    if (problem || !in->password) {
        return problem;
    }
    if (needs_nonce(realm, tx, in) && !given(in->nonce)) {
        return P_REAUTH_NEEDED;
    }
    in->old_hash = NULL;
    if (*user.password) {
        in->old_hash = vault_open(realm->vault, tx->ctx->arena, &user.id, user.password);
        if (!in->old_hash) {
            return P_PASSWORD_UNREADABLE;
        }
    }
    in->needs_current = realm->config->passwords.current_password && in->old_hash &&
                        !session_proves_mailbox(tx, in);
    if (in->needs_current && !given(in->current_password)) {
        return P_CURRENT_PASSWORD_REQUIRED;
    }
    in->guarded = in->old_hash || given(in->nonce);
    in->guessed = throttle_address(tx->ctx->arena, &user);
    return P_OK;
}

enum problem update_count(const struct realm *realm, struct tx *tx, struct update *in)
{
    struct password_throttle throttle = throttle_of(realm, tx->ctx->arena, in->guessed, in->ip);
    return throttle_failure(realm, tx, &throttle, &in->user_id);
}

/* Row US17. */
static bool confirmed_at_once(const struct realm *realm, const struct user *user)
{
    return user->is_anonymous && realm->config->accounts.mailer_autoconfirm;
}

/* The tokens go and their timers with them, but for those of messages that this request is to
 * send: else a password with each change of address would send as many as one likes. */
static void apply_password(const struct realm *realm, struct tx *tx, struct update *in,
                           struct user *user)
{
    int64_t mailed_at = user->email_change_sent_at, texted_at = user->phone_change_sent_at;
    bool mails = in->new_email && !confirmed_at_once(realm, user);
    bool texts = in->new_phone && !realm->config->accounts.sms_autoconfirm;
    user->password = password_at_rest(realm, tx->ctx, &user->id, in->new_hash);
    user_clear_tokens(tx, user);
    user->email_change_sent_at = mails ? mailed_at : user->email_change_sent_at;
    user->phone_change_sent_at = texts ? texted_at : user->phone_change_sent_at;
    sessions_delete(tx, &user->id, &in->session_id);
    audit_by_user(realm, tx, user, AUDIT_UPDATED_PASSWORD, NULL, NULL);
    struct mail mail = { .kind = MAIL_PASSWORD_CHANGED, .to = user->email };
    notify(realm, tx, user, &mail);
}

/* security.md S12: the first address of the account; who asked goes on. */
static void keep_own(struct tx *tx, const struct update *in, const struct user *before,
                     struct user *user, bool by_email)
{
    struct kept kept = {
        .password = before->is_anonymous || in->password,
        .metadata = true,
        .session = &in->session_id,
    };
    if (account_unproven(before)) {
        account_reset(tx, user, by_email, &kept);
    }
}

static enum problem phone_at_once(const struct realm *realm, struct tx *tx, const struct update *in,
                                  struct user *user)
{
    const struct user before = *user;
    const char *old = user->phone;
    enum problem problem = address_clear(realm, tx, false, in->new_phone, &user->id);
    if (problem) {
        return problem;
    }
    user->phone = in->new_phone;
    user->phone_confirmed_at = tx->ctx->now_us;
    user->is_anonymous = false;
    keep_own(tx, in, &before, user, false);
    bool linked = identity_set_address(tx, user, "phone", in->new_phone, true);
    providers_recompute(tx, user);
    notify_of_phone(realm, tx, user, old, linked);
    return P_OK;
}

static enum problem email_at_once(const struct realm *realm, struct tx *tx, const struct update *in,
                                  struct user *user)
{
    const struct user before = *user;
    enum problem problem = address_clear(realm, tx, true, in->new_email, &user->id);
    if (problem) {
        return problem;
    }
    user->email = in->new_email;
    user->email_confirmed_at = tx->ctx->now_us;
    user->is_anonymous = false;
    keep_own(tx, in, &before, user, true);
    identity_set_address(tx, user, "email", in->new_email, true);
    providers_recompute(tx, user);
    return P_OK;
}

/* Rows US16, US17. */
static enum problem apply_email(const struct realm *realm, struct tx *tx, struct update *in,
                                struct user *user)
{
    if (confirmed_at_once(realm, user)) {
        return email_at_once(realm, tx, in, user);
    }
    user->email_change = in->new_email;
    enum problem problem =
        message_email_change(realm, tx, user, &in->target, pkce_given(&in->pkce));
    if (!problem) {
        pkce_flow_begin(tx, &user->id, &in->pkce, "email", "email_change");
    }
    return problem;
}

static enum problem apply_addresses(const struct realm *realm, struct tx *tx, struct update *in,
                                    struct user *user)
{
    enum problem problem = in->new_email ? apply_email(realm, tx, in, user) : P_OK;
    if (problem || !in->new_phone) {
        return problem;
    }
    if (realm->config->accounts.sms_autoconfirm) { /* row US18 */
        return phone_at_once(realm, tx, in, user);
    }
    problem = message_sms(realm, tx, user, TOKEN_PHONE_CHANGE, in->new_phone, in->channel,
                          &in->message_id);
    user->phone_change = problem ? user->phone_change : in->new_phone;
    return problem;
}

enum problem update_apply(const struct realm *realm, struct tx *tx, struct update *in,
                          struct account *out)
{
    struct user *user = &out->user;
    enum problem problem = load_and_check(realm, tx, in, user);
    if (problem) {
        return problem;
    }
    problem = check_nonce(realm, tx, user, in);
    if (problem) {
        return problem;
    }
    if (in->password) {
        apply_password(realm, tx, in, user);
    }
    problem = user_metadata_merge(tx->ctx, user, "data", in->data);
    if (!problem) {
        problem = app_metadata_merge(tx->ctx, user, "app_metadata", in->app_metadata);
    }
    if (!problem) {
        problem = apply_addresses(realm, tx, in, user);
    }
    if (problem) {
        return problem;
    }
    user_save(tx, user);
    audit_by_user(realm, tx, user, AUDIT_USER_MODIFIED, NULL, NULL);
    if (in->guarded) {
        struct password_throttle throttle = throttle_of(realm, tx->ctx->arena, in->guessed, in->ip);
        throttle_undo(realm, tx, &throttle);
    }
    account_load(tx, out);
    return P_OK;
}
