/* sealed.c: SQL over the encrypted columns, see sealed.h. A sealed value begins with its key's
 * name:
 * {"key_id":"K",... in this order, at the official server too (internals.md §4). */
#include "store/sealed.h"

#include "base/json.h"

#include <string.h>

static bool is_there(struct tx *tx, enum sealed_column column)
{
    return column != SEALED_SESSION || !(db_lacks(tx->db) & DB_LACKS_COUNTERS);
}

const char *sealed_table(enum sealed_column column)
{
    static const char *const names[] = { "users", "mfa_factors", "sessions", "outbox" };
    return names[column];
}

int64_t sealed_count(struct tx *tx, enum sealed_column column)
{
    static struct sql counts[] = {
        { .text = "select count(*) from @users" },
        { .text = "select count(*) from @mfa_factors" },
        { .text = "select count(*) from @sessions" },
        { .text = "select count(*) from @@outbox" },
    };
    struct rows *r = db_query(tx, &counts[column]);
    int64_t n = rows_next(r) ? rows_int(r, 0) : 0;
    rows_end(r);
    return n;
}

static int read_rows(struct rows *r, struct sealed_row *rows, int most)
{
    int n = 0;
    while (n < most && rows_next(r)) {
        rows[n++] = (struct sealed_row){ rows_id(r, 0), rows_text(r, 1) };
    }
    rows_end(r);
    return n;
}

int sealed_page(struct tx *tx, enum sealed_column column, const struct uuid *after,
                struct sealed_row *rows, int most)
{
    static struct sql pages[] = {
        { .text = "select id, encrypted_password from @users where id > $1 "
                  "and encrypted_password <> '' order by id limit $2" },
        { .text = "select id, secret from @mfa_factors where id > $1 and secret <> '' "
                  "order by id limit $2" },
        { .text = "select id, refresh_token_hmac_key from @sessions where id > $1 "
                  "and refresh_token_hmac_key <> '' order by id limit $2" },
        { .text =
              "select id, payload from @@outbox where id > $1 and payload <> '' order by id limit $2" },
    };
    return is_there(tx, column)
               ? read_rows(db_query(tx, &pages[column], V_ID(after), V_INT(most)), rows, most)
               : 0;
}

/* The text that the values of a key begin with. */
static const char *beginning(struct arena *arena, const char *key_id)
{
    struct strbuf b = strbuf_in(arena, 4096);
    strbuf_str(&b, "{\"key_id\":");
    if (key_id) {
        json_quote(&b, key_id);
        strbuf_char(&b, ',');
    } else {
        strbuf_char(&b, '"');
    }
    return b.data;
}

int sealed_sample(struct tx *tx, enum sealed_column column, const char *key_id,
                  struct sealed_row *rows, int most)
{
    static struct sql samples[] = {
        { .text = "select id, encrypted_password from @users "
                  "where substr(encrypted_password, 1, length($1)) = $1 limit $2" },
        { .text = "select id, secret from @mfa_factors "
                  "where substr(secret, 1, length($1)) = $1 limit $2" },
        { .text = "select id, refresh_token_hmac_key from @sessions "
                  "where substr(refresh_token_hmac_key, 1, length($1)) = $1 limit $2" },
        { .text = "select id, payload from @@outbox "
                  "where substr(payload, 1, length($1)) = $1 limit $2" },
    };
    const char *begins = beginning(tx->ctx->arena, key_id);
    return is_there(tx, column)
               ? read_rows(db_query(tx, &samples[column], V_TEXT(begins), V_INT(most)), rows, most)
               : 0;
}

bool sealed_replace(struct tx *tx, enum sealed_column column, const struct sealed_row *row,
                    const char *value)
{
    static struct sql updates[] = {
        { .text = "update @users set encrypted_password = $1 "
                  "where id = $2 and encrypted_password = $3" },
        { .text = "update @mfa_factors set secret = $1 where id = $2 and secret = $3" },
        { .text = "update @sessions set refresh_token_hmac_key = $1 "
                  "where id = $2 and refresh_token_hmac_key = $3" },
        { .text = "update @@outbox set payload = $1 where id = $2 and payload = $3" },
    };
    return db_exec(tx, &updates[column], V_TEXT(value), V_ID(&row->id), V_TEXT(row->value)) == 1;
}

int64_t sealed_drop(struct tx *tx, enum sealed_column column, const char *key_id)
{
    static struct sql drops[] = {
        { .text = "update @users set encrypted_password = '' "
                  "where substr(encrypted_password, 1, length($1)) = $1" },
        { .text = "delete from @mfa_factors where substr(secret, 1, length($1)) = $1" },
        { .text = "delete from @sessions "
                  "where substr(refresh_token_hmac_key, 1, length($1)) = $1" },
        { .text = "delete from @@outbox where substr(payload, 1, length($1)) = $1" },
    };
    const char *begins = beginning(tx->ctx->arena, key_id);
    return is_there(tx, column) ? db_exec(tx, &drops[column], V_TEXT(begins)) : 0;
}
