/* sign_up.c: the rules of sign-up, see sign_up.h. */
#include "domain/sign_up.h"

#include "base/draws.h"
#include "domain/account_reset.h"
#include "domain/address.h"
#include "domain/address_claim.h"
#include "domain/audit_event.h"
#include "domain/password_rules.h"
#include "domain/profile.h"
#include "domain/session.h"
#include "domain/enumeration.h"
#include "store/sign_ups.h"

#include <string.h>

static bool given(const char *text)
{
    return text && *text;
}

static enum problem check_identifier(const struct realm *realm, struct ctx *ctx, struct sign_up *in)
{
    bool by_email = given(in->email);
    in->provider = by_email ? "email" : "phone";
    if (!given(in->password)) {
        return P_SIGNUP_NO_PASSWORD;
    }
    enum problem problem = password_check(realm, ctx, in->password);
    if (problem) {
        return problem;
    }
    if (by_email && given(in->phone)) {
        return P_SIGNUP_BOTH;
    }
    problem = by_email ? P_OK : message_channel_check(realm, in->channel);
    if (problem) {
        return problem;
    }
    if (!by_email && pkce_given(&in->pkce)) {
        return P_PKCE_PHONE;
    }
    problem = pkce_check(&in->pkce);
    if (problem) {
        return problem;
    }
    if (by_email && !realm->config->accounts.email_enabled) {
        return P_EMAIL_SIGNUPS_OFF;
    }
    if (!by_email && !realm->config->accounts.phone_enabled) {
        return P_PHONE_SIGNUPS_OFF;
    }
    return by_email ? email_normalise(ctx, in->email, &in->address)
                    : phone_normalise(ctx, in->phone, &in->address);
}

enum problem sign_up_check(const struct realm *realm, struct ctx *ctx, struct sign_up *in)
{
    bool anonymous = !given(in->email) && !given(in->phone);
    in->provider = NULL;
    if (anonymous && !realm->config->accounts.anonymous_enabled) {
        return P_ANONYMOUS_DISABLED;
    }
    if (realm->config->accounts.disable_signup) {
        return P_SIGNUP_DISABLED;
    }
    enum problem problem = anonymous ? P_OK : check_identifier(realm, ctx, in);
    return problem ? problem : metadata_check(ctx, "data", in->data);
}

static struct user fresh_user(const struct realm *realm, struct tx *tx, const struct sign_up *in)
{
    return (struct user){
        .id = uuid_v4(ctx_draw(tx->ctx, "account")),
        .aud = in->aud,
        .role = realm->config->jwt.default_role,
        .password = "",
        .email_change = "",
        .phone_change = "",
        .created_at = tx->ctx->now_us,
        .updated_at = tx->ctx->now_us,
        .app_metadata = "{}",
        .user_metadata = "{}",
    };
}

static bool confirms_at_once(const struct realm *realm, bool by_email)
{
    return by_email ? realm->config->accounts.mailer_autoconfirm
                    : realm->config->accounts.sms_autoconfirm;
}

static void sign_up_anonymous(const struct realm *realm, struct tx *tx, const struct client *client,
                              const struct sign_up *in, struct signed_up *out)
{
    struct user *u = &out->issued.account.user;
    *u = fresh_user(realm, tx, in);
    u->is_anonymous = true;
    u->user_metadata = json_merged(tx->ctx->arena, "{}", in->data);
    user_insert(tx, u);
    sign_up_put(tx, &u->id, SIGN_UP_ANONYMOUS);
    account_created(tx, u);
    account_announced(tx, u);
    session_open(realm, tx, client, "anonymous", &out->issued);
    out->has_session = true;
}

static void confirm(struct tx *tx, struct user *u, bool by_email)
{
    const char *detail, *patch = "{\"email_verified\":true}";
    if (by_email) {
        u->email_confirmed_at = tx->ctx->now_us;
        u->user_metadata = json_merged(tx->ctx->arena, u->user_metadata,
                                       json_read(tx->ctx->arena, patch, strlen(patch), &detail));
    } else {
        u->phone_confirmed_at = tx->ctx->now_us;
    }
}

static void audit_asked(const struct realm *realm, struct tx *tx, const struct sign_up *in,
                        const struct user *asking, const struct user *taken)
{
    bool ghost = tx->ghost;
    if (taken) {
        ghost_end(tx); /* that somebody tried is true */
    }
    audit_by_user(realm, tx, taken ? taken : asking,
                  taken ? AUDIT_REPEATED_SIGNUP : AUDIT_CONFIRMATION_REQUESTED, NULL,
                  TRAITS({ "provider", in->provider }));
    tx->ghost = ghost;
}

/* Rows SU21, SU22: the mail or SMS that confirms the address. */
static enum problem ask_to_confirm(const struct realm *realm, struct tx *tx,
                                   const struct sign_up *in, const struct user *taken,
                                   struct signed_up *out)
{
    struct user *u = &out->issued.account.user;
    enum problem problem;
    if (strcmp(in->provider, "email") == 0) {
        problem = message_confirmation(realm, tx, u, &in->target, pkce_given(&in->pkce));
        if (!problem) {
            pkce_flow_begin(tx, &u->id, &in->pkce, "email", "email/signup");
        }
    } else {
        problem = message_sms(realm, tx, u, TOKEN_CONFIRMATION, in->address, in->channel,
                              &out->message_id);
    }
    if (problem) {
        return problem;
    }
    user_save(tx, u);
    account_announced(tx, u);
    audit_asked(realm, tx, in, u, taken);
    account_load(tx, &out->issued.account);
    if (u->invited_at) { /* row SU24 */
        u->user_metadata = "{}";
        out->issued.account.n_identities = 0;
    }
    return P_OK;
}

/* taken NULL, or whose address it is: then all is done for nobody. */
static enum problem sign_up_new(const struct realm *realm, struct tx *tx,
                                const struct client *client, const struct sign_up *in,
                                const struct user *taken, struct signed_up *out)
{
    struct arena *arena = tx->ctx->arena;
    struct user *u = &out->issued.account.user;
    bool by_email = strcmp(in->provider, "email") == 0;
    bool at_once = confirms_at_once(realm, by_email);
    *u = fresh_user(realm, tx, in);
    u->email = by_email ? in->address : NULL;
    u->phone = by_email ? NULL : in->address;
    if (in->password_hash) {
        u->password = password_at_rest(realm, tx->ctx, &u->id, in->password_hash);
    }
    /* Row SU16: a phone identity names no phone. */
    const char *data = identity_data_of(arena, &u->id, u->email, NULL, in->data);
    u->app_metadata = arena_printf(arena, "{\"provider\":\"%s\",\"providers\":[\"%s\"]}",
                                   in->provider, in->provider);
    u->user_metadata = data;
    if (at_once) {
        confirm(tx, u, by_email);
    }
    user_insert(tx, u);
    identity_add(tx, u, in->provider, data);
    account_created(tx, u);
    if (!at_once) {
        sign_up_put(tx, &u->id, SIGN_UP_UNCONFIRMED);
        return ask_to_confirm(realm, tx, in, taken, out);
    }
    bool by_phone = strcmp(in->provider, "phone") == 0;
    audit_by_user(
        realm, tx, u, AUDIT_USER_SIGNEDUP, NULL,
        TRAITS({ "provider", in->provider },
               { by_phone ? "channel" : NULL, in->channel && *in->channel ? in->channel : "sms" }));
    if (!in->for_code) {
        audit_by_user(realm, tx, u, AUDIT_LOGIN, NULL, TRAITS({ "provider", in->provider }));
        session_open(realm, tx, client, "password", &out->issued);
        out->has_session = true;
    }
    return P_OK;
}

/* Row SU20, rule S4: nothing of the real account shows, and the same is done as for a new one. That
 * it has no identities is what the official clients tell their users by. */
static enum problem pretend(const struct realm *realm, struct tx *tx, const struct client *client,
                            const struct sign_up *in, const struct user *taken,
                            struct signed_up *out)
{
    struct user *u = &out->issued.account.user;
    ghost_begin(tx); /* to the end of the request */
    enum problem problem = sign_up_new(realm, tx, client, in, taken, out);
    u->user_metadata = json_merged(tx->ctx->arena, "{}", in->data);
    out->issued.account.n_identities = 0;
    return problem;
}

/* Row SU19: a missing identity of the provider is made; those of a confirmed account stay. */
static void complete_identity(struct tx *tx, const struct sign_up *in, const struct user *u)
{
    struct identity *list;
    int n = identities_of(tx, &u->id, &list);
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].provider, in->provider) == 0) {
            return;
        }
    }
    identity_add(tx, u, in->provider,
                 identity_data_of(tx->ctx->arena, &u->id,
                                  strcmp(in->provider, "email") == 0 ? u->email : NULL, NULL,
                                  NULL));
}

/* security.md S12: of several sign-ups for an address that nobody has confirmed the newest counts,
 * as its mail or SMS is the one that will be used. What an admin put there stays. */
static void take_newest(const struct realm *realm, struct tx *tx, const struct sign_up *in,
                        const struct vouch *vouch, struct user *u)
{
    if (!vouch->password) {
        u->password =
            in->password_hash ? password_at_rest(realm, tx->ctx, &u->id, in->password_hash) : "";
    }
    if (!vouch->metadata) {
        account_set_data(tx, u, in->provider, in->data);
    }
}

/* What is asked about an address that nobody has, so that the time does not tell. */
static void ask_elsewhere(struct tx *tx, bool by_email, const char *address,
                          const struct uuid *self)
{
    bool none =
        by_email ? user_email_taken(tx, address, self) : user_phone_taken(tx, address, self);
    (void)none;
}

/* Rows SU17 to SU22 for an account that exists. A session is never the answer: only an identifier
 * that this very request confirms may give one (the serious one of the notes in section 2). */
static enum problem sign_up_existing(const struct realm *realm, struct tx *tx,
                                     const struct client *client, const struct sign_up *in,
                                     struct signed_up *out)
{
    struct user *u = &out->issued.account.user;
    bool by_email = strcmp(in->provider, "email") == 0;
    bool confirmed = by_email ? u->email_confirmed_at != 0 : u->phone_confirmed_at != 0;
    bool at_once = confirms_at_once(realm, by_email);
    struct vouch vouch = { 0 };
    if (!confirmed) {
        vouch = vouch_of(tx, &u->id);
    }
    if (confirmed || (at_once && !in->for_code && vouch.known)) {
        if (!at_once) {
            struct user taken = *u;
            ask_elsewhere(tx, by_email, in->address, &taken.id);
            return pretend(realm, tx, client, in, &taken, out);
        }
        audit_by_user(realm, tx, u, AUDIT_REPEATED_SIGNUP, NULL,
                      TRAITS({ "provider", in->provider }));
        tx_commit_on_error(tx);
        return P_USER_EXISTS;
    }
    if (account_unproven(u) && !u->is_anonymous) {
        take_newest(realm, tx, in, &vouch, u);
    }
    complete_identity(tx, in, u);
    return ask_to_confirm(realm, tx, in, NULL, out);
}

enum problem sign_up_run(const struct realm *realm, struct tx *tx, const struct client *client,
                         const struct sign_up *in, struct signed_up *out)
{
    *out = (struct signed_up){ 0 };
    struct user *u = &out->issued.account.user;
    if (!in->provider) {
        sign_up_anonymous(realm, tx, client, in, out);
        return P_OK;
    }
    bool exists, quiet, by_email = strcmp(in->provider, "email") == 0;
    bool at_once = confirms_at_once(realm, by_email);
    if (!at_once && !in->for_code) {
        enum problem problem = enumeration_pause(
            realm, tx, by_email ? ENUMERATION_SIGN_UP : ENUMERATION_PHONE, in->address, &quiet);
        if (problem) {
            return problem;
        }
    }
    /* Row W13: an address is unique over all audiences, and over identities too. */
    enum problem held = address_account(realm, tx, by_email, in->aud, in->address, u, &exists);
    if (held && at_once && !in->for_code) {
        return P_USER_EXISTS;
    }
    if (held) {
        return pretend(realm, tx, client, in, NULL, out);
    }
    return exists ? sign_up_existing(realm, tx, client, in, out)
                  : sign_up_new(realm, tx, client, in, NULL, out);
}
