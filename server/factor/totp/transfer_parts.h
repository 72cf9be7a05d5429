/* transfer_parts.h: what the files of transfer.h share. */
#ifndef COUNTERSIGN_FACTOR_TOTP_TRANSFER_PARTS_H
#define COUNTERSIGN_FACTOR_TOTP_TRANSFER_PARTS_H

#include "base/json.h"
#include "factor/totp/transfer.h"

#define TRANSFER_SEALED "it is encrypted: let the app export it without a password"

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

/* Fills in the row from an otpauth:// URI, whose account counts where none is known yet. */
void transfer_uri(struct arena *arena, struct transfer_row *row, const char *text);

/* The same from what password managers keep: such a URI, another maker's, or a bare secret. */
void transfer_totp(struct arena *arena, struct transfer_row *row, const char *text);

/* The kind of code, where a file names one: what is no TOTP is to be left out. */
void transfer_type(struct transfer_row *row, const char *type);

/* The digest, as key_uri_digest() reads it. */
void transfer_digest(struct transfer_row *row, const char *text);

/* Looks at kind and secret, and gives the row away. */
void transfer_give(struct transfer *t, struct transfer_row *row);

/* The rest of a file that has begun with `first`. */
void transfer_lines(struct transfer *t, FILE *in, int first);
void transfer_json(struct transfer *t, FILE *in, int first);

/* The rows of a line of Google Authenticator's export (otpauth-migration://), and what parts of it
 * came: an export of many factors is a QR code each for some of them. */
enum { TRANSFER_BATCHES = 16, TRANSFER_BATCH_PARTS = 64 };
struct transfer_batches {
    struct {
        uint64_t id, size, seen; /* seen: a bit each part */
    } batch[TRANSFER_BATCHES];
    int n;
};
bool transfer_is_migration(const char *line);
void transfer_migration(struct transfer *t, struct arena *arena, const char *where,
                        const char *line, struct transfer_batches *batches);
void transfer_batches_end(struct transfer *t, struct arena *arena,
                          const struct transfer_batches *batches);

/* Reads an entry of the files that apps write into the row. false: it is none of theirs. */
bool transfer_app_entry(struct arena *arena, struct transfer_row *row, const struct json_t *entry);

/* A number, also in a text; the preset where there is none, 0 where it is no number. */
int transfer_number(const struct json_t *object, const char *key, int preset);

/* The rows of one entry of a JSON file. */
void transfer_entry(struct transfer *t, struct arena *arena, const char *where,
                    const struct json_t *entry);

#endif
