/* dotenv.c: reads NAME=value lines, see dotenv.h. */
#include "config/dotenv.h"

#include "base/strbuf.h"

#include <ctype.h>
#include <string.h>

enum { VALUE_MAX = 1 << 20 };

struct reader {
    struct arena *arena;
    const char *p;
    int line;
    const char *problem;
};

static void skip_blanks(struct reader *r)
{
    while (*r->p == ' ' || *r->p == '\t' || *r->p == '\r') {
        r->p++;
    }
}

static void skip_line(struct reader *r)
{
    while (*r->p && *r->p != '\n') {
        r->p++;
    }
}

static const char *read_name(struct reader *r)
{
    if (strncmp(r->p, "export", 6) == 0 && (r->p[6] == ' ' || r->p[6] == '\t')) {
        r->p += 6;
        skip_blanks(r);
    }
    const char *from = r->p;
    while (isalnum((unsigned char)*r->p) || *r->p == '_' || *r->p == '.') {
        r->p++;
    }
    const char *name = arena_strndup(r->arena, from, (size_t)(r->p - from));
    skip_blanks(r);
    if (r->p == from || (*r->p != '=' && *r->p != ':')) {
        r->problem = "expected NAME=value";
        return NULL;
    }
    r->p++;
    skip_blanks(r);
    return name;
}

/* In single quotes all stands for itself; a quote after a backslash does not end the value, and of
 * both neither goes, except that a quote at the value's end does. That is how the official server's
 * reader of such files has it. */
static bool closes(const char *p, char quote)
{
    return *p == quote && (quote == '"' || p[-1] != '\\');
}

static const char *read_quoted(struct reader *r, char quote)
{
    struct strbuf value = strbuf_in(r->arena, VALUE_MAX);
    strbuf_str(&value, "");
    for (r->p++; *r->p && !closes(r->p, quote); r->p++) {
        r->line += *r->p == '\n';
        if (quote == '"' && *r->p == '\\' && r->p[1]) {
            r->p++;
            strbuf_char(&value, *r->p == 'n' ? '\n' : *r->p == 'r' ? '\r' : *r->p);
        } else {
            strbuf_char(&value, *r->p);
        }
    }
    if (*r->p != quote || !strbuf_ok(&value)) {
        r->problem = *r->p ? "the value is too long" : "the quote is not closed";
        return NULL;
    }
    if (quote == '\'' && r->p[-1] == '\'' && value.len > 0) {
        value.data[--value.len] = 0;
    }
    r->p++;
    skip_line(r);
    return value.data;
}

/* To the end of the line, cut at the last '#' that follows a blank, trimmed. */
static const char *read_bare(struct reader *r)
{
    const char *from = r->p;
    skip_line(r);
    const char *end = r->p;
    for (const char *c = end - 1; c > from; c--) {
        if (*c == '#' && (c[-1] == ' ' || c[-1] == '\t')) {
            end = c;
            break;
        }
    }
    while (end > from && isspace((unsigned char)end[-1])) {
        end--;
    }
    struct strbuf value = strbuf_in(r->arena, VALUE_MAX);
    strbuf_str(&value, "");
    for (const char *c = from; c < end; c++) {
        if (*c == '\\' && c + 1 < end && c[1] == '$') {
            c++;
        }
        strbuf_char(&value, *c);
    }
    return value.data;
}

bool dotenv_read(struct arena *arena, const char *text,
                 void (*put)(void *arg, const char *name, const char *value), void *arg,
                 const char **error)
{
    struct reader r = { .arena = arena, .p = text, .line = 1 };
    for (; *r.p && !r.problem; r.p += *r.p == '\n', r.line++) {
        skip_blanks(&r);
        if (*r.p == '\n' || !*r.p) {
            continue;
        }
        if (*r.p == '#') {
            skip_line(&r);
            continue;
        }
        int line = r.line;
        const char *name = read_name(&r);
        const char *value = !name                         ? NULL
                            : *r.p == '"' || *r.p == '\'' ? read_quoted(&r, *r.p)
                                                          : read_bare(&r);
        if (value) {
            put(arg, name, value);
        } else {
            *error = arena_printf(arena, "line %d: %s", line, r.problem);
        }
    }
    return !r.problem;
}
