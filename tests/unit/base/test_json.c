/* test_json.c: strict reading, canonical writing (contract row W1), and merging of metadata. */
#include "base/json.h"

#include "../crypto/testing.h"

static const struct json_t *read_text(struct arena *arena, const char *text)
{
    const char *detail = "";
    const struct json_t *value = json_read(arena, text, strlen(text), &detail);
    if (!value) {
        fail_msg("%s: %s", text, detail);
    }
    return value;
}

static const char *written(struct arena *arena, const char *text)
{
    struct strbuf b = strbuf_in(arena, 1 << 20);
    json_write(&b, read_text(arena, text));
    assert_true(strbuf_ok(&b));
    return b.data;
}

static void kinds_and_values(void **state)
{
    const struct json_t *v = read_text(
        *state, " {\"s\":\"x\",\"n\":null,\"t\":true,\"f\":false,\"i\":-7,\"r\":2.5,\"w\":3.0,"
                "\"a\":[1,\"b\"],\"o\":{\"k\":\"v\"}} ");
    int64_t n;
    double d;
    assert_int_equal(json_kind_of(v), KIND_OBJECT);
    assert_int_equal(json_count(v), 9);
    assert_string_equal(json_member_text(v, "s"), "x");
    assert_null(json_member(v, "n"));
    assert_null(json_member(v, "absent"));
    assert_null(json_member_text(v, "i"));
    assert_true(json_truth(json_member(v, "t")));
    assert_false(json_truth(json_member(v, "f")));
    assert_false(json_truth(json_member(v, "s")));
    assert_true(json_int(json_member(v, "i"), &n) && n == -7);
    assert_true(json_int(json_member(v, "w"), &n) && n == 3);
    assert_false(json_int(json_member(v, "r"), &n));
    assert_false(json_int(json_member(v, "s"), &n));
    assert_false(json_int(NULL, &n));
    assert_true(json_double(json_member(v, "r"), &d) && d == 2.5);
    assert_false(json_double(json_member(v, "s"), &d));
    assert_string_equal(json_text(json_nth(json_member(v, "a"), 1)), "b");
    assert_null(json_nth(json_member(v, "a"), 2));
    assert_string_equal(json_member_text(json_member(v, "o"), "k"), "v");
    assert_null(json_member(json_member(v, "a"), "k"));
    assert_null(json_member(NULL, "k"));
}

static void refusals(void **state)
{
    static const struct {
        const char *text, *detail;
    } bad[] = {
        { "", "unexpected end" },
        { "{\"a\":1,\"a\":2}", "duplicate key" },
        { "{\"o\":{\"a\":1,\"b\":0,\"a\":null}}", "duplicate key" },
        { "\"a\\u0000b\"", "byte" },
        { "{\"a\\u0000b\":1}", "byte" },
        { "\"\xff\"", "invalid UTF-8" },
        { "\"\xed\xa0\x80\"", "invalid UTF-8" },
        { "\"\\ud800\"", "byte" },
        { "\"\\udc00\"", "byte" },
        { "\"a\nb\"", "byte" },
        { "{", "invalid syntax" },
        { "{}x", "invalid syntax" },
        { "[1,]", "invalid syntax" },
        { "{a:1}", "invalid syntax" },
        { "'a'", "invalid syntax" },
        { "01", "invalid syntax" },
        { "NaN", "invalid syntax" },
        { "nul", "invalid syntax" },
        { "1e999", "number out of range" },
        { "[1e999,99999999999999999999]", "number out of range" },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *detail = NULL;
        if (json_read(*state, bad[i].text, strlen(bad[i].text), &detail)) {
            fail_msg("%s was read", bad[i].text);
        }
        if (!strstr(detail, bad[i].detail)) {
            fail_msg("%s: %s", bad[i].text, detail);
        }
    }
    const char *detail;
    assert_null(json_read(*state, "\"a\0b\"", 5, &detail));
    assert_null(json_read(*state, "{}\0", 3, &detail));
}

static void what_is_wrong_is_not_quoted(void **state)
{
    const char *text = "{\"password\":\"hunter2\",\"password\":\"hunter2\"}", *detail = NULL;
    assert_null(json_read(*state, text, strlen(text), &detail));
    assert_null(strstr(detail, "hunter2"));
    text = "{\"hunter2\" 1}";
    assert_null(json_read(*state, text, strlen(text), &detail));
    assert_null(strstr(detail, "hunter2"));
}

static void depth_is_bounded(void **state)
{
    enum { DEEP = 200000 };
    char *text = arena_alloc(*state, DEEP * 2 + 1);
    const char *detail = NULL;
    for (size_t n = 100; n <= DEEP; n *= DEEP / 100) {
        memset(text, '[', n);
        memset(text + n, ']', n);
        bool read = json_read(*state, text, n * 2, &detail) != NULL;
        assert_int_equal(read, n == 100);
    }
    assert_non_null(strstr(detail, "nested too deeply"));
}

static void writing_is_canonical(void **state)
{
    static const char *const cases[][2] = {
        { "{\"b\":1,\"a\":{\"d\":[ ],\"c\":{ }},\"B\":null}",
          "{\"B\":null,\"a\":{\"c\":{},\"d\":[]},\"b\":1}" },
        { "[ true , false,null ]", "[true,false,null]" },
        { "\"<b>&\\u2028\\u2029\"", "\"\\u003cb\\u003e\\u0026\\u2028\\u2029\"" },
        { "{\"<\":1}", "{\"\\u003c\":1}" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\"" },
        { "\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
        { "9007199254740993", "9007199254740993" },
        { "-0.1", "-0.1" },
        { "1e30", "1e+30" },
        { "0.30000000000000004", "0.30000000000000004" },
        { "1.5e-7", "1.5e-07" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(written(*state, cases[i][0]), cases[i][1]);
        /* and it is a fixed point */
        assert_string_equal(written(*state, cases[i][1]), cases[i][1]);
    }
}

static void quoting(void **state)
{
    struct strbuf b = strbuf_in(*state, 1000);
    json_quote(&b, "</script>\x01\xe2\x80\xa8\xe2\x80\xaa");
    assert_string_equal(b.data, "\"\\u003c/script\\u003e\\u0001\\u2028\xe2\x80\xaa\"");
}

static const char *merged(struct arena *arena, const char *stored, const char *patch)
{
    return json_merged(arena, stored, patch ? read_text(arena, patch) : NULL);
}

static void merging(void **state)
{
    assert_string_equal(merged(*state, "{\"a\":1,\"b\":2}", "{\"b\":3,\"c\":4}"),
                        "{\"a\":1,\"b\":3,\"c\":4}");
    assert_string_equal(merged(*state, "{\"a\":1,\"b\":2}", "{\"a\":null,\"x\":null}"),
                        "{\"b\":2}");
    assert_string_equal(merged(*state, "{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"z\":3}}"),
                        "{\"a\":{\"z\":3}}");
    assert_string_equal(merged(*state, "{\"a\":1}", "{\"o\":{\"n\":null}}"),
                        "{\"a\":1,\"o\":{\"n\":null}}");
    assert_string_equal(merged(*state, "{\"a\":1}", "{}"), "{\"a\":1}");
    assert_string_equal(merged(*state, "{\"a\":1}", NULL), "{\"a\":1}");
}

static void merging_into_nothing(void **state)
{
    static const char *const nothing[] = { NULL, "", "null", "[]", "7" };
    for (size_t i = 0; i < COUNT(nothing); i++) {
        assert_string_equal(merged(*state, nothing[i], "{\"a\":1}"), "{\"a\":1}");
        assert_string_equal(merged(*state, nothing[i], NULL), "{}");
    }
}

/* Numbers beyond 64 bits, as PostgreSQL writes 1e30, are read; what is unreadable is not lost. */
static void merging_into_what_others_wrote(void **state)
{
    assert_string_equal(
        merged(*state, "{\"a\":1000000000000000000000000000000,\"b\":7}", "{\"c\":1}"),
        "{\"a\":1e+30,\"b\":7,\"c\":1}");
    assert_string_equal(merged(*state, "{\"a\":-18446744073709551616}", "{\"a\":null}"), "{}");
    assert_string_equal(merged(*state, "{\"a\":1e999}", "{\"c\":1}"), "{\"a\":1e999}");
    assert_string_equal(merged(*state, "{", "{\"c\":1}"), "{");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(kinds_and_values),
        ARENA_TEST(refusals),
        ARENA_TEST(what_is_wrong_is_not_quoted),
        ARENA_TEST(depth_is_bounded),
        ARENA_TEST(writing_is_canonical),
        ARENA_TEST(quoting),
        ARENA_TEST(merging),
        ARENA_TEST(merging_into_nothing),
        ARENA_TEST(merging_into_what_others_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
