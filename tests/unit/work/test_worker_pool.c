/* test_worker_pool.c: the pool's bounds: length of the queue, expected waiting time, deadline. */
#include "scratch.h"
#include "work/worker_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct job {
    struct work work; /* first */
    struct ctx ctx;
    int sleep_us;
    bool unauthenticated;
    _Atomic bool hold; /* stays on its thread until this is false */
    _Atomic bool entered, done;
    bool ran;
};

static enum problem run(struct ctx *ctx, void *arg)
{
    struct job *j = arg;
    (void)ctx;
    j->ran = true;
    j->entered = true;
    usleep((useconds_t)j->sleep_us);
    while (j->hold) {
        usleep(500);
    }
    return P_NOT_FOUND;
}

static void done(struct work *work)
{
    ((struct job *)work)->done = true;
}

static struct worker_pool *start(int threads, int queue, int64_t deadline_us)
{
    return worker_pool_start(&(struct worker_pool_settings){
        .name = "test", .threads = threads, .queue = queue, .deadline_us = deadline_us });
}

static bool queue(struct worker_pool *p, struct job *j)
{
    j->work = (struct work){
        .ctx = &j->ctx, .run = run, .arg = j, .done = done, .unauthenticated = j->unauthenticated
    };
    return worker_pool_queue(p, &j->work);
}

static void await(_Atomic bool *flag)
{
    while (!*flag) {
        usleep(500);
    }
}

static void test_runs_and_tells(void **state)
{
    (void)state;
    struct worker_pool *p = start(0, 0, 1000000);
    struct job j = { .sleep_us = 0 };
    assert_true(queue(p, &j));
    await(&j.done);
    assert_true(j.ran);
    assert_int_equal(j.work.result, P_NOT_FOUND);
    worker_pool_stop(&p);
    assert_null(p);
    worker_pool_stop(&p);
}

static void test_queue_is_bounded(void **state)
{
    (void)state;
    struct worker_pool *p = start(1, 2, 10000000);
    struct job jobs[4];
    memset(jobs, 0, sizeof jobs);
    jobs[0].hold = true;
    assert_true(queue(p, &jobs[0]));
    await(&jobs[0].entered);
    assert_true(queue(p, &jobs[1]));
    assert_true(queue(p, &jobs[2]));
    assert_false(queue(p, &jobs[3]));
    jobs[0].hold = false;
    await(&jobs[2].done);
    assert_true(queue(p, &jobs[3]));
    worker_pool_stop(&p); /* finishes it */
    assert_true(jobs[3].done);
}

static void test_waiting_time_is_bounded(void **state)
{
    (void)state;
    struct worker_pool *p = start(1, 1000, 100000);
    struct job first = { .sleep_us = 40000 }, held = { .hold = true }, more[10];
    memset(more, 0, sizeof more);
    assert_true(queue(p, &first));
    await(&first.done);
    assert_true(queue(p, &held));
    await(&held.entered);
    int taken = 0;
    while (taken < 10 && queue(p, &more[taken])) {
        taken++;
    }
    /* 40 ms each and 100 ms at most: half of the running one and two more */
    assert_in_range(taken, 1, 3);
    assert_true(worker_pool_wait_us(p) > 100000);
    held.hold = false;
    worker_pool_stop(&p);
}

static void test_what_waited_too_long_is_not_run(void **state)
{
    (void)state;
    struct worker_pool *p = start(1, 10, 30000);
    struct job held = { .hold = true }, late = { .sleep_us = 0 };
    assert_true(queue(p, &held));
    await(&held.entered);
    assert_true(queue(p, &late)); /* nothing is known yet of how long jobs take */
    usleep(50000);
    held.hold = false;
    await(&late.done);
    assert_false(late.ran);
    assert_int_equal(late.work.result, P_REQUEST_TIMEOUT);
    worker_pool_stop(&p);
}

/* Guests that never end leave the kept threads and the members' queue alone. */
static void test_unauthenticated_work_does_not_take_all(void **state)
{
    (void)state;
    struct worker_pool *p =
        worker_pool_start(&(struct worker_pool_settings){ .name = "test",
                                                          .threads = 3,
                                                          .queue = 2,
                                                          .for_authenticated = 1,
                                                          .deadline_us = 60000000 });
    struct job guests[5], member = { .sleep_us = 0 };
    memset(guests, 0, sizeof guests);
    for (int i = 0; i < 5; i++) {
        guests[i] = (struct job){ .unauthenticated = true, .hold = true };
        bool taken = queue(p, &guests[i]);
        assert_int_equal(taken, i < 4); /* two run, two wait */
        if (i < 2) {
            await(&guests[i].entered);
        }
    }
    assert_true(queue(p, &member));
    await(&member.done);
    assert_false(guests[2].entered);
    guests[0].hold = false;
    await(&guests[2].entered);
    guests[1].hold = guests[2].hold = guests[3].hold = false;
    worker_pool_stop(&p);
    assert_true(guests[3].done);
}

/* With one thread the two kinds take turns, whatever the length of their queues. */
static void test_kinds_take_turns(void **state)
{
    (void)state;
    struct worker_pool *p = start(1, 10, 60000000);
    struct job held = { .unauthenticated = true, .hold = true }, guests[3],
               member = { .hold = true };
    memset(guests, 0, sizeof guests);
    assert_true(queue(p, &held));
    await(&held.entered);
    for (int i = 0; i < 3; i++) {
        guests[i] = (struct job){ .unauthenticated = true };
        assert_true(queue(p, &guests[i]));
    }
    assert_true(queue(p, &member));
    held.hold = false;
    await(&member.entered);
    assert_false(guests[0].entered);
    member.hold = false;
    worker_pool_stop(&p);
    assert_true(guests[2].done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_and_tells),
        cmocka_unit_test(test_queue_is_bounded),
        cmocka_unit_test(test_waiting_time_is_bounded),
        cmocka_unit_test(test_what_waited_too_long_is_not_run),
        cmocka_unit_test(test_unauthenticated_work_does_not_take_all),
        cmocka_unit_test(test_kinds_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
