/* outbox.c: SQL of the table outbox, see outbox.h. */
#include "store/outbox.h"

#include <stdlib.h>
#include <string.h>

void outbox_insert(struct tx *tx, const struct outbox_row *row)
{
    DB_SQL(sql, "insert into @@outbox (id, kind, topic, payload, created_at, next_try_at) "
                "values ($1, $2, $3, $4, $5, $6)");
    db_run(tx, &sql, V_ID(&row->id), V_TEXT(row->kind), V_TEXT(row->topic), V_TEXT(row->payload),
           V_TIME(row->created_at), V_TIME(row->next_try_at));
}

static int read_rows(struct tx *tx, struct rows *r, int n, struct outbox_row **out)
{
    struct outbox_row *list = ARENA_ARRAY(tx->ctx->arena, struct outbox_row, n + 1);
    int count = 0;
    while (count < n && rows_next(r)) {
        list[count++] = (struct outbox_row){
            .id = rows_id(r, 0),
            .kind = rows_text(r, 1),
            .topic = rows_text(r, 2),
            .payload = rows_text(r, 3),
            .created_at = rows_time(r, 4),
            .next_try_at = rows_time(r, 5),
            .attempts = rows_int(r, 6),
            .last_error = rows_text(r, 7),
        };
    }
    rows_end(r);
    *out = list;
    return count;
}

static int by_id(const void *a, const void *b)
{
    const struct outbox_row *x = a, *y = b;
    return memcmp(x->id.bytes, y->id.bytes, sizeof x->id.bytes);
}

int outbox_claim(struct tx *tx, int n, int64_t lease_us, struct outbox_row **out)
{
/* PostgreSQL may run a subquery of "in" once a row, and each time skip the row that it has just
 * claimed: more than $3 would be hidden for the lease and never sent. array() runs once. */
#define CLAIM "update @@outbox set next_try_at = $1, attempts = attempts + 1 where id "
#define DUE "(select id from @@outbox where next_try_at <= $2 order by id limit $3"
#define CLAIMED " returning id, kind, topic, payload, created_at, next_try_at, attempts, last_error"
    DB_SQL2(sql, CLAIM "in " DUE ")" CLAIMED,
            CLAIM "= any (array" DUE " for update skip locked))" CLAIMED);
    struct rows *r =
        db_query(tx, &sql, V_TIME(tx->ctx->now_us + lease_us), V_TIME(tx->ctx->now_us), V_INT(n));
    int count = read_rows(tx, r, n, out);
    qsort(*out, (size_t)count, sizeof **out, by_id);
    return count;
}

void outbox_delete(struct tx *tx, const struct uuid *id)
{
    DB_SQL(sql, "delete from @@outbox where id = $1");
    db_run(tx, &sql, V_ID(id));
}

void outbox_retry(struct tx *tx, const struct uuid *id, int64_t next_try_at, const char *error)
{
    DB_SQL(sql, "update @@outbox set next_try_at = $1, last_error = $2 where id = $3");
    db_run(tx, &sql, V_TIME(next_try_at), V_TEXT(error), V_ID(id));
}

void outbox_give_up(struct tx *tx, const struct uuid *id, const char *error)
{
    DB_SQL(sql, "update @@outbox set payload = null, next_try_at = null, last_error = $1 "
                "where id = $2");
    db_run(tx, &sql, V_TEXT(error), V_ID(id));
}

int64_t outbox_next_at(struct tx *tx)
{
    DB_SQL(sql, "select min(next_try_at) from @@outbox where next_try_at is not null");
    struct rows *r = db_query(tx, &sql);
    int64_t at = rows_next(r) ? rows_time(r, 0) : 0;
    rows_end(r);
    return at;
}

int outbox_list(struct tx *tx, int n, struct outbox_row **out)
{
    DB_SQL(sql, "select id, kind, topic, null, created_at, next_try_at, attempts, last_error "
                "from @@outbox order by id limit $1");
    return read_rows(tx, db_query(tx, &sql, V_INT(n)), n, out);
}
