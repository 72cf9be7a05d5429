/* factors.c: POST /factors, POST /factors/{id}/challenge and /verify, DELETE /factors/{id}
 * (mfa.md 4.2 to 4.5). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/session_reply.h"
#include "api/views.h"
#include "domain/mfa.h"

enum problem factors_post(struct call *call, struct tx *tx)
{
    const struct body_factor_enroll *body = call->in;
    struct subject subject = call_subject(call);
    struct enrollment *out = ARENA_NEW(call->ctx.arena, struct enrollment);
    struct enroll_request in = {
        .friendly_name = body->friendly_name ? body->friendly_name : "",
        .issuer = body->issuer,
        .phone = body->phone,
    };
    enum problem problem = mfa_enroll(&call->services->realm, tx, &subject,
                                      body->factor_type ? body->factor_type : "", &in, out);
    return problem ? problem : reply_with(call, view_enrollment, out);
}

enum problem factor_challenge(struct call *call, struct tx *tx)
{
    struct subject subject = call_subject(call);
    struct opened_challenge *out = ARENA_NEW(call->ctx.arena, struct opened_challenge);
    /* Only a phone's challenge needs the body, and what the factor is, the rules know. */
    const void *body;
    struct challenge_request in = { .body_problem =
                                        body_decode(&call->ctx, &shape_factor_challenge, call->body,
                                                    call->body_len, &body) };
    in.channel = in.body_problem ? NULL : ((const struct body_factor_challenge *)body)->channel;
    enum problem problem = mfa_challenge(&call->services->realm, tx, &subject,
                                         &call->param_ids[PARAM_FACTOR], &in, out);
    return problem ? problem : reply_with(call, view_challenge, out);
}

enum problem factor_verify(struct call *call, struct tx *tx)
{
    const struct body_factor_verify *body = call->in;
    struct subject subject = call_subject(call);
    struct issued_session *out = ARENA_NEW(call->ctx.arena, struct issued_session);
    struct proof proof = { body->challenge_id, body->code, body->webauthn };
    enum problem problem = mfa_verify(&call->services->realm, tx, &subject,
                                      &call->param_ids[PARAM_FACTOR], &proof, out);
    return problem ? problem : reply_session(call, out);
}

enum problem factor_unenroll(struct call *call, struct tx *tx)
{
    struct subject subject = call_subject(call);
    enum problem problem =
        mfa_unenroll(&call->services->realm, tx, &subject, &call->param_ids[PARAM_FACTOR]);
    return problem ? problem : reply_with(call, view_id, &call->param_ids[PARAM_FACTOR]);
}
