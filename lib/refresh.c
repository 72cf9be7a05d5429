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

#include <string.h>

enum {
    MARGIN_S = 90, /* three ticks of thirty seconds, as in the official clients */
    AGAIN_S = 30,
    ROUNDS = 3
};

bool csi_session_is_near_end(const struct csi_session *session, int64_t now)
{
    int64_t margin = session->expires_in / 2 < MARGIN_S ? session->expires_in / 2 : MARGIN_S;
    int64_t left = session->local_expires_at - now;
    bool set_back = left > session->expires_in + MARGIN_S; /* the clock: how old it is, who knows */
    return left < margin || set_back;
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
    if (status == CS_OK) {
        (*out)->renewed_from = csi_box_text(*out, refresh_token, strlen(refresh_token));
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

/* Takes what another process stored, if it did: as the renewed session, or in the old one's place
 * if it is as old; it has the newest refresh token there is. */
static bool take_stored(struct csi_call *call, struct csi_session **old,
                        struct csi_session **renewed, bool *gone)
{
    struct csi_session *stored = csi_session_reread(call, *old, gone);
    if (stored == NULL) {
        return false;
    }
    if (csi_session_is_near_end(stored, csi_client_now(call->client))) {
        csi_session_put(*old);
        *old = stored;
    } else {
        *renewed = stored;
    }
    return true;
}

/* Asks for a new session in *old's place. A refusal is final only if no other process was faster:
 * then its session is what counts. *gone: another process signed out. */
static cs_status renew(struct csi_call *call, struct csi_session **old,
                       struct csi_session **renewed, bool *gone)
{
    cs_status status = CS_OK;
    (void)take_stored(call, old, renewed, gone);
    bool again = true;
    for (int round = 0; round < ROUNDS && again && *renewed == NULL && !*gone; round++) {
        again = false;
        status = ask(call, (*old)->refresh_token, renewed);
        if (status == CS_OK) { /* whoever signed out during the request stays so */
            csi_session_put(csi_session_reread(call, *old, gone));
        } else if (is_final(call, status)) {
            struct csi_problem problem = call->problem;
            again = take_stored(call, old, renewed, gone);
            call->problem = problem;
            status = *renewed != NULL ? CS_OK : status;
        }
    }
    if (*gone) {
        status = csi_fail(call, CS_ERR_SESSION_MISSING,
                          "another process that shares the storage signed out");
    }
    return status;
}

/* Whether the current session came of another signing in: another process stored it. */
static bool is_somebody_elses(struct csi_call *call, const struct csi_session *begun)
{
    struct csi_problem problem = call->problem;
    struct csi_session *now = NULL;
    bool other =
        csi_session_current(call, &now) == CS_OK && !csi_session_is_same_login(call, begun, now);
    csi_session_put(now);
    call->problem = problem;
    return other;
}

/* The flight itself: *event says what to tell the subscribers, if *changed. */
static cs_status fly(struct csi_call *call, bool *changed, cs_auth_event *event)
{
    struct csi_session *begun = NULL, *old = NULL, *renewed = NULL;
    bool gone = false;
    *changed = false;
    cs_status status = csi_session_current(call, &old);
    if (status != CS_OK) {
        return status;
    }
    uint64_t login = old->login;
    begun = csi_session_get(old);
    status = renew(call, &old, &renewed, &gone);
    csi_session_put(old);
    if (status == CS_OK) {
        status = csi_session_install(call, renewed, login, changed);
        renewed = NULL;
        gone = status == CS_ERR_SESSION_MISSING;
        *event = is_somebody_elses(call, begun) ? CS_EVENT_SIGNED_IN : CS_EVENT_TOKEN_REFRESHED;
    }
    if (gone || is_final(call, status)) {
        struct csi_problem problem = call->problem;
        *event = CS_EVENT_SIGNED_OUT;
        (void)csi_session_install(call, NULL, login, changed);
        call->problem = problem; /* why the session ended counts more than a storage that fails */
    }
    csi_session_put(begun);
    csi_session_put(renewed);
    return status;
}

/* Waits for the flight of another thread; the lock is held. False if its result is none for this
 * call: it was cancelled, and this call began after that. */
static bool join_flight(struct csi_call *call, cs_status *status)
{
    cs_client *client = call->client;
    uint64_t generation = client->flight.generation;
    while (client->flight.generation == generation && !csi_call_is_cancelled(call)) {
        pthread_cond_wait(&client->changed, &client->lock);
    }
    if (csi_call_is_cancelled(call)) {
        *status = csi_fail(call, CS_ERR_CANCELLED, "%s", cs_status_message(CS_ERR_CANCELLED));
        return true;
    }
    if (client->flight.result.status == CS_ERR_CANCELLED) {
        return false;
    }
    call->problem = client->flight.result;
    *status = call->problem.status;
    return true;
}

cs_status csi_refresh_current(struct csi_call *call)
{
    cs_client *client = call->client;
    bool changed = false;
    cs_auth_event event = CS_EVENT_TOKEN_REFRESHED;
    cs_status status;
    pthread_mutex_lock(&client->lock);
    while (client->flight.running) {
        if (join_flight(call, &status)) {
            pthread_mutex_unlock(&client->lock);
            return status;
        }
    }
    client->flight.running = true;
    pthread_mutex_unlock(&client->lock);

    status = csi_exchange_begin(call);
    if (status == CS_OK) {
        status = fly(call, &changed, &event);
        csi_exchange_end(call);
    }

    int64_t failed_at = cs_status_is_retryable(status) ? csi_client_now(client) : 0;
    pthread_mutex_lock(&client->lock);
    client->flight.running = false;
    client->flight.failed_at = failed_at;
    client->flight.generation++;
    client->flight.result = call->problem;
    client->flight.result.status = status;
    struct csi_session *now = csi_session_get(client->session);
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
    if (changed && (now != NULL || event == CS_EVENT_SIGNED_OUT)) { /* else: signed out since */
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
        status = csi_session_install(call, csi_session_get(*out), CSI_NEW_LOGIN, NULL);
    }
    csi_exchange_end(call);
    return csi_announce(call, status, CS_EVENT_TOKEN_REFRESHED, out);
}

/* Whether renewing failed a moment ago: calls whose token is good yet do not each wait for a server
 * that is away. */
static bool failed_just_now(cs_client *client, int64_t now)
{
    pthread_mutex_lock(&client->lock);
    int64_t since = now - client->flight.failed_at;
    pthread_mutex_unlock(&client->lock);
    return since >= 0 && since < AGAIN_S;
}

cs_status csi_session_fresh(struct csi_call *call, struct csi_session **out)
{
    int64_t now = csi_client_now(call->client);
    cs_status status = csi_session_current(call, out);
    if (status != CS_OK || call->client->options.no_auto_refresh ||
        !csi_session_is_near_end(*out, now)) {
        return status;
    }
    if ((*out)->local_expires_at > now && failed_just_now(call->client, now)) {
        return CS_OK;
    }
    status = csi_refresh_current(call);
    if (cs_status_is_retryable(status) && (*out)->local_expires_at > now) {
        return CS_OK; /* not renewed, but good for some seconds yet */
    }
    csi_session_put(*out);
    *out = NULL;
    return status == CS_OK ? csi_session_current(call, out) : status;
}

void csi_session_end(struct csi_call *call, const struct csi_session *session)
{
    struct csi_problem problem = call->problem;
    bool removed = false;
    (void)csi_session_install(call, NULL, session->login, &removed);
    if (removed) {
        (void)csi_emit(call, CS_EVENT_SIGNED_OUT, NULL);
    }
    call->problem = problem;
}

cs_status csi_adopt(struct csi_call *call, const json_t *answer, uint64_t login,
                    struct csi_session **out)
{
    bool installed = false;
    cs_status status = csi_session_from_json(call, answer, out);
    if (status != CS_OK) {
        return status;
    }
    (*out)->stepped_up = login != CSI_NEW_LOGIN;
    status = csi_session_install(call, csi_session_get(*out), login, &installed);
    if (!installed) {
        csi_session_put(*out);
        *out = NULL;
        status = csi_fail(call, CS_ERR_SESSION_MISSING,
                          "the session was signed out while the call was under way");
    }
    return status;
}

cs_status csi_announce(struct csi_call *call, cs_status status, cs_auth_event event,
                       struct csi_session **session)
{
    struct csi_problem problem = call->problem;
    cs_status told = *session == NULL ? CS_OK : csi_emit(call, event, *session);
    if (status != CS_OK) {
        call->problem = problem;
        told = status;
    }
    if (told != CS_OK) {
        csi_session_put(*session);
        *session = NULL;
    }
    return told;
}
