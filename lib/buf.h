/* Growing text with a stated maximum and a failure that sticks, and a writer of JSON objects and
 * URLs into it. */
#ifndef CSI_BUF_H
#define CSI_BUF_H

#include <stdbool.h>
#include <stddef.h>

enum csi_buf_failure { CSI_BUF_OK, CSI_BUF_NO_MEMORY, CSI_BUF_TOO_LARGE, CSI_BUF_BAD_TEXT };

struct csi_buf {
    char *data; /* NUL-terminated once anything was added */
    size_t size;
    size_t capacity;
    size_t max;
    enum csi_buf_failure failure;
    const char *bad_key; /* which value was no UTF-8 or no JSON object */
};

#define CSI_BODY_MAX ((size_t)1024 * 1024) /* what the servers accept */
#define CSI_URL_MAX ((size_t)16 * 1024)
#define CSI_HEADER_MAX ((size_t)64 * 1024)
#define CSI_STORED_MAX ((size_t)4 * 1024 * 1024)

void csi_buf_init(struct csi_buf *buf, size_t max);
void csi_buf_free(struct csi_buf *buf); /* wipes */
void csi_buf_add(struct csi_buf *buf, const char *data, size_t size);
void csi_buf_text(struct csi_buf *buf, const char *text);

/* One path segment or query value, everything but unreserved characters percent-encoded. */
void csi_buf_encoded(struct csi_buf *buf, const char *text);

/* The length of the UTF-8 sequence (RFC 3629) at the beginning, or 0 if there is none. At most
 * `left` bytes are looked at, and none after a NUL. */
size_t csi_utf8_length(const char *text, size_t left);

/* A JSON string. */
void csi_buf_quoted(struct csi_buf *buf, const char *text);

/* A JSON object, member by member. Members whose value is NULL are left out. */
void csi_buf_object_open(struct csi_buf *buf, const char *key); /* key NULL: not a member */
void csi_buf_object_close(struct csi_buf *buf);
void csi_buf_member_text(struct csi_buf *buf, const char *key, const char *value);
void csi_buf_member_bool(struct csi_buf *buf, const char *key, bool value);
void csi_buf_member_int(struct csi_buf *buf, const char *key, long long value);
void csi_buf_member_json(struct csi_buf *buf, const char *key, const char *json); /* as it is */

#endif
