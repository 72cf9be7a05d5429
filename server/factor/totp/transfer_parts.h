/* transfer_parts.h: what the files of transfer.h share. */
#ifndef COUNTERSIGN_FACTOR_TOTP_TRANSFER_PARTS_H
#define COUNTERSIGN_FACTOR_TOTP_TRANSFER_PARTS_H

#include "base/json.h"
#include "factor/totp/transfer.h"

/* Where rows go. */
struct transfer {
    bool (*take)(void *arg, const struct transfer_row *row);
    void *arg;
    int64_t rows, without; /* given so far; entries without a factor */
    bool stopped;          /* no more: take said so, or there are too many */
};

/* A row with the usual kind and nothing else. */
struct transfer_row transfer_row_at(const char *where);

/* Whose it is, told by the form of the text: an id, an e-mail address or a phone number. */
void transfer_account(struct transfer_row *row, const char *text);

/* The secret from base32 as people write it: either case, with blanks and hyphens. */
void transfer_secret(struct arena *arena, struct transfer_row *row, const char *base32);

/* Looks at kind and secret, and gives the row away. */
void transfer_give(struct transfer *t, struct transfer_row *row);

/* The rest of a file that has begun with `first`. */
void transfer_lines(struct transfer *t, FILE *in, int first);
void transfer_json(struct transfer *t, FILE *in, int first);

/* The rows of one entry of a JSON file. */
void transfer_entry(struct transfer *t, struct arena *arena, const char *where,
                    const struct json_t *entry);

#endif
