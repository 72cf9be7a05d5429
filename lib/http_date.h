/* Dates of HTTP headers. */
#ifndef CSI_HTTP_DATE_H
#define CSI_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT", the form that servers must send (RFC 9110
 * section 5.6.7). False if it is none. */
bool csi_http_date(const char *text, int64_t *out);

#endif
