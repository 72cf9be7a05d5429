/* db_postgres_rows.c: values into parameters, and rows out of results, all in binary form. See
 * db_postgres.h. Text, JSON and times go without a type: the server takes that of the column, so
 * enums, addresses, json and jsonb, and times with and without a zone are all written alike (the
 * binary form of both kinds of time is the same, and ours is UTC). */
#include "store/db_postgres.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

/* Types of PostgreSQL's own, by the numbers that they have in every database. */
enum {
    OID_BOOL = 16,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_INET = 869,
    OID_TIMESTAMP = 1114,
    OID_TIMESTAMPTZ = 1184,
    OID_UUID = 2950,
    OID_JSONB = 3802,
};

enum { FORMAT_TEXT = 0, FORMAT_BINARY = 1 };

#define EPOCH_2000_US INT64_C(946684800000000) /* 2000-01-01, from where PostgreSQL counts */

/* --- parameters --- */

static struct pg_param number_param(Oid type, int64_t number, char room[16])
{
    uint64_t swapped = htobe64((uint64_t)number);
    memcpy(room, &swapped, sizeof swapped);
    return (struct pg_param){ type, room, sizeof swapped, FORMAT_BINARY };
}

struct pg_param pg_param_of(const struct db_value *value, char room[16])
{
    switch (value->kind) {
    case DB_INT:
        return number_param(OID_INT8, value->number, room);
    case DB_BOOL:
        room[0] = (char)(value->number != 0);
        return (struct pg_param){ OID_BOOL, room, 1, FORMAT_BINARY };
    case DB_TIME:
        return value->number ? number_param(0, value->number - EPOCH_2000_US, room)
                             : (struct pg_param){ 0, NULL, 0, FORMAT_BINARY };
    case DB_ID:
        return (struct pg_param){ OID_UUID, value->id ? (const char *)value->id->bytes : NULL,
                                  sizeof value->id->bytes, FORMAT_BINARY };
    case DB_TEXT:
    case DB_JSON:
        return (struct pg_param){ 0, value->text, 0, FORMAT_TEXT };
    default:
        return (struct pg_param){ 0, NULL, 0, FORMAT_TEXT };
    }
}

/* --- answers --- */

static void drop(struct pg_answer *a)
{
    if (!a->readers && !a->waited_for) {
        PQclear(a->result);
        *a = (struct pg_answer){ 0 };
    }
}

void pg_forget_answers(struct pg_db *db)
{
    for (int i = 0; i < PG_ANSWERS; i++) {
        db->answers[i].kept = false;
        drop(&db->answers[i]);
    }
}

/* The values as bytes; 0 if there are too many to keep. */
static int key_of(const struct db_value *values, int n, char key[PG_KEY])
{
    int length = 0;
    for (int i = 0; i < n; i++) {
        char room[16];
        struct pg_param p = pg_param_of(&values[i], room);
        size_t size = !p.bytes ? 0 : p.format == FORMAT_BINARY ? (size_t)p.length : strlen(p.bytes);
        if (length + (int)size + 2 > PG_KEY || size > PG_KEY) {
            return 0;
        }
        key[length++] = (char)(p.bytes ? 1 + (int)size : 0);
        if (size) {
            memcpy(key + length, p.bytes, size);
            length += (int)size;
        }
    }
    return length;
}

static bool only_reads(const struct sql *sql)
{
    const char *text = sql->postgres ? sql->postgres : sql->text;
    return strncmp(text, "select ", 7) == 0;
}

/* The kept answer to this very query, or a fresh one for it; NULL if all are in use. */
static struct pg_answer *answer_for(struct pg_db *db, struct sql *sql,
                                    const struct db_value *values, int n, bool *known)
{
    char key[PG_KEY];
    int slot = db_slot(sql), length = only_reads(sql) ? key_of(values, n, key) : 0;
    struct pg_answer *spare = NULL;
    *known = false;
    for (int i = 0; i < PG_ANSWERS; i++) {
        struct pg_answer *a = &db->answers[i];
        if (a->kept && length && a->slot == slot && a->key_length == length &&
            memcmp(a->key, key, (size_t)length) == 0) {
            *known = true;
            return a;
        }
        bool free = !a->readers && !a->waited_for;
        spare = free && (!spare || spare->kept) ? a : spare;
    }
    if (spare) {
        spare->kept = false;
        drop(spare);
        *spare = (struct pg_answer){ .kept = length > 0, .slot = slot, .key_length = length };
        memcpy(spare->key, key, (size_t)length);
    }
    return spare;
}

/* --- statements --- */

enum db_status pg_exec(struct db *base, struct sql *sql, const struct db_value *values, int n,
                       int64_t *changed)
{
    struct pg_db *db = (struct pg_db *)base;
    pg_forget_answers(db);
    enum db_status status = pg_send(db, sql, values, n, NULL, changed);
    return status == DB_OK && changed ? pg_collect(db) : status;
}

/* Sends the query unless its answer is known or under way; NULL on failure. */
static struct pg_answer *ask(struct pg_db *db, struct sql *sql, const struct db_value *values,
                             int n)
{
    bool known;
    if (!only_reads(sql)) {
        pg_forget_answers(db);
    }
    struct pg_answer *a = answer_for(db, sql, values, n, &known);
    if (!a || known) {
        return a;
    }
    if (pg_send(db, sql, values, n, a, NULL) != DB_OK) {
        a->kept = false;
        return NULL;
    }
    return a;
}

void pg_prefetch(struct db *base, struct sql *sql, const struct db_value *values, int n)
{
    ask((struct pg_db *)base, sql, values, n);
}

enum db_status pg_query(struct db *base, struct sql *sql, const struct db_value *values, int n,
                        struct rows **out)
{
    struct pg_db *db = (struct pg_db *)base;
    struct pg_rows *r = NULL;
    for (int i = 0; i < PG_ROWS && !r; i++) {
        r = db->rows[i].base.engine ? NULL : &db->rows[i];
    }
    struct pg_answer *a = r ? ask(db, sql, values, n) : NULL;
    if (!a) {
        if (db->failed == DB_OK) {
            log_write(LOG_ERROR, "too many queries under way", LOG_STR("doing", sql->text));
        }
        return db->failed != DB_OK ? db->failed : DB_IO;
    }
    a->readers++;
    *r = (struct pg_rows){ .base = { .engine = base->engine }, .db = db, .answer = a, .row = -1 };
    *out = &r->base;
    return DB_OK;
}

/* --- rows --- */

enum db_status pg_next(struct rows *base, bool *has_row)
{
    struct pg_rows *r = (struct pg_rows *)base;
    if (!r->answer->result) {
        enum db_status status = pg_collect(r->db);
        if (status != DB_OK || !r->answer->result) {
            return status != DB_OK ? status : DB_IO;
        }
    }
    int count = PQntuples(r->answer->result);
    r->row += r->row < count;
    *has_row = r->row < count;
    return DB_OK;
}

void pg_end(struct rows *base)
{
    struct pg_rows *r = (struct pg_rows *)base;
    r->answer->readers--;
    if (!r->answer->kept) {
        drop(r->answer);
    }
    r->base.engine = NULL;
}

void pg_end_rows(struct pg_db *db)
{
    for (int i = 0; i < PG_ROWS; i++) {
        if (db->rows[i].base.engine) {
            pg_end(&db->rows[i].base);
        }
    }
}

static bool at_row(const struct pg_rows *r)
{
    const PGresult *result = r->answer->result;
    return result && r->row >= 0 && r->row < PQntuples(result);
}

bool pg_null(struct rows *base, int column)
{
    struct pg_rows *r = (struct pg_rows *)base;
    return !at_row(r) || PQgetisnull(r->answer->result, r->row, column);
}

static int64_t big_endian(const char *bytes, int length)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (length) {
    case 1:
        return (unsigned char)bytes[0];
    case 2:
        memcpy(&two, bytes, sizeof two);
        return (int16_t)be16toh(two);
    case 4:
        memcpy(&four, bytes, sizeof four);
        return (int32_t)be32toh(four);
    case 8:
        memcpy(&eight, bytes, sizeof eight);
        return (int64_t)be64toh(eight);
    default:
        return 0;
    }
}

/* PostgreSQL's infinities are the ends of the range. */
static int64_t time_of(int64_t since_2000)
{
    return since_2000 > INT64_MAX - EPOCH_2000_US ? INT64_MAX : since_2000 + EPOCH_2000_US;
}

int64_t pg_integer(struct rows *base, int column)
{
    struct pg_rows *r = (struct pg_rows *)base;
    if (pg_null(base, column)) {
        return 0;
    }
    int64_t n = big_endian(PQgetvalue(r->answer->result, r->row, column),
                           PQgetlength(r->answer->result, r->row, column));
    switch (PQftype(r->answer->result, column)) {
    case OID_TIMESTAMP:
    case OID_TIMESTAMPTZ:
        return time_of(n);
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
        return n;
    default:
        log_write(LOG_ERROR, "a column is no number",
                  LOG_STR("column", PQfname(r->answer->result, column)));
        return 0;
    }
}

/* inet in binary: family, bits, is_cidr, length, address. */
static const char *inet_text(const char *bytes, int length, struct arena *arena)
{
    char text[INET6_ADDRSTRLEN];
    bool four = length == 8;
    if ((!four && length != 20) ||
        !inet_ntop(four ? AF_INET : AF_INET6, bytes + 4, text, sizeof text)) {
        return NULL;
    }
    int bits = (unsigned char)bytes[1];
    return bits == (four ? 32 : 128) ? arena_strdup(arena, text)
                                     : arena_printf(arena, "%s/%d", text, bits);
}

const char *pg_text(struct rows *base, int column, struct arena *arena)
{
    struct pg_rows *r = (struct pg_rows *)base;
    if (pg_null(base, column)) {
        return NULL;
    }
    const char *bytes = PQgetvalue(r->answer->result, r->row, column);
    int length = PQgetlength(r->answer->result, r->row, column);
    switch (PQftype(r->answer->result, column)) {
    case OID_INET:
        return inet_text(bytes, length, arena);
    case OID_JSONB: /* a version number of one byte stands in front */
        return length > 0 ? pg_json_text(arena, bytes + 1, (size_t)length - 1) : NULL;
    default:
        return arena_strndup(arena, bytes, (size_t)length);
    }
}

struct uuid pg_id(struct rows *base, int column)
{
    struct pg_rows *r = (struct pg_rows *)base;
    struct uuid id = uuid_nil;
    if (!pg_null(base, column) && PQftype(r->answer->result, column) == OID_UUID &&
        PQgetlength(r->answer->result, r->row, column) == (int)sizeof id.bytes) {
        memcpy(id.bytes, PQgetvalue(r->answer->result, r->row, column), sizeof id.bytes);
    }
    return id;
}
