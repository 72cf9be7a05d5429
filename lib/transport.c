/* What transports, the library's own and a host program's, call to fill in an answer. Only the
 * headers that the library uses are kept, in bounded places. */
#include "transport.h"

#include "http_date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RETRY_AFTER_MAX (366L * 86400) /* what is longer than a year is no advice */

void cs_http_response_set_status(cs_http_response *response, int http_status)
{
    if (response == NULL) {
        return;
    }
    response->http_status = http_status;
    response->retry_after_s = 0;
    response->retry_at = response->date = 0;
    response->error_code[0] = response->content_type[0] = response->location[0] = '\0';
    csi_buf_free(&response->body);
}

long csi_response_retry_after(const cs_http_response *response, int64_t now)
{
    if (response->retry_at == 0) {
        return response->retry_after_s;
    }
    /* By the clock that wrote both dates, if it did. */
    int64_t left = response->retry_at - (response->date != 0 ? response->date : now);
    return left > 0 && left < RETRY_AFTER_MAX ? (long)left : 0;
}

static void keep(char *place, size_t size, const char *value)
{
    snprintf(place, size, "%s", value);
    for (char *c = place; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f) {
            *c = '?'; /* these end up in messages for people */
        }
    }
}

void cs_http_response_add_header(cs_http_response *response, const char *name, const char *value)
{
    if (response == NULL || name == NULL || value == NULL) {
        return;
    }
    if (strcasecmp(name, "x-sb-error-code") == 0) {
        keep(response->error_code, sizeof response->error_code, value);
    } else if (strcasecmp(name, "content-type") == 0) {
        keep(response->content_type, sizeof response->content_type, value);
    } else if (strcasecmp(name, "location") == 0) {
        keep(response->location, sizeof response->location, value);
    } else if (strcasecmp(name, "date") == 0) {
        (void)csi_http_date(value, &response->date);
    } else if (strcasecmp(name, "retry-after") == 0 && !csi_http_date(value, &response->retry_at)) {
        char *end = NULL;
        long seconds = strtol(value, &end, 10);
        bool good = end != value && end[strspn(end, " \t")] == '\0' && seconds > 0;
        response->retry_after_s = good && seconds < RETRY_AFTER_MAX ? seconds : 0;
    }
}

cs_status cs_http_response_append_body(cs_http_response *response, const void *data, size_t size)
{
    if (response == NULL || (data == NULL && size > 0)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_add(&response->body, data == NULL ? "" : data, size);
    switch (response->body.failure) {
    case CSI_BUF_OK:
        return CS_OK;
    case CSI_BUF_TOO_LARGE:
        return CS_ERR_RESPONSE_TOO_LARGE;
    default:
        return CS_ERR_NO_MEMORY;
    }
}

bool cs_http_request_is_cancelled(const cs_http_request *request)
{
    return request != NULL && request->internal != NULL && csi_call_is_cancelled(request->internal);
}
