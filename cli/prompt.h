/* prompt.h: what people type in, or what stands on the standard input instead: a line at a time,
 * read without a buffer that would keep secrets. */
#ifndef COUNTERSIGN_CLI_PROMPT_H
#define COUNTERSIGN_CLI_PROMPT_H

#include "base/arena.h"

#include <stdbool.h>

/* Does a person sit at the standard input? */
bool prompt_possible(void);

/* A line without its end, in the arena; NULL at the end of the input, for an empty line, or one
 * that is too long. The prompt is shown only to people, on standard error. */
const char *prompt_line(struct arena *arena, const char *prompt);

/* The same without echo. */
const char *prompt_secret(struct arena *arena, const char *prompt);

#endif
