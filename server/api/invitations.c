/* invitations.c: POST /invite, POST /admin/generate_link (accounts.md 6.3, 6.4). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/external_calls.h"
#include "api/views.h"
#include "crypto/password.h"
#include "domain/invitation.h"
#include "domain/password_rules.h"
#include "domain/redirect.h"

#include <string.h>

enum problem invite_post(struct call *call, struct tx *tx)
{
    const struct body_invite *body = call->in;
    struct account *out = ARENA_NEW(call->ctx.arena, struct account);
    struct invitation in = {
        .type = "invite",
        .email = body->email,
        .data = body->data,
        .aud = call->audience,
        .admin_role = call->principal.claims.role,
        .target = call_link_target(call),
    };
    enum problem problem = invite_check(&call->ctx, &in);
    if (!problem) {
        problem = invite_run(&call->services->realm, tx, &in, out);
    }
    return problem ? problem : reply_with(call, view_user, out);
}

struct run {
    struct call *call;
    struct invitation *in;
    struct generated_link *out;
};

/* Row GL11: the user's members, then those of the link. */
static void view_link(struct call *call, struct strbuf *b)
{
    const struct generated_link *link = call->reply.data;
    const char *pairs[] = {
        "action_link",  link->action_link,  "email_otp",         link->email_otp,
        "hashed_token", link->hashed_token, "verification_type", link->verification_type,
        "redirect_to",  link->redirect_to,
    };
    write_user(b, &link->account);
    b->len--; /* its closing brace */
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i += 2) {
        strbuf_char(b, ',');
        json_quote(b, pairs[i]);
        strbuf_char(b, ':');
        json_quote(b, pairs[i + 1]);
    }
    strbuf_char(b, '}');
}

static enum problem in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct run *run = arg;
    (void)ctx;
    enum problem problem = generate_link_run(&run->call->services->realm, tx, run->in, run->out);
    return problem ? problem : reply_with(run->call, view_link, run->out);
}

enum problem generate_link_post(struct call *call, struct tx *tx)
{
    const struct body_generate_link *body = call->in;
    const struct realm *realm = &call->services->realm;
    struct generated_link *out = ARENA_NEW(call->ctx.arena, struct generated_link);
    struct invitation *in = ARENA_NEW(call->ctx.arena, struct invitation);
    (void)tx;
    *in = (struct invitation){
        .type = body->type,
        .email = body->email,
        .new_email = body->new_email,
        .password = body->password,
        .data = body->data,
        .aud = call->audience,
        .admin_role = call->principal.claims.role,
        .target = call_link_target(call),
    };
    if (body->redirect_to && redirect_allowed(realm, body->redirect_to)) {
        in->target.redirect_to = body->redirect_to;
    }
    enum problem problem = generate_link_check(realm, &call->ctx, in);
    if (problem) {
        return problem;
    }
    if (in->password && strcmp(in->type, "signup") == 0) {
        problem = password_ask_breach(realm, &call->ctx, in->password);
    }
    if (problem) {
        return problem;
    }
    if (in->password && *in->password) { /* NULL above 72 bytes, which the rules refuse */
        in->password_hash = password_hash(call->ctx.arena, call->ctx.entropy, in->password);
    }
    struct run *run = ARENA_NEW(call->ctx.arena, struct run);
    *run = (struct run){ call, in, out };
    return external_write(call, in_tx, run);
}
