/* The auto refresh thread: every thirty seconds it looks whether the session is near its end. It is
 * a convenience; calls that need a token renew the session themselves as well. */
#include "client.h"
#include "refresh.h"
#include "session.h"

#include <signal.h>

enum { TICK_MS = 30000, TICK_S = 30 };

static void tick(cs_client *client)
{
    struct csi_call call;
    struct csi_session *session = NULL;
    if (!csi_call_begin(&call, client, true)) {
        return;
    }
    /* Less than four ticks are left: three whole ones, as the official clients count. Failures are
     * for the next tick, or for the next call that needs a token. */
    if (csi_session_current(&call, &session) == CS_OK &&
        csi_session_is_near_end(session, csi_client_now(client) + TICK_S)) {
        (void)csi_refresh_current(&call);
    }
    csi_session_put(session);
}

static void *run(void *argument)
{
    cs_client *client = argument;
    pthread_mutex_lock(&client->lock);
    while (!client->ticker.stop) {
        pthread_mutex_unlock(&client->lock);
        tick(client);
        int64_t until_ms = csi_monotonic_ms() + TICK_MS;
        pthread_mutex_lock(&client->lock);
        while (!client->ticker.stop && csi_monotonic_ms() < until_ms) {
            csi_client_wait_until(client, until_ms);
        }
    }
    pthread_mutex_unlock(&client->lock);
    return NULL;
}

/* Starts the thread with all signals blocked: they are the host program's. */
static int create_thread(cs_client *client)
{
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
        return -1;
    }
    int failed = pthread_create(&client->ticker.thread, NULL, run, client);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

cs_status cs_auth_start_auto_refresh(cs_client *client)
{
    struct csi_call call;
    if (!csi_call_begin(&call, client, true)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = CS_OK;
    pthread_mutex_lock(&client->lock);
    bool own = client->ticker.started && pthread_equal(client->ticker.thread, pthread_self());
    bool ending = client->ticker.started && client->ticker.stop && !own;
    pthread_mutex_unlock(&client->lock);
    if (ending) { /* one that was stopped from inside its callback, or is being stopped */
        csi_ticker_join(client);
    }
    pthread_mutex_lock(&client->lock);
    if (client->ticker.started && !client->ticker.joining) {
        client->ticker.stop = false;
    } else if (!client->ticker.started) {
        client->ticker.stop = false;
        client->ticker.started = create_thread(client) == 0;
        status = client->ticker.started ? CS_OK : CS_ERR_SYSTEM;
    }
    pthread_mutex_unlock(&client->lock);
    if (status != CS_OK) {
        status = csi_fail(&call, status, "the auto refresh thread cannot be started");
    }
    return csi_call_end(&call, status);
}

void csi_ticker_join(cs_client *client)
{
    pthread_mutex_lock(&client->lock);
    client->ticker.stop = true;
    pthread_cond_broadcast(&client->changed);
    bool own = client->ticker.started && pthread_equal(client->ticker.thread, pthread_self());
    while (client->ticker.joining && !own) {
        pthread_cond_wait(&client->changed, &client->lock);
    }
    if (client->ticker.started && !own) {
        pthread_t thread = client->ticker.thread;
        client->ticker.joining = true;
        pthread_mutex_unlock(&client->lock);
        pthread_join(thread, NULL);
        pthread_mutex_lock(&client->lock);
        client->ticker.started = client->ticker.joining = false;
        pthread_cond_broadcast(&client->changed);
    }
    pthread_mutex_unlock(&client->lock);
}

void cs_auth_stop_auto_refresh(cs_client *client)
{
    if (client != NULL) {
        csi_ticker_join(client);
    }
}
