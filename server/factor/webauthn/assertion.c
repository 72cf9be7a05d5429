/* assertion.c: verifies an assertion, see assertion.h. */
#include "factor/webauthn/assertion.h"

#include "factor/webauthn/attestation.h"

#include <fido.h>
#include <string.h>

/* Step 20, by libfido2. */
static bool signature_holds(const struct config *config, const struct cose_key *key,
                            const struct answer *a)
{
    int mask = extension_outputs_of(&a->data).mask & (FIDO_EXT_HMAC_SECRET | FIDO_EXT_CRED_BLOB);
    fido_assert_t *assertion = fido_assert_new();
    void *pk = fido_key_new(key);
    int r = assertion && pk ? fido_assert_set_count(assertion, 1) : FIDO_ERR_INTERNAL;
    r = r ? r : fido_assert_set_rp(assertion, config->webauthn.rp_id);
    r = r ? r : fido_assert_set_clientdata(assertion, a->client.text.bytes, a->client.text.len);
    r = r || !mask ? r : fido_assert_set_extensions(assertion, mask);
    r = r ? r : fido_assert_set_authdata_raw(assertion, 0, a->data.all.bytes, a->data.all.len);
    r = r ? r : fido_assert_set_sig(assertion, 0, a->signature.bytes, a->signature.len);
    r = r ? r : fido_assert_verify(assertion, 0, (int)key->alg, pk);
    fido_key_free(key, pk);
    fido_assert_free(&assertion);
    return r == FIDO_OK;
}

/* Step 6. */
static bool handle_is_of(struct arena *arena, const struct uuid *user_id, struct blob handle)
{
    struct blob wanted = user_handle(arena, user_id);
    return !handle.bytes ||
           (handle.len == wanted.len && memcmp(handle.bytes, wanted.bytes, wanted.len) == 0);
}

const char *assertion_fault(struct arena *arena, const struct config *config,
                            const struct ceremony *ceremony, const struct uuid *user_id,
                            const struct credential *credential, const struct answer *a)
{
    if (a->creates || !ceremony->allowed) {
        return "the challenge is for the other ceremony";
    }
    if (!ceremony_allows(arena, ceremony, a->raw_id)) {
        return "7.2.5: a key that was not asked for";
    }
    if (!handle_is_of(arena, user_id, a->user_handle)) {
        return "7.2.6: the handle of another user";
    }
    if (!credential || !credential->key.alg) {
        return "7.2.7: the key is not there any more, or of a kind that is not verified here";
    }
    const char *fault = client_data_fault(&a->client, "webauthn.get", ceremony->challenge, config);
    if (!fault) {
        fault = authenticator_data_fault(&a->data, config->webauthn.rp_id);
    }
    if (fault) {
        return fault;
    }
    if (a->data.flags & FLAG_AT) {
        return "6.1: attested data in an assertion";
    }
    if (!(a->data.flags & FLAG_BE) != !credential->backup_eligible) {
        return "Level 3: the key was made with another eligibility for backup";
    }
    /* 7.2.18: no extension was asked for, and unsolicited outputs are ignored */
    return signature_holds(config, &credential->key, a) ? NULL : "7.2.20: the signature";
}

bool assertion_cloned(const struct credential *credential, const struct answer *a)
{
    return (a->data.sign_count || credential->sign_count) &&
           a->data.sign_count <= credential->sign_count;
}
