/* test_one_time_code.c: codes and link tokens: made, kept as keyed hashes, void after ten wrong
 * tries (contract-accounts.md 4.1); the link of a mail (ML3). */
#include "domain/message.h"

#include "../crypto/testing.h"
#include "config/config.h"
#include "scratch.h"
#include "store/migrate.h"

static const char address[] = "a@example.com";

struct stage {
    struct scratch *s;
    struct realm realm;
    struct db *db;
    struct tx tx;
    struct uuid id;
    struct one_time_code code;
};

/* A user in a new database, with a code of the kind; the transaction is open. */
static void set(struct stage *g, void **state, enum token_kind kind)
{
    const char *error = NULL;
    *g = (struct stage){.s = *state};
    memset(g->realm.lookup_key, 7, sizeof g->realm.lookup_key);
    g->db = db_connect(g->s->arena, g->s->url, DB_CREATE, &error);
    assert_true(g->db && migrate(g->db, g->s->arena, &error));
    g->tx = (struct tx){.ctx = &g->s->ctx, .db = g->db, .mode = TX_WRITE};
    g->tx.status = db_begin(g->db, TX_WRITE);
    struct user user = {.id = uuid_v4(g->s->ctx.entropy), .aud = "authenticated", .role = "",
                        .email = address, .password = "", .email_change = "", .phone_change = "",
                        .app_metadata = "{}", .user_metadata = "{}", .created_at = 1,
                        .updated_at = 1};
    user_insert(&g->tx, &user);
    g->id = user.id;
    code_make(&g->realm, &g->tx, &g->id, kind, address, false, 6, NULL, &g->code);
    assert_int_equal(g->tx.status, DB_OK);
}

static void strike(struct stage *g)
{
    db_rollback(g->db);
    db_close(&g->db);
}

static bool fits(struct stage *g, const char *code)
{
    return code_fits(&g->realm, &g->tx, &g->id, TOKEN_RECOVERY, address, code);
}

static const char *another(const struct stage *g)
{
    return strcmp(g->code.code, "000000") == 0 ? "000001" : "000000";
}

static void right_and_wrong(void **state)
{
    struct stage g;
    struct uuid found;
    set(&g, state, TOKEN_RECOVERY);
    assert_int_equal(strlen(g.code.code), 6);
    assert_int_equal(strspn(g.code.code, "0123456789"), 6);
    assert_false(fits(&g, another(&g)));
    assert_false(fits(&g, ""));
    assert_true(fits(&g, g.code.code));
    assert_false(code_fits(&g.realm, &g.tx, &g.id, TOKEN_CONFIRMATION, address, g.code.code));
    assert_false(code_fits(&g.realm, &g.tx, &g.id, TOKEN_RECOVERY, "b@example.com", g.code.code));
    assert_true(link_find(&g.realm, &g.tx, TOKEN_RECOVERY, g.code.link_token, &found));
    assert_true(uuid_equal(&found, &g.id));
    assert_false(link_find(&g.realm, &g.tx, TOKEN_CONFIRMATION, g.code.link_token, &found));
    assert_null(strstr(token_code_hash(&g.tx, &g.id, TOKEN_RECOVERY), g.code.code));
    assert_string_not_equal(token_code_hash(&g.tx, &g.id, TOKEN_RECOVERY), g.code.link_token);
    strike(&g);
}

/* The tenth wrong one voids code and link; a new code is counted from the beginning. */
static void ten_wrong_ones(void **state)
{
    struct stage g;
    struct uuid found;
    set(&g, state, TOKEN_RECOVERY);
    for (int i = 0; i < 9; i++) {
        assert_false(fits(&g, another(&g)));
    }
    assert_true(fits(&g, g.code.code));
    assert_false(fits(&g, another(&g)));
    assert_false(fits(&g, g.code.code));
    assert_false(link_find(&g.realm, &g.tx, TOKEN_RECOVERY, g.code.link_token, &found));
    assert_true(g.tx.keep);
    code_make(&g.realm, &g.tx, &g.id, TOKEN_RECOVERY, address, false, 6, NULL, &g.code);
    assert_false(fits(&g, another(&g)));
    assert_true(fits(&g, g.code.code));
    strike(&g);
}

/* A change's code is found by the code alone; wrong ones count for whoever waits there. */
static void changes(void **state)
{
    struct stage g;
    struct uuid found;
    set(&g, state, TOKEN_EMAIL_CHANGE_NEW);
    assert_true(change_code_find(&g.realm, &g.tx, TOKEN_EMAIL_CHANGE_NEW, address, g.code.code,
                                 &found));
    assert_true(uuid_equal(&found, &g.id));
    for (int i = 0; i < 10; i++) {
        change_code_failed(&g.tx, TOKEN_EMAIL_CHANGE_NEW, "b@example.com");
        change_code_failed(&g.tx, TOKEN_EMAIL_CHANGE_CURRENT, address);
    }
    for (int i = 0; i < 9; i++) {
        change_code_failed(&g.tx, TOKEN_EMAIL_CHANGE_NEW, address);
    }
    assert_true(change_code_find(&g.realm, &g.tx, TOKEN_EMAIL_CHANGE_NEW, address, g.code.code,
                                 &found));
    change_code_failed(&g.tx, TOKEN_EMAIL_CHANGE_NEW, address);
    assert_false(change_code_find(&g.realm, &g.tx, TOKEN_EMAIL_CHANGE_NEW, address, g.code.code,
                                  &found));
    strike(&g);
}

/* Row ML3: path or URL of the settings, and what of the redirect target is escaped. */
static void links(void **state)
{
    struct scratch *s = *state;
    static const struct {
        const char *base, *path, *redirect, *wanted;
    } list[] = {
        {"https://h", "/verify", "https://a.b/c", "https://h/verify?token=T&type=signup&redirect_to=https://a.b/c"},
        {"https://h/auth/v1", "/verify", "x", "https://h/verify?token=T&type=signup&redirect_to=x"},
        {"https://h/auth/v1", "/auth/v1/verify", "x",
         "https://h/auth/v1/verify?token=T&type=signup&redirect_to=x"},
        {"https://h:1/a", "https://other/p", "x", "https://other/p?token=T&type=signup&redirect_to=x"},
        {"https://h", "/verify", "https://a.b/?c=d",
         "https://h/verify?token=T&type=signup&redirect_to=https%3A%2F%2Fa.b%2F%3Fc%3Dd"},
        {"https://h", "/verify", "https://a.b/#c",
         "https://h/verify?token=T&type=signup&redirect_to=https%3A%2F%2Fa.b%2F%23c"},
        {"https://h", "/verify", "a\"<b>", "https://h/verify?token=T&type=signup&redirect_to=a%22%3Cb%3E"},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct config config = {.mail_path_confirmation = list[i].path};
        struct realm realm = {.config = &config};
        struct link_target target = {.base = list[i].base, .redirect_to = list[i].redirect};
        assert_string_equal(message_link(&realm, s->arena, &target, MAIL_CONFIRMATION, "T", "signup"),
                            list[i].wanted);
    }
}

#define DB_TEST(fn) cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DB_TEST(right_and_wrong),
        DB_TEST(ten_wrong_ones),
        DB_TEST(changes),
        DB_TEST(links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
