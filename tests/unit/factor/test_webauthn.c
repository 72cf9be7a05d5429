/* test_webauthn.c: whole answers against what was asked: the registration recorded at the official
 * server, and each part of an answer tampered with (WebAuthn §7.1, §7.2). */
#include "../crypto/testing.h"
#include "crypto/base64.h"
#include "factor/webauthn/assertion.h"
#include "factor/webauthn/attestation.h"
#include "webauthn_vectors.h"

#include <stdlib.h>

/* What the official server was sent, and what it then kept (internals.md 13.2). */
static const char recorded_answer[] =
    "{\"type\":\"create\",\"credential_response\":{\"id\":\"8KeX9rgMhtS3--KrPEQKkmQIySN3HHdTSwyPHM057"
    "Yo\",\"rawId\":\"8KeX9rgMhtS3--KrPEQKkmQIySN3HHdTSwyPHM057Yo\",\"type\":\"public-key\",\"respons"
    "e\":{\"attestationObject\":\"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4_krrm"
    "ihjLHmVzzuoMdl2NFAAAAAQAAAAAAAAAAAAAAAAAAAAAAIPCnl_a4DIbUt_viqzxECpJkCMkjdxx3U0sMjxzNOe2KpQECAyY"
    "gASFYIP-4owkp-MpIG-FDsETxMiv0mUAVAd09_Y5JBj_ezGN5Ilgg3tEycdmEzBR-5Rui1KhTyqWuTJGwt0zz4R3iBRD0wqk"
    "\",\"clientDataJSON\":\"eyJ0eXBlIjogIndlYmF1dGhuLmNyZWF0ZSIsICJjaGFsbGVuZ2UiOiAid2dkQ18wZXJrOTd3"
    "bWNDTHZTUS14YTVLNGQ4dElBaEFzR2FFOFZpSEhqayIsICJvcmlnaW4iOiAiaHR0cDovL2xvY2FsaG9zdDozMDAwIiwgImNy"
    "b3NzT3JpZ2luIjogZmFsc2V9\",\"transports\":[\"usb\"]},\"clientExtensionResults\":{},\"authenticat"
    "orAttachment\":\"cross-platform\"}}";

static const char recorded_credential[] =
    "{\"id\":\"8KeX9rgMhtS3++KrPEQKkmQIySN3HHdTSwyPHM057Yo=\",\"flags\":{\"backupState\":false,\"user"
    "Present\":true,\"userVerified\":true,\"backupEligible\":false},\"publicKey\":\"pQECAyYgASFYIP+4o"
    "wkp+MpIG+FDsETxMiv0mUAVAd09/Y5JBj/ezGN5Ilgg3tEycdmEzBR+5Rui1KhTyqWuTJGwt0zz4R3iBRD0wqk=\",\"tran"
    "sport\":[\"usb\"],\"attestation\":{\"object\":\"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgO"
    "jGh0NBcPZHZgW4/krrmihjLHmVzzuoMdl2NFAAAAAQAAAAAAAAAAAAAAAAAAAAAAIPCnl/a4DIbUt/viqzxECpJkCMkjdxx3"
    "U0sMjxzNOe2KpQECAyYgASFYIP+4owkp+MpIG+FDsETxMiv0mUAVAd09/Y5JBj/ezGN5Ilgg3tEycdmEzBR+5Rui1KhTyqWu"
    "TJGwt0zz4R3iBRD0wqk=\",\"clientDataHash\":\"Rcl35mQEh/G95rYEhtZpli+/+TJWynKKV2tl1RFjZJ0=\",\"cli"
    "entDataJSON\":\"eyJ0eXBlIjogIndlYmF1dGhuLmNyZWF0ZSIsICJjaGFsbGVuZ2UiOiAid2dkQ18wZXJrOTd3bWNDTHZT"
    "US14YTVLNGQ4dElBaEFzR2FFOFZpSEhqayIsICJvcmlnaW4iOiAiaHR0cDovL2xvY2FsaG9zdDozMDAwIiwgImNyb3NzT3Jp"
    "Z2luIjogZmFsc2V9\",\"authenticatorData\":null,\"publicKeyAlgorithm\":0},\"authenticator\":{\"AAG"
    "UID\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"signCount\":1,\"attachment\":\"cross-platform\",\"cloneWarn"
    "ing\":false},\"attestationType\":\"none\"}";

#define KEPT_HEAD                                                                                  \
    "{\"challenge\":\"" VECTOR_CHALLENGE "\",\"rpId\":\"localhost\",\"user_id\":"                  \
    "\"NmJhN2I4MTAtOWRhZC00MWQxLTgwYjQtMDBjMDRmZDQzMGM4\","

static const char kept_registration[] =
    KEPT_HEAD "\"credParams\":[{\"type\":\"public-key\",\"alg\":-7},"
              "{\"type\":\"public-key\",\"alg\":-8},{\"type\":\"public-key\",\"alg\":-257}]}";

static const char *const origin = "http://localhost:3000";

/* What a test may turn; the rest is right. */
struct desk {
    struct arena *arena;
    struct ctx ctx;
    struct config config;
    struct uuid user;
    struct ceremony ceremony;
};

static struct desk *desk_new(struct arena *arena, const char *kept)
{
    struct desk *d = ARENA_NEW(arena, struct desk);
    d->arena = d->ctx.arena = arena;
    d->config.webauthn.rp_id = "localhost";
    d->config.webauthn.rp_origins = (struct text_list){ &origin, 1 };
    assert_true(uuid_parse(VECTOR_USER, &d->user));
    assert_true(ceremony_read(arena, kept, &d->user, &d->ceremony));
    return d;
}

static enum problem read_answer(struct desk *d, const char *text, struct answer *out)
{
    const char *detail;
    const struct json_t *json = json_read(d->arena, text, strlen(text), &detail);
    assert_non_null(json);
    return answer_read(&d->ctx, json, out);
}

static const char *registration(struct desk *d, const char *text)
{
    struct answer answer;
    enum problem problem = read_answer(d, text, &answer);
    return problem ? problem_row(problem)->text
                   : registration_fault(&d->config, &d->ceremony, &answer);
}

static const char *const registrations[] = { vector_registration_es256, vector_registration_eddsa,
                                             vector_registration_rs256 };
static const char *const assertions[] = { vector_assertion_es256, vector_assertion_eddsa,
                                          vector_assertion_rs256 };

/* The text with the value of "name":"..." replaced by these bytes. */
static char *with_bytes(struct arena *arena, const char *text, const char *name,
                        const uint8_t *bytes, size_t len)
{
    char *mark = arena_printf(arena, "\"%s\":\"", name);
    const char *from = strstr(text, mark);
    assert_non_null(from);
    from += strlen(mark);
    const char *to = strchr(from, '"');
    return arena_printf(arena, "%.*s%s%s", (int)(from - text), text,
                        base64url_encode(arena, bytes, len), to);
}

static uint8_t *bytes_of(struct arena *arena, const char *text, const char *name, size_t *len)
{
    uint8_t *bytes;
    char *mark = arena_printf(arena, "\"%s\":\"", name);
    const char *from = strstr(text, mark) + strlen(mark);
    assert_true(base64url_decode(arena, from, strcspn(from, "\""), &bytes, len));
    return bytes;
}

static const char *canonical(struct arena *arena, const char *text)
{
    const char *detail;
    struct strbuf b = strbuf_in(arena, 1 << 16);
    json_write(&b, json_read(arena, text, strlen(text), &detail));
    return b.data;
}

static void the_recorded_registration(void **state)
{
    struct desk *d = desk_new(*state, kept_registration);
    struct answer answer;
    assert_int_equal(read_answer(d, recorded_answer, &answer), P_OK);
    assert_null(registration_fault(&d->config, &d->ceremony, &answer));
    assert_string_equal(canonical(*state, credential_write(*state, &answer)),
                        canonical(*state, recorded_credential));
}

static void registrations_hold(void **state)
{
    struct desk *d = desk_new(*state, kept_registration);
    for (size_t i = 0; i < COUNT(registrations); i++) {
        assert_null(registration(d, registrations[i]));
    }
}

static void what_was_asked_for(void **state)
{
    static const char *const elsewhere = "http://localhost:3001";
    struct desk *d = desk_new(*state, kept_registration);
    d->config.webauthn.rp_id = "example.com";
    assert_non_null(strstr(registration(d, recorded_answer), "7.1.13"));
    d->config.webauthn.rp_id = "localhost";
    d->config.webauthn.rp_origins.items = &elsewhere;
    assert_non_null(strstr(registration(d, recorded_answer), "7.1.9"));
    d->config.webauthn.rp_origins.items = &origin;
    d->ceremony.challenge = "AAAA";
    assert_non_null(strstr(registration(d, recorded_answer), "7.1.8"));
    d = desk_new(*state, KEPT_HEAD "\"credParams\":[{\"type\":\"public-key\",\"alg\":-8}]}");
    assert_non_null(strstr(registration(d, recorded_answer), "7.1.16"));
    d = desk_new(*state, KEPT_HEAD "\"allowed_credentials\":[]}");
    assert_non_null(strstr(registration(d, recorded_answer), "other ceremony"));
}

static void what_is_kept_is_the_users_own(void **state)
{
    struct uuid other;
    struct ceremony ceremony;
    assert_true(uuid_parse("6ba7b810-9dad-41d1-80b4-00c04fd430c9", &other));
    assert_false(ceremony_read(*state, kept_registration, &other, &ceremony));
    assert_false(ceremony_read(*state, NULL, &other, &ceremony));
    assert_false(ceremony_read(*state, "{}", &other, &ceremony));
    assert_false(ceremony_read(*state, "x", &other, &ceremony));
}

/* Attestation none signs nothing: the flags are looked at all the same. */
static void flags(void **state)
{
    struct desk *d = desk_new(*state, kept_registration);
    size_t len;
    uint8_t *object = bytes_of(*state, recorded_answer, "attestationObject", &len);
    uint8_t *flags_at = object + len - 164 + 32; /* authData is the last and has 164 bytes */
    assert_int_equal(*flags_at, FLAG_UP | FLAG_UV | FLAG_AT);
    *flags_at = FLAG_UV | FLAG_AT;
    assert_non_null(strstr(
        registration(d, with_bytes(*state, recorded_answer, "attestationObject", object, len)),
        "7.1.14"));
    *flags_at = FLAG_UP | FLAG_AT; /* user verification is not required */
    assert_null(
        registration(d, with_bytes(*state, recorded_answer, "attestationObject", object, len)));
    *flags_at = FLAG_UP | FLAG_AT | FLAG_BS;
    assert_non_null(strstr(
        registration(d, with_bytes(*state, recorded_answer, "attestationObject", object, len)),
        "Level 3"));
    *flags_at = FLAG_UP | FLAG_AT | FLAG_BS | FLAG_BE;
    assert_null(
        registration(d, with_bytes(*state, recorded_answer, "attestationObject", object, len)));
    *flags_at = FLAG_UP;
    assert_string_equal(
        registration(d, with_bytes(*state, recorded_answer, "attestationObject", object, len)),
        "Invalid credential_response");
}

/* Self attestation signs all of it: no byte can be turned. */
static void each_byte_of_a_registration(void **state)
{
    static const char *const parts[] = { "attestationObject", "clientDataJSON", "rawId" };
    struct desk *d = desk_new(*state, kept_registration);
    for (size_t i = 0; i < COUNT(registrations); i++) {
        for (size_t p = 0; p < COUNT(parts); p++) {
            size_t len;
            uint8_t *bytes = bytes_of(*state, registrations[i], parts[p], &len);
            for (size_t at = 0; at < len; at++) {
                bytes[at] ^= (uint8_t)(1u << at % 8);
                assert_non_null(
                    registration(d, with_bytes(*state, registrations[i], parts[p], bytes, len)));
                bytes[at] ^= (uint8_t)(1u << at % 8);
            }
        }
    }
}

static void truncated_and_over_long(void **state)
{
    struct desk *d = desk_new(*state, kept_registration);
    size_t len;
    uint8_t *object = bytes_of(*state, recorded_answer, "attestationObject", &len);
    for (size_t n = 0; n < len; n++) {
        assert_string_equal(
            registration(d, with_bytes(*state, recorded_answer, "attestationObject", object, n)),
            "Invalid credential_response");
    }
    uint8_t *longer = arena_alloc(*state, ATTESTATION_MAX + 2);
    memcpy(longer, object, len);
    size_t lengths[] = { len + 1, len + 100, ATTESTATION_MAX, ATTESTATION_MAX + 1 };
    for (size_t i = 0; i < COUNT(lengths); i++) {
        assert_string_equal(registration(d, with_bytes(*state, recorded_answer, "attestationObject",
                                                       longer, lengths[i])),
                            "Invalid credential_response");
    }
}

/* The key of a registration, as it would be stored, and a challenge that allows it. */
static struct credential key_of(struct desk *d, size_t i)
{
    struct answer answer;
    assert_int_equal(read_answer(d, registrations[i], &answer), P_OK);
    const char *kept = arena_printf(d->arena, KEPT_HEAD "\"allowed_credentials\":[\"%s\"]}",
                                    credential_id_text(d->arena, answer.data.credential_id));
    assert_true(ceremony_read(d->arena, kept, &d->user, &d->ceremony));
    return (struct credential){
        .id = answer.data.credential_id,
        .key = answer.data.key,
        .sign_count = answer.data.sign_count,
    };
}

static const char *assertion(struct desk *d, const struct credential *key, const char *text)
{
    struct answer answer;
    enum problem problem = read_answer(d, text, &answer);
    return problem ? problem_row(problem)->text
                   : assertion_fault(d->arena, &d->config, &d->ceremony, &d->user, key, &answer);
}

static void assertions_hold(void **state)
{
    struct desk *d = desk_new(*state, kept_registration);
    for (size_t i = 0; i < COUNT(assertions); i++) {
        struct credential key = key_of(d, i);
        struct answer answer;
        assert_null(assertion(d, &key, assertions[i]));
        assert_int_equal(read_answer(d, assertions[i], &answer), P_OK);
        assert_false(assertion_cloned(&key, &answer));
        key.sign_count = 2;
        assert_true(assertion_cloned(&key, &answer));
        key.sign_count = answer.data.sign_count = 0;
        assert_false(assertion_cloned(&key, &answer));
        assert_non_null(strstr(assertion(d, NULL, assertions[i]), "7.2.7"));
        struct credential another = key_of(d, (i + 1) % 3);
        key_of(d, i);
        assert_non_null(strstr(assertion(d, &another, assertions[i]), "7.2.20"));
        another.key = key.key;
        key_of(d, (i + 1) % 3);
        assert_non_null(strstr(assertion(d, &key, assertions[i]), "7.2.5"));
    }
}

static void each_byte_of_an_assertion(void **state)
{
    static const char *const parts[] = { "authenticatorData", "clientDataJSON", "signature",
                                         "rawId", "userHandle" };
    struct desk *d = desk_new(*state, kept_registration);
    for (size_t i = 0; i < COUNT(assertions); i++) {
        struct credential key = key_of(d, i);
        for (size_t p = 0; p < COUNT(parts); p++) {
            size_t len;
            uint8_t *bytes = bytes_of(*state, assertions[i], parts[p], &len);
            for (size_t at = 0; at < len; at++) {
                bytes[at] ^= (uint8_t)(1u << at % 8);
                assert_non_null(
                    assertion(d, &key, with_bytes(*state, assertions[i], parts[p], bytes, len)));
                bytes[at] ^= (uint8_t)(1u << at % 8);
            }
            for (size_t n = 1; n < len; n++) {
                assert_non_null(
                    assertion(d, &key, with_bytes(*state, assertions[i], parts[p], bytes, n)));
            }
        }
    }
}

static void an_answer_for_the_other_ceremony(void **state)
{
    struct desk *d = desk_new(*state, kept_registration);
    assert_non_null(strstr(registration(d, vector_assertion_es256), "other ceremony"));
    struct credential key = key_of(d, 0);
    assert_non_null(strstr(assertion(d, &key, vector_registration_es256), "other ceremony"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(the_recorded_registration),
        ARENA_TEST(registrations_hold),
        ARENA_TEST(what_was_asked_for),
        ARENA_TEST(what_is_kept_is_the_users_own),
        ARENA_TEST(flags),
        ARENA_TEST(each_byte_of_a_registration),
        ARENA_TEST(truncated_and_over_long),
        ARENA_TEST(assertions_hold),
        ARENA_TEST(each_byte_of_an_assertion),
        ARENA_TEST(an_answer_for_the_other_ceremony),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
