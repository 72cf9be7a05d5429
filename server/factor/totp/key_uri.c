/* key_uri.c: the otpauth:// URI of an authenticator, see key_uri.h. The form is that of Google
 * Authenticator's "Key Uri Format"; the percent-encoding is RFC 3986 §2.1. */
#include "factor/totp/key_uri.h"

#include "base/strbuf.h"
#include "base/url.h"

#include <string.h>

enum { URI_MAX = 64 * 1024 };

static bool unreserved(char c) /* RFC 3986 §2.3 */
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

static void add_one(struct strbuf *out, char c, char kept)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;
    if (unreserved(c) || (c && c == kept)) {
        strbuf_char(out, c);
    } else {
        strbuf_add(out, (char[]){ '%', hex[byte >> 4], hex[byte & 15] }, 3);
    }
}

/* A ':' becomes a blank: apps take the encoded one too for the end of the issuer. */
static void add_encoded(struct strbuf *out, const char *text, char kept)
{
    for (; *text; text++) {
        add_one(out, *text == ':' ? ' ' : *text, kept);
    }
}

static void add_percent(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        add_one(out, *text, '\0');
    }
}

const char *key_uri(struct arena *arena, const struct key_uri *in)
{
    struct strbuf out = strbuf_in(arena, URI_MAX);
    strbuf_str(&out, "otpauth://totp/");
    add_encoded(&out, in->issuer, '\0');
    strbuf_char(&out, ':');
    add_encoded(&out, in->account, '@');
    strbuf_printf(&out, "?algorithm=%s&digits=%d&issuer=", totp_digest_name(in->kind.digest),
                  in->kind.digits);
    add_encoded(&out, in->issuer, '\0');
    strbuf_printf(&out, "&period=%d&secret=", in->kind.period_s);
    strbuf_str(&out, in->secret);
    if (in->friendly_name) {
        strbuf_str(&out, "&friendly_name=");
        add_percent(&out, in->friendly_name);
    }
    return out.data;
}

const char *key_uri_issuer(struct arena *arena, const char *site_url)
{
    struct url_split u = url_split(site_url);
    return arena_strndup(arena, u.host.at, (size_t)(u.rest - u.host.at));
}
