/* One public call in progress: it collects what went wrong on its own stack, so that errors of
 * threads, and of calls from inside callbacks, never mix. Published when the call returns. */
#ifndef CSI_CALL_H
#define CSI_CALL_H

#include "countersign.h"

#include <stdint.h>

enum { CSI_CODE_SIZE = 128, CSI_MESSAGE_SIZE = 512, CSI_REASONS_MAX = 8, CSI_REASON_SIZE = 32 };

struct csi_problem {
    cs_status status;
    int http_status;
    long retry_after_s;
    char code[CSI_CODE_SIZE];
    char message[CSI_MESSAGE_SIZE];
    char reasons[CSI_REASONS_MAX][CSI_REASON_SIZE];
    size_t reasons_count;
};

struct csi_call {
    cs_client *client;
    unsigned cancel_generation; /* of the client, when the call began */
    struct csi_problem problem;
};

/* Begins a call. False if there is no client, or if not all arguments are given: then the call is
 * over and CS_ERR_INVALID_ARGUMENT is to be returned. */
bool csi_call_open(struct csi_call *call, cs_client *client, bool arguments_given);

static inline bool csi_call_begin(struct csi_call *call, cs_client *client, bool arguments_given)
{
    return csi_call_open(call, client, arguments_given) && arguments_given;
}

/* Publishes the problem as the thread's last error, if status is one; returns status. */
cs_status csi_call_end(struct csi_call *call, cs_status status);

/* Records a problem and returns its status. */
cs_status csi_fail(struct csi_call *call, cs_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline cs_status csi_fail_no_memory(struct csi_call *call)
{
    (void)csi_fail(call, CS_ERR_NO_MEMORY, "%s", cs_status_message(CS_ERR_NO_MEMORY));
    return CS_ERR_NO_MEMORY;
}

bool csi_call_is_cancelled(const struct csi_call *call);

struct csi_error_slot;
void csi_error_slots_free(struct csi_error_slot *slot);

#endif
