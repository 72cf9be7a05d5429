/* notices.c: SQL of the tables notice_counts and wrong_codes, see notices.h. */
#include "store/notices.h"

/* A window that begins much later than now was begun while the clock was wrong. */
#define ONE_MORE                                                                                   \
    "insert into @@notice_counts as c (subject_id, kind, since, sent) values ($1, $2, $3, 1) "     \
    "on conflict (subject_id, kind) do update set "                                                \
    "sent = case when c.since <= $4 or c.since > $5 then 1 else c.sent + 1 end, "                  \
    "since = case when c.since <= $4 or c.since > $5 then excluded.since else c.since end"

int64_t notice_count(struct tx *tx, const struct uuid *subject_id, const char *kind,
                     int64_t window_us, int64_t *since)
{
    DB_SQL(sql, ONE_MORE " returning sent, since");
    int64_t now = tx->ctx->now_us, n = 0;
    struct rows *r = db_query(tx, &sql, V_ID(subject_id), V_TEXT(kind), V_TIME(now),
                              V_TIME(now - window_us), V_TIME(now + CLOCK_SLACK_US));
    if (rows_next(r)) {
        n = rows_int(r, 0);
        if (since) {
            *since = rows_time(r, 1);
        }
    }
    rows_end(r);
    return n;
}

static int64_t number(struct rows *r)
{
    int64_t n = rows_next(r) ? rows_int(r, 0) : 0;
    rows_end(r);
    return n;
}

DB_SQL(sent, "select sent from @@notice_counts where subject_id = $1 and kind = $2 and since > $3 "
             "and since <= $4");

void notices_prefetch(struct tx *tx, const struct uuid *user_id, const char *kind,
                      int64_t window_us)
{
    db_prefetch(tx, &sent, V_ID(user_id), V_TEXT(kind), V_TIME(tx->ctx->now_us - window_us),
                V_TIME(tx->ctx->now_us + CLOCK_SLACK_US));
}

int64_t notices_of(struct tx *tx, const struct uuid *user_id, const char *kind, int64_t window_us)
{
    return number(db_query(tx, &sent, V_ID(user_id), V_TEXT(kind),
                           V_TIME(tx->ctx->now_us - window_us),
                           V_TIME(tx->ctx->now_us + CLOCK_SLACK_US)));
}

void notice_put(struct tx *tx, const struct uuid *user_id, const char *kind, int64_t window_us)
{
    DB_SQL(sql, ONE_MORE);
    int64_t now = tx->ctx->now_us;
    db_run(tx, &sql, V_ID(user_id), V_TEXT(kind), V_TIME(now), V_TIME(now - window_us),
           V_TIME(now + CLOCK_SLACK_US));
}

DB_SQL(wrong, "select cast(coalesce(sum(w.wrong), 0) as bigint) from @@wrong_codes w "
              "where w.user_id = $1 and w.updated_at > $2 and not exists (select 1 "
              "from @sessions s where s.id = w.session_id and s.aal = 'aal2')");

void failed_attempts_prefetch(struct tx *tx, const struct uuid *user_id, int64_t since)
{
    db_prefetch(tx, &wrong, V_ID(user_id), V_TIME(since));
}

int64_t failed_attempts_of(struct tx *tx, const struct uuid *user_id, int64_t since)
{
    return number(db_query(tx, &wrong, V_ID(user_id), V_TIME(since)));
}

void failed_attempt_put(struct tx *tx, const struct uuid *session_id, const struct uuid *user_id)
{
    DB_SQL(put, "insert into @@wrong_codes as w (session_id, user_id, wrong, updated_at) "
                "values ($1, $2, 1, $3) on conflict (session_id) do update set "
                "wrong = w.wrong + 1, updated_at = excluded.updated_at");
    db_run(tx, &put, V_ID(session_id), V_ID(user_id), V_TIME(tx->ctx->now_us));
}
