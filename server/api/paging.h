/* paging.h: pages of admin lists: page, per_page, the Link and X-Total-Count headers (rows AD2,
 * AD3, AU1). */
#ifndef COUNTERSIGN_API_PAGING_H
#define COUNTERSIGN_API_PAGING_H

#include "api/call.h"

struct page {
    int64_t number, size; /* number from 1 on; 0: as 1 */
};

enum problem page_read(struct call *call, struct page *out) MUST_CHECK;

static inline int64_t page_offset(const struct page *page)
{
    return page->number > 1 ? (page->number - 1) * page->size : 0;
}

/* Sets both headers. */
void page_headers(struct call *call, const struct page *page, int64_t total);

#endif
