/* The claims of tokens: read locally without trust, or verified by the server's keys or by the
 * server itself. */
#include "auth.h"
#include "client.h"
#include "decode.h"
#include "jwks.h"
#include "jwt.h"
#include "mem.h"
#include "refresh.h"
#include "session.h"
#include "signature.h"
#include "url.h"

#include <string.h>

enum { EARLY_S = 60 }; /* by how much clocks may differ (RFC 7519 section 4.1.5) */

void cs_claims_free(cs_claims **claims)
{
    if (claims != NULL) {
        csi_box_free(*claims);
        *claims = NULL;
    }
}

/* aud is a text or a list of texts, of which the first is shown. */
static const char *audience(void *box, const json_t *claims)
{
    const json_t *first = json_array_get(csi_json_array(claims, "aud"), 0);
    return first == NULL ? csi_json_box_text(box, claims, "aud")
                         : csi_box_text(box, json_string_value(first), json_string_length(first));
}

static cs_claims *decode(const struct csi_jwt *jwt, bool verified)
{
    cs_claims *claims = csi_box_new(sizeof *claims);
    if (claims == NULL) {
        return NULL;
    }
    const json_t *json = jwt->claims;
    claims->iss = csi_json_box_text(claims, json, "iss");
    claims->sub = csi_json_box_text(claims, json, "sub");
    claims->aud = audience(claims, json);
    claims->role = csi_json_box_text(claims, json, "role");
    claims->aal = csi_json_box_text(claims, json, "aal");
    claims->session_id = csi_json_box_text(claims, json, "session_id");
    claims->email = csi_json_box_text(claims, json, "email");
    claims->phone = csi_json_box_text(claims, json, "phone");
    csi_json_int(json, "exp", &claims->exp);
    csi_json_int(json, "iat", &claims->iat);
    claims->is_anonymous = csi_json_bool(json, "is_anonymous");
    claims->amr = csi_decode_amr(claims, csi_json_array(json, "amr"), &claims->amr_count);
    claims->alg = csi_json_box_text(claims, jwt->header, "alg");
    claims->kid = csi_json_box_text(claims, jwt->header, "kid");
    claims->verified = verified;
    claims->header = csi_json_box_dump(claims, jwt->header);
    claims->claims = csi_json_box_dump(claims, json);
    return claims;
}

cs_status cs_auth_get_local_claims(cs_client *client, cs_claims **out)
{
    struct csi_call call;
    struct csi_jwt jwt;
    struct csi_session *session = NULL;
    cs_claims *claims = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = csi_session_current(&call, &session);
    status = status ? status : csi_jwt_parse(&call, session->access_token, &jwt);
    if (status == CS_OK) {
        claims = decode(&jwt, false);
        csi_jwt_free(&jwt);
    }
    csi_session_put(session);
    return csi_finish(&call, status, claims, out);
}

static cs_status check_times(struct csi_call *call, const struct csi_jwt *jwt, bool allow_expired)
{
    int64_t exp = 0, nbf = 0, now = csi_client_now(call->client);
    if (csi_json_int(jwt->claims, "nbf", &nbf) && nbf > now + EARLY_S) {
        return csi_fail(call, CS_ERR_INVALID_TOKEN,
                        "the token counts in %lld seconds only: wait, or set the clock of this "
                        "machine",
                        (long long)(nbf - now));
    }
    if (allow_expired) {
        return CS_OK;
    }
    if (!csi_json_int(jwt->claims, "exp", &exp)) {
        return csi_fail(call, CS_ERR_INVALID_TOKEN, "the token has no exp: it is no user's");
    }
    if (exp <= now) {
        return csi_fail(call, CS_ERR_INVALID_TOKEN,
                        "the token expired %lld seconds ago: refresh the session, or set the "
                        "clock of this machine",
                        (long long)(now - exp));
    }
    return CS_OK;
}

/* By asking the server, which checks signature, expiry and session. */
static cs_status verify_there(struct csi_call *call, const char *token)
{
    json_t *user = NULL;
    cs_status status = csi_get_user_json(call, token, &user);
    csi_json_free(user);
    return status;
}

static cs_status verify(struct csi_call *call, const char *token, const struct csi_jwt *jwt)
{
    const char *alg = csi_json_text(jwt->header, "alg");
    const char *kid = csi_json_text(jwt->header, "kid");
    struct csi_jwks *jwks = NULL;
    const json_t *key = NULL;
    bool by_key =
        alg != NULL && kid != NULL && (strcmp(alg, "RS256") == 0 || strcmp(alg, "ES256") == 0);
    if (json_object_get(jwt->header, "crit") != NULL) {
        return csi_fail(call, CS_ERR_INVALID_TOKEN,
                        "the token wants something understood that this library does not know");
    }
    if (!by_key) {
        return verify_there(call, token);
    }
    cs_status status = csi_jwks_find(call, kid, &jwks, &key);
    if (status == CS_OK && key == NULL) {
        status = verify_there(call, token); /* a key that the server uses but does not show */
    } else if (status == CS_OK) {
        enum csi_signature result = csi_signature_check(alg, key, token, jwt->signed_size,
                                                        jwt->signature, jwt->signature_size);
        if (result == CSI_SIGNATURE_NO_MEMORY) {
            status = csi_fail_no_memory(call);
        } else if (result == CSI_SIGNATURE_BAD) {
            status = csi_fail(call, CS_ERR_INVALID_TOKEN,
                              "the token's signature is not by this server's key");
        }
    }
    csi_jwks_put(jwks);
    return status;
}

cs_status cs_auth_get_claims(cs_client *client, const cs_get_claims_params *params, cs_claims **out)
{
    static const cs_get_claims_params defaults;
    struct csi_call call;
    struct csi_jwt jwt;
    struct csi_session *session = NULL;
    cs_claims *claims = NULL;
    cs_status status = CS_OK;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    params = params == NULL ? &defaults : params;
    const char *token = params->jwt;
    if (token == NULL) {
        status = csi_session_fresh(&call, &session);
        token = session == NULL ? NULL : session->access_token;
    }
    status = status ? status : csi_jwt_parse(&call, token, &jwt);
    if (status == CS_OK) {
        status = check_times(&call, &jwt, params->allow_expired);
        status = status ? status : verify(&call, token, &jwt);
        claims = status == CS_OK ? decode(&jwt, true) : NULL;
        csi_jwt_free(&jwt);
    }
    csi_session_put(session);
    return csi_finish(&call, status, claims, out);
}
