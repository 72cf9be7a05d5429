/* jwk.c: from JSON Web Key to OpenSSL key, see jwk.h. A private part is proved to belong to the
 * public one by signing with the one and verifying with the other, which works for every type. */
#include "crypto/jwk.h"

#include "base/log.h"
#include "crypto/base64.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 16384, JWK_TEXT_MAX = 64 * 1024, NUMBERS_MAX = 8 };

/* A member of an RSA key and OpenSSL's name of it; RFC 7518 §6.3. */
static const struct {
    const char *member, *param;
} rsa_members[NUMBERS_MAX] = {
    { "n", OSSL_PKEY_PARAM_RSA_N },          { "e", OSSL_PKEY_PARAM_RSA_E },
    { "d", OSSL_PKEY_PARAM_RSA_D },          { "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
    { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },    { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
    { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 }, { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

struct reading {
    struct arena *keep, *arena; /* for the result; for the reading itself */
    const struct json_t *jwk;
    const struct jws_rule *rule;
    const char *why; /* what is wrong */
};

static void free_key(void *key)
{
    EVP_PKEY_free(key);
}

/* The bytes of a base64url member; NULL and a reason if it is absent or wrong. size 0: any. */
static uint8_t *bytes_of(struct reading *r, const char *member, size_t size, size_t *len)
{
    const char *text = json_member_text(r->jwk, member);
    uint8_t *bytes;
    if (!text || !*text) {
        r->why = arena_printf(r->arena, "member \"%s\" is missing", member);
        return NULL;
    }
    if (!base64url_decode(r->arena, text, strlen(text), &bytes, len)) {
        r->why = arena_printf(r->arena, "member \"%s\" is not base64url without padding", member);
        return NULL;
    }
    if (size && *len != size) {
        r->why = arena_printf(r->arena, "member \"%s\" must have %zu bytes", member, size);
        return NULL;
    }
    return bytes;
}

/* Makes a key of the parameters and frees them. NULL if OpenSSL refuses. */
static EVP_PKEY *key_from(struct reading *r, const char *type, OSSL_PARAM_BLD *build, int selection)
{
    OSSL_PARAM *params = build ? OSSL_PARAM_BLD_to_param(build) : NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (!params || !ctx) {
        log_die("OpenSSL cannot make a key");
    }
    if (EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, selection, params) != 1) {
        r->why = "its numbers make no key";
        key = NULL;
    } else {
        arena_defer(r->keep, free_key, key);
    }
    ERR_clear_error();
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params); /* secure numbers are cleansed */
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *rsa_from(struct reading *r, bool with_private)
{
    BIGNUM *numbers[NUMBERS_MAX] = { NULL };
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    /* RFC 7518 §6.3.2: d alone, or d with all five numbers of the Chinese remainder theorem. */
    int count = !with_private ? 2 : json_member(r->jwk, "p") ? 8 : 3;
    bool ok = build != NULL;
    for (int i = 0; i < count && ok; i++) {
        size_t len;
        uint8_t *bytes = bytes_of(r, rsa_members[i].member, 0, &len);
        ok = bytes && len <= RSA_BITS_MAX / 8 + 1;
        numbers[i] = ok ? BN_secure_new() : NULL;
        ok = ok && numbers[i] && BN_bin2bn(bytes, (int)len, numbers[i]) &&
             OSSL_PARAM_BLD_push_BN(build, rsa_members[i].param, numbers[i]) == 1;
    }
    if (ok) {
        key = key_from(r, "RSA", build, with_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
    } else {
        r->why = r->why ? r->why : "its numbers make no key";
        OSSL_PARAM_BLD_free(build);
    }
    for (int i = 0; i < NUMBERS_MAX; i++) {
        BN_clear_free(numbers[i]);
    }
    return key;
}

static EVP_PKEY *ec_from(struct reading *r, bool with_private)
{
    size_t part = (size_t)r->rule->part, len;
    uint8_t point[1 + 2 * 66] = { 4 }; /* uncompressed, SEC 1 §2.3.3 */
    uint8_t *x = bytes_of(r, "x", part, &len);
    uint8_t *y = x ? bytes_of(r, "y", part, &len) : NULL;
    uint8_t *d = y && with_private ? bytes_of(r, "d", part, &len) : NULL;
    if (!y || (with_private && !d)) {
        return NULL;
    }
    memcpy(point + 1, x, part);
    memcpy(point + 1 + part, y, part);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *secret = d ? BN_secure_new() : NULL;
    bool ok =
        build &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, r->rule->group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * part);
    if (ok && d) {
        ok = secret && BN_bin2bn(d, (int)part, secret) &&
             OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret);
    }
    if (!ok) {
        log_die("OpenSSL cannot make a key");
    }
    EVP_PKEY *key = key_from(r, "EC", build, d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
    BN_clear_free(secret);
    return key;
}

static EVP_PKEY *okp_from(struct reading *r, bool with_private)
{
    size_t part = (size_t)r->rule->part, len;
    uint8_t *x = bytes_of(r, "x", part, &len);
    uint8_t *d = x && with_private ? bytes_of(r, "d", part, &len) : NULL;
    if (!x || (with_private && !d)) {
        return NULL;
    }
    EVP_PKEY *key = d ? EVP_PKEY_new_raw_private_key_ex(NULL, r->rule->group, NULL, d, part)
                      : EVP_PKEY_new_raw_public_key_ex(NULL, r->rule->group, NULL, x, part);
    if (key) {
        arena_defer(r->keep, free_key, key);
    } else {
        r->why = "its bytes make no key";
        ERR_clear_error();
    }
    return key;
}

static EVP_PKEY *key_of_type(struct reading *r, bool with_private)
{
    switch (r->rule->key) {
    case JWS_KEY_RSA:
        return rsa_from(r, with_private);
    case JWS_KEY_EC:
        return ec_from(r, with_private);
    case JWS_KEY_OKP:
        return okp_from(r, with_private);
    case JWS_KEY_OCT:
        break;
    }
    return NULL;
}

static bool public_key_sound(struct reading *r, EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);
    if (r->rule->key == JWS_KEY_RSA && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) {
        r->why = arena_printf(r->arena, "RSA of %d bits; %d to %d are needed", bits, RSA_BITS_MIN,
                              RSA_BITS_MAX);
        return false;
    }
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool ok = ctx && EVP_PKEY_public_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    if (!ok) {
        r->why = "its public part is not sound";
    }
    return ok;
}

static bool private_fits(struct reading *r, const struct jwk *jwk, EVP_PKEY *private_key)
{
    static const char probe[] = "countersign";
    uint8_t signature[JWS_SIGNATURE_MAX];
    size_t len = jws_sign(jwk->alg, private_key, probe, sizeof probe, signature);
    if (!len || !jws_verify(jwk->alg, jwk->public_key, probe, sizeof probe, signature, len)) {
        r->why = "its private part does not belong to its public part";
        return false;
    }
    return true;
}

/* The text for the JWKS: without private members, for verifying only (§2.2 "public form"). */
static const char *public_form(struct reading *r)
{
    const char *detail,
        *patch = arena_printf(
            r->arena,
            "{\"d\":null,\"p\":null,\"q\":null,\"dp\":null,\"dq\":null,\"qi\":null,\"oth\":null,"
            "\"k\":null,\"use\":\"sig\",\"key_ops\":[\"verify\"],\"alg\":\"%s\"}",
            r->rule->name);
    struct strbuf text = strbuf_in(r->arena, JWK_TEXT_MAX);
    json_write(&text, r->jwk);
    if (!strbuf_ok(&text)) {
        r->why = "it is too long";
        return NULL;
    }
    return json_merged(r->arena, text.data, json_read(r->arena, patch, strlen(patch), &detail));
}

static bool read_asymmetric(struct reading *r, struct jwk *out)
{
    out->public_key = key_of_type(r, false);
    if (!out->public_key || !public_key_sound(r, out->public_key)) {
        return false;
    }
    bool has_private = json_member(r->jwk, "d") != NULL;
    if (out->signs && !has_private) {
        r->why = "it is to sign and has no private part";
        return false;
    }
    EVP_PKEY *private_key = has_private ? key_of_type(r, true) : NULL;
    if (has_private && (!private_key || !private_fits(r, out, private_key))) {
        return false;
    }
    out->private_key = out->signs ? private_key : NULL;
    out->public_jwk = arena_strdup(r->keep, public_form(r));
    return out->public_jwk != NULL;
}

static bool may_sign(const struct json_t *jwk)
{
    const struct json_t *ops = json_member(jwk, "key_ops");
    for (size_t i = 0; json_kind_of(ops) == KIND_ARRAY && i < json_count(ops); i++) {
        const char *op = json_text(json_nth(ops, i));
        if (op && strcmp(op, "sign") == 0) {
            return true;
        }
    }
    return false;
}

static bool read_members(struct reading *r, struct jwk *out)
{
    const char *alg = json_member_text(r->jwk, "alg"), *kty = json_member_text(r->jwk, "kty");
    const char *crv = json_member_text(r->jwk, "crv");
    if (!*out->kid) {
        r->why = "it has no \"kid\"";
        return false;
    }
    if (alg && strcmp(alg, "Ed25519") == 0) { /* RFC 9864, as WebCrypto exports it: verifiers of
                                               * tokens know the older name better */
        alg = "EdDSA";
    }
    if (!alg || !jws_alg_named(alg, &out->alg)) {
        r->why = "its \"alg\" must be HS256, RS256, RS512, ES256, ES512 or EdDSA";
        return false;
    }
    r->rule = jws_rule(out->alg);
    if (!kty || strcmp(kty, r->rule->kty) != 0) {
        r->why = arena_printf(r->arena, "%s needs \"kty\" %s", r->rule->name, r->rule->kty);
        return false;
    }
    if (r->rule->crv && (!crv || strcmp(crv, r->rule->crv) != 0)) {
        r->why = arena_printf(r->arena, "%s needs \"crv\" %s", r->rule->name, r->rule->crv);
        return false;
    }
    out->signs = may_sign(r->jwk);
    if (r->rule->key != JWS_KEY_OCT) {
        return read_asymmetric(r, out);
    }
    const uint8_t *secret = bytes_of(r, "k", 0, &out->secret_len);
    if (secret) {
        uint8_t *kept = arena_alloc(r->keep, out->secret_len); /* any bytes: NUL too */
        memcpy(kept, secret, out->secret_len);
        out->secret = kept;
    }
    return secret != NULL;
}

bool jwk_read(struct arena *arena, struct arena *scratch, const struct json_t *jwk, struct jwk *out,
              const char **error)
{
    struct reading r = { .keep = arena, .arena = scratch, .jwk = jwk };
    const char *kid = json_member_text(jwk, "kid");
    *out = (struct jwk){ .kid = arena_strdup(arena, kid ? kid : "") };
    if (json_kind_of(jwk) != KIND_OBJECT) {
        *error = "it is no JSON object";
        return false;
    }
    if (!read_members(&r, out)) {
        *error = *out->kid ? arena_printf(arena, "key \"%s\": %s", out->kid, r.why)
                           : arena_strdup(arena, r.why);
        return false;
    }
    return true;
}
