/* test_digest.c: SHA-2 of FIPS 180-4, HMAC of RFC 4231 and RFC 2202, HKDF of RFC 5869, the one-time
 * password hash of the official server, and threads that hash at once. */
#include "crypto/digest.h"

#include "crypto/base64.h"

#include "testing.h"

#include <pthread.h>

static void assert_hex(const uint8_t *bytes, size_t len, const char *hex)
{
    char text[2 * 64 + 1];
    assert_string_equal(hex_encode(bytes, len, text), hex);
}

static void digests(void **state)
{
    (void)state;
    uint8_t out[SHA512_SIZE];
    digest_of(DIGEST_SHA1, "abc", 3, out);
    assert_hex(out, SHA1_SIZE, "a9993e364706816aba3e25717850c26c9cd0d89d");
    digest_of(DIGEST_SHA224, "abc", 3, out);
    assert_hex(out, SHA224_SIZE, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
    digest_of(DIGEST_SHA256, "abc", 3, out);
    assert_hex(out, SHA256_SIZE,
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_of(DIGEST_SHA512, "abc", 3, out);
    assert_hex(out, SHA512_SIZE,
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
               "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    digest_of(DIGEST_SHA256, "", 0, out);
    assert_hex(out, SHA256_SIZE,
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(digest_size(DIGEST_SHA1), 20);
    assert_int_equal(digest_size(DIGEST_SHA224), 28);
    assert_int_equal(digest_size(DIGEST_SHA256), 32);
    assert_int_equal(digest_size(DIGEST_SHA512), 64);
}

static void one_time_password_hash(void **state) /* internals.md §13.1 */
{
    (void)state;
    uint8_t out[SHA224_SIZE];
    digest_of(DIGEST_SHA224, "user@example.com123456", 22, out);
    assert_hex(out, sizeof out, "b507a4ef007e1379d644aa6fe395cf98f1054ac96b63a052dca9a26a");
}

static const struct mac_case {
    const char *key, *data, *sha224, *sha256, *sha512;
} rfc4231[] = {
    { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
      "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
      "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
    { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
      "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddddddddddddddddddddddddddddddddddddddddddddd",
      "7fb3cb3588c6c1f6ffa9694d7d6ad2649365b0c1f65d69d1ec8333ea",
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
      "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
      "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb" },
};

static void hmac_rfc4231(void **state)
{
    (void)state;
    uint8_t key[256], data[256], out[SHA512_SIZE];
    for (size_t i = 0; i < COUNT(rfc4231); i++) {
        size_t key_len = unhex(rfc4231[i].key, key), len = unhex(rfc4231[i].data, data);
        hmac_of(DIGEST_SHA224, key, key_len, data, len, out);
        assert_hex(out, SHA224_SIZE, rfc4231[i].sha224);
        hmac_of(DIGEST_SHA256, key, key_len, data, len, out);
        assert_hex(out, SHA256_SIZE, rfc4231[i].sha256);
        hmac_of(DIGEST_SHA512, key, key_len, data, len, out);
        assert_hex(out, SHA512_SIZE, rfc4231[i].sha512);
    }
    /* Case 6: a key longer than a block. */
    memset(key, 0xaa, 131);
    static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    hmac_of(DIGEST_SHA256, key, 131, text, sizeof text - 1, out);
    assert_hex(out, SHA256_SIZE,
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hmac_keys_do_not_stay(void **state)
{
    (void)state;
    uint8_t out[SHA256_SIZE];
    hmac_of(DIGEST_SHA256, "secret", 6, "a", 1, out);
    hmac_of(DIGEST_SHA256, NULL, 0, "", 0, out); /* the empty key, not the last one */
    assert_hex(out, SHA256_SIZE,
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    hmac_of(DIGEST_SHA1, "Jefe", 4, "what do ya want for nothing?", 28, out); /* RFC 2202 */
    assert_hex(out, SHA1_SIZE, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

static void hmac_of_each(void **state)
{
    (void)state;
    uint8_t each[3 * SHA256_SIZE], one[SHA256_SIZE];
    hmac_each(DIGEST_SHA256, "k", 1, "aabbcc", 2, 3, each);
    for (size_t i = 0; i < 3; i++) {
        hmac_of(DIGEST_SHA256, "k", 1, "aabbcc" + 2 * i, 2, one);
        assert_memory_equal(each + i * SHA256_SIZE, one, SHA256_SIZE);
    }
}

static void hkdf(void **state)
{
    (void)state;
    uint8_t key[32], out[82];
    /* RFC 5869 A.3: no salt, no info. */
    hkdf_sha256(key, unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", key), "", out, 42);
    assert_hex(out, 42,
               "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
               "9d201395faa4b61a96c8");
    /* internals.md §13.1 */
    counting_fill(NULL, key, sizeof key);
    hkdf_sha256(key, sizeof key, "00112233-4455-4677-8899-aabbccddeeff", out, 32);
    assert_hex(out, 32, "1b3bfdfd0687b9f58ff25fe4644e025b1d8ae113860b663fd1e8677b37f7dd27");
}

static void webhook_signature(void **state) /* internals.md §13.1 */
{
    static const char text[] = "11111111-2222-4333-8444-555555555555.1700000000.{\"a\":1}";
    uint8_t *key, mac[SHA256_SIZE];
    size_t key_len;
    assert_true(base64_decode(*state, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", 32, &key, &key_len));
    hmac_of(DIGEST_SHA256, key, key_len, text, sizeof text - 1, mac);
    assert_string_equal(base64_encode(*state, mac, sizeof mac),
                        "FAC1kcXnoUmqGl+gUB/FBKQ6H4M5mSYQgic5qJjZNDo=");
}

static void *hash_much(void *wrong)
{
    uint8_t out[SHA256_SIZE], first[SHA256_SIZE];
    const char *key = (const char *)wrong + sizeof(int);
    hmac_of(DIGEST_SHA256, key, 8, "abc", 3, first);
    for (int i = 0; i < 2000; i++) {
        hmac_of(DIGEST_SHA256, key, 8, "abc", 3, out);
        *(int *)wrong += memcmp(out, first, sizeof out) != 0;
    }
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    (void)state;
    struct {
        int wrong;
        char key[8];
    } each[4] = { { 0, "one" }, { 0, "two" }, { 0, "three" }, { 0, "four" } };
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hash_much, &each[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(each[i].wrong, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),      cmocka_unit_test(one_time_password_hash),
        cmocka_unit_test(hmac_rfc4231), cmocka_unit_test(hmac_keys_do_not_stay),
        cmocka_unit_test(hmac_of_each), cmocka_unit_test(hkdf),
        ARENA_TEST(webhook_signature),  cmocka_unit_test(threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
