/* test_url_pattern.c: patterns of redirect targets: what each sign stands for, that no star crosses
 * from one part into the next, what people have today (accounts.md RD4, RD5), what they
 * are told, and that matching costs pattern times text at most. */
#include "base/url_pattern.h"

#include "../crypto/testing.h"

struct vector {
    const char *pattern, *text;
    bool fits;
};

static struct url_patterns read_one(void **state, const char *text, const char **advice)
{
    int count = 0;
    struct url_pattern *all = ARENA_ARRAY(*state, struct url_pattern, URL_PATTERN_ALTERNATIVES);
    url_pattern_read(*state, text, all, &count, advice);
    assert_true(count <= URL_PATTERN_ALTERNATIVES);
    return (struct url_patterns){ all, count };
}

static void check(void **state, const struct vector *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *advice;
        struct url url;
        struct url_patterns patterns = read_one(state, list[i].pattern, &advice);
        if (url_read(list[i].text, &url)) {
            fail_msg("%s is no URL", list[i].text);
        }
        if (url_patterns_match(&patterns, &url, NULL) != list[i].fits) {
            fail_msg("%s %s %s (%s)", list[i].pattern, list[i].fits ? "should match" : "matches",
                     list[i].text, advice ? advice : "no advice");
        }
    }
}

static void signs(void **state)
{
    static const struct vector list[] = {
        { "http://h/*", "http://h/abc", true },
        { "http://h/*", "http://h/", true },
        { "http://h/*", "http://h", true },
        { "http://h/*", "http://h/a.b", false },
        { "http://h/*", "http://h/a/b", false },
        { "http://h/**", "http://h/a.b/c?d=e.f", true },
        { "http://h/?", "http://h/a", true },
        { "http://h/?", "http://h/", false },
        { "http://h/a?c", "http://h/abc", true },
        { "http://h/[abc]", "http://h/b", true },
        { "http://h/[abc]", "http://h/d", false },
        { "http://h/[a-c]x", "http://h/cx", true },
        { "http://h/[!a-c]x", "http://h/dx", true },
        { "http://h/[!a-c]x", "http://h/ax", false },
        { "http://h/{a,bc}d", "http://h/bcd", true },
        { "http://h/{a,bc}d", "http://h/abcd", false },
        { "http://h/{a,{b,c}d}e", "http://h/cde", true },
        { "http{,s}://{a,b.c}.example/**", "https://b.c.example/x", true },
        { "{http://localhost:3000,https://a.example}/**", "https://a.example/x", true },
        { "http://h/\\*", "http://h/*", true },
        { "http://h/\\*", "http://h/a", false },
        { "http://h/abc", "http://h/ABC", false },
        { "http://h?/", "http://hx/", true },
        { "http://h[0-9].example/", "http://h7.example/", true },
        { "https://b.example/", "HTTPS://B.Example/", true },
    };
    check(state, list, COUNT(list));
}

/* Stars stay where they stand. */
static void no_crossing(void **state)
{
    static const struct vector list[] = {
        { "https://**.example.com/**", "https://evil.test/x.example.com/y", false },
        { "https://**.example.com/**", "https://evil.test/?.example.com/", false },
        { "https://*.example.com/**", "https://evil.test?.example.com/", false },
        { "https://**.example.com/**", "https://a.b.example.com/y", true },
        { "https://*.example.com/**", "https://a.b.example.com/y", false },
        { "https://**/callback", "https://evil.test/x/callback", false },
        { "https://**/callback", "https://any.test/callback", true },
        { "https://example.com**", "https://example.com.evil.test/", false },
        { "https://example.com**", "https://example.community/", false },
        { "https://example.com**", "https://example.com/a/b?c", true },
        { "https://example.com**", "https://example.com:8443/a", false },
        { "https://example.com*", "https://example.community/", false },
        { "https://example.com*", "https://example.com/", true },
        { "https://example.com*/**", "https://example.com.evil.test/x", false },
        { "https://example.com*/**", "https://example.com/x", true },
        { "https://*.example.com", "https://a.example.com:444/", false },
        { "https://example.com:4*/", "https://example.com:443/", true },
        { "https://example.com:*", "https://example.com:1/x", false },
        { "http://*/x", "http://a:80/x", true },
        { "http://*/x", "http://a:81/x", false },
        { "http**://example.com/", "httpx://example.com/", false },
        { "*://example.com/", "myapp://example.com/", false },
        { "*://example.com/", "http://example.com/", true },
        { "https://example.com/a*/b", "https://example.com/a?/b", false },
        { "https://example.com/**/b", "https://example.com/a?x/b", false },
        { "https://example.com/**/b", "https://example.com/a/x/b", true },
        { "https://example.com/cb?n=*", "https://example.com/cb?n=1", true },
        { "https://example.com/cb?n=*", "https://example.com/cbx?n=1", false },
        { "https://example.com/cb\\?n=**", "https://example.com/cb?n=/a.b?c", true },
        { "https://example.com/cb", "https://example.com/cb?n=1", false },
        { "https://example.com/[!x]y", "https://example.com/?y", false },
        { "myapp://cb", "myapp:cb", false },
        { "myapp:/x", "myapp:///x", false },
    };
    check(state, list, COUNT(list));
}

/* What people have in their settings, where it was meant so. */
static void today(void **state)
{
    static const struct vector list[] = {
        { "http://*.test.dev:3000", "http://sub.test.dev:3000", true },
        { "http://*.test.dev:3000", "http://sub.test.dev:3000/", true }, /* the same to browsers */
        { "http://*.*.dev:3000", "http://foo.bar.dev:3000", true },
        { "http://*.dev:3000", "http://foo.bar.dev:3000", false },
        { "http://t.dev/*/*", "http://t.dev/bar/foo", true },
        { "http://t.dev/*", "http://t.dev/bar/foo", false },
        { "com.example.app://**", "com.example.app://sign-in/v2", true },
        { "com.example.app://**", "com.example.app://", true },
        { "http://localhost:3000", "http://localhost:3000/docs", false },
        { "http://localhost:3000", "http://localhost:3000", true },
        { "http://localhost:3000/**", "http://localhost:3000/a/b.c?d=/e", true },
        { "http://localhost:3000/**", "http://localhost:3001/", false },
        { "http://localhost:*/**", "http://localhost:5173/x", true },
        { "http://localhost:*/**", "http://localhost/x", true },
        { "http://localhost:**", "http://localhost:5173/x", true },
        { "http://localhost**", "http://localhost:5173/x", true },
        { "http://localhost:3000**", "http://localhost:3000/x", true },
        { "http://localhost:3000**", "http://localhost:30001/x", false },
        { "https://**.vercel.app/**", "https://a-b.vercel.app/x", true },
        { "https://*-team.vercel.app/**", "https://a-git-b-team.vercel.app/x", true },
        { "https://*-team.vercel.app/**", "https://team.vercel.app/x", false },
        { "https://example.com/*", "https://example.com/x?y=1", true },
        { "https://example.com/", "https://example.com", true },
        { "https://example.com", "https://example.com/", true },
        { "https://example.com:443/", "https://example.com/", true },
        { "https://example.com/", "https://example.com:443/", true },
        { "https://**", "https://a.example:8443/x?y", true },
        { "https://**", "http://a.example/", false },
        { "**", "https://a.example:8443/x?y", true },
        { "**", "myapp://x", false },
        { "**.example.com/**", "https://a.example.com/x", true },
        { "**.example.com/**", "https://evil.test/a.example.com/x", false },
        { "myapp://*", "myapp://callback", true },
        { "myapp://*", "myapp://callback/x", false },
        { "myapp:/path", "myapp:/path", true },
        { "myapp:/**", "myapp:/path/x?y", true },
        { "myapp:///**", "myapp:///x", true },
        { "myapp:**", "myapp://callback/x", true },
        { "exp://192.168.1.5:8081", "exp://192.168.1.5:8081", true },
        { "exp://192.168.*.*:*/**", "exp://192.168.1.5:8081/--/x", true },
        { "exp://**", "exp://192.168.1.5:8081/--/x", true },
        { "http://[::1]:3000/**", "http://[::1]:3000/x", true },
    };
    check(state, list, COUNT(list));
}

/* What a person is told; "" where nothing is to be said. n: how many are left of it. */
static void advised(void **state)
{
    static const struct {
        const char *pattern, *advice;
        int n;
    } list[] = {
        { "https://*.example.com/**", "", 1 },
        { "https://**.vercel.app/**", "", 1 },
        { "https://*-team.vercel.app/**", "", 1 },
        { "http://localhost:*/**", "", 1 },
        { "http://*.localhost:3000/**", "", 1 },
        { "com.example.app://**", "", 1 },
        { "exp://192.168.1.*:*", "", 1 },
        { "{a,b}://x", "", 2 },
        { "**", "every site", 1 },
        { "https://**", "every site", 1 },
        { "https://*.*/**", "every site", 1 },
        { "https://*.com/**", "every name under .com", 1 },
        { "https://*example.com/**",
          "notexample.com; write https://example.com/** and "
          "https://*.example.com/**",
          1 },
        { "https://**example.com", "notexample.com", 1 },
        { "https://example.com**", "the host example.com with the path /**", 1 },
        { "https://example.com*", "the host example.com without these stars", 1 },
        { "http://localhost*", "the host localhost:* without", 1 },
        { "https://app.*/**", "anybody can have", 1 },
        { "*://example.com/", "http and https only", 1 },
        { "**.example.com/**", "write https://**.example.com/**", 1 },
        { "example.com/**", "no scheme; write https://example.com/**", 0 },
        { "*.example.com", "no scheme", 0 },
        { "localhost:3000/**", "no scheme", 0 },
        { "javascript:**", "such a scheme", 0 },
        { "data:*", "such a scheme", 0 },
        { "https://user@example.com/", "name", 0 },
        { "https://example.com/#/**", "never compared", 0 },
        { "https://b\xc3\xbc"
          "cher.example/**",
          "xn--", 0 },
        { "https://a_b.example/**", "no host", 0 },
        { "http://192.168.1.5:3000/**", "addresses", 0 },
        { "http://192.168.1.*:3000/**", "addresses", 0 },
        { "http:///x", "no host", 0 },
        { "https://[a", "not closed", 0 },
        { "https://{a,b", "not closed", 0 },
        { "https://a}", "not closed", 0 },
        { "https://a\\", "not closed", 0 },
        { "https://{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}.example/", "too much", 64 },
        { "https://{{{{{{{{{{a}}}}}}}}}}.example/", "too much", 0 },
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        const char *advice;
        struct url_patterns patterns = read_one(state, list[i].pattern, &advice);
        if (*list[i].advice ? !advice || !strstr(advice, list[i].advice) : advice != NULL) {
            fail_msg("%s: %s", list[i].pattern, advice ? advice : "no advice");
        }
        if (patterns.count != list[i].n) {
            fail_msg("%s: %d patterns", list[i].pattern, patterns.count);
        }
    }
}

/* Steps are counted, not time: each byte of the text looks at each item of the pattern once. */
static void linear(void **state)
{
    char pattern[600] = "https://h.example/", text[2100] = "https://h.example/";
    size_t at = strlen(pattern);
    for (int i = 0; i < 180; i++, at += 3) {
        memcpy(pattern + at, i % 2 ? "**a" : "*a?", 3);
    }
    memcpy(pattern + at, "b", 2);
    memset(text + strlen(text), 'a', 2000);
    const char *advice;
    struct url url;
    size_t steps = 0;
    struct url_patterns patterns = read_one(state, pattern, &advice);
    assert_int_equal(url_read(text, &url), URL_FINE);
    assert_int_equal(patterns.count, 1);
    assert_false(url_patterns_match(&patterns, &url, &steps));
    assert_true(steps > 0 && steps <= strlen(pattern) * (strlen(text) + 1));
    pattern[at] = 'a';
    patterns = read_one(state, pattern, &advice);
    assert_true(url_patterns_match(&patterns, &url, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(signs),   ARENA_TEST(no_crossing), ARENA_TEST(today),
        ARENA_TEST(advised), ARENA_TEST(linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
