/* The server's public keys (RFC 7517 section 5), kept for ten minutes. A key that is not among them
 * makes the set be fetched again, but not more often than every ten seconds: keys rotate, and
 * forged tokens must not turn into requests. */
#include "jwks.h"

#include "client.h"
#include "mem.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

enum { KEEP_MS = 600000, RETRY_MS = 10000 };

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
    const struct csi_request request = {
        .method = "GET", .path = "/.well-known/jwks.json", .repeatable = true};
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
    cs_status status = fetch(call, out);
    if (status == CS_OK) {
        *key = find(*out, kid);
    }
    return status;
}
