/* audit_event.c: builds the payloads of audit rows, see audit_event.h. */
#include "domain/audit_event.h"

#include "base/json.h"
#include "base/deferred.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "store/audit.h"
#include "domain/request.h"

#include <string.h>

/* What users and tokens choose is cut, so that nobody can make a row too long to be written. */
enum { PAYLOAD_MAX = 64 << 10, CHOSEN_MAX = 1020 };

static const struct {
    const char *action, *log_type;
} kinds[] = {
#define AUDIT(name, action, log_type) [AUDIT_##name] = { action, log_type },
#include "domain/audit.def"
#undef AUDIT
};

struct actor {
    const struct uuid *id;
    const char *username, *full_name;
    bool via_sso;
};

static void pair(struct strbuf *b, const char *before, const char *name, const char *value)
{
    value = value ? value : "";
    strbuf_str(b, before);
    json_quote(b, name);
    strbuf_char(b, ':');
    json_quote(b, arena_strndup(b->arena, value, utf8_prefix(value, CHOSEN_MAX)));
}

/* With who did it, where that is an admin. */
static void write_traits(struct strbuf *b, struct ctx *ctx, const struct actor *actor,
                         const struct trait *traits)
{
    const struct request *r = request_of(ctx);
    const char *role = r->admin_role && !uuid_is_nil(actor->id) ? r->admin_role : NULL;
    const char *id = r->admin_id && *r->admin_id ? r->admin_id : NULL;
    const char *before = ",\"traits\":{";
    for (; traits && traits->name; traits++, before = ",") {
        pair(b, before, traits->name, traits->value);
    }
    if (role) {
        pair(b, before, "admin_role", role);
        before = ",";
    }
    if (id) {
        pair(b, before, "admin_id", id);
        before = ",";
    }
    if (strcmp(before, ",") == 0) {
        strbuf_char(b, '}');
    }
}

/* Rows are switched off: a line of the log instead, once the transaction is committed. */
static void keep_for_log(struct tx *tx, struct strbuf *b, const char *ip)
{
    char id[UUID_TEXT], at[RFC3339_TEXT];
    struct ctx *ctx = tx->ctx;
    struct uuid uuid = uuid_v7(ctx->entropy, ctx->now_us);
    b->len--; /* the closing brace */
    pair(b, ",", "audit_log_id", uuid_format(&uuid, id));
    pair(b, ",", "created_at", rfc3339_format(ctx->now_us, at));
    pair(b, ",", "ip_address", ip);
    pair(b, ",", "request_id", ctx->request_id);
    strbuf_char(b, '}');
    const struct log_field event = LOG_JSON("auth_audit_event", b->data);
    deferred_log(ctx, DEFERRED_IF_COMMITTED, LOG_INFO, "audit_event", &event, 1);
}

static void write_event(const struct realm *realm, struct tx *tx, const struct actor *actor,
                        enum audit_action action, const char *ip, const struct trait *traits)
{
    char id[UUID_TEXT];
    struct strbuf b = strbuf_in(tx->ctx->arena, PAYLOAD_MAX);
    pair(&b, "{", "action", kinds[action].action);
    pair(&b, ",", "actor_id", uuid_format(actor->id, id));
    if (actor->full_name) {
        pair(&b, ",", "actor_name", actor->full_name);
    }
    pair(&b, ",", "actor_username", actor->username);
    strbuf_str(&b, actor->via_sso ? ",\"actor_via_sso\":true" : ",\"actor_via_sso\":false");
    pair(&b, ",", "log_type", kinds[action].log_type);
    write_traits(&b, tx->ctx, actor, traits);
    strbuf_char(&b, '}');
    if (strbuf_ok(&b) && realm->config->retention.audit_off) {
        keep_for_log(tx, &b, ip);
    } else if (strbuf_ok(&b)) {
        audit_insert(tx, b.data, ip);
    }
}

/* full_name of the metadata; most users have none, so the text is searched before it is read. */
static const char *full_name_of(struct arena *arena, const struct user *user)
{
    if (!user->user_metadata || !strstr(user->user_metadata, "\"full_name\"")) {
        return NULL;
    }
    const char *detail;
    return json_member_text(
        json_read(arena, user->user_metadata, strlen(user->user_metadata), &detail), "full_name");
}

void audit_by_user(const struct realm *realm, struct tx *tx, const struct user *user,
                   enum audit_action action, const char *ip, const struct trait *traits)
{
    struct actor actor = {
        .id = &user->id,
        .username = user->phone   ? user->phone
                    : user->email ? user->email
                                  : "",
        .full_name = full_name_of(tx->ctx->arena, user),
        .via_sso = user->is_sso,
    };
    write_event(realm, tx, &actor, action, ip, traits);
}

void audit_by_admin(const struct realm *realm, struct tx *tx, const char *role,
                    enum audit_action action, const struct trait *traits)
{
    struct actor actor = { .id = &uuid_nil, .username = role ? role : "" };
    write_event(realm, tx, &actor, action, NULL, traits);
}
