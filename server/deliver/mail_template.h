/* mail_template.h: where the words of mails come from: the operator's subjects and templates
 * (fetched, and kept for a while), or our own. */
#ifndef COUNTERSIGN_DELIVER_MAIL_TEMPLATE_H
#define COUNTERSIGN_DELIVER_MAIL_TEMPLATE_H

#include "deliver/template.h"
#include "domain/outgoing.h"

/* The operator's template of this kind, in the arena; NULL: none is set, or none could be had, ever
 * (then the log says why). May take 10 s to fetch. */
const struct template *mail_template(const struct config *config, struct arena *arena,
                                     enum mail_kind kind);

/* The operator's subject, or the built-in one; config NULL: the built-in one. */
const char *mail_subject(const struct config *config, enum mail_kind kind);

/* Our own body for this kind, with the same fields as the operator's templates, as HTML and as
 * text. */
const struct template *mail_builtin(struct arena *arena, enum mail_kind kind, bool html);

#endif
