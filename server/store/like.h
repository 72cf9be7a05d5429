/* like.h: patterns for SQL LIKE ... ESCAPE '\\' that match a text as it is. */
#ifndef COUNTERSIGN_STORE_LIKE_H
#define COUNTERSIGN_STORE_LIKE_H

#include "base/arena.h"

/* Matches every text that contains `part`: '%', '_' and the escape itself are escaped. */
const char *like_containing(struct arena *arena, const char *part);

#endif
