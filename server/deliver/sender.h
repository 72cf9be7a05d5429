/* sender.h: sends mails and SMS, now: by SMTP or a provider, or into a folder where none is set. */
#ifndef COUNTERSIGN_DELIVER_SENDER_H
#define COUNTERSIGN_DELIVER_SENDER_H

#include "domain/outgoing.h"

/* true: accepted by the next hop. false: *error (in the arena) for an operator, without the
 * message's content; *for_good: trying again cannot help (a refused recipient). */
bool send_mail(const struct config *config, struct arena *arena, const struct mail *mail,
               const char *message_id, const char **error, bool *for_good);
bool send_sms(const struct config *config, struct arena *arena, const struct sms *sms,
              const char **provider_id, const char **error, bool *for_good);

/* Is a provider configured, and whole? "": no SMS provider named, SMS go into the folder. */
enum sms_setup { SMS_FOLDER, SMS_PROVIDER, SMS_INCOMPLETE };
enum sms_setup sms_setup(const struct config *config);

#endif
