/* progress.h: how far a command that works through tables is, for a person or a log. */
#ifndef COUNTERSIGN_CLI_PROGRESS_H
#define COUNTERSIGN_CLI_PROGRESS_H

#include "store/copy.h"

struct progress_screen {
    bool terminal;
    const char *table; /* of the last line */
    int64_t shown_us;
};

/* On a terminal a bar; else a line a table, and of long ones a line every two seconds. arg: a
 * struct progress_screen. */
void progress_show(void *arg, const struct copy_progress *p);

#endif
