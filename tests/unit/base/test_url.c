/* test_url.c: URLs as browsers take them apart, and what they would convert, mend or guess, which
 * is refused (WHATWG URL: host parser, IPv4 and IPv6 parsers, path state). */
#include "base/url.h"

#include "../crypto/testing.h"

static void part(struct url_part got, const char *wanted)
{
    assert_int_equal(got.len, strlen(wanted));
    assert_memory_equal(got.at ? got.at : "", wanted, got.len);
}

static void parts(void **state)
{
    static const struct {
        const char *text, *scheme, *host, *path, *query;
        int port;
        enum url_host kind;
        bool web, authority;
    } list[] = {
        { "https://example.com/a/b?c=d/e?f#g?h", "https", "example.com", "/a/b", "c=d/e?f", 443,
          URL_HOST_NAME, true, true },
        { "HTTPS://Example.COM", "HTTPS", "Example.COM", "", "", 443, URL_HOST_NAME, true, true },
        { "http://a.example:8080?x", "http", "a.example", "", "x", 8080, URL_HOST_NAME, true,
          true },
        { "http://127.0.0.1:65535/", "http", "127.0.0.1", "/", "", 65535, URL_HOST_IPV4, true,
          true },
        { "http://[2001:db8::1]:1/", "http", "2001:db8::1", "/", "", 1, URL_HOST_IPV6, true, true },
        { "http://xn--bcher-kva.example/#", "http", "xn--bcher-kva.example", "/", "", 80,
          URL_HOST_NAME, true, true },
        { "com.example.app://callback", "com.example.app", "callback", "", "", 0, URL_HOST_NAME,
          false, true },
        { "myapp://", "myapp", "", "", "", 0, URL_HOST_NONE, false, true },
        { "myapp:///x", "myapp", "", "/x", "", 0, URL_HOST_NONE, false, true },
        { "myapp:/path?q", "myapp", "", "/path", "q", 0, URL_HOST_NONE, false, false },
        { "myapp:path", "myapp", "", "path", "", 0, URL_HOST_NONE, false, false },
        { "exp://192.168.1.5:8081/--/a", "exp", "192.168.1.5", "/--/a", "", 8081, URL_HOST_IPV4,
          false, true },
        { "exp+my-app://sign_in/?u=http://x", "exp+my-app", "sign_in", "/", "u=http://x", 0,
          URL_HOST_NAME, false, true },
        { "http://1.2.3.4.example/a b", "http", "1.2.3.4.example", "/a b", "", 80, URL_HOST_NAME,
          true, true },
        { "http://0x7f.example/", "http", "0x7f.example", "/", "", 80, URL_HOST_NAME, true, true },
        { "http://a/..b/.c/d../...", "http", "a", "/..b/.c/d../...", "", 80, URL_HOST_NAME, true,
          true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        struct url url;
        if (url_read(list[i].text, &url)) {
            fail_msg("%s is refused", list[i].text);
        }
        part(url.scheme, list[i].scheme);
        part(url.host, list[i].host);
        part(url.path, list[i].path);
        part(url.query, list[i].query);
        assert_int_equal(url.port, list[i].port);
        assert_int_equal(url.host_kind, list[i].kind);
        assert_int_equal(url.web, list[i].web);
        assert_int_equal(url.authority, list[i].authority);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *text;
        enum url_fault fault;
    } list[] = {
        { "", URL_BAD_CHARACTER },
        { "example.com", URL_NO_SCHEME },
        { "//example.com/", URL_NO_SCHEME },
        { "/path", URL_NO_SCHEME },
        { "://example.com", URL_NO_SCHEME },
        { "1http://example.com", URL_NO_SCHEME },
        { " http://example.com", URL_NO_SCHEME },
        { "ht_tp://example.com", URL_NO_SCHEME },
        { "http://example.com ", URL_BAD_CHARACTER },
        { "http://exa\tmple.com/", URL_BAD_CHARACTER },
        { "http://example.com/\n", URL_BAD_CHARACTER },
        { "http://example.com/\x7f", URL_BAD_CHARACTER },
        { "http://example.com/\xff", URL_BAD_CHARACTER },
        { "http:\\\\example.com\\x", URL_BAD_CHARACTER },
        { "http://example.com/?a\\b", URL_BAD_CHARACTER },
        { "http://user@example.com/", URL_USERINFO },
        { "http://user:pass@example.com/", URL_USERINFO },
        { "http://@example.com/", URL_USERINFO },
        { "myapp://user@host", URL_USERINFO },
        { "http:example.com", URL_BAD_HOST },
        { "http:/example.com", URL_BAD_HOST },
        { "http:///example.com", URL_BAD_HOST },
        { "http://", URL_BAD_HOST },
        { "http://?x", URL_BAD_HOST },
        { "http://:80/", URL_BAD_HOST },
        { "http://a b/", URL_BAD_HOST },
        { "http://a%2eb/", URL_BAD_HOST },
        { "http://a_b.example/", URL_BAD_HOST },
        { "http://-a.example/", URL_BAD_HOST },
        { "http://a-.example/", URL_BAD_HOST },
        { "http://a..example/", URL_BAD_HOST },
        { "http://example.com./", URL_BAD_HOST },
        { "http://.example.com/", URL_BAD_HOST },
        { "http://b\xc3\xbc"
          "cher.example/",
          URL_BAD_HOST },
        { "http://\xef\xbd\x85xample.com/", URL_BAD_HOST },
        { "http://2130706433/", URL_BAD_HOST },
        { "http://0x7f000001/", URL_BAD_HOST },
        { "http://0x/", URL_BAD_HOST },
        { "http://127.1/", URL_BAD_HOST },
        { "http://0177.0.0.1/", URL_BAD_HOST },
        { "http://127.0.0.0x1/", URL_BAD_HOST },
        { "http://127.0.0.01/", URL_BAD_HOST },
        { "http://256.0.0.1/", URL_BAD_HOST },
        { "http://1.2.3.4.5/", URL_BAD_HOST },
        { "http://a.example.1/", URL_BAD_HOST },
        { "http://a.0Xf/", URL_BAD_HOST },
        { "exp://127.1", URL_BAD_HOST },
        { "http://[::1/", URL_BAD_HOST },
        { "http://[::1]x/", URL_BAD_HOST },
        { "http://[::127.0.0.1]/", URL_BAD_HOST },
        { "http://[::ffff:1.2.3.4]/", URL_BAD_HOST },
        { "http://[0:0:0:0:0:0:0:1]/", URL_BAD_HOST },
        { "http://[2001:DB8::1]/", URL_BAD_HOST },
        { "http://[fe80::1%25eth0]/", URL_BAD_HOST },
        { "http://[]/", URL_BAD_HOST },
        { "http://a:/", URL_BAD_PORT },
        { "http://a:0/", URL_BAD_PORT },
        { "http://a:080/", URL_BAD_PORT },
        { "http://a:65536/", URL_BAD_PORT },
        { "http://a:4294967376/", URL_BAD_PORT },
        { "http://a:8x/", URL_BAD_PORT },
        { "http://a:1:2/", URL_BAD_PORT },
        { "http://[::1]:/", URL_BAD_PORT },
        { "http://a/b/../c", URL_DOT_SEGMENTS },
        { "http://a/.", URL_DOT_SEGMENTS },
        { "http://a/%2e%2E/c", URL_DOT_SEGMENTS },
        { "http://a/b/.%2e", URL_DOT_SEGMENTS },
        { "myapp://host/a/..", URL_DOT_SEGMENTS },
        { "myapp:/a/./b", URL_DOT_SEGMENTS },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        struct url url;
        enum url_fault fault = url_read(list[i].text, &url);
        if (fault != list[i].fault) {
            fail_msg("%s: fault %d, not %d", list[i].text, (int)fault, (int)list[i].fault);
        }
    }
}

static void long_names(void **state)
{
    struct url url;
    char label[65], text[400];
    (void)state;
    memset(label, 'a', sizeof label);
    label[63] = '\0';
    snprintf(text, sizeof text, "http://%s.example/", label);
    assert_int_equal(url_read(text, &url), URL_FINE);
    label[63] = 'a';
    label[64] = '\0';
    snprintf(text, sizeof text, "http://%s.example/", label);
    assert_int_equal(url_read(text, &url), URL_BAD_HOST);
    label[62] = '\0';
    snprintf(text, sizeof text, "http://%s.%s.%s.%s.x/", label, label, label, label);
    assert_int_equal(url_read(text, &url), URL_FINE);
    snprintf(text, sizeof text, "http://%s.%s.%s.%s.xx/", label, label, label, label);
    assert_int_equal(url_read(text, &url), URL_BAD_HOST);
}

static void places(void **state)
{
    static const char *const here[] = { "http://localhost/", "http://LOCALHOST:1/",
                                        "http://127.3.2.1/", "http://[::1]/",
                                        "http://app.localhost/" };
    static const char *const elsewhere[] = { "http://notlocalhost/", "http://localhost.example/",
                                             "http://[::2]/", "http://128.0.0.1/", "myapp:/x" };
    static const char *const nowhere[] = { "javascript:x",         "DATA:,x",
                                           "blob:http://a/",       "file:///x",
                                           "vbscript:x",           "about:blank",
                                           "filesystem:http://a/", "view-source:http://a/" };
    struct url url;
    (void)state;
    for (size_t i = 0; i < COUNT(here); i++) {
        assert_int_equal(url_read(here[i], &url), URL_FINE);
        assert_true(url_is_loopback(&url) && !url_scheme_is_no_place(url.scheme));
    }
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        assert_int_equal(url_read(elsewhere[i], &url), URL_FINE);
        assert_false(url_is_loopback(&url));
    }
    for (size_t i = 0; i < COUNT(nowhere); i++) {
        assert_int_equal(url_read(nowhere[i], &url), URL_FINE);
        assert_true(url_scheme_is_no_place(url.scheme));
    }
}

/* Parts by their delimiters alone, of what settings hold (RFC 3986, Appendix B). */
static void split(void **state)
{
    static const struct {
        const char *text, *origin, *scheme, *userinfo, *host, *port, *rest;
    } list[] = {
        { "https://a.example:8443/p?q#f", "https://a.example:8443", "https", "", "a.example",
          "8443", "/p?q#f" },
        { "http://u:p@h?x=@", "http://u:p@h", "http", "u:p", "h", "", "?x=@" },
        { "postgres://u:a@b@h:1/db", "postgres://u:a@b@h:1", "postgres", "u:a@b", "h", "1", "/db" },
        { "http://[::1]:9999", "http://[::1]:9999", "http", "", "[::1]", "9999", "" },
        { "http://[::1]/", "http://[::1]", "http", "", "[::1]", "", "/" },
        { "pg-functions://postgres/auth/fn", "pg-functions://postgres", "pg-functions", "",
          "postgres", "", "/auth/fn" },
        { "my_host:80/x", "my_host:80", "", "", "my_host", "80", "/x" },
        { "myapp://", "myapp://", "myapp", "", "", "", "" },
        { "h/?u=http://x", "h", "", "", "h", "", "/?u=http://x" },
        { "", "", "", "", "", "", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct url_split u = url_split(list[i].text);
        part(u.origin, list[i].origin);
        part(u.scheme, list[i].scheme);
        part(u.userinfo, list[i].userinfo);
        part(u.host, list[i].host);
        part(u.port, list[i].port);
        assert_string_equal(u.rest, list[i].rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split),      cmocka_unit_test(parts),  cmocka_unit_test(refused),
        cmocka_unit_test(long_names), cmocka_unit_test(places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
