/* cose_key.c: see cose_key.h. */
#include "factor/webauthn/cose_key.h"

#include <cbor.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <string.h>

/* Labels and values: RFC 8152 tables 2, 18, 21; RFC 8230 §4. */
enum { KTY = 1, ALG = 3, CRV_OR_N = -1, X_OR_E = -2, Y = -3 };
enum { KTY_OKP = 1, KTY_EC2 = 2, KTY_RSA = 3, P256 = 1, ED25519 = 6 };
enum { COORDINATE = 32, MODULUS = 256, EXPONENT = 3, WRITTEN_MAX = 512 };

struct members {
    struct item kty, alg, first, second, third;
    int count;
};

static struct item *member_of(struct members *m, int64_t label)
{
    switch (label) {
    case KTY:
        return &m->kty;
    case ALG:
        return &m->alg;
    case CRV_OR_N:
        return &m->first;
    case X_OR_E:
        return &m->second;
    case Y:
        return &m->third;
    default:
        return NULL;
    }
}

/* kind ITEM_OTHER: not there (yet). */
static bool read_members(struct cursor *c, struct members *m)
{
    const struct item absent = { .kind = ITEM_OTHER };
    struct item map, label;
    *m = (struct members){ absent, absent, absent, absent, absent, 0 };
    if (!cursor_expect(c, ITEM_MAP, &map)) {
        return false;
    }
    for (; m->count < map.number; m->count++) {
        if (!cursor_expect(c, ITEM_INT, &label)) {
            return false;
        }
        struct item *member = member_of(m, label.number);
        if (!member || member->kind != ITEM_OTHER || !cursor_next(c, member) ||
            (member->kind != ITEM_INT && member->kind != ITEM_BYTES)) {
            return false;
        }
    }
    return true;
}

static bool is_int(const struct item *item, int64_t n)
{
    return item->kind == ITEM_INT && item->number == n;
}

static bool take(struct cose_key *key, const struct item *item, size_t size)
{
    if (item->kind != ITEM_BYTES || item->len != size) {
        return false;
    }
    memcpy(key->material + key->len, item->bytes, size);
    key->len += size;
    return true;
}

bool cose_key_read(struct cursor *cursor, struct cose_key *out)
{
    struct members m;
    *out = (struct cose_key){ 0 };
    if (!read_members(cursor, &m) || m.alg.kind != ITEM_INT) {
        return false;
    }
    bool fits = false;
    out->alg = m.alg.number;
    if (is_int(&m.alg, ALG_ES256)) {
        fits = m.count == 5 && is_int(&m.kty, KTY_EC2) && is_int(&m.first, P256) &&
               take(out, &m.second, COORDINATE) && take(out, &m.third, COORDINATE);
    } else if (is_int(&m.alg, ALG_EDDSA)) {
        fits = m.count == 4 && is_int(&m.kty, KTY_OKP) && is_int(&m.first, ED25519) &&
               take(out, &m.second, COORDINATE);
    } else if (is_int(&m.alg, ALG_RS256)) {
        fits = m.count == 4 && is_int(&m.kty, KTY_RSA) && take(out, &m.first, MODULUS) &&
               take(out, &m.second, EXPONENT);
    }
    void *pk = fits ? fido_key_new(out) : NULL; /* which looks at the curve */
    fido_key_free(out, pk);
    return pk != NULL;
}

static uint8_t *put_int(uint8_t *p, int64_t n)
{
    return p + (n < 0 ? cbor_encode_negint((uint64_t)(-1 - n), p, 9)
                      : cbor_encode_uint((uint64_t)n, p, 9));
}

static uint8_t *put_bytes(uint8_t *p, const uint8_t *bytes, size_t len)
{
    p += cbor_encode_bytestring_start(len, p, 9);
    memcpy(p, bytes, len);
    return p + len;
}

/* Canonical order of the labels: 1, 3, -1, -2, -3. */
const uint8_t *cose_key_write(struct arena *arena, const struct cose_key *key, size_t *len)
{
    uint8_t *text = arena_alloc(arena, WRITTEN_MAX), *p = text;
    bool ec = key->alg == ALG_ES256, rsa = key->alg == ALG_RS256;
    p += cbor_encode_map_start(ec ? 5 : 4, p, 9);
    p = put_int(put_int(p, KTY), ec ? KTY_EC2 : rsa ? KTY_RSA : KTY_OKP);
    p = put_int(put_int(p, ALG), key->alg);
    p = put_int(p, CRV_OR_N);
    if (rsa) {
        p = put_bytes(p, key->material, MODULUS);
        p = put_bytes(put_int(p, X_OR_E), key->material + MODULUS, EXPONENT);
    } else {
        p = put_int(p, ec ? P256 : ED25519);
        p = put_bytes(put_int(p, X_OR_E), key->material, COORDINATE);
    }
    if (ec) {
        p = put_bytes(put_int(p, Y), key->material + COORDINATE, COORDINATE);
    }
    *len = (size_t)(p - text);
    return text;
}

void *fido_key_new(const struct cose_key *key)
{
    int fault = FIDO_ERR_INVALID_ARGUMENT;
    void *pk = NULL;
    if (key->alg == ALG_ES256) {
        pk = es256_pk_new();
        fault = pk ? es256_pk_from_ptr(pk, key->material, key->len) : fault;
    } else if (key->alg == ALG_EDDSA) {
        pk = eddsa_pk_new();
        fault = pk ? eddsa_pk_from_ptr(pk, key->material, key->len) : fault;
    } else if (key->alg == ALG_RS256) {
        pk = rs256_pk_new();
        fault = pk ? rs256_pk_from_ptr(pk, key->material, key->len) : fault;
    }
    if (fault != FIDO_OK) {
        fido_key_free(key, pk);
        return NULL;
    }
    return pk;
}

void fido_key_free(const struct cose_key *key, void *pk)
{
    if (key->alg == ALG_ES256) {
        es256_pk_t *es256 = pk;
        es256_pk_free(&es256);
    } else if (key->alg == ALG_EDDSA) {
        eddsa_pk_t *eddsa = pk;
        eddsa_pk_free(&eddsa);
    } else if (key->alg == ALG_RS256) {
        rs256_pk_t *rs256 = pk;
        rs256_pk_free(&rs256);
    }
}
