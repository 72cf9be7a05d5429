/* test_factor_import.c: what an import does when accounts change between the look and the writing:
 * all of it or nothing (factor/totp/import.h). The rows themselves: tests/outside. */
#include "people.h"

#include "base/log.h"
#include "factor/totp/import.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct look {
    struct factor_import *import;
    struct import_row row;
    struct import_found found;
};

static enum problem look(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct look *l = arg;
    (void)ctx;
    factor_import_add(l->import, tx, &l->row, &l->found);
    return P_OK;
}

static struct ctx ctx_of(struct rig *rig)
{
    return (struct ctx){ .arena = rig->arena,
                         .now_us = rig->now_us,
                         .entropy = &rig->services->entropy };
}

/* One more row; what is wrong with it, or NULL. */
static const char *add(struct rig *rig, struct factor_import *import, const char *email,
                       const char *secret, const char *name)
{
    struct ctx ctx = ctx_of(rig);
    struct look l = { .import = import,
                      .row = { .email = email,
                               .friendly_name = name,
                               .secret = (const uint8_t *)secret,
                               .secret_len = strlen(secret),
                               .kind = totp_default } };
    assert_int_equal(exec_read(rig->services->executor, &ctx, look, &l), P_OK);
    return l.found.there ? "it is there already" : l.found.wrong;
}

static enum problem finish(struct rig *rig, struct factor_import *import, const char **wrong)
{
    struct ctx ctx = ctx_of(rig);
    struct import_write write = { .import = import };
    enum problem problem = exec_write(rig->services->executor, &ctx, factor_import_write, &write);
    *wrong = write.wrong;
    return problem;
}

static int factors_of_user(struct rig *rig, const struct login_session *s)
{
    const char *path = rig_text(rig, "/admin/users/%s/factors", s->user_id);
    const struct got *got = ask(rig, "GET", path, rig->service_key, NULL);
    expect_status(got, 200);
    int n = 0;
    for (const char *at = got->body; (at = strstr(at, "\"factor_type\"")); at++) {
        n++;
    }
    return n;
}

/* Twelve users, so that several groups are written before the one that is wrong. */
enum { USERS = 12 };

struct everyone {
    struct login_session s[USERS];
    struct factor_import *import;
};

static void look_at_all(struct rig *rig, struct everyone *e)
{
    e->import = factor_import_new(&rig->services->realm);
    for (int i = 0; i < USERS; i++) {
        const char *email = rig_text(rig, "u%d@example.com", i);
        e->s[i] = sign_up(rig, email);
        assert_null(add(rig, e->import, email, rig_text(rig, "a secret of user %02d.", i), "new"));
    }
}

static void expect_nothing(struct rig *rig, struct everyone *e, const char *part, int last_has)
{
    const char *wrong;
    assert_int_equal(finish(rig, e->import, &wrong), P_IMPORT_STALE);
    assert_non_null(strstr(wrong, part));
    for (int i = 0; i < USERS - 1; i++) {
        assert_int_equal(factors_of_user(rig, &e->s[i]), 0);
    }
    assert_true(last_has < 0 || factors_of_user(rig, &e->s[USERS - 1]) == last_has);
    factor_import_free(&e->import);
}

static void all_are_written(void **state)
{
    struct rig *rig = *state;
    struct everyone e;
    const char *wrong;
    look_at_all(rig, &e);
    assert_int_equal(finish(rig, e.import, &wrong), P_OK);
    for (int i = 0; i < USERS; i++) {
        assert_int_equal(factors_of_user(rig, &e.s[i]), 1);
    }
    factor_import_free(&e.import);
    assert_null(e.import);
}

/* Where audit events go into the log alone, their lines leave after the commit, whole, although the
 * memory of the rows was given back before. */
static void events_stand_in_the_log(void **state)
{
    struct rig *rig = *state;
    struct everyone e;
    const char *wrong;
    rig_restart_with(rig, (const char *const[]){ "GOTRUE_AUDIT_LOG_DISABLE_POSTGRES=true", NULL });
    look_at_all(rig, &e);
    FILE *file = tmpfile();
    int terminal = dup(STDERR_FILENO);
    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    log_set_level(LOG_INFO);
    enum problem problem = finish(rig, e.import, &wrong);
    log_set_level(LOG_OFF);
    assert_true(dup2(terminal, STDERR_FILENO) >= 0);
    close(terminal);
    assert_int_equal(problem, P_OK);
    factor_import_free(&e.import);
    rewind(file);
    int events = 0;
    for (char line[2048]; fgets(line, sizeof line, file);) {
        events += strstr(line, "\"auth_audit_event\":{") && strstr(line, "\"factor_id\":\"");
    }
    assert_int_equal(events, USERS);
    fclose(file);
}

static void a_factor_of_the_name_came_meanwhile(void **state)
{
    struct rig *rig = *state;
    struct everyone e;
    look_at_all(rig, &e);
    add_totp(rig, &e.s[USERS - 1], "new");
    expect_nothing(rig, &e, "enrolled another factor meanwhile", 1);
}

static void the_bound_was_reached_meanwhile(void **state)
{
    struct rig *rig = *state;
    struct everyone e;
    look_at_all(rig, &e);
    for (int i = 0; i < 10; i++) {
        rig_wait(rig, 60);
        add_totp(rig, &e.s[USERS - 1], rig_text(rig, "f%d", i));
    }
    expect_nothing(rig, &e, "enrolled another factor meanwhile", 10);
}

/* Unverified factors stand in nobody's way, whatever their names (security.md S15). */
static void enrollments_left_lying_make_room(void **state)
{
    struct rig *rig = *state;
    struct everyone e;
    const char *wrong;
    look_at_all(rig, &e);
    for (int i = 0; i < 10; i++) {
        expect_status(enroll(rig, e.s[0].access, i ? rig_text(rig, "f%d", i) : "new"), 200);
    }
    assert_int_equal(finish(rig, e.import, &wrong), P_OK);
    assert_int_equal(factors_of_user(rig, &e.s[0]), 1);
    factor_import_free(&e.import);
}

static void a_user_was_deleted_meanwhile(void **state)
{
    struct rig *rig = *state;
    struct everyone e;
    look_at_all(rig, &e);
    const char *path = rig_text(rig, "/admin/users/%s", e.s[USERS - 1].user_id);
    expect_status(ask(rig, "DELETE", path, rig->service_key, NULL), 200);
    expect_nothing(rig, &e, "deleted meanwhile", -1);
}

static void users_who_can_have_none(void **state)
{
    struct rig *rig = *state;
    struct factor_import *import = factor_import_new(&rig->services->realm);
    struct login_session s = sign_up_anonymously(rig);
    struct ctx ctx = ctx_of(rig);
    struct look l = { .import = import,
                      .row = { .user_id = s.user_id,
                               .secret = (const uint8_t *)"0123456789",
                               .secret_len = 10,
                               .kind = totp_default } };
    assert_int_equal(exec_read(rig->services->executor, &ctx, look, &l), P_OK);
    assert_non_null(strstr(l.found.wrong, "anonymous"));
    l.row.user_id = "not an id";
    assert_int_equal(exec_read(rig->services->executor, &ctx, look, &l), P_OK);
    assert_non_null(strstr(l.found.wrong, "no UUID"));
    l.row.user_id = NULL;
    assert_int_equal(exec_read(rig->services->executor, &ctx, look, &l), P_OK);
    assert_non_null(strstr(l.found.wrong, "does not say whose"));
    sign_up(rig, "a@example.com");
    assert_non_null(add(rig, import, "a@example.com", "0123456789", rig_text(rig, "%0256d", 0)));
    assert_null(add(rig, import, "A@Example.com", "0123456789", NULL));
    assert_string_equal(add(rig, import, "a@example.com", "0123456789", NULL),
                        "it is there already");
    sign_up(rig, "b@example.com");
    assert_non_null(
        strstr(add(rig, import, "b@example.com", "0123456789", NULL), "another user's"));
    factor_import_free(&import);
}

/* The same file again, with a row more: what is there stays as it is. */
static void a_file_that_grows(void **state)
{
    struct rig *rig = *state;
    const char *wrong;
    struct login_session s = sign_up(rig, "a@example.com");
    for (int rows = 1; rows <= 3; rows++) {
        struct factor_import *import = factor_import_new(&rig->services->realm);
        for (int i = 0; i < rows; i++) {
            const char *said =
                add(rig, import, "a@example.com", rig_text(rig, "0123456789%d", i), NULL);
            assert_int_equal(said == NULL, i == rows - 1);
        }
        assert_int_equal(finish(rig, import, &wrong), P_OK);
        assert_int_equal(factors_of_user(rig, &s), rows);
        factor_import_free(&import);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(all_are_written),
        RIG_TEST(events_stand_in_the_log),
        RIG_TEST(a_factor_of_the_name_came_meanwhile),
        RIG_TEST(the_bound_was_reached_meanwhile),
        RIG_TEST(enrollments_left_lying_make_room),
        RIG_TEST(a_user_was_deleted_meanwhile),
        RIG_TEST(users_who_can_have_none),
        RIG_TEST(a_file_that_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
