/* test_outgoing.c: outbox payloads to JSON and back, and how long failures wait. */
#include "domain/outgoing.h"

#include "work/outbox_worker.h"

#include "../crypto/testing.h"
#include "domain/request.h"

static struct uuid some_id(void)
{
    struct uuid id;
    assert_true(uuid_parse("00112233-4455-4677-8899-aabbccddeeff", &id));
    return id;
}

static void mail_round_trip(void **state)
{
    const struct mail in = {
        .kind = MAIL_EMAIL_CHANGE,
        .user_id = some_id(),
        .to = "new@example.com",
        .action_type = "email_change",
        .email = "old@example.com",
        .new_email = "new@example.com",
        .token = "012345",
        .token_hash = "pkce_abc",
        .redirect_to = "http://localhost:3000/?a=1&b=2",
        .confirmation_url = "http://h/verify?token=x&type=y",
        .data = "{\"name\":\"Gr\xC3\xBC\xC3\x9F \\\"x\\\"\"}",
    };
    struct mail out;
    assert_true(mail_from_json(*state, mail_to_json(*state, &in), &out));
    assert_int_equal(out.kind, in.kind);
    assert_true(uuid_equal(&out.user_id, &in.user_id));
    assert_string_equal(out.to, in.to);
    assert_string_equal(out.action_type, in.action_type);
    assert_string_equal(out.email, in.email);
    assert_string_equal(out.new_email, in.new_email);
    assert_string_equal(out.token, in.token);
    assert_string_equal(out.token_hash, in.token_hash);
    assert_string_equal(out.redirect_to, in.redirect_to);
    assert_string_equal(out.confirmation_url, in.confirmation_url);
    assert_string_equal(out.data, in.data);
    assert_null(out.old_email);
    assert_null(out.factor_type);
}

static void every_kind(void **state)
{
    for (int kind = 0; kind < MAIL_KIND_COUNT; kind++) {
        const struct mail in = { .kind = (enum mail_kind)kind, .user_id = some_id(), .to = "a@b" };
        struct mail out;
        assert_true(mail_from_json(*state, mail_to_json(*state, &in), &out));
        assert_int_equal(out.kind, kind);
    }
}

static void sms_round_trip(void **state)
{
    const struct sms in = { some_id(), "15551234567", "654321", "whatsapp", "confirmation" };
    struct sms out;
    assert_true(sms_from_json(*state, sms_to_json(*state, &in), &out));
    assert_true(uuid_equal(&out.user_id, &in.user_id));
    assert_string_equal(out.phone, in.phone);
    assert_string_equal(out.code, in.code);
    assert_string_equal(out.channel, in.channel);
    assert_string_equal(out.kind, in.kind);
}

static void unreadable(void **state)
{
    static const char *const wrong[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"mail\":\"confirmation\",\"to\":\"a@b\"}",
        "{\"mail\":\"bogus\",\"to\":\"a@b\",\"user_id\":\"00112233-4455-4677-8899-aabbccddeeff\"}",
        "{\"mail\":\"invite\",\"user_id\":\"00112233-4455-4677-8899-aabbccddeeff\"}",
        "{\"mail\":1,\"to\":2,\"user_id\":3}",
    };
    struct mail mail;
    struct sms sms;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(mail_from_json(*state, wrong[i], &mail));
        assert_false(sms_from_json(*state, wrong[i], &sms));
    }
}

static void collected(void **state)
{
    struct ctx ctx = { .arena = *state };
    request_of(&ctx)->asks_mail = request_of(&ctx)->asks_sms = true;
    struct tx tx = { .ctx = &ctx };
    struct realm realm = { 0 };
    const struct mail mail = { .kind = MAIL_INVITE, .user_id = some_id(), .to = "a@b" };
    const struct sms sms = { some_id(), "1", "2", NULL, "mfa" };
    outgoing_mail(&realm, &tx, &mail);
    outgoing_sms(&realm, &tx, &sms);
    assert_string_equal(request_of(&ctx)->outgoing->mail->to, "a@b");
    assert_null(request_of(&ctx)->outgoing->sms);
    assert_string_equal(request_of(&ctx)->outgoing->next->sms->code, "2");
    assert_null(request_of(&ctx)->outgoing->next->next);
    assert_false(request_of(&ctx)->outbox_filled);
}

static void backoff(void **state)
{
    static const int64_t seconds[] = { 5, 10, 20, 40, 80, 160, 320, 640, 900, 900 };
    (void)state;
    for (size_t i = 0; i < COUNT(seconds); i++) {
        assert_int_equal(outbox_backoff_us((int64_t)i + 1), seconds[i] * US_PER_S);
    }
    assert_int_equal(outbox_backoff_us(INT64_C(1) << 40), 900 * US_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(mail_round_trip), ARENA_TEST(every_kind), ARENA_TEST(sms_round_trip),
        ARENA_TEST(unreadable),      ARENA_TEST(collected),  ARENA_TEST(backoff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
