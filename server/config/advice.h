/* advice.h: what is allowed and probably not what a person wants. Some of it is said at each start,
 * the rest by `countersign check-config`. */
#ifndef COUNTERSIGN_CONFIG_ADVICE_H
#define COUNTERSIGN_CONFIG_ADVICE_H

#include "config/config.h"

enum { ADVICE_MAX = 16 };

/* Both fill out with lines for a person, in the arena, and return how many. */
int advice_at_start(struct arena *arena, const struct config *config, const char *out[ADVICE_MAX]);

/* file: of the settings, or NULL. */
int advice_before_use(struct arena *arena, const struct config *config, const char *file,
                      const char *out[ADVICE_MAX]);

#endif
