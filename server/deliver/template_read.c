/* template_read.c: reads the part of Go's template language that template.h names. A recursive
 * descent with a bounded depth; the first error sticks. */
#include "deliver/template_parts.h"

#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 32, NAME_SHOWN = 40 };

enum ender { ENDED_BY_FILE, ENDED_BY_END, ENDED_BY_ELSE, ENDED_BY_ELSE_IF };

struct parser {
    struct arena *arena;
    const char *text, *p;
    const char *error;
    bool trim; /* the last action ended in -}} */
    int depth;
};

static void fail(struct parser *r, const char *what)
{
    int line = 1;
    for (const char *p = r->text; !r->error && p < r->p; p++) {
        line += *p == '\n';
    }
    if (!r->error) {
        r->error = arena_printf(r->arena, "line %d: %s", line, what);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct parser *r)
{
    while (is_blank(*r->p)) {
        r->p++;
    }
}

static bool at_close(const struct parser *r)
{
    return strncmp(r->p, "}}", 2) == 0 ||
           (strncmp(r->p, "-}}", 3) == 0 && r->p > r->text && is_blank(r->p[-1]));
}

/* Reads the end of an action. */
static void close_action(struct parser *r)
{
    skip_blanks(r);
    if (r->error || !at_close(r)) {
        fail(r, *r->p ? "only simple values, if, with, eq, ne, not, and, or and index are supported"
                      : "an action is not closed with }}");
        return;
    }
    r->trim = *r->p == '-';
    r->p += r->trim ? 3 : 2;
}

/* The name here, such as "if"; "" if there is none. */
static const char *read_name(struct parser *r)
{
    const char *from = r->p;
    while (isalnum((unsigned char)*r->p) || *r->p == '_' || (unsigned char)*r->p >= 0x80) {
        r->p++;
    }
    return arena_strndup(r->arena, from, (size_t)(r->p - from));
}

static struct expr *read_path(struct parser *r)
{
    struct expr *e = ARENA_NEW(r->arena, struct expr);
    e->kind = EXPR_PATH;
    e->root = *r->p == '$';
    r->p += e->root;
    while (*r->p == '.' && !r->error) {
        r->p++;
        const char *name = read_name(r);
        if (!*name) {
            if (e->n || e->root) {
                fail(r, "a field name is missing");
            }
            break;
        }
        if (e->n == TEMPLATE_PATH) {
            fail(r, "a field lies too deep");
            break;
        }
        e->path[e->n++] = name;
    }
    return e;
}

static struct expr *read_text(struct parser *r)
{
    struct expr *e = ARENA_NEW(r->arena, struct expr);
    char quote = *r->p++;
    const char *end = r->p;
    bool escapes = quote == '"';
    while (*end && *end != quote && *end != '\n') {
        end += escapes && *end == '\\' && end[1] && end[1] != '\n' ? 2 : 1;
    }
    char *out = arena_alloc(r->arena, (size_t)(end - r->p) + 1), *to = out;
    for (; r->p < end; r->p++) {
        if (escapes && *r->p == '\\' && r->p + 1 < end) {
            r->p++;
            *to++ = *r->p == 'n' ? '\n' : *r->p == 't' ? '\t' : *r->p;
        } else {
            *to++ = *r->p;
        }
    }
    if (*r->p != quote) {
        fail(r, "a text is not closed");
    } else {
        r->p++;
    }
    e->kind = EXPR_TEXT;
    e->text = out;
    return e;
}

static struct expr *read_number(struct parser *r)
{
    struct expr *e = ARENA_NEW(r->arena, struct expr);
    bool negative = *r->p == '-';
    r->p += negative;
    e->kind = EXPR_NUMBER;
    for (int digits = 0; isdigit((unsigned char)*r->p); r->p++) {
        e->number = e->number * 10 + (*r->p - '0');
        if (++digits > 15) {
            fail(r, "a number is too long");
            break;
        }
    }
    e->number = negative ? -e->number : e->number;
    return e;
}

static const struct expr *read_call(struct parser *r);

/* A function's name with its arguments, true, false or nil. */
static struct expr *read_word(struct parser *r, bool may_call);

static const struct expr *read_operand(struct parser *r, bool may_call)
{
    skip_blanks(r);
    if (r->error) {
        return NULL;
    }
    if (*r->p == '.' || *r->p == '$') {
        return read_path(r);
    }
    if (*r->p == '"' || *r->p == '`') {
        return read_text(r);
    }
    if (isdigit((unsigned char)*r->p) || (*r->p == '-' && isdigit((unsigned char)r->p[1]))) {
        return read_number(r);
    }
    if (*r->p != '(') {
        return read_word(r, may_call);
    }
    r->p++;
    if (++r->depth > DEPTH_MAX) {
        fail(r, "parentheses are nested too deeply");
        return NULL;
    }
    const struct expr *inner = read_call(r);
    r->depth--;
    skip_blanks(r);
    if (*r->p != ')') {
        fail(r, "a parenthesis is not closed");
    } else {
        r->p++;
    }
    return inner;
}

static void read_arguments(struct parser *r, struct expr *call, int least, int most)
{
    for (skip_blanks(r); !r->error && *r->p && *r->p != ')' && !at_close(r); skip_blanks(r)) {
        if (call->n == most) {
            fail(r, "a function has too many arguments");
            return;
        }
        call->args[call->n++] = read_operand(r, false);
    }
    if (call->n < least) {
        fail(r, "a function has too few arguments");
    }
}

static struct expr *read_word(struct parser *r, bool may_call)
{
    static const struct {
        const char *name;
        int least, most;
    } functions[] = {
        [FN_NOT] = { "not", 1, 1 },
        [FN_AND] = { "and", 1, TEMPLATE_ARGS },
        [FN_OR] = { "or", 1, TEMPLATE_ARGS },
        [FN_EQ] = { "eq", 2, TEMPLATE_ARGS },
        [FN_NE] = { "ne", 2, 2 },
        [FN_INDEX] = { "index", 2, TEMPLATE_ARGS },
    };
    struct expr *e = ARENA_NEW(r->arena, struct expr);
    const char *name = read_name(r);
    bool truth = strcmp(name, "true") == 0;
    if (truth || strcmp(name, "false") == 0 || strcmp(name, "nil") == 0) {
        e->kind = *name == 'n' ? EXPR_NIL : EXPR_TRUTH;
        e->number = truth;
        return e;
    }
    for (size_t i = 0; may_call && i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(name, functions[i].name) == 0) {
            e->kind = EXPR_CALL;
            e->function = (enum function)i;
            read_arguments(r, e, functions[i].least, functions[i].most);
            return e;
        }
    }
    fail(r, *name ? arena_printf(r->arena, "\"%.*s\" is not supported here", NAME_SHOWN, name)
                  : "a value is missing or not supported");
    return e;
}

static const struct expr *read_call(struct parser *r)
{
    return read_operand(r, true);
}

static struct node *read_list(struct parser *r, enum ender *ender);

/* From after the word "if" or "with" to its end. */
static struct node *read_branch(struct parser *r, enum node_kind kind)
{
    enum ender ender = ENDED_BY_FILE;
    struct node *node = ARENA_NEW(r->arena, struct node);
    node->kind = kind;
    if (++r->depth > DEPTH_MAX) {
        fail(r, "if is nested too deeply");
        return node;
    }
    node->expr = read_call(r);
    close_action(r);
    node->yes = read_list(r, &ender);
    if (ender == ENDED_BY_ELSE_IF) {
        node->no = read_branch(r, NODE_IF);
        ender = ENDED_BY_END;
    } else if (ender == ENDED_BY_ELSE) {
        node->no = read_list(r, &ender);
    }
    if (ender != ENDED_BY_END) {
        fail(r, "{{ end }} is missing");
    }
    r->depth--;
    return node;
}

static void skip_comment(struct parser *r)
{
    const char *end = strstr(r->p, "*/");
    r->p = end ? end + 2 : r->p + strlen(r->p);
    close_action(r);
}

/* After "else". */
static enum ender read_else(struct parser *r)
{
    skip_blanks(r);
    const char *name = read_name(r);
    if (strcmp(name, "if") == 0) {
        return ENDED_BY_ELSE_IF;
    }
    if (*name) {
        fail(r, "after else only if is supported");
    }
    close_action(r);
    return ENDED_BY_ELSE;
}

/* After "{{". The node that it makes, or NULL with *ended: it ends the list, or made nothing. */
static struct node *read_action(struct parser *r, enum ender *ender, bool *ended)
{
    skip_blanks(r);
    if (strncmp(r->p, "/*", 2) == 0) {
        skip_comment(r);
        return NULL;
    }
    const char *from = r->p, *name = read_name(r);
    bool if_ = strcmp(name, "if") == 0;
    if (if_ || strcmp(name, "with") == 0) {
        return read_branch(r, if_ ? NODE_IF : NODE_WITH);
    }
    *ended = true;
    if (strcmp(name, "end") == 0) {
        close_action(r);
        *ender = ENDED_BY_END;
        return NULL;
    }
    if (strcmp(name, "else") == 0) {
        *ender = read_else(r);
        return NULL;
    }
    *ended = false;
    r->p = from;
    struct node *node = ARENA_NEW(r->arena, struct node);
    node->kind = NODE_VALUE;
    node->expr = read_call(r);
    close_action(r);
    return node;
}

/* The text up to the next action, without the white space that marks take away. */
static struct node *read_literal(struct parser *r)
{
    struct node *node = ARENA_NEW(r->arena, struct node);
    if (r->trim) {
        skip_blanks(r);
        r->trim = false;
    }
    const char *from = r->p, *open = strstr(from, "{{");
    size_t len = open ? (size_t)(open - from) : strlen(from);
    r->p += len;
    if (open && open[2] == '-' && is_blank(open[3])) {
        while (len && is_blank(from[len - 1])) {
            len--;
        }
    }
    node->kind = NODE_LITERAL;
    node->text = from;
    node->len = len;
    return node;
}

static struct node *read_list(struct parser *r, enum ender *ender)
{
    struct node *first = NULL, **end = &first;
    *ender = ENDED_BY_FILE;
    while (!r->error) {
        *end = read_literal(r);
        end = &(*end)->next;
        if (!*r->p) {
            break;
        }
        r->p += r->p[2] == '-' && is_blank(r->p[3]) ? 3 : 2;
        bool ended = false;
        *end = read_action(r, ender, &ended);
        end = *end ? &(*end)->next : end;
        if (ended) {
            break;
        }
    }
    return first;
}

const struct template *template_read(struct arena *arena, const char *text, const char **error)
{
    struct parser r = { .arena = arena, .text = arena_strdup(arena, text) };
    struct template *template = ARENA_NEW(arena, struct template);
    enum ender ender;
    r.p = r.text;
    template->first = read_list(&r, &ender);
    if (!r.error && ender != ENDED_BY_FILE) {
        fail(&r, "{{ end }} or {{ else }} without {{ if }}");
    }
    *error = r.error;
    return r.error ? NULL : template;
}
