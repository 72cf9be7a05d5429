/* step_guards.c: SQL of the table step_guards, see step_guards.h. */
#include "store/step_guards.h"

DB_SQL(of_subject,
       "select subject_id, origin, failures, locked_until, spent, spent_at, session_id, "
       "session_wrong, updated_at from @@step_guards where user_id = $1 and "
       "subject_id in ($2, $3) order by updated_at desc limit 64");

void step_guards_prefetch(struct tx *tx, const struct uuid *user_id, const struct uuid *subject_id)
{
    db_prefetch(tx, &of_subject, V_ID(user_id), V_ID(subject_id), V_ID(&uuid_nil));
}

int step_guards_of(struct tx *tx, const struct uuid *user_id, const struct uuid *subject_id,
                   struct step_guard list[STEP_GUARDS_MAX])
{
    struct rows *r = db_query(tx, &of_subject, V_ID(user_id), V_ID(subject_id), V_ID(&uuid_nil));
    int n = 0;
    while (n < STEP_GUARDS_MAX && rows_next(r)) {
        list[n++] = (struct step_guard){
            .subject_id = rows_id(r, 0),
            .origin = rows_text(r, 1),
            .tries = { rows_int(r, 2), rows_time(r, 3), rows_int(r, 4), rows_time(r, 5),
                       rows_id(r, 6), rows_int(r, 7) },
            .updated_at = rows_time(r, 8),
        };
    }
    rows_end(r);
    return n;
}

void step_guard_put(struct tx *tx, const struct uuid *user_id, const struct uuid *subject_id,
                    const char *origin, const struct tries *t)
{
    DB_SQL(sql, "insert into @@step_guards (user_id, subject_id, origin, failures, locked_until, "
                "spent, spent_at, session_id, session_wrong, updated_at) "
                "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
                "on conflict (user_id, subject_id, origin) do update set "
                "failures = excluded.failures, locked_until = excluded.locked_until, "
                "spent = excluded.spent, spent_at = excluded.spent_at, "
                "session_id = excluded.session_id, session_wrong = excluded.session_wrong, "
                "updated_at = excluded.updated_at");
    db_run(tx, &sql, V_ID(user_id), V_ID(subject_id), V_TEXT(origin), V_INT(t->failures),
           V_TIME(t->locked_until), V_INT(t->spent), V_TIME(t->spent_at), V_ID(&t->session_id),
           V_INT(t->session_wrong), V_TIME(tx->ctx->now_us));
}

void step_guards_clear(struct tx *tx, const struct uuid *user_id, const struct uuid *subject_id)
{
    DB_SQL(sql, "delete from @@step_guards where user_id = $1 and subject_id = $2");
    db_run(tx, &sql, V_ID(user_id), V_ID(subject_id));
}

void known_network_put(struct tx *tx, const struct uuid *user_id, const char *origin)
{
    DB_SQL(sql, "insert into @@step_guards (user_id, subject_id, origin, updated_at) "
                "values ($1, $2, $3, $4) on conflict (user_id, subject_id, origin) do update set "
                "updated_at = excluded.updated_at");
    db_run(tx, &sql, V_ID(user_id), V_ID(&uuid_nil), V_TEXT(origin), V_TIME(tx->ctx->now_us));
}

void known_network_drop(struct tx *tx, const struct uuid *user_id, const char *origin)
{
    DB_SQL(sql, "delete from @@step_guards where user_id = $1 and subject_id = $2 and origin = $3");
    db_run(tx, &sql, V_ID(user_id), V_ID(&uuid_nil), V_TEXT(origin));
}
