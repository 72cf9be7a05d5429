/* The calls that end with a session: sign-up, password, one-time code. */
#include "auth.h"

#include "answer.h"
#include "mem.h"

#include <string.h>

void cs_auth_response_free(cs_auth_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

void cs_otp_response_free(cs_otp_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

/* Exactly one of the two. */
static cs_status check_address(struct csi_call *call, const char *email, const char *phone)
{
    if ((email == NULL) == (phone == NULL)) {
        return csi_fail(call, CS_ERR_INVALID_ARGUMENT, "give either email or phone");
    }
    return CS_OK;
}

/* An address and a password. */
static cs_status check_login(struct csi_call *call, const char *email, const char *phone,
                             const char *password)
{
    cs_status status = check_address(call, email, phone);
    if (status == CS_OK && password == NULL) {
        status = csi_fail(call, CS_ERR_INVALID_ARGUMENT, "password is missing");
    }
    return status;
}

/* Opens the body's object with them; what is NULL is left out. */
static void body_login(struct csi_buf *body, const char *email, const char *phone,
                       const char *password)
{
    csi_buf_object_open(body, NULL);
    csi_buf_member_text(body, "email", email);
    csi_buf_member_text(body, "phone", phone);
    csi_buf_member_text(body, "password", password);
}

/* Sends a body and takes the session of the answer, which `must` be there or may be. Frees the
 * buffers. */
static cs_status sign_in(struct csi_call *call, cs_status status, struct csi_buf *path,
                         struct csi_buf *body, cs_auth_event event, bool must,
                         cs_auth_response **out)
{
    json_t *answer = NULL;
    cs_auth_response *response = NULL;
    status = status ? status : csi_buf_status(call, path);
    if (status == CS_OK) {
        const struct csi_request request = { .method = "POST", .path = path->data, .body = body };
        status = csi_request(call, &request, &answer);
    }
    if (status == CS_OK && must && csi_json_text(answer, "access_token") == NULL) {
        status = csi_answer_lacks(call, "access_token");
    } else if (status == CS_OK) {
        status = csi_auth_answer(call, answer, event, &response);
    }
    csi_json_free(answer);
    csi_buf_free(path);
    csi_buf_free(body);
    return csi_finish(call, status, response, out);
}

cs_status cs_auth_sign_up(cs_client *client, const cs_sign_up_params *params,
                          cs_auth_response **out)
{
    struct csi_call call;
    struct csi_buf path, body;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&path, CSI_URL_MAX);
    csi_buf_init(&body, CSI_BODY_MAX);
    cs_status status = check_login(&call, params->email, params->phone, params->password);
    csi_buf_text(&path, "/signup");
    csi_path_redirect(&path, params->email_redirect_to);
    body_login(&body, params->email, params->phone, params->password);
    csi_buf_member_text(&body, "channel", params->channel);
    status = status ? status : csi_body_object(&call, &body, "data", params->data);
    csi_body_captcha(&body, params->captcha_token);
    csi_buf_object_close(&body);
    return sign_in(&call, status, &path, &body, CS_EVENT_SIGNED_IN, false, out);
}

cs_status cs_auth_sign_in_with_password(cs_client *client,
                                        const cs_sign_in_with_password_params *params,
                                        cs_auth_response **out)
{
    struct csi_call call;
    struct csi_buf path, body;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&path, CSI_URL_MAX);
    csi_buf_init(&body, CSI_BODY_MAX);
    cs_status status = check_login(&call, params->email, params->phone, params->password);
    csi_buf_text(&path, "/token?grant_type=password");
    body_login(&body, params->email, params->phone, params->password);
    csi_body_captcha(&body, params->captcha_token);
    csi_buf_object_close(&body);
    return sign_in(&call, status, &path, &body, CS_EVENT_SIGNED_IN, true, out);
}

cs_status cs_auth_sign_in_with_otp(cs_client *client, const cs_sign_in_with_otp_params *params,
                                   cs_otp_response **out)
{
    struct csi_call call;
    struct csi_buf path, body;
    json_t *answer = NULL;
    cs_otp_response *response = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&path, CSI_URL_MAX);
    csi_buf_init(&body, CSI_BODY_MAX);
    cs_status status = check_address(&call, params->email, params->phone);
    csi_buf_text(&path, "/otp");
    csi_path_redirect(&path, params->email_redirect_to);
    csi_buf_object_open(&body, NULL);
    csi_buf_member_text(&body, "email", params->email);
    csi_buf_member_text(&body, "phone", params->phone);
    csi_buf_member_bool(&body, "create_user", !params->should_not_create_user);
    csi_buf_member_text(&body, "channel", params->channel);
    status = status ? status : csi_body_object(&call, &body, "data", params->data);
    csi_body_captcha(&body, params->captcha_token);
    csi_buf_object_close(&body);
    status = status ? status : csi_buf_status(&call, &path);
    if (status == CS_OK) {
        const struct csi_request request = { .method = "POST", .path = path.data, .body = &body };
        status = csi_request(&call, &request, &answer);
    }
    if (status == CS_OK && (response = csi_box_new(sizeof *response)) != NULL) {
        response->message_id = csi_json_box_text(response, answer, "message_id");
    }
    csi_json_free(answer);
    csi_buf_free(&path);
    csi_buf_free(&body);
    return csi_finish(&call, status, response, out);
}

static cs_status check_verify_otp(struct csi_call *call, const cs_verify_otp_params *params)
{
    if (params->type == NULL) {
        return csi_fail(call, CS_ERR_INVALID_ARGUMENT, "type is missing");
    }
    if ((params->token == NULL) == (params->token_hash == NULL)) {
        return csi_fail(call, CS_ERR_INVALID_ARGUMENT, "give either token or token_hash");
    }
    return params->token == NULL ? CS_OK : check_address(call, params->email, params->phone);
}

cs_status cs_auth_verify_otp(cs_client *client, const cs_verify_otp_params *params,
                             cs_auth_response **out)
{
    struct csi_call call;
    struct csi_buf path, body;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&path, CSI_URL_MAX);
    csi_buf_init(&body, CSI_BODY_MAX);
    cs_status status = check_verify_otp(&call, params);
    csi_buf_text(&path, "/verify");
    csi_path_redirect(&path, params->redirect_to);
    csi_buf_object_open(&body, NULL);
    csi_buf_member_text(&body, "type", params->type);
    csi_buf_member_text(&body, "token", params->token);
    csi_buf_member_text(&body, "token_hash", params->token_hash);
    csi_buf_member_text(&body, "email", params->email);
    csi_buf_member_text(&body, "phone", params->phone);
    csi_body_captcha(&body, params->captcha_token);
    csi_buf_object_close(&body);
    bool recovery = params->type != NULL && strcmp(params->type, "recovery") == 0;
    cs_auth_event event = recovery ? CS_EVENT_PASSWORD_RECOVERY : CS_EVENT_SIGNED_IN;
    return sign_in(&call, status, &path, &body, event, false, out);
}
