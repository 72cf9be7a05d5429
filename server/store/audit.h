/* audit.h: the table audit_log_entries. */
#ifndef COUNTERSIGN_STORE_AUDIT_H
#define COUNTERSIGN_STORE_AUDIT_H

#include "store/db.h"

struct audit_row {
    struct uuid id;
    const char *payload; /* JSON object */
    const char *ip;      /* "" if not kept */
    int64_t created_at;
};

void audit_insert(struct tx *tx, const char *payload, const char *ip);

enum audit_field { AUDIT_ANY, AUDIT_AUTHOR, AUDIT_ACTION, AUDIT_TYPE };

struct audit_query {
    enum audit_field field;
    const char *part; /* of the field's text, in either case */
    int64_t limit, offset;
};

int64_t audit_count(struct tx *tx, const struct audit_query *query);

/* Newest first, in the arena; returns how many. */
int audit_page(struct tx *tx, const struct audit_query *query, struct audit_row **out);

/* The next rows after that id that were made in [since, before), in the order of ids (of ours: of
 * time), in the arena; returns how many. */
int audit_after(struct tx *tx, const struct uuid *after, int64_t since, int64_t before, int limit,
                struct audit_row **out);

#endif
