/* metrics.h: counters of this process, for a monitoring system; metrics.def lists them. Any thread
 * counts; nothing is decided by them, and they begin anew with the process. */
#ifndef COUNTERSIGN_BASE_METRICS_H
#define COUNTERSIGN_BASE_METRICS_H

#include "base/strbuf.h"

#include <stdint.h>

enum metric {
#define COUNTER(name, family, labels, help) METRIC_##name,
#define TIMES(name, family, labels, unit, help) METRIC_##name,
#include "base/metrics.def"
#undef COUNTER
#undef TIMES
    METRIC_COUNT
};

/* One more of a counter. */
void metric_count(enum metric metric);

/* One more of a histogram, with its value (microseconds or seconds, as its row says). */
void metric_observe(enum metric metric, int64_t value);

/* All of them in Prometheus's text format (version 0.0.4), with the program's version and start. */
void metrics_write(struct strbuf *out, const char *version, int64_t started_us);

#endif
