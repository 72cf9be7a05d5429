/* One request to the auth server. Retries with growing pauses what may succeed later, if doing it
 * twice does no harm or nothing was sent; all attempts share the client's timeout. */
#include "request.h"

#include "answer.h"
#include "client.h"
#include "mem.h"
#include "transport.h"

#include <stdio.h>

#define HEADERS_MAX 6

cs_status csi_buf_status(struct csi_call *call, const struct csi_buf *buf)
{
    switch (buf->failure) {
    case CSI_BUF_OK:
        return CS_OK;
    case CSI_BUF_TOO_LARGE:
        return csi_fail(call, CS_ERR_INVALID_ARGUMENT, "the parameters are too long");
    case CSI_BUF_BAD_TEXT:
        return csi_fail(call, CS_ERR_INVALID_ARGUMENT, "%s is not valid UTF-8", buf->bad_key);
    default:
        return csi_fail_no_memory(call);
    }
}

static size_t put_headers(cs_http_header headers[HEADERS_MAX], const cs_client *client,
                          const struct csi_request *request, const char *authorization)
{
    size_t count = 0;
    headers[count++] = (cs_http_header){ "apikey", client->key };
    headers[count++] = (cs_http_header){ "Authorization", authorization };
    headers[count++] = (cs_http_header){ "X-Client-Info", client->client_info };
    headers[count++] = (cs_http_header){ "X-Supabase-Api-Version", "2024-01-01" };
    headers[count++] = (cs_http_header){ "Accept", "application/json" };
    if (request->method[0] != 'G') {
        headers[count++] = (cs_http_header){ "Content-Type", "application/json;charset=UTF-8" };
    }
    return count;
}

/* How a transport's failure reads. */
static cs_status transport_problem(struct csi_call *call, cs_status status,
                                   const cs_http_response *response)
{
    if (status == CS_ERR_NO_MEMORY) {
        return csi_fail_no_memory(call);
    }
    call->problem.http_status = response->http_status;
    const char *colon = response->problem[0] ? ": " : "";
    return csi_fail(call, status, "%s%s%s", cs_status_message(status), colon, response->problem);
}

static bool may_retry(const struct csi_call *call, const struct csi_request *request,
                      cs_status status)
{
    if (status == CS_ERR_CONNECT) {
        return true;
    }
    /* A rate limit is for the program to handle: it may last minutes. */
    bool passing = cs_status_is_retryable(status) && status != CS_ERR_RATE_LIMITED;
    return passing && request->repeatable && !csi_call_is_cancelled(call);
}

/* Waits before the next attempt; false if the deadline or a cancel comes first. */
static bool pause_before(struct csi_call *call, int attempt, int64_t deadline_ms)
{
    cs_client *client = call->client;
    int64_t pause_ms = (int64_t)client->options.retry_base_ms << (attempt < 16 ? attempt : 16);
    if (call->problem.retry_after_s > 0) {
        pause_ms = (int64_t)call->problem.retry_after_s * 1000;
    }
    int64_t until_ms = csi_monotonic_ms() + pause_ms;
    if (until_ms >= deadline_ms) {
        return false;
    }
    pthread_mutex_lock(&client->lock);
    while (!csi_call_is_cancelled(call) && csi_monotonic_ms() < until_ms) {
        csi_client_wait_until(client, until_ms);
    }
    pthread_mutex_unlock(&client->lock);
    return !csi_call_is_cancelled(call);
}

/* One attempt. */
static cs_status attempt_once(struct csi_call *call, cs_http_request *http, int64_t deadline_ms,
                              json_t **answer)
{
    const cs_client *client = call->client;
    const cs_client_options *options = &client->options;
    cs_http_response response = { .http_status = 0 };
    csi_buf_init(&response.body, options->max_response_bytes);
    int64_t left_ms = deadline_ms - csi_monotonic_ms();
    http->timeout_ms = left_ms > 1 ? (long)left_ms : 1;
    http->connect_timeout_ms = options->connect_timeout_ms;
    if (http->connect_timeout_ms > http->timeout_ms) {
        http->connect_timeout_ms = http->timeout_ms;
    }
    cs_status status = csi_call_is_cancelled(call)
                           ? CS_ERR_CANCELLED
                           : client->transport.send(client->transport.userdata, http, &response);
    if (status == CS_OK && response.http_status == 0) {
        status = CS_ERR_NETWORK;
    }
    if (status == CS_OK) {
        status = csi_answer_read(call, &response, answer);
    } else {
        status = transport_problem(call, status, &response);
    }
    csi_buf_free(&response.body);
    return status;
}

cs_status csi_request(struct csi_call *call, const struct csi_request *request, json_t **answer)
{
    const cs_client *client = call->client;
    struct csi_buf url, authorization;
    cs_http_header headers[HEADERS_MAX];
    *answer = NULL;
    csi_buf_init(&url, CSI_URL_MAX);
    csi_buf_init(&authorization, CSI_HEADER_MAX);
    csi_buf_text(&url, client->base_url);
    csi_buf_text(&url, request->path == NULL ? "" : request->path);
    csi_buf_text(&authorization, "Bearer ");
    csi_buf_text(&authorization, request->bearer == NULL ? client->key : request->bearer);
    cs_status status = csi_buf_status(call, &url);
    status = status ? status : csi_buf_status(call, &authorization);
    status = status || request->body == NULL ? status : csi_buf_status(call, request->body);
    if (status == CS_OK) {
        cs_http_request http = {
            .method = request->method,
            .url = url.data,
            .headers = headers,
            .headers_count = put_headers(headers, client, request, authorization.data),
            .body = request->body == NULL ? NULL : request->body->data,
            .body_size = request->body == NULL ? 0 : request->body->size,
            .max_response_bytes = client->options.max_response_bytes,
            .internal = call,
        };
        int64_t deadline_ms = csi_monotonic_ms() + client->options.timeout_ms;
        for (int attempt = 0;; attempt++) {
            call->problem = (struct csi_problem){ .status = CS_OK };
            status = attempt_once(call, &http, deadline_ms, answer);
            if (!may_retry(call, request, status) || attempt >= client->options.max_retries ||
                !pause_before(call, attempt, deadline_ms)) {
                break;
            }
        }
        if (status != CS_OK && csi_call_is_cancelled(call)) {
            status = csi_fail(call, CS_ERR_CANCELLED, "%s", cs_status_message(CS_ERR_CANCELLED));
        }
    }
    csi_buf_free(&authorization);
    csi_buf_free(&url);
    return status;
}
