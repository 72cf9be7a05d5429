/* A JWT taken apart (RFC 7519, compact form of RFC 7515): three base64url parts with dots between.
 * Used for reading claims locally and before verification. */
#include "jwt.h"

#include "mem.h"

#include <string.h>

enum { TOKEN_MAX = 64 * 1024 };

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *found = c == '\0' ? NULL : strchr(digits, c);
    return found == NULL ? -1 : (int)(found - digits);
}

bool csi_base64url(const char *text, size_t size, unsigned char *out, size_t room, size_t *used)
{
    uint32_t bits = 0;
    int count = 0;
    *used = 0;
    if (size % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0) {
            return false;
        }
        bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            if (*used == room) {
                return false;
            }
            out[(*used)++] = (unsigned char)(bits >> count);
        }
    }
    return true;
}

static cs_status bad_token(struct csi_call *call)
{
    return csi_fail(call, CS_ERR_INVALID_TOKEN,
                    "the token is no JWT: it must be three base64url "
                    "parts with dots between");
}

static cs_status parse_part(struct csi_call *call, const char *text, size_t size, json_t **out)
{
    size_t used = 0;
    unsigned char *bytes = csi_alloc(1, size);
    if (bytes == NULL) {
        return csi_fail_no_memory(call);
    }
    cs_status status = CS_OK;
    enum csi_json_result parsed = CSI_JSON_BAD;
    if (csi_base64url(text, size, bytes, size, &used)) {
        parsed = csi_json_parse((const char *)bytes, used, out);
    }
    if (parsed == CSI_JSON_NO_MEMORY) {
        status = csi_fail_no_memory(call);
    } else if (parsed != CSI_JSON_OK || !json_is_object(*out)) {
        status = bad_token(call);
    }
    csi_secret_free(bytes, size);
    return status;
}

cs_status csi_jwt_parse(struct csi_call *call, const char *token, struct csi_jwt *out)
{
    *out = (struct csi_jwt){ .header = NULL };
    size_t length = strlen(token);
    const char *first = strchr(token, '.');
    const char *second = first == NULL ? NULL : strchr(first + 1, '.');
    if (length > TOKEN_MAX || second == NULL || strchr(second + 1, '.') != NULL) {
        return bad_token(call);
    }
    const char *end = token + length;
    out->signed_size = (size_t)(second - token);
    cs_status status = parse_part(call, token, (size_t)(first - token), &out->header);
    if (status == CS_OK) {
        status = parse_part(call, first + 1, (size_t)(second - first - 1), &out->claims);
    }
    if (status == CS_OK && !csi_base64url(second + 1, (size_t)(end - second - 1), out->signature,
                                          sizeof out->signature, &out->signature_size)) {
        status = bad_token(call);
    }
    if (status != CS_OK) {
        csi_jwt_free(out);
    }
    return status;
}

void csi_jwt_free(struct csi_jwt *jwt)
{
    csi_json_free(jwt->header);
    csi_json_free(jwt->claims);
    csi_wipe(jwt, sizeof *jwt);
}

cs_status csi_jwt_expiry(struct csi_call *call, const char *token, int64_t *out)
{
    struct csi_jwt jwt;
    cs_status status = csi_jwt_parse(call, token, &jwt);
    if (status != CS_OK) {
        return status;
    }
    if (!csi_json_int(jwt.claims, "exp", out)) {
        status = csi_fail(call, CS_ERR_INVALID_TOKEN, "the token has no exp: it is no user's");
    }
    csi_jwt_free(&jwt);
    return status;
}
