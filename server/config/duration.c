/* duration.c: reads durations, see duration.h. */
#include "config/duration.h"

#include <stdio.h>
#include <string.h>

static const struct unit {
    const char *name;
    double us;
} units[] = {
    { "ns", 1e-3 }, { "us", 1 },  { "\xC2\xB5s", 1 }, { "\xCE\xBCs", 1 },
    { "ms", 1e3 },  { "s", 1e6 }, { "m", 60 * 1e6 },  { "h", 3600 * 1e6 },
};

/* The longest unit that the text begins with, so that "ms" is not read as "m". */
static const struct unit *unit_at(const char *text)
{
    const struct unit *best = NULL;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t len = strlen(units[i].name);
        if (strncmp(text, units[i].name, len) == 0 && (!best || len > strlen(best->name))) {
            best = &units[i];
        }
    }
    return best;
}

static bool number_at(const char **p, double *out)
{
    double n = 0, scale = 1;
    int digits = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++, digits++) {
        n = n * 10 + (**p - '0');
    }
    if (**p == '.') {
        for ((*p)++; **p >= '0' && **p <= '9'; (*p)++, digits++) {
            scale /= 10;
            n += (**p - '0') * scale;
        }
    }
    *out = n;
    return digits > 0;
}

bool duration_parse(const char *text, int64_t *out_us)
{
    const char *p = text;
    bool negative = *p == '-';
    p += *p == '-' || *p == '+';
    if (strcmp(p, "0") == 0) {
        *out_us = 0;
        return true;
    }
    double total = 0;
    do {
        double n;
        const struct unit *unit;
        if (!number_at(&p, &n) || !(unit = unit_at(p))) {
            return false;
        }
        total += n * unit->us;
        p += strlen(unit->name);
    } while (*p);
    if (total > 9.2e15) {
        return false;
    }
    int64_t us = total > 0 && total < 1 ? 1 : (int64_t)(total + 0.5);
    *out_us = negative ? -us : us;
    return true;
}

const char *duration_text(struct arena *arena, int64_t us)
{
    static const struct {
        const char *name;
        int64_t us;
    } parts[] = { { "h", 3600 * INT64_C(1000000) },
                  { "m", 60 * INT64_C(1000000) },
                  { "s", 1000000 },
                  { "ms", 1000 },
                  { "us", 1 } };
    char text[96] = "";
    size_t len = 0;
    uint64_t left = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint64_t n = left / (uint64_t)parts[i].us;
        left %= (uint64_t)parts[i].us;
        if (n) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%llu%s", (unsigned long long)n,
                                    parts[i].name);
        }
    }
    return len ? arena_printf(arena, "%s%s", us < 0 ? "-" : "", text) : "0s";
}
