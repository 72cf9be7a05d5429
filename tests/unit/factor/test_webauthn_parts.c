/* test_webauthn_parts.c: what WebAuthn answers are made of, each read from hostile bytes: CBOR,
 * COSE keys, authenticator data, client data. */
#include "../crypto/testing.h"
#include "crypto/base64.h"
#include "factor/webauthn/authenticator_data.h"
#include "factor/webauthn/client_data.h"

#include <stdlib.h>

enum { ROOM = 2048 };

static struct cursor over(const uint8_t *bytes, size_t len)
{
    return (struct cursor){ bytes, len };
}

static bool next_of(const char *hex, struct item *out)
{
    static uint8_t bytes[ROOM];
    struct cursor c = over(bytes, unhex(hex, bytes));
    return cursor_next(&c, out);
}

static void items(void **state)
{
    static const struct {
        const char *hex;
        enum item_kind kind;
        int64_t number;
    } good[] = {
        { "00", ITEM_INT, 0 },
        { "17", ITEM_INT, 23 },
        { "18ff", ITEM_INT, 255 },
        { "1a00010000", ITEM_INT, 65536 },
        { "1b7fffffffffffffff", ITEM_INT, INT64_MAX },
        { "26", ITEM_INT, -7 },
        { "390100", ITEM_INT, -257 },
        { "3b7fffffffffffffff", ITEM_INT, INT64_MIN },
        { "f5", ITEM_BOOL, 1 },
        { "f4", ITEM_BOOL, 0 },
        { "f6", ITEM_OTHER, 0 },
        { "fb3ff0000000000000", ITEM_OTHER, 0 },
        { "8100", ITEM_ARRAY, 1 },
        { "a10000", ITEM_MAP, 1 },
        { "a0", ITEM_MAP, 0 },
        { "80", ITEM_ARRAY, 0 },
    };
    struct item item;
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(next_of(good[i].hex, &item));
        assert_int_equal(item.kind, good[i].kind);
        assert_true(item.number == good[i].number);
    }
    assert_true(next_of("43010203", &item) && item.kind == ITEM_BYTES && item.len == 3);
    assert_true(next_of("63666d74", &item) && item_is_text(&item, "fmt"));
    assert_false(item_is_text(&item, "fm"));
    assert_true(next_of("43666d74", &item) && !item_is_text(&item, "fmt"));
}

static void what_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "18",
        "1b80000000",
        "1b8000000000000000",
        "3bffffffffffffffff",
        "430102",
        "5bffffffffffffffff",
        "7b7fffffffffffffff",
        "9bffffffffffffffff",
        "bbffffffffffffffff",
        "82",
        "8201",
        "a100",
        "a2000000",
        "9f00ff",
        "bf0000ff",
        "5f4100ff",
        "7f6161ff",
        "c000",
        "d81800",
        "ff",
        "1c",
        "fc",
    };
    struct item item;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint8_t bytes[32];
        struct cursor c = over(bytes, unhex(bad[i], bytes));
        bool whole = cursor_skip(&c);
        assert_false(whole && c.left == 0);
        (void)next_of(bad[i], &item);
    }
}

static void nesting_is_bounded(void **state)
{
    uint8_t bytes[ROOM];
    (void)state;
    memset(bytes, 0x81, sizeof bytes);
    for (size_t levels = 0; levels < 8; levels++) {
        bytes[levels] = 0;
        struct cursor c = over(bytes, levels + 1);
        assert_int_equal(cursor_skip(&c), levels <= 4);
        bytes[levels] = 0x81;
    }
    struct cursor c = over(bytes, sizeof bytes);
    assert_false(cursor_skip(&c));
}

#define GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

static bool read_key(const char *hex, struct cose_key *out)
{
    static uint8_t bytes[ROOM];
    struct cursor c = over(bytes, unhex(hex, bytes));
    return cose_key_read(&c, out) && c.left == 0;
}

static void keys_and_their_canonical_form(void **state)
{
    static const char *const good[] = {
        "a5010203262001215820" GX "225820" GY,
        "a4010103272006215820" GX,
    };
    struct cose_key key;
    for (size_t i = 0; i < COUNT(good); i++) {
        uint8_t bytes[ROOM];
        size_t len, n = unhex(good[i], bytes);
        assert_true(read_key(good[i], &key));
        const uint8_t *written = cose_key_write(*state, &key, &len);
        assert_int_equal(len, n);
        assert_memory_equal(written, bytes, n);
    }
    /* another order of the members reads, and is written canonically */
    size_t len;
    uint8_t bytes[ROOM], *p = bytes;
    p += unhex("a5225820" GY "215820" GX "200103260102", p);
    struct cursor c = over(bytes, (size_t)(p - bytes));
    assert_true(cose_key_read(&c, &key));
    const uint8_t *written = cose_key_write(*state, &key, &len);
    assert_int_equal(len, unhex(good[0], bytes));
    assert_memory_equal(written, bytes, len);
}

static void keys_that_are_none(void **state)
{
    static const char *const bad[] = {
        "",
        "a0",
        "80",
        "a10326",
        "a5010203262001215820" GX "225820" GX, /* off the curve */
        "a5010203272001215820" GX "225820" GY, /* EC2 with EdDSA */
        "a501020339010020012158"
        "20" GX "225820" GY,                          /* EC2 with RS256 */
        "a5010203262002215820" GX "225820" GY,        /* P-384 */
        "a5010103262001215820" GX "225820" GY,        /* OKP with ES256 */
        "a4010103262006215820" GX,                    /* Ed25519 with ES256 */
        "a4010103272001215820" GX,                    /* P-256 with EdDSA */
        "a4010203262001215820" GX,                    /* no y */
        "a5010203262001215820" GX "225819" GY,        /* y too short */
        "a6010203262001215820" GX "225820" GY "2300", /* a member more */
        "a6010203262001215820" GX "225820" GY "0262", /* kid */
        "a5010203262001215820" GX "215820" GX,        /* x twice */
        "a5010203262001210022582"
        "0" GY, /* x a number */
        "a401030339010020410121430100"
        "01", /* RSA of 8 bits */
    };
    struct cose_key key;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(read_key(bad[i], &key));
    }
}

static void authenticator_data_to_the_last_byte(void **state)
{
    uint8_t bytes[ROOM] = { 0 };
    struct authenticator_data data;
    (void)state;
    bytes[32] = FLAG_UP;
    bytes[36] = 9;
    for (size_t len = 0; len < 40; len++) {
        assert_int_equal(authenticator_data_read((struct blob){ bytes, len }, &data), len == 37);
    }
    bytes[32] = FLAG_UP | FLAG_AT;
    bytes[54] = 4; /* the length of the id */
    size_t whole = 59 + unhex("a5010203262001215820" GX "225820" GY, bytes + 59);
    for (size_t len = 37; len <= whole + 1; len++) {
        assert_int_equal(authenticator_data_read((struct blob){ bytes, len }, &data), len == whole);
    }
    assert_true(authenticator_data_read((struct blob){ bytes, whole }, &data));
    assert_int_equal(data.sign_count, 9);
    assert_int_equal(data.credential_id.len, 4);
    assert_int_equal(data.key.alg, ALG_ES256);
    bytes[32] |= FLAG_ED;
    size_t more = whole + unhex("a16b6372656450726f7465637402", bytes + whole);
    assert_false(authenticator_data_read((struct blob){ bytes, whole }, &data));
    assert_true(authenticator_data_read((struct blob){ bytes, more }, &data));
    struct extension_outputs ext = extension_outputs_of(&data);
    assert_int_equal(ext.protection, 2);
    bytes[54] = 0;
    assert_false(authenticator_data_read((struct blob){ bytes, more }, &data));
}

static void equal_origins(void **state)
{
    static const struct {
        const char *ours, *theirs;
        bool equal;
    } cases[] = {
        { "https://example.com", "https://example.com", true },
        { "https://example.com:443", "HTTPS://EXAMPLE.com", true },
        { "http://localhost:80", "http://localhost", true },
        { "http://localhost:3000", "http://localhost:3000", true },
        { "https://example.com", "http://example.com", false },
        { "https://example.com", "https://example.com:8443", false },
        { "https://example.com:80", "https://example.com", false },
        { "https://example.com", "https://example.com/", false },
        { "https://example.com", "https://example.com.evil.org", false },
        { "https://example.com", "https://evil@example.com", false },
        { "https://example.com", "https://", false },
        { "https://example.com", "", false },
        { "android:apk-key-hash:Ab", "android:apk-key-hash:Ab", true },
        { "android:apk-key-hash:Ab", "android:apk-key-hash:ab", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(origin_equal(cases[i].ours, cases[i].theirs), cases[i].equal);
    }
}

static bool read_client(struct arena *arena, const char *text)
{
    struct client_data data;
    return client_data_read(arena, (struct blob){ (const uint8_t *)text, strlen(text) }, &data);
}

static void client_data(void **state)
{
    assert_true(read_client(*state, "{\"type\":\"a\",\"challenge\":\"b\",\"origin\":\"c\"}"));
    assert_true(
        read_client(*state, "\xEF\xBB\xBF{\"type\":\"a\",\"challenge\":\"b\",\"origin\":\"c\"}"));
    assert_false(read_client(*state, ""));
    assert_false(read_client(*state, "[]"));
    assert_false(read_client(*state, "{\"type\":\"a\",\"challenge\":\"b\"}"));
    assert_false(read_client(*state, "{\"type\":\"a\",\"challenge\":\"b\",\"origin\":1}"));
    assert_false(read_client(*state, "{\"type\":\"a\",\"challenge\":\"b\",\"origin\":\"\xff\"}"));
    assert_false(read_client(
        *state, "{\"type\":\"a\",\"type\":\"a\",\"challenge\":\"b\",\"origin\":\"c\"}"));
    const char *big =
        arena_printf(*state, "%*s{\"type\":\"a\",\"challenge\":\"b\",\"origin\":\"c\"}",
                     CLIENT_DATA_MAX - 40, "");
    assert_false(read_client(*state, big));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(items),
        ARENA_TEST(what_is_refused),
        ARENA_TEST(nesting_is_bounded),
        ARENA_TEST(keys_and_their_canonical_form),
        ARENA_TEST(keys_that_are_none),
        ARENA_TEST(authenticator_data_to_the_last_byte),
        ARENA_TEST(equal_origins),
        ARENA_TEST(client_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
