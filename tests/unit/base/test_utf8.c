/* test_utf8.c: well-formed and ill-formed UTF-8 (RFC 3629), and cutting without breaking. */
#include "base/utf8.h"

#include "../crypto/testing.h"

static void well_formed(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "a",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "Gr\xc3\xbc\xc3\x9f"
        "e \xf0\x9f\x98\x80",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(utf8_valid(good[i], strlen(good[i])));
    }
}

static void ill_formed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\xaf",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x41",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe1\x80",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
        "\xf1\x80\x80",
        "a\xe2\x28\xa1",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (utf8_valid(bad[i], strlen(bad[i]))) {
            fail_msg("number %zu counts as well-formed", i);
        }
    }
    assert_false(utf8_valid("a\0b", 3));
    assert_false(utf8_valid("\xe2\x82\xac", 2));
}

static void every_scalar_value(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 0x110000; c++) {
        char text[4];
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
        for (size_t i = n; i-- > 1;) {
            text[i] = (char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3F));
        }
        text[0] = (char)(lead[n] | c >> (6 * (n - 1)));
        assert_int_equal(utf8_valid(text, n), c < 0xD800 || c > 0xDFFF);
    }
}

static void prefixes_cut_no_character(void **state)
{
    (void)state;
    const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"; /* 1 2 3 4 1 bytes */
    static const size_t expected[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11 };
    for (size_t max = 0; max < COUNT(expected); max++) {
        assert_int_equal(utf8_prefix(text, max), expected[max]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed),
        cmocka_unit_test(ill_formed),
        cmocka_unit_test(every_scalar_value),
        cmocka_unit_test(prefixes_cut_no_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
