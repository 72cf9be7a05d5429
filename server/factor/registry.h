/* registry.h: the kinds of factor that this server knows. */
#ifndef COUNTERSIGN_FACTOR_REGISTRY_H
#define COUNTERSIGN_FACTOR_REGISTRY_H

#include "domain/factor.h"

/* Ends with NULL. */
extern const struct factor_kind *const factor_kinds[];

#endif
