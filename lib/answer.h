/* What an HTTP answer means: JSON, or a problem with its class. */
#ifndef CSI_ANSWER_H
#define CSI_ANSWER_H

#include "call.h"
#include "json.h"
#include "transport.h"

/* CS_OK for 2xx: *out is its JSON, NULL for an empty body. */
cs_status csi_answer_read(struct csi_call *call, const cs_http_response *response, json_t **out);

/* For a 2xx answer that lacks what the call needs. */
cs_status csi_answer_lacks(struct csi_call *call, const char *what);

#endif
