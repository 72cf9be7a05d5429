/* paging.c: reading page numbers and writing links to other pages, see paging.h. */
#include "api/paging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_DEFAULT = 50, SIZE_MOST = 1000 };
#define PAGE_MOST INT64_C(1000000000)

static enum problem number(struct call *call, const char *name, int64_t least, int64_t most,
                           int64_t preset, int64_t *out)
{
    const char *text;
    enum problem problem = call_query(call, name, &text);
    *out = preset;
    if (problem || !text || !*text) {
        return problem;
    }
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno || *end || strspn(text, "0123456789") != strlen(text) || n < least || n > most) {
        return ctx_fail(&call->ctx, P_BAD_PAGE,
                        arena_printf(call->ctx.arena, "%s must be a number from %lld to %lld", name,
                                     (long long)least, (long long)most));
    }
    *out = n;
    return P_OK;
}

enum problem page_read(struct call *call, struct page *out)
{
    enum problem problem = number(call, "page", 0, PAGE_MOST, 1, &out->number);
    if (!problem) {
        problem = number(call, "per_page", 1, INT64_MAX / 2, SIZE_DEFAULT, &out->size);
    }
    out->size = out->size > SIZE_MOST ? SIZE_MOST : out->size;
    return problem;
}

static int by_key(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* The query with page replaced, pairs sorted by key. */
static void write_link(struct call *call, struct strbuf *b, int64_t page, const char *rel)
{
    const char *pairs[64];
    int n = 0;
    for (const char *p = call->query; *p && n < 62;) {
        size_t len = strcspn(p, "&");
        if (len && strncmp(p, "page=", 5) != 0) {
            pairs[n++] = arena_strndup(call->ctx.arena, p, len);
        }
        p += len;
        p += *p == '&';
    }
    pairs[n++] = arena_printf(call->ctx.arena, "page=%lld", (long long)page);
    qsort(pairs, (size_t)n, sizeof *pairs, by_key);
    strbuf_printf(b, "%s<%s", b->len ? ", " : "", call->path);
    for (int i = 0; i < n; i++) {
        strbuf_str(b, i ? "&" : "?");
        for (const char *c = pairs[i]; *c; c++) {
            if (*c > ' ' && *c < 0x7F && !strchr("<>\"", *c)) {
                strbuf_char(b, *c);
            } else {
                strbuf_printf(b, "%%%02X", (unsigned char)*c);
            }
        }
    }
    strbuf_printf(b, ">; rel=\"%s\"", rel);
}

void page_headers(struct call *call, const struct page *page, int64_t total)
{
    struct strbuf link = strbuf_in(call->ctx.arena, 32768);
    int64_t pages = (total + page->size - 1) / page->size;
    if (pages > page->number) {
        write_link(call, &link, page->number + 1, "next");
    }
    write_link(call, &link, pages, "last");
    reply_header(call, "X-Total-Count", arena_printf(call->ctx.arena, "%lld", (long long)total));
    if (strbuf_ok(&link)) {
        reply_header(call, "Link", link.data);
    }
}
