/* What the auth, MFA and admin calls share: requests with the session's token, parts of bodies, and
 * answers that carry a session. */
#include "auth.h"

#include "answer.h"
#include "decode.h"
#include "mem.h"
#include "refresh.h"
#include "session.h"
#include "url.h"

#include <string.h>

cs_status csi_user_request(struct csi_call *call, struct csi_request request, json_t **answer)
{
    struct csi_session *session = NULL;
    *answer = NULL;
    cs_status status = csi_session_fresh(call, &session);
    if (status == CS_OK) {
        request.bearer = session->access_token;
        status = csi_request(call, &request, answer);
    }
    if (status == CS_ERR_SESSION_MISSING && session != NULL) {
        csi_session_end(call, session);
    }
    csi_session_put(session);
    return status;
}

cs_status csi_get_user_json(struct csi_call *call, const char *jwt, json_t **answer)
{
    const struct csi_request request = {
        .method = "GET", .path = "/user", .bearer = jwt, .repeatable = true
    };
    cs_status status;
    *answer = NULL;
    if (jwt != NULL && !csi_is_token(jwt)) {
        return csi_fail(call, CS_ERR_INVALID_TOKEN, "the token is empty or has blanks in it");
    }
    status =
        jwt == NULL ? csi_user_request(call, request, answer) : csi_request(call, &request, answer);
    if (status == CS_OK && csi_json_text(*answer, "id") == NULL) {
        csi_json_free(*answer);
        *answer = NULL;
        status = csi_answer_lacks(call, "user");
    }
    return status;
}

cs_status csi_finish(struct csi_call *call, cs_status status, void *box, void *out)
{
    if (status == CS_OK && (box == NULL || !csi_box_ok(box))) {
        status = csi_fail_no_memory(call);
    }
    if (status == CS_OK) {
        memcpy(out, &box, sizeof box); /* out is the address of a pointer to the answer */
    } else {
        csi_box_free(box);
    }
    return csi_call_end(call, status);
}

void csi_path_redirect(struct csi_buf *path, const char *redirect_to)
{
    if (redirect_to != NULL) {
        csi_buf_text(path, "?redirect_to=");
        csi_buf_encoded(path, redirect_to);
    }
}

void csi_body_captcha(struct csi_buf *body, const char *captcha_token)
{
    if (captcha_token != NULL) {
        csi_buf_object_open(body, "gotrue_meta_security");
        csi_buf_member_text(body, "captcha_token", captcha_token);
        csi_buf_object_close(body);
    }
}

cs_status csi_body_object(struct csi_call *call, struct csi_buf *body, const char *key,
                          const char *json)
{
    json_t *parsed = NULL;
    if (json == NULL) {
        return CS_OK;
    }
    enum csi_json_result result = csi_json_parse(json, strlen(json), &parsed);
    bool object = json_is_object(parsed);
    csi_json_free(parsed);
    if (result == CSI_JSON_NO_MEMORY) {
        return csi_fail_no_memory(call);
    }
    if (!object) {
        return csi_fail(call, CS_ERR_INVALID_ARGUMENT, "%s must be the text of a JSON object", key);
    }
    csi_buf_member_json(body, key, json);
    return CS_OK;
}

cs_status csi_auth_session_answer(struct csi_call *call, const struct csi_session *session,
                                  cs_auth_response **out)
{
    cs_auth_response *response = csi_box_new(sizeof *response);
    if (response == NULL) {
        return csi_fail_no_memory(call);
    }
    response->message = "";
    response->session = csi_session_public(response, session);
    response->user = response->session == NULL ? NULL : response->session->user;
    *out = response;
    return CS_OK;
}

cs_status csi_auth_answer(struct csi_call *call, const json_t *answer, cs_auth_event event,
                          cs_auth_response **out)
{
    if (csi_json_text(answer, "access_token") != NULL) {
        struct csi_session *session = NULL;
        cs_status status = csi_adopt(call, answer, CSI_NEW_LOGIN, &session);
        status = csi_announce(call, status, event, &session);
        if (status == CS_OK) {
            status = csi_auth_session_answer(call, session, out);
        }
        csi_session_put(session);
        return status;
    }
    const json_t *user = csi_json_object(answer, "user");
    bool bare = user == NULL && csi_json_text(answer, "id") != NULL;
    const char *message = csi_json_text(answer, "msg");
    if (user == NULL && !bare && message == NULL) {
        return csi_answer_lacks(call, "session and no user");
    }
    cs_auth_response *response = csi_box_new(sizeof *response);
    if (response == NULL) {
        return csi_fail_no_memory(call);
    }
    response->user = csi_decode_user(response, bare ? answer : user);
    response->message = csi_json_box_text(response, answer, "msg");
    *out = response;
    return CS_OK;
}
