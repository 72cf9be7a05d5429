/* test_draws.c: named draws are the same in each run, whatever else a run draws. */
#include "base/draws.h"

#include "../crypto/testing.h"

static void bytes_of(struct ctx *ctx, const char *name, unsigned char out[16])
{
    entropy_bytes(ctx_draw(ctx, name), out, 16);
}

static void same_in_each_run(void **state)
{
    struct entropy system = entropy_system();
    struct draws draws;
    struct ctx ctx = { .arena = *state, .entropy = &system, .draws = &draws };
    unsigned char code[16], more[16], link[16], again[16], other[16];
    draws_start(&draws, *state, &system);
    bytes_of(&ctx, "code", code);
    bytes_of(&ctx, "link", link);
    bytes_of(&ctx, "code", more);
    assert_memory_not_equal(code, more, sizeof code);
    draws_again(&draws); /* another order, with another one in between */
    bytes_of(&ctx, "account", other);
    bytes_of(&ctx, "link", again);
    assert_memory_equal(again, link, sizeof link);
    bytes_of(&ctx, "code", again);
    assert_memory_equal(again, code, sizeof code);
    bytes_of(&ctx, "code", again);
    assert_memory_equal(again, more, sizeof more);
    bytes_of(&ctx, "code", again); /* beyond what the first run drew */
    assert_memory_not_equal(again, code, sizeof code);
    assert_memory_not_equal(again, more, sizeof more);
}

static void in_other_pieces(void **state)
{
    struct entropy system = entropy_system();
    struct draws draws;
    struct ctx ctx = { .arena = *state, .entropy = &system, .draws = &draws };
    unsigned char whole[1000], parts[1000];
    draws_start(&draws, *state, &system);
    entropy_bytes(ctx_draw(&ctx, "x"), whole, sizeof whole);
    draws_again(&draws);
    for (size_t at = 0; at < sizeof parts; at += 8) {
        entropy_bytes(ctx_draw(&ctx, "x"), parts + at, 8);
    }
    assert_memory_equal(whole, parts, sizeof whole);
}

static void plain_without(void **state)
{
    struct entropy system = entropy_system();
    struct ctx ctx = { .arena = *state, .entropy = &system };
    assert_ptr_equal(ctx_draw(&ctx, "x"), &system);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(same_in_each_run),
        ARENA_TEST(in_other_pieces),
        ARENA_TEST(plain_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
