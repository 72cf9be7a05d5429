/* fuzz_webauthn.c: any bytes as a WebAuthn answer: as the whole JSON, as an attestation object, as
 * authenticator data with an assertion's signature. The first byte says which. For libFuzzer
 * (script/fuzz), and, linked with replay.c, an ordinary test over the corpus. */
#include "crypto/base64.h"
#include "factor/webauthn/assertion.h"
#include "factor/webauthn/attestation.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { INPUT_MAX = 1 << 16 };

#define CHALLENGE "wgdC_0erk97wmcCLvSQ-xa5K4d8tIAhAsGaE8ViHHjk"

/* {"type":"webauthn.<kind>","challenge":CHALLENGE,"origin":"http://localhost:3000"} */
static const char *client_data(struct arena *arena, const char *kind)
{
    const char *text = arena_printf(arena,
                                    "{\"type\":\"webauthn.%s\",\"challenge\":\"" CHALLENGE
                                    "\",\"origin\":\"http://localhost:3000\"}",
                                    kind);
    return base64url_encode(arena, text, strlen(text));
}

static const char *as_object(struct arena *arena, const uint8_t *bytes, size_t len)
{
    return arena_printf(arena,
                        "{\"type\":\"create\",\"credential_response\":{\"id\":\"AAAA\",\"type\":"
                        "\"public-key\",\"response\":{\"clientDataJSON\":\"%s\","
                        "\"attestationObject\":\"%s\"}}}",
                        client_data(arena, "create"), base64url_encode(arena, bytes, len));
}

static const char *as_data(struct arena *arena, const uint8_t *bytes, size_t len)
{
    size_t signature = len > 8 ? 8 : len; /* the last bytes */
    return arena_printf(arena,
                        "{\"type\":\"request\",\"credential_response\":{\"id\":\"AAAA\",\"type\":"
                        "\"public-key\",\"response\":{\"clientDataJSON\":\"%s\","
                        "\"authenticatorData\":\"%s\",\"signature\":\"%s\"}}}",
                        client_data(arena, "get"), base64url_encode(arena, bytes, len - signature),
                        base64url_encode(arena, bytes + len - signature, signature));
}

/* A valid key for assertions: the base point of P-256. */
static struct credential some_key(const struct answer *answer)
{
    static const uint8_t point[] = {
        0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63,
        0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1,
        0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f,
        0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57,
        0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
    };
    struct credential key = { .id = answer->raw_id,
                              .key = { .alg = ALG_ES256, .len = sizeof point } };
    memcpy(key.key.material, point, sizeof point);
    key.backup_eligible = answer->data.flags & FLAG_BE;
    return key;
}

/* To reach what stands behind the first checks, the id is taken to be the attested one, and the
 * data to be of our relying party. */
static void verify(struct arena *arena, struct answer *answer)
{
    static const char *const origin = "http://localhost:3000";
    struct config config = { .webauthn.rp_id = "localhost", .webauthn.rp_origins = { &origin, 1 } };
    struct uuid user = { { 0 } };
    const char *create = "{\"challenge\":\"" CHALLENGE
                         "\",\"user_id\":\"MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw\","
                         "\"credParams\":[{\"alg\":-7},{\"alg\":-8},{\"alg\":-257}]}";
    const char *get =
        arena_printf(arena,
                     "{\"challenge\":\"" CHALLENGE
                     "\",\"user_id\":\"MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw\","
                     "\"allowed_credentials\":[\"%s\"]}",
                     credential_id_text(arena, answer->raw_id));
    struct ceremony ceremony;
    digest_of(DIGEST_SHA256, "localhost", 9, (uint8_t *)(uintptr_t)answer->data.rp_id_hash);
    if (!ceremony_read(arena, answer->creates ? create : get, &user, &ceremony)) {
        __builtin_trap();
    }
    if (answer->creates) {
        answer->raw_id = answer->data.credential_id;
        if (!registration_fault(&config, &ceremony, answer) && !credential_write(arena, answer)) {
            __builtin_trap();
        }
    } else {
        struct credential key = some_key(answer);
        (void)assertion_fault(arena, &config, &ceremony, &user, &key, answer);
    }
    struct challenge challenge = { .webauthn_data = "{}" };
    struct factor_check check = { .challenge = &challenge };
    (void)challenge_record(arena, &check, answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (!len || len > INPUT_MAX) {
        return 0;
    }
    struct arena *arena = arena_new();
    struct ctx ctx = { .arena = arena };
    struct answer answer;
    const char *detail, *text = bytes[0] == 'o'   ? as_object(arena, bytes + 1, len - 1)
                                : bytes[0] == 'd' ? as_data(arena, bytes + 1, len - 1)
                                                  : arena_strndup(arena, (const char *)bytes, len);
    const struct json_t *json = json_read(arena, text, strlen(text), &detail);
    if (json && answer_read(&ctx, json, &answer) == P_OK) {
        verify(arena, &answer);
    }
    arena_free(&arena);
    return 0;
}
