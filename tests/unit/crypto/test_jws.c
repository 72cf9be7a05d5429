/* test_jws.c: signatures of RFC 7515 appendix A and RFC 8037 appendix A with keys read from their
 * JWKs, and the keys and signatures that must be refused. */
#include "crypto/jws.h"

#include "crypto/base64.h"
#include "crypto/digest.h"
#include "crypto/jwk.h"

#include "testing.h"
#include "token_vectors.h"

static const struct json_t *json_of(struct arena *arena, const char *text)
{
    const char *detail;
    const struct json_t *json = json_read(arena, text, strlen(text), &detail);
    assert_non_null(json);
    return json;
}

static struct jwk key_of(struct arena *arena, const char *text)
{
    struct jwk jwk;
    const char *error = "";
    if (!jwk_read(arena, arena, json_of(arena, text), &jwk, &error)) {
        fail_msg("%s", error);
    }
    return jwk;
}

/* Splits off the signature; returns the length of what is signed. */
static size_t signature_of(struct arena *arena, const char *token, uint8_t **signature, size_t *len)
{
    const char *dot = strrchr(token, '.');
    assert_true(base64url_decode(arena, dot + 1, strlen(dot + 1), signature, len));
    return (size_t)(dot - token);
}

static void hs256(void **state)
{
    uint8_t *key, *signature, mac[SHA256_SIZE];
    size_t key_len, len, signed_len = signature_of(*state, rfc_hs256, &signature, &len);
    assert_true(
        base64url_decode(*state, rfc_hs256_secret, strlen(rfc_hs256_secret), &key, &key_len));
    hmac_of(DIGEST_SHA256, key, key_len, rfc_hs256, signed_len, mac);
    assert_int_equal(len, sizeof mac);
    assert_memory_equal(mac, signature, len);
}

/* Verifies; then signs anew, which must give the same if the algorithm has no randomness. */
static void check_vector(struct arena *arena, const char *jwk_text, const char *token, bool same)
{
    struct jwk jwk = key_of(arena, jwk_text);
    uint8_t *signature, mine[JWS_SIGNATURE_MAX];
    size_t len, signed_len = signature_of(arena, token, &signature, &len);
    assert_true(jwk.signs);
    assert_true(jws_verify(jwk.alg, jwk.public_key, token, signed_len, signature, len));
    assert_false(jws_verify(jwk.alg, jwk.public_key, token, signed_len - 1, signature, len));
    assert_false(jws_verify(jwk.alg, jwk.public_key, token, signed_len, signature, len - 1));
    assert_false(jws_verify(jwk.alg, jwk.public_key, token, signed_len, signature, 0));
    for (size_t i = 0; i < len; i += 5) {
        signature[i] ^= 1;
        assert_false(jws_verify(jwk.alg, jwk.public_key, token, signed_len, signature, len));
        signature[i] ^= 1;
    }
    assert_int_equal(jws_sign(jwk.alg, jwk.private_key, token, signed_len, mine), len);
    assert_true(jws_verify(jwk.alg, jwk.public_key, token, signed_len, mine, len));
    assert_int_equal(memcmp(mine, signature, len) == 0, same);
}

#define KEY(alg, members) "{\"kid\":\"k\",\"alg\":\"" alg "\",\"key_ops\":[\"sign\"]," members "}"

static void rs256(void **state)
{
    check_vector(*state, KEY("RS256", RFC_RSA_PUBLIC "," RFC_RSA_D "," RFC_RSA_CRT), rfc_rs256,
                 true);
    check_vector(*state, KEY("RS256", RFC_RSA_PUBLIC "," RFC_RSA_D), rfc_rs256, true);
}

static void es256(void **state)
{
    check_vector(*state, KEY("ES256", RFC_P256_PUBLIC "," RFC_P256_D), rfc_es256, false);
}

static void eddsa(void **state)
{
    check_vector(*state, KEY("EdDSA", RFC_ED_PUBLIC "," RFC_ED_D), rfc_eddsa, true);
}

static void ec_signatures_have_one_length(void **state)
{
    static const struct {
        const char *jwk;
        size_t len;
    } cases[] = {
        { KEY("ES256", RFC_P256_PUBLIC "," RFC_P256_D), 64 },
        { KEY("ES512", P521_PUBLIC "," P521_D), 132 },
    };
    uint8_t signature[JWS_SIGNATURE_MAX];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jwk jwk = key_of(*state, cases[i].jwk);
        for (int n = 0; n < 40; n++) { /* r and s lose a leading byte now and then */
            assert_int_equal(jws_sign(jwk.alg, jwk.private_key, &n, sizeof n, signature),
                             cases[i].len);
            assert_true(jws_verify(jwk.alg, jwk.public_key, &n, sizeof n, signature, cases[i].len));
        }
        memset(signature, 0, cases[i].len); /* r = s = 0 */
        assert_false(jws_verify(jwk.alg, jwk.public_key, "x", 1, signature, cases[i].len));
    }
    struct jwk p256 = key_of(*state, cases[0].jwk), p521 = key_of(*state, cases[1].jwk);
    jws_sign(JWS_ES512, p521.private_key, "x", 1, signature);
    assert_false(jws_verify(JWS_ES512, p256.public_key, "x", 1, signature, 132));
    assert_false(jws_verify(JWS_ES256, p521.public_key, "x", 1, signature, 64));
}

static void names(void **state)
{
    (void)state;
    enum jws_alg alg;
    for (int i = 0; i < JWS_COUNT; i++) {
        assert_true(jws_alg_named(jws_rule((enum jws_alg)i)->name, &alg));
        assert_int_equal(alg, i);
    }
    assert_false(jws_alg_named("none", &alg));
    assert_false(jws_alg_named("", &alg));
    assert_false(jws_alg_named("hs256", &alg));
    assert_true(jws_alg_known("none"));
    assert_true(jws_alg_known("PS512"));
    assert_false(jws_alg_known("foo"));
}

static const struct {
    const char *jwk, *error;
} wrong_keys[] = {
    { "1", "it is no JSON object" },
    { "{}", "it has no \"kid\"" },
    { "{\"kid\":1}", "it has no \"kid\"" },
    { "{\"kid\":\"k\"," RFC_ED_PUBLIC "}", "its \"alg\" must be" },
    { KEY("HS512", "\"kty\":\"oct\",\"k\":\"AAAA\""), "its \"alg\" must be" },
    { KEY("none", "\"kty\":\"oct\",\"k\":\"AAAA\""), "its \"alg\" must be" },
    { KEY("HS256", RFC_RSA_PUBLIC), "HS256 needs \"kty\" oct" },
    { KEY("RS256", "\"kty\":\"oct\",\"k\":\"AAAA\""), "RS256 needs \"kty\" RSA" },
    { KEY("ES256", P521_PUBLIC "," P521_D), "ES256 needs \"crv\" P-256" },
    { KEY("ES512", RFC_P256_PUBLIC "," RFC_P256_D), "ES512 needs \"crv\" P-521" },
    { KEY("EdDSA", "\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AAAA\""), "needs \"crv\" Ed25519" },
    { KEY("HS256", "\"kty\":\"oct\""), "member \"k\" is missing" },
    { KEY("HS256", "\"kty\":\"oct\",\"k\":\"\""), "member \"k\" is missing" },
    { KEY("HS256", "\"kty\":\"oct\",\"k\":\"AB=\""), "member \"k\" is not base64url" },
    { KEY("RS256", RFC_RSA_PUBLIC), "it is to sign and has no private part" },
    { KEY("ES256", RFC_P256_PUBLIC), "it is to sign and has no private part" },
    { KEY("EdDSA", RFC_ED_PUBLIC), "it is to sign and has no private part" },
    { KEY("EdDSA", RFC_ED_PUBLIC ",\"d\":\"AAAA\""), "member \"d\" must have 32 bytes" },
    { KEY("EdDSA", RFC_ED_PUBLIC ",\"d\":\"AWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""),
      "does not belong" },
    { KEY("ES256", RFC_P256_PUBLIC ",\"d\":\"AJsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""),
      "does not belong" },
    { KEY("ES256", RFC_P256_PUBLIC ",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""), "" },
    { KEY("ES256",
          "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRV"
          "EU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\""),
      "no key" }, /* off the curve */
    { KEY("ES256", "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83O\",\"y\":\"f83O\""),
      "member \"x\" must have 32 bytes" },
    { KEY("RS256", "\"kty\":\"RSA\",\"n\":\"w3tw\",\"e\":\"AQAB\""), "RSA of 24 bits" },
    { KEY("RS256", RFC_RSA_PUBLIC ",\"d\":\"AQAC\""), "does not belong" },
    { KEY("RS256", RFC_RSA_PUBLIC "," RFC_RSA_D ",\"p\":\"AQAB\""), "member \"q\" is missing" },
};

static void wrong_keys_are_refused(void **state)
{
    struct jwk jwk;
    for (size_t i = 0; i < COUNT(wrong_keys); i++) {
        const char *error = NULL;
        if (jwk_read(*state, *state, json_of(*state, wrong_keys[i].jwk), &jwk, &error)) {
            fail_msg("accepted: %s", wrong_keys[i].jwk);
        }
        if (!strstr(error, wrong_keys[i].error)) {
            fail_msg("%s, not: %s", error, wrong_keys[i].error);
        }
    }
}

static void private_parts_are_checked_even_if_unused(void **state)
{
    static const char text[] =
        "{\"kid\":\"k\",\"alg\":\"EdDSA\",\"key_ops\":[\"verify\"]," RFC_ED_PUBLIC
        ",\"d\":\"AWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}";
    static const char right[] =
        "{\"kid\":\"k\",\"alg\":\"EdDSA\",\"key_ops\":[\"verify\"]," RFC_ED_PUBLIC "," RFC_ED_D "}";
    struct jwk jwk;
    const char *error;
    assert_false(jwk_read(*state, *state, json_of(*state, text), &jwk, &error));
    jwk = key_of(*state, right);
    assert_false(jwk.signs);
    assert_null(jwk.private_key);
    assert_null(strstr(jwk.public_jwk, "\"d\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(hs256),
        ARENA_TEST(rs256),
        ARENA_TEST(es256),
        ARENA_TEST(eddsa),
        ARENA_TEST(ec_signatures_have_one_length),
        cmocka_unit_test(names),
        ARENA_TEST(wrong_keys_are_refused),
        ARENA_TEST(private_parts_are_checked_even_if_unused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
