/* mail_text.h: what a mail says: subject, HTML and text, from the operator's templates or our own,
 * as a whole message (RFC 5322) ready to be sent. */
#ifndef COUNTERSIGN_DELIVER_MAIL_TEXT_H
#define COUNTERSIGN_DELIVER_MAIL_TEXT_H

#include "domain/outgoing.h"

struct mail_message {
    const char *from, *to; /* addresses of the envelope */
    const char *text;      /* headers and body, lines end in CRLF */
    size_t len;
};

/* message_id: a text of its own for each mail, such as the id of its row. false: *error; it cannot
 * be sent like this ever. */
bool mail_compose(const struct config *config, struct arena *arena, const struct mail *mail,
                  const char *message_id, int64_t now_us, struct mail_message *out,
                  const char **error);

#endif
