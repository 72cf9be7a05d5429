/* Signatures of JWTs by public keys, and the only file that knows OpenSSL's keys: RS256 (RFC 7518
 * section 3.3) and ES256 (section 3.4). The algorithm decides which kind of key is read, never the
 * other way round. */
#include "signature.h"

#include "jwt.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

enum { MODULUS_MAX = 1024, EXPONENT_MAX = 8, COORDINATE = 32 };

static bool member(const json_t *jwk, const char *name, unsigned char *out, size_t room,
                   size_t *size)
{
    const char *text = csi_json_text(jwk, name);
    return text != NULL && csi_base64url(text, strlen(text), out, room, size) && *size > 0;
}

static bool is_kind(const json_t *jwk, const char *name, const char *value)
{
    const char *text = csi_json_text(jwk, name);
    return text != NULL && strcmp(text, value) == 0;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1) {
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
    unsigned char n[MODULUS_MAX], e[EXPONENT_MAX];
    size_t n_size = 0, e_size = 0;
    EVP_PKEY *key = NULL;
    if (!is_kind(jwk, "kty", "RSA") || !member(jwk, "n", n, sizeof n, &n_size) ||
        !member(jwk, "e", e, sizeof e, &e_size) || n_size < 256) {
        return NULL;
    }
    BIGNUM *modulus = BN_bin2bn(n, (int)n_size, NULL);
    BIGNUM *exponent = BN_bin2bn(e, (int)e_size, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (modulus != NULL && exponent != NULL && builder != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        key = from_params("RSA", builder);
    }
    OSSL_PARAM_BLD_free(builder);
    BN_free(exponent);
    BN_free(modulus);
    return key;
}

static EVP_PKEY *ec_key(const json_t *jwk)
{
    unsigned char point[1 + 2 * COORDINATE] = { POINT_CONVERSION_UNCOMPRESSED };
    size_t x_size = 0, y_size = 0;
    EVP_PKEY *key = NULL;
    if (!is_kind(jwk, "kty", "EC") || !is_kind(jwk, "crv", "P-256") ||
        !member(jwk, "x", point + 1, COORDINATE, &x_size) || x_size != COORDINATE ||
        !member(jwk, "y", point + 1 + COORDINATE, COORDINATE, &y_size) || y_size != COORDINATE) {
        return NULL;
    }
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) ==
            1) {
        key = from_params("EC", builder);
    }
    OSSL_PARAM_BLD_free(builder);
    return key;
}

/* r and s side by side, as JWTs have them, in the DER form that OpenSSL takes. */
static int ecdsa_der(const unsigned char *signature, size_t size, unsigned char **der)
{
    if (size != 2 * COORDINATE) {
        return 0;
    }
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, COORDINATE, NULL);
    BIGNUM *s = BN_bin2bn(signature + COORDINATE, COORDINATE, NULL);
    int der_size = 0;
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        der_size = i2d_ECDSA_SIG(pair, der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return der_size;
}

static enum csi_signature check(EVP_PKEY *key, const char *text, size_t text_size,
                                const unsigned char *signature, size_t size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL) {
        return CSI_SIGNATURE_NO_MEMORY;
    }
    bool ready = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1;
    int verified =
        ready ? EVP_DigestVerify(context, signature, size, (const unsigned char *)text, text_size)
              : -1;
    EVP_MD_CTX_free(context);
    return verified == 1 ? CSI_SIGNATURE_GOOD : CSI_SIGNATURE_BAD;
}

/* RFC 7517 sections 4.2 and 4.3: a key that says what it is for is for nothing else. */
static bool is_for_signatures(const json_t *jwk)
{
    const json_t *operations = json_object_get(jwk, "key_ops");
    bool may = operations == NULL;
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const char *operation = json_string_value(json_array_get(operations, i));
        may = may || (operation != NULL && strcmp(operation, "verify") == 0);
    }
    return may && (json_object_get(jwk, "use") == NULL || is_kind(jwk, "use", "sig"));
}

static enum csi_signature check_by_jwk(const char *alg, const json_t *jwk, const char *text,
                                       size_t text_size, const unsigned char *signature,
                                       size_t signature_size)
{
    bool ec = strcmp(alg, "ES256") == 0;
    bool rsa = strcmp(alg, "RS256") == 0;
    const char *key_alg = csi_json_text(jwk, "alg");
    if ((!ec && !rsa) || (key_alg != NULL && strcmp(key_alg, alg) != 0) ||
        !is_for_signatures(jwk)) {
        return CSI_SIGNATURE_BAD;
    }
    EVP_PKEY *key = ec ? ec_key(jwk) : rsa_key(jwk);
    if (key == NULL) {
        return CSI_SIGNATURE_BAD;
    }
    unsigned char *der = NULL;
    enum csi_signature result = CSI_SIGNATURE_BAD;
    if (ec) {
        int der_size = ecdsa_der(signature, signature_size, &der);
        if (der_size > 0) {
            result = check(key, text, text_size, der, (size_t)der_size);
        }
        OPENSSL_free(der);
    } else {
        result = check(key, text, text_size, signature, signature_size);
    }
    EVP_PKEY_free(key);
    return result;
}

enum csi_signature csi_signature_check(const char *alg, const json_t *jwk, const char *text,
                                       size_t text_size, const unsigned char *signature,
                                       size_t signature_size)
{
    ERR_set_mark(); /* the error queue is the host program's: leave nothing in it */
    enum csi_signature result = check_by_jwk(alg, jwk, text, text_size, signature, signature_size);
    ERR_pop_to_mark();
    return result;
}
