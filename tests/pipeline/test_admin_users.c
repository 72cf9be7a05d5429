/* test_admin_users.c: users as admins see, make, change and delete them (accounts.md 6.5),
 * and the rows of the audit (6.2). */
#include "people.h"

static const struct got *make(struct rig *rig, const char *fields)
{
    return ask(rig, "POST", "/admin/users", rig->service_key, rig_text(rig, "{%s}", fields));
}

static const struct got *change(struct rig *rig, const char *id, const char *fields)
{
    return ask(rig, "PUT", rig_text(rig, "/admin/users/%s", id), rig->service_key,
               rig_text(rig, "{%s}", fields));
}

static const struct got *show(struct rig *rig, const char *id)
{
    return ask(rig, "GET", rig_text(rig, "/admin/users/%s", id), rig->service_key, NULL);
}

static const struct got *drop(struct rig *rig, const char *id, const char *body)
{
    return ask(rig, "DELETE", rig_text(rig, "/admin/users/%s", id), rig->service_key, body);
}

static void users_are_made(void **state)
{
    struct rig *rig = *state;
    const char *id = "00112233-4455-4677-8899-aabbccddeeff";
    const struct got *got = make(
        rig, "\"id\":\"00112233-4455-4677-8899-AABBCCDDEEFF\",\"email\":\"A@x.io\","
             "\"phone\":\"+1 555 000 0001\",\"password\":\"" PASSWORD "\",\"email_confirm\":true,"
             "\"user_metadata\":{\"n\":1},\"app_metadata\":{\"r\":[\"x\"]},\"role\":\"editor\"");
    expect_status(got, 200);
    assert_string_equal(got_text(got, "id"), id);
    assert_string_equal(got_text(got, "email"), "a@x.io");
    assert_string_equal(got_text(got, "phone"), "15550000001");
    assert_string_equal(got_text(got, "role"), "editor");
    assert_string_equal(got_text(got, "app_metadata.providers.1"), "phone");
    assert_string_equal(got_text(got, "app_metadata.r.0"), "x");
    assert_non_null(got_text(got, "email_confirmed_at"));
    assert_null(got_text(got, "phone_confirmed_at"));
    assert_string_equal(got_text(got, "confirmed_at"), got_text(got, "email_confirmed_at"));
    assert_int_equal(json_count(got_value(got, "identities")), 2);
    assert_null(strstr(got->body, "$2"));
    expect_status(password_grant(rig, "a@x.io", PASSWORD), 200);
}

static void refusals_of_making(void **state)
{
    struct rig *rig = *state;
    expect_status(make(rig, "\"id\":\"00112233-4455-4677-8899-aabbccddeeff\",\"email\":\"t@x.io\","
                            "\"phone\":\"15550000009\""),
                  200);
    static const struct {
        const char *fields;
        enum problem problem;
    } cases[] = {
        { "\"password\":\"123456\"", P_CREATE_NEITHER },
        { "\"email\":\"bad\"", P_EMAIL_INVALID },
        { "\"phone\":\"+1\"", P_PHONE_INVALID },
        { "\"email\":\"T@x.io\"", P_EMAIL_TAKEN },
        { "\"phone\":\"+15550000009\"", P_CREATE_PHONE_TAKEN },
        { "\"email\":\"n@x.io\",\"password\":\"\",\"password_hash\":\"$2a$10$x\"",
          P_PASSWORD_AND_HASH },
        { "\"email\":\"n@x.io\",\"password_hash\":\"plain\"", P_PASSWORD_HASH_INVALID },
        { "\"email\":\"n@x.io\",\"id\":\"7\"", P_ID_NOT_UUID },
        { "\"email\":\"n@x.io\",\"id\":\"00000000-0000-0000-0000-000000000000\"", P_ID_NIL },
        { "\"email\":\"n@x.io\",\"id\":\"00112233-4455-4677-8899-aabbccddeeff\"", P_ID_TAKEN },
        { "\"email\":\"n@x.io\",\"ban_duration\":\"soon\"", P_BAN_DURATION },
        { "\"email\":\"n@x.io\",\"email_confirm\":\"yes\"", P_BAD_JSON },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct got *got = make(rig, cases[i].fields);
        if (got->problem != cases[i].problem) {
            fail_msg("%s: %d %s", cases[i].fields, got->status, got->body);
        }
    }
    assert_string_equal(
        got_header(ask(rig, "GET", "/admin/users", rig->service_key, NULL), "X-Total-Count"), "1");
}

static void an_imported_hash_signs_in(void **state)
{
    struct rig *rig = *state;
    expect_status(make(rig, "\"email\":\"a@x.io\",\"email_confirm\":true,\"password_hash\":"
                            "\"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\""),
                  200);
    expect_problem(password_grant(rig, "a@x.io", "U*V"), CREDENTIALS_INVALID);
    expect_status(password_grant(rig, "a@x.io", "U*U"), 200);
    expect_status(password_grant(rig, "a@x.io", "U*U"), 200); /* hashed anew meanwhile */
}

static void users_are_changed(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com"), other = sign_up(rig, "b@example.com");
    const struct got *got =
        change(rig, s.user_id,
               "\"role\":\" editor \",\"user_metadata\":{\"a\":1,\"b\":{\"c\":2}},"
               "\"app_metadata\":{\"x\":true},\"email_confirm\":false,\"id\":\"ignored\"");
    assert_string_equal(got_text(expect_status(got, 200), "role"), "editor");
    assert_non_null(got_text(got, "email_confirmed_at"));
    got = change(rig, s.user_id, "\"user_metadata\":{\"a\":null,\"b\":{\"d\":3}}");
    assert_null(got_value(got, "user_metadata.a"));
    assert_null(got_value(got, "user_metadata.b.c"));
    assert_int_equal(got_int(got, "user_metadata.b.d"), 3);
    expect_problem(change(rig, s.user_id, "\"email\":\"b@example.com\""), EMAIL_TAKEN);
    expect_problem(change(rig, s.user_id, "\"password\":\"x\""), PASSWORD_WEAK);
    expect_status(change(rig, s.user_id, "\"email\":\"new@example.com\""), 200);
    expect_status(password_grant(rig, "new@example.com", PASSWORD), 200);
    expect_problem(password_grant(rig, "a@example.com", PASSWORD), CREDENTIALS_INVALID);
    (void)other;
}

static void bans_end(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    const struct got *got = change(rig, s.user_id, "\"ban_duration\":\"1m30s\"");
    assert_string_equal(got_text(got, "banned_until"), "2026-03-01T12:01:35Z");
    rig_wait(rig, 89);
    expect_problem(ask(rig, "GET", "/user", s.access, NULL), USER_BANNED);
    rig_wait(rig, 1);
    expect_status(ask(rig, "GET", "/user", s.access, NULL), 200);
    change(rig, s.user_id, "\"ban_duration\":\"24h\"");
    assert_null(got_text(change(rig, s.user_id, "\"ban_duration\":\"none\""), "banned_until"));
    expect_status(ask(rig, "GET", "/user", s.access, NULL), 200);
}

static void deleted_is_gone(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    add_totp(rig, &s, "x");
    expect_problem(drop(rig, s.user_id, "["), BAD_JSON);
    assert_string_equal(expect_status(drop(rig, s.user_id, NULL), 200)->body, "{}");
    expect_problem(drop(rig, s.user_id, NULL), USER_NOT_FOUND);
    expect_problem(show(rig, s.user_id), USER_NOT_FOUND);
    expect_problem(refresh(rig, s.refresh), REFRESH_NOT_FOUND);
    expect_problem(password_grant(rig, "a@example.com", PASSWORD), CREDENTIALS_INVALID);
    sign_up(rig, "a@example.com");
}

/* Row AX3. */
static void soft_deletion_empties_the_row(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    expect_status(change(rig, s.user_id, "\"phone\":\"+15550000001\",\"user_metadata\":{\"a\":1}"),
                  200);
    struct totp f = add_totp(rig, &s, "x");
    for (int i = 0; i < 2; i++) { /* repeated: 200 */
        expect_status(drop(rig, s.user_id, "{\"should_soft_delete\":true}"), 200);
    }
    const struct got *got = expect_status(show(rig, s.user_id), 200);
    assert_non_null(got_text(got, "deleted_at"));
    assert_null(strstr(got->body, "a@example.com"));
    assert_null(strstr(got->body, "15550000001"));
    assert_null(strstr(got->body, f.id));
    assert_int_equal(json_count(got_value(got, "user_metadata")), 0);
    assert_int_equal(json_count(got_value(got, "app_metadata")), 0);
    expect_problem(refresh(rig, s.refresh), REFRESH_NOT_FOUND);
    expect_problem(ask(rig, "GET", "/user", s.access, NULL), JWT_USER_NOT_FOUND);
    expect_problem(password_grant(rig, "a@example.com", PASSWORD), CREDENTIALS_INVALID);
    struct login_session again = sign_up(rig, "a@example.com");
    assert_string_not_equal(again.user_id, s.user_id);
}

static void pages(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 5; i++) {
        make(rig, rig_text(rig, "\"email\":\"u%d@x.io\",\"user_metadata\":{\"full_name\":\"P%d\"}",
                           i, i));
        rig_wait(rig, 1);
    }
    const struct got *got =
        ask(rig, "GET", "/admin/users?per_page=2&page=1&x=y", rig->service_key, NULL);
    assert_string_equal(got_header(got, "X-Total-Count"), "5");
    assert_string_equal(got_header(got, "Link"),
                        "</admin/users?page=2&per_page=2&x=y>; rel=\"next\", "
                        "</admin/users?page=3&per_page=2&x=y>; rel=\"last\"");
    assert_string_equal(got_text(got, "users.0.email"), "u4@x.io");
    assert_string_equal(got_text(got, "aud"), "authenticated");
    got = ask(rig, "GET", "/admin/users?page=3&per_page=2&sort=created_at%20asc", rig->service_key,
              NULL);
    assert_int_equal(json_count(got_value(got, "users")), 1);
    assert_string_equal(got_text(got, "users.0.email"), "u4@x.io");
    assert_null(strstr(got_header(got, "Link"), "next"));
    got = ask(rig, "GET", "/admin/users?filter=p3", rig->service_key, NULL);
    assert_string_equal(got_header(got, "X-Total-Count"), "1");
    assert_string_equal(got_text(got, "users.0.email"), "u3@x.io");
    got = ask(rig, "GET", "/admin/users?filter=%25", rig->service_key, NULL);
    assert_string_equal(got_header(got, "X-Total-Count"), "0"); /* no wildcard: row AD5 */
    static const char *const bad[] = {
        "page=-1",      "page=x", "per_page=0", "per_page=1.5", "page=99999999999999999999",
        "per_page=%201"
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        expect_problem(
            ask(rig, "GET", rig_text(rig, "/admin/users?%s", bad[i]), rig->service_key, NULL),
            BAD_PAGE);
        expect_problem(
            ask(rig, "GET", rig_text(rig, "/admin/audit?%s", bad[i]), rig->service_key, NULL),
            BAD_PAGE);
    }
    expect_problem(ask(rig, "GET", "/admin/users?sort=email", rig->service_key, NULL),
                   BAD_SORT_FIELD);
    expect_problem(ask(rig, "GET", "/admin/users?sort=created_at%20up", rig->service_key, NULL),
                   BAD_SORT_DIRECTION);
}

static void what_is_audited(void **state)
{
    struct rig *rig = *state;
    struct login_session s = sign_up(rig, "a@example.com");
    rig_wait(rig, 1);
    struct totp f = add_totp(rig, &s, "x");
    rig_wait(rig, 1);
    drop(rig, s.user_id, NULL);
    const struct got *got = ask(rig, "GET", "/admin/audit", rig->service_key, NULL);
    assert_string_equal(got_text(got, "0.payload.action"), "user_deleted");
    assert_string_equal(got_text(got, "0.payload.log_type"), "team");
    assert_string_equal(got_text(got, "0.payload.actor_username"), "service_role");
    static const char *const actions[] = { "user_signedup", "login", "factor_in_progress",
                                           "challenge_created", "verification_attempted" };
    for (size_t i = 0; i < COUNT(actions); i++) {
        got = ask(rig, "GET", rig_text(rig, "/admin/audit?query=action:%s", actions[i]),
                  rig->service_key, NULL);
        assert_string_equal(got_header(got, "X-Total-Count"), "1");
        assert_string_equal(got_text(got, "0.payload.actor_id"), s.user_id);
    }
    got = ask(rig, "GET", "/admin/audit", rig->service_key, NULL);
    assert_null(strstr(got->body, f.secret));
    assert_null(strstr(got->body, PASSWORD));
    expect_problem(ask(rig, "GET", "/admin/audit?query=ip:1", rig->service_key, NULL),
                   BAD_AUDIT_QUERY);
    rig_restart(rig, "GOTRUE_AUDIT_LOG_DISABLE_POSTGRES=true");
    const char *before = got_header(got, "X-Total-Count");
    sign_up(rig, "b@example.com");
    got = ask(rig, "GET", "/admin/audit", rig->service_key, NULL);
    assert_string_equal(got_header(got, "X-Total-Count"), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(users_are_made),
        RIG_TEST(refusals_of_making),
        RIG_TEST(an_imported_hash_signs_in),
        RIG_TEST(users_are_changed),
        RIG_TEST(bans_end),
        RIG_TEST(deleted_is_gone),
        RIG_TEST(soft_deletion_empties_the_row),
        RIG_TEST(pages),
        RIG_TEST(what_is_audited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
