/* session_reply.c: sessions as answers (rows W15, R13, TK22), see session_reply.h. */
#include "api/session_reply.h"

#include "api/views.h"

void reply_session_headers(struct call *call, const struct issued_session *issued)
{
    struct arena *arena = call->ctx.arena;
    char id[UUID_TEXT];
    if (uuid_is_nil(&issued->account.user.id)) {
        return;
    }
    reply_header(call, "sb-auth-user-id",
                 arena_strdup(arena, uuid_format(&issued->account.user.id, id)));
    reply_header(call, "sb-auth-session-id",
                 arena_strdup(arena, uuid_format(&issued->session.id, id)));
    if (issued->rotated) {
        reply_header(call, "sb-auth-refresh-token-rotated", "true");
    }
}

enum problem reply_session(struct call *call, struct issued_session *issued)
{
    struct arena *arena = call->ctx.arena;
    call->issued = issued;
    if (issued->signed_in) {
        reply_session_headers(call, issued);
        if (issued->refresh_version == 2) {
            reply_header(call, "sb-auth-refresh-token-counter",
                         arena_printf(arena, "%lld", (long long)issued->session.refresh_counter));
        } else {
            reply_header(call, "sb-auth-refresh-token-prefix",
                         arena_strndup(arena, issued->refresh_token, 5));
        }
        if (issued->reuse_cause) {
            reply_header(call, "sb-auth-refresh-token-reuse-cause", issued->reuse_cause);
        }
    }
    return reply_with(call, view_session, issued);
}
