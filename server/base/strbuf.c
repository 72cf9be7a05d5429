/* strbuf.c: growing text with a maximum and a sticky failure, see strbuf.h. */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct strbuf strbuf_in(struct arena *arena, size_t max)
{
    return (struct strbuf){ .arena = arena, .max = max };
}

char *strbuf_room(struct strbuf *b, size_t n)
{
    if (b->failed || n > b->max || b->len > b->max - n) {
        b->failed = true;
        return NULL;
    }
    if (b->len + n + 1 > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 512;
        while (cap < b->len + n + 1) {
            cap *= 2;
        }
        char *grown = arena_alloc(b->arena, cap);
        if (b->len) {
            memcpy(grown, b->data, b->len);
        }
        b->data = grown;
        b->cap = cap;
    }
    return b->data + b->len;
}

void strbuf_add(struct strbuf *b, const void *bytes, size_t len)
{
    char *to = strbuf_room(b, len);
    if (to) {
        if (len) {
            memcpy(to, bytes, len);
        }
        b->len += len;
        b->data[b->len] = '\0';
    }
}

void strbuf_str(struct strbuf *b, const char *text)
{
    strbuf_add(b, text, strlen(text));
}

void strbuf_char(struct strbuf *b, char c)
{
    strbuf_add(b, &c, 1);
}

void strbuf_int(struct strbuf *b, int64_t n)
{
    char digits[24];
    char *p = digits + sizeof digits;
    uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do {
        *--p = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (n < 0) {
        *--p = '-';
    }
    strbuf_add(b, p, (size_t)(digits + sizeof digits - p));
}

void strbuf_printf(struct strbuf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = len < 0 ? NULL : strbuf_room(b, (size_t)len);
    if (to) {
        vsnprintf(to, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}
