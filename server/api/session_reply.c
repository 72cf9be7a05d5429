/* session_reply.c: sessions as answers (rows W15, R13, TK22), see session_reply.h. */
#include "api/session_reply.h"

#include "api/views.h"

void reply_session_headers(struct call *call, const struct grant *grant)
{
    struct arena *arena = call->ctx.arena;
    char id[UUID_TEXT];
    if (uuid_is_nil(&grant->person.user.id)) {
        return;
    }
    reply_header(call, "sb-auth-user-id",
                 arena_strdup(arena, uuid_format(&grant->person.user.id, id)));
    reply_header(call, "sb-auth-session-id",
                 arena_strdup(arena, uuid_format(&grant->session.id, id)));
    if (grant->rotated) {
        reply_header(call, "sb-auth-refresh-token-rotated", "true");
    }
}

enum problem reply_session(struct call *call, struct grant *grant)
{
    struct arena *arena = call->ctx.arena;
    call->grant = grant;
    if (grant->signed_in) {
        reply_session_headers(call, grant);
        if (grant->refresh_version == 2) {
            reply_header(call, "sb-auth-refresh-token-counter",
                         arena_printf(arena, "%lld", (long long)grant->session.refresh_counter));
        } else {
            reply_header(call, "sb-auth-refresh-token-prefix",
                         arena_strndup(arena, grant->refresh_token, 5));
        }
        if (grant->reuse_cause) {
            reply_header(call, "sb-auth-refresh-token-reuse-cause", grant->reuse_cause);
        }
    }
    return reply_with(call, view_session, grant);
}
