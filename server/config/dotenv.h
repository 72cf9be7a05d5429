/* dotenv.h: files of NAME=value lines, in the official server's dialect (internals.md
 * §1.2): comments, "export", single and double quotes over several lines, no expansion. */
#ifndef COUNTERSIGN_CONFIG_DOTENV_H
#define COUNTERSIGN_CONFIG_DOTENV_H

#include "base/arena.h"

#include <stdbool.h>

/* Calls put for each pair. false: *error says which line is wrong. */
bool dotenv_read(struct arena *arena, const char *text,
                 void (*put)(void *arg, const char *name, const char *value), void *arg,
                 const char **error);

#endif
