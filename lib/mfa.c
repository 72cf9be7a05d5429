/* mfa.enroll, challenge, verify, challenge_and_verify, unenroll and list_factors. */
#include "mfa_common.h"

#include "answer.h"
#include "decode.h"
#include "mem.h"

#include <string.h>

void cs_mfa_enroll_response_free(cs_mfa_enroll_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

void cs_mfa_challenge_response_free(cs_mfa_challenge_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

void cs_mfa_verify_response_free(cs_mfa_verify_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

void cs_mfa_unenroll_response_free(cs_mfa_unenroll_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

void cs_mfa_list_factors_response_free(cs_mfa_list_factors_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

/* The official clients put this in front, so that a browser takes the SVG as an image's address. */
static const char data_prefix[] = "data:image/svg+xml;utf-8,";

static const cs_mfa_totp *decode_totp(void *box, const json_t *json)
{
    cs_mfa_totp *totp = json == NULL ? NULL : csi_box_alloc(box, 1, sizeof *totp);
    const char *svg = csi_json_text(json, "qr_code");
    if (totp == NULL) {
        return NULL;
    }
    totp->secret = csi_json_box_text(box, json, "secret");
    totp->uri = csi_json_box_text(box, json, "uri");
    totp->qr_code = totp->qr_svg = "";
    if (svg != NULL && svg[0] != '\0') {
        size_t prefix = sizeof data_prefix - 1;
        char *text = csi_box_alloc(box, 1, prefix + strlen(svg) + 1);
        if (text != NULL) {
            memcpy(text, data_prefix, prefix);
            memcpy(text + prefix, svg, strlen(svg));
            totp->qr_code = text;
            totp->qr_svg = text + prefix;
        }
    }
    return totp;
}

static cs_mfa_enroll_response *enroll_response(const json_t *answer)
{
    cs_mfa_enroll_response *response = csi_box_new(sizeof *response);
    if (response != NULL) {
        response->id = csi_json_box_text(response, answer, "id");
        response->type = csi_json_box_text(response, answer, "type");
        response->friendly_name = csi_json_box_text(response, answer, "friendly_name");
        response->phone = csi_json_box_text(response, answer, "phone");
        response->totp = decode_totp(response, csi_json_object(answer, "totp"));
    }
    return response;
}

/* What an enroll answer must have for its type, so that a program may read it unchecked. */
static cs_status check_enrolled(struct csi_call *call, const json_t *answer)
{
    const char *type = csi_json_text(answer, "type");
    if (csi_json_text(answer, "id") == NULL || type == NULL) {
        return csi_answer_lacks(call, "factor");
    }
    bool totp = strcmp(type, "totp") == 0;
    return totp && csi_json_object(answer, "totp") == NULL ? csi_answer_lacks(call, "totp") : CS_OK;
}

cs_status cs_auth_mfa_enroll(cs_client *client, const cs_mfa_enroll_params *params,
                             cs_mfa_enroll_response **out)
{
    struct csi_call call;
    struct csi_buf body;
    json_t *answer = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&body, CSI_BODY_MAX);
    cs_status status = CS_OK;
    if (params->factor_type == NULL) {
        status = csi_fail(&call, CS_ERR_INVALID_ARGUMENT,
                          "factor_type is missing: \"totp\", \"phone\" or \"webauthn\"");
    }
    csi_buf_object_open(&body, NULL);
    csi_buf_member_text(&body, "friendly_name", params->friendly_name);
    csi_buf_member_text(&body, "factor_type", params->factor_type);
    csi_buf_member_text(&body, "issuer", params->issuer);
    csi_buf_member_text(&body, "phone", params->phone);
    csi_buf_object_close(&body);
    if (status == CS_OK) {
        struct csi_request request = { .method = "POST", .path = "/factors", .body = &body };
        status = csi_user_request(&call, request, &answer);
    }
    status = status ? status : check_enrolled(&call, answer);
    cs_mfa_enroll_response *response = status == CS_OK ? enroll_response(answer) : NULL;
    csi_json_free(answer);
    csi_buf_free(&body);
    return csi_finish(&call, status, response, out);
}

static cs_status challenge(struct csi_call *call, const cs_mfa_challenge_params *params,
                           cs_mfa_challenge_response **out)
{
    struct csi_buf path, body;
    json_t *answer = NULL;
    cs_mfa_challenge_response *response = NULL;
    csi_buf_init(&path, CSI_URL_MAX);
    csi_buf_init(&body, CSI_BODY_MAX);
    csi_buf_object_open(&body, NULL);
    csi_buf_member_text(&body, "channel", params->channel);
    csi_buf_object_close(&body);
    cs_status status = csi_factor_path(call, &path, params->factor_id, "/challenge");
    if (status == CS_OK) {
        struct csi_request request = { .method = "POST", .path = path.data, .body = &body };
        status = csi_user_request(call, request, &answer);
    }
    int64_t expires_at = 0;
    if (status == CS_OK &&
        (csi_json_text(answer, "id") == NULL || !csi_json_int(answer, "expires_at", &expires_at))) {
        status = csi_answer_lacks(call, "challenge");
    }
    if (status == CS_OK && (response = csi_box_new(sizeof *response)) != NULL) {
        response->id = csi_json_box_text(response, answer, "id");
        response->type = csi_json_box_text(response, answer, "type");
        response->expires_at = expires_at;
        response->webauthn = csi_json_box_dump(response, csi_json_object(answer, "webauthn"));
    }
    csi_json_free(answer);
    csi_buf_free(&path);
    csi_buf_free(&body);
    if (status == CS_OK && (response == NULL || !csi_box_ok(response))) {
        status = csi_fail_no_memory(call);
    }
    if (status != CS_OK) {
        csi_box_free(response);
        response = NULL;
    }
    *out = response;
    return status;
}

cs_status cs_auth_mfa_challenge(cs_client *client, const cs_mfa_challenge_params *params,
                                cs_mfa_challenge_response **out)
{
    struct csi_call call;
    cs_mfa_challenge_response *response = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = challenge(&call, params, &response);
    return csi_finish(&call, status, response, out);
}

static cs_status verify(struct csi_call *call, const cs_mfa_verify_params *params,
                        cs_mfa_verify_response **out)
{
    struct csi_buf path, body;
    csi_buf_init(&path, CSI_URL_MAX);
    csi_buf_init(&body, CSI_BODY_MAX);
    cs_status status = CS_OK;
    if (params->challenge_id == NULL || (params->code == NULL) == (params->webauthn == NULL)) {
        status = csi_fail(call, CS_ERR_INVALID_ARGUMENT,
                          "challenge_id and either code or webauthn are needed");
    }
    csi_buf_object_open(&body, NULL);
    csi_buf_member_text(&body, "challenge_id", params->challenge_id);
    csi_buf_member_text(&body, "code", params->code);
    status = status ? status : csi_body_object(call, &body, "webauthn", params->webauthn);
    csi_buf_object_close(&body);
    status = status ? status : csi_factor_path(call, &path, params->factor_id, "/verify");
    if (status == CS_OK) {
        status = csi_mfa_verify(call, path.data, &body, out);
    }
    csi_buf_free(&path);
    csi_buf_free(&body);
    return status;
}

cs_status cs_auth_mfa_verify(cs_client *client, const cs_mfa_verify_params *params,
                             cs_mfa_verify_response **out)
{
    struct csi_call call;
    cs_mfa_verify_response *response = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = verify(&call, params, &response);
    return csi_finish(&call, status, response, out);
}

cs_status cs_auth_mfa_challenge_and_verify(cs_client *client,
                                           const cs_mfa_challenge_and_verify_params *params,
                                           cs_mfa_verify_response **out)
{
    struct csi_call call;
    cs_mfa_challenge_response *opened = NULL;
    cs_mfa_verify_response *response = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = CS_OK;
    if (params->code == NULL) {
        status = csi_fail(&call, CS_ERR_INVALID_ARGUMENT, "code is missing");
    } else {
        const cs_mfa_challenge_params open = { .factor_id = params->factor_id };
        status = challenge(&call, &open, &opened);
    }
    if (status == CS_OK && opened != NULL) {
        const cs_mfa_verify_params close = { .factor_id = params->factor_id,
                                             .challenge_id = opened->id,
                                             .code = params->code };
        status = verify(&call, &close, &response);
    }
    csi_box_free(opened);
    return csi_finish(&call, status, response, out);
}

cs_status cs_auth_mfa_unenroll(cs_client *client, const cs_mfa_unenroll_params *params,
                               cs_mfa_unenroll_response **out)
{
    struct csi_call call;
    struct csi_buf path;
    cs_mfa_unenroll_response *response = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&path, CSI_URL_MAX);
    cs_status status = csi_factor_path(&call, &path, params->factor_id, "");
    if (status == CS_OK) {
        status = csi_mfa_remove(&call, path.data, &response);
    }
    csi_buf_free(&path);
    return csi_finish(&call, status, response, out);
}

static bool is_verified(const json_t *factor, const char *type)
{
    const char *status = csi_json_text(factor, "status");
    const char *own = csi_json_text(factor, "factor_type");
    return status != NULL && own != NULL && strcmp(status, "verified") == 0 &&
           strcmp(own, type) == 0;
}

cs_status cs_auth_mfa_list_factors(cs_client *client, cs_mfa_list_factors_response **out)
{
    struct csi_call call;
    json_t *user = NULL;
    cs_mfa_list_factors_response *list = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = csi_get_user_json(&call, NULL, &user);
    if (status == CS_OK && (list = csi_box_new(sizeof *list)) != NULL) {
        const json_t *array = csi_json_array(user, "factors");
        list->all = csi_decode_factors(list, array, &list->all_count, NULL, NULL);
        list->totp = csi_decode_factors(list, array, &list->totp_count, is_verified, "totp");
        list->phone = csi_decode_factors(list, array, &list->phone_count, is_verified, "phone");
        list->webauthn =
            csi_decode_factors(list, array, &list->webauthn_count, is_verified, "webauthn");
        list->recovery_code = csi_decode_factors(list, array, &list->recovery_code_count,
                                                 is_verified, "recovery_code");
    }
    csi_json_free(user);
    return csi_finish(&call, status, list, out);
}
