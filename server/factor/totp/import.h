/* import.h: factors that were enrolled at another server become verified factors here, all
 * of a file or none. Rows are looked at first, without locks; then all are written in one
 * transaction, which looks again at what may have changed meanwhile.
 *
 * They are verified at once: their owners have proved them to the server that they come from, and
 * an unverified factor would not only be swept after minutes but leave its owner with a password
 * alone, which is less than they had. */
#ifndef COUNTERSIGN_FACTOR_TOTP_IMPORT_H
#define COUNTERSIGN_FACTOR_TOTP_IMPORT_H

#include "crypto/totp.h"
#include "domain/realm.h"
#include "store/db.h"

struct import_row {
    const char *user_id, *email,
        *phone;                /* the first that is given names the user; NULL: not given */
    const char *friendly_name; /* NULL: one is made up */
    const uint8_t *secret;
    size_t secret_len;
    struct totp_kind kind;
};

/* What was found; texts in the transaction's arena. */
struct import_found {
    const char *wrong; /* NULL: the row fits, or is there */
    bool there;        /* the user has it already, or the file had it before: nothing to do */
    const char *user;  /* e-mail address, phone or id */
    const char *name;  /* the factor's */
};

struct factor_import;

struct factor_import *factor_import_new(const struct realm *realm);

/* Wipes and frees; NULL is fine. */
void factor_import_free(struct factor_import **import);

/* Looks at a row and, if it fits, remembers it. In a read transaction. */
void factor_import_add(struct factor_import *import, struct tx *tx, const struct import_row *row,
                       struct import_found *out);

/* Writes all rows: a tx_fn, whose arg is this. */
struct import_write {
    struct factor_import *import;
    void (*progress)(void *arg, int64_t done, int64_t total); /* NULL: none */
    void *progress_arg;
    const char *wrong; /* set, with P_IMPORT_STALE, if an account has changed meanwhile */
};
enum problem factor_import_write(struct ctx *ctx, struct tx *tx, void *write) MUST_CHECK;

#endif
