/* environment.h: variables of the environment. */
#ifndef COUNTERSIGN_CLI_ENVIRONMENT_H
#define COUNTERSIGN_CLI_ENVIRONMENT_H

/* NULL if it is not set or empty. */
const char *environment(const char *name);

#endif
