/* notice.h: mails that tell a user what happened to the account (accounts.md 7.4), and our
 * own about second factors, which are on unless switched off (docs/decisions/0009). */
#ifndef COUNTERSIGN_DOMAIN_NOTICE_H
#define COUNTERSIGN_DOMAIN_NOTICE_H

#include "domain/outgoing.h"
#include "store/users.h"

/* Is it to be sent at all, by the settings and the address? */
bool notice_wanted(const struct realm *realm, const struct mail *mail);

/* In two steps, for a transaction that has the user's row locked and counts its round trips: what
 * may be asked ahead; before it writes, whether it is wanted and not one too many; and the sending
 * of one that is due. */
void notice_prefetch(const struct realm *realm, struct tx *tx, const struct user *user,
                     enum mail_kind kind);
bool notice_due(const struct realm *realm, struct tx *tx, const struct user *user,
                const struct mail *mail);
void notice_send(const struct realm *realm, struct tx *tx, const struct user *user,
                 const struct mail *mail);

/* Sends it, if it is wanted and not one too many. mail->to is where it goes: NULL or "": nowhere.
 * The user's row is locked. */
bool notify(const struct realm *realm, struct tx *tx, const struct user *user,
            const struct mail *mail);

/* About a phone number that was just given to the user; old: the one before, or NULL; linked: it
 * is a new way to sign in. */
void notify_of_phone(const struct realm *realm, struct tx *tx, const struct user *user,
                     const char *old, bool linked);

/* About a factor of the user, or the user's recovery codes. */
void notify_of_factor(const struct realm *realm, struct tx *tx, const struct user *user,
                      enum mail_kind kind, const char *factor_type);

#endif
