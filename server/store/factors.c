/* factors.c: SQL of the table mfa_factors, see factors.h. */
#include "store/factors.h"

#include <string.h>

#define FACTORS(webauthn_data, which)                                                              \
    "select id, user_id, friendly_name, factor_type, status, secret, phone, created_at, "          \
    "updated_at, last_challenged_at, web_authn_credential, " webauthn_data ", web_authn_aaguid "   \
    "from @mfa_factors where " which
#define BY_ID "id = $1"
#define OF_USER "user_id = $1 order by created_at, id limit 1000"
#define WEBAUTHN_DATA "last_webauthn_challenge_data"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void read_factor(struct rows *r, struct factor *f)
{
    *f = (struct factor){
        .id = rows_id(r, 0),
        .user_id = rows_id(r, 1),
        .friendly_name = or_empty(rows_text(r, 2)),
        .type = or_empty(rows_text(r, 3)),
        .status = or_empty(rows_text(r, 4)),
        .secret = or_empty(rows_text(r, 5)),
        .phone = rows_text(r, 6),
        .created_at = rows_time(r, 7),
        .updated_at = rows_time(r, 8),
        .last_challenged_at = rows_time(r, 9),
        .webauthn_credential = rows_text(r, 10),
        .webauthn_data = rows_text(r, 11),
        .webauthn_aaguid = rows_id(r, 12),
    };
}

bool factor_is_verified(const struct factor *factor)
{
    return strcmp(factor->status, "verified") == 0;
}

DB_SQL(by_id, FACTORS(WEBAUTHN_DATA, BY_ID));
DB_SQL(of_user, FACTORS(WEBAUTHN_DATA, OF_USER));
/* what is only shown is missing in older schemas of the official server */
DB_SQL2(by_id_older, NULL, FACTORS("null", BY_ID));
DB_SQL2(of_user_older, NULL, FACTORS("null", OF_USER));

static bool is_older(const struct tx *tx)
{
    return db_lacks(tx->db) & DB_LACKS_WEBAUTHN_DATA;
}

void factor_prefetch(struct tx *tx, const struct uuid *id)
{
    db_prefetch(tx, is_older(tx) ? &by_id_older : &by_id, V_ID(id));
}

void factors_prefetch(struct tx *tx, const struct uuid *user_id)
{
    db_prefetch(tx, is_older(tx) ? &of_user_older : &of_user, V_ID(user_id));
}

bool factor_by_id(struct tx *tx, const struct uuid *id, struct factor *out)
{
    struct rows *r = db_query(tx, is_older(tx) ? &by_id_older : &by_id, V_ID(id));
    bool found = rows_next(r);
    if (found) {
        read_factor(r, out);
    }
    rows_end(r);
    return found;
}

int factors_of(struct tx *tx, const struct uuid *user_id, struct factor **out)
{
    struct rows *r = db_query(tx, is_older(tx) ? &of_user_older : &of_user, V_ID(user_id));
    struct factor *list = NULL;
    int n = 0, room = 0;
    while (n < FACTORS_SHOWN && rows_next(r)) {
        if (n == room) {
            room = room ? room * 4 : 4;
            struct factor *grown = ARENA_ARRAY(tx->ctx->arena, struct factor, room);
            if (n) {
                memcpy(grown, list, sizeof *list * (size_t)n);
            }
            list = grown;
        }
        read_factor(r, &list[n++]);
    }
    rows_end(r);
    *out = list;
    return n;
}

bool factor_any_verified(struct tx *tx, const struct uuid *user_id)
{
    DB_SQL(sql, "select 1 from @mfa_factors where user_id = $1 and status = 'verified' limit 1");
    struct rows *r = db_query(tx, &sql, V_ID(user_id));
    bool found = rows_next(r);
    rows_end(r);
    return found;
}

void factor_insert(struct tx *tx, const struct factor *f)
{
    DB_SQL(sql, "insert into @mfa_factors (id, user_id, friendly_name, factor_type, status, "
                "created_at, updated_at, secret, phone) "
                "values ($1, $2, $3, $4, $5, $6, $6, $7, $8)");
    db_run(tx, &sql, V_ID(&f->id), V_ID(&f->user_id), V_TEXT(f->friendly_name), V_TEXT(f->type),
           V_TEXT(f->status), V_TIME(f->created_at), V_TEXT(f->secret), V_TEXT(f->phone));
}

void factor_save(struct tx *tx, struct factor *f)
{
    DB_SQL(sql, "update @mfa_factors set friendly_name = $1, status = $2, secret = $3, "
                "phone = $4, updated_at = $5 where id = $6");
    f->updated_at = tx->ctx->now_us;
    db_run(tx, &sql, V_TEXT(f->friendly_name), V_TEXT(f->status), V_TEXT(f->secret),
           V_TEXT(f->phone), V_TIME(f->updated_at), V_ID(&f->id));
}

void factor_save_webauthn(struct tx *tx, const struct uuid *id, const char *credential,
                          const char *challenge_data, const struct uuid *aaguid)
{
#define CREDENTIAL                                                                                 \
    "update @mfa_factors set web_authn_credential = coalesce($1, web_authn_credential), "
    DB_SQL(sql, CREDENTIAL WEBAUTHN_DATA " = coalesce($2, " WEBAUTHN_DATA "), "
                                         "web_authn_aaguid = $3, updated_at = $4 where id = $5");
    DB_SQL2(older, NULL, CREDENTIAL "web_authn_aaguid = $2, updated_at = $3 where id = $4");
    if (is_older(tx)) {
        db_run(tx, &older, V_JSON(credential), V_ID(aaguid), V_TIME(tx->ctx->now_us), V_ID(id));
        return;
    }
    db_run(tx, &sql, V_JSON(credential), V_JSON(challenge_data), V_ID(aaguid),
           V_TIME(tx->ctx->now_us), V_ID(id));
}

/* Where several write at once, the second of two who register one key waits for the first. */
static void lock_credential(struct tx *tx, const char *credential_id)
{
    DB_SQL2(sql, NULL, "select pg_advisory_xact_lock(hashtextextended($1, 0))");
    db_run(tx, &sql, V_TEXT(credential_id));
}

bool factor_credential_known(struct tx *tx, const char *credential_id)
{
    lock_credential(tx, credential_id);
    DB_SQL(sql, "select 1 from @mfa_factors where web_authn_credential is not null "
                "and web_authn_credential ->> 'id' = $1 limit 1");
    struct rows *r = db_query(tx, &sql, V_TEXT(credential_id));
    bool found = rows_next(r);
    rows_end(r);
    return found;
}

void factor_challenged(struct tx *tx, const struct uuid *id, int64_t at_us)
{
    /* the official server's column is unique over all factors: who comes second in a microsecond
     * takes another of the same millisecond */
    DB_SQL2(sql, "update @mfa_factors set last_challenged_at = $1 where id = $2",
            "update @mfa_factors set last_challenged_at = case when exists (select 1 from "
            "@mfa_factors o where o.last_challenged_at = $1) then $1 + floor(random() * 1000) * "
            "interval '1 microsecond' else $1 end where id = $2");
    db_run(tx, &sql, V_TIME(at_us), V_ID(id));
}

void factor_delete(struct tx *tx, const struct uuid *id)
{
    DB_SQL(sql, "delete from @mfa_factors where id = $1");
    db_run(tx, &sql, V_ID(id));
}

void factors_delete(struct tx *tx, const struct uuid *user_id)
{
    DB_SQL(sql, "delete from @mfa_factors where user_id = $1");
    db_run(tx, &sql, V_ID(user_id));
}

void factors_delete_unverified(struct tx *tx, const struct uuid *user_id, const char *type)
{
#define UNVERIFIED "delete from @mfa_factors where user_id = $1 and status = 'unverified'"
    DB_SQL(all, UNVERIFIED);
    DB_SQL(some, UNVERIFIED " and factor_type = $2");
    if (type) {
        db_run(tx, &some, V_ID(user_id), V_TEXT(type));
    } else {
        db_run(tx, &all, V_ID(user_id));
    }
}

void factors_sweep(struct tx *tx, const struct uuid *user_id, int64_t older_than,
                   int64_t open_since)
{
    DB_SQL(sql, "delete from @mfa_factors where user_id = $1 and status = 'unverified' "
                "and created_at < $2 and not exists (select 1 from @mfa_challenges c "
                "where c.factor_id = @mfa_factors.id and c.created_at > $3)");
    db_run(tx, &sql, V_ID(user_id), V_TIME(older_than), V_TIME(open_since));
}
