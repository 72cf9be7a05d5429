/* attestation.c: verifies a registration, see attestation.h. Attestation says who made the key; no
 * rule of ours asks for that (step 20, 21: none, self and any certificate will do), but what is
 * said must be true. */
#include "factor/webauthn/attestation.h"

#include "crypto/ct_equal.h"

#include <fido.h>
#include <string.h>

const char *authenticator_data_fault(const struct authenticator_data *data, const char *rp_id)
{
    uint8_t hash[SHA256_SIZE];
    digest_of(DIGEST_SHA256, rp_id, strlen(rp_id), hash);
    if (!ct_equal(hash, data->rp_id_hash, sizeof hash)) {
        return "7.1.13, 7.2.15: it was made for another relying party";
    }
    if (!(data->flags & FLAG_UP)) {
        return "7.1.14, 7.2.16: nobody was present";
    }
    /* 7.1.15, 7.2.17: user verification is preferred, not required */
    if ((data->flags & FLAG_BS) && !(data->flags & FLAG_BE)) {
        return "Level 3: backed up without being eligible";
    }
    return NULL;
}

static int fill(fido_cred_t *cred, const struct answer *a, const char *rp_id)
{
    struct extension_outputs ext = extension_outputs_of(&a->data);
    int r = fido_cred_set_type(cred, (int)a->data.key.alg);
    r = r ? r : fido_cred_set_fmt(cred, a->format);
    r = r ? r : fido_cred_set_rp(cred, rp_id, NULL);
    r = r ? r : fido_cred_set_clientdata(cred, a->client.text.bytes, a->client.text.len);
    if (!r && ext.mask) { /* libfido2 wants to know which outputs are expected: those there are */
        r = fido_cred_set_extensions(cred, ext.mask);
        r = r || !ext.protection ? r : fido_cred_set_prot(cred, ext.protection);
        r = r || !ext.pin_length ? r : fido_cred_set_pin_minlen(cred, ext.pin_length);
    }
    r = r ? r : fido_cred_set_authdata_raw(cred, a->data.all.bytes, a->data.all.len);
    return r ? r : fido_cred_set_attstmt(cred, a->statement.text.bytes, a->statement.text.len);
}

/* §8.2, by libfido2. */
static bool packed_holds(const struct answer *a, const char *rp_id)
{
    fido_cred_t *cred = fido_cred_new();
    int r = cred ? fill(cred, a, rp_id) : FIDO_ERR_INTERNAL;
    if (!r) {
        r = a->statement.n_certificates ? fido_cred_verify(cred) : fido_cred_verify_self(cred);
    }
    fido_cred_free(&cred);
    return r == FIDO_OK;
}

/* Steps 18 and 19. */
static const char *statement_fault(const struct answer *a, const char *rp_id)
{
    const struct statement *s = &a->statement;
    if (strcmp(a->format, "none") == 0) { /* §8.7 */
        return s->pairs ? "7.1.19: a statement where there should be none" : NULL;
    }
    if (strcmp(a->format, "packed") != 0) {
        return "7.1.18: a format of attestation that is not verified here";
    }
    if (!s->signature.bytes || s->pairs != (s->n_certificates ? 3 : 2)) {
        return "7.1.19: members of the statement";
    }
    if (!s->n_certificates && s->alg != a->data.key.alg) { /* §8.2, self attestation */
        return "7.1.19: the statement's algorithm is not the key's";
    }
    return packed_holds(a, rp_id) ? NULL : "7.1.19: the signature of the statement";
}

const char *registration_fault(const struct config *config, const struct ceremony *ceremony,
                               const struct answer *a)
{
    if (!a->creates || !ceremony->algorithms) {
        return "the challenge is for the other ceremony";
    }
    const char *fault =
        client_data_fault(&a->client, "webauthn.create", ceremony->challenge, config);
    if (!fault) {
        fault = authenticator_data_fault(&a->data, config->webauthn.rp_id);
    }
    if (fault) {
        return fault;
    }
    if (!a->data.key.alg || !ceremony_accepts(ceremony, a->data.key.alg)) {
        return "7.1.16: a kind of key that was not asked for, or no such key";
    }
    if (a->raw_id.len != a->data.credential_id.len ||
        memcmp(a->raw_id.bytes, a->data.credential_id.bytes, a->raw_id.len) != 0) {
        return "the id is not the attested one";
    }
    /* 7.1.17: no extension was asked for, and unsolicited outputs are ignored */
    return statement_fault(a, config->webauthn.rp_id);
}
