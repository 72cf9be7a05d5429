/* glob.h: patterns for redirect targets (contract-accounts.md RD4): '*' any run without "." and
 * "/", "**" any run, '?' one character except those, "[abc]", "[a-z]", "[!...]", "{a,b}", '\'. */
#ifndef COUNTERSIGN_BASE_GLOB_H
#define COUNTERSIGN_BASE_GLOB_H

#include "base/arena.h"

#include <stdbool.h>

/* Does the pattern match the whole text? */
bool glob_match(struct arena *arena, const char *pattern, const char *text);

/* Are its brackets and braces closed? */
bool glob_valid(const char *pattern);

#endif
