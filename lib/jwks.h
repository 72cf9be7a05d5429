/* The server's public keys, kept for ten minutes. */
#ifndef CSI_JWKS_H
#define CSI_JWKS_H

#include "call.h"
#include "json.h"

/* Counted references to one answer of /.well-known/jwks.json. */
struct csi_jwks;

/* A reference to a set that has the key, fetched if need be; *key is owned by it and NULL if the
 * server has no such key. */
cs_status csi_jwks_find(struct csi_call *call, const char *kid, struct csi_jwks **out,
                        const json_t **key);

void csi_jwks_put(struct csi_jwks *jwks); /* takes NULL */

#endif
