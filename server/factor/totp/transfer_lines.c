/* transfer_lines.c: factors one a line: otpauth:// URIs, or CSV (RFC 4180) under a heading that
 * names the columns, with commas, semicolons or tabs between them, see transfer.h. */
#include "base/utf8.h"
#include "factor/totp/key_uri.h"
#include "factor/totp/transfer_parts.h"

#include <string.h>
#include <strings.h>

enum { COLUMNS_MAX = 32 };

enum column {
    SKIPPED,
    ACCOUNT,
    USER_ID,
    EMAIL,
    PHONE,
    NAME,
    SECRET,
    TOTP,
    TYPE,
    ALGORITHM,
    DIGITS,
    PERIOD
};

struct reading {
    struct transfer *t;
    FILE *in;
    int next; /* the first byte of the next line, or EOF */
    int64_t number;
    char line[TRANSFER_LINE_MAX + 1];
    size_t len;
    bool too_long;
    enum { UNKNOWN, URIS, CSV } form;
    char separator;
    enum column columns[COLUMNS_MAX];
    int n_columns;
    struct transfer_batches batches;
};

/* false at the end. Of a line that is too long the rest is left out. */
static bool read_line(struct reading *r)
{
    int c = r->next;
    r->len = 0;
    r->too_long = false;
    if (c == EOF) {
        return false;
    }
    for (; c != EOF && c != '\n'; c = getc(r->in)) {
        if (r->len < TRANSFER_LINE_MAX) {
            r->line[r->len++] = (char)c;
        } else {
            r->too_long = true;
        }
    }
    r->len -= r->len && r->line[r->len - 1] == '\r';
    r->line[r->len] = '\0';
    r->next = c == EOF ? EOF : getc(r->in);
    r->number++;
    return true;
}

/* Splits a line in place. -1: a quote is open or misplaced, or there are too many fields. */
static int split(char *line, char separator, char *fields[COLUMNS_MAX])
{
    int n = 0;
    for (char *at = line;; at++) {
        if (n == COLUMNS_MAX) {
            return -1;
        }
        char *to = at;
        fields[n++] = to;
        if (*at == '"') {
            for (at++; *at && (*at != '"' || at[1] == '"'); at++) {
                at += *at == '"';
                *to++ = *at;
            }
            if (*at++ != '"') {
                return -1;
            }
        } else {
            size_t len = strcspn(at, (char[]){ separator, '\0' });
            at += len;
            to += len;
        }
        if (*at && *at != separator) {
            return -1;
        }
        bool last = !*at;
        *to = '\0';
        if (last) {
            return n;
        }
    }
}

static enum column column_of(const char *name)
{
    static const struct {
        const char *name;
        enum column column;
    } known[] = {
        { "username", ACCOUNT },    { "user", ACCOUNT },
        { "account", ACCOUNT },     { "login_username", ACCOUNT },
        { "totp", TOTP },           { "login_totp", TOTP },
        { "otpauth", TOTP },        { "otp_type", TYPE },
        { "user_id", USER_ID },     { "email", EMAIL },
        { "phone", PHONE },         { "friendly_name", NAME },
        { "name", NAME },           { "secret", SECRET },
        { "algorithm", ALGORITHM }, { "digits", DIGITS },
        { "period", PERIOD },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcasecmp(name, known[i].name) == 0) {
            return known[i].column;
        }
    }
    return SKIPPED;
}

static bool has(const struct reading *r, enum column column)
{
    for (int i = 0; i < r->n_columns; i++) {
        if (r->columns[i] == column) {
            return true;
        }
    }
    return false;
}

static bool read_heading_with(struct reading *r, struct arena *arena)
{
    char *fields[COLUMNS_MAX];
    int n = split(arena_strdup(arena, r->line), r->separator, fields);
    for (int i = 0; i < n; i++) {
        r->columns[i] = column_of(fields[i]);
        r->n_columns = i + 1;
    }
    return (has(r, SECRET) || has(r, TOTP)) &&
           (has(r, ACCOUNT) || has(r, USER_ID) || has(r, EMAIL) || has(r, PHONE));
}

/* Is the first line a heading that names a secret and a user? With the separators of all tables. */
static bool read_heading(struct reading *r, struct arena *arena)
{
    static const char separators[] = ",;\t";
    for (const char *s = separators; *s; s++) {
        r->separator = *s;
        r->n_columns = 0;
        if (read_heading_with(r, arena)) {
            return true;
        }
    }
    return false;
}

static void read_field(struct arena *arena, struct transfer_row *row, enum column column,
                       const char *text)
{
    switch (column) {
    case SKIPPED:
        break;
    case ACCOUNT:
        transfer_account(row, text);
        break;
    case USER_ID:
        row->user_id = *text ? text : NULL;
        break;
    case EMAIL:
        row->email = *text ? text : NULL;
        break;
    case PHONE:
        row->phone = *text ? text : NULL;
        break;
    case NAME:
        row->friendly_name = text;
        break;
    case SECRET:
        transfer_secret(arena, row, text);
        break;
    case TOTP:
        break; /* after the account */
    case TYPE:
        transfer_type(row, text);
        break;
    case ALGORITHM:
        transfer_digest(row, text);
        break;
    case DIGITS:
        row->kind.digits = key_uri_number(text, row->kind.digits);
        break;
    case PERIOD:
        row->kind.period_s = key_uri_number(text, row->kind.period_s);
        break;
    }
}

static void read_csv(struct reading *r, struct arena *arena, struct transfer_row *row,
                     bool *without)
{
    char *fields[COLUMNS_MAX];
    int n = split(r->line, r->separator, fields);
    if (n != r->n_columns) {
        row->wrong = n < 0 ? "its quotes are not closed, or stand inside of a field"
                           : "it has another number of fields than the heading";
        return;
    }
    for (int i = 0; i < n; i++) {
        read_field(arena, row, r->columns[i], fields[i]);
    }
    for (int i = 0; i < n; i++) {
        if (r->columns[i] == TOTP && *fields[i]) {
            transfer_totp(arena, row, fields[i]);
        } else if (r->columns[i] == TOTP && !has(r, SECRET)) {
            *without = true;
        }
    }
}

static void read_row(struct reading *r, struct arena *arena)
{
    struct transfer_row row =
        transfer_row_at(arena_printf(arena, "line %lld", (long long)r->number));
    const char *line = r->line + strspn(r->line, " \t");
    bool without = false;
    if (r->too_long) {
        row.wrong = "it is longer than 8192 bytes";
    } else if (!utf8_valid(r->line, r->len)) {
        row.wrong = "it is not UTF-8 text";
    } else if (r->form == CSV) {
        read_csv(r, arena, &row, &without);
    } else if (transfer_is_migration(line)) {
        transfer_migration(r->t, arena, row.where, line, &r->batches);
        return;
    } else {
        transfer_uri(arena, &row, line);
    }
    if (without) {
        r->t->without++;
    } else {
        transfer_give(r->t, &row);
    }
}

void transfer_lines(struct transfer *t, FILE *in, int first)
{
    struct arena *outer = arena_new(); /* wiped at the end, as lines hold secrets */
    struct reading *r = ARENA_NEW(outer, struct reading);
    r->t = t;
    r->in = in;
    r->next = first;
    while (!t->stopped && read_line(r)) {
        bool blank = !r->line[strspn(r->line, " \t")] && !r->too_long && strlen(r->line) == r->len;
        bool hint = r->form == UNKNOWN && strncmp(r->line, "sep=", 4) == 0; /* for Excel */
        if (blank || hint || (r->form != CSV && r->line[0] == '#')) {
            continue;
        }
        struct arena *arena = arena_new();
        bool heading = r->form == UNKNOWN && !r->too_long && read_heading(r, arena);
        r->form = r->form != UNKNOWN ? r->form : heading ? CSV : URIS;
        if (!heading) {
            read_row(r, arena);
        }
        arena_free(&arena);
    }
    transfer_batches_end(t, outer, &r->batches);
    arena_free(&outer);
}
