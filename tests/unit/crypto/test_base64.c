/* test_base64.c: RFC 4648 §10 vectors, both alphabets, and what must be refused. */
#include "crypto/base64.h"

#include "testing.h"

static const char *const plain[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
static const char *const padded[] = {
    "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"
};
static const char *const bare[] = { "", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy" };

static void rfc_vectors(void **state)
{
    uint8_t *out;
    size_t len;
    for (size_t i = 0; i < COUNT(plain); i++) {
        char written[16] = { 0 };
        assert_string_equal(base64_encode(*state, plain[i], strlen(plain[i])), padded[i]);
        assert_string_equal(base64url_encode(*state, plain[i], strlen(plain[i])), bare[i]);
        assert_int_equal(base64url_write(written, plain[i], strlen(plain[i])), strlen(bare[i]));
        assert_string_equal(written, bare[i]);
        assert_true(base64_decode(*state, padded[i], strlen(padded[i]), &out, &len));
        assert_int_equal(len, strlen(plain[i]));
        assert_string_equal((char *)out, plain[i]);
        assert_true(base64url_decode(*state, bare[i], strlen(bare[i]), &out, &len));
        assert_int_equal(len, strlen(plain[i]));
        assert_string_equal((char *)out, plain[i]);
        assert_true(base64_decode_bare(*state, bare[i], strlen(bare[i]), &out, &len));
        assert_string_equal((char *)out, plain[i]);
    }
}

static void every_byte_survives(void **state)
{
    uint8_t bytes[256], *out;
    size_t len;
    counting_fill(NULL, bytes, sizeof bytes);
    for (size_t n = 250; n <= 256; n++) {
        char *url = base64url_encode(*state, bytes, n), *text = base64_encode(*state, bytes, n);
        assert_null(strpbrk(url, "+/="));
        assert_true(base64url_decode(*state, url, strlen(url), &out, &len));
        assert_int_equal(len, n);
        assert_memory_equal(out, bytes, n);
        assert_true(base64_decode(*state, text, strlen(text), &out, &len));
        assert_int_equal(len, n);
        assert_memory_equal(out, bytes, n);
    }
    assert_string_equal(base64_encode(*state, "\xfb\xff", 2), "+/8=");
    assert_string_equal(base64url_encode(*state, "\xfb\xff", 2), "-_8");
}

static void other_forms_are_refused(void **state)
{
    static const char *const not_url[] = { "Z",      "Zm9vY", "Zg==", "Zm8=", "+/8",      "Zm 9",
                                           "Zm9v\n", "Zm9*",  "Zh",   "Zm9",  "\xc3\xa9", "-_9" };
    static const char *const not_standard[] = { "Zg",   "Zm8",  "Z===", "====",     "-_8=",  "Zg=a",
                                                "=Zg=", "Zh==", "Zm9=", "Zm8=Zm8=", "Zg==\n" };
    uint8_t *out;
    size_t len;
    for (size_t i = 0; i < COUNT(not_url); i++) {
        assert_false(base64url_decode(*state, not_url[i], strlen(not_url[i]), &out, &len));
    }
    for (size_t i = 0; i < COUNT(not_standard); i++) {
        assert_false(base64_decode(*state, not_standard[i], strlen(not_standard[i]), &out, &len));
    }
    assert_false(base64_decode_bare(*state, "Zg==", 4, &out, &len));
    assert_false(base64url_decode(*state, "Zm\0v", 4, &out, &len));
}

static void the_wrong_place_is_told(void **state)
{
    assert_true(base64url_bad_at(*state, "Zm9vYg", 6) == SIZE_MAX);
    assert_int_equal(base64url_bad_at(*state, "Zm*vYg", 6), 2);
    assert_int_equal(base64url_bad_at(*state, "Zm9vY", 5), 4);
    assert_int_equal(base64url_bad_at(*state, "Zh", 2), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(rfc_vectors),
        ARENA_TEST(every_byte_survives),
        ARENA_TEST(other_forms_are_refused),
        ARENA_TEST(the_wrong_place_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
