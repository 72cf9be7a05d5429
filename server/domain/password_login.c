/* password_login.c: signing in with a password, see password_login.h. */
#include "domain/password_login.h"

#include "domain/address.h"
#include "domain/audit_event.h"
#include "domain/password_rules.h"
#include "domain/session.h"

#include <string.h>

static bool given(const char *text)
{
    return text && *text;
}

enum problem login_check(const struct realm *realm, struct ctx *ctx, struct login *login)
{
    if (given(login->email) && given(login->phone)) {
        return P_LOGIN_BOTH;
    }
    if (given(login->email)) {
        if (!realm->config->accounts.email_enabled) {
            return P_EMAIL_LOGINS_OFF;
        }
        login->provider = "email";
        login->address = email_as_stored(ctx->arena, login->email);
    } else if (given(login->phone)) {
        if (!realm->config->accounts.phone_enabled) {
            return P_PHONE_LOGINS_OFF;
        }
        login->provider = "phone";
        login->address = phone_as_stored(ctx->arena, login->phone);
    } else {
        return P_LOGIN_NEITHER;
    }
    login->throttle = throttle_of(realm, ctx->arena, login->address, login->client->ip);
    return P_OK;
}

enum problem login_find(const struct realm *realm, struct tx *tx, struct login *login)
{
    throttle_prefetch(tx, &login->throttle);
    login->found = strcmp(login->provider, "email") == 0
                       ? user_by_email(tx, login->aud, login->address, &login->user)
                       : user_by_phone(tx, login->aud, login->address, &login->user);
    login->hash = NULL;
    enum problem problem =
        throttle_check(realm, tx, &login->throttle, login->found ? &login->user.id : NULL);
    if (!problem && login->found && *login->user.password) {
        login->hash =
            vault_open(realm->vault, tx->ctx->arena, &login->user.id, login->user.password);
        if (!login->hash) {
            return P_PASSWORD_UNREADABLE;
        }
    }
    return problem;
}

static enum problem check_account(struct ctx *ctx, const struct login *login)
{
    const struct user *u = &login->user;
    if (u->banned_until > ctx->now_us) {
        return P_LOGIN_BANNED;
    }
    if (strcmp(login->provider, "email") == 0) {
        return u->email_confirmed_at ? P_OK : P_EMAIL_NOT_CONFIRMED;
    }
    return u->phone_confirmed_at ? P_OK : P_PHONE_NOT_CONFIRMED;
}

enum problem login_finish(const struct realm *realm, struct tx *tx, struct login *login,
                          struct issued_session *out)
{
    *out = (struct issued_session){ 0 };
    struct user now = { 0 };
    const struct uuid *id = login->found ? &login->user.id : NULL;
    throttle_prefetch(tx, &login->throttle);
    if (login->fits) {
        user_prefetch(tx, &login->user.id);
    }
    enum problem problem =
        throttle_check(realm, tx, &login->throttle, id); /* parallel guesses count too */
    if (problem) {
        return problem;
    }
    bool same = login->fits && user_by_id(tx, &login->user.id, &now) &&
                strcmp(now.password, login->user.password) == 0;
    if (!same) {
        problem = throttle_failure(realm, tx, &login->throttle, id);
        return problem ? problem : P_CREDENTIALS_INVALID;
    }
    login->user = now;
    problem = check_account(tx->ctx, login);
    if (problem) {
        return problem;
    }
    throttle_success(tx, &login->throttle);
    if (login->new_hash || vault_stale(realm->vault, tx->ctx->arena, now.password)) {
        user_set_password(tx, &now.id,
                          password_at_rest(realm, tx->ctx, &now.id,
                                           login->new_hash ? login->new_hash : login->hash));
    }
    out->account.user = now;
    audit_by_user(realm, tx, &now, AUDIT_LOGIN, NULL, TRAITS({ "provider", login->provider }));
    session_open(realm, tx, login->client, "password", out);
    out->shows_weakness = true;
    out->weak_reasons = password_weaknesses(realm, tx->ctx, login->password, &out->weak_message);
    return P_OK;
}
