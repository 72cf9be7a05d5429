/* Whether a text is JSON, found out without memory. */
#ifndef CSI_JSON_CHECK_H
#define CSI_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 8259's grammar, nested at most a thousand deep. */
bool csi_json_is_valid(const char *text, size_t size);

#endif
