/* A public call's begin and end, and the last error of each thread: slots in the client, found by
 * thread, so that no global or thread-local state is needed. */
#include "call.h"

#include "client.h"
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>

struct csi_error_slot {
    struct csi_error_slot *next;
    pthread_t thread;
    cs_error error; /* points into the problem below */
    struct csi_problem problem;
    const char *reasons[CSI_REASONS_MAX];
};

static struct csi_error_slot *find_slot(const cs_client *client)
{
    struct csi_error_slot *slot = client->error_slots;
    while (slot != NULL && !pthread_equal(slot->thread, pthread_self())) {
        slot = slot->next;
    }
    return slot;
}

bool csi_call_open(struct csi_call *call, cs_client *client, bool arguments_given)
{
    *call = (struct csi_call){ .client = client };
    if (client == NULL) {
        return false;
    }
    call->cancel_generation = atomic_load(&client->cancel_generation);
    if (!arguments_given) {
        csi_call_end(call, csi_fail(call, CS_ERR_INVALID_ARGUMENT,
                                    "a parameter or the place for the answer is NULL"));
        return false;
    }
    return true;
}

static void publish(struct csi_error_slot *slot, const struct csi_problem *problem)
{
    slot->problem = *problem;
    for (size_t i = 0; i < problem->reasons_count; i++) {
        slot->reasons[i] = slot->problem.reasons[i];
    }
    slot->error = (cs_error){
        .status = problem->status,
        .http_status = problem->http_status,
        .code = slot->problem.code,
        .message = slot->problem.message,
        .retry_after_s = problem->retry_after_s,
        .retryable = cs_status_is_retryable(problem->status),
        .weak_password_reasons = slot->reasons,
        .weak_password_reasons_count = problem->reasons_count,
    };
}

cs_status csi_call_end(struct csi_call *call, cs_status status)
{
    cs_client *client = call->client;
    if (status == CS_OK) {
        call->problem =
            (struct csi_problem){ .status = CS_OK, .http_status = call->problem.http_status };
    }
    pthread_mutex_lock(&client->lock);
    struct csi_error_slot *slot = find_slot(client);
    if (slot == NULL && status != CS_OK) {
        slot = csi_alloc(1, sizeof *slot);
        if (slot != NULL) {
            slot->thread = pthread_self();
            slot->next = client->error_slots;
            client->error_slots = slot;
        }
    }
    if (slot != NULL) {
        publish(slot, &call->problem);
    }
    pthread_mutex_unlock(&client->lock);
    return status;
}

cs_status csi_fail(struct csi_call *call, cs_status status, const char *format, ...)
{
    struct csi_problem *problem = &call->problem;
    va_list arguments;
    va_start(arguments, format);
    problem->status = status;
    problem->code[0] = '\0';
    problem->reasons_count = 0;
    vsnprintf(problem->message, sizeof problem->message, format, arguments);
    csi_text_mend(problem->message);
    va_end(arguments);
    return status;
}

bool csi_call_is_cancelled(const struct csi_call *call)
{
    return atomic_load(&call->client->cancel_generation) != call->cancel_generation;
}

const cs_error *cs_client_last_error(const cs_client *client)
{
    static const cs_error none = { .code = "", .message = "no call of this client failed here" };
    static const cs_error no_client = {
        .status = CS_ERR_INVALID_ARGUMENT,
        .code = "",
        .message = "there is no client: cs_client_new() failed or was not called",
    };
    if (client == NULL) {
        return &no_client;
    }
    pthread_mutex_t *lock = &((cs_client *)(uintptr_t)client)->lock;
    pthread_mutex_lock(lock);
    struct csi_error_slot *slot = find_slot(client);
    pthread_mutex_unlock(lock);
    return slot == NULL ? &none : &slot->error;
}

void csi_error_slots_free(struct csi_error_slot *slot)
{
    while (slot != NULL) {
        struct csi_error_slot *next = slot->next;
        csi_secret_free(slot, sizeof *slot);
        slot = next;
    }
}
