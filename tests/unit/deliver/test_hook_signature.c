/* test_hook_signature.c: the webhook vectors of internals.md §13, several secrets, and
 * secrets that cannot sign; the metadata of a payload. */
#include "deliver/hook.h"

#include "../crypto/testing.h"

static void described(void **state)
{
    assert_string_equal(hook_signature(*state, "v1,whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
                                       "11111111-2222-4333-8444-555555555555", 1700000000,
                                       "{\"a\":1}"),
                        "v1,FAC1kcXnoUmqGl+gUB/FBKQ6H4M5mSYQgic5qJjZNDo=");
}

static void of_the_official_server(void **state)
{
    static const char body[] =
        "{\"metadata\":{\"uuid\":\"946bfa19-f5fd-41fe-8523-d5dfe98a1bc5\",\"time\":"
        "\"2026-11-25T00:36:56.139758066Z\",\"name\":\"customize-access-token\",\"ip_address\":"
        "\"127.0.0.1\"},\"user_id\":\"4feae296-d933-430f-abb4-cb756613b208\",\"claims\":{\"iss\":"
        "\"http://iss.example\",\"sub\":\"4feae296-d933-430f-abb4-cb756613b208\",\"aud\":"
        "\"authenticated\",\"exp\":1795570616,\"iat\":1795567016,\"email\":\"h@example.com\","
        "\"phone\":\"\",\"app_metadata\":{\"provider\":\"email\",\"providers\":[\"email\"]},"
        "\"user_metadata\":{\"email\":\"h@example.com\",\"email_verified\":true,\"k\":1,"
        "\"phone_verified\":false,\"sub\":\"4feae296-d933-430f-abb4-cb756613b208\"},\"role\":"
        "\"authenticated\",\"aal\":\"aal1\",\"amr\":[{\"method\":\"password\",\"timestamp\":"
        "1795567016}],\"session_id\":\"3053c468-2698-44be-9140-3469f5c98de1\",\"is_anonymous\":"
        "false},\"authentication_method\":\"password\"}";
    assert_string_equal(hook_signature(*state, "v1,whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
                                       "9228417f-a410-433b-a02c-0608cf210b74", 1795567016, body),
                        "v1,8O0QPsyVzhd35ebbkoNWhDsg6BwtmLPzn5sHBOZ29t8=");
}

static void several(void **state)
{
    const char *one = "v1,whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    const char *both = arena_printf(*state, "%s|%s", one, one);
    const char *single = hook_signature(*state, one, "i", 1, "b");
    assert_string_equal(hook_signature(*state, both, "i", 1, "b"),
                        arena_printf(*state, "%s, %s", single, single));
    assert_string_equal(hook_signature(*state, "", "i", 1, "b"), "");
}

static void unusable(void **state)
{
    assert_null(hook_signature(*state, "v1a,whpk_AAAA:whsk_AAAA", "i", 1, "b"));
    assert_null(hook_signature(*state, "v1,whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFR=X", "i", 1, "b"));
    assert_null(hook_signature(*state, "v1", "i", 1, "b"));
}

static void metadata(void **state)
{
    const char *detail = NULL;
    struct entropy entropy = entropy_system();
    struct ctx ctx = { .arena = *state, .entropy = &entropy, .now_us = INT64_C(1795567016139758) };
    struct strbuf full = strbuf_in(*state, 1000), bare = strbuf_in(*state, 1000);
    hook_metadata(&ctx, &full, "send-sms", "127.0.0.1");
    hook_metadata(&ctx, &bare, "", NULL);
    const struct json_t *v = json_read(*state, full.data, full.len, &detail);
    assert_string_equal(json_member_text(v, "time"), "2026-11-25T00:36:56.139758Z");
    assert_string_equal(json_member_text(v, "name"), "send-sms");
    assert_string_equal(json_member_text(v, "ip_address"), "127.0.0.1");
    assert_int_equal(strlen(json_member_text(v, "uuid")), 36);
    assert_int_equal(json_count(json_read(*state, bare.data, bare.len, &detail)), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(described), ARENA_TEST(of_the_official_server),
        ARENA_TEST(several),   ARENA_TEST(unusable),
        ARENA_TEST(metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
