/* testing.h: what the unit tests of the crypto layer share: cmocka, hexadecimal vectors, and an
 * arena and a random source for each test. */
#ifndef COUNTERSIGN_TESTS_UNIT_CRYPTO_TESTING_H
#define COUNTERSIGN_TESTS_UNIT_CRYPTO_TESTING_H

#include "base/arena.h"
#include "base/entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline int arena_setup(void **state)
{
    *state = arena_new();
    return 0;
}

static inline int arena_teardown(void **state)
{
    struct arena *arena = *state;
    arena_free(&arena);
    return 0;
}

#define ARENA_TEST(fn) cmocka_unit_test_setup_teardown(fn, arena_setup, arena_teardown)

/* The bytes of a hexadecimal text; returns how many. */
static inline size_t unhex(const char *text, uint8_t *out)
{
    size_t n = 0;
    for (unsigned byte; sscanf(text + 2 * n, "%2x", &byte) == 1; n++) {
        out[n] = (uint8_t)byte;
    }
    return n;
}

/* Gives 00 01 02 ... anew at each call. */
static inline void counting_fill(void *arg, void *out, size_t n)
{
    (void)arg;
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)out)[i] = (uint8_t)i;
    }
}

static inline struct entropy counting_entropy(void)
{
    return (struct entropy){ .fill = counting_fill };
}

#endif
