/* How sure the server is of who is there: the level of a session and the one it can be raised to.
 */
#include "auth.h"

#include "decode.h"
#include "jwt.h"
#include "mem.h"
#include "refresh.h"
#include "session.h"
#include "url.h"

#include <string.h>

void cs_mfa_assurance_level_free(cs_mfa_assurance_level **level)
{
    if (level != NULL) {
        csi_box_free(*level);
        *level = NULL;
    }
}

static bool has_verified_factor(const json_t *user)
{
    const json_t *factors = csi_json_array(user, "factors");
    for (size_t i = 0; i < json_array_size(factors); i++) {
        const char *status = csi_json_text(json_array_get(factors, i), "status");
        if (status != NULL && strcmp(status, "verified") == 0) {
            return true;
        }
    }
    return false;
}

/* The level that a token states and the one that a user's factors allow. */
static cs_status assess(struct csi_call *call, const char *token, const json_t *user,
                        cs_mfa_assurance_level **out)
{
    struct csi_jwt jwt;
    cs_status status = csi_jwt_parse(call, token, &jwt);
    if (status != CS_OK) {
        return status;
    }
    cs_mfa_assurance_level *level = csi_box_new(sizeof *level);
    if (level != NULL) {
        level->current_level = csi_json_box_text(level, jwt.claims, "aal");
        level->next_level = has_verified_factor(user) ? "aal2" : level->current_level;
        level->current_authentication_methods = csi_decode_amr(
            level, csi_json_array(jwt.claims, "amr"), &level->current_authentication_methods_count);
    }
    csi_jwt_free(&jwt);
    *out = level;
    return level == NULL ? csi_fail_no_memory(call) : CS_OK;
}

cs_status cs_auth_mfa_get_authenticator_assurance_level(cs_client *client,
                                                        cs_mfa_assurance_level **out)
{
    struct csi_call call;
    struct csi_session *session = NULL;
    json_t *user = NULL;
    cs_mfa_assurance_level *level = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = csi_session_current(&call, &session);
    if (status == CS_OK && session->user_json[0] != '\0' &&
        csi_json_parse(session->user_json, strlen(session->user_json), &user) != CSI_JSON_OK) {
        status = csi_fail_no_memory(&call); /* it was JSON when it came */
    }
    status = status ? status : assess(&call, session->access_token, user, &level);
    csi_json_free(user);
    csi_session_put(session);
    return csi_finish(&call, status, level, out);
}

cs_status cs_auth_mfa_get_authenticator_assurance_level_from_server(cs_client *client,
                                                                    const char *jwt,
                                                                    cs_mfa_assurance_level **out)
{
    struct csi_call call;
    struct csi_session *session = NULL;
    json_t *user = NULL;
    cs_mfa_assurance_level *level = NULL;
    cs_status status = CS_OK;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    if (jwt == NULL) {
        status = csi_session_fresh(&call, &session);
        jwt = session == NULL ? NULL : session->access_token;
    }
    status = status ? status : csi_get_user_json(&call, jwt, &user);
    status = status ? status : assess(&call, jwt, user, &level);
    csi_json_free(user);
    csi_session_put(session);
    return csi_finish(&call, status, level, out);
}
