/* One request to the auth server: its headers, retries, and what its answer means. */
#ifndef CSI_REQUEST_H
#define CSI_REQUEST_H

#include "buf.h"
#include "call.h"
#include "json.h"

struct csi_request {
    const char *method;
    const char *path;           /* below /auth/v1, with its query, already encoded */
    const struct csi_buf *body; /* NULL: none */
    const char *bearer;         /* NULL: the client's key */
    bool repeatable;            /* doing it twice does no harm */
};

/* Sends, and retries what may be retried. On CS_OK *answer is the JSON of a 2xx answer, or NULL if
 * it had no body; the caller frees it. The body buffer's own failure is reported here too. */
cs_status csi_request(struct csi_call *call, const struct csi_request *request, json_t **answer);

/* The same, if the body or path buffer failed: says how. CS_OK if it did not. */
cs_status csi_buf_status(struct csi_call *call, const struct csi_buf *buf);

#endif
