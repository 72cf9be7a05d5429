/* The scripted transport of the library's tests. */
#include "stub.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void stub_init(struct stub *stub)
{
    memset(stub, 0, sizeof *stub);
    pthread_mutex_init(&stub->lock, NULL);
    stub->now = 1800000000;
}

void stub_free(struct stub *stub)
{
    pthread_mutex_destroy(&stub->lock);
}

void stub_reset(struct stub *stub)
{
    pthread_mutex_lock(&stub->lock);
    stub->answers_count = stub->asked = 0;
    pthread_mutex_unlock(&stub->lock);
}

void stub_add(struct stub *stub, struct stub_answer answer)
{
    pthread_mutex_lock(&stub->lock);
    if (stub->answers_count < STUB_ANSWERS) {
        stub->answers[stub->answers_count++] = answer;
    }
    pthread_mutex_unlock(&stub->lock);
}

void stub_answer(struct stub *stub, int http_status, const char *body)
{
    stub_add(stub, (struct stub_answer){ .http_status = http_status, .body = body });
}

void stub_only(struct stub *stub, int http_status, const char *body)
{
    stub_reset(stub);
    stub_answer(stub, http_status, body);
}

static void record(struct stub *stub, const cs_http_request *request)
{
    size_t used = 0;
    snprintf(stub->method, sizeof stub->method, "%s", request->method);
    snprintf(stub->url, sizeof stub->url, "%s", request->url);
    stub->headers[0] = '\0';
    for (size_t i = 0; i < request->headers_count && used < sizeof stub->headers; i++) {
        used += (size_t)snprintf(stub->headers + used, sizeof stub->headers - used, "%s: %s\n",
                                 request->headers[i].name, request->headers[i].value);
    }
    snprintf(stub->body, sizeof stub->body, "%.*s", (int)request->body_size,
             request->body == NULL ? "" : request->body);
}

static void add_headers(cs_http_response *response, const char *lines)
{
    char copy[1024];
    snprintf(copy, sizeof copy, "%s", lines == NULL ? "" : lines);
    char *rest = copy;
    while (*rest != '\0') {
        char *line = rest;
        rest += strcspn(rest, "\n");
        if (*rest != '\0') {
            *rest++ = '\0';
        }
        char *colon = strstr(line, ": ");
        if (colon != NULL) {
            *colon = '\0';
            cs_http_response_add_header(response, line, colon + 2);
        }
    }
}

static cs_status stub_send(void *userdata, const cs_http_request *request,
                           cs_http_response *response)
{
    struct stub *stub = userdata;
    struct stub_answer answer = { .fail = CS_ERR_CONNECT };
    pthread_mutex_lock(&stub->lock);
    record(stub, request);
    if (stub->answers_count > 0) {
        int index = stub->asked < stub->answers_count ? stub->asked : stub->answers_count - 1;
        answer = stub->answers[index];
    }
    stub->asked++;
    pthread_mutex_unlock(&stub->lock);
    for (long waited = 0; waited < answer.delay_ms; waited++) {
        if (cs_http_request_is_cancelled(request)) {
            return CS_ERR_CANCELLED;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    if (answer.meanwhile != NULL) {
        answer.meanwhile();
    }
    if (answer.fail != CS_OK) {
        return answer.fail;
    }
    cs_http_response_set_status(response, answer.http_status);
    add_headers(response, answer.headers);
    const char *body = answer.body == NULL ? "" : answer.body;
    return cs_http_response_append_body(response, body, strlen(body));
}

static int64_t stub_now(void *userdata)
{
    struct stub *stub = userdata;
    pthread_mutex_lock(&stub->lock);
    int64_t now = stub->now;
    pthread_mutex_unlock(&stub->lock);
    return now;
}

cs_client *stub_client(struct stub *stub, cs_client_options *options)
{
    cs_client_options defaults = { 0 };
    cs_client *client = NULL;
    cs_client_options *own = options == NULL ? &defaults : options;
    const cs_transport transport = { .send = stub_send, .userdata = stub };
    own->transport = &transport;
    own->now = stub_now;
    own->now_userdata = stub;
    own->retry_base_ms = 1;
    return cs_client_new("http://auth.test:1234/", "anon-key", own, &client) == CS_OK ? client
                                                                                      : NULL;
}

size_t stub_base64url(char *out, const void *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *in = data;
    size_t used = 0;
    for (size_t i = 0; i < size; i += 3) {
        unsigned bits = (unsigned)in[i] << 16 | (i + 1 < size ? (unsigned)in[i + 1] << 8 : 0) |
                        (i + 2 < size ? in[i + 2] : 0u);
        size_t count = size - i >= 3 ? 4 : size - i + 1;
        for (size_t j = 0; j < count; j++) {
            out[used++] = digits[bits >> (18 - 6 * j) & 63];
        }
    }
    out[used] = '\0';
    return used;
}

void stub_jwt(char *out, size_t size, const char *header, const char *claims)
{
    char first[512], second[1024];
    stub_base64url(first, header, strlen(header));
    stub_base64url(second, claims, strlen(claims));
    snprintf(out, size, "%s.%s.c2lnbmF0dXJl", first, second);
}

const char *stub_session(struct stub *stub, int slot, const char *aal, long expires_in,
                         const char *refresh_token)
{
    char claims[512], jwt[2048];
    snprintf(claims, sizeof claims,
             "{\"sub\":\"" USER_ID "\",\"exp\":%lld,\"aal\":\"%s\",\"session_id\":\"s\","
             "\"aud\":\"authenticated\",\"amr\":[{\"method\":\"%s\",\"timestamp\":1700000000}]}",
             (long long)stub->now + expires_in, aal, aal[3] == '2' ? "totp" : "password");
    stub_jwt(jwt, sizeof jwt, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", claims);
    snprintf(stub->session[slot], sizeof stub->session[slot],
             "{\"access_token\":\"%s\",\"token_type\":\"bearer\",\"expires_in\":%ld,"
             "\"expires_at\":%lld,\"refresh_token\":\"%s\",\"user\":" USER_JSON "}",
             jwt, expires_in, (long long)stub->now + expires_in, refresh_token);
    return stub->session[slot];
}

void stub_sign_in(struct stub *stub, cs_client *client)
{
    cs_auth_response *response = NULL;
    stub_only(stub, 200, stub_session(stub, 0, "aal1", 3600, "refresh-1"));
    cs_status status = cs_auth_sign_in_with_password(
        client, &(cs_sign_in_with_password_params){ .email = "a@example.com", .password = "pw" },
        &response);
    assert_int_equal(status, CS_OK);
    cs_auth_response_free(&response);
    stub_reset(stub);
}
