/* The calls about the signed-in user: read and change. */
#include "auth.h"

#include "answer.h"
#include "decode.h"
#include "mem.h"
#include "refresh.h"
#include "session.h"

#include <string.h>

void cs_user_response_free(cs_user_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

static cs_user_response *user_response(const json_t *user)
{
    cs_user_response *response = csi_box_new(sizeof *response);
    if (response != NULL) {
        response->user = csi_decode_user(response, user);
    }
    return response;
}

cs_status cs_auth_get_user(cs_client *client, const char *jwt, cs_user_response **out)
{
    struct csi_call call;
    json_t *user = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = csi_get_user_json(&call, jwt, &user);
    cs_user_response *response = status == CS_OK ? user_response(user) : NULL;
    csi_json_free(user);
    return csi_finish(&call, status, response, out);
}

/* Whether the session is this user's: another thread may have signed in somebody else. */
static bool is_users(const struct csi_session *session, const json_t *user)
{
    json_t *own = NULL;
    (void)csi_json_parse(session->user_json, strlen(session->user_json), &own);
    const char *id = csi_json_text(own, "id");
    bool same = id == NULL || strcmp(id, csi_json_text(user, "id")) == 0;
    csi_json_free(own);
    return same;
}

/* Puts the user into the current session if it is his. *out is that session, if it was changed. */
static cs_status put_user(struct csi_call *call, const json_t *user, struct csi_session **out)
{
    struct csi_session *session = NULL;
    bool installed = false;
    cs_status status = csi_session_current(call, &session);
    if (status == CS_ERR_SESSION_MISSING) {
        return CS_OK; /* signed out by another thread meanwhile */
    }
    if (status == CS_OK && is_users(session, user)) {
        status = csi_session_with_user(call, session, user, out);
    }
    if (status == CS_OK && *out != NULL) {
        status = csi_session_install(call, csi_session_get(*out), session->login, &installed);
    }
    csi_session_put(*out);
    *out = NULL;
    if (installed) { /* perhaps with tokens that another process renewed */
        struct csi_problem problem = call->problem;
        (void)csi_session_current(call, out);
        call->problem = problem;
    }
    csi_session_put(session);
    return status == CS_ERR_SESSION_MISSING ? CS_OK : status; /* signed out by another process */
}

/* Keeps the changed user in the session. A renewal under way is waited for: its new tokens and the
 * new user must not overwrite each other. */
static cs_status keep_user(struct csi_call *call, const json_t *user)
{
    struct csi_session *changed = NULL;
    cs_status status = csi_exchange_begin(call);
    if (status != CS_OK) {
        return status;
    }
    status = put_user(call, user, &changed);
    csi_exchange_end(call);
    status = csi_announce(call, status, CS_EVENT_USER_UPDATED, &changed);
    csi_session_put(changed);
    return status;
}

cs_status cs_auth_update_user(cs_client *client, const cs_update_user_params *params,
                              cs_user_response **out)
{
    struct csi_call call;
    struct csi_buf path, body;
    json_t *user = NULL;
    cs_user_response *response = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&path, CSI_URL_MAX);
    csi_buf_init(&body, CSI_BODY_MAX);
    csi_buf_text(&path, "/user");
    csi_path_redirect(&path, params->email_redirect_to);
    csi_buf_object_open(&body, NULL);
    csi_buf_member_text(&body, "email", params->email);
    csi_buf_member_text(&body, "phone", params->phone);
    csi_buf_member_text(&body, "password", params->password);
    csi_buf_member_text(&body, "current_password", params->current_password);
    csi_buf_member_text(&body, "nonce", params->nonce);
    csi_buf_member_text(&body, "channel", params->channel);
    cs_status status = csi_body_object(&call, &body, "data", params->data);
    csi_buf_object_close(&body);
    status = status ? status : csi_buf_status(&call, &path);
    if (status == CS_OK) {
        struct csi_request request = { .method = "PUT", .path = path.data, .body = &body };
        status = csi_user_request(&call, request, &user);
    }
    if (status == CS_OK && csi_json_text(user, "id") == NULL) {
        status = csi_answer_lacks(&call, "user");
    }
    status = status ? status : keep_user(&call, user);
    if (status == CS_OK) {
        response = user_response(user);
    }
    csi_json_free(user);
    csi_buf_free(&path);
    csi_buf_free(&body);
    return csi_finish(&call, status, response, out);
}
