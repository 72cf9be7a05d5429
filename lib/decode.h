/* The server's JSON as the public structs, inside a box. Failures stick to the box. */
#ifndef CSI_DECODE_H
#define CSI_DECODE_H

#include "countersign.h"
#include "json.h"

/* NULL when json is no object, and on failure. */
const cs_user *csi_decode_user(void *box, const json_t *json);

/* Those of the array that keep() wants; *count is 0 when there are none. */
const cs_factor *csi_decode_factors(void *box, const json_t *array, size_t *count,
                                    bool (*keep)(const json_t *factor, const char *type),
                                    const char *type);

const cs_amr_entry *csi_decode_amr(void *box, const json_t *array, size_t *count);

#endif
