/* sender.h: sends mails and SMS, now: by SMTP or a provider, or into a folder where none is set. */
#ifndef COUNTERSIGN_DELIVER_SENDER_H
#define COUNTERSIGN_DELIVER_SENDER_H

#include "domain/outgoing.h"

/* true: accepted by the next hop. false: *error (in the arena) for an operator, without the
 * message's content; *for_good: trying again cannot help (a refused recipient). message_id: a text
 * of its own for each mail, the same when it is tried again, such as the id of its outbox row.
 * *provider_id: the provider's name for the SMS; NULL where there is none. Both may take as long
 * as the other side does: 40 s for a mail, GOTRUE_INTERNAL_HTTP_TIMEOUT for an SMS. */
bool send_mail(const struct config *config, struct arena *arena, const struct mail *mail,
               const char *message_id, const char **error, bool *for_good);
bool send_sms(const struct config *config, struct arena *arena, const struct sms *sms,
              const char **provider_id, const char **error, bool *for_good);

/* Is a provider configured, and whole? "": no SMS provider named, SMS go into the folder. */
enum sms_setup { SMS_FOLDER, SMS_PROVIDER, SMS_INCOMPLETE };
enum sms_setup sms_setup(const struct config *config);

/* Where mails or SMS go into a folder: can they be written there? false: *error, with what to set.
 */
bool sender_ready(const struct config *config, struct arena *arena, const char **error);

/* With Twilio Verify the provider makes the codes and checks them: what send_sms is given as code
 * goes nowhere, and sms_check asks whether the one that a user entered is right. false: *error. */
bool sms_is_checked_by_provider(const struct config *config);
bool sms_check(const struct config *config, struct arena *arena, const char *phone,
               const char *code, bool *right, const char **error);

#endif
