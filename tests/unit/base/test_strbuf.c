/* test_strbuf.c: growing text: appends of every kind, the maximum, and the failure that sticks. */
#include "base/strbuf.h"

#include "../crypto/testing.h"

static void every_append(void **state)
{
    struct strbuf b = strbuf_in(*state, 200);
    strbuf_str(&b, "a");
    strbuf_char(&b, '-');
    strbuf_add(&b, "x\0y", 3);
    strbuf_int(&b, -17);
    strbuf_printf(&b, "[%s %d]", "t", 5);
    assert_true(strbuf_ok(&b));
    assert_int_equal(b.len, 13);
    assert_memory_equal(b.data, "a-x\0y-17[t 5]", 13);
}

static void integers_at_the_ends(void **state)
{
    struct strbuf b = strbuf_in(*state, 200);
    strbuf_int(&b, INT64_MIN);
    strbuf_char(&b, ' ');
    strbuf_int(&b, INT64_MAX);
    strbuf_char(&b, ' ');
    strbuf_int(&b, 0);
    assert_string_equal(b.data, "-9223372036854775808 9223372036854775807 0");
}

static void what_is_appended_stays_while_it_grows(void **state)
{
    struct strbuf b = strbuf_in(*state, 100000);
    for (int i = 0; i < 20000; i++) {
        strbuf_printf(&b, "%04d", i % 10000);
    }
    assert_true(strbuf_ok(&b));
    assert_int_equal(b.len, 80000);
    assert_memory_equal(b.data + 4 * 9999, "9999", 4);
    assert_memory_equal(b.data + 4 * 10000, "0000", 4);
}

static void the_maximum_is_exact(void **state)
{
    struct strbuf b = strbuf_in(*state, 5);
    strbuf_str(&b, "12345");
    assert_true(strbuf_ok(&b));
    strbuf_str(&b, "");
    assert_true(strbuf_ok(&b));
    strbuf_char(&b, '6');
    assert_false(strbuf_ok(&b));
    assert_string_equal(b.data, "12345");
}

static void a_failure_sticks(void **state)
{
    struct strbuf b = strbuf_in(*state, 5);
    strbuf_str(&b, "123456");
    assert_false(strbuf_ok(&b));
    strbuf_str(&b, "1");
    strbuf_printf(&b, "%d", 2);
    assert_null(strbuf_room(&b, 1));
    assert_false(strbuf_ok(&b));
    assert_int_equal(b.len, 0);
}

static void sizes_beyond_reason(void **state)
{
    struct strbuf b = strbuf_in(*state, 5);
    strbuf_str(&b, "123");
    assert_null(strbuf_room(&b, SIZE_MAX));
    assert_false(strbuf_ok(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(every_append),
        ARENA_TEST(integers_at_the_ends),
        ARENA_TEST(what_is_appended_stays_while_it_grows),
        ARENA_TEST(the_maximum_is_exact),
        ARENA_TEST(a_failure_sticks),
        ARENA_TEST(sizes_beyond_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
