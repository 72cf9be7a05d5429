/* test_redirect.c: where links and browsers may be sent (docs/protocol/security.md S16, and
 * accounts.md RD1). */
#include "domain/redirect.h"

#include "../crypto/testing.h"
#include "config/check.h"

static bool allowed(void **state, const char *site, const char *pattern, const char *target)
{
    const char *items[] = { pattern };
    struct config config = { .site.url = site,
                             .site.uri_allow_list = { .items = items, .count = pattern ? 1 : 0 } };
    struct realm realm = { .config = &config };
    check_redirects(*state, &config);
    return redirect_allowed(&realm, target);
}

/* Row RD2: same scheme and host, the port too unless the host is this machine; any path. */
static void the_site(void **state)
{
    static const char site[] = "https://app.example.com";
    assert_true(allowed(state, site, NULL, "https://app.example.com/a/b?c=d#e"));
    assert_true(allowed(state, site, NULL, site));
    assert_false(allowed(state, site, NULL, "http://app.example.com/"));
    assert_false(allowed(state, site, NULL, "https://app.example.com:8443/"));
    assert_false(allowed(state, site, NULL, "https://other.example.com/"));
    assert_false(allowed(state, site, NULL, "https://app.example.com.evil.test/"));
    assert_false(allowed(state, site, NULL, "https://app.example.com@evil.test/"));
    assert_false(allowed(state, site, NULL, "https://evil.test/https://app.example.com"));
    assert_false(allowed(state, site, NULL, "//app.example.com/"));
    assert_false(allowed(state, site, NULL, "javascript:alert(1)"));
    assert_false(allowed(state, site, NULL, ""));
    assert_true(allowed(state, "http://localhost:3000", NULL, "http://localhost:4000/x"));
    assert_true(allowed(state, "http://127.0.0.1:3000", NULL, "http://127.0.0.1/x"));
}

/* Row RD3: numbers and addresses as hosts; hosts that are none; the list. */
static void the_list(void **state)
{
    static const char site[] = "https://app.example.com";
    assert_false(allowed(state, site, "**", "http://2130706433/"));
    assert_false(allowed(state, site, "**", "http://8.8.8.8/"));
    assert_true(allowed(state, site, NULL, "http://127.0.0.1:1234/x"));
    assert_true(allowed(state, site, NULL, "http://[::1]:1234/x"));
    assert_false(allowed(state, site, "**", "http://-a.example/"));
    assert_false(allowed(state, site, "**", "http://a_b.example/"));
    assert_false(allowed(state, site, "**", "http://\xc3\xa9.example/"));
    assert_true(allowed(state, site, "myapp://cb", "myapp://cb"));
    assert_true(allowed(state, site, "myapp://cb", "myapp://cb#x"));
    assert_false(allowed(state, site, "myapp://cb", "myapp://cb?x=1"));
    assert_true(allowed(state, site, "https://b.example/", "https://B.example/"));
    assert_false(allowed(state, site, "https://b.example/x", "https://b.example/X"));
    assert_false(allowed(state, site, "**", "http://10.0.0.1/"));
    assert_false(allowed(state, site, "http://10.0.0.1/", "http://10.0.0.1/"));
    assert_true(allowed(state, site, "exp://10.0.0.1:8081", "exp://10.0.0.1:8081"));
    assert_false(allowed(state, site, NULL, "exp://127.0.0.1:8081"));
    assert_false(allowed(state, site, NULL, "other://app.example.com"));
    assert_true(allowed(state, site, "https://b.example/*", "https://b.example/x?y=1"));
    assert_false(allowed(state, site, "http://*.example.com/*", "http://x#.example.com/abc"));
}

/* What a browser takes to another host than the one that stands behind the last '@': a backslash
 * is a slash to it, tabs and line ends are nothing. */
static void two_hosts(void **state)
{
    static const char site[] = "http://localhost:3000";
    static const char *const bad[] = {
        "http://evil.test\\@localhost:3000/",   "http://evil.test\\\\@localhost/x",
        "http:\\\\evil.test\\@localhost:3000/", "http://localhost:3000\\.evil.test/",
        "http://localhost:3000 .evil.test/",    "http://local\thost:3000/",
        "http://localhost:3000/a\tb",           "http://localhost:3000/a\nb",
        "http://localhost:3000/\x01",           "http://localhost:3000/\x7f",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(allowed(state, site, NULL, bad[i]));
        assert_false(allowed(state, site, "**", bad[i]));
    }
    assert_false(allowed(state, site, "https://*.ok.example/**", "https://evil\\@a.ok.example/"));
    assert_false(
        allowed(state, site, "https://**.ok.example/**", "https://evil.test\\@a.ok.example/x"));
    assert_false(allowed(state, site, NULL, "http://localhost:3000/a\\b c"));
    assert_true(allowed(state, site, NULL, "http://localhost:3000/a b c"));
    assert_false(allowed(state, site, NULL, "http://user@localhost:3000/"));
    assert_false(allowed(state, site, "http://localhost:3000/in/**", "http://x.test/in/../a"));
}

/* Schemes that are no place, whatever a pattern says. */
static void no_places(void **state)
{
    static const char site[] = "https://app.example.com";
    static const char *const bad[][2] = {
        { "javascript:**", "javascript:alert(1)" },
        { "javascript://**", "javascript://127.0.0.1/%0Aalert(1)" },
        { "JAVASCRIPT:*", "javascript:x" },
        { "java\\script:**", "javascript:x" },
        { "javascript:**", "JavaScript:x" },
        { "{data,myapp}:**", "data:text/html,x" },
        { "blob:**", "blob:https://app.example.com/x" },
        { "file:///**", "file:///x" },
        { "vbscript:**", "vbscript:x" },
        { "**", "javascript:alert(1)" },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(allowed(state, site, bad[i][0], bad[i][1]));
    }
}

/* The port that is not written is the scheme's own. */
static void ports(void **state)
{
    assert_true(allowed(state, "https://a.example:443", NULL, "https://a.example/x"));
    assert_true(allowed(state, "https://a.example", NULL, "https://a.example:443/x"));
    assert_false(allowed(state, "https://a.example", NULL, "https://a.example:80/x"));
    assert_true(allowed(state, "https://A.example", NULL, "https://a.EXAMPLE/x"));
    assert_true(allowed(state, "myapp://start", NULL, "myapp://start/x"));
    assert_false(allowed(state, "myapp://start", NULL, "myapp://other/x"));
    assert_false(allowed(state, "myapp://", NULL, "myapp://other/x"));
}

/* Row RD1: the first that is valid, but a header hides the query; the site else. */
static void candidates(void **state)
{
    const char *items[] = { "https://ok.example/**" };
    struct config config = { .site.url = "https://app.example.com",
                             .site.uri_allow_list = { .items = items, .count = 1 } };
    struct realm realm = { .config = &config };
    check_redirects(*state, &config);
    static const char good[] = "https://ok.example/a", other[] = "https://ok.example/b",
                      bad[] = "https://evil.test/";
    static const struct {
        const char *header, *query, *referer, *wanted;
    } list[] = {
        { NULL, NULL, NULL, "https://app.example.com" },
        { good, other, other, good },
        { NULL, good, other, good },
        { NULL, NULL, good, good },
        { bad, good, other, other },
        { bad, good, bad, "https://app.example.com" },
        { NULL, bad, good, good },
        { NULL, bad, bad, "https://app.example.com" },
        { "", good, NULL, good },
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        assert_string_equal(redirect_pick(&realm, list[i].header, list[i].query, list[i].referer),
                            list[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(the_site),  ARENA_TEST(the_list), ARENA_TEST(two_hosts),
        ARENA_TEST(no_places), ARENA_TEST(ports),    ARENA_TEST(candidates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
