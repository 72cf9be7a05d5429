/* recovery_sets.c: SQL of recovery codes, see recovery_sets.h. */
#include "store/recovery_sets.h"

#include "factor/methods.h"

bool recovery_set_of(struct tx *tx, const struct uuid *user_id, struct recovery_set *out)
{
    DB_SQL(sql, "select s.id, s.friendly_name, s.failures, s.locked_until, s.created_at, "
                "(select count(*) from @@recovery_codes c where c.user_id = s.user_id), "
                "(select count(*) from @@recovery_codes c where c.user_id = s.user_id "
                "and c.used_at is null) from @@recovery_sets s where s.user_id = $1");
    struct rows *r = db_query(tx, &sql, V_ID(user_id));
    bool found = rows_next(r);
    if (found) {
        *out = (struct recovery_set){
            .id = rows_id(r, 0),
            .user_id = *user_id,
            .friendly_name = rows_text(r, 1),
            .failures = rows_int(r, 2),
            .locked_until = rows_time(r, 3),
            .created_at = rows_time(r, 4),
            .total = rows_int(r, 5),
            .remaining = rows_int(r, 6),
        };
    }
    rows_end(r);
    return found;
}

DB_SQL(as_factor, "select id, friendly_name, created_at, updated_at from @@recovery_sets "
                  "where user_id = $1");

void recovery_set_as_factor_prefetch(struct tx *tx, const struct uuid *user_id)
{
    db_prefetch(tx, &as_factor, V_ID(user_id));
}

bool recovery_set_as_factor(struct tx *tx, const struct uuid *user_id, struct factor *out)
{
    struct rows *r = db_query(tx, &as_factor, V_ID(user_id));
    bool found = rows_next(r);
    if (found) {
        *out = (struct factor){
            .id = rows_id(r, 0),
            .user_id = *user_id,
            .friendly_name = rows_text(r, 1),
            .type = RECOVERY_CODE_TYPE,
            .status = "verified",
            .secret = "",
            .created_at = rows_time(r, 2),
            .updated_at = rows_time(r, 3),
        };
    }
    rows_end(r);
    return found;
}

void recovery_set_insert(struct tx *tx, const struct recovery_set *s)
{
    DB_SQL(sql, "insert into @@recovery_sets (user_id, id, friendly_name, created_at, updated_at) "
                "values ($1, $2, $3, $4, $4)");
    db_run(tx, &sql, V_ID(&s->user_id), V_ID(&s->id), V_TEXT(s->friendly_name),
           V_TIME(s->created_at));
}

void recovery_set_save(struct tx *tx, const struct recovery_set *s)
{
    DB_SQL(sql, "update @@recovery_sets set failures = $1, locked_until = $2, "
                "friendly_name = $3, updated_at = $4 where user_id = $5");
    db_run(tx, &sql, V_INT(s->failures), V_TIME(s->locked_until), V_TEXT(s->friendly_name),
           V_TIME(tx->ctx->now_us), V_ID(&s->user_id));
}

void recovery_set_delete(struct tx *tx, const struct uuid *user_id)
{
    DB_SQL(sql, "delete from @@recovery_sets where user_id = $1");
    db_run(tx, &sql, V_ID(user_id));
}

void recovery_code_insert(struct tx *tx, const struct uuid *user_id, const char *hash)
{
    DB_SQL(sql, "insert into @@recovery_codes (user_id, code_hash) values ($1, $2)");
    db_run(tx, &sql, V_ID(user_id), V_TEXT(hash));
}

void recovery_codes_delete(struct tx *tx, const struct uuid *user_id)
{
    DB_SQL(sql, "delete from @@recovery_codes where user_id = $1");
    db_run(tx, &sql, V_ID(user_id));
}

bool recovery_code_use(struct tx *tx, const struct uuid *user_id, const char *hash)
{
    DB_SQL(sql, "update @@recovery_codes set used_at = $1 where user_id = $2 and code_hash = $3 "
                "and used_at is null");
    return db_exec(tx, &sql, V_TIME(tx->ctx->now_us), V_ID(user_id), V_TEXT(hash)) == 1;
}
