/* test_rfc3339.c: times to text and back (contract row O2), and texts that are no time. */
#include "base/rfc3339.h"

#include "../crypto/testing.h"

#define S INT64_C(1000000)

static const struct {
    int64_t at_us;
    const char *text;
} known[] = {
    { 0, "1970-01-01T00:00:00Z" },
    { 1, "1970-01-01T00:00:00.000001Z" },
    { -1, "1969-12-31T23:59:59.999999Z" },
    { INT64_C(951782400) * S, "2000-02-29T00:00:00Z" },
    { INT64_C(1709210096) * S + 120000, "2024-02-29T12:34:56.12Z" },
    { INT64_C(4107542399) * S, "2100-02-28T23:59:59Z" },
    { INT64_C(4107542400) * S, "2100-03-01T00:00:00Z" },
    { INT64_C(253402300799) * S, "9999-12-31T23:59:59Z" },
    { INT64_C(-62167219200) * S, "0000-01-01T00:00:00Z" },
};

static void known_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        char text[RFC3339_TEXT];
        int64_t back = 7;
        assert_string_equal(rfc3339_format(known[i].at_us, text), known[i].text);
        assert_true(rfc3339_parse(known[i].text, &back));
        assert_true(back == known[i].at_us);
    }
}

static void a_day_a_step_over_four_centuries(void **state)
{
    (void)state;
    for (int64_t day = -60000; day < 90000; day++) {
        char text[RFC3339_TEXT];
        int64_t at = day * 86400 * S + day % 1000 * 1001, back;
        assert_true(rfc3339_parse(rfc3339_format(at, text), &back));
        assert_true(back == at);
    }
}

static void zones_and_forms(void **state)
{
    (void)state;
    static const char *const same[] = {
        "2024-02-29T12:34:56Z",      "2024-02-29t12:34:56z",
        "2024-02-29 12:34:56Z",      "2024-02-29T13:34:56+01:00",
        "2024-02-29T00:04:56-12:30", "2024-03-01T04:34:56+16:00",
        "2024-02-29T12:34:56.000Z",  "2024-02-29T12:34:56.0000009+00:00",
    };
    for (size_t i = 0; i < COUNT(same); i++) {
        int64_t at;
        assert_true(rfc3339_parse(same[i], &at));
        assert_true(at == INT64_C(1709210096) * S);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2024-02-29",
        "2024-02-29T12:34:56",
        "2024-02-29T12:34Z",
        "2024-2-29T12:34:56Z",
        "24-02-29T12:34:56Z",
        "2024-13-01T12:34:56Z",
        "2024-00-01T12:34:56Z",
        "2024-01-32T12:34:56Z",
        "2024-04-31T12:34:56Z",
        "2024-02-30T12:34:56Z",
        "2023-02-29T12:34:56Z",
        "2100-02-29T12:34:56Z",
        "2024-01-00T12:34:56Z",
        "2024-02-29T24:00:00Z",
        "2024-02-29T12:60:00Z",
        "2024-02-29T12:34:61Z",
        "2024-02-29T12:34:56.Z",
        "2024-02-29T12:34:56,5Z",
        "2024-02-29T12:34:56+0100",
        "2024-02-29T12:34:56+24:00",
        "2024-02-29T12:34:56Z ",
        " 2024-02-29T12:34:56Z",
        "2024-02-29T12:34:56ZZ",
        "+024-02-29T12:34:56Z",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t at;
        if (rfc3339_parse(bad[i], &at)) {
            fail_msg("\"%s\" was read", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times),
        cmocka_unit_test(a_day_a_step_over_four_centuries),
        cmocka_unit_test(zones_and_forms),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
