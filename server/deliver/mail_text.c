/* mail_text.c: a mail as a whole message, see mail_text.h: multipart/alternative of text and HTML,
 * both quoted-printable. */
#include "deliver/mail_text.h"

#include "base/json.h"
#include "base/log.h"
#include "deliver/html_text.h"
#include "deliver/mail_template.h"
#include "deliver/mime.h"
#include "deliver/own_host.h"

#include <ctype.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>

enum { FIELDS_MAX = 4 << 20, MESSAGE_MAX = 32 << 20, ID_MAX = 64, NAME_MAX_HEADER = 60 };

static void add_field(struct strbuf *b, const char *name, const char *value)
{
    if (value) {
        strbuf_char(b, ',');
        json_quote(b, name);
        strbuf_char(b, ':');
        json_quote(b, value);
    }
}

static const char *object_or_empty(struct arena *arena, const char *data)
{
    const char *detail = NULL;
    const struct json_t *read = data ? json_read(arena, data, strlen(data), &detail) : NULL;
    return json_kind_of(read) == KIND_OBJECT ? data : "{}";
}

/* What templates can show (accounts.md ML2, 7.4). */
static const struct json_t *fields_of(const struct config *c, struct arena *arena,
                                      const struct mail *m)
{
    const char *detail = NULL;
    bool code_only = m->kind == MAIL_REAUTHENTICATION, change = m->kind == MAIL_EMAIL_CHANGE;
    struct strbuf b = strbuf_in(arena, FIELDS_MAX);
    strbuf_printf(&b, "{\"Data\":%s", object_or_empty(arena, m->data));
    add_field(&b, "SiteURL", c->site.url);
    add_field(&b, "Email", m->email ? m->email : m->to);
    add_field(&b, "Token", m->token);
    add_field(&b, "TokenHash", code_only ? NULL : m->token_hash);
    add_field(&b, "ConfirmationURL", code_only ? NULL : m->confirmation_url);
    add_field(&b, "RedirectTo", code_only ? NULL : m->redirect_to);
    add_field(&b, "NewEmail", change ? m->new_email : NULL);
    add_field(&b, "SendingTo", change ? m->to : NULL);
    add_field(&b, "OldEmail", m->old_email);
    add_field(&b, "Phone", m->phone);
    add_field(&b, "OldPhone", m->old_phone);
    add_field(&b, "Provider", m->provider);
    add_field(&b, "FactorType", m->factor_type);
    add_field(&b, "Locked", m->locked);
    add_field(&b, "Remaining", m->remaining);
    strbuf_char(&b, '}');
    return strbuf_ok(&b) ? json_read(arena, b.data, b.len, &detail) : NULL;
}

struct bodies {
    const char *subject, *html, *text;
};

static const char *fill(struct arena *arena, const struct template *template,
                        enum template_form form, const struct json_t *fields, const char **error)
{
    return template ? template_fill(template, arena, form, fields, error) : NULL;
}

static void say_unusable(enum mail_kind kind, const char *part, const char *error)
{
    log_write(LOG_WARN, "a mail template cannot be used; the built-in one is used",
              LOG_STR("mail", mail_kind_name(kind)), LOG_STR("part", part),
              LOG_STR("reason", error));
}

static const char *fill_subject(struct arena *arena, const char *subject,
                                const struct json_t *fields, const char **error)
{
    return fill(arena, template_read(arena, subject, error), TEMPLATE_HTML, fields, error);
}

static const char *subject_of(const struct config *c, struct arena *arena, enum mail_kind kind,
                              const struct json_t *fields)
{
    const char *error = NULL;
    const char *subject = fill_subject(arena, mail_subject(c, kind), fields, &error);
    if (!subject) {
        say_unusable(kind, "subject", error);
        subject = fill_subject(arena, mail_subject(NULL, kind), fields, &error);
    }
    return subject;
}

static bool write_bodies(const struct config *c, struct arena *arena, enum mail_kind kind,
                         const struct json_t *fields, struct bodies *out)
{
    const char *error = NULL;
    const struct template *own = mail_template(c, arena, kind);
    out->subject = subject_of(c, arena, kind, fields);
    out->html = fill(arena, own, TEMPLATE_HTML, fields, &error);
    if (out->html) {
        out->text = html_to_text(arena, out->html);
        return out->subject != NULL;
    }
    if (own) {
        say_unusable(kind, "body", error);
    }
    out->html = fill(arena, mail_builtin(arena, kind, true), TEMPLATE_HTML, fields, &error);
    out->text = fill(arena, mail_builtin(arena, kind, false), TEMPLATE_TEXT, fields, &error);
    return out->subject && out->html && out->text;
}

/* Headers that are ours alone. */
static bool is_reserved(const char *name)
{
    static const char *const reserved[] = {
        "From",
        "To",
        "Cc",
        "Bcc",
        "Sender",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Return-Path",
        "Received",
    };
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcasecmp(name, reserved[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_header_name(const char *name)
{
    size_t len = strlen(name);
    for (const char *p = name; *p; p++) {
        if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_') {
            return false;
        }
    }
    return len > 0 && len <= NAME_MAX_HEADER && !is_reserved(name);
}

/* The value with $messageType replaced. */
static void add_value(struct strbuf *b, const char *value, enum mail_kind kind)
{
    static const char hole[] = "$messageType";
    const char *name = kind == MAIL_REAUTHENTICATION ? "reauthenticate" : mail_kind_name(kind);
    for (const char *at; (at = strstr(value, hole)); value = at + sizeof hole - 1) {
        strbuf_add(b, value, (size_t)(at - value));
        strbuf_str(b, name);
    }
    strbuf_str(b, value);
}

/* GOTRUE_SMTP_HEADERS; what is not of its form is left out. */
static void write_own_headers(const struct config *c, struct strbuf *out, enum mail_kind kind)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    const char *detail = NULL, *name;
    const struct json_t *values, *root = NULL;
    if (*c->mail.smtp_headers) {
        root = json_read(out->arena, c->mail.smtp_headers, strlen(c->mail.smtp_headers), &detail);
        if (json_kind_of(root) != KIND_OBJECT && !atomic_flag_test_and_set(&said)) {
            log_plain(LOG_WARN, "GOTRUE_SMTP_HEADERS has no effect: it is no JSON object");
        }
    }
    for (void *at = NULL; json_each(root, &at, &name, &values);) {
        struct strbuf value = strbuf_in(out->arena, 65536);
        strbuf_str(&value, "");
        for (size_t i = 0; i < json_count(values) && is_header_name(name); i++) {
            const char *text = json_text(json_nth(values, i));
            strbuf_str(&value, i ? ", " : "");
            add_value(&value, text ? text : "", kind);
        }
        if (value.len && strbuf_ok(&value)) {
            mime_header(out, name, value.data);
        }
    }
}

/* Letters, digits and hyphens of an id. */
static const char *plain_id(struct arena *arena, const char *id)
{
    char *out = arena_alloc(arena, ID_MAX + 1), *to = out;
    for (; *id && to < out + ID_MAX; id++) {
        if (isalnum((unsigned char)*id) || *id == '-') {
            *to++ = *id;
        }
    }
    return out;
}

static void write_part(struct strbuf *out, const char *boundary, const char *type, const char *text)
{
    strbuf_printf(out,
                  "--%s\r\nContent-Type: text/%s; charset=UTF-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                  boundary, type);
    mime_quoted_printable(out, text);
}

static void write_message(const struct config *c, struct strbuf *out, const struct mail *mail,
                          const char *id, int64_t now_us, const struct bodies *bodies,
                          const char *from)
{
    char date[MIME_DATE];
    /* "=_" never stands in quoted-printable text. */
    const char *boundary = arena_printf(out->arena, "=_%s", id);
    write_own_headers(c, out, mail->kind);
    mime_mailbox(out, "From", c->mail.smtp_sender_name, from);
    mime_mailbox(out, "To", NULL, mail->to);
    mime_header(out, "Subject", bodies->subject);
    strbuf_printf(out,
                  "Date: %s\r\nMessage-ID: <%s@%s>\r\nAuto-Submitted: auto-generated\r\n"
                  "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; "
                  "boundary=\"%s\"\r\n\r\n",
                  mime_date(now_us, date), id, own_host(out->arena, c->site.external_url),
                  boundary);
    write_part(out, boundary, "plain", bodies->text);
    write_part(out, boundary, "html", bodies->html);
    strbuf_printf(out, "--%s--\r\n", boundary);
}

bool mail_compose(const struct config *config, struct arena *arena, const struct mail *mail,
                  const char *message_id, int64_t now_us, struct mail_message *out,
                  const char **error)
{
    struct bodies bodies = { 0 };
    struct strbuf b = strbuf_in(arena, MESSAGE_MAX);
    const char *from = config->mail.smtp_admin_email;
    if (!*from) {
        from = arena_printf(arena, "noreply@%s", own_host(arena, config->site.url));
    }
    if (!mime_address_ok(mail->to) || !mime_address_ok(from)) {
        *error = mime_address_ok(from) ? "no mail can be sent to an address of this form"
                                       : "GOTRUE_SMTP_ADMIN_EMAIL is not one plain address";
        return false;
    }
    const struct json_t *fields = fields_of(config, arena, mail);
    if (!fields || !write_bodies(config, arena, mail->kind, fields, &bodies)) {
        *error = "the mail cannot be written";
        return false;
    }
    write_message(config, &b, mail, plain_id(arena, message_id), now_us, &bodies, from);
    *out = (struct mail_message){ from, mail->to, b.data, b.len };
    if (!strbuf_ok(&b)) {
        *error = "the mail is too long";
    }
    return strbuf_ok(&b);
}
