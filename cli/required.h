/* required.h: what a signed-in user is told where a second factor is required. */
#ifndef COUNTERSIGN_CLI_REQUIRED_H
#define COUNTERSIGN_CLI_REQUIRED_H

#include "countersign.h"

#include "base/arena.h"

/* A sentence for the user, to be shown before what to do next; NULL: nothing is required. */
const char *required_text(struct arena *arena, const cs_user *user);

#endif
