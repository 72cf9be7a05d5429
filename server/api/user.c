/* user.c: GET and PUT /user, POST /logout (accounts.md section 5, LO1). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/external_calls.h"
#include "api/views.h"
#include "base/utf8.h"
#include "crypto/password.h"
#include "domain/account_update.h"
#include "domain/session.h"

#include <string.h>

enum problem user_get(struct call *call, struct tx *tx)
{
    if (call_wants_other_audience(call)) {
        return P_AUDIENCE_MISMATCH;
    }
    struct account *account = ARENA_NEW(call->ctx.arena, struct account);
    account->user = call->principal.user;
    account_load(tx, account);
    return reply_with(call, view_user, account);
}

struct update_run {
    struct call *call;
    struct update *in;
    struct account *out;
};

static enum problem check_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct update_run *run = arg;
    (void)ctx;
    return update_check(&run->call->services->realm, tx, run->in);
}

static enum problem apply_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct update_run *run = arg;
    (void)ctx;
    enum problem problem = update_apply(&run->call->services->realm, tx, run->in, run->out);
    return problem ? problem : reply_with(run->call, view_user, run->out);
}

/* Rows US11, US12, and the new hash. */
static enum problem compare(struct call *call, struct update *in)
{
    if (!in->password) {
        return P_OK;
    }
    if (in->needs_current && !password_verify(in->old_hash, in->current_password)) {
        return P_CURRENT_PASSWORD_INVALID;
    }
    if (in->old_hash && password_verify(in->old_hash, in->password)) {
        return P_SAME_PASSWORD;
    }
    in->new_hash = password_hash(call->ctx.arena, call->ctx.entropy, in->password);
    return P_OK;
}

/* Rule S14: counted before anything is compared, and taken back by what succeeds: so many at once
 * cannot try more than one after the other, and it is a guess whichever check it then fails. */
static enum problem count_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct update_run *run = arg;
    (void)ctx;
    return update_count(&run->call->services->realm, tx, run->in);
}

enum problem user_put(struct call *call, struct tx *tx)
{
    const struct body_user_update *body = call->in;
    struct update *in = ARENA_NEW(call->ctx.arena, struct update);
    struct account *out = ARENA_NEW(call->ctx.arena, struct account);
    struct update_run *run = ARENA_NEW(call->ctx.arena, struct update_run);
    (void)tx;
    *run = (struct update_run){ call, in, out };
    *in = (struct update){
        .user_id = call->principal.user.id,
        .session_id = call->principal.session_id,
        .aal = call->principal.claims.aal,
        .email = body->email,
        .phone = body->phone,
        .channel = body->channel,
        .password = body->password,
        .current_password = body->current_password,
        .nonce = body->nonce,
        .ip = call->client.ip,
        .pkce = { body->code_challenge, body->code_challenge_method },
        .target = call_link_target(call),
        .data = body->data,
        .app_metadata = body->app_metadata,
    };
    enum problem problem = update_form(&call->services->realm, &call->ctx, in);
    if (!problem) {
        problem = exec_read(call->services->executor, &call->ctx, check_in_tx, run);
    }
    if (!problem && in->guarded) {
        problem = exec_write(call->services->executor, &call->ctx, count_in_tx, run);
    }
    if (!problem) {
        problem = compare(call, in);
    }
    return problem ? problem : external_write(call, apply_in_tx, run);
}

enum problem logout_post(struct call *call, struct tx *tx)
{
    const char *scope;
    enum problem problem = call_query(call, "scope", &scope);
    if (problem) {
        return problem;
    }
    scope = scope ? scope : "";
    enum logout_scope which = LOGOUT_GLOBAL;
    if (strcmp(scope, "local") == 0) {
        which = LOGOUT_LOCAL;
    } else if (strcmp(scope, "others") == 0) {
        which = LOGOUT_OTHERS;
    } else if (*scope && strcmp(scope, "global") != 0) {
        return ctx_fail(&call->ctx, P_LOGOUT_SCOPE,
                        arena_strndup(call->ctx.arena, scope, utf8_prefix(scope, 64)));
    }
    const struct principal *p = &call->principal;
    session_logout(&call->services->realm, tx, &p->user,
                   uuid_is_nil(&p->session_id) ? NULL : &p->session_id, aal_is_2(p->aal), which);
    return reply_no_content(call);
}
