/* admin_account.c: creating, changing and deleting users as an admin, see admin_account.h. */
#include "domain/admin_account.h"

#include "base/draws.h"
#include "config/duration.h"
#include "crypto/base64.h"
#include "crypto/password.h"
#include "domain/account_reset.h"
#include "domain/address.h"
#include "domain/address_claim.h"
#include "domain/audit_event.h"
#include "domain/password_rules.h"
#include "domain/profile.h"
#include "store/recovery_sets.h"
#include "store/sign_ups.h"

#include <string.h>

enum { ROLE_MAX = 255, HASH_MAX = 1024, HASH_COLUMN = 255, SOFT_PHONE = 15 };

static bool given(const char *text)
{
    return text && *text;
}

static enum problem check_ban(struct ctx *ctx, struct admin_user *in)
{
    int64_t us = 0;
    if (!given(in->ban_duration) || strcmp(in->ban_duration, "none") == 0) {
        return P_OK;
    }
    if (!duration_parse(in->ban_duration, &us)) {
        return ctx_fail(ctx, P_BAN_DURATION, "expected a duration such as 24h, 1h30m or none");
    }
    in->banned_until = us ? ctx->now_us + us : 0;
    return P_OK;
}

static enum problem check_addresses(struct ctx *ctx, struct admin_user *in)
{
    enum problem problem = P_OK;
    if (given(in->email)) {
        problem = email_normalise(ctx, in->email, &in->new_email);
    }
    if (!problem && given(in->phone)) {
        problem = phone_normalise(ctx, in->phone, &in->new_phone);
    }
    if (!problem &&
        ((in->role && strlen(in->role) > ROLE_MAX) || (in->aud && strlen(in->aud) > ROLE_MAX))) {
        problem = ctx_fail(ctx, P_TEXT_TOO_LONG, "role and aud cannot be longer than 255 bytes");
    }
    return problem;
}

static enum problem check_passwords(const struct realm *realm, struct ctx *ctx,
                                    const struct admin_user *in)
{
    size_t most = realm->config->postgres ? HASH_COLUMN : HASH_MAX;
    if (in->password && given(in->password_hash)) {
        return P_PASSWORD_AND_HASH;
    }
    if (in->password && strlen(in->password) > PASSWORD_MAX) {
        return P_PASSWORD_TOO_LONG;
    }
    if (given(in->password_hash) &&
        (strlen(in->password_hash) > most || !password_hash_readable(in->password_hash))) {
        return P_PASSWORD_HASH_INVALID;
    }
    bool enforced = in->enforce_password_rules && in->password;
    return enforced ? password_check(realm, ctx, in->password) : P_OK;
}

static enum problem check_id(struct ctx *ctx, struct admin_user *in)
{
    in->uuid = uuid_v4(ctx_draw(ctx, "account"));
    if (!given(in->id)) {
        return P_OK;
    }
    if (!uuid_parse(in->id, &in->uuid)) {
        return P_ID_NOT_UUID;
    }
    return uuid_is_nil(&in->uuid) ? P_ID_NIL : P_OK;
}

enum problem admin_create_check(const struct realm *realm, struct ctx *ctx, struct admin_user *in)
{
    if (!given(in->email) && !given(in->phone)) {
        return P_CREATE_NEITHER;
    }
    enum problem problem = check_addresses(ctx, in);
    if (!problem) {
        problem = check_passwords(realm, ctx, in);
    }
    if (!problem) {
        problem = check_id(ctx, in);
    }
    return problem ? problem : check_ban(ctx, in);
}

enum problem admin_update_check(const struct realm *realm, struct ctx *ctx, struct admin_user *in)
{
    enum problem problem = check_addresses(ctx, in);
    if (!problem) {
        problem = check_ban(ctx, in);
    }
    if (!problem && in->password) {
        problem = password_check(realm, ctx, in->password);
    }
    return problem;
}

static enum problem check_taken(struct tx *tx, const struct admin_user *in,
                                const struct uuid *except)
{
    if (in->new_email && user_email_taken(tx, in->new_email, except)) {
        return P_EMAIL_TAKEN;
    }
    if (in->new_phone && user_phone_taken(tx, in->new_phone, except)) {
        return P_CREATE_PHONE_TAKEN;
    }
    return P_OK;
}

/* Takes the addresses from who merely claims them; after check_taken. */
static enum problem take_addresses(const struct realm *realm, struct tx *tx,
                                   const struct admin_user *in, const struct uuid *self)
{
    enum problem problem =
        in->new_email ? address_clear(realm, tx, true, in->new_email, self) : P_OK;
    return problem || !in->new_phone ? problem
                                     : address_clear(realm, tx, false, in->new_phone, self);
}

/* security.md S12: what an admin puts on an account that waits for a confirmation is no stranger's,
 * and one whose addresses an admin has confirmed waits no more. */
static void vouch_for(struct tx *tx, const struct admin_user *in, const struct user *u)
{
    if ((u->email && !u->email_confirmed_at) || (u->phone && !u->phone_confirmed_at)) {
        vouch_put(tx, &u->id, in->new_hash || given(in->password_hash), in->user_metadata != NULL);
    } else if (in->email_confirm || in->phone_confirm) {
        vouch_delete(tx, &u->id);
    }
}

static const char *providers_of(const struct admin_user *in)
{
    return in->new_email && in->new_phone
               ? "{\"provider\":\"email\",\"providers\":[\"email\",\"phone\"]}"
           : in->new_email ? "{\"provider\":\"email\",\"providers\":[\"email\"]}"
                           : "{\"provider\":\"phone\",\"providers\":[\"phone\"]}";
}

/* Row AP3; false never takes a confirmation back. */
static void confirm(struct tx *tx, const struct admin_user *in, struct user *user)
{
    const char *detail, *patch = "{\"email_verified\":true}";
    if (in->email_confirm) {
        user->email_confirmed_at = tx->ctx->now_us;
        user->user_metadata = json_merged(tx->ctx->arena, user->user_metadata,
                                          json_read(tx->ctx->arena, patch, strlen(patch), &detail));
    }
    if (in->phone_confirm) {
        user->phone_confirmed_at = tx->ctx->now_us;
    }
}

static void audit_user(const struct realm *realm, struct tx *tx, const struct admin_user *in,
                       enum audit_action action, const struct user *user)
{
    char id[UUID_TEXT];
    bool made = action == AUDIT_USER_SIGNEDUP;
    audit_by_admin(realm, tx, in->admin_role, action,
                   TRAITS({ "user_email", user->email ? user->email : "" },
                          { "user_id", uuid_format(&user->id, id) },
                          { "user_phone", user->phone ? user->phone : "" },
                          { made ? "provider" : NULL, user->email ? "email" : "phone" }));
}

static enum problem merge_metadata(struct tx *tx, const struct admin_user *in, struct user *u)
{
    enum problem problem = app_metadata_merge(tx->ctx, u, "app_metadata", in->app_metadata);
    return problem ? problem : user_metadata_merge(tx->ctx, u, "user_metadata", in->user_metadata);
}

enum problem admin_create(const struct realm *realm, struct tx *tx, struct admin_user *in,
                          struct account *out)
{
    struct arena *arena = tx->ctx->arena;
    struct user *u = &out->user;
    enum problem problem = check_taken(tx, in, NULL);
    if (problem) {
        return problem;
    }
    if (user_by_id(tx, &in->uuid, u)) {
        return P_ID_TAKEN;
    }
    *u = (struct user){
        .id = in->uuid,
        .aud = given(in->aud) ? in->aud : realm->config->jwt.aud,
        .role = given(in->role) ? in->role : realm->config->jwt.default_role,
        .email = in->new_email,
        .phone = in->new_phone,
        .email_change = "",
        .phone_change = "",
        .created_at = tx->ctx->now_us,
        .updated_at = tx->ctx->now_us,
        .banned_until = in->banned_until,
        .user_metadata = "{}",
        .app_metadata = providers_of(in),
    };
    problem = merge_metadata(tx, in, u);
    if (problem) {
        return problem;
    }
    const char *hash = given(in->password_hash) ? in->password_hash : in->new_hash;
    u->password = hash ? password_at_rest(realm, tx->ctx, &u->id, hash) : "";
    confirm(tx, in, u);
    problem = take_addresses(realm, tx, in, NULL);
    if (problem) {
        return problem;
    }
    user_insert(tx, u);
    vouch_for(tx, in, u);
    if (in->new_email) {
        identity_add(tx, u, "email", identity_data_of(arena, &u->id, u->email, NULL, NULL));
    }
    if (in->new_phone) {
        identity_add(tx, u, "phone", identity_data_of(arena, &u->id, NULL, u->phone, NULL));
    }
    audit_user(realm, tx, in, AUDIT_USER_SIGNEDUP, u);
    account_load(tx, out);
    return P_OK;
}

/* Row AP5. Tokens sent to an address that is replaced are void. */
static void set_addresses(struct tx *tx, const struct admin_user *in, struct user *u)
{
    if (in->new_email && !(u->email && strcmp(u->email, in->new_email) == 0)) {
        user_clear_tokens(tx, u);
    }
    if (in->new_email) {
        u->email = in->new_email;
        identity_set_address(tx, u, "email", in->new_email, in->email_confirm);
    }
    if (in->new_phone) {
        u->phone = in->new_phone;
        identity_set_address(tx, u, "phone", in->new_phone, in->phone_confirm);
    }
    if ((in->new_email && in->email_confirm) || (in->new_phone && in->phone_confirm)) {
        u->is_anonymous = false;
    }
    if (in->new_email || in->new_phone) {
        providers_recompute(tx, u);
    }
}

static const char *trimmed(struct arena *arena, const char *text)
{
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len && strchr(" \t\r\n", text[len - 1])) {
        len--;
    }
    return arena_strndup(arena, text, len);
}

enum problem admin_update(const struct realm *realm, struct tx *tx, const struct uuid *id,
                          struct admin_user *in, struct account *out)
{
    struct arena *arena = tx->ctx->arena;
    struct user *u = &out->user;
    if (!user_by_id(tx, id, u)) {
        return P_USER_NOT_FOUND;
    }
    enum problem problem = check_taken(tx, in, id);
    if (problem) {
        return problem;
    }
    u->role = given(in->role) ? trimmed(arena, in->role) : u->role;
    confirm(tx, in, u);
    if (in->new_hash) {
        u->password = password_at_rest(realm, tx->ctx, &u->id, in->new_hash);
        user_clear_tokens(tx, u);
        sessions_delete(tx, &u->id, NULL);
    }
    problem = take_addresses(realm, tx, in, id);
    set_addresses(tx, in, u);
    if (!problem) {
        problem = merge_metadata(tx, in, u);
    }
    vouch_for(tx, in, u);
    if (problem) {
        return problem;
    }
    if (given(in->ban_duration)) {
        u->banned_until = in->banned_until;
    }
    user_save(tx, u);
    if (!u->is_anonymous) {
        sign_up_forget(tx, &u->id); /* the admin vouches for it: no sweep takes it */
    }
    audit_user(realm, tx, in, AUDIT_USER_MODIFIED, u);
    account_load(tx, out);
    return P_OK;
}

/* base64url(SHA-256(a | b)): what stands for an address after a soft delete (row AX3). */
static const char *veiled(struct arena *arena, const char *a, const char *b)
{
    uint8_t hash[SHA256_SIZE];
    const char *text = arena_printf(arena, "%s%s", a, b ? b : "");
    digest_of(DIGEST_SHA256, text, strlen(text), hash);
    return base64url_encode(arena, hash, sizeof hash);
}

static void soft_delete(struct tx *tx, struct user *u)
{
    struct arena *arena = tx->ctx->arena;
    char id[UUID_TEXT];
    uuid_format(&u->id, id);
    u->email = veiled(arena, id, u->email);
    u->phone = arena_strndup(arena, veiled(arena, id, u->phone), SOFT_PHONE);
    u->email_change = veiled(arena, id, u->email_change);
    u->phone_change = arena_strndup(arena, veiled(arena, id, u->phone_change), SOFT_PHONE);
    u->password = "";
    u->app_metadata = u->user_metadata = "{}";
    u->deleted_at = tx->ctx->now_us;
    user_clear_tokens(tx, u);
    user_save(tx, u);
    struct identity *list;
    int n = identities_of(tx, &u->id, &list);
    for (int i = 0; i < n; i++) {
        list[i].provider_id =
            veiled(arena, id, arena_printf(arena, "%s:%s", list[i].provider, list[i].provider_id));
        list[i].data = "{}";
        identity_save(tx, &list[i]);
    }
    factors_delete(tx, &u->id);
    recovery_set_delete(tx, &u->id);
    sessions_delete(tx, &u->id, NULL);
}

enum problem admin_delete(const struct realm *realm, struct tx *tx, const struct uuid *id,
                          bool soft, const char *admin_role)
{
    struct user user;
    if (!user_by_id(tx, id, &user)) {
        return P_USER_NOT_FOUND;
    }
    audit_user(realm, tx, &(struct admin_user){ .admin_role = admin_role }, AUDIT_USER_DELETED,
               &user);
    if (!soft) {
        user_delete(tx, id);
    } else if (!user.deleted_at) {
        soft_delete(tx, &user);
    }
    return P_OK;
}
