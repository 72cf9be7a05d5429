/* test_ct_equal.c: equality of bytes and texts. That it takes constant time is OpenSSL's promise
 * and is not measured here. */
#include "crypto/ct_equal.h"

#include "testing.h"

static void bytes_are_compared_to_the_end(void **state)
{
    (void)state;
    assert_true(ct_equal("abc", "abc", 3));
    assert_false(ct_equal("abc", "abd", 3));
    assert_false(ct_equal("xbc", "abc", 3));
    assert_true(ct_equal("a\0b", "a\0b", 3));
    assert_false(ct_equal("a\0b", "a\0c", 3));
    assert_true(ct_equal("a", "b", 0));
}

static void texts_are_compared_whole(void **state)
{
    (void)state;
    assert_true(ct_equal_text("", ""));
    assert_true(ct_equal_text("123456", "123456"));
    assert_false(ct_equal_text("123456", "12345"));
    assert_false(ct_equal_text("12345", "123456"));
    assert_false(ct_equal_text("", "1"));
    assert_false(ct_equal_text("123456", "123457"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_compared_to_the_end),
        cmocka_unit_test(texts_are_compared_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
