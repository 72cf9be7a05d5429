/* duration.h: durations as Go writes them: "300ms", "1m30s", "-1.5h", "0". */
#ifndef COUNTERSIGN_CONFIG_DURATION_H
#define COUNTERSIGN_CONFIG_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds; false if it is none (a bare number other than 0 lacks a unit) or out of range
 * (about 292 years, as in Go). Less than a microsecond counts as one. */
bool duration_parse(const char *text, int64_t *out_us);

#endif
