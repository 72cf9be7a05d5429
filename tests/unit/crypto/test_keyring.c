/* test_keyring.c: which key signs and verifies, the JWKS, tokens of the official server, and the
 * tokens and configurations that must be refused, with the words of internals.md §2.2. */
#include "crypto/keyring.h"

#include "crypto/base64.h"
#include "crypto/digest.h"

#include "testing.h"
#include "token_vectors.h"

#include <pthread.h>

#define SECRET "super-secret-jwt-token-with-at-least-32-characters-long"
#define ED_SIGNER                                                                                  \
    "{\"kid\":\"ed\",\"alg\":\"EdDSA\",\"key_ops\":[\"sign\",\"verify\"]," RFC_ED_PUBLIC           \
    "," RFC_ED_D "}"
#define ES_SIGNER                                                                                  \
    "{\"kid\":\"es\",\"alg\":\"ES256\",\"key_ops\":[\"sign\"],\"use\":\"enc\",\"ext\":true,"       \
    "\"zz\":{\"b\":1,\"a\":2}," RFC_P256_PUBLIC "," RFC_P256_D "}"
#define RS_SIGNER(alg)                                                                             \
    "{\"kid\":\"rs\",\"alg\":\"" alg "\",\"key_ops\":[\"sign\"]," RFC_RSA_PUBLIC "," RFC_RSA_D     \
    "," RFC_RSA_CRT "}"
#define HS_JWK(ops)                                                                                \
    "{\"kid\":\"hs\",\"alg\":\"HS256\",\"key_ops\":[" ops "],\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"

static const char payload[] = "{\"sub\":\"4feae296-d933-430f-abb4-cb756613b208\",\"exp\":1}";

static struct keyring *ring_of(struct arena *arena, const char *jwks, const char *kid,
                               const char *valid)
{
    const char *error = "";
    const struct keyring_settings settings = { SECRET, kid, jwks, valid };
    struct keyring *ring = keyring_new(arena, &settings, &error);
    if (!ring) {
        fail_msg("%s", error);
    }
    return ring;
}

static const char *refused(struct arena *arena, const char *secret, const char *jwks,
                           const char *valid)
{
    const char *error = NULL;
    const struct keyring_settings settings = { secret, "", jwks, valid };
    assert_null(keyring_new(arena, &settings, &error));
    assert_non_null(error);
    return error;
}

static const char *why(struct arena *arena, const struct keyring *ring, const char *token)
{
    const char *detail = NULL;
    assert_null(keyring_verify(ring, arena, token, &detail));
    assert_non_null(detail);
    return detail;
}

static char *encoded(struct arena *arena, const char *text)
{
    return base64url_encode(arena, text, strlen(text));
}

/* A token with any header, signed with HMAC. */
static const char *hs_token(struct arena *arena, const char *header, const char *key)
{
    uint8_t mac[SHA256_SIZE];
    char *text = arena_printf(arena, "%s.%s", encoded(arena, header), encoded(arena, payload));
    hmac_of(DIGEST_SHA256, key, strlen(key), text, strlen(text), mac);
    return arena_printf(arena, "%s.%s", text, base64url_encode(arena, mac, sizeof mac));
}

static void tokens_of_the_official_server(void **state)
{
    const char *detail;
    for (size_t i = 0; i < COUNT(official); i++) {
        bool hs = i == 0; /* its JWK signs itself */
        const char *jwks =
            arena_printf(*state, hs ? "[%s]" : "[%s," ES_SIGNER "]", official[i].jwk);
        struct keyring *ring = ring_of(*state, jwks, NULL, NULL);
        const char *token = official[i].token;
        const char *text = keyring_verify(ring, *state, token, &detail);
        assert_non_null(text);
        assert_non_null(strstr(text, "{\"iss\":\"http://iss.example\",\"sub\":\"591ebee3-"));
        char *changed = arena_strdup(*state, token);
        char *c = strrchr(changed, '.') + 7;
        *c = *c == 'A' ? 'B' : 'A';
        assert_null(keyring_verify(ring, *state, changed, &detail));
        assert_int_equal(strncmp(detail, "token signature is invalid: ", 28), 0);
        changed = arena_strdup(*state, token);
        c = strchr(changed, '.') + 9;
        *c = *c == 'A' ? 'B' : 'A';
        assert_null(keyring_verify(ring, *state, changed, &detail));
        if (hs) {
            assert_string_equal(keyring_sign(ring, *state, text, strlen(text)), token);
        }
        keyring_free(&ring);
        assert_null(ring);
    }
}

static void every_algorithm_signs_and_verifies(void **state)
{
    static const struct {
        const char *jwk, *header;
    } signers[] = {
        { HS_JWK("\"sign\",\"verify\""), "{\"alg\":\"HS256\",\"kid\":\"hs\",\"typ\":\"JWT\"}" },
        { RS_SIGNER("RS256"), "{\"alg\":\"RS256\",\"kid\":\"rs\",\"typ\":\"JWT\"}" },
        { RS_SIGNER("RS512"), "{\"alg\":\"RS512\",\"kid\":\"rs\",\"typ\":\"JWT\"}" },
        { ES_SIGNER, "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"JWT\"}" },
        { "{\"kid\":\"<\\\"\",\"alg\":\"ES512\",\"key_ops\":[\"sign\"]," P521_PUBLIC "," P521_D "}",
          "{\"alg\":\"ES512\",\"kid\":\"\\u003c\\\"\",\"typ\":\"JWT\"}" },
        { ED_SIGNER, "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":\"JWT\"}" },
    };
    const char *detail = "";
    for (size_t i = 0; i < COUNT(signers); i++) {
        struct keyring *ring =
            ring_of(*state, arena_printf(*state, "[%s]", signers[i].jwk), "", "");
        char *token = keyring_sign(ring, *state, payload, strlen(payload));
        assert_non_null(token);
        char *header = encoded(*state, signers[i].header);
        assert_memory_equal(token, header, strlen(header));
        const char *read = keyring_verify(ring, *state, token, &detail);
        assert_non_null(read);
        assert_string_equal(read, payload);
        keyring_free(&ring);
    }
}

static void the_secret_alone(void **state)
{
    const char *detail;
    struct keyring *ring = ring_of(*state, "[]", "", NULL);
    char *token = keyring_sign(ring, *state, payload, strlen(payload));
    assert_string_equal(token, hs_token(*state, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", SECRET));
    assert_string_equal(keyring_verify(ring, *state, token, &detail), payload);
    keyring_free(&ring);
    ring = ring_of(*state, NULL, "main", NULL);
    token = keyring_sign(ring, *state, payload, strlen(payload));
    assert_string_equal(
        token, hs_token(*state, "{\"alg\":\"HS256\",\"kid\":\"main\",\"typ\":\"JWT\"}", SECRET));
    assert_string_equal(keyring_verify(ring, *state, token, &detail), payload);
    struct strbuf jwks = strbuf_in(*state, 1000);
    keyring_write_jwks(ring, &jwks);
    assert_string_equal(jwks.data, "{\"keys\":[]}");
    keyring_free(&ring);
    keyring_free(&ring);
    keyring_free(NULL);
}

static void the_kid_chooses(void **state)
{
    const char *detail;
    struct keyring *ring =
        ring_of(*state, "[" ED_SIGNER "," HS_JWK("\"verify\"") "]", "main", NULL);
    static const struct {
        const char *header, *key;
        bool fits;
    } cases[] = {
        { "{\"alg\":\"HS256\",\"kid\":\"hs\"}", "secret", true },
        { "{\"alg\":\"HS256\",\"kid\":\"hs\"}", SECRET, false },
        { "{\"alg\":\"HS256\",\"kid\":\"main\"}", SECRET, true },
        { "{\"alg\":\"HS256\",\"kid\":\"main\"}", "secret", false },
        { "{\"alg\":\"HS256\",\"kid\":\"other\"}", SECRET, true },
        { "{\"alg\":\"HS256\",\"kid\":\"other\"}", "secret", false },
        { "{\"alg\":\"HS256\"}", SECRET, true },
        { "{\"alg\":\"HS256\"}", "secret", false },
        { "{\"alg\":\"HS256\",\"kid\":null}", SECRET, true },
        { "{\"alg\":\"HS256\",\"kid\":7}", SECRET, true },
        { " {\"kid\":\"hs\",\"x\":[],\"alg\":\"HS256\"}", "secret", true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *token = hs_token(*state, cases[i].header, cases[i].key);
        const char *read = keyring_verify(ring, *state, token, &detail);
        if ((read != NULL) != cases[i].fits) {
            fail_msg("%s with %s: %s", cases[i].header, cases[i].key, read ? read : detail);
        }
        if (!read) {
            assert_string_equal(detail, "token signature is invalid: signature is invalid");
        }
    }
    keyring_free(&ring);
}

static void wrong_headers(void **state)
{
    static const struct {
        const char *header, *detail;
    } cases[] = {
        { "{\"alg\":\"none\"}", "token signature is invalid: signing method none is invalid" },
        { "{\"alg\":\"HS384\"}", "token signature is invalid: signing method HS384 is invalid" },
        { "{\"alg\":\"RS256\"}", "token signature is invalid: signing method RS256 is invalid" },
        { "{\"alg\":\"foo\"}", "token is unverifiable: signing method (alg) is unavailable" },
        { "{\"alg\":\"NONE\"}", "token is unverifiable: signing method (alg) is unavailable" },
        { "{\"typ\":\"JWT\"}", "token is unverifiable: signing method (alg) is unspecified" },
        { "{\"alg\":5}", "token is unverifiable: signing method (alg) is unspecified" },
        { "{\"alg\":\"EdDSA\"}", "token is unverifiable: error while executing keyfunc: "
                                 "unrecognized JWT kid <nil> for algorithm EdDSA" },
        { "{\"alg\":\"EdDSA\",\"kid\":\"x\"}",
          "token is unverifiable: error while executing keyfunc: "
          "unrecognized JWT kid x for algorithm EdDSA" },
        { "{\"alg\":\"EdDSA\",\"kid\":7}", "token is unverifiable: error while executing keyfunc: "
                                           "unrecognized JWT kid 7 for algorithm EdDSA" },
        { "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
          "token is unverifiable: critical header parameters are unsupported" },
        { "{\"alg\":\"HS256\",\"kid\":\"ed\"}",
          "token signature is invalid: key is of invalid type: HMAC verify expects []byte" },
        { "{\"alg\":\"EdDSA\",\"kid\":\"hs\"}",
          "token signature is invalid: key is of invalid type: "
          "Ed25519 verify expects ed25519.PublicKey" },
        { "{\"alg\":\"EdDSA\",\"kid\":\"main\"}",
          "token signature is invalid: key is of invalid type: "
          "Ed25519 verify expects ed25519.PublicKey" },
        { "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
          "token signature is invalid: ed25519: verification error" },
        { "{", "token is malformed: could not JSON decode header: invalid syntax at byte 1" },
        { "[]", "token is malformed: could not JSON decode header: it is no object" },
        { "{\"alg\":\"none\",\"alg\":\"HS256\"}", NULL },
    };
    struct keyring *ring =
        ring_of(*state, "[" ED_SIGNER "," HS_JWK("\"verify\"") "]", "main", NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *detail = why(*state, ring, hs_token(*state, cases[i].header, SECRET));
        if (cases[i].detail) {
            assert_string_equal(detail, cases[i].detail);
        }
    }
    keyring_free(&ring);
}

static void wrong_forms(void **state)
{
    static const char segments[] =
        "token is malformed: token contains an invalid number of segments";
    struct keyring *ring = ring_of(*state, NULL, NULL, NULL);
    const char *token = keyring_sign(ring, *state, payload, strlen(payload)), *detail;
    char *long_token = arena_alloc(*state, 70000);
    static const char *const wrong[] = { "", ".", "a", "a.b", "a.b.c.d", "...." };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_string_equal(why(*state, ring, wrong[i]), segments);
    }
    assert_string_equal(why(*state, ring, ".."),
                        "token is malformed: could not JSON decode header: "
                        "unexpected end of JSON input");
    assert_string_equal(why(*state, ring, "a*b.b.c"),
                        "token is malformed: could not base64 decode header: "
                        "illegal base64 data at input byte 1");
    assert_string_equal(why(*state, ring, arena_printf(*state, "%s=", token)),
                        "token is malformed: could not base64 decode signature: "
                        "illegal base64 data at input byte 43");
    for (size_t n = 0; n < strlen(token); n++) { /* cut off anywhere */
        why(*state, ring, arena_strndup(*state, token, n));
    }
    char *last = arena_strdup(*state, token); /* 43 characters leave two bits unused */
    last[strlen(last) - 1]++;
    assert_non_null(strstr(why(*state, ring, last), "illegal base64 data at input byte 42"));
    memset(long_token, 'a', 65536);
    memcpy(long_token, token, strlen(token));
    assert_null(strstr(why(*state, ring, long_token), "64 KiB")); /* just not too long */
    memset(long_token, 'a', 65537);
    assert_string_equal(why(*state, ring, long_token),
                        "token is malformed: token is longer than 64 KiB");
    char *nul = keyring_sign(ring, *state, "{}\0", 3);
    assert_non_null(strstr(why(*state, ring, nul), "could not JSON decode claim"));
    assert_non_null(keyring_verify(ring, *state, token, &detail));
    keyring_free(&ring);
}

static void a_public_key_is_no_hmac_secret(void **state)
{
    struct keyring *ring = ring_of(*state, "[" RS_SIGNER("RS256") "]", "", "RS256,HS256");
    struct strbuf jwks = strbuf_in(*state, 10000);
    keyring_write_jwks(ring, &jwks);
    char *member = strstr(jwks.data, "\"n\":\"") + 5;
    const char *n = arena_strndup(*state, member, strcspn(member, "\""));
    assert_string_equal(
        why(*state, ring, hs_token(*state, "{\"alg\":\"HS256\",\"kid\":\"rs\"}", n)),
        "token signature is invalid: key is of invalid type: HMAC verify expects []byte");
    assert_string_equal(why(*state, ring, hs_token(*state, "{\"alg\":\"HS256\"}", n)),
                        "token signature is invalid: signature is invalid");
    keyring_free(&ring);
}

static void an_rsa_key_takes_both_its_methods_only_if_valid(void **state)
{
    const char *detail;
    struct keyring *one = ring_of(*state, "[" RS_SIGNER("RS256") "]", "", NULL);
    struct keyring *other = ring_of(*state, "[" RS_SIGNER("RS512") "]", "", "RS256, RS512");
    char *token = keyring_sign(other, *state, payload, strlen(payload));
    assert_string_equal(why(*state, one, token),
                        "token signature is invalid: signing method RS512 is invalid");
    token = keyring_sign(one, *state, payload, strlen(payload));
    assert_string_equal(keyring_verify(other, *state, token, &detail), payload);
    keyring_free(&one);
    keyring_free(&other);
}

static void signatures_of_another_curve_or_length(void **state)
{
    struct keyring *ring = ring_of(*state, "[" ES_SIGNER "]", "", "ES256,ES512");
    char *token = keyring_sign(ring, *state, payload, strlen(payload));
    static const char wrong[] = "token signature is invalid: crypto/ecdsa: verification error";
    assert_string_equal(why(*state, ring, arena_printf(*state, "%sAAAA", token)), wrong);
    assert_string_equal(why(*state, ring, arena_strndup(*state, token, strlen(token) - 6)), wrong);
    const char *other = arena_printf(
        *state, "%s%s", encoded(*state, "{\"alg\":\"ES512\",\"kid\":\"es\"}"), strchr(token, '.'));
    assert_string_equal(why(*state, ring, other), wrong);
    keyring_free(&ring);
}

static void old_tokens_of_the_secret(void **state)
{
    const char *detail, *old = hs_token(*state, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", SECRET);
    struct keyring *ring = ring_of(*state, "[" ES_SIGNER "]", "", NULL);
    assert_string_equal(why(*state, ring, old),
                        "token signature is invalid: signing method HS256 is invalid");
    keyring_free(&ring);
    ring = ring_of(*state, "[" ES_SIGNER "]", "", "HS256,ES256");
    assert_string_equal(keyring_verify(ring, *state, old, &detail), payload);
    keyring_free(&ring);
    ring = ring_of(*state, "[" ES_SIGNER "," HS_JWK("\"verify\"") "]", "", NULL);
    assert_string_equal(keyring_verify(ring, *state, old, &detail), payload);
    keyring_free(&ring);
}

static void the_jwks(void **state)
{
    struct keyring *ring =
        ring_of(*state,
                "[" HS_JWK("\"verify\"") "," ES_SIGNER ","
                                         "{\"kid\":\"e2\",\"alg\":\"EdDSA\"," RFC_ED_PUBLIC
                                         "," RFC_ED_D "}]",
                "", NULL);
    struct strbuf jwks = strbuf_in(*state, 10000);
    keyring_write_jwks(ring, &jwks);
    assert_string_equal(
        jwks.data,
        "{\"keys\":[{\"alg\":\"ES256\",\"crv\":\"P-256\",\"ext\":true,\"key_ops\":[\"verify\"],"
        "\"kid\":\"es\",\"kty\":\"EC\",\"use\":\"sig\","
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"zz\":{\"a\":2,\"b\":1}},"
        "{\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"key_ops\":[\"verify\"],\"kid\":\"e2\","
        "\"kty\":\"OKP\",\"use\":\"sig\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}");
    keyring_free(&ring);
    ring = ring_of(*state, "[" RS_SIGNER("RS256") "]", "", NULL);
    jwks = strbuf_in(*state, 10000);
    keyring_write_jwks(ring, &jwks);
    static const char *const secret_members[] = { "\"d\"",  "\"p\"",  "\"q\"",
                                                  "\"dp\"", "\"dq\"", "\"qi\"" };
    for (size_t i = 0; i < COUNT(secret_members); i++) {
        assert_null(strstr(jwks.data, secret_members[i]));
    }
    keyring_free(&ring);
}

/* Verifiers that go by the type of the first key read it. */
static void the_signing_key_comes_first(void **state)
{
    struct keyring *ring = ring_of(
        *state, "[{\"kid\":\"e2\",\"alg\":\"EdDSA\"," RFC_ED_PUBLIC "}," ES_SIGNER "]", "", NULL);
    struct strbuf jwks = strbuf_in(*state, 10000);
    keyring_write_jwks(ring, &jwks);
    const char *ec = strstr(jwks.data, "\"ES256\""), *ed = strstr(jwks.data, "\"EdDSA\"");
    assert_true(ec && ed && ec < ed);
    assert_null(strstr(ed, "\"ES256\"")); /* once */
    assert_string_equal(keyring_signs_with(ring), "ES256");
    keyring_free(&ring);
}

/* RFC 9864: WebCrypto exports the alg of an Ed25519 key under that name. */
static void a_key_of_web_crypto(void **state)
{
    struct keyring *ring = ring_of(
        *state,
        "[{\"kid\":\"w\",\"alg\":\"Ed25519\",\"ext\":true,\"key_ops\":[\"sign\"]," RFC_ED_PUBLIC
        "," RFC_ED_D "}]",
        "", NULL);
    struct strbuf jwks = strbuf_in(*state, 10000);
    const char *detail, *header = "{\"alg\":\"EdDSA\",\"kid\":\"w\",\"typ\":\"JWT\"}";
    keyring_write_jwks(ring, &jwks);
    assert_non_null(strstr(jwks.data, "\"alg\":\"EdDSA\""));
    assert_null(strstr(jwks.data, "\"alg\":\"Ed25519\""));
    char *token = keyring_sign(ring, *state, payload, strlen(payload));
    assert_memory_equal(token, encoded(*state, header), strlen(encoded(*state, header)));
    assert_non_null(keyring_verify(ring, *state, token, &detail));
    keyring_free(&ring);
}

static void the_last_of_equal_kids_counts(void **state)
{
    struct keyring *ring = ring_of(
        *state,
        "[" ES_SIGNER ",{\"kid\":\"es\",\"alg\":\"EdDSA\",\"key_ops\":[\"sign\"]," RFC_ED_PUBLIC
        "," RFC_ED_D "}]",
        "", NULL);
    struct strbuf jwks = strbuf_in(*state, 10000);
    keyring_write_jwks(ring, &jwks);
    assert_non_null(strstr(jwks.data, "Ed25519"));
    assert_null(strstr(jwks.data, "P-256"));
    keyring_free(&ring);
}

static void wrong_settings(void **state)
{
    static const struct {
        const char *secret, *jwks, *valid, *error;
    } cases[] = {
        { NULL, NULL, NULL, "GOTRUE_JWT_SECRET is required" },
        { "", "[]", NULL, "GOTRUE_JWT_SECRET is required" },
        { "s", "[", NULL, "GOTRUE_JWT_KEYS: invalid syntax" },
        { "s", "{}", NULL, "GOTRUE_JWT_KEYS: it is no JSON array" },
        { "s", "[1]", NULL, "GOTRUE_JWT_KEYS: element 0: it is no JSON object" },
        { "s", "[" HS_JWK("\"verify\"") "]", NULL, "GOTRUE_JWT_KEYS: no signing key found" },
        { "s", "[" ES_SIGNER "," ED_SIGNER "]", NULL, "multiple signing keys detected" },
        { "s", "[" ES_SIGNER ",{\"kid\":\"x\"}]", NULL, "element 1: key \"x\": its \"alg\"" },
        { "s", NULL, "HS257", "GOTRUE_JWT_VALID_METHODS: it names an algorithm that" },
        { "s", NULL, "a-very-long-name-of-none", "GOTRUE_JWT_VALID_METHODS: it names" },
        { "s", NULL, "none", "GOTRUE_JWT_VALID_METHODS: none of its" },
        { "s", NULL, " , ", "GOTRUE_JWT_VALID_METHODS: none of its" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *error = refused(*state, cases[i].secret, cases[i].jwks, cases[i].valid);
        if (!strstr(error, cases[i].error)) {
            fail_msg("%s, not: %s", error, cases[i].error);
        }
    }
}

struct job {
    const struct keyring *ring;
    int wrong;
};

static void *sign_and_verify(void *what)
{
    struct job *job = what;
    for (int i = 0; i < 50; i++) {
        struct arena *arena = arena_new();
        const char *detail;
        char *token = keyring_sign(job->ring, arena, payload, strlen(payload));
        job->wrong += !token || !keyring_verify(job->ring, arena, token, &detail);
        arena_free(&arena);
    }
    return NULL;
}

static void threads_share_a_keyring(void **state)
{
    static const char *const jwks[] = { NULL, "[" ES_SIGNER "]", "[" RS_SIGNER("RS256") "]",
                                        "[" ED_SIGNER "]" };
    for (size_t i = 0; i < COUNT(jwks); i++) {
        struct keyring *ring = ring_of(*state, jwks[i], "", NULL);
        struct job jobs[4];
        pthread_t threads[4];
        for (int t = 0; t < 4; t++) {
            jobs[t] = (struct job){ ring, 0 };
            assert_int_equal(pthread_create(&threads[t], NULL, sign_and_verify, &jobs[t]), 0);
        }
        for (int t = 0; t < 4; t++) {
            pthread_join(threads[t], NULL);
            assert_int_equal(jobs[t].wrong, 0);
        }
        keyring_free(&ring);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(tokens_of_the_official_server),
        ARENA_TEST(every_algorithm_signs_and_verifies),
        ARENA_TEST(the_secret_alone),
        ARENA_TEST(the_kid_chooses),
        ARENA_TEST(wrong_headers),
        ARENA_TEST(wrong_forms),
        ARENA_TEST(a_public_key_is_no_hmac_secret),
        ARENA_TEST(an_rsa_key_takes_both_its_methods_only_if_valid),
        ARENA_TEST(signatures_of_another_curve_or_length),
        ARENA_TEST(old_tokens_of_the_secret),
        ARENA_TEST(the_jwks),
        ARENA_TEST(the_last_of_equal_kids_counts),
        ARENA_TEST(the_signing_key_comes_first),
        ARENA_TEST(a_key_of_web_crypto),
        ARENA_TEST(wrong_settings),
        ARENA_TEST(threads_share_a_keyring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
