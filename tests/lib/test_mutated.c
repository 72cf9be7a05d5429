/* Answers with bytes changed, cut out and doubled at random (always the same random): whatever
 * comes, a call returns a status, gives an answer only with CS_OK, and its text is never NULL. Made
 * for ASan and UBSan. */
#include "stub.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 4000 };

static struct stub stub;
static cs_client *client;
static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static int set_up(void **state)
{
    (void)state;
    stub_init(&stub);
    cs_client_options options = { .max_retries = -1 };
    client = stub_client(&stub, &options);
    return client == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    cs_client_free(&client);
    stub_free(&stub);
    return 0;
}

/* A text with a few faults in it. */
static const char *mutated(const char *text)
{
    static char out[4096];
    static const char bytes[] = "\"\\{}[]:,0-9eu\x80\xff\x01 nt";
    snprintf(out, sizeof out, "%s", text);
    for (uint32_t faults = draw(4); faults > 0; faults--) {
        size_t size = strlen(out);
        size_t at = draw((uint32_t)size + 1), count = draw(12);
        if (count > size - at) {
            count = size - at;
        }
        switch (draw(4)) {
        case 0:
            out[at] = at < size ? bytes[draw(sizeof bytes - 1)] : '\0';
            break;
        case 1: /* cut out */
            memmove(out + at, out + at + count, size - at - count + 1);
            break;
        case 2: /* doubled */
            if (size + count + 1 < sizeof out) {
                memmove(out + at + count, out + at, size - at + 1);
            }
            break;
        default:
            out[at] = '\0';
        }
    }
    return out;
}

static void answer(const char *text)
{
    static const int statuses[] = { 200, 200, 200, 400, 403, 422, 429, 500, 302 };
    stub_only(&stub, statuses[draw(9)], mutated(text));
}

/* Reads every text of a user, as a program would. */
static size_t read_user(const cs_user *user)
{
    size_t sum = 0;
    if (user == NULL) {
        return 0;
    }
    sum += strlen(user->id) + strlen(user->email) + strlen(user->app_metadata) +
           strlen(user->user_metadata) + strlen(user->json) + strlen(user->banned_until);
    for (size_t i = 0; i < user->factors_count; i++) {
        sum += strlen(user->factors[i].id) + strlen(user->factors[i].last_challenged_at);
    }
    for (size_t i = 0; i < user->identities_count; i++) {
        sum += strlen(user->identities[i].id) + strlen(user->identities[i].identity_data);
    }
    return sum;
}

static void test_sessions(void **state)
{
    (void)state;
    int good = 0;
    const cs_sign_in_with_password_params params = { .email = "a", .password = "b" };
    for (int i = 0; i < ROUNDS; i++) {
        cs_auth_response *out = NULL;
        cs_mfa_assurance_level *level = NULL;
        answer(stub_session(&stub, 0, "aal1", 3600, "r"));
        cs_status status = cs_auth_sign_in_with_password(client, &params, &out);
        assert_int_equal(out != NULL, status == CS_OK);
        if (out != NULL) {
            good++;
            (void)read_user(out->user);
            assert_true(out->session == NULL || strlen(out->session->refresh_token) > 0);
            cs_status local = cs_auth_mfa_get_authenticator_assurance_level(client, &level);
            assert_int_equal(level != NULL, local == CS_OK);
            assert_true(level == NULL || strlen(level->next_level) < 100);
        }
        cs_mfa_assurance_level_free(&level);
        cs_auth_response_free(&out);
    }
    assert_true(good > ROUNDS / 20 && good < ROUNDS);
}

static void test_mfa(void **state)
{
    (void)state;
    int good = 0;
    stub_sign_in(&stub, client);
    for (int i = 0; i < ROUNDS; i++) {
        cs_mfa_enroll_response *enrolled = NULL;
        cs_mfa_list_factors_response *list = NULL;
        answer("{\"id\":\"f\",\"type\":\"totp\",\"friendly_name\":\"n\",\"totp\":{\"qr_code\":"
               "\"<svg>\",\"secret\":\"S\",\"uri\":\"otpauth://totp/x\"}}");
        cs_status status =
            cs_auth_mfa_enroll(client, &(cs_mfa_enroll_params){ .factor_type = "totp" }, &enrolled);
        assert_int_equal(enrolled != NULL, status == CS_OK);
        if (enrolled != NULL) {
            good++;
            assert_true(strcmp(enrolled->type, "totp") != 0 || enrolled->totp != NULL);
            assert_true(enrolled->totp == NULL || strlen(enrolled->totp->secret) < 100);
        }
        answer(USER_JSON);
        status = cs_auth_mfa_list_factors(client, &list);
        assert_int_equal(list != NULL, status == CS_OK);
        for (size_t j = 0; list != NULL && j < list->all_count; j++) {
            assert_true(strlen(list->all[j].status) < 200);
        }
        cs_mfa_enroll_response_free(&enrolled);
        cs_mfa_list_factors_response_free(&list);
        assert_true(strlen(cs_client_last_error(client)->message) < 600);
    }
    assert_true(good > ROUNDS / 20 && good < ROUNDS);
}

static void test_tokens(void **state)
{
    (void)state;
    char jwt[512], token[512];
    stub_jwt(jwt, sizeof jwt, "{\"alg\":\"HS256\"}", "{\"exp\":9999999999,\"amr\":[\"a\"]}");
    for (int i = 0; i < ROUNDS; i++) {
        cs_claims *claims = NULL;
        snprintf(token, sizeof token, "%s", mutated(jwt));
        stub_only(&stub, 200, "{\"id\":\"u\",\"keys\":[]}");
        cs_status status =
            cs_auth_get_claims(client, &(cs_get_claims_params){ .jwt = token }, &claims);
        assert_int_equal(claims != NULL, status == CS_OK);
        assert_true(claims == NULL || strlen(claims->claims) > 1);
        cs_claims_free(&claims);
    }
}

#define MUTATED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MUTATED_TEST(test_sessions),
        MUTATED_TEST(test_mfa),
        MUTATED_TEST(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
