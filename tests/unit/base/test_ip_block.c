/* test_ip_block.c: which addresses count as one client. */
#include "base/ip_block.h"

#include "../crypto/testing.h"

static void blocks(void **state)
{
    static const struct {
        const char *ip, *block;
    } list[] = {
        { "192.0.2.7", "192.0.2.7" },
        { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
        { "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64" },
        { "2001:db8:1:3::1", "2001:db8:1:3::/64" },
        { "::1", "::/64" },
        { "", "" },
        { "no address", "no address" },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        assert_string_equal(ip_block(*state, list[i].ip), list[i].block);
    }
}

static void neighbours(void **state)
{
    static const struct {
        const char *ip, *around;
    } list[] = {
        { "192.0.2.7", "192.0.2.0/24" },
        { "2001:db8:1:2:3:4:5:6", "2001:db8:1::/48" },
        { "2001:db8:1:ffff::1", "2001:db8:1::/48" },
        { "2001:db8:2:2::1", "2001:db8:2::/48" },
        { "", "" },
        { "no address", "no address" },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        assert_string_equal(ip_neighbours(*state, list[i].ip), list[i].around);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { ARENA_TEST(blocks), ARENA_TEST(neighbours) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
