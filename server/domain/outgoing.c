/* outgoing.c: mails and SMS into the outbox, or into a list of what is sent before the request
 * counts; their JSON form. See outgoing.h. */
#include "domain/outgoing.h"

#include "base/json.h"
#include "store/outbox.h"
#include "domain/request.h"

#include <stddef.h>
#include <string.h>

enum { PAYLOAD_MAX = 2 << 20 };

/* The text members of both, by name: written if they are not NULL. */
struct text_member {
    const char *name;
    size_t offset;
};

#define MEMBER(type, name)                                                                         \
    {                                                                                              \
#name, offsetof(struct type, name)                                                         \
    }
static const struct text_member mail_members[] = {
    MEMBER(mail, to),          MEMBER(mail, action_type),
    MEMBER(mail, email),       MEMBER(mail, new_email),
    MEMBER(mail, token),       MEMBER(mail, token_hash),
    MEMBER(mail, redirect_to), MEMBER(mail, confirmation_url),
    MEMBER(mail, data),        MEMBER(mail, old_email),
    MEMBER(mail, phone),       MEMBER(mail, old_phone),
    MEMBER(mail, provider),    MEMBER(mail, factor_type),
    MEMBER(mail, locked),      MEMBER(mail, remaining),
};
static const struct text_member sms_members[] = {
    MEMBER(sms, phone),
    MEMBER(sms, code),
    MEMBER(sms, channel),
    MEMBER(sms, kind),
};
enum {
    MAIL_MEMBERS = sizeof mail_members / sizeof mail_members[0],
    SMS_MEMBERS = sizeof sms_members / sizeof sms_members[0],
};

static const char *const kinds[] = {
#define MAIL(name, kind, subject) kind,
    MAIL_KINDS(MAIL)
#undef MAIL
};

bool mail_is_notice(enum mail_kind kind)
{
    return kind >= MAIL_PASSWORD_CHANGED;
}

const char *mail_kind_name(enum mail_kind kind)
{
    return kinds[kind];
}

static void write_members(struct strbuf *b, const struct text_member *members, int n,
                          const void *from)
{
    for (int i = 0; i < n; i++) {
        const char *text;
        memcpy(&text, (const char *)from + members[i].offset, sizeof text);
        if (text) {
            strbuf_char(b, ',');
            json_quote(b, members[i].name);
            strbuf_char(b, ':');
            json_quote(b, text);
        }
    }
    strbuf_char(b, '}');
}

static void read_members(const struct json_t *root, const struct text_member *members, int n,
                         void *into)
{
    for (int i = 0; i < n; i++) {
        const char *text = json_member_text(root, members[i].name);
        memcpy((char *)into + members[i].offset, &text, sizeof text);
    }
}

const char *mail_to_json(struct arena *arena, const struct mail *mail)
{
    char id[UUID_TEXT];
    struct strbuf b = strbuf_in(arena, PAYLOAD_MAX);
    strbuf_printf(&b, "{\"mail\":\"%s\",\"user_id\":\"%s\"", kinds[mail->kind],
                  uuid_format(&mail->user_id, id));
    write_members(&b, mail_members, MAIL_MEMBERS, mail);
    return strbuf_ok(&b) ? b.data : NULL;
}

const char *sms_to_json(struct arena *arena, const struct sms *sms)
{
    char id[UUID_TEXT];
    struct strbuf b = strbuf_in(arena, PAYLOAD_MAX);
    strbuf_printf(&b, "{\"user_id\":\"%s\"", uuid_format(&sms->user_id, id));
    write_members(&b, sms_members, SMS_MEMBERS, sms);
    return strbuf_ok(&b) ? b.data : NULL;
}

/* The object and its user_id. */
static const struct json_t *read_payload(struct arena *arena, const char *json, struct uuid *user)
{
    const char *detail = NULL;
    const struct json_t *root = json_read(arena, json, strlen(json), &detail);
    const char *id = json_member_text(root, "user_id");
    return id && uuid_parse(id, user) ? root : NULL;
}

bool mail_from_json(struct arena *arena, const char *json, struct mail *out)
{
    *out = (struct mail){ .kind = MAIL_KIND_COUNT };
    const struct json_t *root = read_payload(arena, json, &out->user_id);
    const char *kind = json_member_text(root, "mail");
    for (int i = 0; kind && i < MAIL_KIND_COUNT; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            out->kind = (enum mail_kind)i;
        }
    }
    read_members(root, mail_members, MAIL_MEMBERS, out);
    return out->kind != MAIL_KIND_COUNT && out->to;
}

bool sms_from_json(struct arena *arena, const char *json, struct sms *out)
{
    *out = (struct sms){ 0 };
    const struct json_t *root = read_payload(arena, json, &out->user_id);
    read_members(root, sms_members, SMS_MEMBERS, out);
    return out->phone && out->code;
}

static void put(const struct realm *realm, struct tx *tx, const char *kind, const char *topic,
                const char *payload)
{
    struct ctx *ctx = tx->ctx;
    struct uuid id = uuid_v7(ctx->entropy, ctx->now_us);
    struct outbox_row row = {
        .id = id,
        .kind = kind,
        .topic = topic ? topic : "",
        .payload = vault_seal(realm->vault, ctx->arena, ctx->entropy, &id, payload),
        .created_at = ctx->now_us,
        .next_try_at = ctx->now_us,
    };
    outbox_insert(tx, &row);
    request_of(ctx)->outbox_filled = true;
}

static void collect(struct ctx *ctx, const struct mail *mail, const struct sms *sms)
{
    struct outgoing *item = ARENA_NEW(ctx->arena, struct outgoing),
                    **end = &request_of(ctx)->outgoing;
    if (mail) {
        struct mail *copy = ARENA_NEW(ctx->arena, struct mail);
        *copy = *mail;
        item->mail = copy;
    } else {
        struct sms *copy = ARENA_NEW(ctx->arena, struct sms);
        *copy = *sms;
        item->sms = copy;
    }
    while (*end) {
        end = &(*end)->next;
    }
    *end = item;
}

void outgoing_mail(const struct realm *realm, struct tx *tx, const struct mail *mail)
{
    if (request_of(tx->ctx)->asks_mail && tx->ghost) {
        request_of(tx->ctx)->equal_time |= EQUAL_TIME_MAIL;
        return;
    }
    if (request_of(tx->ctx)->asks_mail) {
        collect(tx->ctx, mail, NULL);
        return;
    }
    const char *payload = mail_to_json(tx->ctx->arena, mail);
    if (payload) {
        put(realm, tx, "mail", kinds[mail->kind], payload);
    }
}

void outgoing_sms(const struct realm *realm, struct tx *tx, const struct sms *sms)
{
    if (request_of(tx->ctx)->asks_sms && tx->ghost) {
        request_of(tx->ctx)->equal_time |= EQUAL_TIME_SMS;
        return;
    }
    if (request_of(tx->ctx)->asks_sms) {
        collect(tx->ctx, NULL, sms);
        return;
    }
    const char *payload = sms_to_json(tx->ctx->arena, sms);
    if (payload) {
        put(realm, tx, "sms", sms->kind, payload);
    }
}
