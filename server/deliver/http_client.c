/* http_client.c: HTTP by libcurl, see http_client.h. */
#include "deliver/http_client.h"

#include "base/strbuf.h"
#include "base/url.h"
#include "deliver/curl_handle.h"

#include <string.h>
#include <strings.h>

struct transfer {
    const struct http_request *request;
    struct strbuf body;
    bool over;
};

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t len = size * n, room = t->request->max_body - t->body.len;
    t->over = t->over || len > room;
    strbuf_add(&t->body, bytes, len < room ? len : room);
    return t->over ? 0 : len;
}

static struct curl_slist *list_headers(const struct http_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (int i = 0; i < request->n_headers; i++) {
        list = curl_slist_append(list, request->headers[i]);
    }
    return list;
}

/* A proxy of the environment is never asked for this machine itself. */
static bool is_local(const char *url)
{
    struct url_part host = url_split(url).host;
    return url_part_is(host, "localhost") || url_part_is(host, "127.0.0.1") ||
           url_part_is(host, "[::1]");
}

static void set_request(CURL *curl, const struct http_request *request, struct transfer *t)
{
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Countersign");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    if (request->body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    if (request->user) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password);
    }
    if (request->once) {
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    }
    if (is_local(request->url)) {
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    }
}

static void read_answer(CURL *curl, struct arena *arena, struct http_answer *out)
{
    long status = 0;
    char *type = NULL;
    struct curl_header *header;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    out->status = (int)status;
    out->content_type = arena_strdup(arena, type);
    out->has_retry_after =
        curl_easy_header(curl, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK;
}

enum http_outcome http_call(struct arena *arena, const struct http_request *request,
                            struct http_answer *out)
{
    struct transfer t = { .request = request, .body = strbuf_in(arena, request->max_body + 1) };
    CURL *curl = curl_handle("http,https", request->timeout_us);
    struct curl_slist *headers = list_headers(request);
    *out = (struct http_answer){ 0 };
    strbuf_str(&t.body, "");
    set_request(curl, request, &t);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(curl);
    read_answer(curl, arena, out);
    curl_handle_done(curl);
    curl_slist_free_all(headers);
    out->body = t.body.data;
    out->len = t.body.len;
    if (!code || (code == CURLE_WRITE_ERROR && t.over && request->cut)) {
        return HTTP_ANSWERED;
    }
    if (code == CURLE_WRITE_ERROR && t.over) {
        out->error = "the answer is too long";
        return HTTP_TOO_LARGE;
    }
    out->error = arena_strdup(arena, curl_easy_strerror(code));
    return code == CURLE_OPERATION_TIMEDOUT ? HTTP_TIMED_OUT : HTTP_UNREACHABLE;
}
