/* Recovery codes: ten codes that count once each, for those who lost their other factors. */
#include "mfa_common.h"

#include "answer.h"
#include "mem.h"

void cs_mfa_recovery_codes_status_free(cs_mfa_recovery_codes_status **status)
{
    if (status != NULL) {
        csi_box_free(*status);
        *status = NULL;
    }
}

void cs_mfa_recovery_codes_free(cs_mfa_recovery_codes **codes)
{
    if (codes != NULL) {
        csi_box_free(*codes);
        *codes = NULL;
    }
}

cs_status cs_auth_mfa_recovery_codes_get(cs_client *client, cs_mfa_recovery_codes_status **out)
{
    struct csi_call call;
    json_t *answer = NULL;
    cs_mfa_recovery_codes_status *found = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    const struct csi_request request = { .method = "GET",
                                         .path = "/factors/recovery-codes",
                                         .repeatable = true };
    cs_status status = csi_user_request(&call, request, &answer);
    int64_t total = 0, remaining = 0;
    if (status == CS_OK && (!csi_json_int(answer, "total", &total) ||
                            !csi_json_int(answer, "remaining", &remaining))) {
        status = csi_answer_lacks(&call, "number of recovery codes");
    }
    if (status == CS_OK && (found = csi_box_new(sizeof *found)) != NULL) {
        found->id = csi_json_box_text(found, answer, "id");
        found->type = csi_json_box_text(found, answer, "type");
        found->total = total;
        found->remaining = remaining;
    }
    csi_json_free(answer);
    return csi_finish(&call, status, found, out);
}

static cs_mfa_recovery_codes *decode_codes(const json_t *answer, const json_t *array)
{
    cs_mfa_recovery_codes *codes = csi_box_new(sizeof *codes);
    if (codes == NULL) {
        return NULL;
    }
    size_t size = json_array_size(array);
    const char **list = csi_box_alloc(codes, size, sizeof *list);
    for (size_t i = 0; list != NULL && i < size; i++) {
        const json_t *code = json_array_get(array, i);
        list[i] = csi_box_text(codes, json_string_value(code), json_string_length(code));
    }
    codes->id = csi_json_box_text(codes, answer, "id");
    codes->type = csi_json_box_text(codes, answer, "type");
    codes->friendly_name = csi_json_box_text(codes, answer, "friendly_name");
    csi_json_int(answer, "total", &codes->total);
    codes->codes = list;
    codes->codes_count = list == NULL ? 0 : size;
    return codes;
}

/* Codes that are none must not be shown to anyone as such. */
static bool are_codes(const json_t *array)
{
    size_t size = json_array_size(array);
    for (size_t i = 0; i < size; i++) {
        if (json_string_length(json_array_get(array, i)) == 0) {
            return false;
        }
    }
    return size > 0;
}

/* Asks for a set of codes and ends the call. */
static cs_status make_codes(struct csi_call *call, const char *path, const char *friendly_name,
                            cs_mfa_recovery_codes **out)
{
    struct csi_buf body;
    json_t *answer = NULL;
    cs_mfa_recovery_codes *codes = NULL;
    csi_buf_init(&body, CSI_BODY_MAX);
    csi_buf_object_open(&body, NULL);
    csi_buf_member_text(&body, "friendly_name", friendly_name);
    csi_buf_object_close(&body);
    const struct csi_request request = { .method = "POST", .path = path, .body = &body };
    cs_status status = csi_user_request(call, request, &answer);
    csi_buf_free(&body);
    const json_t *array = csi_json_array(answer, "codes");
    if (status == CS_OK && !are_codes(array)) {
        status = csi_answer_lacks(call, "codes");
    }
    if (status == CS_OK) {
        codes = decode_codes(answer, array);
    }
    csi_json_free(answer);
    return csi_finish(call, status, codes, out);
}

cs_status cs_auth_mfa_recovery_codes_generate(cs_client *client,
                                              const cs_mfa_recovery_codes_generate_params *params,
                                              cs_mfa_recovery_codes **out)
{
    struct csi_call call;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    const char *friendly_name = params == NULL ? NULL : params->friendly_name;
    return make_codes(&call, "/factors/recovery-codes", friendly_name, out);
}

cs_status cs_auth_mfa_recovery_codes_regenerate(cs_client *client, cs_mfa_recovery_codes **out)
{
    struct csi_call call;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    return make_codes(&call, "/factors/recovery-codes/regenerate", NULL, out);
}

cs_status cs_auth_mfa_recovery_codes_verify(cs_client *client,
                                            const cs_mfa_recovery_codes_verify_params *params,
                                            cs_mfa_verify_response **out)
{
    struct csi_call call;
    struct csi_buf body;
    cs_mfa_verify_response *response = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&body, CSI_BODY_MAX);
    cs_status status = CS_OK;
    if (params->code == NULL) {
        status = csi_fail(&call, CS_ERR_INVALID_ARGUMENT, "code is missing");
    }
    csi_buf_object_open(&body, NULL);
    csi_buf_member_text(&body, "code", params->code);
    csi_buf_object_close(&body);
    if (status == CS_OK) {
        status = csi_mfa_verify(&call, "/factors/recovery-codes/verify", &body, &response);
    }
    csi_buf_free(&body);
    return csi_finish(&call, status, response, out);
}

cs_status cs_auth_mfa_recovery_codes_unenroll(cs_client *client, cs_mfa_unenroll_response **out)
{
    struct csi_call call;
    cs_mfa_unenroll_response *response = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = csi_mfa_remove(&call, "/factors/recovery-codes", &response);
    return csi_finish(&call, status, response, out);
}
