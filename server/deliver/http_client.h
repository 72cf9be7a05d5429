/* http_client.h: one HTTP request to a hook, an SMS provider or a place of templates: bounded in
 * time and size, no redirects, certificates verified (SSL_CERT_FILE names more that are trusted).
 * Nothing is logged here. */
#ifndef COUNTERSIGN_DELIVER_HTTP_CLIENT_H
#define COUNTERSIGN_DELIVER_HTTP_CLIENT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct http_request {
    const char *url;
    const char *body; /* NULL: GET, else POST */
    size_t body_len;
    const char *const *headers; /* "Name: value"; "Name;" sends it empty */
    int n_headers;
    const char *user, *password; /* basic authentication; NULL: none */
    int64_t timeout_us;
    size_t max_body;
    bool cut;  /* a longer answer is cut; else it is HTTP_TOO_LARGE */
    bool once; /* on a connection of its own, so that libcurl never sends it again by itself */
};

enum http_outcome { HTTP_ANSWERED, HTTP_TIMED_OUT, HTTP_UNREACHABLE, HTTP_TOO_LARGE };

struct http_answer {
    int status;               /* 0: none came; also known for HTTP_TOO_LARGE */
    const char *content_type; /* NULL: not sent */
    bool has_retry_after;
    const char *body; /* NUL-terminated */
    size_t len;
    const char *error; /* for an operator, without anything of the request; NULL if answered */
};

enum http_outcome http_call(struct arena *arena, const struct http_request *request,
                            struct http_answer *out);

#endif
