/* strbuf.h: growing text in an arena, with a stated maximum. A failed append (over the maximum)
 * sticks: check strbuf_ok() once at the end. */
#ifndef COUNTERSIGN_BASE_STRBUF_H
#define COUNTERSIGN_BASE_STRBUF_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct strbuf {
    struct arena *arena;
    char *data; /* NUL-terminated, never NULL after the first append */
    size_t len, cap, max;
    bool failed;
};

/* An empty buffer of at most max bytes. */
struct strbuf strbuf_in(struct arena *arena, size_t max);

void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_str(struct strbuf *b, const char *text);
void strbuf_char(struct strbuf *b, char c);
void strbuf_int(struct strbuf *b, int64_t n);
void strbuf_printf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for n more bytes, to be written by the caller and counted by len; NULL over the maximum. */
char *strbuf_room(struct strbuf *b, size_t n);

static inline bool strbuf_ok(const struct strbuf *b)
{
    return !b->failed;
}

#endif
