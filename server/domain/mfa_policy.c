/* mfa_policy.c: whom a second factor is required of, and how old its step may be, see
 * mfa_policy.h. Asked at each refresh; signing in stays possible, so that nobody is locked out. */
#include "domain/mfa_policy.h"

#include "base/json.h"
#include "domain/assurance.h"

#include <string.h>

/* A role, or a list of roles, as people keep them in app_metadata. */
static bool names_role(const struct text_list *roles, const struct json_t *value)
{
    if (json_text(value)) {
        return list_has(roles, json_text(value));
    }
    for (size_t i = 0; i < json_count(value) && json_kind_of(value) == KIND_ARRAY; i++) {
        const char *role = json_text(json_nth(value, i));
        if (role && list_has(roles, role)) {
            return true;
        }
    }
    return false;
}

bool mfa_policy_names(const struct config *config, struct arena *arena, const struct user *user)
{
    const char *detail;
    const struct text_list *roles = &config->mfa.required_roles;
    if (!roles->count || user->is_anonymous) { /* who may not enroll (row G7) */
        return false;
    }
    if (list_has(roles, user->role) ||
        (list_has(roles, "*") && !list_has(&config->jwt.admin_roles, user->role))) {
        return true;
    }
    const struct json_t *data =
        json_read(arena, user->app_metadata, strlen(user->app_metadata), &detail);
    return names_role(roles, json_member(data, "role")) ||
           names_role(roles, json_member(data, "roles"));
}

bool mfa_policy_holds(const struct config *config, struct ctx *ctx, const struct user *user)
{
    return ctx->now_us >= config->mfa_required_from_us &&
           mfa_policy_names(config, ctx->arena, user);
}

enum problem mfa_policy_admin(const struct config *config, struct tx *tx, const struct user *user)
{
    return mfa_policy_holds(config, tx->ctx, user) || factor_any_verified(tx, &user->id)
               ? P_ADMIN_NEEDS_AAL2
               : P_OK;
}

enum problem mfa_policy_refresh(const struct realm *realm, struct tx *tx, const struct user *user,
                                const struct session *session)
{
    if (!mfa_policy_holds(realm->config, tx->ctx, user)) {
        return P_OK;
    }
    if (factor_any_verified(tx, &user->id)) {
        return P_REFRESH_NEEDS_AAL2;
    }
    bool enrolling = tx->ctx->now_us - session->created_at < realm->config->mfa.enroll_grace_us;
    return enrolling ? P_OK : P_REFRESH_NEEDS_FACTOR;
}

void mfa_policy_age_prefetch(const struct realm *realm, struct tx *tx,
                             const struct uuid *session_id)
{
    if (realm->config->mfa.max_age_us) {
        amr_prefetch(tx, session_id);
    }
}

bool mfa_policy_age(const struct realm *realm, struct tx *tx, struct session *session)
{
    struct amr list[AMR_MAX];
    int64_t since = tx->ctx->now_us - realm->config->mfa.max_age_us;
    if (!realm->config->mfa.max_age_us) {
        return false;
    }
    int n = amr_of(tx, &session->id, list), dropped = 0;
    for (int i = 0; i < n; i++) {
        if (mfa_at(&list[i], 1) && list[i].at_us < since) {
            amr_drop(tx, &session->id, list[i].method, since);
            dropped++;
        }
    }
    bool falls = dropped && mfa_at(list, n) < since;
    if (falls) {
        session_lower(tx, session);
    }
    return falls;
}
