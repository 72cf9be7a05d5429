/* test_arena.c: memory of a request: zeroed, aligned, kept until the end, deferred work in order.
 */
#include "base/arena.h"

#include "../crypto/testing.h"

static void blocks_are_zeroed_and_aligned(void **state)
{
    for (size_t n = 0; n < 300; n++) {
        unsigned char *p = arena_alloc(*state, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xAA, n);
    }
}

static void blocks_do_not_overlap_and_stay(void **state)
{
    enum { BLOCKS = 400 };
    unsigned char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = arena_alloc(*state, i * 7 + 1);
        memset(blocks[i], (int)(i % 251), i * 7 + 1);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        for (size_t k = 0; k < i * 7 + 1; k++) {
            assert_int_equal(blocks[i][k], i % 251);
        }
    }
}

static void a_block_larger_than_any_chunk(void **state)
{
    size_t n = (size_t)5 << 20;
    char *p = arena_alloc(*state, n);
    char *after = arena_strdup(*state, "after");
    p[0] = p[n - 1] = 'x';
    assert_string_equal(after, "after");
    assert_int_equal(p[n / 2], 0);
}

static void texts_are_copied(void **state)
{
    char text[] = "abcdef";
    const char *copy = arena_strdup(*state, text), *part = arena_strndup(*state, text, 3);
    memset(text, 'z', 6);
    assert_string_equal(copy, "abcdef");
    assert_string_equal(part, "abc");
    assert_string_equal(arena_strndup(*state, text, 0), "");
    assert_string_equal(arena_strndup(*state, "ab", 100), "ab");
    assert_null(arena_strdup(*state, NULL));
    assert_string_equal(arena_printf(*state, "%s-%05d", copy, 42), "abcdef-00042");
    const char *wide = arena_printf(*state, "%20000d", 7);
    assert_int_equal(strlen(wide), 20000);
    assert_int_equal(wide[19999], '7');
}

static char order[8];

static void note(void *what)
{
    strncat(order, what, sizeof order - strlen(order) - 1);
}

static void deferred_work_runs_last_first(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    order[0] = '\0';
    char a[] = "a", b[] = "b", c[] = "c";
    arena_defer(arena, note, a);
    arena_defer(arena, note, b);
    arena_defer(arena, note, c);
    assert_string_equal(order, "");
    arena_free(&arena);
    assert_null(arena);
    assert_string_equal(order, "cba");
    arena_free(&arena);
    arena_free(NULL);
    assert_string_equal(order, "cba");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(blocks_are_zeroed_and_aligned),       ARENA_TEST(blocks_do_not_overlap_and_stay),
        ARENA_TEST(a_block_larger_than_any_chunk),       ARENA_TEST(texts_are_copied),
        cmocka_unit_test(deferred_work_runs_last_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
