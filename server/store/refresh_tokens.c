/* refresh_tokens.c: SQL of the table refresh_tokens, see refresh_tokens.h. */
#include "store/refresh_tokens.h"

#define REFRESH_COLUMNS "id, token, parent, revoked, created_at, updated_at, session_id"

static bool one_row(struct rows *r, struct refresh_row *out)
{
    bool found = rows_next(r);
    if (found) {
        *out = (struct refresh_row){
            .id = rows_int(r, 0),
            .token = rows_text(r, 1),
            .parent = rows_text(r, 2),
            .revoked = rows_int(r, 3) != 0,
            .created_at = rows_time(r, 4),
            .updated_at = rows_time(r, 5),
            .session_id = rows_id(r, 6),
        };
    }
    rows_end(r);
    return found;
}

bool refresh_row_by_token(struct tx *tx, const char *token, struct refresh_row *out)
{
    DB_SQL(sql, "select " REFRESH_COLUMNS " from @refresh_tokens where token = $1");
    return one_row(db_query(tx, &sql, V_TEXT(token)), out);
}

void refresh_row_lock(struct tx *tx, const char *token)
{
    DB_SQL2(sql, NULL,
            "select 1 from @users where id = (select s.user_id from @refresh_tokens t "
            "join @sessions s on s.id = t.session_id where t.token = $1) for no key update");
    db_run(tx, &sql, V_TEXT(token));
}

bool refresh_row_active(struct tx *tx, const struct uuid *session_id, struct refresh_row *out)
{
    DB_SQL(sql, "select " REFRESH_COLUMNS " from @refresh_tokens "
                "where session_id = $1 and revoked = false order by id desc limit 1");
    return one_row(db_query(tx, &sql, V_ID(session_id)), out);
}

int64_t refresh_row_newest(struct tx *tx, const struct uuid *session_id)
{
    DB_SQL(sql, "select max(id) from @refresh_tokens where session_id = $1");
    struct rows *r = db_query(tx, &sql, V_ID(session_id));
    int64_t id = rows_next(r) ? rows_int(r, 0) : 0;
    rows_end(r);
    return id;
}

void refresh_row_insert(struct tx *tx, const struct uuid *user_id, const struct uuid *session_id,
                        const char *token, const char *parent)
{
    DB_SQL(sql, "insert into @refresh_tokens (instance_id, token, user_id, revoked, created_at, "
                "updated_at, parent, session_id) values ($1, $2, $3, false, $4, $4, $5, $6)");
    char user[UUID_TEXT];
    db_run(tx, &sql, V_ID(&uuid_nil), V_TEXT(token), V_TEXT(uuid_format(user_id, user)),
           V_TIME(tx->ctx->now_us), V_TEXT(parent), V_ID(session_id));
}

void refresh_row_revoke(struct tx *tx, int64_t id)
{
    DB_SQL(sql, "update @refresh_tokens set revoked = true, updated_at = $1 where id = $2");
    db_run(tx, &sql, V_TIME(tx->ctx->now_us), V_INT(id));
}

void refresh_rows_revoke(struct tx *tx, const struct uuid *session_id)
{
    DB_SQL(sql, "update @refresh_tokens set revoked = true, updated_at = $1 "
                "where session_id = $2 and revoked = false");
    db_run(tx, &sql, V_TIME(tx->ctx->now_us), V_ID(session_id));
}

void refresh_rows_trim(struct tx *tx, const struct uuid *session_id)
{
    DB_SQL(sql, "delete from @refresh_tokens where id in (select id from @refresh_tokens "
                "where session_id = $1 and revoked = true order by id desc limit 1000 offset 100)");
    db_run(tx, &sql, V_ID(session_id));
}

void refresh_row_delete(struct tx *tx, int64_t id)
{
    DB_SQL(sql, "delete from @refresh_tokens where id = $1");
    db_run(tx, &sql, V_INT(id));
}

void refresh_rows_delete(struct tx *tx, const struct uuid *session_id)
{
    DB_SQL(sql, "delete from @refresh_tokens where session_id = $1");
    db_run(tx, &sql, V_ID(session_id));
}
