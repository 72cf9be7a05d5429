/* test_ip_network.c: which texts are networks, and what is in them. */
#include "base/ip_network.h"

#include "../crypto/testing.h"

#include <string.h>

static bool holds(const char *network, const char *address)
{
    struct ip_network n;
    uint8_t a[IP_BYTES];
    assert_true(ip_network_parse(network, &n));
    assert_true(ip_parse(address, strlen(address), a));
    return ip_network_holds(&n, a);
}

static void networks(void **state)
{
    static const struct {
        const char *network, *in, *out;
    } list[] = {
        { "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
        { "10.1.2.3", "10.1.2.3", "10.1.2.4" },
        { "10.1.2.3/32", "10.1.2.3", "10.1.2.2" },
        { "192.168.1.128/25", "192.168.1.255", "192.168.1.127" },
        { "0.0.0.0/0", "203.0.113.9", "2001:db8::1" },
        { "::1", "::1", "::2" },
        { "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1" },
        { "2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::" },
        { "::ffff:10.0.0.0/104", "10.1.1.1", "11.1.1.1" },
        { "10.0.0.0/8", "::ffff:10.1.1.1", "::10.1.1.1" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        assert_true(holds(list[i].network, list[i].in));
        assert_false(holds(list[i].network, list[i].out));
    }
}

static void no_networks(void **state)
{
    static const char *const list[] = {
        "",
        "/",
        "/8",
        "nonsense",
        " 10.0.0.1",
        "10.0.0.1 ",
        "10.0.0",
        "10.0.0.0.0",
        "256.0.0.1",
        "10.0.0.0/",
        "10.0.0.0/abc",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/33",
        "10.0.0.0/8x",
        "10.0.0.0/ 8",
        "10.0.0.0/8/8",
        "10.0.0.0/0008",
        "10.0.0.0/4294967304",
        "::1/129",
        "::1/",
        ":",
        "[::1]",
        "10.0.0.1:80",
        "localhost",
        "fe80::1%eth0",
    };
    struct ip_network n;
    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        assert_false(ip_network_parse(list[i], &n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks),
        cmocka_unit_test(no_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
