/* mime.h: the forms that mail wants (RFC 5322, 2045, 2047): headers that nothing can be slipped
 * into, quoted-printable, dates. */
#ifndef COUNTERSIGN_DELIVER_MIME_H
#define COUNTERSIGN_DELIVER_MIME_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* Can mail be sent to it: one address, without blanks, control characters, brackets, commas? */
bool mime_address_ok(const char *address);

/* Writes "Name: value", a header of free text: control characters are left out, and what is not
 * plain ASCII, or too long for a line, becomes encoded words. */
void mime_header(struct strbuf *out, const char *name, const char *value);

/* Writes "Name: display <address>" or, without a display name, "Name: address". */
void mime_mailbox(struct strbuf *out, const char *name, const char *display, const char *address);

/* Writes a text quoted-printable, in lines of at most 76 characters that end in CRLF. */
void mime_quoted_printable(struct strbuf *out, const char *text);

enum { MIME_DATE = 40 };

/* Such as "Wed, 25 Nov 2026 02:30:06 +0000"; returns out. */
char *mime_date(int64_t at_us, char out[MIME_DATE]);

#endif
