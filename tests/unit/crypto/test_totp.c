/* test_totp.c: RFC 4226 appendix D, RFC 6238 appendix B, and the window of accepted steps. */
#include "crypto/totp.h"

#include "testing.h"

#define SECRET "1234567890"

static const uint8_t secret[] = SECRET SECRET SECRET SECRET SECRET SECRET "1234";

static void rfc4226_codes(void **state)
{
    (void)state;
    static const char *const codes[] = { "755224", "287082", "359152", "969429", "338314",
                                         "254676", "287922", "162583", "399871", "520489" };
    char out[TOTP_CODE_TEXT];
    for (int i = 0; i < 10; i++) {
        assert_string_equal(totp_code(&totp_default, secret, 20, i, out), codes[i]);
    }
}

static void rfc6238_codes(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        const char *sha1, *sha256, *sha512;
    } cases[] = {
        { 59, "94287082", "46119246", "90693936" },
        { 1111111109, "07081804", "68084774", "25091201" },
        { 1111111111, "14050471", "67062674", "99943326" },
        { 1234567890, "89005924", "91819424", "93441116" },
        { 2000000000, "69279037", "90698825", "38618901" },
        { 20000000000, "65353130", "77737706", "47863826" },
    };
    static const struct totp_kind sha1 = { DIGEST_SHA1, 8, 30 }, sha256 = { DIGEST_SHA256, 8, 30 },
                                  sha512 = { DIGEST_SHA512, 8, 30 };
    char out[TOTP_CODE_TEXT];
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t step = totp_step(&sha1, cases[i].at * 1000000);
        assert_string_equal(totp_code(&sha1, secret, 20, step, out), cases[i].sha1);
        assert_string_equal(totp_code(&sha256, secret, 32, step, out), cases[i].sha256);
        assert_string_equal(totp_code(&sha512, secret, 64, step, out), cases[i].sha512);
    }
}

static void steps(void **state)
{
    (void)state;
    assert_int_equal(totp_step(&totp_default, 0), 0);
    assert_int_equal(totp_step(&totp_default, 29999999), 0);
    assert_int_equal(totp_step(&totp_default, 30000000), 1);
    assert_int_equal(totp_step(&totp_default, 59000000), 1);
    assert_int_equal(totp_step(&totp_default, -1), -1);
    assert_int_equal(totp_step(&totp_default, -30000000), -1);
}

static void the_window_is_searched(void **state)
{
    (void)state;
    char code[TOTP_CODE_TEXT];
    int64_t matched = 0;
    for (int64_t at = 995; at <= 1005; at++) {
        totp_code(&totp_default, secret, 20, at, code);
        bool near = at >= 999 && at <= 1001;
        assert_int_equal(totp_match(&totp_default, secret, 20, code, 1000, 1, -1, &matched), near);
        if (near) {
            assert_int_equal(matched, at);
        }
        assert_int_equal(totp_match(&totp_default, secret, 20, code, 1000, 0, -1, &matched),
                         at == 1000);
    }
}

static void used_steps_are_refused(void **state)
{
    (void)state;
    char code[TOTP_CODE_TEXT];
    int64_t matched = 0;
    totp_code(&totp_default, secret, 20, 1000, code);
    assert_true(totp_match(&totp_default, secret, 20, code, 1000, 1, 999, &matched));
    assert_false(totp_match(&totp_default, secret, 20, code, 1000, 1, 1000, &matched));
    assert_false(totp_match(&totp_default, secret, 20, code, 1000, 1, 1001, &matched));
}

static void the_newest_of_equal_codes_counts(void **state)
{
    (void)state;
    char code[TOTP_CODE_TEXT], other[TOTP_CODE_TEXT];
    static const struct totp_kind one_digit = { DIGEST_SHA1, 1, 30 };
    int64_t first = -1, last = -1, farthest = -1, matched = -1;
    totp_code(&one_digit, secret, 20, 1000, code);
    for (int64_t at = 990; at <= 1040; at++) {
        if (strcmp(totp_code(&one_digit, secret, 20, at, other), code) == 0) {
            first = first < 0 ? at : first;
            last = at <= 1010 ? at : last;
            farthest = at;
        }
    }
    assert_true(first < last &&
                last < farthest); /* 51 steps, 10 codes: there is what to tell apart */
    assert_true(totp_match(&one_digit, secret, 20, code, 1000, 10, -1, &matched));
    assert_int_equal(matched, last);
    assert_true(totp_match(&one_digit, secret, 20, code, 1000, 1000, -1, &matched)); /* capped */
    assert_int_equal(matched, farthest);
}

static void wrong_codes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",        "28708",   "2870820", "287083",
                                         " 287082", "287082 ", "abcdef",  "94287082" };
    int64_t matched = 0;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(totp_match(&totp_default, secret, 20, wrong[i], 1, 1, -1, &matched));
    }
    assert_true(totp_match(&totp_default, secret, 20, "287082", 1, 1, -1, &matched));
    assert_int_equal(matched, 1);
    assert_false(totp_match(&totp_default, secret, 20, "287082", 1, -1, -1, &matched));
}

static void an_empty_secret_fits_nothing(void **state)
{
    (void)state;
    char code[TOTP_CODE_TEXT];
    int64_t matched = 0;
    totp_code(&totp_default, secret, 0, 1000, code);
    assert_false(totp_match(&totp_default, secret, 0, code, 1000, 1, -1, &matched));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc4226_codes),
        cmocka_unit_test(rfc6238_codes),
        cmocka_unit_test(steps),
        cmocka_unit_test(the_window_is_searched),
        cmocka_unit_test(used_steps_are_refused),
        cmocka_unit_test(the_newest_of_equal_codes_counts),
        cmocka_unit_test(wrong_codes_are_refused),
        cmocka_unit_test(an_empty_secret_fits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
