/* key_uri_read.c: reads otpauth:// URIs (Google Authenticator's "Key Uri Format") that others have
 * written, see key_uri.h. */
#include "factor/totp/key_uri.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* RFC 3986 §2.1; '+' stays, as a label may hold it. NULL: a broken escape, a NUL, or no UTF-8. */
static char *decoded(struct arena *arena, const char *text, size_t len)
{
    char *out = arena_alloc(arena, len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int high = -1, low = -1;
        if (text[i] == '%') {
            high = i + 2 < len ? hex_value(text[i + 1]) : -1;
            low = high >= 0 ? hex_value(text[i + 2]) : -1;
            if (low < 0) {
                return NULL;
            }
            i += 2;
        }
        out[n++] = low < 0 ? text[i] : (char)(high << 4 | low);
    }
    return memchr(out, '\0', n) || !utf8_valid(out, n) ? NULL : out;
}

/* A number of at most four digits, else -1. */
static int small_number(const char *text)
{
    size_t len = strspn(text, "0123456789");
    return len && len <= 4 && !text[len] ? (int)strtol(text, NULL, 10) : -1;
}

static const char *read_parameter(const char *name, size_t len, char *value, struct key_uri *out)
{
#define NAMED(text) (len == sizeof(text) - 1 && strncasecmp(name, text, len) == 0)
    if (NAMED("secret")) {
        out->secret = value;
    } else if (NAMED("issuer")) {
        out->issuer = value;
    } else if (NAMED("friendly_name")) {
        out->friendly_name = value;
    } else if (NAMED("algorithm") && !totp_digest_read(value, &out->kind.digest)) {
        return "the algorithm is none of SHA1, SHA256 and SHA512";
    } else if (NAMED("digits") && (out->kind.digits = small_number(value)) < 0) {
        return "digits is no number";
    } else if (NAMED("period") && (out->kind.period_s = small_number(value)) < 0) {
        return "period is no number";
    }
#undef NAMED
    return NULL;
}

static const char *read_parameters(struct arena *arena, const char *at, struct key_uri *out)
{
    for (size_t len; *at; at += len, at += *at == '&') {
        len = strcspn(at, "&");
        size_t name = strcspn(at, "=&");
        if (name >= len) {
            continue; /* one without a value tells nothing */
        }
        char *value = decoded(arena, at + name + 1, len - name - 1);
        const char *wrong =
            value ? read_parameter(at, name, value, out) : "it is not percent-encoded UTF-8";
        if (wrong) {
            return wrong;
        }
    }
    return NULL;
}

const char *key_uri_read(struct arena *arena, const char *text, struct key_uri *out)
{
    static const char scheme[] = "otpauth://", totp[] = "totp/", hotp[] = "hotp/";
    *out = (struct key_uri){ .issuer = "", .account = "", .secret = "", .kind = totp_default };
    if (strncasecmp(text, scheme, sizeof scheme - 1) != 0) {
        return "it is no otpauth:// URI";
    }
    text += sizeof scheme - 1;
    if (strncasecmp(text, hotp, sizeof hotp - 1) == 0) {
        return "codes by counter (HOTP) are not supported";
    }
    if (strncasecmp(text, totp, sizeof totp - 1) != 0) {
        return "its kind is not totp";
    }
    text += sizeof totp - 1;
    size_t len = strcspn(text, "?#");
    char *label = decoded(arena, text, len);
    if (!label) {
        return "its label is not percent-encoded UTF-8";
    }
    char *colon = strchr(label, ':');
    if (colon) {
        *colon = '\0';
        out->issuer = label;
    }
    out->account = colon ? colon + 1 + strspn(colon + 1, " ") : label;
    const char *query = text[len] == '?' ? text + len + 1 : "";
    return read_parameters(arena, arena_strndup(arena, query, strcspn(query, "#")), out);
}
