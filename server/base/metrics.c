/* metrics.c: see metrics.h. */
#include "base/metrics.h"

#include <stdatomic.h>
#include <string.h>

enum { BOUNDS = 12 };

struct unit {
    int64_t scale;          /* of a value to one as shown */
    int64_t bounds[BOUNDS]; /* 0 ends them */
    const char *shown[BOUNDS];
};

/* Codes up to 30 s off are accepted, and beyond ten minutes nobody knows them. */
static const struct unit OFFSETS = {
    1,
    { 60, 90, 120, 180, 300, 600 },
    { "60", "90", "120", "180", "300", "600" },
};
static const struct unit MICROS = {
    1000000,
    { 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000 },
    { "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5" },
};

static const struct row {
    const char *family, *labels, *help;
    const struct unit *unit; /* NULL: a counter */
} rows[] = {
#define COUNTER(name, family, labels, help) { family, labels, help, NULL },
#define TIMES(name, family, labels, unit, help) { family, labels, help, &(unit) },
#include "base/metrics.def"
#undef COUNTER
#undef TIMES
};

static struct {
    atomic_uint_fast64_t count, sum;
    atomic_uint_fast64_t below[BOUNDS]; /* of each bound, not of those below it */
} values[METRIC_COUNT];

static void add(atomic_uint_fast64_t *to, uint64_t n)
{
    atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

static uint64_t get(atomic_uint_fast64_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

void metric_count(enum metric metric)
{
    add(&values[metric].count, 1);
}

void metric_observe(enum metric metric, int64_t value)
{
    const struct unit *unit = rows[metric].unit;
    uint64_t size = value < 0 ? 0 : (uint64_t)value;
    int i = 0;
    while (i < BOUNDS && unit->bounds[i] && (int64_t)size > unit->bounds[i]) {
        i++;
    }
    if (i < BOUNDS && unit->bounds[i]) {
        add(&values[metric].below[i], 1);
    }
    add(&values[metric].sum, size);
    add(&values[metric].count, 1);
}

/* "family_part{labels,le="x"} " */
static void begin_line(struct strbuf *out, const struct row *row, const char *part, const char *le)
{
    strbuf_str(out, row->family);
    strbuf_str(out, part);
    if (*row->labels || le) {
        strbuf_printf(out, "{%s%s%s%s%s}", row->labels, *row->labels && le ? "," : "",
                      le ? "le=\"" : "", le ? le : "", le ? "\"" : "");
    }
    strbuf_char(out, ' ');
}

static void write_times(struct strbuf *out, enum metric m)
{
    const struct row *row = &rows[m];
    uint64_t so_far = 0, count = get(&values[m].count);
    for (int i = 0; i < BOUNDS && row->unit->bounds[i]; i++) {
        so_far += get(&values[m].below[i]);
        begin_line(out, row, "_bucket", row->unit->shown[i]);
        strbuf_printf(out, "%llu\n", (unsigned long long)so_far);
    }
    count = count < so_far ? so_far : count; /* they are read one after the other */
    begin_line(out, row, "_bucket", "+Inf");
    strbuf_printf(out, "%llu\n", (unsigned long long)count);
    begin_line(out, row, "_sum", NULL);
    strbuf_printf(out, "%.6f\n", (double)get(&values[m].sum) / (double)row->unit->scale);
    begin_line(out, row, "_count", NULL);
    strbuf_printf(out, "%llu\n", (unsigned long long)count);
}

void metrics_write(struct strbuf *out, const char *version, int64_t started_us)
{
    strbuf_printf(out,
                  "# HELP countersign_build_info The version of the program.\n"
                  "# TYPE countersign_build_info gauge\n"
                  "countersign_build_info{version=\"%s\"} 1\n"
                  "# HELP process_start_time_seconds When the server started, since 1970.\n"
                  "# TYPE process_start_time_seconds gauge\n"
                  "process_start_time_seconds %.3f\n",
                  version, (double)started_us / 1e6);
    for (enum metric m = 0; m < METRIC_COUNT; m++) {
        const struct row *row = &rows[m];
        if (!m || strcmp(row->family, rows[m - 1].family) != 0) {
            strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->family, row->help, row->family,
                          row->unit ? "histogram" : "counter");
        }
        if (row->unit) {
            write_times(out, m);
        } else {
            begin_line(out, row, "", NULL);
            strbuf_printf(out, "%llu\n", (unsigned long long)get(&values[m].count));
        }
    }
}
