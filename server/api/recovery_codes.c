/* recovery_codes.c: /factors/recovery-codes (mfa.md 2.6). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/session_reply.h"
#include "api/views.h"
#include "domain/recovery_codes.h"

static void write_set(struct strbuf *b, const struct recovery_set *set)
{
    char id[UUID_TEXT];
    strbuf_printf(b, "{\"id\":\"%s\",\"type\":\"recovery_code\"", uuid_format(&set->id, id));
}

static void view_set(struct call *call, struct strbuf *b)
{
    const struct recovery_set *set = call->reply.data;
    write_set(b, set);
    strbuf_printf(b, ",\"total\":%d,\"remaining\":%d}", (int)set->total, (int)set->remaining);
}

static void view_codes(struct call *call, struct strbuf *b)
{
    const struct new_codes *made = call->reply.data;
    write_set(b, &made->set);
    strbuf_str(b, ",\"friendly_name\":");
    json_quote(b, made->set.friendly_name);
    strbuf_printf(b, ",\"total\":%d,\"codes\":[", (int)made->set.total);
    for (int i = 0; i < RECOVERY_CODES; i++) {
        strbuf_str(b, i ? "," : "");
        json_quote(b, made->codes[i]);
    }
    strbuf_str(b, "]}");
}

enum problem recovery_codes_get(struct call *call, struct tx *tx)
{
    struct recovery_set *set = ARENA_NEW(call->ctx.arena, struct recovery_set);
    enum problem problem = recovery_show(tx, &call->principal.user.id, set);
    return problem ? problem : reply_with(call, view_set, set);
}

static enum problem make(struct call *call, struct tx *tx, bool again)
{
    const struct body_recovery_codes *body = call->in;
    struct subject subject = call_subject(call);
    struct new_codes *made = ARENA_NEW(call->ctx.arena, struct new_codes);
    enum problem problem =
        recovery_make(&call->services->realm, tx, &subject, body->friendly_name, again, made);
    return problem ? problem : reply_with(call, view_codes, made);
}

enum problem recovery_codes_post(struct call *call, struct tx *tx)
{
    return make(call, tx, false);
}

enum problem recovery_codes_again(struct call *call, struct tx *tx)
{
    return make(call, tx, true);
}

enum problem recovery_codes_verify(struct call *call, struct tx *tx)
{
    const struct body_recovery_verify *body = call->in;
    struct subject subject = call_subject(call);
    struct issued_session *issued = ARENA_NEW(call->ctx.arena, struct issued_session);
    enum problem problem = recovery_use(&call->services->realm, tx, &subject, body->code, issued);
    return problem ? problem : reply_session(call, issued);
}

enum problem recovery_codes_delete_all(struct call *call, struct tx *tx)
{
    struct subject subject = call_subject(call);
    struct uuid *id = ARENA_NEW(call->ctx.arena, struct uuid);
    enum problem problem = recovery_remove(&call->services->realm, tx, &subject, id);
    return problem ? problem : reply_with(call, view_id, id);
}
