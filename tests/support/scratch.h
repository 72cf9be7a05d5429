/* scratch.h: a directory of its own for a test that writes files, and a context to run in. */
#ifndef COUNTERSIGN_TESTS_SCRATCH_H
#define COUNTERSIGN_TESTS_SCRATCH_H

#include "base/ctx.h"

struct scratch {
    char dir[64];
    char url[96];  /* sqlite:DIR/db */
    char path[96]; /* DIR/db */
    struct arena *arena;
    struct entropy entropy;
    struct ctx ctx;
};

/* For cmocka: setup puts a struct scratch into *state, teardown removes all. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* DIR/name, in the scratch's arena. */
char *scratch_file(struct scratch *scratch, const char *name);

#endif
