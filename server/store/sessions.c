/* sessions.c: SQL of the table sessions, see sessions.h. */
#include "store/sessions.h"

#include <string.h>

#define BY_ID(refresh_key, refresh_counter)                                                        \
    "select id, user_id, created_at, not_after, refreshed_at, factor_id, aal, user_agent, ip, "    \
    "tag, " refresh_key ", " refresh_counter ", " AMR_MFA_AT " from @sessions s where id = $1"

DB_SQL(by_id, BY_ID("refresh_token_hmac_key", "refresh_token_counter"));

/* Where the columns of version 2 were not there at the start: they may have come since, and a
 * session of another server that has one of its tokens must not be lost. */
DB_SQL2(by_id_older, NULL,
        BY_ID("to_jsonb(s) ->> 'refresh_token_hmac_key'",
              "(to_jsonb(s) ->> 'refresh_token_counter')::bigint"));

bool sessions_have_counters(const struct tx *tx)
{
    return !(db_lacks(tx->db) & DB_LACKS_COUNTERS);
}

static struct sql *by_id_in(const struct tx *tx)
{
    return sessions_have_counters(tx) ? &by_id : &by_id_older;
}

void session_prefetch(struct tx *tx, const struct uuid *id)
{
    db_prefetch(tx, by_id_in(tx), V_ID(id));
}

bool session_by_id(struct tx *tx, const struct uuid *id, struct session *out)
{
    struct rows *r = db_query(tx, by_id_in(tx), V_ID(id));
    bool found = rows_next(r);
    if (found) {
        const char *stored = rows_text(r, 6);
        bool said_high = stored && strcmp(stored, "aal2") == 0;
        int64_t mfa_at = rows_time(r, 12);
        *out = (struct session){
            .id = rows_id(r, 0),
            .user_id = rows_id(r, 1),
            .created_at = rows_time(r, 2),
            .not_after = rows_time(r, 3),
            .refreshed_at = rows_time(r, 4),
            .factor_id = rows_id(r, 5),
            .aal = said_high && !mfa_at ? "aal1" : stored,
            .mfa_at = mfa_at,
            .has_dead = said_high && !mfa_at,
            .user_agent = rows_text(r, 7),
            .ip = rows_text(r, 8),
            .tag = rows_text(r, 9),
            .refresh_key = rows_null(r, 11) ? NULL : rows_text(r, 10),
            .refresh_counter = rows_int(r, 11),
        };
    }
    rows_end(r);
    return found;
}

void session_lock(struct tx *tx, const struct uuid *id)
{
    DB_SQL2(sql, NULL,
            "select 1 from @users where id = "
            "(select user_id from @sessions where id = $1) for no key update");
    db_run(tx, &sql, V_ID(id));
}

/* May it be written without the columns of version 2? A session that has a key was read from
 * them, so then they are there by now. */
static bool goes_without(const struct tx *tx, const struct session *s)
{
    return !s->refresh_key && !sessions_have_counters(tx);
}

void session_insert(struct tx *tx, const struct session *s)
{
#define INSERT(columns, values)                                                                    \
    "insert into @sessions (id, user_id, created_at, updated_at, aal, not_after, user_agent, ip, " \
    "tag" columns ") values ($1, $2, $3, $3, $4, $5, $6, $7, $8" values ")"
    DB_SQL(sql, INSERT(", refresh_token_hmac_key, refresh_token_counter", ", $9, $10"));
    DB_SQL2(older, NULL, INSERT("", ""));
    db_run(tx, goes_without(tx, s) ? &older : &sql, V_ID(&s->id), V_ID(&s->user_id),
           V_TIME(s->created_at), V_TEXT(s->aal), V_TIME(s->not_after), V_TEXT(s->user_agent),
           V_TEXT(s->ip), V_TEXT(s->tag), V_TEXT(s->refresh_key),
           s->refresh_key ? V_INT(s->refresh_counter) : V_TEXT((const char *)0));
}

void session_save(struct tx *tx, const struct session *s)
{
#define SAVE(more)                                                                                 \
    "update @sessions set updated_at = $1, factor_id = $2, aal = $3, refreshed_at = $4, "          \
    "user_agent = $5, ip = $6" more
    DB_SQL(sql, SAVE(", refresh_token_hmac_key = $7, refresh_token_counter = $8 where id = $9"));
    DB_SQL2(older, NULL, SAVE(" where id = $9 and $7::text is null and $8::text is null"));
    db_run(tx, goes_without(tx, s) ? &older : &sql, V_TIME(tx->ctx->now_us),
           V_ID(uuid_is_nil(&s->factor_id) ? (const struct uuid *)0 : &s->factor_id),
           V_TEXT(s->aal), V_TIME(s->refreshed_at), V_TEXT(s->user_agent), V_TEXT(s->ip),
           V_TEXT(s->refresh_key),
           s->refresh_key ? V_INT(s->refresh_counter) : V_TEXT((const char *)0), V_ID(&s->id));
}

void session_delete(struct tx *tx, const struct uuid *id)
{
    DB_SQL(sql, "delete from @sessions where id = $1");
    db_run(tx, &sql, V_ID(id));
}

void sessions_trim(struct tx *tx, const struct session *newest, int64_t most)
{
#define BEYOND(ours)                                                                               \
    "delete from @sessions where id in (select id from @sessions where user_id = $1 and "          \
    "id <> $2 " ours                                                                               \
    "order by case when aal = 'aal1' then 1 else 0 end, created_at desc limit 1000 offset $3)"
    DB_SQL2(sql, BEYOND(""), BEYOND("and substr(id::text, 15, 1) = '7' "));
    if (most) {
        db_run(tx, &sql, V_ID(&newest->user_id), V_ID(&newest->id), V_INT(most - 1));
    }
}

int64_t sessions_delete(struct tx *tx, const struct uuid *user_id, const struct uuid *except)
{
    DB_SQL(sql, "delete from @sessions where user_id = $1 and id <> $2");
    return db_exec(tx, &sql, V_ID(user_id), V_ID(except ? except : &uuid_nil));
}

void sessions_delete_not_by(struct tx *tx, const struct uuid *user_id, const char *method)
{
    DB_SQL(sql, "delete from @sessions where user_id = $1 and id not in (select session_id from "
                "@mfa_amr_claims where authentication_method = $2 and session_id in "
                "(select id from @sessions where user_id = $1))");
    db_run(tx, &sql, V_ID(user_id), V_TEXT(method));
}

void sessions_delete_not_high(struct tx *tx, const struct uuid *user_id, const struct uuid *except)
{
    DB_SQL(sql,
           "delete from @sessions as s where user_id = $1 and id <> $2 and " AMR_MFA_AT " is null");
    db_run(tx, &sql, V_ID(user_id), V_ID(except ? except : &uuid_nil));
}

void sessions_delete_low(struct tx *tx, const struct uuid *user_id, const struct uuid *except)
{
    DB_SQL(sql, "delete from @sessions as s where user_id = $1 and id <> $2 and aal is not null "
                "and (aal = 'aal1' or " AMR_MFA_AT " is null)");
    db_run(tx, &sql, V_ID(user_id), V_ID(except));
}

void session_lower(struct tx *tx, struct session *session)
{
    DB_SQL(sql, "update @sessions set aal = 'aal1', factor_id = null where id = $1");
    session->aal = "aal1";
    session->factor_id = uuid_nil;
    session->mfa_at = 0;
    db_run(tx, &sql, V_ID(&session->id));
}

bool session_newer_exists(struct tx *tx, const struct session *s, int64_t made_since,
                          int64_t refreshed_since)
{
#define NEWER(refreshed_at)                                                                        \
    "select 1 from @sessions s where user_id = $1 and id <> $2 and coalesce(tag, '') = $3 and "    \
    "coalesce(" refreshed_at ", created_at) > $4 and (not_after is null or not_after > $5) and "   \
    "created_at >= $6 and coalesce(" refreshed_at ", created_at) >= $7 and "                       \
    "($8 = 0 or " AMR_MFA_AT " is not null) limit 1"
    DB_SQL2(sql, NEWER("refreshed_at"), NEWER("refreshed_at at time zone 'UTC'"));
    struct rows *r =
        db_query(tx, &sql, V_ID(&s->user_id), V_ID(&s->id), V_TEXT(s->tag ? s->tag : ""),
                 V_TIME(s->refreshed_at ? s->refreshed_at : s->created_at), V_TIME(tx->ctx->now_us),
                 V_TIME(made_since ? made_since : 1), V_TIME(refreshed_since ? refreshed_since : 1),
                 V_INT(s->mfa_at ? 1 : 0));
    bool found = rows_next(r);
    rows_end(r);
    return found;
}
