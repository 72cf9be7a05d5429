/* admin_locks.c: /admin/users/{user_id}/locks: what keeps an account or its factors waiting after
 * wrong passwords or codes (rule S14). Ours alone: the official server has no such route. */
#include "api/handlers.h"
#include "base/rfc3339.h"
#include "domain/audit_event.h"
#include "domain/password_throttle.h"
#include "domain/lockout.h"

struct locks {
    struct throttle_lockout passwords[THROTTLE_LOCKOUTS_MAX];
    int n_passwords;
    struct factor_lockout *factors;
    int n_factors;
};

static void write_lock(struct strbuf *b, const char *name, const char *value, int64_t failures,
                       int64_t locked_until)
{
    char at[RFC3339_TEXT];
    strbuf_printf(b, "{\"%s\":\"%s\",\"failures\":%lld,\"locked_until\":\"%s\"}", name, value,
                  (long long)failures, rfc3339_format(locked_until, at));
}

static void view_locks(struct call *call, struct strbuf *b)
{
    const struct locks *locks = call->reply.data;
    char id[UUID_TEXT];
    strbuf_str(b, "{\"passwords\":[");
    for (int i = 0; i < locks->n_passwords; i++) {
        const struct throttle_lockout *lock = &locks->passwords[i];
        strbuf_str(b, i ? "," : "");
        write_lock(b, "kind", lock->kind, lock->failures, lock->locked_until);
    }
    strbuf_str(b, "],\"factors\":[");
    bool first = true;
    for (int i = 0; i < locks->n_factors; i++) {
        const struct factor_lockout *lock = &locks->factors[i];
        if (!lockout_end(call->services->config, call->ctx.now_us, lock->locked_until, true)) {
            continue;
        }
        strbuf_str(b, first ? "" : ",");
        first = false;
        write_lock(b, "factor_id", uuid_format(&lock->factor_id, id), lock->failures,
                   lock->locked_until);
    }
    strbuf_str(b, "]}");
}

enum problem admin_locks_get(struct call *call, struct tx *tx)
{
    struct locks *locks = ARENA_NEW(call->ctx.arena, struct locks);
    const struct user *user = &call->principal.user;
    locks->n_passwords = throttle_lockouts(&call->services->realm, tx, user, locks->passwords);
    locks->n_factors = factor_lockouts_of(tx, &user->id, THROTTLE_LOCKOUTS_MAX, &locks->factors);
    return reply_with(call, view_locks, locks);
}

/* Of passwords alone: a factor has a request of its own (PUT .../factors/{id}). */
enum problem admin_locks_delete(struct call *call, struct tx *tx)
{
    char id[UUID_TEXT];
    const struct user *user = &call->principal.user;
    throttle_clear(&call->services->realm, tx, user);
    audit_by_admin(&call->services->realm, tx, call->principal.claims.role, AUDIT_USER_MODIFIED,
                   TRAITS({ "user_id", uuid_format(&user->id, id) },
                          { "user_email", user->email ? user->email : "" },
                          { "user_phone", user->phone ? user->phone : "" }));
    return reply_empty_object(call);
}
