/* test_refresh_token.c: the vectors of internals.md §13 and the texts that row R1 refuses.
 */
#include "crypto/refresh_token.h"

#include "crypto/base64.h"
#include "crypto/digest.h"

#include "testing.h"

static const char session_text[] = "00112233-4455-4677-8899-aabbccddeeff";

static const struct {
    int64_t counter;
    const char *text;
} described[] = {
    { 0, "AAARIjNEVUZ3iJmqu8zd7v8ApAEfUhaPfXeRdeXgNk2_RDTRe0M" },
    { 1, "AAARIjNEVUZ3iJmqu8zd7v8Bx9f_IEII4GjlZD8RamAnk-W9cfA" },
    { 300, "AAARIjNEVUZ3iJmqu8zd7v-sAjGrcI6DVpEDY6OmiNkFhtFhWv00" },
};

static void described_tokens(void **state)
{
    struct uuid session;
    uint8_t key[REFRESH_KEY];
    struct refresh_token token;
    counting_fill(NULL, key, sizeof key);
    assert_true(uuid_parse(session_text, &session));
    for (size_t i = 0; i < COUNT(described); i++) {
        assert_string_equal(refresh_token_v2(*state, key, &session, described[i].counter),
                            described[i].text);
        assert_true(refresh_token_parse(*state, described[i].text, &token));
        assert_int_equal(token.version, 2);
        assert_int_equal(token.counter, described[i].counter);
        assert_true(uuid_equal(&token.session, &session));
        assert_string_equal(token.text, described[i].text);
        assert_true(refresh_token_fits(&token, key));
        key[31] ^= 1;
        assert_false(refresh_token_fits(&token, key));
        key[31] ^= 1;
    }
}

static void token_of_the_official_server(void **state)
{
    static const char key_text[] = "kaerb1YV1qFHF7M12EMLLmgjSHeHVhxHfHA-Y8wnqt4";
    static const char text[] = "APdAM6XiqkfCr3V2l0PqMxsC1OFSu9WsCkT0NRb-RCb6A3YacSM";
    struct uuid session;
    struct refresh_token token;
    uint8_t *key;
    size_t len;
    assert_true(base64url_decode(*state, key_text, sizeof key_text - 1, &key, &len));
    assert_int_equal(len, REFRESH_KEY);
    assert_true(refresh_token_parse(*state, text, &token));
    assert_true(uuid_parse("f74033a5-e2aa-47c2-af75-769743ea331b", &session));
    assert_true(uuid_equal(&token.session, &session));
    assert_int_equal(token.counter, 2);
    assert_true(refresh_token_fits(&token, key));
    assert_string_equal(refresh_token_v2(*state, key, &session, 2), text);
}

static void counters_of_every_length(void **state)
{
    struct uuid session;
    uint8_t key[REFRESH_KEY] = { 7 };
    struct refresh_token token;
    uuid_parse(session_text, &session);
    for (int bits = 0; bits <= 63; bits++) {
        int64_t counter = bits == 63 ? INT64_MAX : INT64_C(1) << bits;
        char *text = refresh_token_v2(*state, key, &session, counter);
        assert_true(strlen(text) >= 51 && strlen(text) <= 62);
        assert_true(refresh_token_parse(*state, text, &token));
        assert_int_equal(token.counter, counter);
        assert_true(refresh_token_fits(&token, key));
    }
}

static void every_change_is_noticed(void **state)
{
    struct refresh_token token;
    const char *good = described[2].text;
    for (size_t i = 0; i < strlen(good); i++) {
        char text[64] = { 0 };
        memcpy(text, good, strlen(good));
        text[i] = text[i] == 'A' ? 'B' : 'A';
        assert_false(refresh_token_parse(*state, text, &token));
        memcpy(text, good, strlen(good));
        text[i] = '\0';
        assert_false(refresh_token_parse(*state, text, &token));
    }
    assert_false(refresh_token_parse(
        *state, "AAARIjNEVUZ3iJmqu8zd7v-sAjGrcI6DVpEDY6OmiNkFhtFhWv00=", &token));
    assert_false(refresh_token_parse(*state, "AAARIjNEVUZ3iJmqu8zd7v-sAjGrcI6DVpEDY6OmiNkFhtFhWv01",
                                     &token));
}

/* Puts the checksum, which needs no key, to whatever bytes. */
static const char *with_checksum(struct arena *arena, const uint8_t *head, size_t len)
{
    uint8_t bytes[80] = { 0 }, check[SHA256_SIZE];
    memcpy(bytes, head, len);
    digest_of(DIGEST_SHA256, bytes, len + 16, check);
    memcpy(bytes + len + 16, check, 4);
    return base64url_encode(arena, bytes, len + 20);
}

static void ill_formed_counters_are_refused(void **state)
{
    struct refresh_token token;
    uint8_t head[40] = { 0 };
    assert_true(refresh_token_parse(*state, with_checksum(*state, head, 18), &token));
    assert_false(refresh_token_parse(*state, with_checksum(*state, head, 17), &token)); /* none */
    assert_false(refresh_token_parse(*state, with_checksum(*state, head, 19), &token)); /* two */
    head[17] = 0x80;
    assert_false(refresh_token_parse(*state, with_checksum(*state, head, 18), &token)); /* open */
    assert_false(refresh_token_parse(*state, with_checksum(*state, head, 19), &token)); /* longer */
    memset(head + 17, 0xff, 9);
    head[26] = 1;
    assert_false(refresh_token_parse(*state, with_checksum(*state, head, 27), &token)); /* 2^63 */
    head[17] = 0;
    head[0] = 1;
    assert_false(
        refresh_token_parse(*state, with_checksum(*state, head, 18), &token)); /* version */
}

static void first_form(void **state)
{
    static const char *const wrong[] = { "",
                                         "abcdefghijk",
                                         "ABCDEFGHIJKL",
                                         "abcdefghijk-",
                                         "abcdefghijk ",
                                         "abcdefghijklm",
                                         "abcdefghijk\xc3",
                                         "abcdefghijk_" };
    struct refresh_token token;
    uint8_t key[REFRESH_KEY] = { 0 };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(refresh_token_parse(*state, wrong[i], &token));
    }
    assert_true(refresh_token_parse(*state, "abcdefgh2701", &token)); /* all digits: row R1 */
    assert_int_equal(token.version, 1);
    assert_string_equal(token.text, "abcdefgh2701");
    assert_false(refresh_token_fits(&token, key));
}

static void first_form_is_random(void **state)
{
    struct entropy entropy = entropy_system();
    char *one = refresh_token_v1(*state, &entropy), *two = refresh_token_v1(*state, &entropy);
    assert_int_equal(strlen(one), 12);
    assert_int_equal(strspn(one, "abcdefghijklmnopqrstuvwxyz234567"), 12);
    assert_string_not_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(described_tokens),
        ARENA_TEST(token_of_the_official_server),
        ARENA_TEST(counters_of_every_length),
        ARENA_TEST(every_change_is_noticed),
        ARENA_TEST(ill_formed_counters_are_refused),
        ARENA_TEST(first_form),
        ARENA_TEST(first_form_is_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
