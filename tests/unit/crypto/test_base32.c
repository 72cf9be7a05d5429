/* test_base32.c: RFC 4648 §10 vectors and what must be refused. */
#include "crypto/base32.h"

#include "testing.h"

static const char *const plain[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
static const char *const bare[] = {
    "", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"
};

static void rfc_vectors(void **state)
{
    uint8_t *out;
    size_t len;
    for (size_t i = 0; i < COUNT(plain); i++) {
        assert_string_equal(base32_encode(*state, plain[i], strlen(plain[i])), bare[i]);
        assert_true(base32_decode(*state, bare[i], &out, &len));
        assert_int_equal(len, strlen(plain[i]));
        assert_string_equal((char *)out, plain[i]);
    }
}

static void either_case_and_padding_are_read(void **state)
{
    static const char *const forms[] = { "mzxw6ytboi", "MZXW6YTBOI======", "MzXw6yTbOi" };
    uint8_t *out;
    size_t len;
    for (size_t i = 0; i < COUNT(forms); i++) {
        assert_true(base32_decode(*state, forms[i], &out, &len));
        assert_int_equal(len, 6);
        assert_string_equal((char *)out, "foobar");
    }
}

static void other_texts_are_refused(void **state)
{
    static const char *const wrong[] = { "M",        "MZX",      "MZXW6Y",    "MZ W6YTB",
                                         "MZXW6YT0", "MZXW6YT1", "MZXW6YT8",  "M=ZX",
                                         "MZXW-YTB", "=======",  "MZ\xc3\xa9" };
    uint8_t *out;
    size_t len;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(base32_decode(*state, wrong[i], &out, &len));
    }
}

static void twenty_bytes_are_32_characters(void **state)
{
    uint8_t bytes[20], *out;
    size_t len;
    counting_fill(NULL, bytes, sizeof bytes);
    char *text = base32_encode(*state, bytes, sizeof bytes);
    assert_int_equal(strlen(text), 32);
    assert_true(base32_decode(*state, text, &out, &len));
    assert_int_equal(len, sizeof bytes);
    assert_memory_equal(out, bytes, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(rfc_vectors),
        ARENA_TEST(either_case_and_padding_are_read),
        ARENA_TEST(other_texts_are_refused),
        ARENA_TEST(twenty_bytes_are_32_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
