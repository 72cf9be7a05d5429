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

/* --- statements --- */

enum db_status pg_exec(struct db *base, struct sql *sql, const struct db_value *values, int n,
                       int64_t *changed)
{
    struct pg_db *db = (struct pg_db *)base;
    enum db_status status = pg_send(db, sql, values, n, NULL, changed);
    return status == DB_OK && changed ? pg_collect(db) : status;
}

enum db_status pg_query(struct db *base, struct sql *sql, const struct db_value *values, int n,
                        struct rows **out)
{
    struct pg_db *db = (struct pg_db *)base;
    struct pg_rows *r = NULL;
    for (int i = 0; i < PG_ROWS && !r; i++) {
        r = db->rows[i].base.engine ? NULL : &db->rows[i];
    }
    if (!r) {
        log_write(LOG_ERROR, "too many queries under way", LOG_STR("doing", sql->text));
        return DB_IO;
    }
    *r = (struct pg_rows){ .base = { .engine = base->engine }, .db = db, .row = -1 };
    enum db_status status = pg_send(db, sql, values, n, r, NULL);
    if (status != DB_OK) {
        r->base.engine = NULL;
        return status;
    }
    *out = &r->base;
    return DB_OK;
}

/* --- rows --- */

enum db_status pg_next(struct rows *base, bool *has_row)
{
    struct pg_rows *r = (struct pg_rows *)base;
    if (!r->result) {
        enum db_status status = pg_collect(r->db);
        if (status != DB_OK || !r->result) {
            return status != DB_OK ? status : DB_IO;
        }
    }
    if (r->row < r->count) {
        r->row++;
    }
    *has_row = r->row < r->count;
    return DB_OK;
}

void pg_end(struct rows *base)
{
    struct pg_rows *r = (struct pg_rows *)base;
    for (int i = 0; i < r->db->n_sent; i++) {
        if (r->db->sent[i].rows == r) {
            r->db->sent[i].rows = NULL; /* nobody waits for it any more */
        }
    }
    PQclear(r->result);
    r->result = NULL;
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
    return r->result && r->row >= 0 && r->row < r->count;
}

bool pg_null(struct rows *base, int column)
{
    struct pg_rows *r = (struct pg_rows *)base;
    return !at_row(r) || PQgetisnull(r->result, r->row, column);
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
    int64_t n = big_endian(PQgetvalue(r->result, r->row, column),
                           PQgetlength(r->result, r->row, column));
    switch (PQftype(r->result, column)) {
    case OID_TIMESTAMP:
    case OID_TIMESTAMPTZ:
        return time_of(n);
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
        return n;
    default:
        log_write(LOG_ERROR, "a column is no number", LOG_STR("column", PQfname(r->result, column)));
        return 0;
    }
}

/* inet in binary: family, bits, is_cidr, length, address. */
static const char *inet_text(const char *bytes, int length, struct arena *arena)
{
    char text[INET6_ADDRSTRLEN];
    bool four = length == 8;
    if ((!four && length != 20) || !inet_ntop(four ? AF_INET : AF_INET6, bytes + 4, text,
                                              sizeof text)) {
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
    const char *bytes = PQgetvalue(r->result, r->row, column);
    int length = PQgetlength(r->result, r->row, column);
    switch (PQftype(r->result, column)) {
    case OID_INET:
        return inet_text(bytes, length, arena);
    case OID_JSONB: /* a version number of one byte stands in front */
        return length > 0 ? arena_strndup(arena, bytes + 1, (size_t)length - 1) : NULL;
    default:
        return arena_strndup(arena, bytes, (size_t)length);
    }
}

struct uuid pg_id(struct rows *base, int column)
{
    struct pg_rows *r = (struct pg_rows *)base;
    struct uuid id = uuid_nil;
    if (!pg_null(base, column) && PQftype(r->result, column) == OID_UUID &&
        PQgetlength(r->result, r->row, column) == (int)sizeof id.bytes) {
        memcpy(id.bytes, PQgetvalue(r->result, r->row, column), sizeof id.bytes);
    }
    return id;
}
