/* admin_factors.c: /admin/users/{user_id}/factors (contract-mfa.md rows A1 to A4). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/views.h"
#include "domain/mfa.h"

enum problem admin_factors_get(struct call *call, struct tx *tx)
{
    struct person *person = ARENA_NEW(call->ctx.arena, struct person);
    person->user = call->principal.user;
    person_load(tx, person);
    return reply_with(call, view_factors, person);
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
                         &call->param_ids[PARAM_FACTOR], call->caller.ip, factor);
    return problem ? problem : reply_with(call, view_factor, factor);
}
