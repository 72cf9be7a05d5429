/* message.c: mails and SMS with one-time codes, see message.h. */
#include "domain/message.h"

#include "base/rfc3339.h"
#include "base/url.h"
#include "domain/address.h"
#include "domain/send_limit.h"
#include "store/ghosts.h"
#include "domain/request.h"

#include <string.h>
#include <strings.h>

/* What is the same for each kind of mail with a link. */
struct letter {
    enum mail_kind kind;
    enum token_kind token;
    const char *action_type;
    int64_t *sent_at; /* the timer in the user's row */
    bool pause;       /* does the timer hold the next one up? */
    bool pkce;
};

/* Row N9: the list of addresses that may be written to; "+label" does not count. */
bool message_address_allowed(const struct realm *realm, const char *to)
{
    const struct text_list *list = &realm->config->mail.authorized;
    const char *at = strrchr(to, '@'), *plus = strchr(to, '+');
    bool labelled = plus && at && plus < at;
    size_t name = labelled ? (size_t)(plus - to) : strlen(to);
    for (int i = 0; i < list->count; i++) {
        if (strncasecmp(list->items[i], to, name) == 0 &&
            strcasecmp(list->items[i] + name, labelled ? at : "") == 0) {
            return true;
        }
    }
    return list->count == 0;
}

static enum problem check_authorized(const struct realm *realm, struct ctx *ctx, const char *to)
{
    return message_address_allowed(realm, to) ? P_OK : ctx_fail(ctx, P_MAIL_NOT_AUTHORIZED, to);
}

/* Of what anybody may ask for, the pause of the address is told (domain/enumeration.h); that of the
 * user, which only an account has, is kept without a word. */
static enum problem check_pause(struct tx *tx, int64_t last_us, int64_t pause_us,
                                enum problem too_soon)
{
    enum problem problem = pause_check(tx->ctx, last_us, pause_us, too_soon);
    if (problem && tx->openly) {
        tx->ctx->retry_after_s = 0;
        ghost_begin(tx);
        return P_OK;
    }
    return problem;
}

/* Rows ML10 to ML13, in their order; once a call even where two mails are sent. */
static enum problem may_send(const struct realm *realm, struct tx *tx, const struct user *user,
                             const char *to, const struct letter *letter)
{
    const struct config *c = realm->config;
    enum problem problem =
        letter->pause
            ? check_pause(tx, *letter->sent_at, c->mail.smtp_max_frequency_us, P_MAIL_TOO_SOON)
            : P_OK;
    if (!problem) {
        problem = check_authorized(realm, tx->ctx, to);
    }
    if (problem) {
        return problem;
    }
    if (total_is_zero(c->mail.rate_sent)) {
        return P_MAIL_LIMIT;
    }
    bool sent = c->accounts.mailer_autoconfirm ||
                (letter->kind == MAIL_INVITE /* an admin's own */
                     ? total_take(tx, "mail", c->mail.rate_sent, BY_CONFIRMED)
                     : total_take_for(tx, "mail", c->mail.rate_sent, user));
    return sent ? P_OK : P_MAIL_LIMIT;
}

static const char *path_of(const struct realm *realm, enum mail_kind kind)
{
    const struct config *c = realm->config;
    return kind == MAIL_INVITE         ? c->mail.path_invite
           : kind == MAIL_CONFIRMATION ? c->mail.path_confirmation
           : kind == MAIL_EMAIL_CHANGE ? c->mail.path_email_change
                                       : c->mail.path_recovery;
}

/* The redirect target goes in as it is, unless that would break the query (row ML3), or it would be
 * read back as another one. */
static void add_redirect(struct strbuf *link, const char *redirect)
{
    bool escape = strpbrk(redirect, "&=#+%") != NULL;
    for (const char *p = redirect; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= 'a' && *p <= 'z') || strchr("-._~", *p);
        if (plain || (!escape && (unsigned char)*p > ' ' && !strchr("\"<>", *p))) {
            strbuf_char(link, *p);
        } else {
            strbuf_printf(link, "%%%02X", (unsigned char)*p);
        }
    }
}

/* The path's own query stays and its fragment comes last, as in any URL. */
static void add_query(struct strbuf *link, const char *path, const struct link_target *target,
                      const char *token, const char *type)
{
    size_t fragment = strcspn(path, "#");
    strbuf_add(link, path, fragment);
    strbuf_char(link, memchr(path, '?', fragment) ? '&' : '?');
    strbuf_printf(link, "token=%s&type=%s&redirect_to=", token, type);
    add_redirect(link, target->redirect_to);
    strbuf_str(link, path + fragment);
}

/* The path of that URL without a slash at its end: the API lies below it, whatever the host is
 * called. */
static void add_below(struct strbuf *link, const char *url)
{
    const char *path = url_split(url).rest;
    size_t len = strcspn(path, "?#");
    while (len && path[len - 1] == '/') {
        len--;
    }
    strbuf_add(link, path, len);
}

const char *message_link(const struct realm *realm, struct arena *arena,
                         const struct link_target *target, enum mail_kind kind, const char *token,
                         const char *type)
{
    const char *path = path_of(realm, kind);
    struct strbuf link = strbuf_in(arena, 16384);
    size_t origin = url_split(target->base).origin.len;
    bool whole = url_split(path).scheme.len && strcspn(path, "?#") > strcspn(path, ":");
    if (!*path) {
        path = "/verify";
        strbuf_add(&link, target->base, origin);
        add_below(&link, realm->config->site.external_url);
    } else if (!whole && *path == '/') { /* an absolute path takes the place of the base's */
        strbuf_add(&link, target->base, origin);
    } else if (!whole) {
        const char *slash = strrchr(target->base + origin, '/');
        strbuf_add(&link, target->base, slash ? (size_t)(slash - target->base) : origin);
        strbuf_char(&link, '/');
    }
    add_query(&link, path, target, token, type);
    return link.data;
}

static struct mail mail_of(const struct realm *realm, struct tx *tx, const struct user *user,
                           const struct letter *letter, const struct link_target *target,
                           const struct one_time_code *code, const char *to)
{
    return (struct mail){
        .kind = letter->kind,
        .user_id = user->id,
        .to = to,
        .action_type = letter->action_type,
        .email = user->email,
        .token = code->code,
        .token_hash = code->link_token,
        .redirect_to = target ? target->redirect_to : NULL,
        .confirmation_url = target ? message_link(realm, tx->ctx->arena, target, letter->kind,
                                                  code->link_token, letter->action_type)
                                   : NULL,
        .data = user->user_metadata,
    };
}

static enum problem send_letter(const struct realm *realm, struct tx *tx, struct user *user,
                                const struct letter *letter, const struct link_target *target)
{
    struct one_time_code code;
    enum problem problem = may_send(realm, tx, user, user->email, letter);
    if (problem) {
        return problem;
    }
    code_make(realm, tx, &user->id, letter->token, user->email, letter->pkce,
              (int)realm->config->mail.otp_length, NULL, &code);
    *letter->sent_at = tx->ctx->now_us;
    struct mail mail = mail_of(realm, tx, user, letter, target, &code, user->email);
    outgoing_mail(realm, tx, &mail);
    return P_OK;
}

enum problem message_confirmation(const struct realm *realm, struct tx *tx, struct user *user,
                                  const struct link_target *target, bool pkce)
{
    struct letter letter = {
        MAIL_CONFIRMATION, TOKEN_CONFIRMATION, "signup", &user->confirmation_sent_at, true, pkce
    };
    return send_letter(realm, tx, user, &letter, target);
}

enum problem message_invite(const struct realm *realm, struct tx *tx, struct user *user,
                            const struct link_target *target)
{
    struct letter letter = { MAIL_INVITE, TOKEN_CONFIRMATION,
                             "invite",    &user->confirmation_sent_at,
                             false,       false };
    enum problem problem = send_letter(realm, tx, user, &letter, target);
    user->invited_at = problem ? user->invited_at : tx->ctx->now_us;
    return problem;
}

enum problem message_recovery(const struct realm *realm, struct tx *tx, struct user *user,
                              const struct link_target *target, bool pkce)
{
    struct letter letter = { MAIL_RECOVERY,           TOKEN_RECOVERY, "recovery",
                             &user->recovery_sent_at, true,           pkce };
    return send_letter(realm, tx, user, &letter, target);
}

enum problem message_magic_link(const struct realm *realm, struct tx *tx, struct user *user,
                                const struct link_target *target, bool pkce)
{
    struct letter letter = { MAIL_MAGIC_LINK,         TOKEN_RECOVERY, "magiclink",
                             &user->recovery_sent_at, true,           pkce };
    return send_letter(realm, tx, user, &letter, target);
}

enum problem message_reauthentication(const struct realm *realm, struct tx *tx, struct user *user)
{
    struct letter letter = { MAIL_REAUTHENTICATION,
                             TOKEN_REAUTHENTICATION,
                             "reauthentication",
                             &user->reauthentication_sent_at,
                             true,
                             false };
    return send_letter(realm, tx, user, &letter, NULL);
}

enum problem message_email_change(const struct realm *realm, struct tx *tx, struct user *user,
                                  const struct link_target *target, bool pkce)
{
    int length = (int)realm->config->mail.otp_length;
    bool both = realm->config->mail.secure_email_change && user->email;
    struct one_time_code current, fresh;
    struct letter letter = { MAIL_EMAIL_CHANGE,
                             TOKEN_EMAIL_CHANGE_NEW,
                             "email_change",
                             &user->email_change_sent_at,
                             true,
                             pkce };
    enum problem problem = may_send(realm, tx, user, user->email_change, &letter);
    if (!problem && both) {
        problem = check_authorized(realm, tx->ctx, user->email);
    }
    if (problem) {
        return problem;
    }
    user->email_change_sent_at = tx->ctx->now_us;
    user->email_change_confirm_status = 0;
    code_make(realm, tx, &user->id, TOKEN_EMAIL_CHANGE_NEW, user->email_change, pkce, length, NULL,
              &fresh);
    struct mail mail = mail_of(realm, tx, user, &letter, target, &fresh, user->email_change);
    mail.new_email = user->email_change;
    outgoing_mail(realm, tx, &mail);
    if (both) {
        code_make(realm, tx, &user->id, TOKEN_EMAIL_CHANGE_CURRENT, user->email, pkce, length, NULL,
                  &current);
        mail = mail_of(realm, tx, user, &letter, target, &current, user->email);
        mail.new_email = user->email_change;
        outgoing_mail(realm, tx, &mail);
    }
    return P_OK;
}

const char *test_code_of(const struct realm *realm, struct ctx *ctx, const char *phone)
{
    int64_t until;
    const char *end = realm->config->sms.test_otp_until;
    if (*end && rfc3339_parse(end, &until) && ctx->now_us >= until) {
        return NULL;
    }
    for (const char *p = realm->config->sms.test_otp; *p;) {
        size_t len = strcspn(p, ","), colon = strcspn(p, ":,");
        const char *known = phone_as_stored(ctx->arena, arena_strndup(ctx->arena, p, colon));
        if (colon < len && strcmp(known, phone) == 0) {
            return arena_strndup(ctx->arena, p + colon + 1, len - colon - 1);
        }
        p += len;
        p += *p == ',';
    }
    return NULL;
}

enum problem message_channel_check(const struct realm *realm, const char *channel)
{
    const struct config *c = realm->config;
    bool twilio =
        strcmp(c->sms.provider, "twilio") == 0 || strcmp(c->sms.provider, "twilio_verify") == 0;
    bool known = !channel || !*channel || strcmp(channel, "sms") == 0 ||
                 (twilio && strcmp(channel, "whatsapp") == 0);
    return known || c->hooks.send_sms_on ? P_OK : P_CHANNEL_INVALID;
}

static int64_t *sms_timer(struct user *user, enum token_kind kind)
{
    return kind == TOKEN_PHONE_CHANGE       ? &user->phone_change_sent_at
           : kind == TOKEN_REAUTHENTICATION ? &user->reauthentication_sent_at
                                            : &user->confirmation_sent_at;
}

enum problem message_sms(const struct realm *realm, struct tx *tx, struct user *user,
                         enum token_kind kind, const char *phone, const char *channel,
                         const char **message_id)
{
    const struct config *c = realm->config;
    int64_t *timer = sms_timer(user, kind);
    struct one_time_code code;
    *message_id = NULL;
    enum problem problem = check_pause(tx, *timer, c->sms.max_frequency_us, P_SMS_TOO_SOON);
    if (problem) {
        return problem;
    }
    const char *test = test_code_of(realm, tx->ctx, phone);
    if (!test && !c->accounts.sms_autoconfirm &&
        !total_take_for(tx, "sms", c->sms.rate_sent, user)) {
        return P_SMS_LIMIT;
    }
    code_make(realm, tx, &user->id, kind, phone, false, (int)c->sms.otp_length, test, &code);
    *timer = tx->ctx->now_us;
    if (test) {
        *message_id = "test-otp";
        return P_OK;
    }
    if (realm->sms_incomplete) {
        return P_SMS_NO_PROVIDER;
    }
    struct sms sms = {
        .user_id = user->id,
        .phone = phone,
        .code = code.code,
        .channel = channel && *channel ? channel : "sms",
        .kind = kind == TOKEN_PHONE_CHANGE       ? "phone_change"
                : kind == TOKEN_REAUTHENTICATION ? "reauthentication"
                                                 : "confirmation",
    };
    outgoing_sms(realm, tx, &sms);
    *message_id = request_of(tx->ctx)->sms_id; /* row SM8 */
    return P_OK;
}
