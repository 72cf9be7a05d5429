/* cose_key.h: public keys of authenticators (COSE_Key, RFC 8152 §7 and §13): ES256 on P-256,
 * RS256 of 2048 bits, EdDSA on Ed25519. The one place that knows how libfido2 holds them. */
#ifndef COUNTERSIGN_FACTOR_WEBAUTHN_COSE_KEY_H
#define COUNTERSIGN_FACTOR_WEBAUTHN_COSE_KEY_H

#include "base/arena.h"
#include "factor/webauthn/cbor_cursor.h"

enum cose_alg { ALG_ES256 = -7, ALG_EDDSA = -8, ALG_RS256 = -257 };

enum { KEY_MATERIAL_MAX = 256 + 3 };

struct cose_key {
    int64_t alg;
    uint8_t material[KEY_MATERIAL_MAX]; /* ES256: x, y; EdDSA: x; RS256: n, e */
    size_t len;
};

/* Reads a COSE_Key. false unless it is a map of exactly the members of its type, whose type, curve
 * and sizes fit its alg (WebAuthn §6.5.1), and the point is on the curve. */
bool cose_key_read(struct cursor *cursor, struct cose_key *out);

/* Its CTAP2 canonical form. */
const uint8_t *cose_key_write(struct arena *arena, const struct cose_key *key, size_t *len);

/* The key as libfido2 wants it, or NULL; given back with the other call, NULL is fine. */
void *fido_key_new(const struct cose_key *key);
void fido_key_free(const struct cose_key *key, void *pk);

#endif
