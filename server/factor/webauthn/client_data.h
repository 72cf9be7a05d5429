/* client_data.h: what the browser says it did (WebAuthn §5.8.1), and whether that is what we asked
 * for. */
#ifndef COUNTERSIGN_FACTOR_WEBAUTHN_CLIENT_DATA_H
#define COUNTERSIGN_FACTOR_WEBAUTHN_CLIENT_DATA_H

#include "base/json.h"
#include "config/config.h"
#include "crypto/digest.h"
#include "factor/webauthn/authenticator_data.h"

enum { CLIENT_DATA_MAX = 4096 };

struct client_data {
    struct blob text;
    const struct json_t *json;
    uint8_t hash[SHA256_SIZE];
};

/* false unless it is UTF-8 text of one JSON object with a type, a challenge and an origin. */
bool client_data_read(struct arena *arena, struct blob text, struct client_data *out);

/* NULL if it is of that type ("webauthn.create", "webauthn.get"), answers that challenge, and was
 * made at one of the configured origins, in no other page's frame but of those that are configured
 * for it; else what is wrong, for the log. */
const char *client_data_fault(const struct client_data *data, const char *type,
                              const char *challenge, const struct config *config);

/* Row "checks both" of internals.md §6.5: http and https origins are equal by scheme,
 * host (in either case) and port, others as texts. */
bool origin_equal(const char *configured, const char *claimed);

#endif
