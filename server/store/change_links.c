/* change_links.c: SQL of the table change_links, see change_links.h. */
#include "store/change_links.h"

void change_link_put(struct tx *tx, const struct uuid *token_id, const char *link_hash)
{
    DB_SQL(sql, "insert into @@change_links (token_id, link_hash) values ($1, $2)");
    db_run(tx, &sql, V_ID(token_id), V_TEXT(link_hash));
}

bool change_link_find(struct tx *tx, enum token_kind kind, const char *link_hash,
                      struct uuid *user_id)
{
#define LIVE_LINK                                                                                  \
    "select t.user_id from @@change_links l join @one_time_tokens t on t.id = l.token_id "         \
    "where l.link_hash = $1 and t.token_type = $2"
    DB_SQL2(lock, NULL, "select 1 from @users where id in (" LIVE_LINK ") for no key update");
    DB_SQL(sql, LIVE_LINK);
    db_run(tx, &lock, V_TEXT(link_hash), V_TEXT(token_type(kind)));
    struct rows *r = db_query(tx, &sql, V_TEXT(link_hash), V_TEXT(token_type(kind)));
    bool found = rows_next(r);
    *user_id = found ? rows_id(r, 0) : uuid_nil;
    rows_end(r);
    return found;
}
