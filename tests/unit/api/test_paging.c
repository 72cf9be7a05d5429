/* test_paging.c: page numbers and the headers that lead to other pages (rows AD2, AD3). */
#include "api/paging.h"

#include "../crypto/testing.h"

static struct call asked(struct arena *arena, const char *query)
{
    return (struct call){ .ctx = { .arena = arena }, .path = "/admin/users", .query = query };
}

static const char *header(const struct call *call, const char *name)
{
    for (int i = 0; i < call->reply.n_headers; i++) {
        if (strcmp(call->reply.headers[i].name, name) == 0) {
            return call->reply.headers[i].value;
        }
    }
    return NULL;
}

static void numbers(void **state)
{
    static const struct {
        const char *query;
        int64_t number, size, offset;
    } good[] = {
        { "", 1, 50, 0 },
        { "page=3", 3, 50, 100 },
        { "page=0", 0, 50, 0 },
        { "page=&per_page=", 1, 50, 0 },
        { "per_page=7&page=2", 2, 7, 7 },
        { "per_page=1000", 1, 1000, 0 },
        { "per_page=1001&page=2", 2, 1000, 1000 },
        { "page=%32", 2, 50, 50 },
        { "page=2&page=9", 2, 50, 50 },
    };
    static const char *const bad[] = {
        "page=-1",     "page=1.5",        "page=+1",
        "page=x",      "page=0x1",        "per_page=0",
        "per_page=-5", "page=1000000001", "per_page=99999999999999999999"
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct call call = asked(*state, good[i].query);
        struct page page;
        assert_int_equal(page_read(&call, &page), P_OK);
        assert_int_equal(page.number, good[i].number);
        assert_int_equal(page.size, good[i].size);
        assert_int_equal(page_offset(&page), good[i].offset);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct call call = asked(*state, bad[i]);
        struct page page;
        if (page_read(&call, &page) != P_BAD_PAGE) {
            fail_msg("%s was taken", bad[i]);
        }
    }
}

static void links(void **state)
{
    static const struct {
        const char *query;
        int total;
        const char *link;
    } cases[] = {
        { "", 0, "</admin/users?page=0>; rel=\"last\"" },
        { "", 50, "</admin/users?page=1>; rel=\"last\"" },
        { "", 51, "</admin/users?page=2>; rel=\"next\", </admin/users?page=2>; rel=\"last\"" },
        { "page=2", 51, "</admin/users?page=2>; rel=\"last\"" },
        { "page=9", 51, "</admin/users?page=2>; rel=\"last\"" },
        { "page=0", 51,
          "</admin/users?page=1>; rel=\"next\", </admin/users?page=2>; rel=\"last\"" },
        { "x=%22&per_page=50&page=1", 330,
          "</admin/users?page=2&per_page=50&x=%22>; rel=\"next\", "
          "</admin/users?page=7&per_page=50&x=%22>; rel=\"last\"" },
        { "z=a>b\"c", 1, "</admin/users?page=1&z=a%3Eb%22c>; rel=\"last\"" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct call call = asked(*state, cases[i].query);
        struct page page;
        assert_int_equal(page_read(&call, &page), P_OK);
        page_headers(&call, &page, cases[i].total);
        assert_string_equal(header(&call, "Link"), cases[i].link);
        assert_string_equal(header(&call, "X-Total-Count"),
                            arena_printf(*state, "%d", cases[i].total));
    }
}

static void a_link_cannot_break_out_of_its_header(void **state)
{
    struct call call = asked(*state, "a=\r\nSet-Cookie:x\x01\xc3\xa9");
    struct page page = { 1, 50 };
    page_headers(&call, &page, 1);
    const char *link = header(&call, "Link");
    assert_non_null(link);
    for (const char *p = link; *p; p++) {
        assert_true(*p >= ' ' && *p < 0x7F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(numbers),
        ARENA_TEST(links),
        ARENA_TEST(a_link_cannot_break_out_of_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
