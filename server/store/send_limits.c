/* send_limits.c: SQL of the table send_limits, see send_limits.h. */
#include "store/send_limits.h"

bool send_limit_of(struct tx *tx, const char *name, struct send_limit *out)
{
    DB_SQL2(sql, "select left_millionths, filled_at from @@send_limits where name = $1",
            "select left_millionths, filled_at from @@send_limits where name = $1 for update");
    struct rows *r = db_query(tx, &sql, V_TEXT(name));
    bool found = rows_next(r);
    if (found) {
        *out = (struct send_limit){ rows_int(r, 0), rows_time(r, 1) };
    }
    rows_end(r);
    return found;
}

void send_limit_begin(struct tx *tx, const char *name, const struct send_limit *limit)
{
    DB_SQL(sql, "insert into @@send_limits (name, left_millionths, filled_at) "
                "values ($1, $2, $3) on conflict (name) do nothing");
    db_run(tx, &sql, V_TEXT(name), V_INT(limit->left_millionths), V_TIME(limit->filled_at));
}

void send_limit_put(struct tx *tx, const char *name, const struct send_limit *limit)
{
    DB_SQL(sql, "insert into @@send_limits (name, left_millionths, filled_at) "
                "values ($1, $2, $3) on conflict (name) do update set "
                "left_millionths = excluded.left_millionths, filled_at = excluded.filled_at");
    db_run(tx, &sql, V_TEXT(name), V_INT(limit->left_millionths), V_TIME(limit->filled_at));
}
