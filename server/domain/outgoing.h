/* outgoing.h: mails and SMS as the rules make them. They are written into the outbox in the same
 * transaction as the deed, so that nothing is sent for what was rolled back and nothing is lost;
 * deliver/ sends them afterwards. Where a hook or an SMS provider must answer before the deed
 * counts they are sent from there (api/external_calls.h). */
#ifndef COUNTERSIGN_DOMAIN_OUTGOING_H
#define COUNTERSIGN_DOMAIN_OUTGOING_H

#include "domain/realm.h"
#include "store/db.h"

/* MAIL(name, kind, default subject): accounts.md 7.1, 7.4. */
#define MAIL_KINDS(MAIL)                                                                           \
    MAIL(CONFIRMATION, "confirmation", "Confirm your email address")                               \
    MAIL(INVITE, "invite", "You've been invited")                                                  \
    MAIL(MAGIC_LINK, "magic_link", "Your sign-in link")                                            \
    MAIL(RECOVERY, "recovery", "Reset your password")                                              \
    MAIL(EMAIL_CHANGE, "email_change", "Confirm your new email address")                           \
    MAIL(REAUTHENTICATION, "reauthentication", "{{ .Token }} is your verification code")           \
    MAIL(PASSWORD_CHANGED, "password_changed_notification", "Your password was changed")           \
    MAIL(EMAIL_CHANGED, "email_changed_notification", "Your email address was changed")            \
    MAIL(PHONE_CHANGED, "phone_changed_notification", "Your phone number was changed")             \
    MAIL(IDENTITY_LINKED, "identity_linked_notification",                                          \
         "A new sign-in method was linked to your account")                                        \
    MAIL(IDENTITY_UNLINKED, "identity_unlinked_notification",                                      \
         "A sign-in method was removed from your account")                                         \
    MAIL(FACTOR_ENROLLED, "mfa_factor_enrolled_notification",                                      \
         "A new verification method was added to your account")                                    \
    MAIL(FACTOR_UNENROLLED, "mfa_factor_unenrolled_notification",                                  \
         "A verification method was removed from your account")                                    \
    MAIL(FACTOR_REMOVED_BY_ADMIN, "mfa_factor_removed_by_admin_notification",                      \
         "An administrator removed a verification method from your account")                       \
    MAIL(FACTOR_LOCKED, "mfa_factor_locked_notification",                                          \
         "A verification method of your account was locked")                                       \
    MAIL(RECOVERY_CODE_USED, "mfa_recovery_code_used_notification",                                \
         "A recovery code was used to sign in to your account")                                    \
    MAIL(PASSWORD_AT_RISK, "password_at_risk_notification", "Somebody else may know your password")

enum mail_kind {
#define MAIL(name, kind, subject) MAIL_##name,
    MAIL_KINDS(MAIL)
#undef MAIL
        MAIL_KIND_COUNT
};

/* Its name in settings, templates and logs, such as "magic_link". */
const char *mail_kind_name(enum mail_kind kind);

/* Texts that do not apply are NULL. */
struct mail {
    enum mail_kind kind;
    struct uuid user_id;
    const char *to;          /* one address */
    const char *action_type; /* of hooks and links: signup, recovery, invite, magiclink, ... */
    const char *email, *new_email; /* the account's present and pending address */
    const char *token, *token_hash;
    const char *redirect_to, *confirmation_url;
    const char *data;                                                   /* user_metadata, JSON */
    const char *old_email, *phone, *old_phone, *provider, *factor_type; /* of notifications */
    const char *locked;    /* how long a factor is locked: "a while" or "days" */
    const char *remaining; /* recovery codes that are left, as a number */
};

struct sms {
    struct uuid user_id;
    const char *phone; /* digits */
    const char *code;
    const char *channel; /* "sms" or "whatsapp" */
    const char *kind;    /* "confirmation", "phone_change", "reauthentication", "mfa" */
};

/* Of notifications, failing is only logged (accounts.md 7.4). */
bool mail_is_notice(enum mail_kind kind);

struct account;

/* What a request wants to send, in order; collected in request.outgoing where it is sent before the
 * request counts. */
struct outgoing {
    const struct mail *mail; /* one of the two */
    const struct sms *sms;
    const struct account *account; /* whom it is about, as the request leaves it; NULL: unknown */
    struct outgoing *next;
};

/* Writes it into the outbox; with request.asks_mail or request.asks_sms into request.outgoing
 * instead. */
void outgoing_mail(const struct realm *realm, struct tx *tx, const struct mail *mail);
void outgoing_sms(const struct realm *realm, struct tx *tx, const struct sms *sms);

/* The payloads of outbox rows: JSON, and back (in the arena). false: unreadable. */
const char *mail_to_json(struct arena *arena, const struct mail *mail);
bool mail_from_json(struct arena *arena, const char *json, struct mail *out);
const char *sms_to_json(struct arena *arena, const struct sms *sms);
bool sms_from_json(struct arena *arena, const char *json, struct sms *out);

#endif
