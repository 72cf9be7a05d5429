/* test_config.c: settings from the environment, a file and arguments: types, bounds, defaults,
 * warnings, and that no secret is ever shown. */
#include "config/config.h"
#include "scratch.h"

#include "../crypto/testing.h"

#define SITE "GOTRUE_SITE_URL=https://app.example.com"
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

static const struct config *load_from(struct scratch *s, const struct config_sources *sources,
                                      const char **error)
{
    *error = NULL;
    return config_load(s->arena, sources, error);
}

/* With these settings alone; fails the test if they are refused. */
#define GOOD(s, ...) good((s), (const char *const[]){ __VA_ARGS__, NULL })
static const struct config *good(struct scratch *s, const char *const *settings)
{
    const char *error;
    struct config_sources sources = { .environment = settings };
    const struct config *c = load_from(s, &sources, &error);
    if (!c) {
        fail_msg("%s", error);
    }
    return c;
}

/* What is said against one setting beside a site's address. */
static const char *refusal(struct scratch *s, const char *setting)
{
    const char *error;
    const char *const settings[] = { SITE, setting, NULL };
    struct config_sources sources = { .environment = settings };
    if (load_from(s, &sources, &error)) {
        fail_msg("%s was taken", setting);
    }
    return error;
}

static bool warned(const struct config *c, const char *text)
{
    for (int i = 0; i < c->warnings.count; i++) {
        if (strstr(c->warnings.items[i], text)) {
            return true;
        }
    }
    return false;
}

static void booleans(void **state)
{
    static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
    static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };
    for (size_t i = 0; i < COUNT(yes); i++) {
        struct scratch *s = *state;
        assert_true(GOOD(s, SITE, arena_printf(s->arena, "GOTRUE_DISABLE_SIGNUP=%s", yes[i]))
                        ->accounts.disable_signup);
        assert_false(
            GOOD(s, SITE,
                 arena_printf(s->arena, "GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED=%s", no[i]))
                ->sessions.rotation);
    }
}

static void numbers_and_durations(void **state)
{
    const struct config *c =
        GOOD(*state, SITE, "GOTRUE_JWT_EXP=0x10", "GOTRUE_SESSIONS_TIMEBOX=1h30m",
             "GOTRUE_MFA_MAX_ENROLLED_FACTORS=3", "GOTRUE_RATE_LIMIT_OTP=2.5",
             "GOTRUE_CORS_ALLOWED_HEADERS=x-a,x-b");
    assert_int_equal(c->jwt.exp_s, 16);
    assert_int_equal(c->sessions.timebox_us, INT64_C(5400000000));
    assert_true(c->mfa.max_factors == 3);
    assert_true(c->rates.otp == 2.5);
    assert_int_equal(c->http.cors_headers.count, 2);
    assert_true(list_has(&c->http.cors_headers, "x-a") && list_has(&c->http.cors_headers, "x-b"));
    assert_false(list_has(&c->http.cors_headers, "x-c"));
}

static void refusals_name_variable_value_and_remedy(void **state)
{
    static const struct {
        const char *setting, *remedy;
    } bad[] = {
        { "GOTRUE_DISABLE_SIGNUP=yes", "true or false is allowed" },
        { "GOTRUE_DISABLE_SIGNUP=2", "true or false" },
        { "GOTRUE_DISABLE_SIGNUP=true ", "true or false" },
        { "GOTRUE_DISABLE_SIGNUP=1,t", "true or false" },
        { "GOTRUE_API_PORT=65536", "from 0 to 65535" },
        { "PORT=-1", "from 0 to 65535" },
        { "PORT=80a", "a whole number" },
        { "GOTRUE_JWT_EXP=1.5", "a whole number" },
        { "GOTRUE_JWT_EXP=99999999999999999999", "a whole number" },
        { "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=3", "from 0 to 2" },
        { "GOTRUE_RATE_LIMIT_OTP=many", "a number" },
        { "GOTRUE_RATE_LIMIT_OTP=nan", "a number" },
        { "GOTRUE_RATE_LIMIT_OTP=inf", "a number" },
        { "GOTRUE_RATE_LIMIT_OTP=-1", "a number from 0" },
        { "GOTRUE_SESSIONS_TIMEBOX=5", "a duration with a unit" },
        { "GOTRUE_SESSIONS_TIMEBOX=-1h", "a duration" },
        { "GOTRUE_API_MAX_REQUEST_DURATION=0", "a duration" },
        { "GOTRUE_LOG_LEVEL=loud", "trace debug info warn" },
        { "GOTRUE_LOG_LEVEL=debug info", "one of these" },
        { "GOTRUE_DB_DRIVER=mysql", "sqlite" },
        { "DATABASE_URL=mysql://x", "sqlite:PATH" },
        { "DATABASE_URL=sqlite:", "sqlite:PATH" },
        { "DATABASE_URL=/var/x.db", "sqlite:PATH" },
        { "GOTRUE_SITE_URL=app.example.com", "absolute URL" },
        { "API_EXTERNAL_URL=/auth", "absolute URL" },
        { "GOTRUE_SITE_URL=javascript://x", "such a scheme" },
        { "COUNTERSIGN_MFA_REQUIRED_ROLES=admin, staff", "the role \" staff\"" },
        { "COUNTERSIGN_MFA_REQUIRED_ROLES=admin,", "the role \"\"" },
        { "COUNTERSIGN_MFA_REQUIRED_FROM=tomorrow", "2027-01-31T00:00:00Z" },
        { "COUNTERSIGN_MFA_REQUIRED_FROM=2027-02-30", "2027-01-31T00:00:00Z" },
        { "COUNTERSIGN_MFA_REQUIRED_FROM=31.01.2027", "2027-01-31T00:00:00Z" },
        { "COUNTERSIGN_MFA_REQUIRED_FROM=2027-01-31", "COUNTERSIGN_MFA_REQUIRED_ROLES must say" },
        { "COUNTERSIGN_MFA_ENROLL_GRACE=15", "a duration with a unit" },
        { "COUNTERSIGN_MFA_MAX_AGE=-1h", "a duration" },
        { "COUNTERSIGN_MFA_MAX_AGE=1d", "a duration with a unit" },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *said = refusal(*state, bad[i].setting);
        size_t name = strcspn(bad[i].setting, "=");
        if (!strstr(said, bad[i].remedy) || strncmp(said, bad[i].setting, name) != 0) {
            fail_msg("%s: %s", bad[i].setting, said);
        }
    }
    assert_non_null(strstr(refusal(*state, "GOTRUE_JWT_EXP=soon"), "GOTRUE_JWT_EXP=soon: "));
}

static void a_second_factor_required(void **state)
{
    static const char *const roles = "COUNTERSIGN_MFA_REQUIRED_ROLES=admin,*";
    const struct config *c = GOOD(*state, SITE);
    assert_int_equal(c->mfa.required_roles.count, 0);
    assert_int_equal(c->mfa.enroll_grace_us, INT64_C(900000000));
    assert_int_equal(c->mfa.max_age_us, 0);
    c = GOOD(*state, SITE, roles, "COUNTERSIGN_MFA_REQUIRED_FROM=2027-01-31");
    assert_true(list_has(&c->mfa.required_roles, "*"));
    assert_int_equal(c->mfa_required_from_us, INT64_C(1801353600000000));
    c = GOOD(*state, SITE, roles, "COUNTERSIGN_MFA_REQUIRED_FROM=2027-01-31T01:00:00+01:00");
    assert_int_equal(c->mfa_required_from_us, INT64_C(1801353600000000));
    const char *error;
    const char *const impossible[] = { SITE, roles, "GOTRUE_MFA_TOTP_ENROLL_ENABLED=false",
                                       "GOTRUE_MFA_PHONE_VERIFY_ENABLED=true", NULL };
    struct config_sources sources = { .environment = impossible };
    assert_null(load_from(*state, &sources, &error));
    assert_non_null(strstr(error, "a kind of factor that people can enroll and verify"));
    GOOD(*state, SITE, roles, "GOTRUE_MFA_TOTP_ENROLL_ENABLED=false",
         "GOTRUE_MFA_PHONE_ENROLL_ENABLED=true", "GOTRUE_MFA_PHONE_VERIFY_ENABLED=true");
}

/* A compose file of the official server says DEBUG. */
static void choices_in_any_case(void **state)
{
    struct scratch *s = *state;
    assert_string_equal(GOOD(s, SITE, "GOTRUE_LOG_LEVEL=DEBUG")->log.level, "debug");
    assert_string_equal(GOOD(s, SITE, "GOTRUE_LOG_LEVEL=Warn")->log.level, "warn");
    assert_string_equal(GOOD(s, SITE, "GOTRUE_LOG_LEVEL=TRACE")->log.level, "trace");
    assert_string_equal(GOOD(s, SITE, "GOTRUE_DB_DRIVER=SQLite")->database.driver, "sqlite");
    assert_non_null(strstr(refusal(s, "GOTRUE_LOG_LEVEL=DEBUGS"), "debug info warn"));
}

static void secrets_are_not_shown(void **state)
{
    struct scratch *s = *state;
    char *long_one = arena_alloc(s->arena, 5001);
    memset(long_one, 'Q', 5000);
    int count;
    const struct setting_row *rows = config_rows(&count);
    int secrets = 0;
    for (int i = 0; i < count; i++) {
        if (strcmp(rows[i].type, "SECRET") == 0) {
            size_t len = strcspn(rows[i].names, ",");
            const char *name = arena_strndup(s->arena, rows[i].names, len), *error = "";
            bool large = strcmp(name, "GOTRUE_JWT_KEYS") == 0;
            const char *const settings[] = { SITE, arena_printf(s->arena, "%s=%s", name, long_one),
                                             NULL };
            struct config_sources sources = { .environment = settings };
            const struct config *c = load_from(s, &sources, &error);
            secrets++;
            assert_null(strstr(error ? error : "", "QQQ"));
            assert_true(large || !c || !warned(c, "QQQ"));
        }
    }
    assert_true(secrets >= 4);
    assert_non_null(strstr(refusal(s, arena_printf(s->arena, "GOTRUE_JWT_SECRET=%s", long_one)),
                           "(not shown)"));
}

static void names_that_sound_secret_are_secrets(void **state)
{
    (void)state;
    int count;
    const struct setting_row *rows = config_rows(&count);
    for (int i = 0; i < count; i++) {
        const char *n = rows[i].names;
        bool sounds = strstr(n, "_SECRET") || strstr(n, "SMTP_PASS") || strstr(n, "JWT_KEYS") ||
                      strstr(n, "AUTH_TOKEN") || strstr(n, "DECRYPTION_KEYS");
        if (sounds && strcmp(rows[i].type, "SECRET") != 0) {
            fail_msg("%s is a %s", n, rows[i].type);
        }
    }
}

static void empty_is_unset(void **state)
{
    const struct config *c = GOOD(*state, SITE, "GOTRUE_JWT_EXP=", "GOTRUE_SESSIONS_TIMEBOX=",
                                  "GOTRUE_SMTP_PORT=", "GOTRUE_DISABLE_SIGNUP=");
    assert_int_equal(c->jwt.exp_s, 3600);
    assert_int_equal(c->sessions.timebox_us, 0);
    assert_int_equal(c->mail.smtp_port, 587);
    assert_true(warned(c, "GOTRUE_JWT_EXP is set but empty"));
}

static void unknown_names_are_warned_of(void **state)
{
    const struct config *c = GOOD(*state, SITE, "GOTRUE_SMTP_HOTS=x", "COUNTERSIGN_X=1",
                                  "PATH=/bin", "GOTRUE_EXTERNAL_GITHUB_ENABLED=true");
    assert_true(warned(c, "GOTRUE_SMTP_HOTS"));
    assert_true(warned(c, "COUNTERSIGN_X"));
    assert_true(warned(c, "GOTRUE_EXTERNAL_GITHUB_ENABLED"));
    assert_false(warned(c, "PATH"));
    assert_false(warned(c, "GOTRUE_SITE_URL"));
}

static void accepted_names_say_why_nothing_changes(void **state)
{
    const struct config *c = GOOD(*state, SITE, "GOTRUE_DB_MIGRATIONS_PATH=./migrations",
                                  "GOTRUE_DB_ADVISOR_ENABLED=true", "GOTRUE_OPERATOR_TOKEN=x");
    assert_true(warned(c, "GOTRUE_DB_MIGRATIONS_PATH is set but has no effect: the steps"));
    assert_true(warned(c, "GOTRUE_DB_ADVISOR_ENABLED is set but has no effect: calls queue"));
    assert_true(warned(c, "GOTRUE_OPERATOR_TOKEN is set but has no effect: the official"));
}

static void the_pool_of_connections(void **state)
{
    const struct config *c = GOOD(*state, SITE);
    assert_true(!c->database.percent && !c->database.idle && !c->database.lifetime_us &&
                !c->database.idle_us && !c->database.check_us);
    c = GOOD(*state, SITE, "GOTRUE_DB_CONN_PERCENTAGE=30", "GOTRUE_DB_MAX_IDLE_POOL_SIZE=4",
             "GOTRUE_DB_CONN_MAX_LIFETIME=1h", "GOTRUE_DB_CONN_MAX_IDLE_TIME=90s",
             "GOTRUE_DB_HEALTH_CHECK_PERIOD=500ms");
    assert_int_equal(c->database.percent, 30);
    assert_int_equal(c->database.idle, 4);
    assert_int_equal(c->database.lifetime_us, 3600 * US_PER_S);
    assert_int_equal(c->database.idle_us, 90 * US_PER_S);
    assert_int_equal(c->database.check_us, 500000);
    assert_int_equal(GOOD(*state, SITE, "GOTRUE_DB_CONN_PERCENTAGE=101")->database.percent, 100);
    assert_int_equal(GOOD(*state, SITE, "GOTRUE_DB_CONN_PERCENTAGE=-1")->database.percent, 0);
}

static void first_name_wins(void **state)
{
    assert_int_equal(GOOD(*state, SITE, "PORT=2", "GOTRUE_API_PORT=1")->http.port, 1);
    assert_int_equal(GOOD(*state, SITE, "PORT=2")->http.port, 2);
    assert_int_equal(GOOD(*state, SITE, "PORT=2", "GOTRUE_API_PORT=")->http.port, 2);
}

static void development_defaults(void **state)
{
    const struct config *c = GOOD(*state, "PATH=/bin");
    assert_true(c->development);
    assert_string_equal(c->http.host, "127.0.0.1");
    assert_string_equal(c->jwt.aud, "authenticated");
    assert_string_equal(c->jwt.default_role, "authenticated");
    assert_true(c->accounts.mailer_autoconfirm && c->accounts.sms_autoconfirm);
    assert_true(c->accounts.phone_enabled && c->accounts.anonymous_enabled);
    assert_int_equal(c->http.port, 9999);
    assert_string_equal(c->site.external_url, "http://127.0.0.1:9999");
    assert_string_equal(c->jwt.issuer, "http://127.0.0.1:9999");
    assert_string_equal(c->database_path, "countersign-data/countersign.db");
    assert_int_equal(c->warnings.count, 0);
}

static void server_defaults(void **state)
{
    const struct config *c = GOOD(*state, SITE);
    assert_false(c->development);
    assert_string_equal(c->http.host, "");
    assert_string_equal(c->jwt.aud, "");
    assert_string_equal(c->jwt.issuer, "");
    assert_false(c->accounts.mailer_autoconfirm || c->accounts.sms_autoconfirm);
    assert_false(c->accounts.phone_enabled || c->accounts.anonymous_enabled);
    assert_true(c->accounts.email_enabled && c->encryption.on && c->sessions.rotation &&
                c->mfa.totp_enroll);
    assert_int_equal(c->sessions.refresh_version, 2);
    assert_int_equal(c->mfa.lock_after, 10);
    assert_int_equal(c->passwords.guesses, 10);
    assert_int_equal(c->warnings.count, 2);
    assert_true(warned(c, "GOTRUE_JWT_AUD is empty") &&
                warned(c, "GOTRUE_JWT_DEFAULT_GROUP_NAME is empty"));
}

static void clamps(void **state)
{
    const struct config *c =
        GOOD(*state, SITE, "GOTRUE_JWT_EXP=0", "GOTRUE_PASSWORD_MIN_LENGTH=3",
             "GOTRUE_MFA_CHALLENGE_EXPIRY_DURATION=10", "GOTRUE_MFA_FACTOR_EXPIRY_DURATION=1s",
             "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=0");
    assert_int_equal(c->jwt.exp_s, 3600);
    assert_int_equal(c->passwords.min, 6);
    assert_true(c->mfa.challenge_ttl_s == 300);
    assert_int_equal(c->mfa.factor_ttl_us, INT64_C(300000000));
    assert_int_equal(c->sessions.refresh_version, 1);
}

static void password_sets(void **state)
{
    const struct config *c =
        GOOD(*state, SITE, "GOTRUE_PASSWORD_REQUIRED_CHARACTERS=abc::\\:x:0123");
    assert_int_equal(c->password_sets.count, 3);
    assert_string_equal(c->password_sets.items[0], "abc");
    assert_string_equal(c->password_sets.items[1], ":x");
    assert_string_equal(c->password_sets.items[2], "0123");
    assert_int_equal(GOOD(*state, SITE)->password_sets.count, 0);
}

static void database_paths(void **state)
{
    assert_string_equal(GOOD(*state, "DATABASE_URL=sqlite:/a/b.db")->database_path, "/a/b.db");
    assert_string_equal(GOOD(*state, "DATABASE_URL=sqlite:///a/b.db")->database_path, "/a/b.db");
    assert_string_equal(GOOD(*state, "DATABASE_URL=sqlite:b.db")->database_path, "b.db");
    assert_string_equal(GOOD(*state, "COUNTERSIGN_DATA_DIR=/d")->database_path,
                        "/d/countersign.db");
}

static const char *file_with(struct scratch *s, const char *name, const char *text)
{
    const char *path = scratch_file(s, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    fclose(f);
    return path;
}

static void later_sources_win(void **state)
{
    struct scratch *s = *state;
    const char *error = "";
    const char *const environment[] = { SITE, "GOTRUE_JWT_EXP=1", "PORT=1", "GOTRUE_JWT_AUD=e",
                                        NULL };
    const char *const arguments[] = { "PORT=3", NULL };
    struct config_sources sources = {
        .environment = environment,
        .file = file_with(s, "x.env", "GOTRUE_JWT_EXP=2\nPORT=2\n"),
        .arguments = arguments,
    };
    const struct config *c = load_from(s, &sources, &error);
    if (!c) {
        fail_msg("%s", error);
    }
    assert_string_equal(c->jwt.aud, "e");
    assert_int_equal(c->jwt.exp_s, 2);
    assert_int_equal(c->http.port, 3);
}

static void files(void **state)
{
    struct scratch *s = *state;
    static const struct {
        const char *name, *text, *error;
    } bad[] = {
        { "a.env", "GOTRUE_X", "line 1" },
        { "b.json", "[]", "must be one JSON object" },
        { "c.json", "{\"PORT\":1}", "PORT must be a string" },
        { "d.json", "{", "invalid syntax" },
    };
    const char *error;
    struct config_sources sources = { .file = file_with(s, "good.json", "{\"PORT\":\"17\"}") };
    const struct config *c = load_from(s, &sources, &error);
    assert_non_null(c);
    assert_int_equal(c->http.port, 17);
    for (size_t i = 0; i < COUNT(bad); i++) {
        sources.file = file_with(s, bad[i].name, bad[i].text);
        assert_null(load_from(s, &sources, &error));
        if (!strstr(error, bad[i].error) || !strstr(error, bad[i].name)) {
            fail_msg("%s: %s", bad[i].text, error);
        }
    }
    sources.file = scratch_file(s, "absent.env");
    assert_null(load_from(s, &sources, &error));
    assert_non_null(strstr(error, "absent.env"));
}

static void every_row_has_a_help_and_a_sane_default(void **state)
{
    (void)state;
    int count;
    const struct setting_row *rows = config_rows(&count);
    assert_true(count > 60);
    for (int i = 0; i < count; i++) {
        assert_true(*rows[i].names && *rows[i].help);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(rows[i].names, rows[k].names);
        }
    }
}

/* A value that no row of the type takes. */
static const char *bad_value(struct scratch *s, const char *type)
{
    enum { LONG = 200000 };
    char *text = arena_alloc(s->arena, LONG + 1);
    bool list = strcmp(type, "LIST") == 0;
    bool texts = list || strcmp(type, "TEXT") == 0 || strcmp(type, "SECRET") == 0;
    for (int i = 0; i < LONG; i++) {
        text[i] = list && i % 2 ? ',' : 'a';
    }
    return texts ? text : "@";
}

/* A name that the environment is not searched for would be a setting that nobody can set. */
static void every_name_is_read_from_the_environment(void **state)
{
    struct scratch *s = *state;
    int count;
    const struct setting_row *rows = config_rows(&count);
    for (int i = 0; i < count; i++) {
        for (const char *p = rows[i].names; p; p = strchr(p, ',')) {
            p += *p == ',';
            const char *name = arena_strndup(s->arena, p, strcspn(p, ","));
            const char *setting = arena_printf(s->arena, "%s=%s", name, bad_value(s, rows[i].type));
            if (strcmp(name, "GOTRUE_SITE_URL") != 0) {
                assert_non_null(strstr(refusal(s, setting), name));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(booleans),
        CASE(numbers_and_durations),
        CASE(refusals_name_variable_value_and_remedy),
        CASE(a_second_factor_required),
        CASE(choices_in_any_case),
        CASE(secrets_are_not_shown),
        CASE(names_that_sound_secret_are_secrets),
        CASE(empty_is_unset),
        CASE(unknown_names_are_warned_of),
        CASE(accepted_names_say_why_nothing_changes),
        CASE(the_pool_of_connections),
        CASE(first_name_wins),
        CASE(development_defaults),
        CASE(server_defaults),
        CASE(clamps),
        CASE(password_sets),
        CASE(database_paths),
        CASE(later_sources_win),
        CASE(files),
        CASE(every_row_has_a_help_and_a_sane_default),
        CASE(every_name_is_read_from_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
