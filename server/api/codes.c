/* codes.c: POST /otp, /magiclink, /recover, /resend, GET /reauthenticate (accounts.md 4.2
 * to 4.4, 4.7). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/views.h"
#include "domain/code_request.h"

/* {} or, where a provider named the message, {"message_id"} (rows OT20, SM8). */
static enum problem reply_message(struct call *call, const char *message_id)
{
    if (!message_id) {
        return reply_empty_object(call);
    }
    struct strbuf b = strbuf_in(call->ctx.arena, 4096);
    strbuf_str(&b, "{\"message_id\":");
    json_quote(&b, message_id);
    strbuf_char(&b, '}');
    return reply_with(call, view_text, b.data);
}

static struct code_request code_request_of(struct call *call)
{
    return (struct code_request){
        .aud = call->audience,
        .create_user = true,
        .target = call_link_target(call),
        .client = &call->client,
    };
}

enum problem otp_post(struct call *call, struct tx *tx)
{
    const struct body_otp *body = call->in;
    struct code_request in = code_request_of(call);
    in.email = body->email;
    in.phone = body->phone;
    in.channel = body->channel;
    in.create_user = body->create_user != CHOICE_NO;
    in.data = body->data;
    in.pkce = (struct pkce){ body->code_challenge, body->code_challenge_method };
    enum problem problem = otp_check(&call->services->realm, &call->ctx, &in);
    if (!problem) {
        problem = otp_run(&call->services->realm, tx, &in);
    }
    return problem ? problem : reply_message(call, in.message_id);
}

enum problem magic_link_post(struct call *call, struct tx *tx)
{
    const struct body_magic_link *body = call->in;
    struct code_request in = code_request_of(call);
    in.email = body->email;
    in.data = body->data;
    in.pkce = (struct pkce){ body->code_challenge, body->code_challenge_method };
    enum problem problem = magic_link_check(&call->services->realm, &call->ctx, &in);
    if (!problem) {
        problem = otp_run(&call->services->realm, tx, &in);
    }
    return problem ? problem : reply_empty_object(call);
}

enum problem recover_post(struct call *call, struct tx *tx)
{
    const struct body_recover *body = call->in;
    struct code_request in = code_request_of(call);
    in.email = body->email;
    in.pkce = (struct pkce){ body->code_challenge, body->code_challenge_method };
    enum problem problem = recover_check(&call->services->realm, &call->ctx, &in);
    if (!problem) {
        problem = recover_run(&call->services->realm, tx, &in);
    }
    return problem ? problem : reply_empty_object(call);
}

enum problem resend_post(struct call *call, struct tx *tx)
{
    const struct body_resend *body = call->in;
    struct code_request in = code_request_of(call);
    in.type = body->type;
    in.email = body->email;
    in.phone = body->phone;
    in.pkce = (struct pkce){ body->code_challenge, body->code_challenge_method };
    enum problem problem = resend_check(&call->services->realm, &call->ctx, &in);
    if (!problem) {
        problem = resend_run(&call->services->realm, tx, &in);
    }
    return problem ? problem : reply_message(call, in.message_id);
}

enum problem reauthenticate_get(struct call *call, struct tx *tx)
{
    const char *message_id;
    enum problem problem =
        reauthenticate_run(&call->services->realm, tx, &call->principal.user.id, &message_id);
    return problem ? problem : reply_message(call, message_id);
}
