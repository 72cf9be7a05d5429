/* What a caller may give as URL, key, header value or id. */
#ifndef CSI_URL_H
#define CSI_URL_H

#include <stdbool.h>

/* The URL with /auth/v1 appended, owned by the caller. NULL with *bad false: no memory. */
char *csi_url_base(const char *url, bool *bad);

/* Printable ASCII without blanks, at least one character: fit for a header. */
bool csi_is_token(const char *text);

bool csi_is_uuid(const char *text); /* with hyphens, in either case */

#endif
