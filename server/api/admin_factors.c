/* admin_factors.c: /admin/users/{user_id}/factors (mfa.md rows A1 to A4). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/views.h"
#include "domain/mfa.h"

enum problem admin_factors_get(struct call *call, struct tx *tx)
{
    struct account *account = ARENA_NEW(call->ctx.arena, struct account);
    account->user = call->principal.user;
    account_load(tx, account);
    return reply_with(call, view_factors, account);
}

/* Ours alone: the official server has no such route, so that clients who expect a factor's usual
 * members never see these. */
enum problem admin_factor_get(struct call *call, struct tx *tx)
{
    struct factor_report *report = ARENA_NEW(call->ctx.arena, struct factor_report);
    const struct uuid *id = &call->param_ids[PARAM_FACTOR];
    report->drift_on = call->services->config->mfa.totp_drift;
    enum problem problem = mfa_admin_show(tx, &call->principal.user, id, report);
    return problem ? problem : reply_with(call, view_factor_report, report);
}

enum problem admin_factor_put(struct call *call, struct tx *tx)
{
    const struct body_factor_update *body = call->in;
    struct factor *factor = ARENA_NEW(call->ctx.arena, struct factor);
    struct factor_change change = { body->friendly_name, body->phone };
    enum problem problem = mfa_admin_update(&call->services->realm, tx, &call->principal.user,
                                            &call->param_ids[PARAM_FACTOR], &change, factor);
    return problem ? problem : reply_with(call, view_factor, factor);
}

enum problem admin_factor_delete(struct call *call, struct tx *tx)
{
    struct factor *factor = ARENA_NEW(call->ctx.arena, struct factor);
    enum problem problem =
        mfa_admin_delete(&call->services->realm, tx, &call->principal.user,
                         &call->param_ids[PARAM_FACTOR], call->client.ip, factor);
    return problem ? problem : reply_with(call, view_factor, factor);
}
