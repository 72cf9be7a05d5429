/* What an HTTP answer means. Error bodies come in three envelopes (code and message; error_code and
 * msg; OAuth's error and error_description) and, from proxies, in none. The classes are those that
 * the official clients tell apart. */
#include "answer.h"

#include "client.h"
#include "mem.h"

#include <stdio.h>
#include <string.h>

static const char *first_text(const json_t *body, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        const char *text = csi_json_text(body, *keys);
        if (text != NULL) {
            return text;
        }
    }
    return NULL;
}

static const char *error_code_of(const json_t *body, const cs_http_response *response)
{
    static const char *const keys[] = { "code", "error_code", NULL };
    const char *code = first_text(body, keys);
    if (code == NULL && response->error_code[0] != '\0') {
        return response->error_code;
    }
    return code != NULL ? code : csi_json_text(body, "error");
}

static void copy_reasons(struct csi_problem *problem, const json_t *weak_password)
{
    const json_t *reasons = csi_json_array(weak_password, "reasons");
    problem->reasons_count = 0;
    for (size_t i = 0; i < json_array_size(reasons) && i < CSI_REASONS_MAX; i++) {
        const char *reason = json_string_value(json_array_get(reasons, i));
        if (reason != NULL) {
            csi_text_fit(problem->reasons[problem->reasons_count++], CSI_REASON_SIZE, reason);
        }
    }
}

static cs_status class_of(int http_status, const char *code, const json_t *body, bool is_error)
{
    if (http_status == 429) {
        return CS_ERR_RATE_LIMITED;
    }
    if ((http_status >= 502 && http_status <= 504) || (http_status >= 520 && http_status <= 530)) {
        return CS_ERR_UNAVAILABLE;
    }
    if (!is_error) {
        return CS_ERR_UNEXPECTED_RESPONSE;
    }
    if (strcmp(code, "weak_password") == 0 || csi_json_object(body, "weak_password") != NULL) {
        return CS_ERR_WEAK_PASSWORD;
    }
    return strcmp(code, "session_not_found") == 0 ? CS_ERR_SESSION_MISSING : CS_ERR_API;
}

static cs_status read_error(struct csi_call *call, const cs_http_response *response,
                            const json_t *body)
{
    static const char *const keys[] = { "msg", "message", "error_description", "error", NULL };
    const char *message = first_text(body, keys);
    const char *code = error_code_of(body, response);
    bool is_error = json_is_object(body) && (message != NULL || code != NULL);
    code = code == NULL ? "" : code;
    cs_status status = class_of(response->http_status, code, body, is_error);
    if (message != NULL) {
        csi_fail(call, status, "%s", message);
    } else if (response->http_status >= 300 && response->http_status < 400) {
        csi_fail(call, status, "HTTP %d: the server redirects to \"%s\", which is not followed: %s",
                 response->http_status, response->location, "check the project's URL");
    } else {
        csi_fail(call, status, "HTTP %d with %s: %s", response->http_status,
                 response->content_type[0] ? response->content_type : "no content type",
                 cs_status_message(status));
    }
    struct csi_problem *problem = &call->problem;
    csi_text_fit(problem->code, sizeof problem->code, code);
    problem->retry_after_s = csi_response_retry_after(response, csi_client_now(call->client));
    copy_reasons(problem, csi_json_object(body, "weak_password"));
    return status;
}

cs_status csi_answer_read(struct csi_call *call, const cs_http_response *response, json_t **out)
{
    json_t *body = NULL;
    *out = NULL;
    call->problem.http_status = response->http_status;
    bool good = response->http_status >= 200 && response->http_status <= 299;
    if (good && response->body.size == 0) {
        return CS_OK;
    }
    enum csi_json_result parsed = csi_json_parse(response->body.data, response->body.size, &body);
    if (parsed == CSI_JSON_NO_MEMORY) {
        return csi_fail_no_memory(call);
    }
    if (good && parsed == CSI_JSON_OK) {
        *out = body;
        return CS_OK;
    }
    if (good) {
        return csi_fail(call, CS_ERR_UNEXPECTED_RESPONSE,
                        "the answer is no JSON (HTTP %d, %s): a proxy or sign-in page may stand "
                        "between, or it was cut off",
                        response->http_status,
                        response->content_type[0] ? response->content_type : "no content type");
    }
    cs_status status = read_error(call, response, body);
    csi_json_free(body);
    return status;
}

cs_status csi_answer_lacks(struct csi_call *call, const char *what)
{
    return csi_fail(call, CS_ERR_UNEXPECTED_RESPONSE,
                    "the answer has no %s: is this the URL of an auth server?", what);
}
