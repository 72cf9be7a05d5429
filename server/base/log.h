/* log.h: one JSON object a line on standard error: level, time, msg and fields. Never give it a
 * secret: no token, password, code, key, nor a body or a query string. */
#ifndef COUNTERSIGN_BASE_LOG_H
#define COUNTERSIGN_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

struct log_field {
    const char *name;
    const char *text; /* NULL: number is shown instead */
    int64_t number;   /* with a text: 1: it is JSON */
};

#define LOG_STR(name, value) ((struct log_field){ (name), (value) ? (value) : "", 0 })
#define LOG_INT(name, value) ((struct log_field){ (name), (const char *)0, (int64_t)(value) })

/* A value that is JSON already; one too long for a line is shown as text, and cut. */
#define LOG_JSON(name, value) ((struct log_field){ (name), (value), 1 })

/* What is less than this level is dropped. Default: LOG_INFO. */
void log_set_level(enum log_level level);
bool log_wants(enum log_level level);

void log_line(enum log_level level, const char *msg, const struct log_field *fields, int n);

#define log_write(level, msg, ...)                                                                 \
    do {                                                                                           \
        const struct log_field log_fields_[] = { __VA_ARGS__ };                                    \
        log_line((level), (msg), log_fields_, (int)(sizeof log_fields_ / sizeof log_fields_[0]));  \
    } while (0)

/* A line without fields. */
static inline void log_plain(enum log_level level, const char *msg)
{
    log_line(level, msg, (const struct log_field *)0, 0);
}

/* Says why and ends the process at once. */
_Noreturn void log_die(const char *why);

#endif
