/* Growing text with a maximum: the body of a request, a URL, an answer on its way in. It never
 * reallocates in place, because the old copy of a secret must be wiped. Failures stick: callers add
 * what they like and look at `failure` once. Text from callers is checked to be UTF-8 here. */
#include "buf.h"

#include "mem.h"

#include <stdio.h>
#include <string.h>

void csi_buf_init(struct csi_buf *buf, size_t max)
{
    *buf = (struct csi_buf){ .max = max };
}

void csi_buf_free(struct csi_buf *buf)
{
    csi_secret_free(buf->data, buf->capacity);
    csi_buf_init(buf, buf->max);
}

static bool grow(struct csi_buf *buf, size_t more)
{
    if (more > buf->max || buf->size > buf->max - more) {
        buf->failure = CSI_BUF_TOO_LARGE;
        return false;
    }
    size_t need = buf->size + more + 1;
    if (need <= buf->capacity) {
        return true;
    }
    size_t capacity = buf->capacity < 256 ? 256 : buf->capacity * 2;
    if (capacity < need) {
        capacity = need;
    }
    char *data = csi_alloc(1, capacity);
    if (data == NULL) {
        buf->failure = CSI_BUF_NO_MEMORY;
        return false;
    }
    if (buf->size > 0) {
        memcpy(data, buf->data, buf->size);
    }
    csi_secret_free(buf->data, buf->capacity);
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void csi_buf_add(struct csi_buf *buf, const char *data, size_t size)
{
    if (buf->failure != CSI_BUF_OK || !grow(buf, size)) {
        return;
    }
    if (size > 0) {
        memcpy(buf->data + buf->size, data, size);
    }
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void csi_buf_text(struct csi_buf *buf, const char *text)
{
    csi_buf_add(buf, text, strlen(text));
}

void csi_buf_encoded(struct csi_buf *buf, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            csi_buf_add(buf, text, 1);
        } else {
            char escape[4];
            snprintf(escape, sizeof escape, "%%%02X", (unsigned)(unsigned char)*text);
            csi_buf_text(buf, escape);
        }
    }
}

size_t csi_utf8_length(const char *text, size_t left)
{
    const unsigned char *s = (const unsigned char *)text;
    if (left == 0 || s[0] < 0x80) {
        return left == 0 ? 0 : 1;
    }
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xed && s[1] > 0x9f;
    bool beyond = s[0] == 0xf4 && s[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : length;
}

static void add_json_text(struct csi_buf *buf, const char *key, const char *text)
{
    csi_buf_add(buf, "\"", 1);
    while (*text != '\0') {
        unsigned char c = (unsigned char)*text;
        size_t length = csi_utf8_length(text, 4);
        if (length == 0) {
            buf->bad_key = key;
            buf->failure = CSI_BUF_BAD_TEXT;
            return;
        }
        if (c == '"' || c == '\\') {
            csi_buf_add(buf, "\\", 1);
            csi_buf_add(buf, text, 1);
        } else if (c < 0x20 || c == 0x7f) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
            csi_buf_text(buf, escape);
        } else {
            csi_buf_add(buf, text, length);
        }
        text += length;
    }
    csi_buf_add(buf, "\"", 1);
}

void csi_buf_quoted(struct csi_buf *buf, const char *text)
{
    add_json_text(buf, "", text);
}

static void add_key(struct csi_buf *buf, const char *key)
{
    if (buf->size > 0 && buf->data[buf->size - 1] != '{') {
        csi_buf_add(buf, ",", 1);
    }
    add_json_text(buf, key, key);
    csi_buf_add(buf, ":", 1);
}

void csi_buf_object_open(struct csi_buf *buf, const char *key)
{
    if (key != NULL) {
        add_key(buf, key);
    }
    csi_buf_add(buf, "{", 1);
}

void csi_buf_object_close(struct csi_buf *buf)
{
    csi_buf_add(buf, "}", 1);
}

void csi_buf_member_text(struct csi_buf *buf, const char *key, const char *value)
{
    if (value != NULL) {
        add_key(buf, key);
        add_json_text(buf, key, value);
    }
}

void csi_buf_member_bool(struct csi_buf *buf, const char *key, bool value)
{
    csi_buf_member_json(buf, key, value ? "true" : "false");
}

void csi_buf_member_int(struct csi_buf *buf, const char *key, long long value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", value);
    csi_buf_member_json(buf, key, digits);
}

void csi_buf_member_json(struct csi_buf *buf, const char *key, const char *json)
{
    if (json != NULL) {
        add_key(buf, key);
        csi_buf_text(buf, json);
    }
}
