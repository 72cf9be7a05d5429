/* check.h: the rules between settings, and what is worked out from them. */
#ifndef COUNTERSIGN_CONFIG_CHECK_H
#define COUNTERSIGN_CONFIG_CHECK_H

#include "config/config.h"

/* Completes the configuration; NULL, or what is wrong for a person. */
const char *config_check(struct arena *arena, struct config *config);

/* The part of it that is about mail, SMS and hooks (check_outgoing.c). */
const char *check_outgoing(struct arena *arena, struct config *config);

/* Reads the patterns of where people may be sent (check_redirects.c). */
void check_redirects(struct arena *arena, struct config *config);

/* The part of it that is about WebAuthn (check_webauthn.c). */
const char *check_webauthn(struct arena *arena, struct config *config);

/* The part of it that is about whom second factors are required of (check_mfa.c). */
const char *check_mfa(struct arena *arena, struct config *config);

#endif
