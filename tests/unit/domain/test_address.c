/* test_address.c: e-mail addresses and phone numbers (accounts.md N1, N2). */
#include "domain/address.h"

#include "../crypto/testing.h"

static enum problem email(struct arena *arena, const char *text, const char **out)
{
    struct ctx ctx = { .arena = arena };
    *out = NULL;
    return email_normalise(&ctx, text, out);
}

static void good_addresses(void **state)
{
    static const char *const good[][2] = {
        { "a@b", "a@b" },
        { "Ann.B@Example.COM", "ann.b@example.com" },
        { "a+tag@x.io", "a+tag@x.io" },
        { ".a..b.@x.io", ".a..b.@x.io" },
        { "!#$%&'*+/=?^_{}~-`|@x", "!#$%&'*+/=?^_{}~-`|@x" },
        { "1@1-2.3", "1@1-2.3" },
    };
    const char *out;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(email(*state, good[i][0], &out), P_OK);
        assert_string_equal(out, good[i][1]);
    }
    char label[64] = "";
    memset(label, 'x', 63);
    assert_int_equal(email(*state, arena_printf(*state, "a@%s", label), &out), P_OK);
    assert_int_equal(email(*state, arena_printf(*state, "a@%sx", label), &out), P_EMAIL_INVALID);
}

static void bad_addresses(void **state)
{
    static const char *const bad[] = {
        "a",     "@b",     "a@",    "a@b@c", "a b@c",      " a@b",       "a@b ",    "a@.b",
        "a@b.",  "a@b..c", "a@-b",  "a@b-",  "a@b-.c",     "a@b_c",      "\"a\"@b", "a@[1.2.3.4]",
        "a\n@b", "a@b\n",  "a,b@c", "a<b@c", "\xc3\xa9@b", "a@\xc3\xa9", "a@b c",   "(a)@b",
    };
    const char *out;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (email(*state, bad[i], &out) != P_EMAIL_INVALID) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
    assert_int_equal(email(*state, "", &out), P_EMAIL_REQUIRED);
    assert_int_equal(email(*state, NULL, &out), P_EMAIL_REQUIRED);
}

static void the_longest_address(void **state)
{
    char text[257] = "";
    const char *out;
    memset(text, 'a', 256);
    text[253] = '@';
    text[255] = '\0';
    assert_int_equal(email(*state, text, &out), P_OK);
    text[255] = 'a';
    assert_int_equal(email(*state, text, &out), P_EMAIL_TOO_LONG);
}

static void phones(void **state)
{
    static const char *const good[][2] = {
        { "+15551234567", "15551234567" },         { "15551234567", "15551234567" },
        { "+1 555 123 45 67", "15551234567" },     { " 1 5", "15" },
        { "+123456789012345", "123456789012345" },
    };
    static const char *const bad[] = { "",
                                       "+",
                                       "+1",
                                       "1",
                                       "++15",
                                       "+0123",
                                       "0123",
                                       "+1-555-1234",
                                       "1234567890123456",
                                       "+1555a",
                                       "15+",
                                       "\t15",
                                       "+1\xc2\xa0"
                                       "5" };
    struct ctx ctx = { .arena = *state };
    const char *out;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(phone_normalise(&ctx, good[i][0], &out), P_OK);
        assert_string_equal(out, good[i][1]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (phone_normalise(&ctx, bad[i], &out) != P_PHONE_INVALID) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
}

static void as_stored(void **state)
{
    assert_string_equal(email_as_stored(*state, " Bad Ones TOO "), " bad ones too ");
    assert_string_equal(email_as_stored(*state, "\xc3\x89@X"), "\xc3\x89@x");
    assert_string_equal(phone_as_stored(*state, "+1 5 a"), "15a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(good_addresses), ARENA_TEST(bad_addresses), ARENA_TEST(the_longest_address),
        ARENA_TEST(phones),         ARENA_TEST(as_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
