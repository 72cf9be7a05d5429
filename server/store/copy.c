/* copy.c: the copy itself, see copy.h. Tables are read in the order of their keys; the key of the
 * last row is written in the transaction that writes the rows. */
#include "store/copy.h"

#include "base/strbuf.h"
#include "store/copy_tables.h"
#include "store/facts.h"

#include <stdlib.h>
#include <string.h>

#define FACT_SOURCE "copy_source" /* the source as it was when the copy began */
#define FACT_PLACE "copy_place"   /* table, rows done, key of the last: separated by tabs */

enum { STAMP_MAX = 2048, LOG_PAGES_MOST = 4000 };

/* Where the copy stands. */
struct place {
    int table;
    int64_t done; /* rows of it */
    bool begun;   /* key is set */
    const char *key[COPY_KEYS];
};

/* What all steps share. */
struct run {
    struct copy_job *job;
    const struct copy_table *tables[COPY_TABLES];
    struct copy_statements statements[COPY_TABLES];
    int64_t total[COPY_TABLES], all_total, all_done;
    const char *stamp;
};

bool copy_unfinished(struct tx *tx)
{
    return fact_get(tx, FACT_SOURCE) != NULL;
}

/* A transaction without a limit of time for its statements. Reads on SQLite take no lock. */
static void begin(struct tx *tx, struct ctx *ctx, struct db *db, bool writes)
{
    DB_SQL2(no_limit, NULL, "set local statement_timeout = 0");
    enum tx_mode mode = writes || db_is_postgres(db) ? TX_WRITE : TX_READ;
    *tx = (struct tx){ .ctx = ctx, .db = db, .mode = mode };
    tx->status = db_begin(db, mode);
    db_run(tx, &no_limit);
}

static bool end(struct tx *tx, bool good)
{
    if (good && tx->status == DB_OK) {
        tx->status = db_commit(tx->db);
    }
    if (!good || tx->status != DB_OK) {
        db_rollback(tx->db);
    }
    return good && tx->status == DB_OK;
}

static const char *reason(enum db_status status)
{
    switch (status) {
    case DB_BUSY:
        return "it is locked by another program";
    case DB_FULL:
        return "there is no room left on its disk";
    case DB_CONFLICT:
        return "it refused a row as a duplicate (the log above names it)";
    case DB_RETRY:
        return "the connection was lost";
    default:
        return "it failed (the log above says why)";
    }
}

static bool failed(struct run *run, const char *side, enum db_status status, const char *doing,
                   const char **error)
{
    if (!*error) {
        *error = arena_printf(run->job->arena,
                              "%s stopped, because of the %s: %s. What was copied so far is kept: "
                              "run the same command again to go on",
                              doing, side, reason(status));
    }
    return false;
}

/* --- before --- */

/* Rows and last change of every table: by this a source is known again, and that it was not used
 * in between. */
static bool look_at_source(struct run *run, struct tx *tx)
{
    struct strbuf stamp = strbuf_in(run->job->arena, STAMP_MAX);
    for (int i = 0; i < copy_tables_count; i++) {
        struct rows *r = db_query(tx, &run->statements[i].count);
        run->total[i] = rows_next(r) ? rows_int(r, 0) : 0;
        strbuf_printf(&stamp, "%s%lld/%lld", i ? " " : "", (long long)run->total[i],
                      (long long)rows_time(r, 1));
        rows_end(r);
        run->all_total += run->total[i];
    }
    run->stamp = stamp.data;
    return tx->status == DB_OK && strbuf_ok(&stamp);
}

static bool read_place(struct run *run, const char *text, struct place *out)
{
    struct arena *arena = run->job->arena;
    const char *part[2 + COPY_KEYS] = { NULL };
    int n = 0;
    for (const char *p = text; n < 2 + COPY_KEYS; n++) {
        size_t len = strcspn(p, "\t");
        part[n] = arena_strndup(arena, p, len);
        p += len;
        if (!*p++) {
            n++;
            break;
        }
    }
    for (out->table = 0; out->table < copy_tables_count; out->table++) {
        if (strcmp(copy_tables[out->table].name, part[0]) == 0) {
            break;
        }
    }
    if (out->table == copy_tables_count || n != 2 + copy_tables[out->table].keys) {
        return false;
    }
    out->begun = true;
    out->done = strtoll(part[1], NULL, 10);
    memcpy(out->key, part + 2, sizeof out->key);
    return true;
}

/* Marks the target as this copy's, or finds where it stopped. */
static bool begin_or_resume(struct run *run, struct tx *tx, struct place *place, const char **error)
{
    struct copy_job *job = run->job;
    const char *known = fact_get(tx, FACT_SOURCE);
    const char *at = known ? fact_get(tx, FACT_PLACE) : NULL;
    if (known && strcmp(known, run->stamp) != 0) {
        *error = "a copy into this target was begun from another source, or the source was used "
                 "since: take a new target and begin again; nothing was copied";
        return false;
    }
    if (at && !read_place(run, at, place)) {
        *error = "another version of this program began the copy into this target: take a new "
                 "target and begin again; nothing was copied";
        return false;
    }
    job->resumed = known != NULL;
    for (int i = 0; i < place->table; i++) {
        run->all_done += run->total[i];
    }
    run->all_done += place->done;
    job->resumed_at = run->all_done;
    fact_put(tx, FACT_SOURCE, run->stamp);
    if (job->key) {
        fact_put(tx, "encryption_key", job->key);
    }
    return true;
}

static bool prepare(struct run *run, struct ctx *ctx, struct place *place, const char **error)
{
    struct copy_job *job = run->job;
    struct tx tx;
    unsigned lacks = db_lacks(job->from) | db_lacks(job->to);
    for (int i = 0; i < copy_tables_count; i++) {
        run->tables[i] = copy_table_without(job->arena, &copy_tables[i], lacks);
        copy_statements_make(job->arena, run->tables[i], db_is_postgres(job->from),
                             db_is_postgres(job->to), &run->statements[i]);
    }
    begin(&tx, ctx, job->from, false);
    bool good = copy_check_source(&tx, job, error) && look_at_source(run, &tx);
    if (!end(&tx, good)) {
        return failed(run, "source", tx.status, "The copy", error);
    }
    begin(&tx, ctx, job->to, true);
    good = copy_check_target(&tx, job, error) && begin_or_resume(run, &tx, place, error);
    return end(&tx, good) || failed(run, "target", tx.status, "The copy", error);
}

/* --- rows --- */

static void remember(struct tx *to, const struct copy_table *table, struct place *place)
{
    struct arena *arena = to->ctx->arena;
    const char *second = table->keys == 2 ? place->key[1] : NULL;
    fact_put(to, FACT_PLACE,
             arena_printf(arena, "%s\t%lld\t%s%s%s", table->name, (long long)place->done,
                          place->key[0], second ? "\t" : "", second ? second : ""));
}

static struct rows *open_page(struct tx *from, struct copy_statements *s,
                              const struct copy_table *table, const struct place *place)
{
    struct uuid ids[COPY_KEYS];
    struct db_value keys[COPY_KEYS];
    if (!place->begun) {
        return db_query(from, &s->first);
    }
    for (int i = 0; i < table->keys; i++) {
        if (!copy_key_read(&table->columns[i], place->key[i], &ids[i], &keys[i])) {
            from->status = DB_IO;
        }
    }
    return db_query_values(from, &s->next, keys, table->keys);
}

/* Copies up to a batch of rows; the new place is in *place if that many were read. */
static int64_t copy_rows(struct run *run, struct tx *from, struct tx *to, struct place *place)
{
    const struct copy_table *table = run->tables[place->table];
    struct copy_statements *s = &run->statements[place->table];
    struct arena *arena = to->ctx->arena;
    bool to_postgres = db_is_postgres(to->db);
    struct uuid ids[COPY_COLUMNS];
    struct db_value values[COPY_COLUMNS];
    int64_t n = 0;
    struct rows *rows = open_page(from, s, table, place);
    while (rows_next(rows) && to->status == DB_OK) {
        copy_row_read(table, rows, to_postgres, ids, values);
        db_run_values(to, &s->insert, values, table->n);
        for (int i = 0; i < table->keys; i++) {
            place->key[i] = copy_key_text(arena, &values[i]);
        }
        n++;
    }
    rows_end(rows);
    if (n) {
        place->begun = true;
        place->done += n;
        remember(to, table, place);
    }
    return n;
}

/* A batch: read, written and remembered in one transaction of the target. *more: there were rows.
 */
static bool copy_batch(struct run *run, struct place *place, bool *more, const char **error)
{
    struct copy_job *job = run->job;
    struct arena *arena = arena_new();
    struct clock clock = clock_system();
    struct ctx ctx = { .arena = arena, .now_us = clock_now_us(&clock) };
    struct tx from, to;
    begin(&from, &ctx, job->from, false);
    begin(&to, &ctx, job->to, true);
    int64_t n = copy_rows(run, &from, &to, place);
    bool read = end(&from, true);
    bool good = end(&to, read);
    for (int i = 0; good && i < COPY_KEYS; i++) { /* the batch's arena goes */
        place->key[i] = arena_strdup(job->arena, place->key[i]);
    }
    *more = n > 0;
    run->all_done += n;
    if (!good) {
        const char *doing = arena_printf(job->arena, "Copying %s", copy_tables[place->table].name);
        failed(run, read ? "target" : "source", read ? to.status : from.status, doing, error);
    }
    arena_free(&arena);
    if (good && db_log_pages(job->to) > LOG_PAGES_MOST) {
        (void)db_checkpoint(job->to, false);
    }
    return good;
}

static bool copy_table(struct run *run, struct place *place, const char **error)
{
    struct copy_job *job = run->job;
    bool more = true;
    while (more && copy_batch(run, place, &more, error)) {
        struct copy_progress p = { copy_tables[place->table].name, place->done,
                                   run->total[place->table], run->all_done, run->all_total };
        job->show(job->arg, &p);
    }
    return !more;
}

/* --- after --- */

static bool compare(struct run *run, struct tx *tx, const char **error)
{
    struct copy_job *job = run->job;
    for (int i = 0; i < copy_tables_count; i++) {
        struct copy_statements *s = ARENA_NEW(job->arena, struct copy_statements);
        copy_statements_make(job->arena, &copy_tables[i], false, false, s);
        struct rows *r = db_query(tx, &s->count);
        job->rows[i] = rows_next(r) ? rows_int(r, 0) : -1;
        rows_end(r);
        if (tx->status == DB_OK && job->rows[i] != run->total[i]) {
            *error = arena_printf(job->arena,
                                  "after the copy the target has %lld rows in %s and the source "
                                  "%lld: one of them was used meanwhile; take a new target and "
                                  "begin again",
                                  (long long)job->rows[i], copy_tables[i].name,
                                  (long long)run->total[i]);
            return false;
        }
    }
    return true;
}

/* Compares the counts and takes the mark of the unfinished copy away. */
static bool finish(struct run *run, struct ctx *ctx, const char **error)
{
    DB_SQL2(numbers, NULL,
            "select setval(pg_get_serial_sequence('auth.refresh_tokens', 'id'), "
            "coalesce((select max(id) from auth.refresh_tokens), 0) + 1, false)");
    DB_SQL(unmark, "delete from @@facts where name in ('" FACT_SOURCE "', '" FACT_PLACE "')");
    struct tx tx;
    begin(&tx, ctx, run->job->to, true);
    bool good = compare(run, &tx, error);
    db_run(&tx, &numbers);
    db_run(&tx, &unmark);
    return end(&tx, good) || failed(run, "target", tx.status, "Comparing the counts", error);
}

bool copy_run(struct copy_job *job, const char **error)
{
    struct run *run = ARENA_NEW(job->arena, struct run);
    struct clock clock = clock_system();
    struct ctx ctx = { .arena = job->arena, .now_us = clock_now_us(&clock) };
    struct place place = { 0 };
    run->job = job;
    *error = NULL;
    if (!prepare(run, &ctx, &place, error)) {
        return false;
    }
    while (place.table < copy_tables_count) {
        if (!copy_table(run, &place, error)) {
            return false;
        }
        place = (struct place){ .table = place.table + 1 };
    }
    if (!finish(run, &ctx, error)) {
        return false;
    }
    (void)db_checkpoint(job->to, true);
    return true;
}
