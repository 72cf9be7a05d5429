/* registry.c: the list of the kinds of factor, made from factors.def. */
#include "factor/registry.h"

#define FACTOR_KIND(name) extern const struct factor_kind name##_factor;
#include "factor/factors.def"
#undef FACTOR_KIND

const struct factor_kind *const factor_kinds[] = {
#define FACTOR_KIND(name) &name##_factor,
#include "factor/factors.def"
#undef FACTOR_KIND
    NULL,
};
