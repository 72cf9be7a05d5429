/* vouched.c: SQL of the table vouched_users, see vouched.h. */
#include "store/vouched.h"

struct vouch vouch_of(struct tx *tx, const struct uuid *user_id)
{
    DB_SQL(sql, "select password, metadata from @@vouched_users where user_id = $1");
    struct rows *r = db_query(tx, &sql, V_ID(user_id));
    struct vouch vouch = { .known = rows_next(r) };
    if (vouch.known) {
        vouch.password = rows_int(r, 0) != 0;
        vouch.metadata = rows_int(r, 1) != 0;
    }
    rows_end(r);
    return vouch;
}

void vouch_put(struct tx *tx, const struct uuid *user_id, bool password, bool metadata)
{
    DB_SQL(sql,
           "insert into @@vouched_users as v (user_id, password, metadata) values ($1, $2, $3) "
           "on conflict (user_id) do update set password = v.password or excluded.password, "
           "metadata = v.metadata or excluded.metadata");
    db_run(tx, &sql, V_ID(user_id), V_BOOL(password), V_BOOL(metadata));
}

void vouch_delete(struct tx *tx, const struct uuid *user_id)
{
    DB_SQL(sql, "delete from @@vouched_users where user_id = $1");
    db_run(tx, &sql, V_ID(user_id));
}
