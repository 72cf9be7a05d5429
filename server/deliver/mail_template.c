/* mail_template.c: fetches and keeps the operator's mail templates, see mail_template.h and
 * internals.md §1.7. What was fetched is kept as long as the process lives: a template
 * that cannot be fetched anew, or cannot be read, leaves the last good one in use. */
#include "deliver/mail_template.h"

#include "base/log.h"
#include "base/utf8.h"
#include "deliver/http_client.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FETCH_US (10 * US_PER_S)

struct kept {
    char *url, *text;                   /* malloc'd; text NULL: none yet */
    int64_t good_until_us, retry_at_us; /* steady clock */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept cache[MAIL_KIND_COUNT];

static const char *template_setting(const struct config *c, enum mail_kind kind)
{
    const char *const settings[] = {
        [MAIL_CONFIRMATION] = c->mail.template_confirmation,
        [MAIL_INVITE] = c->mail.template_invite,
        [MAIL_MAGIC_LINK] = c->mail.template_magic_link,
        [MAIL_RECOVERY] = c->mail.template_recovery,
        [MAIL_EMAIL_CHANGE] = c->mail.template_email_change,
        [MAIL_REAUTHENTICATION] = c->mail.template_reauthentication,
        [MAIL_PASSWORD_CHANGED] = c->mail.template_password_changed_notification,
        [MAIL_EMAIL_CHANGED] = c->mail.template_email_changed_notification,
        [MAIL_PHONE_CHANGED] = c->mail.template_phone_changed_notification,
        [MAIL_IDENTITY_LINKED] = c->mail.template_identity_linked_notification,
        [MAIL_IDENTITY_UNLINKED] = c->mail.template_identity_unlinked_notification,
        [MAIL_FACTOR_ENROLLED] = c->mail.template_mfa_factor_enrolled_notification,
        [MAIL_FACTOR_UNENROLLED] = c->mail.template_mfa_factor_unenrolled_notification,
        [MAIL_FACTOR_REMOVED_BY_ADMIN] = c->mail.template_mfa_factor_removed_by_admin_notification,
        [MAIL_FACTOR_LOCKED] = c->mail.template_mfa_factor_locked_notification,
        [MAIL_RECOVERY_CODE_USED] = c->mail.template_mfa_recovery_code_used_notification,
        [MAIL_PASSWORD_AT_RISK] = c->mail.template_password_at_risk_notification,
    };
    return settings[kind];
}

const char *mail_subject(const struct config *c, enum mail_kind kind)
{
    static const char *const presets[] = {
#define MAIL(name, kind, subject) [MAIL_##name] = (subject),
        MAIL_KINDS(MAIL)
#undef MAIL
    };
    if (!c) {
        return presets[kind];
    }
    const char *const settings[] = {
        [MAIL_CONFIRMATION] = c->mail.subject_confirmation,
        [MAIL_INVITE] = c->mail.subject_invite,
        [MAIL_MAGIC_LINK] = c->mail.subject_magic_link,
        [MAIL_RECOVERY] = c->mail.subject_recovery,
        [MAIL_EMAIL_CHANGE] = c->mail.subject_email_change,
        [MAIL_REAUTHENTICATION] = c->mail.subject_reauthentication,
        [MAIL_PASSWORD_CHANGED] = c->mail.subject_password_changed_notification,
        [MAIL_EMAIL_CHANGED] = c->mail.subject_email_changed_notification,
        [MAIL_PHONE_CHANGED] = c->mail.subject_phone_changed_notification,
        [MAIL_IDENTITY_LINKED] = c->mail.subject_identity_linked_notification,
        [MAIL_IDENTITY_UNLINKED] = c->mail.subject_identity_unlinked_notification,
        [MAIL_FACTOR_ENROLLED] = c->mail.subject_mfa_factor_enrolled_notification,
        [MAIL_FACTOR_UNENROLLED] = c->mail.subject_mfa_factor_unenrolled_notification,
        [MAIL_FACTOR_REMOVED_BY_ADMIN] = c->mail.subject_mfa_factor_removed_by_admin_notification,
        [MAIL_FACTOR_LOCKED] = c->mail.subject_mfa_factor_locked_notification,
        [MAIL_RECOVERY_CODE_USED] = c->mail.subject_mfa_recovery_code_used_notification,
        [MAIL_PASSWORD_AT_RISK] = c->mail.subject_password_at_risk_notification,
    };
    return *settings[kind] ? settings[kind] : presets[kind];
}

static char *copied(const char *text)
{
    char *copy = strdup(text);
    if (!copy) {
        log_die("out of memory");
    }
    return copy;
}

/* NULL, with *why, if it cannot be had. */
static const char *fetch(const struct config *c, struct arena *arena, const char *url,
                         const char **why)
{
    struct http_answer answer;
    struct http_request request = {
        .url = url,
        .timeout_us = FETCH_US,
        .max_body = (size_t)c->mail.template_max,
        .cut = true,
    };
    if (http_call(arena, &request, &answer) != HTTP_ANSWERED) {
        *why = answer.error;
        return NULL;
    }
    size_t len = answer.len, least = len > 3 ? len - 3 : 0;
    while (len > least && !utf8_valid(answer.body, len)) {
        len--; /* a cut may have gone through a character */
    }
    if (answer.status != 200) {
        *why = arena_printf(arena, "the answer was %d, not 200", answer.status);
        return NULL;
    }
    if (strlen(answer.body) != answer.len || !utf8_valid(answer.body, len)) {
        *why = "it is not UTF-8 text";
        return NULL;
    }
    const char *text = arena_strndup(arena, answer.body, len);
    return template_read(arena, text, why) ? text : NULL;
}

static void renew(const struct config *c, struct arena *arena, enum mail_kind kind, const char *url,
                  struct kept *k)
{
    const char *why = NULL, *text = fetch(c, arena, url, &why);
    int64_t now_us = clock_steady_us();
    if (text) {
        free(k->text);
        k->text = copied(text);
        k->good_until_us = now_us + c->mail.template_age_us;
        return;
    }
    k->retry_at_us = now_us + c->mail.template_retry_us;
    log_write(LOG_WARN,
              k->text ? "a mail template cannot be used; the one from before stays in use"
                      : "a mail template cannot be used; the built-in one is used",
              LOG_STR("mail", mail_kind_name(kind)), LOG_STR("reason", why));
}

const struct template *mail_template(const struct config *c, struct arena *arena,
                                     enum mail_kind kind)
{
    const char *setting = template_setting(c, kind), *unreadable = NULL;
    if (!*setting) {
        return NULL;
    }
    const char *url = strncasecmp(setting, "http", 4) == 0
                          ? setting
                          : arena_printf(arena, "%s%s", c->site.url, setting);
    pthread_mutex_lock(&lock);
    struct kept *k = &cache[kind];
    if (!k->url || strcmp(k->url, url) != 0) {
        free(k->url);
        free(k->text);
        *k = (struct kept){ .url = copied(url) };
    }
    int64_t now_us = clock_steady_us();
    if ((!k->text || now_us >= k->good_until_us) && now_us >= k->retry_at_us) {
        renew(c, arena, kind, url, k);
    }
    const char *text = arena_strdup(arena, k->text);
    pthread_mutex_unlock(&lock);
    return text ? template_read(arena, text, &unreadable) : NULL;
}
