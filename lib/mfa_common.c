/* What the MFA calls share: paths of factors, verification and removal, whatever the factor. */
#include "mfa_common.h"

#include "client.h"
#include "mem.h"
#include "refresh.h"
#include "session.h"

cs_status csi_factor_path(struct csi_call *call, struct csi_buf *path, const char *factor_id,
                          const char *rest)
{
    if (factor_id == NULL || factor_id[0] == '\0' || factor_id[0] == '.') {
        return csi_fail(call, CS_ERR_INVALID_ARGUMENT, "factor_id is missing or no id");
    }
    csi_buf_text(path, "/factors/");
    csi_buf_encoded(path, factor_id);
    csi_buf_text(path, rest);
    return csi_buf_status(call, path);
}

static cs_mfa_verify_response *verify_response(const struct csi_session *session)
{
    cs_mfa_verify_response *response = csi_box_new(sizeof *response);
    const cs_session *copy = response == NULL ? NULL : csi_session_public(response, session);
    if (copy != NULL) {
        response->access_token = copy->access_token;
        response->refresh_token = copy->refresh_token;
        response->token_type = copy->token_type;
        response->expires_in = copy->expires_in;
        response->expires_at = copy->expires_at;
        response->user = copy->user;
    }
    return response;
}

/* The request itself, with the token that is current now; *out is the new session, *dead the old
 * one if the server no longer knows it. */
static cs_status exchange(struct csi_call *call, const char *path, const struct csi_buf *body,
                          struct csi_session **out, struct csi_session **dead)
{
    json_t *answer = NULL;
    struct csi_session *old = NULL;
    cs_status status = csi_session_current(call, &old);
    if (status == CS_OK) {
        const struct csi_request request = {
            .method = "POST", .path = path, .body = body, .bearer = old->access_token
        };
        status = csi_request(call, &request, &answer);
    }
    if (status == CS_OK) {
        status = csi_adopt(call, answer, old->login, out);
    } else if (status == CS_ERR_SESSION_MISSING) {
        *dead = csi_session_get(old);
    }
    csi_json_free(answer);
    csi_session_put(old);
    return status;
}

cs_status csi_mfa_verify(struct csi_call *call, const char *path, const struct csi_buf *body,
                         cs_mfa_verify_response **out)
{
    struct csi_session *session = NULL, *dead = NULL;
    *out = NULL;
    cs_status status = csi_session_fresh(call, &session);
    csi_session_put(session);
    session = NULL;
    status = status ? status : csi_exchange_begin(call);
    if (status != CS_OK) {
        return status;
    }
    status = exchange(call, path, body, &session, &dead);
    csi_exchange_end(call);
    if (dead != NULL) {
        csi_session_end(call, dead);
        csi_session_put(dead);
    }
    status = csi_announce(call, status, CS_EVENT_MFA_CHALLENGE_VERIFIED, &session);
    *out = status == CS_OK ? verify_response(session) : NULL;
    csi_session_put(session);
    if (status == CS_OK && *out == NULL) {
        status = csi_fail_no_memory(call);
    }
    return status;
}

cs_status csi_mfa_remove(struct csi_call *call, const char *path, cs_mfa_unenroll_response **out)
{
    json_t *answer = NULL;
    const struct csi_request request = { .method = "DELETE", .path = path };
    cs_status status = csi_user_request(call, request, &answer);
    cs_mfa_unenroll_response *response = status == CS_OK ? csi_box_new(sizeof *response) : NULL;
    if (response != NULL) {
        response->id = csi_json_box_text(response, answer, "id");
        if (!call->client->options.no_refresh_after_unenroll) {
            response->refresh_status = csi_refresh_current(call);
        }
    }
    csi_json_free(answer);
    *out = response;
    return status == CS_OK && response == NULL ? csi_fail_no_memory(call) : status;
}
