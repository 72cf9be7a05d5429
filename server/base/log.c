/* log.c: log lines as JSON, written by one write(2) each so that threads do not mix, see log.h. */
#include "base/log.h"

#include "base/clock.h"
#include "base/rfc3339.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum log_level least = LOG_INFO;

enum {
    LINE = 12 << 10, /* holds ten of the longest values */
    VALUE = 1024,
    ROOM = 4 * VALUE, /* what is kept of a line with a long value of JSON for the rest of it */
};

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

/* The next character of a text that strangers may have sent, as it stands in JSON; what is no UTF-8
 * becomes U+FFFD. Returns how many bytes of the text it takes. */
static size_t character(const char *text, char out[8])
{
    unsigned char c = (unsigned char)*text;
    size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (c == '"' || c == '\\') {
        snprintf(out, 8, "\\%c", c);
    } else if (c < 0x20 || c == 0x7F) {
        snprintf(out, 8, "\\u%04x", c);
    } else if (strnlen(text, len) == len && utf8_valid(text, len)) {
        snprintf(out, 8, "%.*s", (int)len, text);
    } else {
        snprintf(out, 8, "\\ufffd");
        len = 1;
    }
    return len;
}

/* A value too long is cut, so that it cannot push the fields behind it off the line. */
static void put_quoted(struct line *l, const char *text)
{
    size_t end = l->len + VALUE;
    char piece[8];
    put(l, "\"", 1);
    while (*text) {
        text += character(text, piece);
        if (l->len + strlen(piece) > end) {
            break;
        }
        put(l, piece, strlen(piece));
    }
    put(l, "\"", 1);
}

static void put_field(struct line *l, const struct log_field *f)
{
    char number[24];
    put(l, ",", 1);
    put_quoted(l, f->name);
    put(l, ":", 1);
    size_t len = f->text && f->number ? strlen(f->text) : 0;
    if (len && len < LINE - ROOM) {
        put(l, f->text, len);
    } else if (f->text) {
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
