/* test_uuid.c: making, reading and writing identifiers (RFC 9562, contract row B18). */
#include "base/uuid.h"

#include "../crypto/testing.h"

static void text_and_back(void **state)
{
    (void)state;
    static const char *const forms[] = { "00112233-4455-4677-8899-aabbccddeeff",
                                         "00000000-0000-0000-0000-000000000000",
                                         "ffffffff-ffff-ffff-ffff-ffffffffffff" };
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct uuid id;
        char text[UUID_TEXT];
        assert_true(uuid_parse(forms[i], &id));
        assert_string_equal(uuid_format(&id, text), forms[i]);
    }
}

static void either_case_is_read(void **state)
{
    (void)state;
    struct uuid lower, upper;
    assert_true(uuid_parse("00112233-4455-4677-8899-aabbccddeeff", &lower));
    assert_true(uuid_parse("00112233-4455-4677-8899-AABBCCDDEEFF", &upper));
    assert_true(uuid_equal(&lower, &upper));
}

static void other_forms_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "00112233",
        "0011223344554677889900aabbccddee",
        "00112233-4455-4677-8899-aabbccddeef",
        "00112233-4455-4677-8899-aabbccddeefff",
        "{00112233-4455-4677-8899-aabbccddeeff}",
        "urn:uuid:00112233-4455-4677-8899-aabbccddeeff",
        " 00112233-4455-4677-8899-aabbccddeef",
        "00112233-4455-4677-8899-aabbccddeeg0",
        "00112233_4455_4677_8899_aabbccddeeff",
        "0011223-34455-4677-8899-aabbccddeeff",
        "00112233-4455-4677-8899-aabbccddee\xc3\xa9",
        "@0112233-4455-4677-8899-aabbccddeeff",
    };
    struct uuid id, before = { { 1, 2, 3 } };
    for (size_t i = 0; i < COUNT(bad); i++) {
        id = before;
        if (uuid_parse(bad[i], &id)) {
            fail_msg("%s was read", bad[i]);
        }
        assert_true(uuid_equal(&id, &before));
    }
    assert_false(uuid_parse(NULL, &id));
}

static void version_4(void **state)
{
    (void)state;
    struct entropy source = counting_entropy();
    struct uuid id = uuid_v4(&source);
    char text[UUID_TEXT];
    assert_string_equal(uuid_format(&id, text), "00010203-0405-4607-8809-0a0b0c0d0e0f");
    struct entropy real = entropy_system();
    struct uuid a = uuid_v4(&real), b = uuid_v4(&real);
    assert_false(uuid_equal(&a, &b));
}

static void version_7(void **state)
{
    (void)state;
    struct entropy source = counting_entropy();
    char text[UUID_TEXT];
    /* RFC 9562 §A.6: 2022-02-22T19:22:22.000Z */
    struct uuid id = uuid_v7(&source, INT64_C(1645557742000) * 1000);
    assert_memory_equal(uuid_format(&id, text), "017f22e2-79b0-7000-88", 21);
}

static void version_7_sorts_by_time(void **state)
{
    (void)state;
    struct entropy real = entropy_system();
    int64_t at = INT64_C(1772366400) * 1000000;
    struct uuid before = uuid_v7(&real, at);
    for (int i = 1; i <= 3000; i++) {
        struct uuid next = uuid_v7(&real, at + i);
        assert_true(memcmp(before.bytes, next.bytes, 8) <= 0);
        before = next;
    }
    struct uuid first = uuid_v7(&real, at), later = uuid_v7(&real, at + 1000);
    assert_true(memcmp(first.bytes, later.bytes, 8) < 0);
}

static void nil(void **state)
{
    (void)state;
    struct uuid id = { { 0 } };
    assert_true(uuid_is_nil(&id));
    id.bytes[15] = 1;
    assert_false(uuid_is_nil(&id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(either_case_is_read),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(version_4),
        cmocka_unit_test(version_7),
        cmocka_unit_test(version_7_sorts_by_time),
        cmocka_unit_test(nil),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
