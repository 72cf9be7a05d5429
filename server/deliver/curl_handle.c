/* curl_handle.c: a libcurl handle a thread, see curl_handle.h and cancel.h. */
#include "deliver/curl_handle.h"

#include "base/log.h"
#include "deliver/cancel.h"

#include <pthread.h>
#include <stdlib.h>

enum { CONNECT_MS = 10000, IDLE_S = 20 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static _Thread_local const atomic_bool *watched;

void cancel_watch(const atomic_bool *flag)
{
    watched = flag;
}

bool cancel_wanted(void)
{
    return watched && atomic_load(watched);
}

static void release(void *handle)
{
    curl_easy_cleanup(handle);
}

static void set_up(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) || pthread_key_create(&key, release)) {
        log_die("libcurl cannot be started");
    }
}

/* Ends the transfer while nothing of a body has gone out yet; what was sent is seen through. */
static int progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                    curl_off_t up)
{
    (void)arg;
    (void)down_total;
    (void)up_total;
    return cancel_wanted() && !up && !down;
}

CURL *curl_handle(const char *protocols, int64_t timeout_us)
{
    pthread_once(&once, set_up);
    CURL *curl = pthread_getspecific(key);
    if (!curl) {
        curl = curl_easy_init();
        if (!curl || pthread_setspecific(key, curl)) {
            log_die("out of memory");
        }
    }
    curl_easy_reset(curl);
    long timeout_ms = timeout_us < 1000 ? 1 : (long)(timeout_us / 1000);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    const char *trusted = getenv("SSL_CERT_FILE");
    if (trusted && *trusted) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, trusted);
    }
    return curl;
}

void curl_handle_done(CURL *curl)
{
    curl_easy_reset(curl);
}
