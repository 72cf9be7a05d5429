/* test_glob.c: patterns of redirect targets (contract-accounts.md RD4, RD5), and patterns that are
 * meant to make a matcher slow. */
#include "base/glob.h"

#include "../crypto/testing.h"

struct vector {
    const char *pattern, *text;
    bool fits;
};

static void check(void **state, const struct vector *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (glob_match(*state, list[i].pattern, list[i].text) != list[i].fits) {
            fail_msg("%s %s %s", list[i].pattern, list[i].fits ? "should match" : "matches",
                     list[i].text);
        }
    }
}

/* Row RD4: what each sign stands for. */
static void signs(void **state)
{
    static const struct vector list[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "abc", true},
        {"*", "a.b", false},
        {"*", "a/b", false},
        {"**", "a.b/c?d=e.f", true},
        {"a**", "a", true},
        {"a**z", "a/./z", true},
        {"a**z", "a/./y", false},
        {"?", "a", true},
        {"?", "", false},
        {"?", "/", false},
        {"?", ".", false},
        {"a?c", "abc", true},
        {"[abc]", "b", true},
        {"[abc]", "d", false},
        {"[a-c]x", "cx", true},
        {"[a-c]x", "dx", false},
        {"[!a-c]x", "dx", true},
        {"[!a-c]x", "ax", false},
        {"{a,bc}d", "bcd", true},
        {"{a,bc}d", "ad", true},
        {"{a,bc}d", "abcd", false},
        {"{a*,**}/x", "q.r/x", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"\\{a\\}", "{a}", true},
        {"abc", "ABC", false},
    };
    check(state, list, COUNT(list));
}

/* Row RD5. */
static void contract_vectors(void **state)
{
    static const struct vector list[] = {
        {"http://*.test.dev:3000", "http://sub.test.dev:3000", true},
        {"http://*.test.dev:3000", "http://sub.test.dev:3000/", false},
        {"http://*.*.dev:3000", "http://foo.bar.dev:3000", true},
        {"http://*.dev:3000", "http://foo.bar.dev:3000", false},
        {"http://t.dev/*/*", "http://t.dev/bar/foo", true},
        {"http://t.dev/*", "http://t.dev/bar/foo", false},
        {"com.example.app://**", "com.example.app://sign-in/v2", true},
        {"http://localhost:3000", "http://localhost:3000/docs", false},
        {"http://localhost:3000", "http://localhost:3000", true},
    };
    check(state, list, COUNT(list));
}

static void open_patterns(void **state)
{
    static const char *const bad[] = {"[a", "{a,b", "a{", "x[", "{a,{b}"};
    static const char *const good[] = {"", "*", "[a]", "{a,b}", "\\[", "\\{a", "a?b**"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (glob_valid(bad[i])) {
            fail_msg("%s is not closed", bad[i]);
        }
    }
    for (size_t i = 0; i < COUNT(good); i++) {
        if (!glob_valid(good[i])) {
            fail_msg("%s is closed", good[i]);
        }
    }
}

/* Time that grows with a power of the stars would not end before the test's own limit; what costs
 * too much does not match. */
static void many_stars(void **state)
{
    char pattern[121], text[1001];
    for (size_t i = 0; i < 40; i++) {
        memcpy(pattern + 3 * i, "**a", 3);
    }
    pattern[119] = 'b'; /* never found */
    pattern[120] = '\0';
    memset(text, 'a', 1000);
    text[1000] = '\0';
    assert_false(glob_match(*state, pattern, text));
    pattern[119] = 'a';
    assert_true(glob_match(*state, pattern, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(signs),
        ARENA_TEST(contract_vectors),
        ARENA_TEST(open_patterns),
        ARENA_TEST(many_stars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
