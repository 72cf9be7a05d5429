/* recovery_codes.h: ten codes that stand in for a lost factor, once each (mfa.md 2.6). */
#ifndef COUNTERSIGN_DOMAIN_RECOVERY_CODES_H
#define COUNTERSIGN_DOMAIN_RECOVERY_CODES_H

#include "domain/mfa.h"
#include "store/recovery_sets.h"

enum { RECOVERY_CODES = 10 };

struct new_codes {
    struct recovery_set set;
    const char *codes[RECOVERY_CODES]; /* shown once */
};

/* Makes a set, or (again) new codes for the one that there is. */
enum problem recovery_make(const struct realm *realm, struct tx *tx, const struct subject *subject,
                           const char *friendly_name, bool again, struct new_codes *out) MUST_CHECK;

enum problem recovery_show(struct tx *tx, const struct uuid *user_id,
                           struct recovery_set *out) MUST_CHECK;

/* Uses a code up and raises the session. Failed attempts are kept. */
enum problem recovery_use(const struct realm *realm, struct tx *tx, const struct subject *subject,
                          const char *code, struct issued_session *out) MUST_CHECK;

enum problem recovery_remove(const struct realm *realm, struct tx *tx,
                             const struct subject *subject, struct uuid *id) MUST_CHECK;

#endif
