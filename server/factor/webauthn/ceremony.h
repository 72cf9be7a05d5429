/* ceremony.h: what a challenge asks for: the options that the browser gets, and what is kept of
 * them until the answer comes (the column web_authn_session_data). */
#ifndef COUNTERSIGN_FACTOR_WEBAUTHN_CEREMONY_H
#define COUNTERSIGN_FACTOR_WEBAUTHN_CEREMONY_H

#include "domain/factor.h"
#include "factor/webauthn/credential.h"

enum { CHALLENGE_BYTES = 32, OPTIONS_MAX = 1 << 20 };

/* JSON of the answer's member "webauthn" and of the column, for a new factor: a registration that
 * none of the user's keys may answer. */
const char *creation_options(const struct realm *realm, struct ctx *ctx, const struct user *user,
                             const struct credential_list *known, const char **kept);

/* The same for a verified factor: an assertion by one of the user's keys. */
const char *request_options(const struct realm *realm, struct ctx *ctx, const struct user *user,
                            const struct credential_list *known, const char **kept);

/* What was kept, read back. */
struct ceremony {
    const char *challenge;
    const struct json_t *algorithms; /* of a registration, else NULL */
    const struct json_t *allowed;    /* of an assertion, else NULL */
};

/* false if the text is not of the form, or was made for another user. */
bool ceremony_read(struct arena *arena, const char *kept, const struct uuid *user_id,
                   struct ceremony *out);

bool ceremony_accepts(const struct ceremony *ceremony, int64_t alg);
bool ceremony_allows(struct arena *arena, const struct ceremony *ceremony, struct blob id);

/* The WebAuthn user handle: the text of the user's id. */
struct blob user_handle(struct arena *arena, const struct uuid *user_id);

#endif
