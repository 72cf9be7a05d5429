/* template_parts.h: a template as template_read.c makes it and template_fill.c walks it. */
#ifndef COUNTERSIGN_DELIVER_TEMPLATE_PARTS_H
#define COUNTERSIGN_DELIVER_TEMPLATE_PARTS_H

#include "deliver/template.h"

#include <stdint.h>

enum { TEMPLATE_ARGS = 8, TEMPLATE_PATH = 16 };

enum expr_kind { EXPR_PATH, EXPR_TEXT, EXPR_NUMBER, EXPR_TRUTH, EXPR_NIL, EXPR_CALL };

enum function { FN_NOT, FN_AND, FN_OR, FN_EQ, FN_NE, FN_INDEX };

struct expr {
    enum expr_kind kind;
    bool root;                       /* of a path: begins at $ */
    const char *path[TEMPLATE_PATH]; /* members, one below the other */
    const char *text;
    int64_t number; /* also of a truth */
    enum function function;
    const struct expr *args[TEMPLATE_ARGS];
    int n; /* of members or arguments */
};

enum node_kind { NODE_LITERAL, NODE_VALUE, NODE_IF, NODE_WITH };

struct node {
    enum node_kind kind;
    const char *text; /* of a literal */
    size_t len;
    const struct expr *expr;
    struct node *yes, *no; /* lists */
    struct node *next;
};

struct template
{
    struct node *first;
};

#endif
