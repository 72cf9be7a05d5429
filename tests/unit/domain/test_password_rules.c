/* test_password_rules.c: length in bytes, sets of characters, reasons and texts (N3, N4). */
#include "domain/password_rules.h"

#include "../crypto/testing.h"
#include "domain/request.h"

static const char *const sets[] = { "abc", "ABC", "01:" };

static const struct config plain = { .passwords.min = 6 },
                           strict = { .passwords.min = 8, .password_sets = { sets, 3 } };

static void lengths(void **state)
{
    struct realm realm = { .config = &plain };
    struct ctx ctx = { .arena = *state };
    char text[74] = "";
    for (size_t len = 0; len <= 73; len++) {
        memset(text, 'x', len);
        enum problem problem = password_check(&realm, &ctx, text);
        assert_int_equal(problem, len < 6    ? P_PASSWORD_WEAK
                                  : len > 72 ? P_PASSWORD_TOO_LONG
                                             : P_OK);
        assert_int_equal(request_of(&ctx)->weak_reasons, len < 6 ? WEAK_LENGTH : 0);
    }
    assert_int_equal(password_check(&realm, &ctx, "\xc3\xa9\xc3\xa9\xc3\xa9"), P_OK); /* bytes */
}

static void too_long_comes_before_weak(void **state)
{
    struct realm realm = { .config = &strict };
    struct ctx ctx = { .arena = *state };
    char text[74] = "";
    memset(text, 'x', 73);
    assert_int_equal(password_check(&realm, &ctx, text), P_PASSWORD_TOO_LONG);
    assert_int_equal(request_of(&ctx)->weak_reasons, 0);
}

static void reasons_and_texts(void **state)
{
    static const char length[] = "Password should be at least 8 characters.";
    static const char characters[] =
        "Password should contain at least one character of each: abc, ABC, 01:.";
    static const struct {
        const char *password;
        unsigned reasons;
    } cases[] = {
        { "aB0xxxxx", 0 },
        { "cC:xxxxx", 0 },
        { "aB0", WEAK_LENGTH },
        { "aBxxxxxx", WEAK_CHARACTERS },
        { "xxxxxxxx", WEAK_CHARACTERS },
        { "x", WEAK_LENGTH | WEAK_CHARACTERS },
        { "", WEAK_LENGTH | WEAK_CHARACTERS },
    };
    struct realm realm = { .config = &strict };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *message;
        struct ctx ctx = { .arena = *state };
        unsigned reasons = password_weaknesses(&realm, &ctx, cases[i].password, &message);
        bool both = cases[i].reasons == (WEAK_LENGTH | WEAK_CHARACTERS);
        assert_int_equal(reasons, cases[i].reasons);
        assert_string_equal(
            message, arena_printf(*state, "%s%s%s", reasons & WEAK_LENGTH ? length : "",
                                  both ? " " : "", reasons & WEAK_CHARACTERS ? characters : ""));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(lengths),
        ARENA_TEST(too_long_comes_before_weak),
        ARENA_TEST(reasons_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
