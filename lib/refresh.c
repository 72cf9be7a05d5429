/* Renewing the session. Threads that need the current session renewed at the same time share one
 * request (a flight): the first flies, the others wait and take its result. Before flying, storage
 * is read again, for another process may have renewed the session already. */
#include "refresh.h"

#include "buf.h"
#include "client.h"
#include "events.h"
#include "mem.h"
#include "request.h"
#include "session.h"

enum { MARGIN_S = 90 }; /* three ticks of thirty seconds, as in the official clients */

bool csi_session_is_near_end(const struct csi_session *session, int64_t now)
{
    int64_t margin = session->expires_in / 2 < MARGIN_S ? session->expires_in / 2 : MARGIN_S;
    return session->local_expires_at - now < margin;
}

cs_status csi_exchange_begin(struct csi_call *call)
{
    cs_client *client = call->client;
    pthread_mutex_lock(&client->lock);
    while (client->exchanging && !csi_call_is_cancelled(call)) {
        pthread_cond_wait(&client->changed, &client->lock);
    }
    bool free_now = !client->exchanging;
    client->exchanging = true;
    pthread_mutex_unlock(&client->lock);
    return free_now ? CS_OK
                    : csi_fail(call, CS_ERR_CANCELLED, "%s", cs_status_message(CS_ERR_CANCELLED));
}

void csi_exchange_end(struct csi_call *call)
{
    cs_client *client = call->client;
    pthread_mutex_lock(&client->lock);
    client->exchanging = false;
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

static cs_status ask(struct csi_call *call, const char *refresh_token, struct csi_session **out)
{
    struct csi_buf body;
    json_t *answer = NULL;
    *out = NULL;
    csi_buf_init(&body, CSI_BODY_MAX);
    csi_buf_object_open(&body, NULL);
    csi_buf_member_text(&body, "refresh_token", refresh_token);
    csi_buf_object_close(&body);
    const struct csi_request request = {
        .method = "POST",
        .path = "/token?grant_type=refresh_token",
        .body = &body,
        .repeatable = true, /* the server answers a repeated token with the same session */
    };
    cs_status status = csi_request(call, &request, &answer);
    csi_buf_free(&body);
    if (status == CS_OK) {
        status = csi_session_from_json(call, answer, out);
    }
    csi_json_free(answer);
    return status;
}

/* Whether the server's answer means that this session will never be renewed. */
static bool is_final(const struct csi_call *call, cs_status status)
{
    int http_status = call->problem.http_status;
    return (status == CS_ERR_API || status == CS_ERR_SESSION_MISSING) && http_status >= 400 &&
           http_status < 500 && http_status != 408 && http_status != 409;
}

/* The flight itself: *event says what to tell the subscribers, if *changed. */
static cs_status fly(struct csi_call *call, bool *changed, cs_auth_event *event)
{
    struct csi_session *old = NULL, *renewed = NULL;
    uint64_t generation = 0;
    *changed = false;
    cs_status status = csi_session_current(call, &old, &generation);
    if (status != CS_OK) {
        return status;
    }
    renewed = csi_session_reread(call, old);
    if (renewed != NULL && csi_session_is_near_end(renewed, csi_client_now(call->client))) {
        csi_session_put(old);
        old = renewed; /* also old, but the newest refresh token there is */
        renewed = NULL;
    }
    if (renewed == NULL) {
        status = ask(call, old->refresh_token, &renewed);
    }
    csi_session_put(old);
    if (status == CS_OK) {
        *event = CS_EVENT_TOKEN_REFRESHED;
        status = csi_session_install(call, renewed, generation, changed);
    } else if (is_final(call, status)) {
        struct csi_problem problem = call->problem;
        *event = CS_EVENT_SIGNED_OUT;
        (void)csi_session_install(call, NULL, generation, changed);
        call->problem = problem; /* why the session ended counts more than a storage that fails */
    }
    return status;
}

/* Waits for the flight of another thread; the lock is held. */
static cs_status join_flight(struct csi_call *call)
{
    cs_client *client = call->client;
    uint64_t generation = client->flight.generation;
    while (client->flight.generation == generation && !csi_call_is_cancelled(call)) {
        pthread_cond_wait(&client->changed, &client->lock);
    }
    if (client->flight.generation == generation) {
        return csi_fail(call, CS_ERR_CANCELLED, "%s", cs_status_message(CS_ERR_CANCELLED));
    }
    call->problem = client->flight.result;
    return call->problem.status;
}

cs_status csi_refresh_current(struct csi_call *call)
{
    cs_client *client = call->client;
    bool changed = false;
    cs_auth_event event = CS_EVENT_TOKEN_REFRESHED;
    pthread_mutex_lock(&client->lock);
    if (client->flight.running) {
        cs_status joined = join_flight(call);
        pthread_mutex_unlock(&client->lock);
        return joined;
    }
    client->flight.running = true;
    pthread_mutex_unlock(&client->lock);

    cs_status status = csi_exchange_begin(call);
    if (status == CS_OK) {
        status = fly(call, &changed, &event);
        csi_exchange_end(call);
    }

    pthread_mutex_lock(&client->lock);
    client->flight.running = false;
    client->flight.generation++;
    client->flight.result = call->problem;
    client->flight.result.status = status;
    struct csi_session *now = csi_session_get(client->session);
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
    if (changed) {
        struct csi_problem problem = call->problem;
        cs_status told = csi_emit(call, event, event == CS_EVENT_SIGNED_OUT ? NULL : now);
        if (status != CS_OK) {
            call->problem = problem;
        } else {
            status = told;
        }
    }
    csi_session_put(now);
    return status;
}

cs_status csi_refresh_with(struct csi_call *call, const char *refresh_token,
                           struct csi_session **out)
{
    *out = NULL;
    cs_status status = csi_exchange_begin(call);
    if (status != CS_OK) {
        return status;
    }
    status = ask(call, refresh_token, out);
    if (status == CS_OK) {
        status = csi_session_install(call, csi_session_get(*out), CSI_ANY_GENERATION, NULL);
    }
    csi_exchange_end(call);
    if (status == CS_OK) {
        return csi_announce(call, CS_EVENT_TOKEN_REFRESHED, out);
    }
    csi_session_put(*out);
    *out = NULL;
    return status;
}

cs_status csi_session_fresh(struct csi_call *call, struct csi_session **out)
{
    int64_t now = csi_client_now(call->client);
    cs_status status = csi_session_current(call, out, NULL);
    if (status != CS_OK || call->client->options.no_auto_refresh ||
        !csi_session_is_near_end(*out, now)) {
        return status;
    }
    status = csi_refresh_current(call);
    if (cs_status_is_retryable(status) && (*out)->local_expires_at > now) {
        return CS_OK; /* not renewed, but good for some seconds yet */
    }
    csi_session_put(*out);
    *out = NULL;
    return status == CS_OK ? csi_session_current(call, out, NULL) : status;
}

void csi_session_end(struct csi_call *call, const struct csi_session *session)
{
    struct csi_problem problem = call->problem;
    struct csi_session *now = NULL;
    uint64_t generation = 0;
    bool removed = false;
    if (csi_session_current(call, &now, &generation) == CS_OK && now == session) {
        (void)csi_session_install(call, NULL, generation, &removed);
    }
    csi_session_put(now);
    if (removed) {
        (void)csi_emit(call, CS_EVENT_SIGNED_OUT, NULL);
    }
    call->problem = problem;
}

cs_status csi_adopt(struct csi_call *call, const json_t *answer, struct csi_session **out)
{
    cs_status status = csi_session_from_json(call, answer, out);
    if (status == CS_OK) {
        status = csi_session_install(call, csi_session_get(*out), CSI_ANY_GENERATION, NULL);
    }
    if (status != CS_OK) {
        csi_session_put(*out);
        *out = NULL;
    }
    return status;
}

cs_status csi_announce(struct csi_call *call, cs_auth_event event, struct csi_session **session)
{
    cs_status status = csi_emit(call, event, *session);
    if (status != CS_OK) {
        csi_session_put(*session);
        *session = NULL;
    }
    return status;
}
