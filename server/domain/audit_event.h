/* audit_event.h: audit rows, written in the transaction of the event; where rows are switched off,
 * log lines after the commit. */
#ifndef COUNTERSIGN_DOMAIN_AUDIT_EVENT_H
#define COUNTERSIGN_DOMAIN_AUDIT_EVENT_H

#include "domain/realm.h"
#include "store/users.h"

enum audit_action {
#define AUDIT(name, action, log_type) AUDIT_##name,
#include "domain/audit.def"
#undef AUDIT
    AUDIT_COUNT
};

struct trait {
    const char *name, *value;
};

/* By a user. Traits end with a NULL name; ip NULL where the contract keeps none. */
void audit_by_user(const struct realm *realm, struct tx *tx, const struct user *actor,
                   enum audit_action action, const char *ip, const struct trait *traits);

/* By an admin token of that role. */
void audit_by_admin(const struct realm *realm, struct tx *tx, const char *role,
                    enum audit_action action, const struct trait *traits);

#define TRAITS(...) ((const struct trait[]){ __VA_ARGS__, { 0 } })

#endif
