/* Signatures of JWTs by public keys. */
#ifndef CSI_SIGNATURE_H
#define CSI_SIGNATURE_H

#include "json.h"

enum csi_signature { CSI_SIGNATURE_GOOD, CSI_SIGNATURE_BAD, CSI_SIGNATURE_NO_MEMORY };

/* Checks an RS256 or ES256 signature by a JWK (RFC 7517). A key that does not fit alg is bad. */
enum csi_signature csi_signature_check(const char *alg, const json_t *jwk, const char *text,
                                       size_t text_size, const unsigned char *signature,
                                       size_t signature_size);

#endif
