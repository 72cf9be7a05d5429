/* Checks of what callers give, before anything is sent: the project's URL, keys and tokens that go
 * into headers, ids that go into paths. */
#include "url.h"

#include "mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char path[] = "/auth/v1";

static bool is_url(const char *url)
{
    const char *host = strncasecmp(url, "https://", 8) == 0  ? url + 8
                       : strncasecmp(url, "http://", 7) == 0 ? url + 7
                                                             : NULL;
    if (host == NULL || !csi_is_token(url) || strpbrk(url, "?#@\\\"<>") != NULL) {
        return false;
    }
    size_t length = strcspn(host, "/");
    const char *name_end = host[0] == '[' ? memchr(host, ']', length) : NULL;
    size_t name = host[0] == '[' ? (name_end == NULL ? 0 : (size_t)(name_end - host) + 1)
                                 : strcspn(host, ":/");
    if (name == 0 || name > length) {
        return false;
    }
    if (name == length) {
        return true;
    }
    size_t digits = strspn(host + name + 1, "0123456789");
    return host[name] == ':' && digits > 0 && digits <= 5 && name + 1 + digits == length;
}

char *csi_url_base(const char *url, bool *bad)
{
    *bad = url == NULL || strlen(url) > 2048 || !is_url(url);
    if (*bad) {
        return NULL;
    }
    size_t size = strlen(url);
    while (url[size - 1] == '/') {
        size--;
    }
    size_t known = sizeof path - 1; /* given with it, as some consoles show it */
    bool whole = size > known && size - known >= sizeof "http://h" - 1 &&
                 memcmp(url + size - known, path, known) == 0;
    for (size -= whole ? known : 0; url[size - 1] == '/';) {
        size--;
    }
    char *base = csi_alloc(1, size + sizeof path);
    if (base != NULL) {
        memcpy(base, url, size);
        memcpy(base + size, path, sizeof path);
    }
    return base;
}

bool csi_is_token(const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f) {
            return false;
        }
    }
    return true;
}

bool csi_is_uuid(const char *text)
{
    if (text == NULL || strlen(text) != 36) {
        return false;
    }
    for (int i = 0; i < 36; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}
