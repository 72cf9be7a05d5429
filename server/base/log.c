/* log.c: log lines as JSON, written by one write(2) each so that threads do not mix, see log.h. */
#include "base/log.h"

#include "base/clock.h"
#include "base/rfc3339.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum log_level least = LOG_INFO;

enum { LINE = 4096, VALUE = 1024 };

struct line {
    char text[LINE];
    size_t len;
};

void log_set_level(enum log_level level)
{
    least = level;
}

bool log_wants(enum log_level level)
{
    return level >= least;
}

static void put(struct line *l, const char *text, size_t len)
{
    if (l->len + len < LINE - 4) { /* room for the end of the line */
        memcpy(l->text + l->len, text, len);
        l->len += len;
    }
}

static void put_quoted(struct line *l, const char *text)
{
    put(l, "\"", 1);
    for (size_t i = 0; text[i] && i < VALUE; i++) {
        unsigned char c = (unsigned char)text[i];
        char escaped[8];
        if (c == '"' || c == '\\') {
            escaped[0] = '\\';
            escaped[1] = (char)c;
            put(l, escaped, 2);
        } else if (c < 0x20 || c == 0x7F) {
            put(l, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", c));
        } else {
            put(l, text + i, 1);
        }
    }
    put(l, "\"", 1);
}

static void put_field(struct line *l, const struct log_field *f)
{
    char number[24];
    put(l, ",", 1);
    put_quoted(l, f->name);
    put(l, ":", 1);
    if (f->text) {
        put_quoted(l, f->text);
    } else {
        put(l, number, (size_t)snprintf(number, sizeof number, "%lld", (long long)f->number));
    }
}

void log_line(enum log_level level, const char *msg, const struct log_field *fields, int n)
{
    static const char *names[] = { "debug", "info", "warning", "error" };
    if (level < least) {
        return;
    }
    struct line l = { .len = 0 };
    char now[RFC3339_TEXT];
    struct clock clock = clock_system();
    put(&l, "{\"level\":", 9);
    put_quoted(&l, names[level]);
    put_field(&l, &LOG_STR("time", rfc3339_format(clock_now_us(&clock), now)));
    put_field(&l, &LOG_STR("msg", msg));
    for (int i = 0; i < n; i++) {
        put_field(&l, &fields[i]);
    }
    memcpy(l.text + l.len, "}\n", 2);
    l.len += 2;
    ssize_t ignored = write(STDERR_FILENO, l.text, l.len);
    (void)ignored; /* a log that cannot be written is no reason to fail a request */
}

void log_die(const char *why)
{
    log_plain(LOG_ERROR, why);
    abort();
}
