/* The answer a transport fills, and what a request carries for the library itself. */
#ifndef CSI_TRANSPORT_H
#define CSI_TRANSPORT_H

#include "buf.h"
#include "call.h"

struct cs_http_response {
    int http_status; /* 0: none came */
    long retry_after_s;
    int64_t retry_at, date;         /* Retry-After as a date, and Date, since 1970; 0: none came */
    char error_code[CSI_CODE_SIZE]; /* X-Sb-Error-Code */
    char content_type[64];
    char location[256];
    struct csi_buf body;
    char problem[CSI_MESSAGE_SIZE]; /* the transport's own words, if it has any */
};

/* How many seconds the server asked to wait; 0: it did not say. */
long csi_response_retry_after(const cs_http_response *response, int64_t now);

#endif
