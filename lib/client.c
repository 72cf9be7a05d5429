/* Makes and ends clients, and cancels their calls. Everything a client needs is copied from the
 * options here, once; the default of each option stands in settle_options(). */
#include "client.h"

#include "buf.h"
#include "events.h"
#include "jwks.h"
#include "mem.h"
#include "refresh.h"
#include "session.h"
#include "storage_file.h"
#include "transport_curl.h"
#include "url.h"

#include <stdlib.h>

static void settle_options(cs_client *client, const cs_client_options *options)
{
    cs_client_options *own = &client->options;
    *own = *options;
    own->client_info = own->proxy = own->ca_file = own->ca_path = NULL;
    own->session_file = own->storage_key = NULL;
    own->storage = NULL;
    own->transport = NULL;
    own->timeout_ms = own->timeout_ms > 0 ? own->timeout_ms : 30000;
    own->connect_timeout_ms = own->connect_timeout_ms > 0 ? own->connect_timeout_ms : 10000;
    own->max_retries = own->max_retries < 0 ? 0 : own->max_retries == 0 ? 3 : own->max_retries;
    own->retry_base_ms = own->retry_base_ms > 0 ? own->retry_base_ms : 200;
    if (own->max_response_bytes == 0) {
        own->max_response_bytes = (size_t)1024 * 1024;
    }
}

static bool copy_text(char **out, const char *text)
{
    *out = text == NULL ? NULL : csi_text_copy(text);
    return text == NULL || *out != NULL;
}

/* X-Client-Info: the library, then the program. */
static bool copy_client_info(cs_client *client, const char *program)
{
    struct csi_buf info;
    csi_buf_init(&info, 1024);
    csi_buf_text(&info, "libcountersign/");
    csi_buf_text(&info, cs_version());
    if (program != NULL) {
        csi_buf_text(&info, " ");
        csi_buf_text(&info, program);
    }
    client->client_info = info.data;
    return info.failure == CSI_BUF_OK;
}

static cs_status check_options(const cs_client_options *options)
{
    const cs_storage *storage = options->storage;
    if (storage != NULL && (options->session_file != NULL || storage->load == NULL ||
                            storage->save == NULL || storage->remove == NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    if (options->transport != NULL && options->transport->send == NULL) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    for (const char *c = options->client_info; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f ||
            c - options->client_info > 512) {
            return CS_ERR_INVALID_ARGUMENT;
        }
    }
    return CS_OK;
}

static cs_status open_parts(cs_client *client, const cs_client_options *options)
{
    cs_status status = CS_OK;
    if (options->storage != NULL) {
        client->storage = *options->storage;
    } else if (options->session_file != NULL) {
        client->file_storage = csi_file_storage_new(options->session_file, &client->storage);
        status = client->file_storage == NULL ? CS_ERR_NO_MEMORY : CS_OK;
    }
    if (status == CS_OK && options->transport != NULL) {
        client->transport = *options->transport;
    } else if (status == CS_OK) {
        client->curl = csi_curl_new(client, &client->transport);
        status = client->curl == NULL ? CS_ERR_NO_MEMORY : CS_OK;
    }
    return status;
}

static cs_status init_locks(cs_client *client)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return CS_ERR_SYSTEM;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&client->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (failed != 0) {
        return CS_ERR_SYSTEM;
    }
    pthread_mutex_init(&client->lock, NULL); /* cannot fail with default attributes on Linux */
    pthread_mutex_init(&client->storage_lock, NULL);
    return CS_OK;
}

cs_status cs_client_new(const char *url, const char *key, const cs_client_options *options,
                        cs_client **out)
{
    static const cs_client_options defaults;
    if (out == NULL) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    *out = NULL;
    options = options == NULL ? &defaults : options;
    if (!csi_is_token(key) || check_options(options) != CS_OK) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    bool bad_url = false;
    char *base = csi_url_base(url, &bad_url);
    if (base == NULL) {
        return bad_url ? CS_ERR_INVALID_URL : CS_ERR_NO_MEMORY;
    }
    cs_client *client = csi_alloc(1, sizeof *client);
    cs_status status = client == NULL ? CS_ERR_NO_MEMORY : init_locks(client);
    if (status != CS_OK) {
        free(client);
        free(base);
        return status;
    }
    client->base_url = base;
    settle_options(client, options);
    const char *storage_key = options->storage_key;
    bool copied =
        copy_text(&client->key, key) && copy_client_info(client, options->client_info) &&
        copy_text(&client->proxy, options->proxy) &&
        copy_text(&client->ca_file, options->ca_file) &&
        copy_text(&client->ca_path, options->ca_path) &&
        copy_text(&client->storage_key, storage_key ? storage_key : "supabase.auth.token");
    status = copied ? open_parts(client, options) : CS_ERR_NO_MEMORY;
    if (status != CS_OK) {
        cs_client_free(&client);
        return status;
    }
    *out = client;
    return CS_OK;
}

void cs_client_free(cs_client **pointer)
{
    if (pointer == NULL || *pointer == NULL) {
        return;
    }
    cs_client *client = *pointer;
    *pointer = NULL;
    csi_ticker_join(client);
    csi_curl_free(client->curl);
    csi_file_storage_free(client->file_storage);
    csi_session_put(client->session);
    csi_subscribers_free(client->subscribers);
    csi_jwks_put(client->jwks);
    csi_error_slots_free(client->error_slots);
    char *texts[] = { client->base_url, client->key,     client->client_info, client->proxy,
                      client->ca_file,  client->ca_path, client->storage_key };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        csi_text_free(texts[i]);
    }
    pthread_cond_destroy(&client->changed);
    pthread_mutex_destroy(&client->lock);
    pthread_mutex_destroy(&client->storage_lock);
    csi_secret_free(client, sizeof *client);
}

void cs_client_cancel(cs_client *client)
{
    if (client == NULL) {
        return;
    }
    pthread_mutex_lock(&client->lock);
    atomic_fetch_add(&client->cancel_generation, 1);
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
    csi_curl_wake(client->curl);
}
