/* mfa_parts.h: what mfa.c and mfa_admin.c share. */
#ifndef COUNTERSIGN_DOMAIN_MFA_PARTS_H
#define COUNTERSIGN_DOMAIN_MFA_PARTS_H

#include "domain/mfa.h"

enum { NAME_MAX_CHARS = 255 };

/* Characters of a name, which is UTF-8. */
size_t mfa_name_length(const char *text);

/* The factor, if it is the user's. */
enum problem mfa_own_factor(struct tx *tx, const struct uuid *user_id, const struct uuid *factor_id,
                            struct factor *out) MUST_CHECK;

/* With what it earned; recovery codes stand in for a factor, so they go with the last one. */
void mfa_remove_factor(const struct realm *realm, struct tx *tx, const struct user *user,
                       const struct factor *factor, const char *ip);

void mfa_remove_codes(struct tx *tx, const struct user *user, const struct uuid *set_id);

#endif
