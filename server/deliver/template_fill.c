/* template_fill.c: walks a template that was read and writes the result, see template.h. */
#include "deliver/html_context.h"
#include "deliver/template_parts.h"

#include <string.h>

enum { RESULT_MAX = 8 << 20 };

struct walk {
    struct arena *arena;
    enum template_form form;
    const struct json_t *root, *dot;
    struct html_context html;
    struct strbuf out;
    const char *error;
};

/* What an expression gives: a JSON value (NULL: absent) or a literal of the template. */
struct value {
    const struct json_t *json;
    const char *text;
    enum { VALUE_JSON, VALUE_TEXT, VALUE_NUMBER, VALUE_TRUTH } kind;
    int64_t number;
};

static struct value of_json(const struct json_t *json)
{
    struct value v = { .json = json };
    const char *text = json_text(json);
    if (text) {
        v.kind = VALUE_TEXT;
        v.text = text;
    } else if (json_kind_of(json) == KIND_BOOL) {
        v.kind = VALUE_TRUTH;
        v.number = json_truth(json);
    } else if (json_kind_of(json) == KIND_INT && json_int(json, &v.number)) {
        v.kind = VALUE_NUMBER;
    }
    return v;
}

static bool is_true(const struct value *v)
{
    double real;
    switch (v->kind) {
    case VALUE_TEXT:
        return *v->text != '\0';
    case VALUE_NUMBER:
    case VALUE_TRUTH:
        return v->number != 0;
    case VALUE_JSON:
        break;
    }
    return json_double(v->json, &real) ? real != 0 : json_count(v->json) > 0;
}

static bool are_equal(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind || a->kind == VALUE_JSON) {
        return !a->json && !b->json && a->kind == b->kind;
    }
    return a->kind == VALUE_TEXT ? strcmp(a->text, b->text) == 0 : a->number == b->number;
}

static struct value eval(struct walk *w, const struct expr *e);

static struct value truth(bool yes)
{
    return (struct value){ .kind = VALUE_TRUTH, .number = yes };
}

static struct value eval_index(struct walk *w, const struct expr *e)
{
    struct value at = eval(w, e->args[0]);
    for (int i = 1; i < e->n; i++) {
        struct value key = eval(w, e->args[i]);
        const struct json_t *next = key.kind == VALUE_TEXT ? json_member(at.json, key.text)
                                    : key.kind == VALUE_NUMBER && key.number >= 0
                                        ? json_nth(at.json, (size_t)key.number)
                                        : NULL;
        at = of_json(next);
    }
    return at;
}

static struct value eval_call(struct walk *w, const struct expr *e)
{
    if (e->function == FN_INDEX) {
        return eval_index(w, e);
    }
    struct value first = eval(w, e->args[0]);
    if (e->function == FN_NOT) {
        return truth(!is_true(&first));
    }
    bool and_ = e->function == FN_AND;
    for (int i = 1; i < e->n; i++) {
        if ((and_ || e->function == FN_OR) && is_true(&first) != and_) {
            return first;
        }
        struct value next = eval(w, e->args[i]);
        if (e->function == FN_NE) {
            return truth(!are_equal(&first, &next));
        }
        if (e->function == FN_EQ && are_equal(&first, &next)) {
            return truth(true);
        }
        first = e->function == FN_EQ ? first : next;
    }
    return e->function == FN_EQ ? truth(false) : first;
}

static struct value eval(struct walk *w, const struct expr *e)
{
    const struct json_t *at = e->root ? w->root : w->dot;
    switch (e->kind) {
    case EXPR_PATH:
        for (int i = 0; i < e->n; i++) {
            at = json_member(at, e->path[i]);
        }
        return of_json(at);
    case EXPR_TEXT:
        return (struct value){ .kind = VALUE_TEXT, .text = e->text };
    case EXPR_NUMBER:
        return (struct value){ .kind = VALUE_NUMBER, .number = e->number };
    case EXPR_TRUTH:
        return truth(e->number);
    case EXPR_CALL:
        return eval_call(w, e);
    case EXPR_NIL:
        break;
    }
    return of_json(NULL);
}

static const char *shown(struct walk *w, const struct value *v)
{
    struct strbuf b = strbuf_in(w->arena, RESULT_MAX);
    switch (v->kind) {
    case VALUE_TEXT:
        return v->text;
    case VALUE_NUMBER:
        return arena_printf(w->arena, "%lld", (long long)v->number);
    case VALUE_TRUTH:
        return v->number ? "true" : "false";
    case VALUE_JSON:
        break;
    }
    if (!v->json) {
        return "";
    }
    json_write(&b, v->json);
    return strbuf_ok(&b) ? b.data : "";
}

static void write_value(struct walk *w, const struct expr *e)
{
    struct value v = eval(w, e);
    const char *text = shown(w, &v);
    if (w->form == TEMPLATE_TEXT) {
        strbuf_str(&w->out, text);
    } else if (!html_write_value(&w->html, &w->out, text)) {
        w->error = "a value stands inside a script or a tag, where it cannot be made safe";
    }
}

static void write_list(struct walk *w, const struct node *node)
{
    for (; node && !w->error; node = node->next) {
        if (node->kind == NODE_LITERAL) {
            strbuf_add(&w->out, node->text, node->len);
            html_follow(&w->html, node->text, node->len);
            w->error = w->form != TEMPLATE_TEXT && w->html.unsafe
                           ? "a value and the text behind it make an address that runs a script"
                           : NULL;
            continue;
        }
        if (node->kind == NODE_VALUE) {
            write_value(w, node->expr);
            continue;
        }
        const struct json_t *outer = w->dot;
        struct value v = eval(w, node->expr);
        bool yes = is_true(&v);
        w->dot = yes && node->kind == NODE_WITH ? v.json : outer;
        write_list(w, yes ? node->yes : node->no);
        w->dot = outer;
    }
}

const char *template_fill(const struct template *template, struct arena *arena,
                          enum template_form form, const struct json_t *fields, const char **error)
{
    struct walk w = { .arena = arena, .form = form, .root = fields, .dot = fields };
    w.out = strbuf_in(arena, RESULT_MAX);
    strbuf_str(&w.out, "");
    write_list(&w, template->first);
    if (!w.error && !strbuf_ok(&w.out)) {
        w.error = "the result is too long";
    }
    *error = w.error;
    return w.error ? NULL : w.out.data;
}
