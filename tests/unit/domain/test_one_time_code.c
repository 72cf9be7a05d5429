/* test_one_time_code.c: codes and link tokens: made, kept as hashes, neither good for the other;
 * what wrong tries do (accounts.md 4.1, docs/protocol/security.md S1, S2); the link of a
 * mail (ML3). */
#include "domain/message.h"

#include "../crypto/testing.h"
#include "config/config.h"
#include "scratch.h"
#include "store/migrate.h"
#include "domain/request.h"

static const char address[] = "a@example.com";

struct stage {
    struct scratch *s;
    struct realm realm;
    struct config config;
    struct db *db;
    struct tx tx;
    struct uuid id;
    struct one_time_code code;
};

/* A user in a new database, with a code of the kind; the transaction is open. */
static void set(struct stage *g, void **state, enum token_kind kind)
{
    const char *error = NULL;
    *g = (struct stage){ .s = *state };
    g->config = (struct config){ .codes.guesses = 25, .codes.official_link_guesses = 3 };
    g->realm.config = &g->config;
    memset(g->realm.lookup_key, 7, sizeof g->realm.lookup_key);
    g->db = db_connect(g->s->arena, g->s->url, DB_CREATE, &error);
    assert_true(g->db && migrate(g->db, g->s->arena, &error));
    g->tx = (struct tx){ .ctx = &g->s->ctx, .db = g->db, .mode = TX_WRITE };
    g->tx.status = db_begin(g->db, TX_WRITE);
    struct user user = { .id = uuid_v4(g->s->ctx.entropy),
                         .aud = "authenticated",
                         .role = "",
                         .email = address,
                         .password = "",
                         .email_change = "",
                         .phone_change = "",
                         .app_metadata = "{}",
                         .user_metadata = "{}",
                         .created_at = 1,
                         .updated_at = 1 };
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

/* Of a user's link, as a type of that kind alone. */
static bool leads(struct stage *g, enum token_kind kind, const char *token)
{
    struct code_kinds kinds = { { kind }, 1 };
    struct uuid found;
    return link_find(&g->realm, &g->tx, &kinds, token, &kind, &found) && uuid_equal(&found, &g->id);
}

static const char *official_form(struct stage *g, const char *to, const char *code)
{
    uint8_t hash[SHA224_SIZE];
    const char *text = arena_printf(g->s->arena, "%s%s", to, code);
    digest_of(DIGEST_SHA224, text, strlen(text), hash);
    return hex_encode(hash, sizeof hash, arena_alloc(g->s->arena, 2 * SHA224_SIZE + 1));
}

static void right_and_wrong(void **state)
{
    struct stage g;
    set(&g, state, TOKEN_RECOVERY);
    assert_int_equal(strlen(g.code.code), 6);
    assert_int_equal(strspn(g.code.code, "0123456789"), 6);
    assert_false(fits(&g, another(&g)));
    assert_false(fits(&g, ""));
    assert_true(fits(&g, g.code.code));
    assert_false(code_fits(&g.realm, &g.tx, &g.id, TOKEN_CONFIRMATION, address, g.code.code));
    assert_false(code_fits(&g.realm, &g.tx, &g.id, TOKEN_RECOVERY, "b@example.com", g.code.code));
    assert_true(leads(&g, TOKEN_RECOVERY, g.code.link_token));
    assert_false(leads(&g, TOKEN_CONFIRMATION, g.code.link_token));
    assert_null(strstr(token_code_hash(&g.tx, &g.id, TOKEN_RECOVERY), g.code.code));
    assert_string_not_equal(token_code_hash(&g.tx, &g.id, TOKEN_RECOVERY), g.code.link_token);
    strike(&g);
}

/* What follows from address and code is a link of no kind, on a database of our own and on one that
 * the official server may share. */
static void no_link_from_code(void **state)
{
    static const enum token_kind kinds[] = { TOKEN_CONFIRMATION, TOKEN_RECOVERY,
                                             TOKEN_EMAIL_CHANGE_CURRENT, TOKEN_EMAIL_CHANGE_NEW };
    struct stage g;
    set(&g, state, TOKEN_RECOVERY);
    for (int shared = 0; shared < 2; shared++) {
        g.realm.official_tokens = shared;
        for (size_t i = 0; i < COUNT(kinds); i++) {
            g.config.codes.official_link_guesses = 1000;
            code_make(&g.realm, &g.tx, &g.id, kinds[i], address, false, 6, NULL, &g.code);
            assert_false(leads(&g, kinds[i], official_form(&g, address, g.code.code)));
            assert_false(leads(&g, kinds[i], token_code_hash(&g.tx, &g.id, kinds[i])));
            assert_true(leads(&g, kinds[i], g.code.link_token));
            code_make(&g.realm, &g.tx, &g.id, kinds[i], "15551234567", false, 6, NULL, &g.code);
            assert_false(leads(&g, kinds[i], official_form(&g, "15551234567", g.code.code)));
        }
    }
    strike(&g);
}

/* A link of the official server, whose token is its code's hash, leads in while there were few
 * unknown ones; our own do not ask about that. */
static void links_of_the_official_server(void **state)
{
    struct stage g;
    set(&g, state, TOKEN_RECOVERY);
    g.realm.official_tokens = true;
    code_make(&g.realm, &g.tx, &g.id, TOKEN_CONFIRMATION, address, false, 6, NULL, &g.code);
    const char *theirs = official_form(&g, address, "123456");
    token_put(&g.tx, &g.id, TOKEN_RECOVERY, theirs, theirs, address);
    assert_true(fits(&g, "123456"));
    for (int i = 0; i < 3; i++) {
        assert_true(leads(&g, TOKEN_RECOVERY, theirs));
        assert_false(leads(&g, TOKEN_RECOVERY, official_form(&g, address, another(&g))));
        assert_false(leads(&g, TOKEN_RECOVERY, "no link"));
        assert_false(
            leads(&g, TOKEN_RECOVERY, g.code.link_token)); /* of the other kind, but ours */
    }
    assert_false(leads(&g, TOKEN_RECOVERY, theirs));
    assert_true(leads(&g, TOKEN_CONFIRMATION, g.code.link_token));
    g.s->ctx.now_us += 86400 * US_PER_S / 3;
    assert_true(leads(&g, TOKEN_RECOVERY, theirs));
    g.config.codes.official_link_guesses = 0;
    assert_false(leads(&g, TOKEN_RECOVERY, theirs));
    token_put(&g.tx, &g.id, TOKEN_CONFIRMATION, theirs, theirs, "15551234567"); /* an SMS */
    g.config.codes.official_link_guesses = 1000;
    assert_false(leads(&g, TOKEN_CONFIRMATION, theirs));
    strike(&g);
}

/* A code of a change is found by the address that it was sent to together with the code: no part of
 * the code may be taken for a part of the address. */
static void changes(void **state)
{
    struct stage g;
    struct uuid found;
    set(&g, state, TOKEN_EMAIL_CHANGE_NEW);
    const char *longer = arena_printf(g.s->arena, "%s%c", address, g.code.code[0]);
    assert_true(
        change_code_find(&g.realm, &g.tx, TOKEN_EMAIL_CHANGE_NEW, address, g.code.code, &found));
    assert_true(uuid_equal(&found, &g.id));
    assert_false(
        change_code_find(&g.realm, &g.tx, TOKEN_EMAIL_CHANGE_NEW, longer, g.code.code + 1, &found));
    assert_false(change_code_find(&g.realm, &g.tx, TOKEN_EMAIL_CHANGE_CURRENT, address, g.code.code,
                                  &found));
    strike(&g);
}

/* Ten wrong tries void what was sent to the address, whoever waits; a newer code may be tried anew,
 * but a day has room for so many. */
static void ten_wrong_ones(void **state)
{
    struct stage g;
    set(&g, state, TOKEN_RECOVERY);
    int64_t sent = g.s->ctx.now_us;
    int tried = 0;
    for (int code = 0; code < 3; code++, sent = ++g.s->ctx.now_us) {
        for (int i = 0; i < 10 && tried < 25; i++, tried++) {
            struct code_guard guard = code_guard_of(&g.realm, &g.tx, address);
            assert_false(code_guard_spent(&g.s->ctx, &guard));
            assert_false(code_guard_voids(&g.s->ctx, &guard, sent));
            code_guard_wrong(&g.tx, &guard, sent);
        }
        struct code_guard guard = code_guard_of(&g.realm, &g.tx, address);
        assert_int_equal(code_guard_voids(&g.s->ctx, &guard, sent), tried % 10 == 0);
        assert_int_equal(code_guard_spent(&g.s->ctx, &guard), tried == 25);
        g.s->ctx.now_us -= 5000; /* a request that began a moment earlier sees the same */
        assert_int_equal(code_guard_voids(&g.s->ctx, &guard, sent), tried % 10 == 0);
        assert_int_equal(code_guard_spent(&g.s->ctx, &guard), tried == 25);
        g.s->ctx.now_us += 5000;
    }
    assert_true(g.tx.keep);
    struct code_guard other = code_guard_of(&g.realm, &g.tx, "b@example.com");
    assert_false(code_guard_spent(&g.s->ctx, &other) || code_guard_voids(&g.s->ctx, &other, sent));
    g.s->ctx.now_us += 86400 * US_PER_S / 25;
    struct code_guard later = code_guard_of(&g.realm, &g.tx, address);
    assert_false(code_guard_spent(&g.s->ctx, &later));
    strike(&g);
}

/* Row ML3: path or URL of the settings, and what of the redirect target is escaped. */
static void links(void **state)
{
    struct scratch *s = *state;
    static const struct {
        const char *base, *path, *redirect, *wanted;
    } list[] = {
        { "https://h", "/verify", "https://a.b/c",
          "https://h/verify?token=T&type=signup&redirect_to=https://a.b/c" },
        { "https://h.example/auth/v1/", "", "x",
          "https://h.example/auth/v1/verify?token=T&type=signup&redirect_to=x" },
        { "https://front.example", "", "x",
          "https://front.example/auth/v1/verify?token=T&type=signup&redirect_to=x" },
        { "https://h/auth/v1", "/verify", "x",
          "https://h/verify?token=T&type=signup&redirect_to=x" },
        { "https://h/auth/v1", "/auth/v1/verify", "x",
          "https://h/auth/v1/verify?token=T&type=signup&redirect_to=x" },
        { "https://h:1/a", "https://other/p", "x",
          "https://other/p?token=T&type=signup&redirect_to=x" },
        { "https://h", "/verify", "https://a.b/?c=d",
          "https://h/verify?token=T&type=signup&redirect_to=https%3A%2F%2Fa.b%2F%3Fc%3Dd" },
        { "https://h", "/verify", "https://a.b/#c",
          "https://h/verify?token=T&type=signup&redirect_to=https%3A%2F%2Fa.b%2F%23c" },
        { "https://h", "/verify", "a\"<b>",
          "https://h/verify?token=T&type=signup&redirect_to=a%22%3Cb%3E" },
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct config config = { .mail.path_confirmation = list[i].path,
                                 .site.external_url = "https://h.example/auth/v1/" };
        struct realm realm = { .config = &config };
        struct link_target target = { .base = list[i].base, .redirect_to = list[i].redirect };
        assert_string_equal(
            message_link(&realm, s->arena, &target, MAIL_CONFIRMATION, "T", "signup"),
            list[i].wanted);
    }
}

/* A code that the provider has not spoken of counts only while it is still going to be asked. */
static void elsewhere(void **state)
{
    struct scratch *s = *state;
    struct ctx ctx = { .arena = s->arena };
    struct tx tx = { .ctx = &ctx };
    assert_false(code_fits_elsewhere(&tx, "1555", "123456"));
    request_of(&ctx)->asks_sms = true;
    assert_true(code_fits_elsewhere(&tx, "1555", "123456"));
    assert_string_equal(request_of(&ctx)->asked.code, "123456");
    request_of(&ctx)->asked.answered = true;
    assert_false(code_fits_elsewhere(&tx, "1555", "123456"));
    request_of(&ctx)->asked.right = true;
    assert_true(code_fits_elsewhere(&tx, "1555", "123456"));
    request_of(&ctx)->asks_sms = false; /* another code than the one that was asked about */
    assert_false(code_fits_elsewhere(&tx, "1555", "654321"));
}

#define DB_TEST(fn) cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DB_TEST(elsewhere),
        DB_TEST(right_and_wrong),
        DB_TEST(no_link_from_code),
        DB_TEST(links_of_the_official_server),
        DB_TEST(changes),
        DB_TEST(ten_wrong_ones),
        DB_TEST(links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
