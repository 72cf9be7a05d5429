/* test_gates.c: every route for everybody: the rows of routes.def × {no token, anon key, user,
 * anonymous user, banned user, deleted user, admin}. What is expected is worked out from the row's
 * rights (mfa.md 4.1, A4, A5), not from the code that checks them. */
#include "people.h"

enum who { NOBODY, ANON_KEY, USER, ANONYMOUS, BANNED, DELETED, SOFT_DELETED, ADMIN, WHO_COUNT };

static const char *const names[] = {
    "nobody",         "the anon key",        "a user",  "an anonymous user", "a banned user",
    "a deleted user", "a soft-deleted user", "an admin"
};

/* What the gates must say; P_OK: they let it through. */
static enum problem expected(enum rights rights, enum who who)
{
    if (rights == RIGHTS_NOBODY) {
        return P_OK;
    }
    if (who == NOBODY) {
        return P_NO_BEARER;
    }
    if (rights == RIGHTS_ADMIN || rights == RIGHTS_ADMIN_OF) {
        return who == ADMIN ? P_OK : P_NOT_ADMIN;
    }
    switch (who) {
    case ANON_KEY:
    case ADMIN:
        return P_JWT_NO_SUB;
    case BANNED:
        return P_USER_BANNED;
    case DELETED:
    case SOFT_DELETED:
        return P_JWT_USER_NOT_FOUND;
    case ANONYMOUS:
        return rights == RIGHTS_NAMED ? P_ANONYMOUS_REFUSED : P_OK;
    default:
        return P_OK;
    }
}

static bool is_gate(enum problem problem)
{
    static const enum problem gates[] = {
        P_NO_BEARER,
        P_BAD_JWT,
        P_JWT_NO_SUB,
        P_JWT_SUB_NOT_UUID,
        P_JWT_SESSION_NOT_UUID,
        P_JWT_USER_NOT_FOUND,
        P_JWT_SESSION_NOT_FOUND,
        P_USER_BANNED,
        P_ANONYMOUS_REFUSED,
        P_NOT_ADMIN,
    };
    for (size_t i = 0; i < COUNT(gates); i++) {
        if (problem == gates[i]) {
            return true;
        }
    }
    return false;
}

static const char *tokens[WHO_COUNT];
static const char *victim; /* of ADMIN_OF: a user whom the calls may change */
static const char *factor;

static void make_people(struct rig *rig)
{
    struct login_session s = sign_up(rig, "u@example.com"), v = sign_up(rig, "v@example.com"),
                         b = sign_up(rig, "b@example.com"), d = sign_up(rig, "d@example.com"),
                         e = sign_up(rig, "e@example.com"), a = sign_up_anonymously(rig);
    tokens[NOBODY] = NULL;
    tokens[ANON_KEY] = rig->anon_key;
    tokens[USER] = s.access;
    tokens[ANONYMOUS] = a.access;
    tokens[BANNED] = b.access;
    tokens[DELETED] = d.access;
    tokens[SOFT_DELETED] = e.access;
    tokens[ADMIN] = rig->service_key;
    victim = v.user_id;
    factor = enrolled(enroll(rig, v.access, "x")).id;
    expect_status(ask(rig, "PUT", rig_text(rig, "/admin/users/%s", b.user_id), rig->service_key,
                      "{\"ban_duration\":\"24h\"}"),
                  200);
    expect_status(
        ask(rig, "DELETE", rig_text(rig, "/admin/users/%s", d.user_id), rig->service_key, NULL),
        200);
    expect_status(ask(rig, "DELETE", rig_text(rig, "/admin/users/%s", e.user_id), rig->service_key,
                      "{\"should_soft_delete\":true}"),
                  200);
}

/* A path that the row's pattern matches. */
static const char *path_of(struct rig *rig, const struct route *row)
{
    char path[512] = "";
    for (const char *p = row->pattern; *p; p++) {
        size_t len = strlen(path);
        if (strncmp(p, "{user_id}", 9) == 0) {
            snprintf(path + len, sizeof path - len, "%s", victim);
            p += 8;
        } else if (*p == '{') {
            snprintf(path + len, sizeof path - len, "%s",
                     strncmp(p, "{factor_id}", 11) == 0 ? factor
                                                        : "00112233-4455-4677-8899-aabbccddeeff");
            p += strcspn(p, "}");
        } else if (strcmp(p, "/?") == 0) {
            break;
        } else if (*p == '*') {
            snprintf(path + len, sizeof path - len, "%s", p[-1] == '/' ? "x" : "/x");
        } else {
            path[len] = *p;
            path[len + 1] = '\0';
        }
    }
    return rig_text(rig, "%s%s%s", path, *row->grant_type ? "?grant_type=" : "", row->grant_type);
}

static void check_row(struct rig *rig, const struct route *row, enum who who, const char *prefix)
{
    const char *method = strcmp(row->method, "ANY") == 0 ? "POST" : row->method;
    const char *path = rig_text(rig, "%s%s", prefix, path_of(rig, row));
    const struct got *got = ask(rig, method, path, tokens[who], "{\"code\":\"0\"}");
    enum problem want = expected(row->rights, who);
    bool right = want ? got->problem == want && got->status == problem_row(want)->status
                      : !is_gate(got->problem);
    if (!right || got->status >= 500) {
        fail_msg("%s %s as %s: %d %s; expected %s", method, path, names[who], got->status,
                 got->body, want ? problem_row(want)->name : "no refusal by the gates");
    }
    if (row->refusal && !want && got->problem != row->refusal) {
        fail_msg("%s %s as %s: %d %s; expected the refusal %s", method, path, names[who],
                 got->status, got->body, problem_row(row->refusal)->name);
    }
}

static void every_route_for_everybody(void **state)
{
    struct rig *rig = *state;
    int count;
    const struct route *rows = route_rows(&count);
    make_people(rig);
    assert_true(count > 40);
    for (int who = NOBODY; who < WHO_COUNT; who++) {
        for (int i = 0; i < count; i++) {
            bool deletes = strcmp(rows[i].method, "DELETE") == 0 && rows[i].handler;
            bool ends = strcmp(rows[i].pattern, "/logout") == 0;
            if ((deletes || ends) && !expected(rows[i].rights, (enum who)who)) {
                continue; /* it would take away what the next rows need: tested elsewhere */
            }
            check_row(rig, &rows[i], (enum who)who, "");
            check_row(rig, &rows[i], (enum who)who, "/auth/v1");
        }
    }
}

static void rows_are_sound(void **state)
{
    (void)state;
    int count;
    const struct route *rows = route_rows(&count);
    for (int i = 0; i < count; i++) {
        const struct route *r = &rows[i];
        bool of_admin = strncmp(r->pattern, "/admin", 6) == 0;
        bool about_user = strstr(r->pattern, "{user_id}") != NULL;
        assert_true((r->handler != NULL) != (r->refusal != P_OK));
        assert_true(r->body != NULL);
        if (of_admin) {
            assert_true(r->rights == (about_user ? RIGHTS_ADMIN_OF : RIGHTS_ADMIN));
        }
        if (strncmp(r->pattern, "/factors", 8) == 0) {
            assert_true(r->rights == RIGHTS_NAMED);
        }
        if (strncmp(r->pattern, "/user", 5) == 0) {
            assert_true(r->rights == RIGHTS_USER);
        }
        if (r->run == RUN_READ) { /* what changes anything is no GET */
            assert_string_equal(r->method, "GET");
        }
    }
}

static void admin_ids(void **state)
{
    struct rig *rig = *state;
    make_people(rig);
    static const char *const tails[] = { "", "/factors", "/factors/x" };
    for (size_t i = 0; i < COUNT(tails); i++) {
        const char *method = i == 2 ? "DELETE" : "GET";
        expect_problem(
            ask(rig, method, rig_text(rig, "/admin/users/x%s", tails[i]), rig->service_key, NULL),
            USER_ID_NOT_UUID);
        expect_problem(
            ask(rig, method,
                rig_text(rig, "/admin/users/00112233-4455-4677-8899-aabbccddeeff%s", tails[i]),
                rig->service_key, NULL),
            USER_NOT_FOUND);
    }
    expect_problem(ask(rig, "DELETE", rig_text(rig, "/admin/users/%s/factors/x", victim),
                       rig->service_key, NULL),
                   FACTOR_ID_NOT_UUID);
}

/* Row W9: the group's gate comes before the routes of the group. */
static void groups_gate_what_they_do_not_have(void **state)
{
    struct rig *rig = *state;
    make_people(rig);
    static const struct {
        const char *method, *path;
        enum rights group;
        enum problem beyond;
    } cases[] = {
        { "POST", "/user", RIGHTS_USER, P_METHOD_NOT_ALLOWED },
        { "GET", "/user/nope", RIGHTS_USER, P_NOT_FOUND },
        { "GET", "/factors", RIGHTS_NAMED, P_METHOD_NOT_ALLOWED },
        { "GET", "/factors/x/y", RIGHTS_NAMED, P_FACTOR_ID_NOT_UUID }, /* row G8 */
        { "GET", "/admin/nope", RIGHTS_ADMIN, P_NOT_FOUND },
        { "PATCH", "/admin/users", RIGHTS_ADMIN, P_METHOD_NOT_ALLOWED },
        { "GET", "/users", RIGHTS_NOBODY, P_NOT_FOUND },
        { "GET", "/administrators", RIGHTS_NOBODY, P_NOT_FOUND },
        { "DELETE", "/health", RIGHTS_NOBODY, P_METHOD_NOT_ALLOWED },
    };
    for (int who = NOBODY; who < WHO_COUNT; who++) {
        for (size_t i = 0; i < COUNT(cases); i++) {
            enum problem want = expected(cases[i].group, (enum who)who);
            const struct got *got = ask(rig, cases[i].method, cases[i].path, tokens[who], NULL);
            want = want ? want : cases[i].beyond;
            if (got->problem != want) {
                fail_msg("%s %s as %s: %s, not %s", cases[i].method, cases[i].path, names[who],
                         got->body, problem_row(want)->name);
            }
        }
    }
}

static void bearer_forms(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    static const struct {
        const char *form;
        bool fine;
    } forms[] = { { "Bearer %s", true },   { "bearer %s", true },    { "BEARER %s", true },
                  { "Bearer  %s", false }, { "Bearer %s ", false },  { "Bearer\t%s", false },
                  { " Bearer %s", false }, { "Bearer %s x", false }, { "Basic %s", false },
                  { "%s", false },         { "Bearer: %s", false } };
    for (size_t i = 0; i < COUNT(forms); i++) {
        const char *at = strstr(forms[i].form, "%s");
        rig_header(
            rig, "Authorization",
            rig_text(rig, "%.*s%s%s", (int)(at - forms[i].form), forms[i].form, s.access, at + 2));
        const struct got *got = ask(rig, "GET", "/user", NULL, NULL);
        if ((got->status == 200) != forms[i].fine ||
            (!forms[i].fine && got->problem != P_NO_BEARER)) {
            fail_msg("\"%s\": %d %s", forms[i].form, got->status, got->body);
        }
    }
    rig_header(rig, "Authorization", "Bearer ");
    expect_problem(ask(rig, "GET", "/user", NULL, NULL), NO_BEARER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(every_route_for_everybody),
        cmocka_unit_test(rows_are_sound),
        RIG_TEST(admin_ids),
        RIG_TEST(groups_gate_what_they_do_not_have),
        RIG_TEST(bearer_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
