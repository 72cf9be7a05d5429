/* duration.h: durations as Go writes them: "300ms", "1m30s", "-1.5h", "0". */
#ifndef COUNTERSIGN_CONFIG_DURATION_H
#define COUNTERSIGN_CONFIG_DURATION_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* Microseconds; false if it is none (a bare number other than 0 lacks a unit) or out of range
 * (about 292 years, as in Go). Less than a microsecond counts as one. */
bool duration_parse(const char *text, int64_t *out_us);

/* The same the other way round, as "1h30m", "20s" or "1ms"; "0s" for nothing. */
const char *duration_text(struct arena *arena, int64_t us);

#endif
