/* scratch.h: a directory of its own for a test that writes files, and a context to run in. */
#ifndef COUNTERSIGN_TESTS_SCRATCH_H
#define COUNTERSIGN_TESTS_SCRATCH_H

#include "base/ctx.h"

struct scratch {
    char dir[64];
    char url[200]; /* sqlite:DIR/db, or of a database of its own on PostgreSQL */
    char path[96]; /* DIR/db */
    struct arena *arena;
    struct entropy entropy;
    struct ctx ctx;
};

/* With COUNTERSIGN_TEST_ENGINE=postgres in the environment a server of PostgreSQL is started with
 * the first of them, and stopped when the program ends.
 * For cmocka: setup puts a struct scratch into *state, teardown removes all. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* DIR/name, in the scratch's arena. */
char *scratch_file(struct scratch *scratch, const char *name);

#endif
