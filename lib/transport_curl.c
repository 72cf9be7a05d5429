/* The library's own transport, and the only file that knows libcurl. A client keeps a few pairs of
 * multi and easy handle; a request takes one, so that its connection is there for the next one, and
 * drives it with curl_multi_poll(), which another thread can wake to cancel. */
#include "transport_curl.h"

#include "client.h"
#include "mem.h"
#include "sigpipe.h"
#include "transport.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cancelling wakes a poll, so it may be long; libcurl ends it early for its own timeouts. */
enum { IDLE_MAX = 8, POLL_MS = 10000 };

struct link {
    struct link *next;
    CURLM *multi;
    CURL *easy;
};

struct csi_curl {
    const cs_client *client;
    pthread_mutex_t lock; /* guards the lists */
    struct link *idle;
    int idle_count;
    struct link *busy;
};

/* What the callbacks of one exchange share. */
struct exchange {
    const cs_http_request *request;
    cs_http_response *response;
    size_t sent; /* of the body */
    cs_status body_status;
    char words[CURL_ERROR_SIZE];
};

static void link_free(struct link *link)
{
    if (link == NULL) {
        return;
    }
    if (link->easy != NULL) {
        curl_easy_cleanup(link->easy);
    }
    if (link->multi != NULL) {
        curl_multi_cleanup(link->multi);
    }
    free(link);
}

static struct link *take(struct csi_curl *curl)
{
    pthread_mutex_lock(&curl->lock);
    struct link *link = curl->idle;
    if (link != NULL) {
        curl->idle = link->next;
        curl->idle_count--;
    } else {
        link = csi_alloc(1, sizeof *link);
        if (link != NULL) {
            link->multi = curl_multi_init();
            link->easy = curl_easy_init();
        }
        if (link != NULL && (link->multi == NULL || link->easy == NULL)) {
            link_free(link);
            link = NULL;
        }
    }
    if (link != NULL) {
        link->next = curl->busy;
        curl->busy = link;
    }
    pthread_mutex_unlock(&curl->lock);
    return link;
}

static void give_back(struct csi_curl *curl, struct link *link)
{
    pthread_mutex_lock(&curl->lock);
    struct link **place = &curl->busy;
    while (*place != link) {
        place = &(*place)->next;
    }
    *place = link->next;
    bool keep = curl->idle_count < IDLE_MAX;
    if (keep) {
        link->next = curl->idle;
        curl->idle = link;
        curl->idle_count++;
    }
    pthread_mutex_unlock(&curl->lock);
    if (!keep) {
        link_free(link);
    }
}

static size_t on_header(char *data, size_t size, size_t count, void *userdata)
{
    struct exchange *exchange = userdata;
    size_t length = size * count;
    char line[1024];
    if (length >= sizeof line) {
        return length; /* nothing the library uses is that long */
    }
    memcpy(line, data, length);
    line[length] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    char *colon = strchr(line, ':');
    if (strncmp(line, "HTTP/", 5) == 0) {
        const char *blank = strchr(line, ' ');
        int status = blank == NULL ? 0 : (int)strtol(blank, NULL, 10);
        cs_http_response_set_status(exchange->response, status);
    } else if (colon != NULL) {
        *colon = '\0';
        cs_http_response_add_header(exchange->response, line, colon + 1 + strspn(colon + 1, " \t"));
    }
    return length;
}

static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
    struct exchange *exchange = userdata;
    exchange->body_status = cs_http_response_append_body(exchange->response, data, size * count);
    return exchange->body_status == CS_OK ? size * count : 0;
}

/* The body is read once and cannot be rewound. Where a kept connection breaks before an answer,
 * libcurl would send the request again by itself, although the server may have acted on it; whether
 * to send again is decided in request.c. */
static size_t on_send(char *data, size_t size, size_t count, void *userdata)
{
    struct exchange *exchange = userdata;
    size_t left = exchange->request->body_size - exchange->sent;
    size_t chunk = left < size * count ? left : size * count;
    memcpy(data, exchange->request->body + exchange->sent, chunk);
    exchange->sent += chunk;
    return chunk;
}

/* The request's header lines for libcurl; NULL if there is no memory. */
static struct curl_slist *header_lines(const cs_http_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no pause before a body */
    for (size_t i = 0; list != NULL && i < request->headers_count; i++) {
        struct csi_buf line;
        csi_buf_init(&line, CSI_HEADER_MAX);
        csi_buf_text(&line, request->headers[i].name);
        csi_buf_text(&line, ": ");
        csi_buf_text(&line, request->headers[i].value);
        struct curl_slist *longer =
            line.failure == CSI_BUF_OK ? curl_slist_append(list, line.data) : NULL;
        csi_buf_free(&line);
        if (longer == NULL) {
            curl_slist_free_all(list);
        }
        list = longer;
    }
    return list;
}

static void header_lines_free(struct curl_slist *list)
{
    for (struct curl_slist *line = list; line != NULL; line = line->next) {
        csi_wipe(line->data, strlen(line->data)); /* Authorization and apikey are in there */
    }
    curl_slist_free_all(list);
}

static CURLcode set_method(CURL *easy, struct exchange *exchange)
{
    const cs_http_request *request = exchange->request;
    CURLcode code = CURLE_OK;
    if (strcmp(request->method, "GET") == 0) {
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    if (request->body != NULL || strcmp(request->method, "DELETE") != 0) {
        code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
        code = code ? code
                    : curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                       (curl_off_t)request->body_size);
    }
    if (request->body_size > 0) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
    } else if (code == CURLE_OK && strcmp(request->method, "DELETE") != 0) {
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    }
    return code ? code : curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static CURLcode set_limits(CURL *easy, const cs_http_request *request, const cs_client *client)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    code = code ? code
                : curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
#if LIBCURL_VERSION_NUM >= 0x075500
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    code =
        code ? code
             : curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700 /* do not wait for a name server after a timeout or cancel */
    code = code ? code : curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    if (client->proxy != NULL) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_PROXY, client->proxy);
    }
    if (client->ca_file != NULL) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    }
    if (client->ca_path != NULL) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, client->ca_path);
    }
    return code;
}

static CURLcode set_up(CURL *easy, struct exchange *exchange, struct curl_slist *headers,
                       const cs_client *client)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->words);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_URL, exchange->request->url);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    code = code ? code : set_limits(easy, exchange->request, client);
    return code ? code : set_method(easy, exchange);
}

/* Drives the exchange to its end; CURLE_ABORTED_BY_CALLBACK stands for cancelled. */
static CURLcode drive(struct link *link, const cs_http_request *request)
{
    int running = 1;
    while (running > 0) {
        if (cs_http_request_is_cancelled(request)) {
            return CURLE_ABORTED_BY_CALLBACK;
        }
        CURLMcode code = curl_multi_perform(link->multi, &running);
        if (code == CURLM_OK && running > 0) {
            code = curl_multi_poll(link->multi, NULL, 0, POLL_MS, NULL);
        }
        if (code != CURLM_OK) {
            return code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_RECV_ERROR;
        }
    }
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(link->multi, &left);
    return message == NULL ? CURLE_RECV_ERROR : message->data.result;
}

static bool was_sent(CURL *easy)
{
    curl_off_t pretransfer_us = 0;
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us);
    return pretransfer_us > 0;
}

static cs_status status_of(CURLcode code, const struct exchange *exchange, CURL *easy)
{
    switch (code) {
    case CURLE_OK:
        return CS_OK;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        return CS_ERR_NO_MEMORY;
    case CURLE_WRITE_ERROR:
        return exchange->body_status == CS_OK ? CS_ERR_NETWORK : exchange->body_status;
    case CURLE_ABORTED_BY_CALLBACK:
        return CS_ERR_CANCELLED;
    case CURLE_WEIRD_SERVER_REPLY:
        return CS_ERR_UNEXPECTED_RESPONSE;
    case CURLE_UNSUPPORTED_PROTOCOL: /* also what libcurl says of an answer that is no HTTP/1 */
        return was_sent(easy) ? CS_ERR_UNEXPECTED_RESPONSE : CS_ERR_INVALID_URL;
    case CURLE_URL_MALFORMAT:
        return CS_ERR_INVALID_URL;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        return CS_ERR_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
        return CS_ERR_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return was_sent(easy) ? CS_ERR_TIMEOUT : CS_ERR_CONNECT;
    default:
        return CS_ERR_NETWORK;
    }
}

static cs_status send_with(struct csi_curl *curl, const cs_http_request *request,
                           cs_http_response *response)
{
    struct exchange exchange = { .request = request, .response = response };
    struct link *link = take(curl);
    struct curl_slist *headers = link == NULL ? NULL : header_lines(request);
    if (headers == NULL) {
        if (link != NULL) {
            give_back(curl, link);
        }
        return CS_ERR_NO_MEMORY;
    }
    CURLcode code = set_up(link->easy, &exchange, headers, curl->client);
    if (code == CURLE_OK) {
        CURLMcode added = curl_multi_add_handle(link->multi, link->easy);
        code = added == CURLM_OK ? drive(link, request) : CURLE_OUT_OF_MEMORY;
        curl_multi_remove_handle(link->multi, link->easy);
    }
    cs_status status = status_of(code, &exchange, link->easy);
    if (code != CURLE_OK) {
        const char *words = exchange.words[0] ? exchange.words : curl_easy_strerror(code);
        snprintf(response->problem, sizeof response->problem, "%s", words);
    }
    curl_easy_reset(link->easy); /* forgets the request, keeps the connection */
    (void)curl_easy_setopt(link->easy, CURLOPT_NOSIGNAL, 1L); /* for its end, too */
    header_lines_free(headers);
    give_back(curl, link);
    return status;
}

static cs_status curl_send(void *userdata, const cs_http_request *request,
                           cs_http_response *response)
{
    struct csi_sigpipe held;
    csi_sigpipe_hold(&held);
    cs_status status = send_with(userdata, request, response);
    csi_sigpipe_release(&held);
    return status;
}

struct csi_curl *csi_curl_new(const cs_client *client, cs_transport *transport)
{
    struct csi_curl *curl = csi_alloc(1, sizeof *curl);
    if (curl == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(curl);
        return NULL;
    }
    curl->client = client;
    pthread_mutex_init(&curl->lock, NULL);
    *transport = (cs_transport){ .send = curl_send, .userdata = curl };
    return curl;
}

void csi_curl_wake(struct csi_curl *curl)
{
    if (curl == NULL) {
        return;
    }
    pthread_mutex_lock(&curl->lock);
    for (struct link *link = curl->busy; link != NULL; link = link->next) {
        curl_multi_wakeup(link->multi);
    }
    pthread_mutex_unlock(&curl->lock);
}

void csi_curl_free(struct csi_curl *curl)
{
    if (curl == NULL) {
        return;
    }
    struct csi_sigpipe held;
    csi_sigpipe_hold(&held); /* connections say goodbye */
    while (curl->idle != NULL) {
        struct link *next = curl->idle->next;
        link_free(curl->idle);
        curl->idle = next;
    }
    csi_sigpipe_release(&held);
    pthread_mutex_destroy(&curl->lock);
    curl_global_cleanup(); /* counted: the host program's own use of libcurl goes on */
    free(curl);
}
