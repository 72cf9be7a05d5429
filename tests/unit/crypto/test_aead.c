/* test_aead.c: sealed texts of internals.md §13, and what must not open. */
#include "crypto/aead.h"

#include "crypto/base64.h"

#include "testing.h"

static const char owner_text[] = "00112233-4455-4677-8899-aabbccddeeff";
static const char sealed_data[] =
    "{\"key_id\":\"k1\",\"alg\":\"aes-gcm-hkdf\",\"data\":\"m6GhUK5n23MViaLOP1jfyE6ua1A=\","
    "\"nonce\":\"AAECAwQFBgcICQoL\"}";

static struct vault vault_of_one(void)
{
    struct vault vault = { .seals = true, .count = 1, .keys = { { .id = "k1" } } };
    counting_fill(NULL, vault.keys[0].key, VAULT_KEY);
    return vault;
}

static struct uuid owner_of(const char *text)
{
    struct uuid owner;
    assert_true(uuid_parse(text, &owner));
    return owner;
}

static void described_text(void **state)
{
    struct vault vault = vault_of_one();
    struct uuid owner = owner_of(owner_text);
    struct entropy entropy = counting_entropy();
    assert_string_equal(vault_seal(&vault, *state, &entropy, &owner, "data"), sealed_data);
    assert_string_equal(vault_open(&vault, *state, &owner, sealed_data), "data");
    assert_true(vault_is_sealed(*state, sealed_data));
    assert_false(vault_stale(&vault, *state, sealed_data));
}

static void text_of_the_official_server(void **state)
{
    static const char sealed[] =
        "{\"key_id\":\"k1\",\"alg\":\"aes-gcm-hkdf\",\"data\":\"HppSv4GJqL/pu9Bhqx63xhYGOeR8VwF6V"
        "fbu55t7531vDfqf1hVoIII2O2na0viN\",\"nonce\":\"K6EtefVjwf0slFxA\"}";
    struct vault vault = vault_of_one();
    struct uuid owner = owner_of("f8a65bfd-e4a4-4535-9911-2d1af1d646fa");
    uint8_t *key;
    size_t len;
    assert_true(
        base64url_decode(*state, "z6WOxHLsOmIq95-PlO3PZUKvelAVMHG1CBadvhUv2AQ", 43, &key, &len));
    assert_int_equal(len, VAULT_KEY);
    memcpy(vault.keys[0].key, key, VAULT_KEY);
    assert_string_equal(vault_open(&vault, *state, &owner, sealed),
                        "SQNBHJ6HJ3RR42O7TO3R375PQM7ZRQ4D");
}

static void what_is_sealed_opens(void **state)
{
    static const char *const texts[] = { "", "x", "SQNBHJ6HJ3RR42O7TO3R375PQM7ZRQ4D",
                                         "$2a$10$abcdefghijklmnopqrstuv", "\xc3\xa9\"{}" };
    struct vault vault = vault_of_one();
    struct uuid owner = owner_of(owner_text);
    struct entropy entropy = entropy_system();
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *one = vault_seal(&vault, *state, &entropy, &owner, texts[i]);
        const char *two = vault_seal(&vault, *state, &entropy, &owner, texts[i]);
        assert_string_not_equal(one, two); /* a nonce of its own each time */
        assert_string_equal(vault_open(&vault, *state, &owner, one), texts[i]);
        assert_string_equal(vault_open(&vault, *state, &owner, two), texts[i]);
    }
}

static void the_wrong_owner_or_key_opens_nothing(void **state)
{
    struct vault vault = vault_of_one();
    struct uuid owner = owner_of(owner_text);
    struct uuid other = owner_of("00112233-4455-4677-8899-aabbccddeefe");
    assert_null(vault_open(&vault, *state, &other, sealed_data));
    vault.keys[0].key[0] ^= 1;
    assert_null(vault_open(&vault, *state, &owner, sealed_data));
    vault.keys[0].key[0] ^= 1;
    memcpy(vault.keys[0].id, "k2", 3);
    assert_null(vault_open(&vault, *state, &owner, sealed_data));
    vault.count = 0;
    assert_null(vault_open(&vault, *state, &owner, sealed_data));
}

static void every_changed_bit_is_noticed(void **state)
{
    static const uint8_t data[] = { 0x9b, 0xa1, 0xa1, 0x50, 0xae, 0x67, 0xdb, 0x73, 0x15, 0x89,
                                    0xa2, 0xce, 0x3f, 0x58, 0xdf, 0xc8, 0x4e, 0xae, 0x6b, 0x50 };
    struct vault vault = vault_of_one();
    struct uuid owner = owner_of(owner_text);
    for (size_t bit = 0; bit < sizeof data * 8; bit++) {
        uint8_t changed[sizeof data];
        memcpy(changed, data, sizeof data);
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const char *text = arena_printf(
            *state, "{\"key_id\":\"k1\",\"alg\":\"aes-gcm-hkdf\",\"data\":\"%s\",\"nonce\":\"%s\"}",
            base64_encode(*state, changed, sizeof changed), "AAECAwQFBgcICQoL");
        assert_true(vault_is_sealed(*state, text));
        assert_null(vault_open(&vault, *state, &owner, text));
    }
    for (size_t len = 1; len < sizeof data; len++) { /* cut off, the tag included */
        const char *text = arena_printf(
            *state, "{\"key_id\":\"k1\",\"alg\":\"aes-gcm-hkdf\",\"data\":\"%s\",\"nonce\":\"%s\"}",
            base64_encode(*state, data, len), "AAECAwQFBgcICQoL");
        assert_null(vault_open(&vault, *state, &owner, text));
    }
}

static void anything_else_is_plain(void **state)
{
    static const char *const plain[] = {
        "",
        "GEZDGNBVGY3TQOJQ",
        "{",
        "{}",
        "[]",
        " {\"key_id\":\"k1\",\"alg\":\"aes-gcm-hkdf\",\"data\":\"AA==\",\"nonce\":"
        "\"AAECAwQFBgcICQoL\"}",
        "{\"key_id\":\"\",\"alg\":\"aes-gcm-hkdf\",\"data\":\"AA==\",\"nonce\":"
        "\"AAECAwQFBgcICQoL\"}",
        "{\"key_id\":\"k\",\"alg\":\"aes-gcm\",\"data\":\"AA==\",\"nonce\":\"AAECAwQFBgcICQoL\"}",
        "{\"key_id\":\"k\",\"alg\":\"aes-gcm-hkdf\",\"data\":\"\",\"nonce\":\"AAECAwQFBgcICQoL\"}",
        "{\"key_id\":\"k\",\"alg\":\"aes-gcm-hkdf\",\"data\":\"AA==\",\"nonce\":\"AAECAwQFBgcICQ=="
        "\"}",
        "{\"key_id\":\"k\",\"alg\":\"aes-gcm-hkdf\",\"data\":1,\"nonce\":\"AAECAwQFBgcICQoL\"}",
    };
    struct vault vault = vault_of_one();
    struct uuid owner = owner_of(owner_text);
    for (size_t i = 0; i < COUNT(plain); i++) {
        assert_false(vault_is_sealed(*state, plain[i]));
        assert_string_equal(vault_open(&vault, *state, &owner, plain[i]), plain[i]);
        assert_true(vault_stale(&vault, *state, plain[i]));
    }
}

static void a_newer_key_makes_stale(void **state)
{
    struct vault vault = vault_of_one();
    struct uuid owner = owner_of(owner_text);
    struct entropy entropy = entropy_system();
    vault.keys[1] = (struct vault_key){ .id = "k2", .key = { 9 } };
    vault.count = 2;
    vault.current = 1;
    assert_true(vault_stale(&vault, *state, sealed_data));
    assert_string_equal(vault_open(&vault, *state, &owner, sealed_data), "data");
    const char *fresh = vault_seal(&vault, *state, &entropy, &owner, "data");
    assert_non_null(strstr(fresh, "{\"key_id\":\"k2\","));
    assert_false(vault_stale(&vault, *state, fresh));
    assert_string_equal(vault_open(&vault, *state, &owner, fresh), "data");
}

static void without_sealing_texts_stay(void **state)
{
    struct vault vault = vault_of_one();
    struct uuid owner = owner_of(owner_text);
    struct entropy entropy = entropy_system();
    vault.seals = false;
    assert_string_equal(vault_seal(&vault, *state, &entropy, &owner, "data"), "data");
    assert_string_equal(vault_open(&vault, *state, &owner, sealed_data), "data");
    assert_false(vault_stale(&vault, *state, sealed_data));
    assert_false(vault_stale(&vault, *state, "data"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(described_text),
        ARENA_TEST(text_of_the_official_server),
        ARENA_TEST(what_is_sealed_opens),
        ARENA_TEST(the_wrong_owner_or_key_opens_nothing),
        ARENA_TEST(every_changed_bit_is_noticed),
        ARENA_TEST(anything_else_is_plain),
        ARENA_TEST(a_newer_key_makes_stale),
        ARENA_TEST(without_sealing_texts_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
