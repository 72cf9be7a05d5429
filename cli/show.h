/* show.h: output: text that cannot play tricks with the terminal, tables, and JSON. */
#ifndef COUNTERSIGN_CLI_SHOW_H
#define COUNTERSIGN_CLI_SHOW_H

#include "base/json.h"
#include "countersign.h"

/* The text with control characters, those that turn the direction of writing, and bytes that are no
 * UTF-8, as '?'. NULL is "". Everything that comes from a server or a user goes through this before
 * it is shown. */
const char *safe(struct arena *arena, const char *text);

/* The same, but lines stay lines: for a whole message. */
const char *safe_lines(struct arena *arena, const char *text);

/* In columns of a terminal. */
int text_width(const char *text);

/* A time of the server's to the second, or "-". */
const char *short_time(struct arena *arena, const char *rfc3339);

/* The same from seconds since 1970. */
const char *time_text(struct arena *arena, int64_t unix_s);

enum { TABLE_COLUMNS = 6, TABLE_ROWS = 1001 };

struct table {
    struct arena *arena;
    int columns, rows;
    const char **cells;
};

/* A table whose first row are the headings; the last of them is NULL. Cells are made safe. */
struct table table_new(struct arena *arena, const char *const *headings);
void table_row(struct table *table, const char *const *cells);
void table_print(const struct table *table);

/* A JSON object member by member; commas come by themselves. */
struct strbuf json_begin(struct arena *arena, char opening);
void json_add_text(struct strbuf *out, const char *key, const char *value);
void json_add_int(struct strbuf *out, const char *key, int64_t value);
void json_add_bool(struct strbuf *out, const char *key, bool value);
void json_add_raw(struct strbuf *out, const char *key, const char *json); /* key NULL: an item */

/* Closes it and prints it as a line. */
void json_end(struct strbuf *out, char closing);

/* A value as it came, on a line. */
void json_print(struct arena *arena, const struct json_t *value);

/* A factor as the HTTP API shows it. */
const char *factor_json(struct arena *arena, const cs_factor *factor);

#endif
