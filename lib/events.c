/* Who is told when the session changes. A callback runs with no lock held, so it may call the
 * client. Emissions under way are noted, so that unsubscribing can wait for those of other threads
 * and does not wait for its own. */
#include "events.h"

#include "client.h"
#include "mem.h"
#include "session.h"

#include <stdlib.h>

struct csi_subscriber {
    struct csi_subscriber *next;
    cs_subscription id;
    cs_auth_callback callback;
    void *userdata;
};

/* One callback under way, on the stack of its thread. */
struct csi_emission {
    struct csi_emission *next;
    cs_subscription id;
    pthread_t thread;
};

const char *cs_auth_event_name(cs_auth_event event)
{
    static const char *const names[] = {
        [CS_EVENT_INITIAL_SESSION] = "INITIAL_SESSION",
        [CS_EVENT_SIGNED_IN] = "SIGNED_IN",
        [CS_EVENT_SIGNED_OUT] = "SIGNED_OUT",
        [CS_EVENT_TOKEN_REFRESHED] = "TOKEN_REFRESHED",
        [CS_EVENT_USER_UPDATED] = "USER_UPDATED",
        [CS_EVENT_PASSWORD_RECOVERY] = "PASSWORD_RECOVERY",
        [CS_EVENT_MFA_CHALLENGE_VERIFIED] = "MFA_CHALLENGE_VERIFIED",
    };
    bool known = (int)event >= 0 && (size_t)event < sizeof names / sizeof names[0];
    return known ? names[event] : "UNKNOWN";
}

/* Calls back without the lock, which is held before and after; then the subscriber may be gone. */
static void call_one(cs_client *client, const struct csi_subscriber *subscriber,
                     cs_auth_event event, const cs_session *session)
{
    struct csi_emission emission = { .id = subscriber->id, .thread = pthread_self() };
    cs_auth_callback callback = subscriber->callback;
    void *userdata = subscriber->userdata;
    emission.next = client->emissions;
    client->emissions = &emission;
    pthread_mutex_unlock(&client->lock);
    callback(event, session, userdata);
    pthread_mutex_lock(&client->lock);
    struct csi_emission **place = &client->emissions;
    while (*place != &emission) {
        place = &(*place)->next;
    }
    *place = emission.next;
    pthread_cond_broadcast(&client->changed);
}

/* The subscriber after the one with this id, which may be gone; lists grow at the end. */
static struct csi_subscriber *after(cs_client *client, cs_subscription id)
{
    struct csi_subscriber *subscriber = client->subscribers;
    while (subscriber != NULL && subscriber->id <= id) {
        subscriber = subscriber->next;
    }
    return subscriber;
}

/* Whether somebody signed out or in since, which has been or will be told by an event of its own:
 * who heard of the later change must not hear of the earlier one afterwards. The lock is held. */
static bool is_overtaken(const cs_client *client, const struct csi_session *session)
{
    return session == NULL ? client->session != NULL : session->login != client->login;
}

cs_status csi_emit(struct csi_call *call, cs_auth_event event, const struct csi_session *session)
{
    cs_client *client = call->client;
    pthread_mutex_lock(&client->lock);
    bool nobody = client->subscribers == NULL;
    cs_subscription last = client->last_subscription; /* later ones did not see the state before */
    pthread_mutex_unlock(&client->lock);
    if (nobody) {
        return CS_OK;
    }
    void *box = csi_box_new(1);
    const cs_session *shown = NULL;
    if (box != NULL && session != NULL) {
        shown = csi_session_public(box, session);
    }
    if (box == NULL || !csi_box_ok(box)) {
        csi_box_free(box);
        return csi_fail_no_memory(call);
    }
    pthread_mutex_lock(&client->lock);
    struct csi_subscriber *subscriber = after(client, 0);
    while (subscriber != NULL && subscriber->id <= last && !is_overtaken(client, session)) {
        cs_subscription id = subscriber->id;
        call_one(client, subscriber, event, shown);
        subscriber = after(client, id);
    }
    pthread_mutex_unlock(&client->lock);
    csi_box_free(box);
    return CS_OK;
}

/* Tells a new subscriber where things stand, unless it was unsubscribed already. */
static cs_status tell_initial(struct csi_call *call, cs_subscription id)
{
    cs_client *client = call->client;
    struct csi_session *session = NULL;
    const cs_session *shown = NULL;
    cs_status status = csi_session_current(call, &session);
    if (status != CS_OK && status != CS_ERR_SESSION_MISSING) {
        return status;
    }
    void *box = csi_box_new(1);
    if (box != NULL && session != NULL) {
        shown = csi_session_public(box, session);
    }
    if (box == NULL || !csi_box_ok(box)) {
        csi_session_put(session);
        csi_box_free(box);
        return csi_fail_no_memory(call);
    }
    pthread_mutex_lock(&client->lock);
    const struct csi_subscriber *subscriber = after(client, id - 1);
    if (subscriber != NULL && subscriber->id == id && !is_overtaken(client, session)) {
        call_one(client, subscriber, CS_EVENT_INITIAL_SESSION, shown);
    }
    pthread_mutex_unlock(&client->lock);
    csi_session_put(session);
    csi_box_free(box);
    return CS_OK;
}

cs_status cs_auth_on_auth_state_change(cs_client *client, cs_auth_callback callback, void *userdata,
                                       cs_subscription *out)
{
    struct csi_call call;
    if (out != NULL) {
        *out = 0;
    }
    if (!csi_call_begin(&call, client, callback != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    struct csi_subscriber *subscriber = csi_alloc(1, sizeof *subscriber);
    if (subscriber == NULL) {
        return csi_call_end(&call, csi_fail_no_memory(&call));
    }
    subscriber->callback = callback;
    subscriber->userdata = userdata;
    pthread_mutex_lock(&client->lock);
    cs_subscription id = subscriber->id = ++client->last_subscription;
    struct csi_subscriber **place = &client->subscribers;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    *place = subscriber;
    *out = id; /* before the first callback, which may want to unsubscribe */
    pthread_mutex_unlock(&client->lock);
    cs_status status = tell_initial(&call, id);
    if (status != CS_OK) {
        cs_auth_unsubscribe(client, id);
        *out = 0;
    }
    return csi_call_end(&call, status);
}

/* Whether this thread, or another one, is inside the subscription's callback; the lock is held. */
static bool is_inside(const cs_client *client, cs_subscription id, bool own)
{
    const struct csi_emission *emission = client->emissions;
    while (emission != NULL &&
           (emission->id != id || (bool)pthread_equal(emission->thread, pthread_self()) != own)) {
        emission = emission->next;
    }
    return emission != NULL;
}

void cs_auth_unsubscribe(cs_client *client, cs_subscription subscription)
{
    if (client == NULL || subscription == 0) {
        return;
    }
    pthread_mutex_lock(&client->lock);
    struct csi_subscriber **place = &client->subscribers;
    while (*place != NULL && (*place)->id != subscription) {
        place = &(*place)->next;
    }
    struct csi_subscriber *gone = *place;
    if (gone != NULL) {
        *place = gone->next;
    }
    /* Another thread may have taken it out and wait as well; it may even wait for this one. */
    bool waits = gone != NULL || !is_inside(client, subscription, true);
    while (waits && is_inside(client, subscription, false)) {
        pthread_cond_wait(&client->changed, &client->lock);
    }
    pthread_mutex_unlock(&client->lock);
    free(gone);
}

void csi_subscribers_free(struct csi_subscriber *subscriber)
{
    while (subscriber != NULL) {
        struct csi_subscriber *next = subscriber->next;
        free(subscriber);
        subscriber = next;
    }
}
