/* send_pauses.c: SQL of the table send_pauses, see send_pauses.h. */
#include "store/send_pauses.h"

int64_t send_pause_take(struct tx *tx, const char *key, int64_t since)
{
    DB_SQL(take, "insert into @@send_pauses (key, taken_at) values ($1, $2) on conflict (key) do "
                 "update set taken_at = excluded.taken_at where send_pauses.taken_at <= $3 "
                 "or send_pauses.taken_at > $4 returning taken_at");
    DB_SQL(look, "select taken_at from @@send_pauses where key = $1");
    int64_t now = tx->ctx->now_us,
            beyond = now + CLOCK_SLACK_US; /* taken while the clock was wrong */
    struct rows *r = db_query(tx, &take, V_TEXT(key), V_TIME(now), V_TIME(since), V_TIME(beyond));
    bool taken = rows_next(r);
    rows_end(r);
    if (taken) {
        return 0;
    }
    r = db_query(tx, &look, V_TEXT(key));
    int64_t at = rows_next(r) ? rows_time(r, 0) : 0;
    rows_end(r);
    return at;
}
