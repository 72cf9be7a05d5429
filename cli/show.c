/* show.c: text, tables and JSON on the standard output, see show.h. */
#include "show.h"

#include "base/rfc3339.h"

#include <stdio.h>
#include <string.h>

#define JSON_MAX ((size_t)64 * 1024 * 1024)

const char *short_time(struct arena *arena, const char *rfc3339)
{
    if (!rfc3339 || !*rfc3339) {
        return "-";
    }
    size_t len = strcspn(rfc3339, ".Z");
    const char *clean = safe(arena, rfc3339);
    return arena_printf(arena, "%.*sZ", (int)len, clean);
}

const char *time_text(struct arena *arena, int64_t unix_s)
{
    char buffer[RFC3339_TEXT];
    return short_time(arena, unix_s > 0 ? rfc3339_format(unix_s * 1000000, buffer) : NULL);
}

struct table table_new(struct arena *arena, const char *const *headings)
{
    struct table table = { .arena = arena };
    while (table.columns < TABLE_COLUMNS && headings[table.columns]) {
        table.columns++;
    }
    table.cells = ARENA_ARRAY(arena, const char *, TABLE_ROWS *TABLE_COLUMNS);
    table_row(&table, headings);
    return table;
}

void table_row(struct table *table, const char *const *cells)
{
    if (table->rows >= TABLE_ROWS) {
        return;
    }
    for (int i = 0; i < table->columns; i++) {
        const char *cell = safe(table->arena, cells[i]);
        table->cells[table->rows * TABLE_COLUMNS + i] = *cell ? cell : "-";
    }
    table->rows++;
}

void table_print(const struct table *table)
{
    int widths[TABLE_COLUMNS] = { 0 };
    for (int i = 0; i < table->rows * TABLE_COLUMNS; i++) {
        int column = i % TABLE_COLUMNS;
        int width = column < table->columns ? text_width(table->cells[i]) : 0;
        widths[column] = width > widths[column] ? width : widths[column];
    }
    for (int row = 0; row < table->rows; row++) {
        const char **cells = &table->cells[row * TABLE_COLUMNS];
        for (int i = 0; i < table->columns; i++) {
            bool last = i + 1 == table->columns;
            int pad = last ? 0 : widths[i] - text_width(cells[i]) + 2;
            printf("%s%*s%s", cells[i], pad, "", last ? "\n" : "");
        }
    }
}

struct strbuf json_begin(struct arena *arena, char opening)
{
    struct strbuf out = strbuf_in(arena, JSON_MAX);
    strbuf_char(&out, opening);
    return out;
}

static void key_of(struct strbuf *out, const char *key)
{
    char last = out->data[out->len - 1];
    if (last != '{' && last != '[') {
        strbuf_char(out, ',');
    }
    if (key) {
        json_quote(out, key);
        strbuf_char(out, ':');
    }
}

void json_add_text(struct strbuf *out, const char *key, const char *value)
{
    key_of(out, key);
    json_quote(out, value ? value : "");
}

void json_add_int(struct strbuf *out, const char *key, int64_t value)
{
    key_of(out, key);
    strbuf_int(out, value);
}

void json_add_bool(struct strbuf *out, const char *key, bool value)
{
    key_of(out, key);
    strbuf_str(out, value ? "true" : "false");
}

void json_add_raw(struct strbuf *out, const char *key, const char *json)
{
    key_of(out, key);
    strbuf_str(out, json && *json ? json : "null");
}

void json_end(struct strbuf *out, char closing)
{
    strbuf_char(out, closing);
    puts(strbuf_ok(out) ? out->data : "null");
}

void json_print(struct arena *arena, const struct json_t *value)
{
    struct strbuf out = strbuf_in(arena, JSON_MAX);
    json_write(&out, value);
    puts(strbuf_ok(&out) ? out.data : "null");
}

const char *factor_json(struct arena *arena, const cs_factor *factor)
{
    struct strbuf out = json_begin(arena, '{');
    json_add_text(&out, "id", factor->id);
    json_add_text(&out, "factor_type", factor->factor_type);
    json_add_text(&out, "status", factor->status);
    json_add_text(&out, "friendly_name", factor->friendly_name);
    json_add_text(&out, "phone", factor->phone);
    json_add_text(&out, "created_at", factor->created_at);
    json_add_text(&out, "updated_at", factor->updated_at);
    json_add_text(&out, "last_challenged_at", factor->last_challenged_at);
    strbuf_char(&out, '}');
    return strbuf_ok(&out) ? out.data : "null";
}
