/* test_key_uri.c: the otpauth:// URI, ordinary and hostile labels (contract rows E3, B11). */
#include "factor/totp/key_uri.h"

#include "../crypto/testing.h"

static const char *uri(struct arena *arena, const char *issuer, const char *account,
                       const char *secret)
{
    return key_uri(
        arena, &(struct key_uri){
                   .issuer = issuer, .account = account, .secret = secret, .kind = totp_default });
}

static void an_ordinary_uri(void **state)
{
    assert_string_equal(uri(*state, "Example", "ann@example.com", "GEZDGNBVGY3TQOJQ"),
                        "otpauth://totp/Example:ann@example.com?algorithm=SHA1&digits=6&"
                        "issuer=Example&period=30&secret=GEZDGNBVGY3TQOJQ");
}

static void hostile_labels(void **state)
{
    assert_string_equal(
        uri(*state, "localhost:3000", "a+b:c@x.io&secret=AAAA", "S"),
        "otpauth://totp/localhost%203000:a%2Bb%20c@x.io%26secret%3DAAAA?algorithm=SHA1&digits=6&"
        "issuer=localhost%203000&period=30&secret=S");
    assert_string_equal(
        uri(*state, "A/B ?#%@\"<", "\xc3\xa9\n", "S"),
        "otpauth://totp/A%2FB%20%3F%23%25%40%22%3C:%C3%A9%0A?algorithm=SHA1&digits=6&"
        "issuer=A%2FB%20%3F%23%25%40%22%3C&period=30&secret=S");
    assert_string_equal(uri(*state, "a-._~Z9", "a-._~Z9", "S"),
                        "otpauth://totp/a-._~Z9:a-._~Z9?algorithm=SHA1&digits=6&issuer=a-._~Z9&"
                        "period=30&secret=S");
}

static void what_is_written_is_read(void **state)
{
    static const struct totp_kind kinds[] = { { DIGEST_SHA1, 6, 30 },
                                              { DIGEST_SHA256, 8, 60 },
                                              { DIGEST_SHA512, 7, 15 } };
    static const char *const names[] = { NULL, "", "my phone", "a:b&c=d%e+f#g/\xc3\xa9" };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (size_t n = 0; n < COUNT(names); n++) {
            struct key_uri out, in = { "Ex ample", "a+b@example.com", "GEZDGNBVGY3TQOJQ",
                                       kinds[i],   names[n],          NULL };
            assert_null(key_uri_read(*state, key_uri(*state, &in), &out));
            assert_string_equal(out.issuer, in.issuer);
            assert_string_equal(out.account, in.account);
            assert_string_equal(out.secret, in.secret);
            assert_true(totp_kind_equal(&out.kind, &in.kind));
            assert_int_equal(out.friendly_name == NULL, names[n] == NULL);
            if (names[n]) {
                assert_string_equal(out.friendly_name, names[n]);
            }
        }
    }
}

static void uris_of_others(void **state)
{
    struct key_uri out;
    assert_null(
        key_uri_read(*state, "OTPAUTH://TOTP/a@x.io?SECRET=abc&image=https%3A%2F%2Fx", &out));
    assert_string_equal(out.account, "a@x.io");
    assert_string_equal(out.issuer, "");
    assert_string_equal(out.secret, "abc");
    assert_true(totp_kind_equal(&out.kind, &totp_default));
    assert_null(
        key_uri_read(*state, "otpauth://totp/Acme%3A%20a%40x.io?secret=A&issuer=Acme", &out));
    assert_string_equal(out.account, "a@x.io");
    assert_string_equal(out.issuer, "Acme");
    assert_null(key_uri_read(*state, "otpauth://totp/x?&&digits=8&=&secret=&period", &out));
    assert_int_equal(out.kind.digits, 8);
    static const char *const wrong[] = { "",
                                         "otpauth",
                                         "otpauth://",
                                         "otpauth://totp",
                                         "https://totp/a?secret=A",
                                         "otpauth://other/a?secret=A",
                                         "otpauth://totp/a%?secret=A",
                                         "otpauth://totp/a%4?secret=A",
                                         "otpauth://totp/a%00b?secret=A",
                                         "otpauth://totp/%ff?secret=A",
                                         "otpauth://totp/a?secret=%4",
                                         "otpauth://totp/a?digits=six",
                                         "otpauth://totp/a?digits=-6",
                                         "otpauth://totp/a?period=99999",
                                         "otpauth://totp/a?algorithm=MD5",
                                         "otpauth://totp/a?algorithm=SHA224",
                                         "otpauth://totp/a?algorithm=PBKDF2SHA1",
                                         "otpauth://totp/a?algorithm=SHA3-256",
                                         "otpauth://totp/a?algorithm=SHA",
                                         "otpauth://totp/a?algorithm=hmac" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const char *why = key_uri_read(*state, wrong[i], &out);
        if (!why || strstr(why, "secret=")) {
            fail_msg("%s: %s", wrong[i], why ? why : "was read");
        }
    }
}

/* The parameter says what the issuer is; without it the last colon does, as issuers have ports. */
static void labels(void **state)
{
    static const struct {
        const char *uri, *issuer, *account;
    } rows[] = {
        { "localhost:3000:ada@example.com?issuer=localhost%3A3000", "localhost:3000",
          "ada@example.com" },
        { "localhost:3000:ada@example.com?secret=A", "localhost:3000", "ada@example.com" },
        { "localhost%3A3000%3Aada%40example.com?secret=A", "localhost:3000", "ada@example.com" },
        { "Ex:a:b@example.com?issuer=Ex", "Ex", "a:b@example.com" },
        { "ex:%20ada@example.com?issuer=EX", "EX", "ada@example.com" },
        { "Old:ada@example.com?issuer=New", "New", "ada@example.com" },
        { "ada@example.com?issuer=localhost%3A3000", "localhost:3000", "ada@example.com" },
        { ":ada@example.com?issuer=", "", "ada@example.com" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct key_uri out;
        char text[256];
        snprintf(text, sizeof text, "otpauth://totp/%s", rows[i].uri);
        assert_null(key_uri_read(*state, text, &out));
        assert_string_equal(out.issuer, rows[i].issuer);
        assert_string_equal(out.account, rows[i].account);
    }
}

/* What exporters write for the kind of code. */
static void spellings(void **state)
{
    static const struct {
        const char *text;
        enum digest digest;
    } rows[] = {
        { "SHA1", DIGEST_SHA1 },           { "Algorithm.sha1", DIGEST_SHA1 },
        { "SHA-256", DIGEST_SHA256 },      { "HmacSHA512", DIGEST_SHA512 },
        { "hmac-sha-256", DIGEST_SHA256 }, { "sha_512", DIGEST_SHA512 },
        { "null", DIGEST_SHA1 },           { "", DIGEST_SHA1 },
        { "None", DIGEST_SHA1 },           { "undefined", DIGEST_SHA1 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct key_uri out;
        char text[256];
        snprintf(text, sizeof text, "otpauth://totp/a?secret=A&digits=&period=null&algorithm=%s",
                 rows[i].text);
        assert_null(key_uri_read(*state, text, &out));
        assert_int_equal(out.kind.digest, rows[i].digest);
        assert_int_equal(out.kind.digits, 6);
        assert_int_equal(out.kind.period_s, 30);
    }
}

static void other_kinds(void **state)
{
    static const char *const rows[][2] = { { "hotp/a?secret=A&counter=1", "hotp" },
                                           { "Steam/a?secret=A", "steam" },
                                           { "steam", "steam" },
                                           { "totp/Steam:a?secret=A&encoder=steam", "steam" },
                                           { "yaotp/a?secret=A&pin_length=4", "yaotp" },
                                           { "motp/a?secret=A", "motp" } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct key_uri out;
        char text[256];
        snprintf(text, sizeof text, "otpauth://%s", rows[i][0]);
        assert_null(key_uri_read(*state, text, &out));
        assert_string_equal(out.other, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(an_ordinary_uri),
        ARENA_TEST(hostile_labels),
        ARENA_TEST(what_is_written_is_read),
        ARENA_TEST(uris_of_others),
        ARENA_TEST(labels),
        ARENA_TEST(spellings),
        ARENA_TEST(other_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
