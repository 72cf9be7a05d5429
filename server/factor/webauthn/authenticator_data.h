/* authenticator_data.h: what an authenticator signs (WebAuthn §6.1), taken apart in place. */
#ifndef COUNTERSIGN_FACTOR_WEBAUTHN_AUTHENTICATOR_DATA_H
#define COUNTERSIGN_FACTOR_WEBAUTHN_AUTHENTICATOR_DATA_H

#include "factor/webauthn/cose_key.h"

enum { FLAG_UP = 1, FLAG_UV = 4, FLAG_BE = 8, FLAG_BS = 16, FLAG_AT = 64, FLAG_ED = 128 };
enum { RP_ID_HASH = 32, AAGUID = 16, CREDENTIAL_ID_MAX = 1023, AUTHENTICATOR_DATA_MAX = 8192 };

struct blob {
    const uint8_t *bytes;
    size_t len;
};

struct authenticator_data {
    struct blob all;
    const uint8_t *rp_id_hash;
    uint8_t flags;
    uint32_t sign_count;
    /* attested credential data; only with FLAG_AT */
    const uint8_t *aaguid;
    struct blob credential_id;
    struct blob key_text; /* the key as it came */
    struct cose_key key;
    struct blob extensions; /* only with FLAG_ED: one CBOR map */
};

/* false unless the bytes are authenticator data from the first to the last. A key that is well
 * formed but not one of ours reads as alg 0. */
bool authenticator_data_read(struct blob bytes, struct authenticator_data *out);

/* The extension outputs that libfido2 looks at: it wants to be told which ones are there. */
struct extension_outputs {
    int mask; /* FIDO_EXT_* */
    int protection;
    size_t pin_length;
};

struct extension_outputs extension_outputs_of(const struct authenticator_data *data);

#endif
