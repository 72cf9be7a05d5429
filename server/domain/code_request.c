/* code_request.c: one-time codes on request, see code_request.h. */
#include "domain/code_request.h"

#include "domain/address.h"
#include "domain/address_claim.h"
#include "domain/audit_event.h"
#include "domain/profile.h"
#include "domain/send_limit.h"
#include "domain/enumeration.h"
#include "domain/request.h"

#include <string.h>

static bool given(const char *text)
{
    return text && *text;
}

enum problem magic_link_check(const struct realm *realm, struct ctx *ctx, struct code_request *in)
{
    if (!realm->config->accounts.email_enabled) {
        return P_EMAIL_LOGINS_OFF;
    }
    if (!realm->config->accounts.magic_link_enabled) {
        return P_MAGIC_LINK_OFF;
    }
    if (!given(in->email)) {
        return P_MAGIC_NO_EMAIL;
    }
    enum problem problem = email_normalise(ctx, in->email, &in->address);
    if (!problem) {
        problem = pkce_check(&in->pkce);
    }
    return problem ? problem : metadata_check(ctx, "data", in->data);
}

enum problem otp_check(const struct realm *realm, struct ctx *ctx, struct code_request *in)
{
    const char *ignored;
    if (given(in->email) && given(in->phone)) {
        return P_OTP_BOTH;
    }
    if (given(in->email) && given(in->channel)) {
        return P_OTP_CHANNEL;
    }
    enum problem problem = pkce_check(&in->pkce);
    if (problem) {
        return problem;
    }
    if (!given(in->email) && !given(in->phone)) {
        return P_OTP_NEITHER;
    }
    /* Row OT13: with create_user off an invalid address is one more that nobody has. */
    bool valid = given(in->email) ? !email_normalise(ctx, in->email, &ignored)
                                  : !phone_normalise(ctx, in->phone, &ignored);
    if (!in->create_user && !valid) {
        return P_OTP_DISABLED;
    }
    if (given(in->email)) {
        return magic_link_check(realm, ctx, in);
    }
    if (!realm->config->accounts.phone_enabled) {
        return P_PHONE_PROVIDER_OFF;
    }
    problem = phone_normalise(ctx, in->phone, &in->address);
    if (!problem) {
        problem = message_channel_check(realm, in->channel);
    }
    return problem ? problem : metadata_check(ctx, "data", in->data);
}

/* Rows OT18, OT35: an account of that address without a password. */
static enum problem make_account(const struct realm *realm, struct tx *tx, struct code_request *in,
                                 struct signed_up *out)
{
    struct sign_up sign_up = {
        .provider = given(in->email) ? "email" : "phone",
        .address = in->address,
        .channel = in->channel,
        .pkce = in->pkce,
        .data = in->data,
        .aud = in->aud,
        .target = in->target,
        .for_code = true,
    };
    return sign_up_run(realm, tx, in->client, &sign_up, out);
}

static enum problem send_magic_link(const struct realm *realm, struct tx *tx, struct user *user,
                                    struct code_request *in)
{
    enum problem problem = message_magic_link(realm, tx, user, &in->target, pkce_given(&in->pkce));
    if (problem) {
        return problem;
    }
    pkce_flow_begin(tx, &user->id, &in->pkce, "magiclink", "magiclink");
    user_save(tx, user);
    audit_by_user(realm, tx, user, AUDIT_RECOVERY_REQUESTED, NULL, NULL);
    return P_OK;
}

static enum problem send_code(const struct realm *realm, struct tx *tx, struct user *user,
                              struct code_request *in)
{
    enum problem problem =
        message_sms(realm, tx, user, TOKEN_CONFIRMATION, in->address, in->channel, &in->message_id);
    if (problem) {
        return problem;
    }
    user_save(tx, user);
    audit_by_user(realm, tx, user, AUDIT_RECOVERY_REQUESTED, NULL,
                  TRAITS({ "channel", given(in->channel) ? in->channel : "sms" }));
    return P_OK;
}

/* Rows OT13, OT18 and rule S4: what only an account could change is not told, but to this machine,
 * where the operator and the tests are. */
static enum problem refusal_of(const struct realm *realm, const struct code_request *in, bool found,
                               bool confirmed)
{
    if (!found && !in->create_user) {
        return P_OTP_DISABLED;
    }
    return !confirmed && realm->config->accounts.disable_signup ? P_SIGNUP_DISABLED : P_OK;
}

enum problem otp_run(const struct realm *realm, struct tx *tx, struct code_request *in)
{
    struct signed_up made;
    struct user *user = &made.issued.account.user;
    bool quiet, by_email = given(in->email);
    bool guarded = !in->create_user || realm->config->accounts.disable_signup;
    enum problem problem = enumeration_pause(
        realm, tx, by_email ? ENUMERATION_CODE : ENUMERATION_PHONE, in->address, &quiet);
    if (problem) {
        return problem;
    }
    bool found = by_email ? user_by_email(tx, in->aud, in->address, user)
                          : user_by_phone(tx, in->aud, in->address, user);
    found = found && !address_is_foreign(tx, user, by_email);
    bool confirmed = found && (by_email ? user->email_confirmed_at : user->phone_confirmed_at);
    problem = refusal_of(realm, in, found, confirmed);
    request_of(tx->ctx)->silent_sends = guarded;
    enumeration_equal_totals(tx);
    if (problem && in->client->local) {
        return problem;
    }
    if (problem || quiet) {
        *user = enumeration_decoy_user(realm, tx, in->aud, by_email ? in->address : NULL,
                                       by_email ? NULL : in->address);
    } else if (!confirmed) {
        problem = make_account(realm, tx, in, &made);
        confirmed = !problem && (by_email ? user->email_confirmed_at : user->phone_confirmed_at);
        if (!confirmed) {
            in->message_id = problem || guarded ? NULL : made.message_id;
            return problem;
        }
    } else if (!guarded) { /* which others ask of who is new */
        request_of(tx->ctx)->equal_time |= EQUAL_TIME_CREATED | EQUAL_TIME_ANNOUNCED;
    }
    problem = by_email ? send_magic_link(realm, tx, user, in) : send_code(realm, tx, user, in);
    in->message_id = guarded && !in->client->local ? NULL : in->message_id;
    return problem;
}

enum problem recover_check(const struct realm *realm, struct ctx *ctx, struct code_request *in)
{
    if (!realm->config->accounts.email_enabled) {
        return P_RECOVERY_OFF;
    }
    if (!given(in->email)) {
        return P_RECOVERY_NO_EMAIL;
    }
    enum problem problem = email_normalise(ctx, in->email, &in->address);
    return problem ? problem : pkce_check(&in->pkce);
}

enum problem recover_run(const struct realm *realm, struct tx *tx, struct code_request *in)
{
    struct user user;
    bool quiet;
    enum problem problem = enumeration_pause(realm, tx, ENUMERATION_CODE, in->address, &quiet);
    if (problem) {
        return problem;
    }
    request_of(tx->ctx)->silent_sends = true;
    enumeration_equal_totals(tx);
    if (!user_by_email(tx, in->aud, in->address, &user) || quiet ||
        address_is_foreign(tx, &user, true)) {
        user = enumeration_decoy_user(realm, tx, in->aud, in->address, NULL);
    }
    problem = message_recovery(realm, tx, &user, &in->target, pkce_given(&in->pkce));
    if (problem) {
        return problem;
    }
    pkce_flow_begin(tx, &user.id, &in->pkce, "recovery", "recovery");
    user_save(tx, &user);
    audit_by_user(realm, tx, &user, AUDIT_RECOVERY_REQUESTED, NULL, NULL);
    return P_OK;
}

static bool of_type(const struct code_request *in, const char *type)
{
    return in->type && strcmp(in->type, type) == 0;
}

enum problem resend_check(const struct realm *realm, struct ctx *ctx, struct code_request *in)
{
    bool mail = of_type(in, "signup") || of_type(in, "email_change");
    if (!mail && !of_type(in, "sms") && !of_type(in, "phone_change")) {
        return P_RESEND_TYPE;
    }
    enum problem problem = mail ? pkce_check(&in->pkce) : P_OK;
    if (problem) {
        return problem;
    }
    if (of_type(in, "signup") && !given(in->email)) {
        return P_RESEND_NEEDS_EMAIL;
    }
    if (of_type(in, "sms") && !given(in->phone)) {
        return P_RESEND_NEEDS_PHONE;
    }
    if (given(in->email) && given(in->phone)) {
        return P_RESEND_BOTH;
    }
    if (given(in->email)) {
        return realm->config->accounts.email_enabled ? email_normalise(ctx, in->email, &in->address)
                                                     : P_RECOVERY_OFF;
    }
    if (given(in->phone)) {
        return realm->config->accounts.phone_enabled ? phone_normalise(ctx, in->phone, &in->address)
                                                     : P_RESEND_PHONE_OFF;
    }
    return P_RESEND_NEITHER;
}

static enum problem resend_mail(const struct realm *realm, struct tx *tx, struct user *user,
                                struct code_request *in)
{
    bool pkce = pkce_given(&in->pkce);
    if (of_type(in, "signup")) {
        pkce_flow_begin(tx, &user->id, &in->pkce, "email", "email/signup");
        return message_confirmation(realm, tx, user, &in->target, pkce);
    }
    pkce_flow_begin(tx, &user->id, &in->pkce, "email", "email_change");
    return message_email_change(realm, tx, user, &in->target, pkce);
}

static enum enumeration_call resend_call(const struct code_request *in)
{
    return of_type(in, "signup")         ? ENUMERATION_SIGN_UP
           : of_type(in, "sms")          ? ENUMERATION_PHONE
           : of_type(in, "email_change") ? ENUMERATION_EMAIL_CHANGE
                                         : ENUMERATION_PHONE_CHANGE;
}

/* Row RS8: is there anything to send again? */
static bool resend_find(struct tx *tx, const struct code_request *in, struct user *user)
{
    bool found = given(in->email) ? user_by_email(tx, in->aud, in->address, user)
                                  : user_by_phone(tx, in->aud, in->address, user);
    bool first = of_type(in, "signup") || of_type(in, "sms");
    if (!found || (first && address_is_foreign(tx, user, given(in->email)))) {
        return false;
    }
    return of_type(in, "signup")         ? !user->email_confirmed_at
           : of_type(in, "sms")          ? !user->phone_confirmed_at
           : of_type(in, "email_change") ? *user->email_change != '\0'
                                         : *user->phone_change != '\0';
}

enum problem resend_run(const struct realm *realm, struct tx *tx, struct code_request *in)
{
    struct user user;
    bool quiet;
    const char *ignored; /* the id of a message would tell that there was one */
    enum problem problem = enumeration_pause(realm, tx, resend_call(in), in->address, &quiet);
    if (problem) {
        return problem;
    }
    request_of(tx->ctx)->silent_sends = true;
    if (!of_type(in, "signup") && !of_type(in, "sms")) { /* these are of the unconfirmed alone */
        enumeration_equal_totals(tx);
    }
    if (!resend_find(tx, in, &user) || quiet) {
        user = enumeration_decoy_user(realm, tx, in->aud, given(in->email) ? in->address : NULL,
                                      given(in->email) ? NULL : in->address);
    }
    if (of_type(in, "sms")) {
        problem = message_sms(realm, tx, &user, TOKEN_CONFIRMATION, user.phone, "sms", &ignored);
    } else if (of_type(in, "phone_change")) {
        problem =
            message_sms(realm, tx, &user, TOKEN_PHONE_CHANGE, user.phone_change, "sms", &ignored);
    } else {
        problem = resend_mail(realm, tx, &user, in);
    }
    if (problem) {
        return problem;
    }
    user_save(tx, &user);
    bool again = of_type(in, "signup") || of_type(in, "sms");
    audit_by_user(realm, tx, &user, again ? AUDIT_CONFIRMATION_REQUESTED : AUDIT_RECOVERY_REQUESTED,
                  NULL, NULL);
    return P_OK;
}

enum problem reauthenticate_run(const struct realm *realm, struct tx *tx,
                                const struct uuid *user_id, const char **message_id)
{
    struct user user;
    *message_id = NULL;
    if (!user_by_id(tx, user_id, &user)) {
        return P_JWT_USER_NOT_FOUND;
    }
    if (!user.email && !user.phone) {
        return P_REAUTH_NO_ADDRESS;
    }
    if (user.email && !user.email_confirmed_at) {
        return P_REAUTH_EMAIL_FIRST;
    }
    if (!user.email && !user.phone_confirmed_at) {
        return P_REAUTH_PHONE_FIRST;
    }
    enum problem problem = user.email ? message_reauthentication(realm, tx, &user)
                                      : message_sms(realm, tx, &user, TOKEN_REAUTHENTICATION,
                                                    user.phone, "sms", message_id);
    if (problem) {
        return problem;
    }
    user_save(tx, &user);
    audit_by_user(realm, tx, &user, AUDIT_REAUTHENTICATE_REQUESTED, NULL, NULL);
    return P_OK;
}
