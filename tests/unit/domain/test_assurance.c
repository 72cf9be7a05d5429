/* test_assurance.c: levels from methods and factors (rows S3, S4; internals.md §6.7). */
#include "domain/assurance.h"
#include "domain/mfa.h"
#include "factor/registry.h"

#include "../crypto/testing.h"

static void levels_from_methods(void **state)
{
    (void)state;
    static const char *const first[] = { "password",      "otp",          "magiclink",
                                         "recovery",      "invite",       "anonymous",
                                         "oauth",         "email/signup", "email_change",
                                         "token_refresh", "web3",         "passkey",
                                         "TOTP",          "mfa",          "" };
    static const char *const second[] = { "totp", "mfa/phone", "mfa/webauthn",
                                          "mfa/recovery_code" };
    for (size_t i = 0; i < COUNT(first); i++) {
        struct amr list[] = { { first[i], 5 } };
        assert_string_equal(aal_of(list, 1), "aal1");
        assert_int_equal(mfa_at(list, 1), 0);
    }
    for (size_t i = 0; i < COUNT(second); i++) {
        struct amr list[] = { { "password", 9 }, { second[i], 5 }, { second[i], 7 } };
        assert_string_equal(aal_of(list, 3), "aal2");
        assert_string_equal(aal_of(list, 1), "aal1");
        assert_int_equal(mfa_at(list, 3), 7);
    }
    assert_string_equal(aal_of(NULL, 0), "aal1");
}

static void the_highest_level(void **state)
{
    (void)state;
    struct factor list[] = { { .status = "unverified" }, { .status = "verified" } };
    assert_string_equal(aal_highest(NULL, 0), "aal1");
    assert_string_equal(aal_highest(list, 1), "aal1");
    assert_string_equal(aal_highest(list, 2), "aal2");
}

static void levels_are_compared_exactly(void **state)
{
    (void)state;
    assert_true(aal_is_2("aal2"));
    assert_false(aal_is_2("aal1"));
    assert_false(aal_is_2("aal21"));
    assert_false(aal_is_2(NULL));
}

static void methods_of_factors(void **state)
{
    static const char *const second[] = { "totp", "mfa/phone", "mfa/webauthn",
                                          "mfa/recovery_code" };
    static const char *const first[] = {
        "password", "otp", "magiclink", "anonymous", "mfa", "totp2"
    };
    struct arena *arena = arena_new();
    struct realm realm = { .kinds = factor_kinds };
    (void)state;
    assert_string_equal(factor_method(&realm, arena, "totp"), "totp");
    assert_string_equal(factor_method(&realm, arena, "phone"), "mfa/phone");
    assert_string_equal(factor_method(&realm, arena, "webauthn"), "mfa/webauthn");
    assert_string_equal(factor_method(&realm, arena, "of_tomorrow"), "mfa/of_tomorrow");
    for (size_t i = 0; i < sizeof second / sizeof second[0]; i++) {
        assert_true(method_is_second_factor(second[i]));
    }
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        assert_false(method_is_second_factor(first[i]));
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_from_methods),
        cmocka_unit_test(the_highest_level),
        cmocka_unit_test(levels_are_compared_exactly),
        cmocka_unit_test(methods_of_factors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
