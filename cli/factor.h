/* factor.h: the user's own factors, as the arguments of the mfa commands name them. */
#ifndef COUNTERSIGN_CLI_FACTOR_H
#define COUNTERSIGN_CLI_FACTOR_H

#include "job.h"

/* The factor that the word names by UUID or friendly name; without a word the only verified one.
 * *id, *name (for messages) are in the arena. -1, or the exit code with the reason said. */
int factor_pick(struct job *job, const char *word, const char **id, const char **name);

/* The code: --code, or a line of the input with that prompt; NULL if there is none, and that is
 * said. */
const char *factor_code(struct job *job, const char *prompt);

/* After a verification: says the new level, or prints it as JSON; returns the exit code. */
int factor_verified(struct job *job, const char *name, const cs_mfa_verify_response *verified);

#endif
