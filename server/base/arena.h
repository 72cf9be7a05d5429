/* arena.h: memory of one request. Handlers allocate and never free; the whole arena is wiped and
 * freed when the request is over. Not thread-safe: an arena belongs to one thread at a time.
 * Running out of memory ends the process (docs/decisions/0002): nothing acknowledged is lost by
 * that, because answers leave only after the commit. */
#ifndef COUNTERSIGN_BASE_ARENA_H
#define COUNTERSIGN_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* A new, empty arena; never NULL. */
struct arena *arena_new(void);

/* Wipes and frees everything, the arena itself too, and clears the pointer. NULL is fine. */
void arena_free(struct arena **arena);

/* n zeroed bytes, aligned for any type; never NULL. */
void *arena_alloc(struct arena *arena, size_t n) __attribute__((malloc, returns_nonnull));

/* Copies, NUL-terminated; of the second, at most len bytes. arena_strdup(NULL) is NULL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Calls fn(what) when the arena is freed, last registered first: for what other libraries own. */
void arena_defer(struct arena *arena, void (*fn)(void *what), void *what);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, n) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(n)))

#endif
