/* key_uri.c: the otpauth:// URI of an authenticator, see key_uri.h. The form is that of Google
 * Authenticator's "Key Uri Format"; the percent-encoding is RFC 3986 §2.1. */
#include "factor/totp/key_uri.h"

#include "base/strbuf.h"

#include <string.h>

enum { URI_MAX = 64 * 1024 };

static bool unreserved(char c) /* RFC 3986 §2.3 */
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

/* A ':' becomes a blank: apps take the encoded one too for the end of the issuer. */
static void add_encoded(struct strbuf *out, const char *text, char kept)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char c = *text == ':' ? ' ' : (unsigned char)*text;
        if (unreserved((char)c) || (char)c == kept) {
            strbuf_char(out, (char)c);
        } else {
            strbuf_add(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
        }
    }
}

const char *key_uri(struct arena *arena, const char *issuer, const char *account,
                    const char *secret)
{
    struct strbuf out = strbuf_in(arena, URI_MAX);
    strbuf_str(&out, "otpauth://totp/");
    add_encoded(&out, issuer, '\0');
    strbuf_char(&out, ':');
    add_encoded(&out, account, '@');
    strbuf_str(&out, "?algorithm=SHA1&digits=6&issuer=");
    add_encoded(&out, issuer, '\0');
    strbuf_str(&out, "&period=30&secret=");
    strbuf_str(&out, secret);
    return out.data;
}
