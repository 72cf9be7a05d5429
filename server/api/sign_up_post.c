/* sign_up_post.c: POST /signup. Runs on the hash pool: the password is hashed before the
 * transaction, whether the account exists or not, so that the time taken tells nothing. */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/external_calls.h"
#include "api/session_reply.h"
#include "api/views.h"
#include "crypto/password.h"
#include "domain/sign_up.h"

struct run {
    struct call *call;
    struct sign_up *in;
    struct signed_up *out;
};

static enum problem in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct run *run = arg;
    struct call *call = run->call;
    struct signed_up *out = run->out;
    (void)ctx;
    enum problem problem = sign_up_run(&call->services->realm, tx, &call->client, run->in, out);
    if (problem) {
        return problem;
    }
    call->issued = NULL;
    return out->has_session ? reply_session(call, &out->issued)
                            : reply_with(call, view_user, &out->issued.account);
}

enum problem sign_up_post(struct call *call, struct tx *tx)
{
    const struct body_sign_up *body = call->in;
    struct sign_up *in = ARENA_NEW(call->ctx.arena, struct sign_up);
    struct signed_up *out = ARENA_NEW(call->ctx.arena, struct signed_up);
    (void)tx;
    *in = (struct sign_up){
        .email = body->email,
        .phone = body->phone,
        .password = body->password,
        .channel = body->channel,
        .pkce = { body->code_challenge, body->code_challenge_method },
        .target = call_link_target(call),
        .data = body->data,
        .aud = call->audience,
    };
    enum problem problem = sign_up_check(&call->services->realm, &call->ctx, in);
    if (problem) {
        return problem;
    }
    if (in->provider) {
        in->password_hash = password_hash(call->ctx.arena, call->ctx.entropy, in->password);
    }
    struct run *run = ARENA_NEW(call->ctx.arena, struct run);
    *run = (struct run){ call, in, out };
    return external_write(call, in_tx, run);
}
