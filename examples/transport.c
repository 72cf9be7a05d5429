/* A transport of one's own. This one answers by itself; a device would use its HTTP stack. */
#include "examples.h"

#include <string.h>

cs_status example_transport(void *userdata, const cs_http_request *request,
                            cs_http_response *response)
{
    static const char body[] = "{\"code\":\"not_found\",\"message\":\"nothing is here\"}";
    (void)userdata;
    if (cs_http_request_is_cancelled(request)) {
        return CS_ERR_CANCELLED;
    }
    /* send request->method, ->url, ->headers and ->body, within ->timeout_ms, and read: */
    cs_http_response_set_status(response, 404);
    cs_http_response_add_header(response, "Content-Type", "application/json");
    return cs_http_response_append_body(response, body, strlen(body));
}
