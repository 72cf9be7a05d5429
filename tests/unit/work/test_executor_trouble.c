/* test_executor_trouble.c: the executor when the disk is full, the database is locked by somebody
 * else, jobs wait too long, the log grows. */
#include "exec_jobs.h"
#include "store/db_sqlite.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_full_takes_nobody_along(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    struct job small = { .pragma = "PRAGMA max_page_count=400" };
    assert_int_equal(write_job(e, s, &small), P_OK);
    struct job jobs[] = {
        { .n = 1 }, { .n = 2, .answer = P_NOT_FOUND }, { .n = 3, .size = 4000000 },
        { .n = 4 }, { .n = 5, .size = 4000000 },       { .n = 6, .keep = true },
    };
    run_as_batch(e, s, jobs, 6);
    const enum problem want[] = { P_OK, P_NOT_FOUND, P_STORAGE_FULL, P_OK, P_STORAGE_FULL, P_OK };
    for (int i = 0; i < 6; i++) {
        assert_int_equal(jobs[i].work.result, want[i]);
        assert_int_equal(has_row(e, s, i + 1), want[i] == P_OK);
    }
    assert_true(jobs[0].ran > 1); /* the full disk had taken its transaction along */
    struct job large = { .pragma = "PRAGMA max_page_count=100000", .n = 3, .size = 4000000 };
    assert_int_equal(write_job(e, s, &large), P_OK);
    assert_true(has_row(e, s, 3));
    executor_stop(&e);
}

static void test_real_disk_full(void **state)
{
    struct scratch *s = *state;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", s->dir, "tmpfs", 0, "size=4m,mode=700") != 0) {
        skip(); /* needs the right to mount */
    }
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    int fd = open(scratch_file(s, "ballast"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(posix_fallocate(fd, 0, 2 << 20), 0);
    close(fd);
    int64_t n = 1;
    enum problem problem = P_OK;
    while (problem == P_OK && n < 1000) {
        problem = write_job(e, s, &(struct job){ .n = n++, .size = 10000 });
    }
    assert_int_equal(problem, P_STORAGE_FULL);
    struct job several[] = { { .n = 2001, .size = 300000 }, { .n = 2002, .answer = P_NOT_FOUND } };
    run_as_batch(e, s, several, 2);
    assert_int_equal(several[0].work.result, P_STORAGE_FULL);
    assert_int_equal(several[1].work.result, P_NOT_FOUND);
    for (int64_t i = 1; i < n - 1; i++) {
        assert_true(has_row(e, s, i)); /* what was acknowledged is there, and can be read */
    }
    assert_false(has_row(e, s, n - 1));
    assert_int_equal(unlink(scratch_file(s, "ballast")), 0);
    assert_int_equal(write_job(e, s, &(struct job){ .n = n - 1, .size = 10000 }), P_OK);
    assert_true(has_row(e, s, n - 1));
    executor_stop(&e);
    assert_int_equal(umount2(s->dir, MNT_DETACH), 0);
}

static void test_locked_by_a_shell(void **state)
{
    struct scratch *s = *state;
    sqlite_set_busy_ms(100);
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    const char *error = NULL;
    struct db *shell = db_connect(s->arena, s->url, 0, &error);
    assert_non_null(shell);
    assert_int_equal(db_begin(shell, TX_WRITE), DB_OK);
    struct job jobs[300];
    memset(jobs, 0, sizeof jobs);
    for (int i = 0; i < 300; i++) {
        jobs[i].n = i + 1;
        assert_true(queue(e, s, &jobs[i]));
    }
    await(300);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(jobs[i].work.result, P_DATABASE_BUSY);
        assert_int_equal(jobs[i].ran, 0);
    }
    assert_false(has_row(e, s, 1)); /* reading goes on */
    assert_int_equal(db_commit(shell), DB_OK);
    assert_int_equal(write_job(e, s, &(struct job){ .n = 1 }), P_OK);
    db_close(&shell);
    executor_stop(&e);
    sqlite_set_busy_ms(10000);
}

static void test_waited_too_long(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ .deadline_us = 50000 });
    struct gate gate;
    close_gate(e, s, &gate);
    struct job late = { .n = 1 };
    assert_true(queue(e, s, &late));
    usleep(80000);
    struct job in_time = { .n = 2 };
    assert_true(queue(e, s, &in_time));
    gate.open = true;
    await(2);
    assert_int_equal(late.work.result, P_REQUEST_TIMEOUT);
    assert_int_equal(late.ran, 0);
    assert_true(late.ctx.retry_after_s > 0);
    assert_int_equal(in_time.work.result, P_OK);
    executor_stop(&e);
}

static void test_log_stays_short(void **state)
{
    struct scratch *s = *state;
    struct executor *e = start_with_table(s, (struct executor_settings){ 0 });
    struct stat log;
    off_t longest = 0;
    for (int i = 1; i <= 150; i++) { /* about 250 pages each */
        assert_int_equal(write_job(e, s, &(struct job){ .n = i, .size = 500000 }), P_OK);
        assert_int_equal(stat(scratch_file(s, "db-wal"), &log), 0);
        longest = log.st_size > longest ? log.st_size : longest;
    }
    assert_in_range(longest, 1, 9000 * 4096);
    executor_stop(&e);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_full_takes_nobody_along), CASE(test_locked_by_a_shell),
        CASE(test_waited_too_long),         CASE(test_log_stays_short),
        CASE(test_real_disk_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
