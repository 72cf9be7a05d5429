/* arena.c: chunks of memory that live as long as a request, see arena.h. */
#include "base/arena.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK = 8192, ALIGN = 16 };

struct chunk {
    struct chunk *next;
    size_t size, used;
    _Alignas(ALIGN) unsigned char data[];
};

struct deferred {
    struct deferred *next;
    void (*fn)(void *what);
    void *what;
};

struct arena {
    struct chunk *newest;
    struct deferred *deferred;
};

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = malloc(sizeof *c + size);
    if (!c) {
        log_die("out of memory");
    }
    c->next = NULL;
    c->size = size;
    c->used = 0;
    return c;
}

struct arena *arena_new(void)
{
    struct chunk *c = chunk_new(FIRST_CHUNK);
    struct arena *a = (struct arena *)(void *)c->data;
    c->used = (sizeof *a + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    a->newest = c;
    a->deferred = NULL;
    return a;
}

void arena_free(struct arena **arena)
{
    if (!arena || !*arena) {
        return;
    }
    for (struct deferred *d = (*arena)->deferred; d; d = d->next) {
        d->fn(d->what);
    }
    struct chunk *c = (*arena)->newest;
    *arena = NULL;
    while (c) {
        struct chunk *next = c->next;
        explicit_bzero(c->data, c->used);
        free(c);
        c = next;
    }
}

void *arena_alloc(struct arena *arena, size_t n)
{
    if (n > SIZE_MAX / 2) {
        log_die("out of memory");
    }
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct chunk *c = arena->newest;
    if (c->size - c->used < n) {
        size_t size = c->size < ((size_t)1 << 20) ? c->size * 2 : c->size;
        struct chunk *fresh = chunk_new(size < n ? n : size);
        fresh->next = c;
        arena->newest = fresh;
        c = fresh;
    }
    void *p = c->data + c->used;
    c->used += n;
    return memset(p, 0, n);
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    len = len ? strnlen(text, len) : 0;
    char *copy = arena_alloc(arena, len + 1);
    if (len) {
        memcpy(copy, text, len);
    }
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(arena, len < 0 ? 1 : (size_t)len + 1);
    if (len > 0) {
        vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    return text;
}

void arena_defer(struct arena *arena, void (*fn)(void *what), void *what)
{
    struct deferred *d = ARENA_NEW(arena, struct deferred);
    *d = (struct deferred){ .next = arena->deferred, .fn = fn, .what = what };
    arena->deferred = d;
}
