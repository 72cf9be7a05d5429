/* audit.c: SQL of the table audit_log_entries, see audit.h. */
#include "store/audit.h"

#include "store/like.h"

void audit_insert(struct tx *tx, const char *payload, const char *ip)
{
    DB_SQL(sql, "insert into @audit_log_entries (id, instance_id, payload, created_at, "
                "ip_address) values ($1, $2, $3, $4, $5)");
    struct uuid id = uuid_v7(tx->ctx->entropy, tx->ctx->now_us);
    db_run(tx, &sql, V_ID(&id), V_ID(&uuid_nil), V_JSON(payload), V_TIME(tx->ctx->now_us),
           V_TEXT(ip ? ip : ""));
}

/* $1 says which field must hold the pattern $2: 0 any row, 1 author, 2 action, 3 type. */
#define AUDIT_FILTER                                                                               \
    " from @audit_log_entries where ($1 = 0"                                                       \
    " or ($1 = 1 and (json_extract(payload, '$.actor_username') like $2 escape '\\'"               \
    " or json_extract(payload, '$.actor_name') like $2 escape '\\'))"                              \
    " or ($1 = 2 and json_extract(payload, '$.action') like $2 escape '\\')"                       \
    " or ($1 = 3 and json_extract(payload, '$.log_type') like $2 escape '\\'))"
#define AUDIT_FILTER_PG                                                                            \
    " from @audit_log_entries where ($1 = 0"                                                       \
    " or ($1 = 1 and (payload->>'actor_username' ilike $2 escape '\\'"                             \
    " or payload->>'actor_name' ilike $2 escape '\\'))"                                            \
    " or ($1 = 2 and payload->>'action' ilike $2 escape '\\')"                                     \
    " or ($1 = 3 and payload->>'log_type' ilike $2 escape '\\'))"

int64_t audit_count(struct tx *tx, const struct audit_query *q)
{
    DB_SQL2(sql, "select count(*)" AUDIT_FILTER, "select count(*)" AUDIT_FILTER_PG);
    struct rows *r =
        db_query(tx, &sql, V_INT(q->field), V_TEXT(like_containing(tx->ctx->arena, q->part)));
    int64_t n = rows_next(r) ? rows_int(r, 0) : 0;
    rows_end(r);
    return n;
}

static int read_rows(struct tx *tx, struct rows *r, int64_t limit, struct audit_row **out)
{
    struct audit_row *page = ARENA_ARRAY(tx->ctx->arena, struct audit_row, limit + 1);
    int n = 0;
    while (n < limit && rows_next(r)) {
        page[n++] = (struct audit_row){
            .id = rows_id(r, 0),
            .payload = rows_text(r, 1),
            .ip = rows_text(r, 2),
            .created_at = rows_time(r, 3),
        };
    }
    rows_end(r);
    *out = page;
    return n;
}

int audit_after(struct tx *tx, const struct uuid *after, int64_t since, int64_t before, int limit,
                struct audit_row **out)
{
    DB_SQL(sql, "select id, payload, ip_address, created_at from @audit_log_entries where id > $1 "
                "and created_at >= $2 and created_at < $3 order by id limit $4");
    return read_rows(tx,
                     db_query(tx, &sql, V_ID(after), V_TIME(since), V_TIME(before), V_INT(limit)),
                     limit, out);
}

int audit_page(struct tx *tx, const struct audit_query *q, struct audit_row **out)
{
#define AUDIT_PAGE " order by id desc limit $3 offset $4"
#define AUDIT_PAGE_PG " order by created_at desc limit $3 offset $4"
#define AUDIT_COLUMNS "select id, payload, ip_address, created_at"
    DB_SQL2(sql, AUDIT_COLUMNS AUDIT_FILTER AUDIT_PAGE,
            AUDIT_COLUMNS AUDIT_FILTER_PG AUDIT_PAGE_PG);
    struct rows *r =
        db_query(tx, &sql, V_INT(q->field), V_TEXT(like_containing(tx->ctx->arena, q->part)),
                 V_INT(q->limit), V_INT(q->offset));
    return read_rows(tx, r, q->limit, out);
}
