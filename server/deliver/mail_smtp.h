/* mail_smtp.h: hands a message to the mail server of the settings: TLS from the first byte on port
 * 465, else STARTTLS where it is offered, and only with TLS where there are credentials. */
#ifndef COUNTERSIGN_DELIVER_MAIL_SMTP_H
#define COUNTERSIGN_DELIVER_MAIL_SMTP_H

#include "deliver/mail_text.h"

/* As send_mail of sender.h. */
bool mail_smtp(const struct config *config, struct arena *arena, const struct mail_message *message,
               const char **error, bool *for_good);

#endif
