/* rfc3339.h: times as the API writes them: RFC 3339, UTC "Z", 0 to 6 decimals without trailing
 * zeros (contract row O2). */
#ifndef COUNTERSIGN_BASE_RFC3339_H
#define COUNTERSIGN_BASE_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

enum { RFC3339_TEXT = 40 };

/* Writes the time (microseconds since 1970) and returns out. Years 0 to 9999. */
char *rfc3339_format(int64_t at_us, char out[RFC3339_TEXT]);

/* false if the text is no RFC 3339 date-time. */
bool rfc3339_parse(const char *text, int64_t *out_us);

#endif
