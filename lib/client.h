/* The client: what it was made with, and the state its threads share. Locks are taken in the order
 * storage_lock, lock, and neither is held while a callback of events or a request runs. */
#ifndef CSI_CLIENT_H
#define CSI_CLIENT_H

#include "call.h"
#include "countersign.h"

#include <pthread.h>
#include <stdatomic.h>

struct csi_curl;
struct csi_session;
struct csi_subscriber;
struct csi_emission;
struct csi_file_storage;
struct csi_jwks;

struct cs_client {
    /* fixed once the client exists */
    char *base_url; /* the project's URL with /auth/v1 */
    char *key;
    char *client_info;
    char *proxy;
    char *ca_file;
    char *ca_path;
    char *storage_key;
    struct cs_client_options options; /* numbers and callbacks; its text pointers are NULL */
    cs_transport transport;
    cs_storage storage; /* load is NULL without storage */
    struct csi_curl *curl;
    struct csi_file_storage *file_storage;

    atomic_uint cancel_generation; /* not wider: small devices have no 64-bit atomics */

    pthread_mutex_t storage_lock; /* orders changes of the session with their storing */
    bool stored;                  /* guarded by it: the session was read or written there */
    pthread_mutex_t lock;         /* guards all below */
    pthread_cond_t changed;       /* flight ended, emission ended, cancelled, thread to stop */

    struct csi_session *session; /* counted reference, or NULL */
    uint64_t login;              /* counts signings in and out */
    bool session_loaded;         /* storage was read, or the session was set since */

    struct {
        bool running;
        uint64_t generation;
        struct csi_problem result;
        int64_t failed_at; /* by the client's clock, for want of a server; 0: not */
    } flight;              /* the one refresh of the current session */

    bool exchanging; /* one request at a time may turn the session into another */

    struct csi_subscriber *subscribers;
    struct csi_emission *emissions;
    cs_subscription last_subscription;

    struct {
        bool started; /* the thread exists and is to be joined */
        bool stop;
        bool joining; /* somebody waits for its end */
        pthread_t thread;
    } ticker;

    struct csi_jwks *jwks;
    struct {
        int in_a_row;
        int64_t until_ms; /* not asked before */
        struct csi_problem problem;
    } jwks_failed; /* fetches of it */
    struct csi_error_slot *error_slots;
};

/* Seconds since 1970, by the client's clock. */
int64_t csi_client_now(const cs_client *client);

/* Milliseconds that only go forward. */
int64_t csi_monotonic_ms(void);

/* Waits on client->changed, with the lock held, until the monotonic time. */
void csi_client_wait_until(cs_client *client, int64_t until_ms);

#endif
