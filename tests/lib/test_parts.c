/* The library's inner parts by themselves: URLs, ids, base64url, JSON text, boxes, codes. */
#include "stub.h"

#include "../../lib/buf.h"
#include "../../lib/json.h"
#include "../../lib/jwt.h"
#include "../../lib/mem.h"
#include "../../lib/url.h"

#include <stdlib.h>
#include <string.h>

static void test_urls(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        { "http://localhost", "http://localhost/auth/v1" },
        { "https://abc.supabase.co/", "https://abc.supabase.co/auth/v1" },
        { "HTTPS://h:1/x//", "HTTPS://h:1/x/auth/v1" },
        { "https://abc.supabase.co/auth/v1", "https://abc.supabase.co/auth/v1" },
        { "https://h/x//auth/v1//", "https://h/x/auth/v1" },
        { "https://auth/v1", "https://auth/v1/auth/v1" },
        { "http://[::1]:54321", "http://[::1]:54321/auth/v1" },
    };
    static const char *const bad[] = {
        "",
        "localhost",
        "localhost:54321",
        "ftp://x",
        "http://",
        "http:///",
        "http://:80",
        "http://a b",
        "http://a?x",
        "http://a#x",
        "http://a:",
        "http://a:123456",
        "http://a:8x",
        "http://u@h",
        "http://[::1",
        "http://a\r\nX: y",
        "http://h\xc3\xa9",
    };
    bool is_bad = true;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char *base = csi_url_base(good[i][0], &is_bad);
        assert_non_null(base);
        assert_string_equal(base, good[i][1]);
        free(base);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(csi_url_base(bad[i], &is_bad));
        assert_true(is_bad);
    }
    assert_null(csi_url_base(NULL, &is_bad));
}

static void test_uuids(void **state)
{
    (void)state;
    assert_true(csi_is_uuid(FACTOR_ID));
    assert_true(csi_is_uuid("34E770DD-9FF9-416C-87FA-43B31D7EF225"));
    assert_false(csi_is_uuid(NULL));
    assert_false(csi_is_uuid(""));
    assert_false(csi_is_uuid("34e770dd9ff9416c87fa43b31d7ef225"));
    assert_false(csi_is_uuid("34e770dd-9ff9-416c-87fa-43b31d7ef22g"));
    assert_false(csi_is_uuid("34e770dd-9ff9-416c-87fa-43b31d7ef2255"));
    assert_false(csi_is_uuid("34e770dd09ff9-416c-87fa-43b31d7ef225"));
    assert_false(csi_is_uuid("../../../../../../../../../../../..x"));
}

static void test_base64url(void **state)
{
    (void)state;
    unsigned char out[8];
    size_t used = 0;
    assert_true(csi_base64url("Zm9vYg", 6, out, sizeof out, &used));
    assert_int_equal(used, 4);
    assert_memory_equal(out, "foob", 4);
    assert_true(csi_base64url("-_-_", 4, out, sizeof out, &used));
    assert_memory_equal(out, "\xfb\xff\xbf", 3);
    assert_false(csi_base64url("Zg==", 4, out, sizeof out, &used));
    assert_false(csi_base64url("Z", 1, out, sizeof out, &used));
    assert_false(csi_base64url("+/+/", 4, out, sizeof out, &used));
    assert_false(csi_base64url("Zm9vYmFyZm9vYmFy", 16, out, sizeof out, &used));
}

static void test_json_text(void **state)
{
    (void)state;
    struct csi_buf buf;
    csi_buf_init(&buf, 200);
    csi_buf_object_open(&buf, NULL);
    csi_buf_member_text(&buf, "a", "q\"\\\n\x7f\xc3\xa9\xf0\x9f\x98\x80");
    csi_buf_member_text(&buf, "left_out", NULL);
    csi_buf_object_open(&buf, "o");
    csi_buf_member_bool(&buf, "b", true);
    csi_buf_member_int(&buf, "i", -5);
    csi_buf_object_close(&buf);
    csi_buf_object_close(&buf);
    assert_int_equal(buf.failure, CSI_BUF_OK);
    assert_string_equal(buf.data, "{\"a\":\"q\\\"\\\\\\u000a\\u007f\xc3\xa9\xf0\x9f\x98\x80\","
                                  "\"o\":{\"b\":true,\"i\":-5}}");
    csi_buf_free(&buf);
    static const char *const not_utf8[] = { "\xff",         "\xc0\x80",
                                            "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                            "\xe2\x82",     "\x80",
                                            "\xe0\x80\x80", "\xf8\x88\x80\x80" };
    for (size_t i = 0; i < sizeof not_utf8 / sizeof not_utf8[0]; i++) {
        csi_buf_init(&buf, 200);
        csi_buf_member_text(&buf, "key", not_utf8[i]);
        assert_int_equal(buf.failure, CSI_BUF_BAD_TEXT);
        assert_string_equal(buf.bad_key, "key");
        csi_buf_free(&buf);
    }
}

static void test_limits_stick(void **state)
{
    (void)state;
    struct csi_buf buf;
    csi_buf_init(&buf, 4);
    csi_buf_text(&buf, "1234");
    assert_int_equal(buf.failure, CSI_BUF_OK);
    csi_buf_text(&buf, "5");
    csi_buf_text(&buf, "");
    assert_int_equal(buf.failure, CSI_BUF_TOO_LARGE);
    assert_string_equal(buf.data, "1234");
    csi_buf_free(&buf);
    csi_buf_init(&buf, 100);
    csi_buf_encoded(&buf, "a b/../\xc3\xa9?&~");
    assert_string_equal(buf.data, "a%20b%2F..%2F%C3%A9%3F%26~");
    csi_buf_free(&buf);
}

static void test_box(void **state)
{
    (void)state;
    int *box = csi_box_new(sizeof *box);
    assert_non_null(box);
    assert_int_equal(*box, 0);
    assert_string_equal(csi_box_text(box, "abc", 2), "ab");
    assert_string_equal(csi_box_text(box, NULL, 7), "");
    assert_true(csi_box_ok(box));
    assert_null(csi_box_alloc(box, SIZE_MAX / 2, 4));
    assert_false(csi_box_ok(box));
    csi_box_free(box);
    csi_box_free(NULL);
}

static void test_json_members(void **state)
{
    (void)state;
    json_t *json = NULL;
    int64_t number = 7;
    const char text[] = "{\"s\":\"x\",\"n\":null,\"i\":12,\"r\":12.0,\"neg\":-1.5,\"huge\":1e300,"
                        "\"big\":-9223372036854775807,\"o\":{}}";
    assert_int_equal(csi_json_parse(text, strlen(text), &json), CSI_JSON_OK);
    assert_string_equal(csi_json_text(json, "s"), "x");
    assert_null(csi_json_text(json, "n"));
    assert_null(csi_json_text(json, "i"));
    assert_null(csi_json_array(json, "o"));
    assert_true(csi_json_int(json, "i", &number) && number == 12);
    assert_true(csi_json_int(json, "r", &number) && number == 12);
    assert_true(csi_json_int(json, "neg", &number) && number == -1);
    assert_false(csi_json_int(json, "big", &number));
    assert_false(csi_json_int(json, "huge", &number));
    assert_int_equal(number, -1);
    assert_false(csi_json_int(json, "s", &number));
    csi_json_free(json);
    assert_int_equal(csi_json_parse("{\"a\":1", 6, &json), CSI_JSON_BAD);
    assert_int_equal(csi_json_parse("{} x", 4, &json), CSI_JSON_BAD);
    assert_int_equal(csi_json_parse(NULL, 0, &json), CSI_JSON_BAD);
    csi_json_free(NULL);
}

/* What is given out as JSON text says what the server said: numbers above all. */
static void test_json_text_of_values(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "{ \"b\" : [1, -2.5 , true,false,null,{}], \"a\":\"\\u00e9\\\"\\n\" }",
          "{\"b\":[1,-2.5,true,false,null,{}],\"a\":\"\u00e9\\\"\\u000a\"}" },
        { "[0.1,1e-7,123456.789,0.30000000000000004]",
          "[0.1,1e-07,123456.789,0.30000000000000004]" },
        { "[9223372036854775807,-9223372036854775808]",
          "[9223372036854775807,-9223372036854775808]" },
        { "[100000000000000000000,7]", "[1e+20,7]" }, /* beyond 64 bits */
        { "{\"a\":-9223372036854775809,\"b\":3600}", "{\"a\":-9.223372036854776e+18,\"b\":3600}" },
        { "\"x\"", "\"x\"" }
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *json = NULL;
        void *box = csi_box_new(1);
        assert_non_null(box);
        assert_int_equal(csi_json_parse(rows[i][0], strlen(rows[i][0]), &json), CSI_JSON_OK);
        assert_string_equal(csi_json_box_dump(box, json), rows[i][1]);
        csi_json_free(json);
        csi_box_free(box);
    }
    json_t *json = NULL;
    assert_int_equal(csi_json_parse("[1e999]", 7, &json), CSI_JSON_BAD);
}

static void test_json_grammar(void **state)
{
    (void)state;
    static const char *const good[] = { "1",
                                        " -0.5e+3 ",
                                        "\"\\u00e9\\n\"",
                                        "[]",
                                        "[1,[2],{}]",
                                        "{\"a\":{\"b\":null},\"c\":[true,false]}",
                                        "0",
                                        "-0",
                                        "1E-2",
                                        " {} ",
                                        "\"\xf0\x9f\x94\x91\x7f\"",
                                        "\"\\ud83d\\udd11\"" };
    static const char *const bad[] = { "",
                                       " ",
                                       "01",
                                       "-",
                                       "1.",
                                       "1e",
                                       "\"",
                                       "\"\\x\"",
                                       "\"\\u12g4\"",
                                       "[1,]",
                                       "{\"a\"}",
                                       "{\"a\":1,}",
                                       "{a:1}",
                                       "[1 2]",
                                       "nul",
                                       "1 2",
                                       "\"\n\"",
                                       "[",
                                       "{\"a\":",
                                       "+1",
                                       ".5",
                                       "1e+",
                                       "{,}",
                                       "[,1]",
                                       "\"\\u0000\"",
                                       "\"\\ud800\"",
                                       "\"\\udc00\"",
                                       "\"\\ud800\\u0041\"",
                                       "\"\xff\"",
                                       "\"\xc3\"",
                                       "\"\xed\xa0\x80\"",
                                       "\"\xc0\xaf\"",
                                       "\"\xf4\x90\x80\x80\"",
                                       "{\"a\":1e999}",
                                       "NaN",
                                       "1e9999",
                                       "\xef\xbb\xbf{}",
                                       "\"\\u12",
                                       "\"\\",
                                       "truex",
                                       "{\"a\":1]",
                                       "[1}" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        json_t *json = NULL;
        assert_int_equal(csi_json_parse(good[i], strlen(good[i]), &json), CSI_JSON_OK);
        csi_json_free(json);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json_t *json = NULL;
        size_t size = strlen(bad[i]);
        char *exact = malloc(size + (size == 0)); /* without a NUL behind it, for ASan to see */
        assert_non_null(exact);
        memcpy(exact, bad[i], size);
        assert_int_equal(csi_json_parse(exact, size, &json), CSI_JSON_BAD);
        assert_null(json);
        free(exact);
    }
}

/* What jansson's own parser says of the same text, byte for byte of a document. */
static void test_json_as_jansson(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\": [1, -20, 3.25, 1e3, true, false, null, \"x\\u00e9\\ud83d\\udd11\\\\\\/\\b\xc3\xa9\"],"
        " \"b\":{\"a\":{}, \"a\":[[]]}, \"\":\"\", \"n\":9223372036854775807}";
    static const char replaced[] = "\"\\{}[],:0-.eu \n\xc3\x80";
    char copy[sizeof text];
    for (size_t i = 0; i < sizeof text; i++) {
        for (size_t j = 0; j < sizeof replaced - 1; j++) { /* a NUL it skips behind a number */
            json_t *own = NULL;
            memcpy(copy, text, sizeof text);
            copy[i] = replaced[j];
            size_t size = i == sizeof text - 1 ? j * 7 % sizeof text : sizeof text - 1;
            json_t *theirs = json_loadb(copy, size, JSON_DECODE_ANY, NULL);
            enum csi_json_result result = csi_json_parse(copy, size, &own);
            assert_int_equal(result, theirs == NULL ? CSI_JSON_BAD : CSI_JSON_OK);
            assert_true(theirs == NULL || json_equal(own, theirs));
            csi_json_free(own);
            json_decref(theirs);
        }
    }
}

/* RFC 6238 appendix B, the SHA-1 rows, last six digits. */
static void test_totp_vectors(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        const char *code;
    } rows[] = { { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
                 { 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" } };
    char code[CS_TOTP_CODE_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(cs_totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", rows[i].at, code), CS_OK);
        assert_string_equal(code, rows[i].code);
    }
    assert_int_equal(cs_totp_code("gezd gnbv-gy3t qojq gezdgnbvgy3tqojq====", 59, code), CS_OK);
    assert_string_equal(code, "287082");
    assert_int_equal(cs_totp_code("GEZD1", 59, code), CS_ERR_INVALID_ARGUMENT);
    assert_string_equal(code, "");
    assert_int_equal(cs_totp_code("GEZD=X", 59, code), CS_ERR_INVALID_ARGUMENT);
    assert_int_equal(cs_totp_code("", 59, code), CS_ERR_INVALID_ARGUMENT);
    assert_int_equal(cs_totp_code(NULL, 59, code), CS_ERR_INVALID_ARGUMENT);
    assert_int_equal(cs_totp_code("GEZDGNBV", -1, code), CS_ERR_INVALID_ARGUMENT);
    assert_int_equal(cs_totp_code("GEZDGNBV", 59, NULL), CS_ERR_INVALID_ARGUMENT);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(cs_status_name(CS_OK), "CS_OK");
    assert_string_equal(cs_status_name(CS_ERR_SYSTEM), "CS_ERR_SYSTEM");
    assert_string_equal(cs_status_name((cs_status)999), "CS_ERR_UNKNOWN");
    assert_string_equal(cs_status_name((cs_status)-1), "CS_ERR_UNKNOWN");
    for (int i = 0; i <= CS_ERR_SYSTEM; i++) {
        assert_non_null(cs_status_name((cs_status)i));
        assert_true(strlen(cs_status_message((cs_status)i)) > 5);
    }
    assert_string_equal(cs_auth_event_name(CS_EVENT_MFA_CHALLENGE_VERIFIED),
                        "MFA_CHALLENGE_VERIFIED");
    assert_string_equal(cs_auth_event_name((cs_auth_event)99), "UNKNOWN");
    assert_string_equal(cs_version(), "0.1.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),         cmocka_unit_test(test_uuids),
        cmocka_unit_test(test_base64url),    cmocka_unit_test(test_json_text),
        cmocka_unit_test(test_limits_stick), cmocka_unit_test(test_box),
        cmocka_unit_test(test_json_members), cmocka_unit_test(test_json_text_of_values),
        cmocka_unit_test(test_json_grammar), cmocka_unit_test(test_json_as_jansson),
        cmocka_unit_test(test_totp_vectors), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
