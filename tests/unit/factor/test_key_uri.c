/* test_key_uri.c: the otpauth:// URI, ordinary and hostile labels (contract rows E3, B11). */
#include "factor/totp/key_uri.h"

#include "../crypto/testing.h"

static void an_ordinary_uri(void **state)
{
    assert_string_equal(key_uri(*state, "Example", "ann@example.com", "GEZDGNBVGY3TQOJQ"),
                        "otpauth://totp/Example:ann@example.com?algorithm=SHA1&digits=6&"
                        "issuer=Example&period=30&secret=GEZDGNBVGY3TQOJQ");
}

static void hostile_labels(void **state)
{
    assert_string_equal(
        key_uri(*state, "localhost:3000", "a+b:c@x.io&secret=AAAA", "S"),
        "otpauth://totp/localhost%203000:a%2Bb%20c@x.io%26secret%3DAAAA?algorithm=SHA1&digits=6&"
        "issuer=localhost%203000&period=30&secret=S");
    assert_string_equal(
        key_uri(*state, "A/B ?#%@\"<", "\xc3\xa9\n", "S"),
        "otpauth://totp/A%2FB%20%3F%23%25%40%22%3C:%C3%A9%0A?algorithm=SHA1&digits=6&"
        "issuer=A%2FB%20%3F%23%25%40%22%3C&period=30&secret=S");
    assert_string_equal(key_uri(*state, "a-._~Z9", "a-._~Z9", "S"),
                        "otpauth://totp/a-._~Z9:a-._~Z9?algorithm=SHA1&digits=6&issuer=a-._~Z9&"
                        "period=30&secret=S");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(an_ordinary_uri),
        ARENA_TEST(hostile_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
