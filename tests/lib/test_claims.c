/* Claims: local, and verified by keys that the test makes itself, with every forgery it knows. */
#include "stub.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stub stub;
static cs_client *client;
static EVP_PKEY *rsa, *ec;
static char jwks[4096];

/* OpenSSL's memory, which fails when the countdown reaches 0. */
static long countdown = -1;
static bool failed;

static bool fails_now(void)
{
    if (countdown > 0 && --countdown == 0) {
        failed = true;
        return true;
    }
    return false;
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : malloc(size);
}

static void *openssl_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : realloc(memory, size);
}

static void openssl_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

static void bn_member(EVP_PKEY *key, const char *name, size_t size, char *out)
{
    BIGNUM *number = NULL;
    unsigned char bytes[256];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    size = size == 0 ? (size_t)BN_num_bytes(number) : size;
    assert_int_equal(BN_bn2binpad(number, bytes, (int)size), (int)size);
    stub_base64url(out, bytes, size);
    BN_free(number);
}

static int make_keys(void **state)
{
    (void)state;
    char n[400], e[16], x[64], y[64];
    rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");
    if (rsa == NULL || ec == NULL) {
        return -1;
    }
    bn_member(rsa, OSSL_PKEY_PARAM_RSA_N, 0, n);
    bn_member(rsa, OSSL_PKEY_PARAM_RSA_E, 0, e);
    bn_member(ec, OSSL_PKEY_PARAM_EC_PUB_X, 32, x);
    bn_member(ec, OSSL_PKEY_PARAM_EC_PUB_Y, 32, y);
    snprintf(jwks, sizeof jwks,
             "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"alg\":\"RS256\",\"n\":\"%s\",\"e\":"
             "\"%s\"},{\"kty\":\"EC\",\"kid\":\"e\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"},"
             "{\"kty\":\"EC\",\"kid\":\"broken\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"},"
             "{\"kty\":\"RSA\",\"kid\":\"short\",\"n\":\"AQAB\",\"e\":\"AQAB\"},"
             "{\"kty\":\"oct\",\"kid\":\"oct\",\"k\":\"AQAB\"}, 5]}",
             n, e, x, y, x, x);
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    stub_init(&stub);
    client = stub_client(&stub, NULL);
    return client == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    cs_client_free(&client);
    stub_free(&stub);
    return 0;
}

/* r and s side by side, of a DER signature. */
static size_t raw_signature(const unsigned char *der, size_t size, unsigned char *out)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
    assert_non_null(pair);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32);
    ECDSA_SIG_free(pair);
    return 64;
}

static const char *more_claims = "";

static void make_token(char *out, size_t size, EVP_PKEY *key, const char *header, long lifetime)
{
    char first[256], second[1024], third[512], claims[512];
    unsigned char signature[512], raw[64];
    size_t used = sizeof signature;
    snprintf(
        claims, sizeof claims,
        "{\"iss\":\"http://auth.test/auth/v1\",\"sub\":\"" USER_ID "\",\"aud\":[\"a\",\"b\"],"
        "\"exp\":%lld,\"iat\":5,\"aal\":\"aal2\",\"amr\":[\"password\"],\"custom\":{\"a\":1}%s}",
        (long long)stub.now + lifetime, more_claims);
    stub_base64url(first, header, strlen(header));
    stub_base64url(second, claims, strlen(claims));
    snprintf(out, size, "%s.%s", first, second);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(
        EVP_DigestSign(context, signature, &used, (const unsigned char *)out, strlen(out)), 1);
    EVP_MD_CTX_free(context);
    if (key == ec) {
        used = raw_signature(signature, used, raw);
        memcpy(signature, raw, used);
    }
    stub_base64url(third, signature, used);
    snprintf(out, size, "%s.%s.%s", first, second, third);
}

static cs_status get_claims(const char *token)
{
    cs_claims *claims = NULL;
    cs_status status = cs_auth_get_claims(client, &(cs_get_claims_params){ .jwt = token }, &claims);
    assert_int_equal(claims != NULL, status == CS_OK);
    if (claims != NULL) {
        assert_true(claims->verified);
    }
    cs_claims_free(&claims);
    return status;
}

static void test_local(void **state)
{
    (void)state;
    cs_claims *claims = NULL;
    assert_int_equal(cs_auth_get_local_claims(client, &claims), CS_ERR_SESSION_MISSING);
    stub_sign_in(&stub, client);
    assert_int_equal(cs_auth_get_local_claims(client, &claims), CS_OK);
    assert_int_equal(stub.asked, 0);
    assert_string_equal(claims->sub, USER_ID);
    assert_string_equal(claims->aal, "aal1");
    assert_string_equal(claims->aud, "authenticated");
    assert_string_equal(claims->alg, "HS256");
    assert_string_equal(claims->kid, "");
    assert_int_equal(claims->exp, stub.now + 3600);
    assert_false(claims->verified);
    cs_claims_free(&claims);
}

static void test_rs256_and_es256(void **state)
{
    (void)state;
    char token[2048];
    cs_claims *claims = NULL;
    stub_only(&stub, 200, jwks);
    make_token(token, sizeof token, rsa, "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JWT\"}", 100);
    assert_int_equal(cs_auth_get_claims(client, &(cs_get_claims_params){ .jwt = token }, &claims),
                     CS_OK);
    assert_non_null(strstr(stub.url, "/auth/v1/.well-known/jwks.json"));
    assert_true(claims->verified);
    assert_string_equal(claims->aud, "a");
    assert_string_equal(claims->amr[0].method, "password");
    assert_non_null(strstr(claims->claims, "\"custom\":{\"a\":1}"));
    cs_claims_free(&claims);
    make_token(token, sizeof token, ec, "{\"alg\":\"ES256\",\"kid\":\"e\",\"typ\":\"JWT\"}", 100);
    assert_int_equal(get_claims(token), CS_OK);
    assert_int_equal(stub.asked, 1); /* the keys are kept */
}

/* A server that cannot give its keys is not asked for them by each forged token. */
static void test_keys_that_cannot_be_had(void **state)
{
    (void)state;
    char token[2048], header[64];
    stub_only(&stub, 404, "{\"code\":\"not_found\",\"msg\":\"no keys here\"}");
    for (int i = 0; i < 5; i++) {
        snprintf(header, sizeof header, "{\"alg\":\"RS256\",\"kid\":\"forged-%d\"}", i);
        make_token(token, sizeof token, rsa, header, 100);
        assert_int_equal(get_claims(token), CS_ERR_API);
        assert_string_equal(cs_client_last_error(client)->message, "no keys here");
    }
    assert_int_equal(stub.asked, 1);
}

static void test_forgeries(void **state)
{
    (void)state;
    char token[2048];
    stub_only(&stub, 200, jwks);
    static const struct {
        bool by_ec;
        const char *header;
    } rows[] = {
        { true, "{\"alg\":\"RS256\",\"kid\":\"r\"}" },
        { false, "{\"alg\":\"ES256\",\"kid\":\"e\"}" },
        { false, "{\"alg\":\"RS256\",\"kid\":\"e\"}" },
        { true, "{\"alg\":\"ES256\",\"kid\":\"r\"}" },
        { true, "{\"alg\":\"ES256\",\"kid\":\"broken\"}" },
        { false, "{\"alg\":\"RS256\",\"kid\":\"short\"}" },
        { false, "{\"alg\":\"RS256\",\"kid\":\"oct\"}" },
        { true, "{\"alg\":\"ES256\",\"kid\":\"oct\"}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        make_token(token, sizeof token, rows[i].by_ec ? ec : rsa, rows[i].header, 100);
        assert_int_equal(get_claims(token), CS_ERR_INVALID_TOKEN);
    }
    make_token(token, sizeof token, ec, "{\"alg\":\"ES256\",\"kid\":\"e\"}", 100);
    char *dot = strchr(token, '.');
    dot[10] = dot[10] == 'A' ? 'B' : 'A'; /* another payload */
    assert_int_equal(get_claims(token), CS_ERR_INVALID_TOKEN);
    make_token(token, sizeof token, rsa, "{\"alg\":\"RS256\",\"kid\":\"r\"}", 100);
    *strrchr(token, '.') = '\0';
    assert_int_equal(get_claims(token), CS_ERR_INVALID_TOKEN);
    memcpy(token + strlen(token), ".", 2);
    assert_int_equal(get_claims(token), CS_ERR_INVALID_TOKEN);
    static const char *const no_tokens[] = {
        "", ".", "..", "a.b.c", "e30.e30.e30.e30", "e30.W10.e30", "e30.e30.!", "e30.e30.e30"
    };
    for (size_t i = 0; i < sizeof no_tokens / sizeof no_tokens[0]; i++) {
        assert_int_equal(get_claims(no_tokens[i]), CS_ERR_INVALID_TOKEN);
    }
}

static void test_asked_of_the_server(void **state)
{
    (void)state;
    char token[2048], claims[64];
    snprintf(claims, sizeof claims, "{\"exp\":%lld}", (long long)stub.now + 100);
    static const char *const headers[] = { "{\"alg\":\"HS256\",\"kid\":\"r\"}",
                                           "{\"alg\":\"none\",\"kid\":\"r\"}",
                                           "{\"alg\":\"RS256\"}", "{\"kid\":\"r\"}",
                                           "{\"alg\":\"EdDSA\",\"kid\":\"r\"}" };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        stub_jwt(token, sizeof token, headers[i], claims);
        stub_only(&stub, 200, USER_JSON);
        assert_int_equal(get_claims(token), CS_OK);
        assert_non_null(strstr(stub.url, "/auth/v1/user"));
        stub_only(&stub, 403, "{\"code\":\"bad_jwt\",\"message\":\"invalid JWT\"}");
        assert_int_equal(get_claims(token), CS_ERR_API);
    }
    stub_only(&stub, 200, jwks);
    stub_answer(&stub, 403, "{\"code\":\"bad_jwt\",\"message\":\"invalid JWT\"}");
    stub_jwt(token, sizeof token, "{\"alg\":\"RS256\",\"kid\":\"new\"}", claims);
    assert_int_equal(get_claims(token), CS_ERR_API);
    assert_int_equal(stub.asked, 2);
    stub_only(&stub, 403, "{\"code\":\"bad_jwt\",\"message\":\"invalid JWT\"}");
    assert_int_equal(get_claims(token), CS_ERR_API);
    assert_int_equal(stub.asked, 1); /* forged key ids do not make it fetch keys again at once */
}

static void test_expired(void **state)
{
    (void)state;
    char token[2048];
    cs_claims *claims = NULL;
    stub_only(&stub, 200, jwks);
    make_token(token, sizeof token, rsa, "{\"alg\":\"RS256\",\"kid\":\"r\"}", -5);
    assert_int_equal(get_claims(token), CS_ERR_INVALID_TOKEN);
    assert_non_null(strstr(cs_client_last_error(client)->message, "expired 5 seconds ago"));
    assert_int_equal(stub.asked, 0);
    const cs_get_claims_params params = { .jwt = token, .allow_expired = true };
    assert_int_equal(cs_auth_get_claims(client, &params, &claims), CS_OK);
    cs_claims_free(&claims);
    stub_jwt(token, sizeof token, "{\"alg\":\"HS256\"}", "{\"sub\":\"x\"}");
    assert_int_equal(get_claims(token), CS_ERR_INVALID_TOKEN);
    assert_int_equal(cs_auth_get_claims(client, NULL, &claims), CS_ERR_SESSION_MISSING);
}

/* Whatever fails inside OpenSSL, a good token is refused at worst, and a forged one always. */
static void test_openssl_without_memory(void **state)
{
    (void)state;
    static const struct {
        bool by_ec;
        const char *header;
        bool good;
    } rows[] = { { false, "{\"alg\":\"RS256\",\"kid\":\"r\"}", true },
                 { true, "{\"alg\":\"ES256\",\"kid\":\"e\"}", true },
                 { false, "{\"alg\":\"ES256\",\"kid\":\"e\"}", false } };
    char token[2048];
    stub_only(&stub, 200, jwks);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        make_token(token, sizeof token, rows[i].by_ec ? ec : rsa, rows[i].header, 100);
        long n = 0;
        cs_status status;
        do {
            failed = false;
            countdown = ++n;
            status = get_claims(token);
            countdown = -1;
            bool refused = status == CS_ERR_INVALID_TOKEN || status == CS_ERR_NO_MEMORY;
            assert_true(refused || (rows[i].good && status == CS_OK));
        } while (failed);
        assert_int_equal(status, rows[i].good ? CS_OK : CS_ERR_INVALID_TOKEN);
        print_message("%ld allocations of OpenSSL failed in turn\n", n - 1);
        assert_true(n > 10);
    }
}

/* A key is for what it says it is, and a token is not used before its time, or in a way that this
 * library does not know. */
static void test_keys_for_something_else(void **state)
{
    (void)state;
    static const struct {
        const char *member;
        bool good;
    } rows[] = { { "\"use\":\"sig\"", true },
                 { "\"use\":\"enc\"", false },
                 { "\"use\":5", false },
                 { "\"key_ops\":[\"verify\"]", true },
                 { "\"key_ops\":[\"sign\",\"verify\"]", true },
                 { "\"key_ops\":[]", false },
                 { "\"key_ops\":[\"encrypt\",7]", false },
                 { "\"key_ops\":\"verify\"", false } };
    char token[2048], set[sizeof jwks + 64];
    make_token(token, sizeof token, rsa, "{\"alg\":\"RS256\",\"kid\":\"r\"}", 100);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cs_client *fresh = stub_client(&stub, NULL);
        cs_claims *claims = NULL;
        snprintf(set, sizeof set, "{\"keys\":[{%s,%s", rows[i].member,
                 jwks + strlen("{\"keys\":[{"));
        stub_only(&stub, 200, set);
        assert_int_equal(
            cs_auth_get_claims(fresh, &(cs_get_claims_params){ .jwt = token }, &claims),
            rows[i].good ? CS_OK : CS_ERR_INVALID_TOKEN);
        cs_claims_free(&claims);
        cs_client_free(&fresh);
    }
}

static void test_not_yet_and_critical(void **state)
{
    (void)state;
    char token[2048], nbf[64];
    stub_only(&stub, 200, jwks);
    for (int ahead = 0; ahead <= 120; ahead += 60) { /* a minute is for clocks that differ */
        snprintf(nbf, sizeof nbf, ",\"nbf\":%lld", (long long)stub.now + ahead);
        more_claims = nbf;
        make_token(token, sizeof token, rsa, "{\"alg\":\"RS256\",\"kid\":\"r\"}", 600);
        more_claims = "";
        assert_int_equal(get_claims(token), ahead <= 60 ? CS_OK : CS_ERR_INVALID_TOKEN);
    }
    assert_non_null(strstr(cs_client_last_error(client)->message, "in 120 seconds"));
    make_token(token, sizeof token, rsa,
               "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"b64\"],\"b64\":false}", 100);
    assert_int_equal(get_claims(token), CS_ERR_INVALID_TOKEN);
}

static void test_odd_keys(void **state)
{
    (void)state;
    char token[2048];
    static const char *const sets[] = { "[]", "{}", "{\"keys\":5}", "{\"keys\":[null,{\"kid\":5}]}",
                                        "5" };
    make_token(token, sizeof token, rsa, "{\"alg\":\"RS256\",\"kid\":\"r\"}", 100);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        cs_client *fresh = stub_client(&stub, NULL);
        cs_claims *claims = NULL;
        stub_only(&stub, 200, sets[i]);
        stub_answer(&stub, 403, "{\"code\":\"bad_jwt\",\"message\":\"m\"}");
        assert_int_equal(
            cs_auth_get_claims(fresh, &(cs_get_claims_params){ .jwt = token }, &claims),
            CS_ERR_API);
        cs_client_free(&fresh);
    }
}

#define CLAIMS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIMS_TEST(test_local),
        CLAIMS_TEST(test_rs256_and_es256),
        CLAIMS_TEST(test_keys_that_cannot_be_had),
        CLAIMS_TEST(test_forgeries),
        CLAIMS_TEST(test_asked_of_the_server),
        CLAIMS_TEST(test_expired),
        CLAIMS_TEST(test_keys_for_something_else),
        CLAIMS_TEST(test_not_yet_and_critical),
        CLAIMS_TEST(test_odd_keys),
        CLAIMS_TEST(test_openssl_without_memory),
    };
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) {
        return 2;
    }
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
