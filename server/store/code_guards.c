/* code_guards.c: SQL of the table code_guards, see code_guards.h. */
#include "store/code_guards.h"

#define COLUMNS "wrong, newest_at, voided_at, busy_until"

static struct code_guard_row one_row(struct rows *r)
{
    struct code_guard_row row = { 0 };
    if (rows_next(r)) {
        row = (struct code_guard_row){ rows_int(r, 0), rows_time(r, 1), rows_time(r, 2),
                                       rows_time(r, 3) };
    }
    rows_end(r);
    return row;
}

struct code_guard_row code_guard_read(struct tx *tx, const char *key)
{
    DB_SQL(sql, "select " COLUMNS " from @@code_guards where key = $1");
    return one_row(db_query(tx, &sql, V_TEXT(key)));
}

struct code_guard_row code_guard_hold(struct tx *tx, const char *key)
{
    DB_SQL(sql, "insert into @@code_guards (key, wrong, updated_at) values ($1, 0, $2) "
                "on conflict (key) do update set updated_at = excluded.updated_at "
                "returning " COLUMNS);
    return one_row(db_query(tx, &sql, V_TEXT(key), V_TIME(tx->ctx->now_us)));
}

void code_guard_put(struct tx *tx, const char *key, const struct code_guard_row *row)
{
    DB_SQL(sql, "update @@code_guards set wrong = $1, newest_at = $2, voided_at = $3, "
                "busy_until = $4 where key = $5");
    db_run(tx, &sql, V_INT(row->wrong), V_TIME(row->newest_at), V_TIME(row->voided_at),
           V_TIME(row->busy_until), V_TEXT(key));
}
