/* key_uri_read.c: reads otpauth:// URIs (Google Authenticator's "Key Uri Format") that others have
 * written, see key_uri.h. */
#include "factor/totp/key_uri.h"

#include "base/utf8.h"

#include <ctype.h>
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
        out[n++] = (char)(low < 0 ? text[i] : high << 4 | low);
    }
    return memchr(out, '\0', n) || !utf8_valid(out, n) ? NULL : out;
}

/* Some exporters write what they do not know like this. */
static bool says_nothing(const char *text)
{
    return !*text || strcasecmp(text, "null") == 0 || strcasecmp(text, "none") == 0 ||
           strcasecmp(text, "undefined") == 0;
}

int key_uri_number(const char *text, int preset)
{
    size_t len = strspn(text, "0123456789");
    return says_nothing(text)              ? preset
           : len && len <= 4 && !text[len] ? (int)strtol(text, NULL, 10)
                                           : -1;
}

bool key_uri_digest(const char *text, enum digest *out)
{
    char plain[8] = "SHA";
    size_t n = 3;
    const char *at = text;
    while (*at && strncasecmp(at, "sha", 3) != 0) {
        if (!isalpha((unsigned char)*at) && !strchr("._-", *at)) {
            return false;
        }
        at++;
    }
    for (at += *at ? 3 : 0; *at && n < sizeof plain - 1; at++) {
        if (*at != '-' && *at != '_') {
            plain[n++] = *at;
        }
    }
    return says_nothing(text) || (!*at && totp_digest_read(plain, out));
}

const char *key_uri_account(const char *label, const char *issuer)
{
    size_t len = strlen(issuer);
    const char *colon = strrchr(label, ':');
    if (len && strncasecmp(label, issuer, len) == 0 && label[len] == ':') {
        colon = label + len;
    }
    return colon ? colon + 1 + strspn(colon + 1, " ") : label;
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
    } else if (NAMED("encoder")) {
        out->other = strcasecmp(value, "steam") == 0 ? "steam" : out->other;
    } else if (NAMED("algorithm") && !key_uri_digest(value, &out->kind.digest)) {
        return "the algorithm is none of SHA1, SHA256 and SHA512";
    } else if (NAMED("digits") &&
               (out->kind.digits = key_uri_number(value, totp_default.digits)) < 0) {
        return "digits is no number";
    } else if (NAMED("period") &&
               (out->kind.period_s = key_uri_number(value, totp_default.period_s)) < 0) {
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

/* The kinds that apps write beside totp: by counter, and other makers' own. */
static const char *other_kind(const char *type, size_t len)
{
    static const char *const kinds[] = { "hotp", "steam", "motp", "yaotp" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i]) == len && strncasecmp(type, kinds[i], len) == 0) {
            return kinds[i];
        }
    }
    return NULL;
}

const char *key_uri_read(struct arena *arena, const char *text, struct key_uri *out)
{
    static const char scheme[] = "otpauth://", totp[] = "totp/";
    *out = (struct key_uri){ .issuer = "", .account = "", .secret = "", .kind = totp_default };
    if (strncasecmp(text, scheme, sizeof scheme - 1) != 0) {
        return "it is no otpauth:// URI";
    }
    text += sizeof scheme - 1;
    out->other = other_kind(text, strcspn(text, "/?#"));
    if (out->other) {
        return NULL;
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
    const char *query = text[len] == '?' ? text + len + 1 : "";
    const char *wrong =
        read_parameters(arena, arena_strndup(arena, query, strcspn(query, "#")), out);
    out->account = key_uri_account(label, out->issuer);
    if (!*out->issuer && strchr(label, ':')) {
        out->issuer = arena_strndup(arena, label, (size_t)(strrchr(label, ':') - label));
    }
    return wrong;
}
