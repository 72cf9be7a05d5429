/* client_data.c: WebAuthn §7.1 steps 5 to 11, which are §7.2 steps 9 to 14 and 19. */
#include "factor/webauthn/client_data.h"

#include "base/log.h"
#include "crypto/ct_equal.h"

#include <string.h>
#include <strings.h>

enum { ORIGIN_MAX = 512 };

bool client_data_read(struct arena *arena, struct blob text, struct client_data *out)
{
    const char *detail, *json = (const char *)text.bytes;
    size_t len = text.len;
    *out = (struct client_data){ .text = text };
    if (len == 0 || len > CLIENT_DATA_MAX) {
        return false;
    }
    if (len >= 3 && memcmp(json, "\xEF\xBB\xBF", 3) == 0) { /* "UTF-8 decode" drops the mark */
        json += 3;
        len -= 3;
    }
    out->json = json_read(arena, json, len, &detail);
    digest_of(DIGEST_SHA256, text.bytes, text.len, out->hash);
    return json_member_text(out->json, "type") && json_member_text(out->json, "challenge") &&
           json_member_text(out->json, "origin");
}

/* "https://host[:port]" in lower case without a default port; false for what is no such origin. */
static bool normalise(const char *origin, char out[ORIGIN_MAX])
{
    bool tls = strncasecmp(origin, "https://", 8) == 0;
    size_t scheme = tls ? 8 : 7, len = strlen(origin);
    if ((!tls && strncasecmp(origin, "http://", 7) != 0) || len == scheme || len >= ORIGIN_MAX ||
        strcspn(origin + scheme, "/?#@\\ ") != len - scheme) {
        return false;
    }
    for (size_t i = 0; i <= len; i++) {
        out[i] = (char)(origin[i] >= 'A' && origin[i] <= 'Z' ? origin[i] + 'a' - 'A' : origin[i]);
    }
    const char *port = tls ? ":443" : ":80";
    if (len > strlen(port) && strcmp(out + len - strlen(port), port) == 0) {
        out[len - strlen(port)] = '\0';
    }
    return true;
}

bool origin_equal(const char *configured, const char *claimed)
{
    char a[ORIGIN_MAX], b[ORIGIN_MAX];
    bool web = normalise(configured, a);
    if (web != normalise(claimed, b)) {
        return false;
    }
    return strcmp(web ? a : configured, web ? b : claimed) == 0;
}

static bool origin_known(const char *claimed, const struct text_list *origins)
{
    for (int i = 0; i < origins->count; i++) {
        if (origin_equal(origins->items[i], claimed)) {
            return true;
        }
    }
    return false;
}

/* We end no TLS and so have no token binding to compare with: a status must be one there is. */
static bool token_binding_valid(const struct json_t *json)
{
    const struct json_t *binding = json_member(json, "tokenBinding");
    const char *status = json_member_text(binding, "status");
    return !binding ||
           (status && (strcmp(status, "present") == 0 || strcmp(status, "supported") == 0 ||
                       strcmp(status, "not-supported") == 0));
}

/* Level 3, 7.1.10 and .11, 7.2.14 and .15: in a frame of another site only where that is expected;
 * browsers of Level 2 do not say whose frame it is. */
static bool frame_expected(const struct json_t *json, const struct config *config)
{
    const struct json_t *top = json_member(json, "topOrigin");
    if (top) {
        return json_text(top) && (origin_known(json_text(top), &config->webauthn.rp_origins) ||
                                  origin_known(json_text(top), &config->webauthn.rp_top_origins));
    }
    const struct json_t *cross = json_member(json, "crossOrigin");
    bool expected = config->webauthn.rp_top_origins.count > 0;
    return !cross || (json_kind_of(cross) == KIND_BOOL && (!json_truth(cross) || expected));
}

const char *client_data_fault(const struct client_data *data, const char *type,
                              const char *challenge, const struct config *config)
{
    if (strcmp(json_member_text(data->json, "type"), type) != 0) {
        return "7.1.7, 7.2.11: the type is another";
    }
    if (!ct_equal_text(json_member_text(data->json, "challenge"), challenge)) {
        return "7.1.8, 7.2.12: it answers another challenge";
    }
    const char *origin = json_member_text(data->json, "origin");
    if (!origin_known(origin, &config->webauthn.rp_origins)) {
        log_write(LOG_WARN, "a WebAuthn answer from an origin that is not allowed was refused",
                  LOG_STR("origin", strlen(origin) < ORIGIN_MAX ? origin : "(too long)"),
                  LOG_STR("setting", "GOTRUE_WEBAUTHN_RP_ORIGINS"));
        return "7.1.9, 7.2.13: the origin is not one of ours";
    }
    if (!frame_expected(data->json, config)) {
        return "Level 3: in a frame of an origin that COUNTERSIGN_WEBAUTHN_TOP_ORIGINS does not name";
    }
    if (!token_binding_valid(data->json)) {
        return "7.1.10, 7.2.14: the status of the token binding is unknown";
    }
    return NULL;
}
