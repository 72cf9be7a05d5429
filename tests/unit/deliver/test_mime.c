/* test_mime.c: headers that nothing can be slipped into, quoted-printable, dates, plain text of
 * HTML. */
#include "deliver/mime.h"

#include "deliver/html_text.h"
#include "deliver/own_host.h"

#include "../crypto/testing.h"

static const char *header(struct arena *arena, const char *value)
{
    struct strbuf b = strbuf_in(arena, 65536);
    mime_header(&b, "Subject", value);
    return b.data;
}

static const char *mailbox(struct arena *arena, const char *display)
{
    struct strbuf b = strbuf_in(arena, 65536);
    mime_mailbox(&b, "From", display, "a@b.example");
    return b.data;
}

static const char *quoted(struct arena *arena, const char *text)
{
    struct strbuf b = strbuf_in(arena, 65536);
    strbuf_str(&b, "");
    mime_quoted_printable(&b, text);
    return b.data;
}

static void headers(void **state)
{
    assert_string_equal(header(*state, "Hello"), "Subject: Hello\r\n");
    assert_string_equal(header(*state, "a\r\nBcc: evil@x\n\n<b>"),
                        "Subject: a Bcc: evil@x <b>\r\n");
    assert_string_equal(header(*state, "Gr\xC3\xBC\xC3\x9F"), "Subject: =?utf-8?b?R3LDvMOf?=\r\n");
    assert_string_equal(header(*state, "=?utf-8?b?eA==?="),
                        "Subject: =?utf-8?b?PT91dGYtOD9iP2VBPT0/PQ==?=\r\n");
    assert_string_equal(header(*state, "bad \xFF utf8"), "Subject: \r\n");
    char *long_text = arena_alloc(*state, 10001);
    memset(long_text, 'x', 10000);
    for (const char *line = header(*state, long_text); *line;) {
        size_t len = strcspn(line, "\r");
        assert_true(len <= 90);
        line += len + 2;
    }
}

static void mailboxes(void **state)
{
    assert_string_equal(mailbox(*state, ""), "From: a@b.example\r\n");
    assert_string_equal(mailbox(*state, "My App"), "From: \"My App\" <a@b.example>\r\n");
    assert_string_equal(mailbox(*state, "A \"B\" \\ <x@y>\r\nTo: z"),
                        "From: \"A \\\"B\\\" \\\\ <x@y> To: z\" <a@b.example>\r\n");
    assert_string_equal(mailbox(*state, "\xC3\x84pp"),
                        "From: =?utf-8?b?w4RwcA==?= <a@b.example>\r\n");
}

static void addresses(void **state)
{
    static const char *const good[] = { "a@b", "a.b+c@example.com", "\xC3\xBC@b\xC3\xBC.example" };
    static const char *const bad[] = {
        "",      "a",    "@b",      "a@",    "a b@c",  "a@b\r\nBcc: x@y", "<a@b>",
        "a,b@c", "a@b>", "a\xFF@b", "a;b@c", "a(x)@b", "\"a\"@b"
    };
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(mime_address_ok(good[i]));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(mime_address_ok(bad[i]));
    }
}

static void quoted_printable(void **state)
{
    assert_string_equal(quoted(*state, ""), "");
    assert_string_equal(quoted(*state, "a=b \xC3\xBC"), "a=3Db =C3=BC\r\n");
    assert_string_equal(quoted(*state, "a \nb\t\r\n.c\n"), "a=20\r\nb=09\r\n=2Ec\r\n");
    char *long_text = arena_alloc(*state, 1001);
    memset(long_text, '=', 1000);
    for (const char *line = quoted(*state, long_text); *line;) {
        size_t len = strcspn(line, "\r");
        assert_true(len <= 76);
        line += len + 2;
    }
}

static void dates(void **state)
{
    char out[MIME_DATE];
    (void)state;
    assert_string_equal(mime_date(INT64_C(1795573806000000), out),
                        "Wed, 25 Nov 2026 02:30:06 +0000");
    assert_string_equal(mime_date(0, out), "Thu, 01 Jan 1970 00:00:00 +0000");
}

static void text_of_html(void **state)
{
    assert_string_equal(
        html_to_text(*state, "<html><head><title>T</title><style>p{}</style></head><body>"
                             "<h1>Hi &amp; bye</h1><!-- no --><p>Code:&nbsp;<b>123456</b><br>"
                             "<a class='x' href=\"https://h/?a=1&amp;b=2\">Go\n on</a></p>"
                             "<table><tr><td>a</td><td>b</td></tr></table></body></html>"),
        "Hi & bye\n\nCode: 123456\nGo on <https://h/?a=1&b=2>\n\na b\n\n");
    assert_string_equal(html_to_text(*state, "a &lt;b&gt; &#65;&#x42;&#0;&bogus; < 3"),
                        "a <b> AB&bogus; < 3\n");
    assert_string_equal(html_to_text(*state, "x<script>evil"), "x\n");
    assert_string_equal(html_to_text(*state, "x<p"), "x\n");
    assert_string_equal(html_to_text(*state, ""), "");
}

static void hosts(void **state)
{
    assert_string_equal(own_host(*state, "https://auth.example.com:8/x"), "auth.example.com");
    assert_string_equal(own_host(*state, "http://127.0.0.1:9999"), "127.0.0.1");
    assert_string_equal(own_host(*state, "http://[::1]:9999"), "localhost");
    assert_string_equal(own_host(*state, "http://a b\r\n/"), "localhost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(headers),   ARENA_TEST(mailboxes),
        ARENA_TEST(addresses), ARENA_TEST(quoted_printable),
        ARENA_TEST(dates),     ARENA_TEST(text_of_html),
        ARENA_TEST(hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
