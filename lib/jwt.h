/* A JWT taken apart. Nothing here checks a signature. */
#ifndef CSI_JWT_H
#define CSI_JWT_H

#include "call.h"
#include "json.h"

struct csi_jwt {
    json_t *header;
    json_t *claims;
    size_t signed_size; /* of header.claims, at the token's beginning */
    unsigned char signature[1024];
    size_t signature_size;
};

/* INVALID_TOKEN if it is none. On CS_OK: csi_jwt_free(). */
cs_status csi_jwt_parse(struct csi_call *call, const char *token, struct csi_jwt *out);
void csi_jwt_free(struct csi_jwt *jwt);

/* The claim exp, which must be there. */
cs_status csi_jwt_expiry(struct csi_call *call, const char *token, int64_t *out);

/* Decodes base64url without padding. False if it is none or does not fit. */
bool csi_base64url(const char *text, size_t size, unsigned char *out, size_t room, size_t *used);

#endif
