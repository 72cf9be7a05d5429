/* invitation.c: accounts that admins begin for others, and links that they hand over themselves,
 * see invitation.h. */
#include "domain/invitation.h"

#include "base/draws.h"
#include "domain/account_reset.h"
#include "domain/address.h"
#include "domain/address_claim.h"
#include "domain/audit_event.h"
#include "domain/password_rules.h"
#include "domain/profile.h"

#include <string.h>

static bool given(const char *text)
{
    return text && *text;
}

static bool of_type(const struct invitation *in, const char *type)
{
    return in->type && strcmp(in->type, type) == 0;
}

enum problem invite_check(struct ctx *ctx, struct invitation *in)
{
    enum problem problem = email_normalise(ctx, in->email, &in->address);
    return problem ? problem : metadata_check(ctx, "data", in->data);
}

/* Rows IN3, GL4: unconfirmed, its metadata as given. */
static void make_user(const struct realm *realm, struct tx *tx, const struct invitation *in,
                      struct user *u)
{
    struct arena *arena = tx->ctx->arena;
    *u = (struct user){
        .id = uuid_v4(ctx_draw(tx->ctx, "account")),
        .aud = in->aud,
        .role = realm->config->jwt.default_role,
        .email = in->address,
        .password = "",
        .email_change = "",
        .phone_change = "",
        .created_at = tx->ctx->now_us,
        .updated_at = tx->ctx->now_us,
        .app_metadata = "{\"provider\":\"email\",\"providers\":[\"email\"]}",
        .user_metadata = json_merged(arena, "{}", in->data),
    };
    if (in->password_hash && of_type(in, "signup")) {
        u->password = password_at_rest(realm, tx->ctx, &u->id, in->password_hash);
    }
    user_insert(tx, u);
    identity_add(tx, u, "email", identity_data_of(arena, &u->id, u->email, NULL, NULL));
    vouch_put(tx, &u->id, *u->password != '\0', in->data != NULL);
    account_created(tx, u);
}

/* security.md S12: what a stranger put on an account that nobody has confirmed ends where an admin
 * begins it for its owner; what admins put there stays, and is added to (rows IN4, GL6). */
static enum problem begin_anew(const struct realm *realm, struct tx *tx,
                               const struct invitation *in, struct user *u)
{
    bool sign_up = of_type(in, "signup"), known = vouch_of(tx, &u->id).known;
    bool password = in->password_hash && sign_up;
    if (account_unproven(u) && !known) {
        account_reset(tx, u, true, &(struct kept){ 0 });
        u->user_metadata = json_merged(tx->ctx->arena, "{}", in->data);
    } else if (sign_up) {
        enum problem problem = user_metadata_merge(tx->ctx, u, "data", in->data);
        if (problem) {
            return problem;
        }
    }
    if (password && account_unproven(u)) {
        u->password = password_at_rest(realm, tx->ctx, &u->id, in->password_hash);
        sessions_delete(tx, &u->id, NULL);
    }
    vouch_put(tx, &u->id, password, in->data && (sign_up || !known));
    return P_OK;
}

static void audit_invited(const struct realm *realm, struct tx *tx, const struct invitation *in,
                          const struct user *u)
{
    char id[UUID_TEXT];
    audit_by_admin(realm, tx, in->admin_role, AUDIT_USER_INVITED,
                   TRAITS({ "user_email", u->email }, { "user_id", uuid_format(&u->id, id) }));
}

enum problem invite_run(const struct realm *realm, struct tx *tx, const struct invitation *in,
                        struct account *out)
{
    struct user *u = &out->user;
    bool found;
    enum problem problem = address_account(realm, tx, true, in->aud, in->address, u, &found);
    if (problem || (found && u->email_confirmed_at)) {
        return P_EMAIL_TAKEN;
    }
    if (!found) {
        make_user(realm, tx, in, u);
    } else if ((problem = begin_anew(realm, tx, in, u))) {
        return problem;
    }
    problem = message_invite(realm, tx, u, &in->target);
    if (problem) {
        return problem;
    }
    user_save(tx, u);
    account_announced(tx, u);
    audit_invited(realm, tx, in, u);
    account_load(tx, out);
    return P_OK;
}

enum problem generate_link_check(const struct realm *realm, struct ctx *ctx, struct invitation *in)
{
    (void)realm;
    enum problem problem = email_normalise(ctx, in->email, &in->address);
    if (!problem && (of_type(in, "email_change_new") || of_type(in, "email_change_current")) &&
        given(in->new_email)) {
        problem = email_normalise(ctx, in->new_email, &in->new_address);
    }
    return problem ? problem : metadata_check(ctx, "data", in->data);
}

/* How the type became after the look-up (row GL3), the token's kind, the link's type. */
struct plan {
    const char *type;
    enum token_kind token;
    enum mail_kind mail;
    const char *link_type;
};

static enum problem plan_of(const struct invitation *in, bool found, struct plan *out)
{
    static const struct plan plans[] = {
        { "signup", TOKEN_CONFIRMATION, MAIL_CONFIRMATION, "signup" },
        { "invite", TOKEN_CONFIRMATION, MAIL_INVITE, "invite" },
        { "magiclink", TOKEN_RECOVERY, MAIL_MAGIC_LINK, "magiclink" },
        { "recovery", TOKEN_RECOVERY, MAIL_RECOVERY, "recovery" },
        { "email_change_current", TOKEN_EMAIL_CHANGE_CURRENT, MAIL_EMAIL_CHANGE, "email_change" },
        { "email_change_new", TOKEN_EMAIL_CHANGE_NEW, MAIL_EMAIL_CHANGE, "email_change" },
    };
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        if (of_type(in, plans[i].type)) {
            bool becomes_sign_up = !found && plans[i].mail == MAIL_MAGIC_LINK;
            *out = plans[becomes_sign_up ? 0 : i];
            return !found && i > 2 ? P_LINK_USER_NOT_FOUND : P_OK;
        }
    }
    return P_LINK_TYPE_UNKNOWN;
}

/* Rows GL4 to GL6. */
static enum problem prepare_sign_up(const struct realm *realm, struct tx *tx,
                                    const struct invitation *in, bool found, struct user *u)
{
    if (found && u->email_confirmed_at) {
        return P_EMAIL_TAKEN;
    }
    if (!found && of_type(in, "signup") && !given(in->password)) {
        return P_SIGNUP_NO_PASSWORD;
    }
    enum problem problem = of_type(in, "signup") && given(in->password)
                               ? password_check(realm, tx->ctx, in->password)
                               : P_OK;
    if (!problem) {
        problem = address_account(realm, tx, true, in->aud, in->address, u, &found);
    }
    if (!problem && found) {
        return begin_anew(realm, tx, in, u);
    }
    if (!problem) {
        make_user(realm, tx, in, u);
    }
    return problem;
}

/* Rows GL7, GL8. */
static enum problem prepare_change(const struct realm *realm, struct tx *tx,
                                   const struct invitation *in, struct user *u)
{
    if (of_type(in, "email_change_current") && !realm->config->mail.secure_email_change) {
        return P_LINK_SECURE_CHANGE_OFF;
    }
    if (!in->new_address) {
        return P_EMAIL_REQUIRED;
    }
    if (user_email_taken(tx, in->new_address, &u->id)) {
        return P_EMAIL_TAKEN;
    }
    u->email_change = in->new_address;
    u->email_change_confirm_status = 0;
    return P_OK;
}

/* Row GL10: the timers are set as if a mail had gone out. */
static void set_timers(struct tx *tx, const struct plan *plan, struct user *u)
{
    int64_t now = tx->ctx->now_us;
    if (plan->token == TOKEN_CONFIRMATION) {
        u->confirmation_sent_at = now;
        u->invited_at = plan->mail == MAIL_INVITE ? now : u->invited_at;
    } else if (plan->token == TOKEN_RECOVERY) {
        u->recovery_sent_at = now;
    } else {
        u->email_change_sent_at = now;
    }
}

enum problem generate_link_run(const struct realm *realm, struct tx *tx,
                               const struct invitation *in, struct generated_link *out)
{
    struct user *u = &out->account.user;
    struct plan plan = { 0 };
    struct one_time_code code;
    bool found = user_by_email(tx, in->aud, in->address, u) && !address_is_foreign(tx, u, true);
    enum problem problem = plan_of(in, found, &plan);
    if (problem == P_LINK_TYPE_UNKNOWN) {
        return ctx_fail(tx->ctx, problem, in->type ? in->type : "");
    }
    if (!problem && plan.token == TOKEN_CONFIRMATION) {
        problem = prepare_sign_up(realm, tx, in, found, u);
    } else if (!problem && plan.mail == MAIL_EMAIL_CHANGE) {
        problem = prepare_change(realm, tx, in, u);
    }
    if (problem) {
        return problem;
    }
    const char *address = plan.token == TOKEN_EMAIL_CHANGE_NEW ? u->email_change : u->email;
    code_make(realm, tx, &u->id, plan.token, address, false, (int)realm->config->mail.otp_length,
              NULL, &code);
    set_timers(tx, &plan, u);
    user_save(tx, u);
    if (plan.mail == MAIL_INVITE) {
        audit_invited(realm, tx, in, u);
    } else if (plan.token == TOKEN_RECOVERY) {
        audit_by_user(realm, tx, u, AUDIT_RECOVERY_REQUESTED, NULL, NULL);
    }
    account_load(tx, &out->account);
    out->email_otp = code.code;
    out->hashed_token = code.link_token;
    out->verification_type = plan.type;
    out->redirect_to = in->target.redirect_to;
    out->action_link = message_link(realm, tx->ctx->arena, &in->target, plan.mail, code.link_token,
                                    plan.link_type);
    return P_OK;
}
