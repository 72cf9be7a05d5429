/* like.c: see like.h. */
#include "store/like.h"

#include <string.h>

const char *like_containing(struct arena *arena, const char *part)
{
    char *pattern = arena_alloc(arena, 2 * strlen(part) + 3), *to = pattern;
    *to++ = '%';
    for (; *part; part++) {
        if (strchr("%_\\", *part)) {
            *to++ = '\\';
        }
        *to++ = *part;
    }
    *to = '%';
    return pattern;
}
