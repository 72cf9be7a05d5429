/* The server's public keys (RFC 7517 section 5), kept for ten minutes. A key that is not among them
 * makes the set be fetched again, but not more often than every ten seconds, and after failures not
 * before a pause that doubles up to a minute: keys rotate, and forged tokens must not turn into
 * requests. */
#include "jwks.h"

#include "client.h"
#include "mem.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

enum { KEEP_MS = 600000, RETRY_MS = 10000, PAUSE_MS = 1000, PAUSE_MAX_MS = 60000 };

struct csi_jwks {
    atomic_int references;
    json_t *set;
    int64_t fetched_ms;
};

void csi_jwks_put(struct csi_jwks *jwks)
{
    if (jwks != NULL && atomic_fetch_sub(&jwks->references, 1) == 1) {
        csi_json_free(jwks->set);
        free(jwks);
    }
}

static struct csi_jwks *current(cs_client *client)
{
    pthread_mutex_lock(&client->lock);
    struct csi_jwks *jwks = client->jwks;
    if (jwks != NULL) {
        atomic_fetch_add(&jwks->references, 1);
    }
    pthread_mutex_unlock(&client->lock);
    return jwks;
}

static const json_t *find(const struct csi_jwks *jwks, const char *kid)
{
    const json_t *keys = jwks == NULL ? NULL : csi_json_array(jwks->set, "keys");
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *own = csi_json_text(key, "kid");
        if (own != NULL && strcmp(own, kid) == 0) {
            return key;
        }
    }
    return NULL;
}

static cs_status fetch(struct csi_call *call, struct csi_jwks **out)
{
    cs_client *client = call->client;
    json_t *set = NULL;
    const struct csi_request request = { .method = "GET",
                                         .path = "/.well-known/jwks.json",
                                         .repeatable = true };
    cs_status status = csi_request(call, &request, &set);
    if (status != CS_OK) {
        return status;
    }
    struct csi_jwks *jwks = csi_alloc(1, sizeof *jwks);
    if (jwks == NULL) {
        csi_json_free(set);
        return csi_fail_no_memory(call);
    }
    jwks->set = set;
    jwks->fetched_ms = csi_monotonic_ms();
    atomic_init(&jwks->references, 2); /* the client's and the caller's */
    pthread_mutex_lock(&client->lock);
    struct csi_jwks *old = client->jwks;
    client->jwks = jwks;
    pthread_mutex_unlock(&client->lock);
    csi_jwks_put(old);
    *out = jwks;
    return CS_OK;
}

/* Whether the last fetches failed and it is too early for another; then with their problem. */
static bool is_pause(struct csi_call *call)
{
    cs_client *client = call->client;
    pthread_mutex_lock(&client->lock);
    bool early = csi_monotonic_ms() < client->jwks_failed.until_ms;
    if (early) {
        call->problem = client->jwks_failed.problem;
    }
    pthread_mutex_unlock(&client->lock);
    return early;
}

/* What a fetch came to. That it was cancelled or had no memory says nothing of the server. */
static void note_fetch(struct csi_call *call, cs_status status)
{
    cs_client *client = call->client;
    if (status == CS_ERR_CANCELLED || status == CS_ERR_NO_MEMORY) {
        return;
    }
    pthread_mutex_lock(&client->lock);
    int before = client->jwks_failed.in_a_row;
    int64_t pause_ms = before < 6 ? (int64_t)PAUSE_MS << before : PAUSE_MAX_MS;
    client->jwks_failed.in_a_row = status == CS_OK ? 0 : before < 6 ? before + 1 : before;
    client->jwks_failed.until_ms = status == CS_OK ? 0 : csi_monotonic_ms() + pause_ms;
    client->jwks_failed.problem = call->problem;
    pthread_mutex_unlock(&client->lock);
}

cs_status csi_jwks_find(struct csi_call *call, const char *kid, struct csi_jwks **out,
                        const json_t **key)
{
    *out = current(call->client);
    *key = find(*out, kid);
    int64_t age_ms = *out == NULL ? KEEP_MS : csi_monotonic_ms() - (*out)->fetched_ms;
    if (age_ms < (*key != NULL ? KEEP_MS : RETRY_MS)) {
        return CS_OK;
    }
    csi_jwks_put(*out);
    *out = NULL;
    *key = NULL;
    if (is_pause(call)) {
        return call->problem.status;
    }
    cs_status status = fetch(call, out);
    note_fetch(call, status);
    if (status == CS_OK) {
        *key = find(*out, kid);
    }
    return status;
}
