/* test_duration.c: durations as Go writes them (internals.md §1.1). */
#include "config/duration.h"

#include "../crypto/testing.h"

static const struct {
    const char *text;
    int64_t us;
} good[] = {
    { "0", 0 },
    { "-0", 0 },
    { "+0", 0 },
    { "0s", 0 },
    { "300ms", 300000 },
    { "90s", 90000000 },
    { "1m30s", 90000000 },
    { "1h", INT64_C(3600000000) },
    { "1h1m1s1ms1us", INT64_C(3661001001) },
    { "1.5h", INT64_C(5400000000) },
    { ".5s", 500000 },
    { "1.s", 1000000 },
    { "-1m", -60000000 },
    { "+1m", 60000000 },
    { "1\xC2\xB5s", 1 },
    { "1\xCE\xBCs", 1 },
    { "1000ns", 1 },
    { "1ns", 1 },
    { "8760h", INT64_C(31536000000000) },
};

static void readable(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t us = 77;
        if (!duration_parse(good[i].text, &us) || us != good[i].us) {
            fail_msg("%s gave %lld", good[i].text, (long long)us);
        }
    }
}

static void unreadable(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",     "5",    "-",    "+",    ".",      "s",    "-s",          ".s",
        "1",    "1.5",  "1d",   "1 s",  " 1s",    "1s ",  "1m30",        "1S",
        "1e3s", "--1s", "1,5s", "none", "1h-30m", "0x1s", "9999999999h",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t us = 77;
        if (duration_parse(bad[i], &us)) {
            fail_msg("\"%s\" gave %lld", bad[i], (long long)us);
        }
    }
}

static void written(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } forms[] = {
        { 0, "0s" },
        { 1, "1us" },
        { 1500, "1ms500us" },
        { 90000000, "1m30s" },
        { 3600000000, "1h" },
        { -20000000, "-20s" },
        { INT64_C(31536000000000), "8760h" },
    };
    for (size_t i = 0; i < COUNT(forms); i++) {
        int64_t us;
        assert_string_equal(duration_text(*state, forms[i].us), forms[i].text);
        assert_true(duration_parse(forms[i].text, &us));
        assert_int_equal(us, forms[i].us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readable),
        cmocka_unit_test(unreadable),
        ARENA_TEST(written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
