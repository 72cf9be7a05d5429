/* test_lock_file.c: one holder at a time, also by way of links, and none after a kill. */
#include "scratch.h"
#include "store/lock_file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The answer to one more who wants it; NULL if he got it. */
static const char *second(struct scratch *s, const char *path)
{
    const char *error = NULL;
    struct lock_file *lock = lock_file_take(s->arena, path, &error);
    lock_file_free(&lock);
    return error;
}

static void test_held_and_given_back(void **state)
{
    struct scratch *s = *state;
    const char *error = NULL;
    struct lock_file *lock = lock_file_take(s->arena, s->path, &error);
    assert_non_null(lock);
    error = second(s, s->path);
    assert_non_null(error);
    assert_non_null(strstr(error, s->path));
    assert_non_null(strstr(error, arena_printf(s->arena, "process %d,", (int)getpid())));
    lock_file_free(&lock);
    lock_file_free(&lock);
    assert_int_equal(access(scratch_file(s, "db.lock"), F_OK), -1);
    assert_null(second(s, s->path));
}

static void test_links_lead_to_the_same_lock(void **state)
{
    struct scratch *s = *state;
    const char *link = scratch_file(s, "other"), *error = NULL;
    FILE *file = fopen(s->path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(symlink(s->path, link), 0);
    struct lock_file *lock = lock_file_take(s->arena, link, &error);
    assert_non_null(lock);
    assert_non_null(second(s, s->path));
    lock_file_free(&lock);
}

static void test_shared_by_those_who_ask_for_it(void **state)
{
    struct scratch *s = *state;
    const char *error = NULL;
    struct lock_file *one = lock_file_share(s->arena, s->path, &error);
    struct lock_file *two = lock_file_share(s->arena, s->path, &error);
    assert_non_null(one);
    assert_non_null(two);
    assert_non_null(second(s, s->path));
    lock_file_free(&one);
    assert_int_equal(access(scratch_file(s, "db.lock"), F_OK), 0);
    assert_non_null(second(s, s->path));
    lock_file_free(&two);
    assert_int_equal(access(scratch_file(s, "db.lock"), F_OK), -1);
    one = lock_file_take(s->arena, s->path, &error);
    assert_non_null(one);
    error = NULL;
    assert_null(lock_file_share(s->arena, s->path, &error));
    assert_non_null(error);
    lock_file_free(&one);
}

static void test_a_killed_holder_holds_nothing(void **state)
{
    struct scratch *s = *state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        const char *error = NULL;
        struct lock_file *lock = lock_file_take(s->arena, s->path, &error);
        if (lock && write(ready[1], "x", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    const char *error = second(s, s->path);
    assert_non_null(error);
    assert_non_null(strstr(error, arena_printf(s->arena, "process %d,", (int)child)));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_null(second(s, s->path));
    close(ready[0]);
    close(ready[1]);
}

static void test_no_directory(void **state)
{
    struct scratch *s = *state;
    const char *error = second(s, scratch_file(s, "no/db"));
    assert_non_null(error);
    assert_non_null(strstr(error, "does not exist"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_held_and_given_back),
        CASE(test_links_lead_to_the_same_lock),
        CASE(test_shared_by_those_who_ask_for_it),
        CASE(test_a_killed_holder_holds_nothing),
        CASE(test_no_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
