/* test_database_clock.c: how measurements of the database's clock are taken. */
#include "work/database_clock.h"

#include "../crypto/testing.h"

#define MS INT64_C(1000)

static void take(struct database_clock *clock, int64_t offset_us, int64_t error_us)
{
    struct db_time time = { offset_us, error_us };
    database_clock_take(clock, &time);
}

static void moves_no_further_than_it_must(void **state)
{
    (void)state;
    struct database_clock clock = { 0 };
    database_clock_init(&clock);
    take(&clock, 5000 * MS, 40 * MS);
    assert_int_equal(clock.offset_us, 5000 * MS); /* the first is taken as it is */
    take(&clock, 5030 * MS, 50 * MS);
    assert_int_equal(clock.offset_us, 5000 * MS); /* it may be right */
    take(&clock, 4000 * MS, 3000 * MS);
    assert_int_equal(clock.offset_us, 5000 * MS); /* so may it here: the answer took long */
    take(&clock, 5003 * MS, 1 * MS);
    assert_int_equal(clock.offset_us, 5002 * MS);
    take(&clock, 4000 * MS, 1 * MS); /* another server, or its clock was set */
    assert_int_equal(clock.offset_us, 4001 * MS);
    take(&clock, -9000 * MS, 2 * MS);
    assert_int_equal(clock.offset_us, -8998 * MS);
}

static void reads_uptime_and_offset(void **state)
{
    (void)state;
    struct database_clock clock = { 0 };
    database_clock_init(&clock);
    take(&clock, 1700000000 * US_PER_S, 0);
    struct clock read = database_clock_of(&clock);
    int64_t before = clock_uptime_us(), now = clock_now_us(&read) - 1700000000 * US_PER_S;
    assert_true(now >= before && now <= clock_uptime_us());
}

static void says_once_that_clocks_are_apart(void **state)
{
    (void)state;
    struct clock own = clock_system();
    int64_t right = clock_now_us(&own) - clock_uptime_us();
    struct database_clock clock = { 0 };
    database_clock_init(&clock);
    take(&clock, right, 0);
    assert_false(clock.apart);
    take(&clock, right + 2500 * MS, 1000 * MS); /* perhaps only 1.5 s */
    assert_false(clock.apart);
    take(&clock, right - 60000 * MS, 1000 * MS);
    assert_true(clock.apart);
    take(&clock, right, 100 * MS);
    assert_false(clock.apart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_no_further_than_it_must),
        cmocka_unit_test(reads_uptime_and_offset),
        cmocka_unit_test(says_once_that_clocks_are_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
