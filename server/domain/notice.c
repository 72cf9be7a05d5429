/* notice.c: which notices are sent, and how many, see notice.h. */
#include "domain/notice.h"

#include "domain/audit_event.h"
#include "domain/message.h"
#include "domain/send_limit.h"
#include "store/notices.h"

#include <string.h>

enum { MOST_A_DAY = 20 }; /* of one kind to one user */
#define DAY_US (86400 * US_PER_S)

static enum setting_switch said(bool on)
{
    return on ? SWITCH_ON : SWITCH_OFF;
}

/* What the official server's setting of the kind says; open where it is not set, and for kinds
 * that it does not know. */
static enum setting_switch official_switch(const struct config *c, enum mail_kind kind)
{
    switch (kind) {
    case MAIL_PASSWORD_CHANGED:
        return said(c->mail.notify_password_changed);
    case MAIL_EMAIL_CHANGED:
        return said(c->mail.notify_email_changed);
    case MAIL_PHONE_CHANGED:
        return said(c->mail.notify_phone_changed);
    case MAIL_IDENTITY_LINKED:
        return said(c->mail.notify_identity_linked);
    case MAIL_IDENTITY_UNLINKED:
        return said(c->mail.notify_identity_unlinked);
    case MAIL_FACTOR_ENROLLED:
        return c->mail.notify_mfa_factor_enrolled;
    case MAIL_FACTOR_UNENROLLED:
        return c->mail.notify_mfa_factor_unenrolled;
    default:
        return SWITCH_OPEN;
    }
}

static bool switched_on(const struct config *c, enum mail_kind kind)
{
    enum setting_switch official = official_switch(c, kind);
    if (official != SWITCH_OPEN) {
        return official == SWITCH_ON;
    }
    /* a hook made for the official server may not know what nobody switched on there */
    return c->mail.security_notices == SWITCH_OPEN ? !c->hooks.send_email_on
                                                   : c->mail.security_notices == SWITCH_ON;
}

bool notice_wanted(const struct realm *realm, const struct mail *mail)
{
    return mail->to && *mail->to && switched_on(realm->config, mail->kind) &&
           !total_is_zero(realm->config->mail.rate_sent) &&
           message_address_allowed(realm, mail->to);
}

/* Row 7.4: what the official setting asked for counts in the limit of all mails. Our own must not
 * use that up, as sign-ups wait for it; they have a limit for each user. */
static bool within_limits(const struct realm *realm, struct tx *tx, const struct user *user,
                          enum mail_kind kind)
{
    const struct config *c = realm->config;
    if (official_switch(c, kind) == SWITCH_ON) {
        return c->accounts.mailer_autoconfirm ||
               total_take(tx, "mail", c->mail.rate_sent, BY_CONFIRMED);
    }
    int64_t most = kind == MAIL_PASSWORD_AT_RISK ? 1 : MOST_A_DAY;
    return notices_of(tx, &user->id, mail_kind_name(kind), DAY_US) < most;
}

void notice_prefetch(const struct realm *realm, struct tx *tx, const struct user *user,
                     enum mail_kind kind)
{
    if (official_switch(realm->config, kind) == SWITCH_OPEN) {
        notices_prefetch(tx, &user->id, mail_kind_name(kind), DAY_US);
    }
}

bool notice_due(const struct realm *realm, struct tx *tx, const struct user *user,
                const struct mail *mail)
{
    return notice_wanted(realm, mail) && within_limits(realm, tx, user, mail->kind);
}

void notice_send(const struct realm *realm, struct tx *tx, const struct user *user,
                 const struct mail *mail)
{
    if (official_switch(realm->config, mail->kind) == SWITCH_OPEN) {
        notice_put(tx, &user->id, mail_kind_name(mail->kind), DAY_US);
    }
    struct mail full = *mail;
    full.user_id = user->id;
    full.email = mail->email ? mail->email : user->email;
    full.data = user->user_metadata;
    outgoing_mail(realm, tx, &full);
    audit_by_user(realm, tx, user, AUDIT_NOTICE_SENT, NULL,
                  TRAITS({ "notice", mail_kind_name(mail->kind) }));
}

bool notify(const struct realm *realm, struct tx *tx, const struct user *user,
            const struct mail *mail)
{
    bool due = notice_due(realm, tx, user, mail);
    if (due) {
        notice_send(realm, tx, user, mail);
    }
    return due;
}

void notify_of_phone(const struct realm *realm, struct tx *tx, const struct user *user,
                     const char *old, bool linked)
{
    struct mail mail = { .kind = MAIL_IDENTITY_LINKED, .to = user->email, .provider = "phone" };
    if (linked) {
        notify(realm, tx, user, &mail);
    }
    if (old && strcmp(old, user->phone) != 0) {
        mail = (struct mail){
            .kind = MAIL_PHONE_CHANGED, .to = user->email, .old_phone = old, .phone = user->phone
        };
        notify(realm, tx, user, &mail);
    }
}

void notify_of_factor(const struct realm *realm, struct tx *tx, const struct user *user,
                      enum mail_kind kind, const char *factor_type)
{
    struct mail mail = { .kind = kind, .to = user->email, .factor_type = factor_type };
    notify(realm, tx, user, &mail);
}
