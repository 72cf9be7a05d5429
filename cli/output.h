/* output.h: where an export goes: a new file of --output, or standard output. */
#ifndef COUNTERSIGN_CLI_OUTPUT_H
#define COUNTERSIGN_CLI_OUTPUT_H

#include "job.h"

#include <stdio.h>

/* A new file for its owner alone, mode 0600, or stdout. -1, or the exit code with the reason said.
 */
int output_open(struct job *job, FILE **out);

/* Closes it once it is durable. With failed, or where that cannot be, the file is removed, since
 * half of one would look like a whole one. Returns whether all is written. */
bool output_close(struct job *job, FILE *out, bool failed);

#endif
