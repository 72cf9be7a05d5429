/* db_limits.c: see db_limits.h. */
#include "store/db_limits.h"

int64_t db_most_connections(struct db *db, struct arena *arena)
{
    DB_SQL(sql, "select current_setting('max_connections')::bigint");
    struct ctx ctx = { .arena = arena };
    struct tx tx = { .ctx = &ctx, .db = db, .mode = TX_READ };
    tx.status = db_begin(db, TX_READ);
    struct rows *r = db_query(&tx, &sql);
    int64_t most = rows_next(r) ? rows_int(r, 0) : 0;
    rows_end(r);
    db_rollback(db);
    return most;
}
