/* message.h: one-time codes on their way: the limits, the making of the code, the mail or SMS
 * (accounts.md 4.8, 7.1 to 7.4). The caller saves the user afterwards. */
#ifndef COUNTERSIGN_DOMAIN_MESSAGE_H
#define COUNTERSIGN_DOMAIN_MESSAGE_H

#include "domain/pkce_flow.h"
#include "domain/one_time_code.h"
#include "domain/outgoing.h"

/* Where links of this request lead: row ML3. */
struct link_target {
    const char *base;        /* this server, as the reader of the mail sees it */
    const char *redirect_to; /* checked already */
};

/* Each sends one mail to the user's address, or says why not (429 and others); sets the timer of
 * its kind in *user. */
enum problem message_confirmation(const struct realm *realm, struct tx *tx, struct user *user,
                                  const struct link_target *target, bool pkce) MUST_CHECK;
enum problem message_invite(const struct realm *realm, struct tx *tx, struct user *user,
                            const struct link_target *target) MUST_CHECK;
enum problem message_recovery(const struct realm *realm, struct tx *tx, struct user *user,
                              const struct link_target *target, bool pkce) MUST_CHECK;
enum problem message_magic_link(const struct realm *realm, struct tx *tx, struct user *user,
                                const struct link_target *target, bool pkce) MUST_CHECK;

/* To user->email_change and, where secure change is on, to the present address. */
enum problem message_email_change(const struct realm *realm, struct tx *tx, struct user *user,
                                  const struct link_target *target, bool pkce) MUST_CHECK;
enum problem message_reauthentication(const struct realm *realm, struct tx *tx,
                                      struct user *user) MUST_CHECK;

/* Row N8: may SMS go over that channel? NULL and "": plain SMS. */
enum problem message_channel_check(const struct realm *realm, const char *channel) MUST_CHECK;

/* An SMS with a code of the kind to the phone. *message_id: "test-otp" where nothing is sent. */
enum problem message_sms(const struct realm *realm, struct tx *tx, struct user *user,
                         enum token_kind kind, const char *phone, const char *channel,
                         const char **message_id) MUST_CHECK;

/* The link of a mail: ML3. */
const char *message_link(const struct realm *realm, struct arena *arena,
                         const struct link_target *target, enum mail_kind kind, const char *token,
                         const char *type);

/* The configured test code of a phone, if it is valid now (row VF23, SM2); else NULL. */
const char *test_code_of(const struct realm *realm, struct ctx *ctx, const char *phone);

/* Row N9: may mails go to that address? */
bool message_address_allowed(const struct realm *realm, const char *to);

#endif
