/* copy_tables.h: the tables that `countersign copy` brings from one engine to the other, and how a
 * row of each crosses. For copy.c and copy_checks.c. */
#ifndef COUNTERSIGN_STORE_COPY_TABLES_H
#define COUNTERSIGN_STORE_COPY_TABLES_H

#include "store/db.h"

enum {
    COPY_COLUMNS = 40, /* of a table, at most */
    COPY_KEYS = 2,
};

enum copy_rule {
    COPY_AS_IS,
    COPY_FILL,    /* NULL becomes the kind's empty value: the other side has no NULL there */
    COPY_ADDRESS, /* what is no IP address becomes NULL: PostgreSQL's column is inet */
    COPY_UNIQUE,  /* a time that PostgreSQL wants unique: NULL where it is taken already */
};

struct copy_column {
    const char *name;
    enum db_kind kind;
    enum copy_rule rule;
    unsigned lack; /* enum db_lack of schemas that do not have it */
};

struct copy_table {
    const char *name;    /* for people, and to remember where a copy stopped */
    const char *table;   /* with its "@" */
    int keys;            /* the first columns are its key, in whose order it is read */
    const char *where;   /* of rows t that PostgreSQL may hold and SQLite has no place for */
    const char *changed; /* column of the last change; NULL: the number of rows tells enough */
    const struct copy_column *columns;
    int n;
};

extern const struct copy_table copy_tables[];
extern const int copy_tables_count;

/* The table without the columns that one of the two schemas lacks. */
const struct copy_table *copy_table_without(struct arena *arena, const struct copy_table *table,
                                            unsigned lacks);

/* Statements of one table between two given engines. */
struct copy_statements {
    struct sql count, first, next, insert, any;
};
void copy_statements_make(struct arena *arena, const struct copy_table *table, bool from_postgres,
                          bool to_postgres, struct copy_statements *out);

/* The columns of the present row as values for `insert`, good until the arena is gone; ids are kept
 * in ids. */
void copy_row_read(const struct copy_table *table, struct rows *rows, bool to_postgres,
                   struct uuid ids[COPY_COLUMNS], struct db_value values[COPY_COLUMNS]);

/* A key as text and back, to remember it; false: no such text was ever written. */
const char *copy_key_text(struct arena *arena, const struct db_value *value);
bool copy_key_read(const struct copy_column *column, const char *text, struct uuid *id,
                   struct db_value *out);

#endif
