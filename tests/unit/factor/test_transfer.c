/* test_transfer.c: files of factors as other servers export them, whole, hostile and cut off. */
#include "factor/totp/transfer.h"

#include "crypto/base32.h"

#include "../crypto/testing.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 64 };
#define SECRET                                                                                     \
    "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" /* "12345678901234567890" (RFC 6238 Appendix B)             \
                                        */
#define BYTES "12345678901234567890"

struct kept {
    const char *where, *user_id, *email, *phone, *name, *wrong, *other;
    const uint8_t *secret;
    size_t secret_len;
    struct totp_kind kind;
};

struct reading {
    struct arena *arena;
    int n, stop_after;
    struct kept rows[ROWS];
    int64_t without;
};

static bool take(void *arg, const struct transfer_row *row)
{
    struct reading *r = arg;
    if (r->n < ROWS) {
        r->rows[r->n] = (struct kept){
            .where = arena_strdup(r->arena, row->where),
            .user_id = arena_strdup(r->arena, row->user_id),
            .email = arena_strdup(r->arena, row->email),
            .phone = arena_strdup(r->arena, row->phone),
            .name = arena_strdup(r->arena, row->friendly_name),
            .wrong = arena_strdup(r->arena, row->wrong),
            .other = arena_strdup(r->arena, row->other),
            .secret = (uint8_t *)arena_strndup(
                r->arena, row->secret ? (const char *)row->secret : "", row->secret_len),
            .secret_len = row->secret_len,
            .kind = row->kind,
        };
    }
    r->n++;
    return !r->stop_after || r->n < r->stop_after;
}

static struct reading *read_bytes(struct arena *arena, const char *text, size_t len, int stop_after)
{
    struct reading *r = ARENA_NEW(arena, struct reading);
    FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");
    assert_true(in || !len);
    r->arena = arena;
    r->stop_after = stop_after;
    if (in) {
        r->without = transfer_read(in, take, r);
        fclose(in);
    }
    return r;
}

static struct reading *read_text(struct arena *arena, const char *text)
{
    return read_bytes(arena, text, strlen(text), 0);
}

static void expect_secret(const struct kept *row)
{
    assert_null(row->wrong);
    assert_null(row->other);
    assert_int_equal(row->secret_len, strlen(BYTES));
    assert_memory_equal(row->secret, BYTES, strlen(BYTES));
}

static void expect_kind(const struct kept *row, enum digest digest, int digits, int period_s)
{
    assert_int_equal(row->kind.digest, digest);
    assert_int_equal(row->kind.digits, digits);
    assert_int_equal(row->kind.period_s, period_s);
}

static void uris(void **state)
{
    struct reading *r = read_text(
        *state,
        "\xEF\xBB\xBF# our people\r\n"
        "otpauth://totp/Ex:ann@example.com?secret=" SECRET "&issuer=Ex\r\n"
        "\n"
        "  otpauth://totp/4915112345678?secret=gezd-gnbv%20gy3tqojqgezdgnbvgy3tqojq&digits=8\n"
        "otpauth://totp/Ex:0a85de14-b629-4640-bf77-23662556d6e5?algorithm=sha512&period=60&secret=" SECRET
        "&friendly_name=old%20phone");
    assert_int_equal(r->n, 3);
    assert_string_equal(r->rows[0].where, "line 2");
    assert_string_equal(r->rows[0].email, "ann@example.com");
    assert_null(r->rows[0].name);
    expect_secret(&r->rows[0]);
    expect_kind(&r->rows[0], DIGEST_SHA1, 6, 30);
    assert_string_equal(r->rows[1].where, "line 4");
    assert_string_equal(r->rows[1].phone, "4915112345678");
    expect_secret(&r->rows[1]);
    expect_kind(&r->rows[1], DIGEST_SHA1, 8, 30);
    assert_string_equal(r->rows[2].user_id, "0a85de14-b629-4640-bf77-23662556d6e5");
    assert_string_equal(r->rows[2].name, "old phone");
    expect_secret(&r->rows[2]);
    expect_kind(&r->rows[2], DIGEST_SHA512, 6, 60);
}

static void csv(void **state)
{
    struct reading *r =
        read_text(*state, "issuer,Username,algorithm,digits,period,secret\n"
                          "Authelia,ann@example.com,SHA256,8,60," SECRET "\n"
                          "\"Auth,elia\",\"bob\"\"@example.com\",SHA1,6,30,\"" SECRET "\"\r\n"
                          ",+49 151 12345678,,,," SECRET "\n");
    assert_int_equal(r->n, 3);
    assert_string_equal(r->rows[0].email, "ann@example.com");
    expect_secret(&r->rows[0]);
    expect_kind(&r->rows[0], DIGEST_SHA256, 8, 60);
    assert_string_equal(r->rows[1].email, "bob\"@example.com");
    expect_secret(&r->rows[1]);
    assert_string_equal(r->rows[2].phone, "+49 151 12345678");
    expect_kind(&r->rows[2], DIGEST_SHA1, 6, 30);
    expect_secret(&r->rows[2]);
    r = read_text(*state, "user_id,email,friendly_name,secret\n,ann@example.com,," SECRET "\n");
    assert_int_equal(r->n, 1);
    assert_null(r->rows[0].user_id);
    assert_string_equal(r->rows[0].name, "");
    expect_secret(&r->rows[0]);
}

#define KEYCLOAK(label, secret, data)                                                              \
    "{\"id\":\"1\",\"type\":\"otp\",\"userLabel\":\"" label "\",\"secretData\":\"" secret          \
    "\",\"credentialData\":\"" data "\"}"
#define KC_SECRET "{\\\"value\\\":\\\"" BYTES "\\\"}"
#define KC_DATA(sub, digits, period, algorithm)                                                    \
    "{\\\"subType\\\":\\\"" sub "\\\",\\\"digits\\\":" digits                                      \
    ",\\\"counter\\\":0,\\\"period\\\":" period ",\\\"algorithm\\\":\\\"" algorithm "\\\"}"

/* clang-format off */
static void keycloak(void **state)
{
    struct reading *r = read_text(
        *state,
        "{\"realm\":\"demo\",\"roles\":{\"realm\":[]},\"users\":[\n"
        "{\"username\":\"ann\",\"email\":\"ann@example.com\",\"credentials\":["
        "{\"type\":\"password\",\"secretData\":\"{}\",\"credentialData\":\"{}\"},"
        KEYCLOAK("phone", KC_SECRET, KC_DATA("totp", "8", "60", "HmacSHA256")) ","
        KEYCLOAK("", "{\\\"value\\\":\\\"" SECRET "\\\"}",
                 KC_DATA("totp", "6", "30", "HmacSHA1\\\",\\\"secretEncoding\\\":\\\"BASE32")) ","
        KEYCLOAK("token", KC_SECRET, KC_DATA("hotp", "6", "30", "HmacSHA1")) ","
        "{\"type\":\"webauthn\"}]},"
        "{\"username\":\"bob@example.com\",\"credentials\":["
        KEYCLOAK("x", "{}", KC_DATA("totp", "6", "30", "HmacSHA1")) "]},"
        "{\"username\":\"carl\",\"credentials\":[]},{\"username\":\"dora\"}"
        "],\"clients\":[{\"users\":[1]}]}");
    assert_int_equal(r->n, 5);
    assert_int_equal(r->without, 2);
    assert_string_equal(r->rows[0].where, "entry 1");
    assert_string_equal(r->rows[0].email, "ann@example.com");
    assert_string_equal(r->rows[0].name, "phone");
    expect_secret(&r->rows[0]);
    expect_kind(&r->rows[0], DIGEST_SHA256, 8, 60);
    assert_string_equal(r->rows[1].where, "entry 1.2");
    assert_null(r->rows[1].name);
    expect_secret(&r->rows[1]);
    assert_string_equal(r->rows[2].other, "hotp");
    assert_string_equal(r->rows[3].other, "webauthn");
    assert_string_equal(r->rows[4].email, "bob@example.com");
    assert_string_equal(r->rows[4].wrong, "it has no secret");
}
/* clang-format on */

static void auth0_and_ours(void **state)
{
    struct reading *r = read_text(
        *state, "[{\"email\":\"ann@example.com\",\"mfa_factors\":[{\"totp\":{\"secret\":\"" SECRET
                "\"}},{\"phone\":{\"value\":\"+15551234567\"}}]},"
                "{\"phone_number\":\"+15551234567\",\"mfa_factors\":[{\"totp\":{}}]}]\n");
    assert_int_equal(r->n, 3);
    expect_secret(&r->rows[0]);
    assert_string_equal(r->rows[1].other, "phone");
    assert_string_equal(r->rows[1].where, "entry 1.2");
    assert_string_equal(r->rows[2].phone, "+15551234567");
    assert_string_equal(r->rows[2].wrong, "it has no secret");
    r = read_text(*state, "{\"factors\": [{\"user_id\":\"0a85de14-b629-4640-bf77-23662556d6e5\","
                          "\"secret\":\"" SECRET "\",\"algorithm\":\"SHA512\",\"digits\":7,"
                          "\"period\":15,\"friendly_name\":null}]}");
    assert_int_equal(r->n, 1);
    expect_secret(&r->rows[0]);
    expect_kind(&r->rows[0], DIGEST_SHA512, 7, 15);
    r = read_text(*state, "{\"email\":\"a@example.com\",\"secret\":\"" SECRET "\"}\n"
                          "{\"email\":\"b@example.com\",\"secret\":\"" SECRET "\"}\n");
    assert_int_equal(r->n, 2);
    assert_string_equal(r->rows[1].where, "entry 2");
    assert_string_equal(r->rows[1].email, "b@example.com");
}

static void tables_of_other_separators(void **state)
{
    static const char *const texts[] = {
        "email;secret;digits\nann@example.com;" SECRET ";8\n",
        "sep=;\nemail;secret;digits\n\"ann@example.com\";" SECRET ";8\n",
        "email\tsecret\tdigits\nann@example.com\t" SECRET "\t8\n",
        "Login_Username,login_totp,name\nann@example.com,otpauth://totp/x?digits=8&secret=" SECRET
        ",n\n",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct reading *r = read_text(*state, texts[i]);
        assert_int_equal(r->n, 1);
        assert_string_equal(r->rows[0].email, "ann@example.com");
        expect_secret(&r->rows[0]);
        assert_int_equal(r->rows[0].kind.digits, 8);
    }
    struct reading *r = read_text(*state, "username;totp\nann;\nbob@example.com;" SECRET "\n"
                                          "carl@example.com;steam://ABC\n");
    assert_int_equal(r->without, 1);
    assert_int_equal(r->n, 2);
    expect_secret(&r->rows[0]);
    assert_string_equal(r->rows[1].other, "steam");
}

/* Two parts of an export: an issuer with a port, SHA512 with 8 digits; HOTP, and MD5, which is
 * none. */
#define GOOGLE_1                                                                                   \
    "otpauth-migration://offline?data=CkwKFDEyMzQ1Njc4OTAxMjM0NTY3ODkwEh5sb2NhbGhvc3Q6MzA"         \
    "wMDphbm5AZXhhbXBsZS5jb20aDmxvY2FsaG9zdDozMDAwIAEoATACCi8KFDEyMzQ1Njc4OTAxMjM0NTY3ODk"         \
    "wEg9ib2JAZXhhbXBsZS5jb20aACADKAIwAhABGAIgACiSIQ%3D%3D"
#define GOOGLE_2                                                                                   \
    "otpauth-migration://offline?data=CjgKFDEyMzQ1Njc4OTAxMjM0NTY3ODkwEhRFeDogY2FybEBleGF"         \
    "tcGxlLmNvbRoCRXggASgBMAE4AwovChQxMjM0NTY3ODkwMTIzNDU2Nzg5MBINZEBleGFtcGxlLmNvbRoCRXg"         \
    "gBCgBMAIQARgCIAEokiE%3D"

static void google(void **state)
{
    struct reading *r = read_text(*state, GOOGLE_2 "\n" GOOGLE_1 "\n");
    assert_int_equal(r->n, 4);
    assert_string_equal(r->rows[0].where, "line 1");
    assert_string_equal(r->rows[0].other, "hotp");
    assert_string_equal(r->rows[1].where, "line 1.2");
    assert_non_null(strstr(r->rows[1].wrong, "SHA512"));
    assert_string_equal(r->rows[2].email, "ann@example.com");
    expect_secret(&r->rows[2]);
    expect_kind(&r->rows[2], DIGEST_SHA1, 6, 30);
    assert_string_equal(r->rows[3].email, "bob@example.com");
    expect_secret(&r->rows[3]);
    expect_kind(&r->rows[3], DIGEST_SHA512, 8, 30);
}

/* Cut off anywhere, an export is told to be broken. */
static void google_cut_anywhere(void **state)
{
    static const char whole[] = GOOGLE_1;
    for (size_t len = strlen("otpauth-migration://"); len < sizeof whole - 1; len++) {
        struct reading *r = read_bytes(*state, whole, len, 0);
        bool said = false;
        for (int i = 0; i < r->n; i++) {
            said = said || r->rows[i].wrong;
        }
        if (!said && !strstr(whole + len, "%3D")) { /* what follows the factors may be missing */
            assert_true(r->n == 2);
        }
    }
}

#define ENTRY(type, name)                                                                          \
    "{\"type\":\"" type "\",\"uuid\":\"1\",\"name\":\"" name "\",\"issuer\":\"Ex\",\"note\":\"\"," \
    "\"info\":{\"secret\":\"" SECRET "\",\"algo\":\"SHA256\",\"digits\":8,\"period\":60}}"

static void apps(void **state)
{
    static const char *const files[] = {
        "{\"version\":1,\"header\":{\"slots\":null,\"params\":null},\"db\":{\"version\":3,"
        "\"entries\":[" ENTRY("totp", "Ex:ann@example.com") "," ENTRY("steam",
                                                                      "ann") "],\"groups\":[]}}",
        "{\"services\":[{\"name\":\"Ex\",\"secret\":\"" SECRET "\",\"otp\":{\"label\":\"Ex:x\","
        "\"account\":\"ann@example.com\",\"issuer\":\"Ex\",\"digits\":8,\"period\":60,"
        "\"algorithm\":\"SHA256\",\"tokenType\":\"TOTP\"},\"order\":{\"position\":0}},"
        "{\"name\":\"x\",\"secret\":\"A\",\"otp\":{\"tokenType\":\"STEAM\",\"algorithm\":null}}],"
        "\"schemaVersion\":4,\"servicesEncrypted\":\"\"}",
        "{\"encrypted\":false,\"folders\":[],\"items\":[{\"type\":1,\"name\":\"a\",\"login\":{"
        "\"username\":\"ann@example.com\",\"password\":\"x\",\"totp\":\"otpauth://totp/Ex:x"
        "?algorithm=SHA256&digits=8&period=60&secret=" SECRET "\"}},"
        "{\"type\":1,\"login\":{\"username\":\"ann\",\"totp\":\"steam://ABC\"}}]}",
        "[{\"secret\":\"" SECRET
        "\",\"issuer\":\"Ex\",\"label\":\"Ex:ann@example.com\",\"digits\":8,"
        "\"type\":\"TOTP\",\"algorithm\":\"SHA256\",\"period\":60,\"thumbnail\":\"Default\","
        "\"tags\":[]},{\"secret\":\"A\",\"label\":\"x\",\"type\":\"STEAM\",\"digits\":5}]",
        "[\"otpauth://totp/Ex:ann@example.com?algorithm=sha256&digits=8&period=60&secret=" SECRET
        "&codeDisplay=%7B%7D\",\"otpauth://steam/Ex:x?secret=A\"]",
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        struct reading *r = read_text(*state, files[i]);
        if (r->n != 2 || r->rows[0].wrong) {
            fail_msg("%s: %d rows: %s", files[i], r->n, r->n ? r->rows[0].wrong : "");
        }
        assert_string_equal(r->rows[0].email, "ann@example.com");
        expect_secret(&r->rows[0]);
        expect_kind(&r->rows[0], DIGEST_SHA256, 8, 60);
        assert_int_equal(strcasecmp(r->rows[1].other, "steam"), 0);
    }
    struct reading *r = read_text(
        *state,
        "{\"items\":[{\"type\":2,\"login\":null},{\"type\":1,\"login\":{\"username\":\"a\"}},"
        "{\"login\":{\"username\":\"nick\",\"totp\":\"otpauth://totp/ann@example.com?secret=" SECRET
        "\"}},{\"login\":{\"username\":\"ann@example.com\",\"totp\":\"" SECRET "\"}}]}");
    assert_int_equal(r->without, 2);
    assert_int_equal(r->n, 2);
    assert_string_equal(r->rows[0].email, "ann@example.com");
    expect_secret(&r->rows[0]);
    expect_secret(&r->rows[1]);
}

/* Each is one row that says what is wrong with it, and never the secret. */
static void wrong_rows(void **state)
{
#define URI "otpauth://totp/a@example.com?secret="
#define HEADING "email,secret,digits,period,algorithm\n"
#define OWN(more) "[{\"email\":\"a@example.com\",\"secret\":\"" SECRET "\"," more "}]"
    static const struct {
        const char *text, *part;
    } cases[] = {
        { "nonsense", "no otpauth" },
        { "email,password\na@example.com,x", "no otpauth" },
        { URI, "no secret" },
        { URI "GEZDGNBVGY3TQOJ1", "not base32" },
        { URI "GEZDGNBVGY3TQOJ\xff", "UTF-8" },
        { URI "GEZDGNBVGY3TQOI", "shorter than 80 bits" },
        { URI SECRET "&digits=9", "6 to 8 digits" },
        { URI SECRET "&digits=5", "6 to 8 digits" },
        { URI SECRET "&period=10", "15 to 120" },
        { URI SECRET "&period=121", "15 to 120" },
        { URI SECRET "&algorithm=MD5", "SHA512" },
        { "otpauth://totp/somebody?secret=" SECRET, "neither by e-mail" },
        { "otpauth://totp/a@exam", "no secret" },
        { HEADING "a@example.com," SECRET ",6,30", "another number of fields" },
        { HEADING "a@example.com," SECRET ",6,30,SHA1,", "another number of fields" },
        { HEADING "\"a@example.com," SECRET ",6,30,SHA1", "quotes" },
        { HEADING "\"a\"x," SECRET ",6,30,SHA1", "quotes" },
        { HEADING "a@example.com," SECRET ",six,30,SHA1", "6 to 8 digits" },
        { HEADING "a@example.com," SECRET ",6,99999,SHA1", "15 to 120" },
        { HEADING "a@example.com,,6,30,SHA1", "no secret" },
        { HEADING "a@example.com," SECRET ",6,30,SHA3", "SHA512" },
        { "[1]", "no object" },
        { "[\"" SECRET "\"]", "no object" },
        { OWN("\"digits\":\"six\""), "6 to 8 digits" },
        { OWN("\"digits\":6.5"), "6 to 8 digits" },
        { OWN("\"period\":-30"), "15 to 120" },
        { OWN("\"algorithm\":1"), "SHA512" },
        { OWN("\"email\":\"b@example.com\""), "no JSON" }, /* a key twice */
        { "[{\"email\":\"a@example.com\",\"secret\":\"" SECRET "\"}", "ends in the middle" },
        { "[{\"email\":\"a@example.com\",\"secret\":\"GEZD", "ends in the middle" },
        { "[{\"email\":\"a@example.com\" \"secret\":1}]", "no JSON" },
        { "{\"email\":\"a@example.com\",\"secret\":\"" SECRET "\"", "ends in the middle" },
        { "{\"users\":[{\"email\":", "ends in the middle" },
        { "{", "ends in the middle" },
        { "[", "ends in the middle" },
        { "otpauth-migration://offline", "Google" },
        { "otpauth-migration://offline?data=", "Google" },
        { "otpauth-migration://offline?data=CjEKCkhl", "cut or wrapped" },
        { "otpauth-migration://offline?data=!!!!", "cut or wrapped" },
        { GOOGLE_1, "part 2 of 2 of an export" },
        { GOOGLE_2, "part 1 of 2 of an export" },
        { "{\"version\":1,\"header\":{},\"db\":\"QUJD\"}", "encrypted" },
        { "{\"services\":[],\"servicesEncrypted\":\"a:b:c\"}", "encrypted" },
        { "{\"encrypted\":true,\"passwordProtected\":true,\"data\":\"2.x\"}", "encrypted" },
        { "{\"encrypted\":true,\"items\":[]}", "encrypted" },
        { "{\"version\":1,\"kdfParams\":{},\"encryptedData\":\"x\"}", "encrypted" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reading *r = read_text(*state, cases[i].text);
        const char *wrong = r->n ? r->rows[r->n - 1].wrong : NULL;
        if (!wrong || !strstr(wrong, cases[i].part) || strstr(wrong, SECRET)) {
            fail_msg("%s: %d rows, %s", cases[i].text, r->n, wrong ? wrong : "nothing is wrong");
        }
    }
}

static void what_was_good_before_a_break_is_one_row(void **state)
{
    struct reading *r =
        read_text(*state, "[{\"email\":\"a@example.com\",\"secret\":\"" SECRET "\"},"
                          "{\"email\":\"b@exam");
    assert_int_equal(r->n, 2);
    expect_secret(&r->rows[0]);
    assert_string_equal(r->rows[1].where, "entry 2");
    assert_non_null(strstr(r->rows[1].wrong, "ends in the middle"));
}

static void empty_files(void **state)
{
    static const char *const texts[] = { "\n\n",           "# nothing\n",    "[]",          "{}",
                                         "{\"users\":[]}", "email,secret\n", "\xEF\xBB\xBF" };
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_int_equal(read_text(*state, texts[i])->n, 0);
    }
}

static char *repeated(struct arena *arena, const char *head, char c, size_t n, const char *tail)
{
    size_t before = strlen(head);
    char *text = arena_alloc(arena, before + n + strlen(tail) + 1);
    memcpy(text, head, before);
    memset(text + before, c, n);
    memcpy(text + before + n, tail, strlen(tail) + 1);
    return text;
}

static void bounds(void **state)
{
    struct arena *arena = *state;
    struct reading *r = read_text(
        arena, repeated(arena, URI SECRET "&x=", 'a', TRANSFER_LINE_MAX, "\n" URI SECRET "\n"));
    assert_int_equal(r->n, 2);
    assert_non_null(strstr(r->rows[0].wrong, "longer than 8192"));
    expect_secret(&r->rows[1]);
    r = read_text(arena, repeated(arena, URI, 'A', 208, "\n"));
    assert_non_null(strstr(r->rows[0].wrong, "longer than 1024 bits"));
    r = read_text(arena, repeated(arena, "[{\"x\":\"", 'a', TRANSFER_ENTRY_MAX,
                                  "\"},{\"email\":\"a@example.com\",\"secret\":\"" SECRET "\"}]"));
    assert_int_equal(r->n, 2);
    assert_non_null(strstr(r->rows[0].wrong, "longer than a mebibyte"));
    expect_secret(&r->rows[1]);
    r = read_text(arena, repeated(arena, "", '[', 100000, ""));
    assert_int_equal(r->n, 1);
    assert_non_null(r->rows[0].wrong);
    static const char nul[] = URI SECRET "\0&digits=8\n";
    r = read_bytes(arena, nul, sizeof nul - 1, 0);
    assert_non_null(r->rows[0].wrong);
    r = read_bytes(arena, URI SECRET "\n" URI SECRET "\n" URI SECRET "\n",
                   3 * (sizeof(URI SECRET "\n") - 1), 2);
    assert_int_equal(r->n, 2);
}

/* Cut off anywhere, a file brings no row that the whole one does not bring. */
static void cut_anywhere(void **state)
{
    struct arena *arena = *state;
    static const char whole[] =
        "{\"users\":[{\"email\":\"a@example.com\",\"secret\":\"" SECRET "\"},"
        "{\"email\":\"b@example.com\",\"secret\":\"" SECRET "\"}]}";
    for (size_t len = 1; len < sizeof whole - 1; len++) {
        struct reading *r = read_bytes(arena, whole, len, 0);
        bool said = false;
        for (int i = 0; i < r->n; i++) {
            said = said || r->rows[i].wrong;
            if (!r->rows[i].wrong) {
                expect_secret(&r->rows[i]);
            }
        }
        assert_true(said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(uris),
        ARENA_TEST(csv),
        ARENA_TEST(keycloak),
        ARENA_TEST(auth0_and_ours),
        ARENA_TEST(tables_of_other_separators),
        ARENA_TEST(google),
        ARENA_TEST(google_cut_anywhere),
        ARENA_TEST(apps),
        ARENA_TEST(wrong_rows),
        ARENA_TEST(what_was_good_before_a_break_is_one_row),
        ARENA_TEST(empty_files),
        ARENA_TEST(bounds),
        ARENA_TEST(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
