/* admin_audit.c: GET /admin/audit (accounts.md 6.2). */
#include "api/handlers.h"
#include "api/paging.h"
#include "api/views.h"
#include "base/utf8.h"

#include <string.h>

/* Row AU2: author:x, action:x or type:x; an empty value is no filter. */
static enum problem read_query(struct call *call, struct audit_query *query)
{
    const char *text;
    enum problem problem = call_query(call, "query", &text);
    *query = (struct audit_query){ .field = AUDIT_ANY, .part = "" };
    if (problem || !text || !*text) {
        return problem;
    }
    static const struct {
        const char *prefix;
        enum audit_field field;
    } scopes[] = {
        { "author:", AUDIT_AUTHOR },
        { "action:", AUDIT_ACTION },
        { "type:", AUDIT_TYPE },
    };
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        size_t len = strlen(scopes[i].prefix);
        if (strncmp(text, scopes[i].prefix, len) == 0) {
            query->part = text + len;
            query->field = *query->part ? scopes[i].field : AUDIT_ANY;
            return P_OK;
        }
    }
    return ctx_fail(&call->ctx, P_BAD_AUDIT_QUERY,
                    arena_strndup(call->ctx.arena, text, utf8_prefix(text, 128)));
}

enum problem admin_audit_get(struct call *call, struct tx *tx)
{
    struct page page;
    struct audit_query query;
    enum problem problem = page_read(call, &page);
    if (!problem) {
        problem = read_query(call, &query);
    }
    if (problem) {
        return problem;
    }
    query.limit = page.size;
    query.offset = page_offset(&page);
    struct audit_list *list = ARENA_NEW(call->ctx.arena, struct audit_list);
    list->count = audit_page(tx, &query, &list->rows);
    call->reply.n_headers = 0;
    page_headers(call, &page, audit_count(tx, &query));
    return reply_with(call, view_audit, list);
}
