/* db_time.c: see db_time.h. */
#include "store/db_time.h"

#include "base/clock.h"

static int64_t ask_server(struct db *db)
{
    DB_SQL(sql, "select clock_timestamp()");
    struct ctx ctx = { 0 };
    struct tx tx = { .ctx = &ctx, .db = db, .mode = TX_READ };
    tx.status = db_begin(db, TX_READ);
    struct rows *r = db_query(&tx, &sql);
    int64_t now_us = rows_next(r) ? rows_time(r, 0) : 0;
    rows_end(r);
    if (tx.status == DB_OK) {
        tx.status = db_commit(db);
    }
    if (tx.status != DB_OK) {
        db_rollback(db);
    }
    return tx.status == DB_OK ? now_us : 0;
}

bool db_time_ask(struct db *db, struct db_time *out)
{
    struct clock clock = clock_system();
    int64_t before = clock_uptime_us();
    int64_t now_us = db_is_postgres(db) ? ask_server(db) : clock_now_us(&clock);
    int64_t took = clock_uptime_us() - before;
    *out = (struct db_time){ .offset_us = now_us - (before + took / 2), .error_us = took / 2 };
    return now_us != 0;
}
