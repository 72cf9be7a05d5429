/* test_bodies.c: decoding of JSON bodies: for every field of every body the wrong types (row G10),
 * null, absence and unknown keys; the tables come from bodies.def. */
#include "api/bodies.h"

#include "../crypto/testing.h"

static const struct {
    const char *name;
    const struct body_shape *shape;
} shapes[] = {
#define BEGIN(body) { #body, &shape_##body },
#define FIELD(body, type, name)
#define END(body)
#define END_OPTIONAL(body)
#define END_EXACT(body)
#include "api/bodies.def"
#undef BEGIN
#undef FIELD
#undef END
#undef END_OPTIONAL
#undef END_EXACT
};

static enum problem decode(struct arena *arena, const struct body_shape *shape, const char *text,
                           const void **out, const char **why)
{
    struct ctx ctx = { .arena = arena };
    enum problem problem = body_decode(&ctx, shape, text, strlen(text), out);
    *why = ctx.problem_arg;
    return problem;
}

static void wrong_types_in_every_field(void **state)
{
    static const char *const values[] = { "1", "1.5", "true", "\"x\"", "[]", "[\"x\"]", "{}" };
    int tried = 0;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        for (int f = 0; f < shapes[i].shape->count; f++) {
            const struct body_field *field = &shapes[i].shape->fields[f];
            for (size_t v = 0; v < COUNT(values); v++) {
                const char *text = arena_printf(*state, "{\"%s\":%s}", field->name, values[v]),
                           *why;
                const void *out;
                bool fits = (field->type == FIELD_TEXT && values[v][0] == '"') ||
                            (field->type == FIELD_OBJECT && values[v][0] == '{') ||
                            ((field->type == FIELD_BOOL || field->type == FIELD_CHOICE) &&
                             values[v][0] == 't');
                enum problem problem = decode(*state, shapes[i].shape, text, &out, &why);
                if (problem != (fits ? P_OK : P_BAD_JSON) ||
                    (!fits && strncmp(why, field->name, strlen(field->name)) != 0)) {
                    fail_msg("%s %s: %d %s", shapes[i].name, text, problem, why);
                }
                tried++;
            }
        }
    }
    assert_true(tried > 250);
}

static void null_is_absent_in_every_field(void **state)
{
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const struct body_shape *shape = shapes[i].shape;
        unsigned char *zero = arena_alloc(*state, shape->size);
        for (int f = 0; f < shape->count; f++) {
            const char *text = arena_printf(*state, "{\"%s\":null}", shape->fields[f].name), *why;
            const void *out;
            assert_int_equal(decode(*state, shape, text, &out, &why), P_OK);
            assert_memory_equal(out, zero, shape->size);
        }
    }
}

/* Row W5: the case of keys does not count, but in the bodies of factors (row B18) it does. */
static void keys_in_another_case(void **state)
{
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const struct body_shape *shape = shapes[i].shape;
        for (int f = 0; f < shape->count; f++) {
            const char *name = shape->fields[f].name, *why;
            char *upper = arena_strdup(*state, name);
            const void *out;
            upper[0] = (char)(upper[0] - 'a' + 'A');
            const char *wrong = arena_printf(*state, "{\"%s\":[]}", upper);
            assert_int_equal(decode(*state, shape, wrong, &out, &why),
                             shape->exact ? P_OK : P_BAD_JSON);
            const char *twice = arena_printf(*state, "{\"%s\":\"a\",\"%s\":\"a\"}", name, upper);
            if (!shape->exact) {
                assert_int_equal(decode(*state, shape, twice, &out, &why), P_BAD_JSON);
            }
        }
    }
    const void *out;
    const char *why;
    assert_int_equal(decode(*state, &shape_sign_up, "{\"EMAIL\":\"a@b.c\"}", &out, &why), P_OK);
    assert_string_equal(((const struct body_sign_up *)out)->email, "a@b.c");
    assert_true(shape_factor_verify.exact && shape_factor_enroll.exact);
    assert_false(shape_sign_up.exact);
}

static void values_arrive(void **state)
{
    const void *out;
    const char *why;
    assert_int_equal(decode(*state, &shape_factor_verify,
                            "{\"challenge_id\":\"00112233-4455-4677-8899-AABBCCDDEEFF\","
                            "\"code\":\"123456\",\"factor_id\":7,\"Code\":[]}",
                            &out, &why),
                     P_OK);
    const struct body_factor_verify *verify = out;
    char text[UUID_TEXT];
    assert_string_equal(verify->code, "123456");
    assert_string_equal(uuid_format(&verify->challenge_id, text),
                        "00112233-4455-4677-8899-aabbccddeeff");
    assert_int_equal(
        decode(*state, &shape_user_delete, "{\"should_soft_delete\":true}", &out, &why), P_OK);
    assert_true(((const struct body_user_delete *)out)->should_soft_delete);
    assert_int_equal(decode(*state, &shape_sign_up, "{\"data\":{\"k\":\"v\"}}", &out, &why), P_OK);
    assert_string_equal(json_member_text(((const struct body_sign_up *)out)->data, "k"), "v");
}

static void whole_bodies(void **state)
{
    static const char *const bad[] = { "[]",
                                       "\"x\"",
                                       "1",
                                       "true",
                                       "{",
                                       "{}{}",
                                       " ",
                                       "{\"a\":1,\"a\":2}",
                                       "\xef\xbb\xbf{}",
                                       "{\"a\":\"\xff\"}" };
    const void *out;
    const char *why;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const struct body_shape *shape = shapes[i].shape;
        for (size_t k = 0; k < COUNT(bad); k++) {
            assert_int_equal(decode(*state, shape, bad[k], &out, &why), P_BAD_JSON);
            assert_non_null(why);
        }
        assert_int_equal(decode(*state, shape, "", &out, &why),
                         shape->optional ? P_OK : P_BAD_JSON);
        assert_int_equal(decode(*state, shape, "null", &out, &why), P_OK);
        assert_int_equal(decode(*state, shape, " {} ", &out, &why), P_OK);
    }
}

static void ids_in_no_other_form(void **state)
{
    static const char *const bad[] = { "\"\"", "\"x\"", "\"00112233445546778899aabbccddeeff\"",
                                       "\"00112233-4455-4677-8899-aabbccddeeff \"" };
    const void *out;
    const char *why;
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *text = arena_printf(*state, "{\"challenge_id\":%s}", bad[i]);
        assert_int_equal(decode(*state, &shape_factor_verify, text, &out, &why), P_BAD_JSON);
        assert_string_equal(why, "challenge_id must be a UUID");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(wrong_types_in_every_field),
        ARENA_TEST(null_is_absent_in_every_field),
        ARENA_TEST(keys_in_another_case),
        ARENA_TEST(values_arrive),
        ARENA_TEST(whole_bodies),
        ARENA_TEST(ids_in_no_other_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
