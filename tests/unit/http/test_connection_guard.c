/* test_connection_guard.c: how many connections one client may have, and who is not counted. */
#include "base/ip_network.h"
#include "http/connection_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { EACH = 3, ALL = 64 };

static struct config config;
static struct guard *guard;
static struct ip_network proxy;
static struct seat *last;

static int begin(void **state)
{
    (void)state;
    memset(&config, 0, sizeof config);
    config.http.connections = ALL;
    config.http.connections_per_address = EACH;
    config.http.head_timeout_us = config.http.body_timeout_us = config.http.idle_timeout_us =
        INT64_MAX;
    config.http.trusted_proxies.count = ip_network_parse("198.51.100.0/24", &proxy);
    config.proxy_networks = &proxy;
    guard = guard_start(&config, 0);
    return config.http.trusted_proxies.count == 1 ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    guard_stop(&guard);
    return 0;
}

/* Opens a connection from there, if it is admitted. The descriptor is never used. */
static bool opens(const char *address)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    struct sockaddr_in four = { .sin_family = AF_INET };
    bool is_four = inet_pton(AF_INET, address, &four.sin_addr) == 1;
    const struct sockaddr *peer = is_four ? (const void *)&four : (const void *)&six;
    assert_true(is_four || inet_pton(AF_INET6, address, &six.sin6_addr) == 1);
    if (!guard_admits(guard, peer)) {
        return false;
    }
    last = guard_enter(guard, 1 << 20, peer);
    assert_non_null(last);
    return true;
}

static int opened(const char *address, int times)
{
    int n = 0;
    for (int i = 0; i < times; i++) {
        n += opens(address);
    }
    return n;
}

static void an_address_has_so_many(void **state)
{
    (void)state;
    assert_int_equal(opened("203.0.113.1", EACH + 5), EACH);
    assert_int_equal(opened("::ffff:203.0.113.1", 1), 0); /* the same, on a socket of both kinds */
    assert_int_equal(opened("203.0.113.2", EACH + 5), EACH);
    guard_leave(guard, last);
    assert_int_equal(opened("203.0.113.1", 1), 0);
    assert_int_equal(opened("203.0.113.2", 5), 1);
}

static void an_ipv6_client_is_its_64(void **state)
{
    (void)state;
    assert_int_equal(opened("2001:db8:1:2::1", 2), 2);
    assert_int_equal(opened("2001:db8:1:2:ffff::9", 5), EACH - 2);
    assert_int_equal(opened("2001:db8:1:3::1", 5), EACH);
}

static void who_stands_for_many_is_not_counted(void **state)
{
    static const char *const free_of_it[] = { "127.0.0.1", "::1", "198.51.100.7" };
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(opened(free_of_it[i], EACH + 5), EACH + 5);
    }
    assert_int_equal(opened("198.51.101.7", EACH + 5), EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_address_has_so_many, begin, end),
        cmocka_unit_test_setup_teardown(an_ipv6_client_is_its_64, begin, end),
        cmocka_unit_test_setup_teardown(who_stands_for_many_is_not_counted, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
