/* The administrator's calls on other users' factors. The client's key is the bearer, so it must be
 * a service key; ids are checked here, as the official clients do, so that none leaves its place
 * in the path. */
#include "auth.h"

#include "answer.h"
#include "decode.h"
#include "mem.h"
#include "url.h"

void cs_admin_mfa_delete_factor_response_free(cs_admin_mfa_delete_factor_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

void cs_admin_mfa_list_factors_response_free(cs_admin_mfa_list_factors_response **response)
{
    if (response != NULL) {
        csi_box_free(*response);
        *response = NULL;
    }
}

/* Writes /admin/users/{user_id}/factors. */
static cs_status factors_path(struct csi_call *call, struct csi_buf *path, const char *user_id)
{
    if (!csi_is_uuid(user_id)) {
        return csi_fail(call, CS_ERR_INVALID_ARGUMENT, "user_id must be a UUID");
    }
    csi_buf_text(path, "/admin/users/");
    csi_buf_text(path, user_id);
    csi_buf_text(path, "/factors");
    return csi_buf_status(call, path);
}

cs_status cs_auth_admin_mfa_delete_factor(cs_client *client,
                                          const cs_admin_mfa_delete_factor_params *params,
                                          cs_admin_mfa_delete_factor_response **out)
{
    struct csi_call call;
    struct csi_buf path;
    json_t *answer = NULL;
    cs_admin_mfa_delete_factor_response *response = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&path, CSI_URL_MAX);
    cs_status status = factors_path(&call, &path, params->user_id);
    if (status == CS_OK && !csi_is_uuid(params->id)) {
        status = csi_fail(&call, CS_ERR_INVALID_ARGUMENT, "id must be the UUID of a factor");
    }
    if (status == CS_OK) {
        csi_buf_text(&path, "/");
        csi_buf_text(&path, params->id);
        status = csi_buf_status(&call, &path);
    }
    if (status == CS_OK) {
        const struct csi_request request = { .method = "DELETE", .path = path.data };
        status = csi_request(&call, &request, &answer);
    }
    if (status == CS_OK && csi_json_text(answer, "id") == NULL) {
        status = csi_answer_lacks(&call, "id");
    }
    if (status == CS_OK && (response = csi_box_new(sizeof *response)) != NULL) {
        response->id = csi_json_box_text(response, answer, "id");
    }
    csi_json_free(answer);
    csi_buf_free(&path);
    return csi_finish(&call, status, response, out);
}

cs_status cs_auth_admin_mfa_list_factors(cs_client *client,
                                         const cs_admin_mfa_list_factors_params *params,
                                         cs_admin_mfa_list_factors_response **out)
{
    struct csi_call call;
    struct csi_buf path;
    json_t *answer = NULL;
    cs_admin_mfa_list_factors_response *list = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&path, CSI_URL_MAX);
    cs_status status = factors_path(&call, &path, params->user_id);
    if (status == CS_OK) {
        const struct csi_request request = { .method = "GET",
                                             .path = path.data,
                                             .repeatable = true };
        status = csi_request(&call, &request, &answer);
    }
    if (status == CS_OK && !json_is_array(answer)) {
        status = csi_answer_lacks(&call, "list of factors");
    }
    if (status == CS_OK && (list = csi_box_new(sizeof *list)) != NULL) {
        list->factors = csi_decode_factors(list, answer, &list->factors_count, NULL, NULL);
    }
    csi_json_free(answer);
    csi_buf_free(&path);
    return csi_finish(&call, status, list, out);
}
