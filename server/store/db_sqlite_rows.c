/* db_sqlite_rows.c: statements and rows of the SQLite engine. A statement is prepared once a
 * connection and found again by the number of its struct sql. See db_sqlite.h. */
#include "base/log.h"
#include "store/db_sqlite.h"

#include <stdlib.h>
#include <string.h>

static void prepared_free(struct prepared *p)
{
    if (p) {
        sqlite3_finalize(p->stmt);
        free(p);
    }
}

/* SQLite numbers $N parameters as they appear; this notes which N each of them is. */
static bool read_params(struct prepared *p)
{
    int count = sqlite3_bind_parameter_count(p->stmt);
    if (count > MAX_PARAMS) {
        return false;
    }
    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(p->stmt, i);
        long number = name && name[0] == '$' ? strtol(name + 1, NULL, 10) : 0;
        if (number < 1 || number > MAX_PARAMS) {
            return false;
        }
        p->value_of[i - 1] = (unsigned char)number;
        p->params = number > p->params ? (int)number : p->params;
    }
    return true;
}

static enum db_status prepare(struct sqlite_db *db, const char *text, unsigned flags,
                              struct prepared **out)
{
    struct prepared *p = calloc(1, sizeof *p);
    if (!p) {
        log_die("out of memory");
    }
    char *own = db_sql_text(text, "", "");
    const char *rest = "";
    int code = sqlite3_prepare_v3(db->handle, own, -1, flags, &p->stmt, &rest);
    enum db_status status = DB_OK;
    if (code != SQLITE_OK) {
        status = sqlite_failed(db, code, own, true);
    } else if (!p->stmt || rest[strspn(rest, " \n;")] || !read_params(p)) {
        log_write(LOG_ERROR, "not one statement with $N parameters", LOG_STR("doing", own));
        status = DB_IO;
    }
    free(own);
    if (status != DB_OK) {
        prepared_free(p);
        return status;
    }
    *out = p;
    return DB_OK;
}

static void make_room(struct sqlite_db *db, int slot)
{
    if (slot < db->slots) {
        return;
    }
    int slots = slot + 64;
    struct prepared **grown = realloc(db->by_slot, sizeof(struct prepared *) * (size_t)slots);
    if (!grown) {
        log_die("out of memory");
    }
    memset(grown + db->slots, 0, sizeof(struct prepared *) * (size_t)(slots - db->slots));
    db->by_slot = grown;
    db->slots = slots;
}

/* The statement's prepared form; *once if it is to be freed after this use, because the kept one
 * is under way already. */
static enum db_status find(struct sqlite_db *db, struct sql *sql, struct prepared **out, bool *once)
{
    int slot = db_slot(sql);
    make_room(db, slot);
    struct prepared *kept = db->by_slot[slot];
    *once = kept && kept->busy;
    if (*once) {
        return prepare(db, sql->text, 0, out);
    }
    if (!kept) {
        enum db_status status = prepare(db, sql->text, SQLITE_PREPARE_PERSISTENT, &kept);
        if (status != DB_OK) {
            return status;
        }
        db->by_slot[slot] = kept;
    }
    *out = kept;
    return DB_OK;
}

static int bind_one(sqlite3_stmt *stmt, int i, const struct db_value *v, bool copy)
{
    sqlite3_destructor_type life = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
    switch (v->kind) {
    case DB_INT:
    case DB_BOOL:
        return sqlite3_bind_int64(stmt, i, v->number);
    case DB_TIME:
        return v->number ? sqlite3_bind_int64(stmt, i, v->number) : sqlite3_bind_null(stmt, i);
    case DB_TEXT:
    case DB_JSON: /* a NULL pointer binds NULL */
        return sqlite3_bind_text(stmt, i, v->text, -1, life);
    case DB_ID:
        return v->id ? sqlite3_bind_blob(stmt, i, v->id->bytes, sizeof v->id->bytes, life)
                     : sqlite3_bind_null(stmt, i);
    default:
        return sqlite3_bind_null(stmt, i);
    }
}

static enum db_status bind(struct sqlite_db *db, struct prepared *p, const struct sql *sql,
                           const struct db_value *values, int n, bool copy)
{
    /* a statement with a text of its own for PostgreSQL may need more values there than here */
    if (n < p->params || (n > p->params && !sql->postgres)) {
        log_write(LOG_ERROR, "wrong number of values", LOG_STR("doing", sql->text),
                  LOG_INT("given", n), LOG_INT("needed", p->params));
        return DB_IO;
    }
    for (int i = 1; i <= sqlite3_bind_parameter_count(p->stmt); i++) {
        int code = bind_one(p->stmt, i, &values[p->value_of[i - 1] - 1], copy);
        if (code != SQLITE_OK) {
            return sqlite_failed(db, code, sql->text, false);
        }
    }
    return DB_OK;
}

/* Steps over all rows that are left. */
static int run_out(sqlite3_stmt *stmt)
{
    int code;
    do {
        code = sqlite3_step(stmt);
    } while (code == SQLITE_ROW);
    return code;
}

static void finish(struct prepared *p, bool once)
{
    sqlite3_reset(p->stmt);
    sqlite3_clear_bindings(p->stmt); /* bound memory may be gone after this */
    p->busy = false;
    if (once) {
        prepared_free(p);
    }
}

enum db_status sqlite_exec(struct db *base, struct sql *sql, const struct db_value *values, int n,
                           int64_t *changed)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    struct prepared *p = NULL;
    bool once = false;
    enum db_status status = find(db, sql, &p, &once);
    if (status != DB_OK) {
        return status;
    }
    status = bind(db, p, sql, values, n, false);
    if (status == DB_OK) {
        int64_t before = sqlite3_total_changes64(db->handle);
        int code = run_out(p->stmt);
        if (code != SQLITE_DONE) {
            status = sqlite_failed(db, code, sql->text, false);
        } else if (changed && sqlite3_total_changes64(db->handle) != before) {
            *changed = sqlite3_changes64(db->handle); /* without those of cascades */
        }
    }
    finish(p, once);
    return status;
}

/* --- queries --- */

static struct sqlite_rows *rows_free(struct sqlite_db *db)
{
    for (int i = 0; i < MAX_ROWS; i++) {
        if (!db->rows[i].base.engine) {
            return &db->rows[i];
        }
    }
    return NULL;
}

static void rows_release(struct sqlite_rows *r)
{
    finish(r->prepared, r->once);
    r->base.engine = NULL;
}

enum db_status sqlite_query(struct db *base, struct sql *sql, const struct db_value *values, int n,
                            struct rows **out)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    struct sqlite_rows *r = rows_free(db);
    if (!r) {
        log_write(LOG_ERROR, "too many queries under way", LOG_STR("doing", sql->text));
        return DB_IO;
    }
    struct prepared *p = NULL;
    bool once = false;
    enum db_status status = find(db, sql, &p, &once);
    if (status != DB_OK) {
        return status;
    }
    status = bind(db, p, sql, values, n, true);
    /* the first step at once: then a statement that writes has written, as on PostgreSQL */
    int code = status == DB_OK ? sqlite3_step(p->stmt) : SQLITE_DONE;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        status = sqlite_failed(db, code, sql->text, false);
    }
    if (status != DB_OK) {
        finish(p, once);
        return status;
    }
    p->busy = true;
    *r = (struct sqlite_rows){ .base = { .engine = base->engine },
                               .db = db,
                               .prepared = p,
                               .once = once,
                               .prefetch = true,
                               .at_row = code == SQLITE_ROW };
    *out = &r->base;
    return DB_OK;
}

enum db_status sqlite_next(struct rows *base, bool *has_row)
{
    struct sqlite_rows *r = (struct sqlite_rows *)base;
    if (r->prefetch) {
        r->prefetch = false;
    } else if (r->at_row) {
        int code = sqlite3_step(r->prepared->stmt);
        r->at_row = code == SQLITE_ROW;
        if (code != SQLITE_ROW && code != SQLITE_DONE) {
            return sqlite_failed(r->db, code, sqlite3_sql(r->prepared->stmt), false);
        }
    }
    *has_row = r->at_row;
    return DB_OK;
}

void sqlite_end(struct rows *base)
{
    rows_release((struct sqlite_rows *)base);
}

bool sqlite_null(struct rows *base, int column)
{
    struct sqlite_rows *r = (struct sqlite_rows *)base;
    return !r->at_row || sqlite3_column_type(r->prepared->stmt, column) == SQLITE_NULL;
}

int64_t sqlite_integer(struct rows *base, int column)
{
    struct sqlite_rows *r = (struct sqlite_rows *)base;
    return r->at_row ? sqlite3_column_int64(r->prepared->stmt, column) : 0;
}

const char *sqlite_text(struct rows *base, int column, struct arena *arena)
{
    struct sqlite_rows *r = (struct sqlite_rows *)base;
    if (sqlite_null(base, column)) {
        return NULL;
    }
    const unsigned char *text = sqlite3_column_text(r->prepared->stmt, column);
    if (!text) {
        log_die("out of memory");
    }
    size_t len = (size_t)sqlite3_column_bytes(r->prepared->stmt, column);
    return arena_strndup(arena, (const char *)text, len);
}

struct uuid sqlite_id(struct rows *base, int column)
{
    struct sqlite_rows *r = (struct sqlite_rows *)base;
    struct uuid id = uuid_nil;
    if (sqlite_null(base, column)) {
        return id;
    }
    const void *blob = sqlite3_column_blob(r->prepared->stmt, column);
    int len = sqlite3_column_bytes(r->prepared->stmt, column);
    if (len == (int)sizeof id.bytes) {
        memcpy(id.bytes, blob, sizeof id.bytes);
    } else if (len == UUID_TEXT - 1) { /* written by a person, as text */
        char text[UUID_TEXT] = { 0 };
        memcpy(text, blob, UUID_TEXT - 1);
        if (!uuid_parse(text, &id)) {
            id = uuid_nil;
        }
    }
    return id;
}

void sqlite_end_rows(struct sqlite_db *db)
{
    for (int i = 0; i < MAX_ROWS; i++) {
        if (db->rows[i].base.engine) {
            rows_release(&db->rows[i]);
        }
    }
}

void sqlite_free_statements(struct sqlite_db *db)
{
    for (int i = 0; i < db->slots; i++) {
        prepared_free(db->by_slot[i]);
    }
    free(db->by_slot);
    for (int i = 0; i < WORDS; i++) {
        sqlite3_finalize(db->words[i]);
    }
}
