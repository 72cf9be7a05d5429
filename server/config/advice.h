/* advice.h: settings that are allowed and probably not meant. Some are warned of at each start, the
 * others by `countersign check-config`. */
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
