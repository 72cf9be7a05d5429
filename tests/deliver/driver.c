/* driver.c: the parts of delivery for tests/deliver/suite.py, without a server around them.
 * Settings come from the environment, payloads from standard input; each answer is one JSON line.
 * Commands: hook URL SECRETS, mail, sms, check PHONE CODE, put N (into the outbox), work SECONDS
 * (until it is empty; -1: until killed). */
#include "app.h"
#include "base/log.h"
#include "deliver/hook.h"
#include "deliver/sender.h"
#include "store/outbox.h"
#include "work/outbox_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char **environ;

enum { INPUT_MAX = 4 << 20 };

static const char *read_input(struct arena *arena)
{
    char *text = arena_alloc(arena, INPUT_MAX + 1);
    text[fread(text, 1, INPUT_MAX, stdin)] = '\0';
    return text;
}

static _Noreturn void leave(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(2);
}

static const struct config *read_config(struct arena *arena)
{
    const char *error = NULL;
    struct config_sources sources = { .environment = (const char *const *)environ };
    const struct config *config = config_load(arena, &sources, &error);
    if (!config) {
        leave(error);
    }
    return config;
}

static void member(struct strbuf *b, const char *name, const char *text)
{
    strbuf_str(b, b->len ? "," : "{");
    json_quote(b, name);
    strbuf_char(b, ':');
    if (text) {
        json_quote(b, text);
    } else {
        strbuf_str(b, "null");
    }
}

static void answer(struct strbuf *b)
{
    strbuf_str(b, "}");
    puts(b->data);
    fflush(stdout);
}

static const char *truth(bool yes)
{
    return yes ? "true" : "false";
}

static void call_hook(struct arena *arena, const char *url, const char *secrets)
{
    struct entropy entropy = entropy_system();
    struct clock clock = clock_system();
    struct ctx ctx = { .arena = arena, .entropy = &entropy, .now_us = clock_now_us(&clock) };
    struct hook hook = { true, url, secrets };
    const struct json_t *output;
    struct strbuf b = strbuf_in(arena, INPUT_MAX);
    enum problem problem = hook_call(&ctx, &hook, read_input(arena), &output);
    member(&b, "problem", problem_row(problem)->name);
    member(&b, "arg", ctx.problem_arg);
    strbuf_printf(&b, ",\"status\":%d,\"output\":", ctx.problem_status);
    if (output) {
        json_write(&b, output);
    } else {
        strbuf_str(&b, "null");
    }
    answer(&b);
}

static void send_now(struct arena *arena, bool is_mail)
{
    const struct config *config = read_config(arena);
    const char *input = read_input(arena), *error = NULL, *provider_id = NULL;
    const char *id = "0190a000-0000-7000-8000-000000000001";
    bool for_good = false, sent;
    struct mail mail;
    struct sms sms;
    if (is_mail ? !mail_from_json(arena, input, &mail) : !sms_from_json(arena, input, &sms)) {
        leave("the payload cannot be read");
    }
    sent = is_mail ? send_mail(config, arena, &mail, id, &error, &for_good)
                   : send_sms(config, arena, &sms, &provider_id, &error, &for_good);
    struct strbuf b = strbuf_in(arena, INPUT_MAX);
    member(&b, "error", error);
    member(&b, "provider_id", provider_id);
    strbuf_printf(&b, ",\"sent\":%s,\"for_good\":%s,\"setup\":%d", truth(sent), truth(for_good),
                  (int)sms_setup(config));
    answer(&b);
}

static void check_code(struct arena *arena, const char *phone, const char *code)
{
    const char *error = NULL;
    bool right = false;
    struct strbuf b = strbuf_in(arena, INPUT_MAX);
    bool good = sms_check(read_config(arena), arena, phone, code, &right, &error);
    member(&b, "error", good ? NULL : error);
    strbuf_printf(&b, ",\"right\":%s", truth(right));
    answer(&b);
}

struct put {
    const struct realm *realm;
    const char *input;
};

static enum problem put_one(struct ctx *ctx, struct tx *tx, void *arg)
{
    const struct put *put = arg;
    struct mail mail;
    if (!mail_from_json(ctx->arena, put->input, &mail)) {
        return P_UNEXPECTED;
    }
    outgoing_mail(put->realm, tx, &mail);
    return P_OK;
}

static enum problem look(struct ctx *ctx, struct tx *tx, void *arg)
{
    (void)ctx;
    *(bool *)arg = outbox_next_at(tx) != 0;
    return P_OK;
}

static struct services *start(struct arena *arena, struct app **app)
{
    const char *error = NULL;
    *app = app_start(arena, read_config(arena), APP_STORE, &error);
    if (!*app) {
        leave(error);
    }
    return app_services(*app);
}

static void put_some(struct arena *arena, int n)
{
    struct app *app;
    struct services *s = start(arena, &app);
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy };
    struct put put = { &s->realm, read_input(arena) };
    for (int i = 0; i < n; i++) {
        ctx.now_us = clock_now_us(&s->clock);
        if (exec_write(s->executor, &ctx, put_one, &put) != P_OK) {
            leave("the outbox cannot be written to");
        }
    }
    app_stop(&app);
    puts("{}");
}

static void work(struct arena *arena, int seconds)
{
    struct app *app;
    struct services *s = start(arena, &app);
    struct outbox_worker *worker =
        outbox_worker_start(&s->realm, s->executor, &s->clock, &s->entropy);
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy };
    bool waits = true;
    int64_t until = clock_steady_us() + seconds * US_PER_S;
    outbox_worker_wake(worker);
    while (waits && (seconds < 0 || clock_steady_us() < until)) {
        nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
        ctx.now_us = clock_now_us(&s->clock);
        if (exec_read(s->executor, &ctx, look, &waits) != P_OK) {
            leave("the outbox cannot be read");
        }
    }
    int64_t stopping = clock_steady_us();
    outbox_worker_stop(&worker);
    printf("{\"empty\":%s,\"stop_ms\":%lld}\n", truth(!waits),
           (long long)(clock_steady_us() - stopping) / 1000);
    app_stop(&app);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "hook") == 0 && argc == 4) {
        call_hook(arena, argv[2], argv[3]);
    } else if (strcmp(verb, "mail") == 0 || strcmp(verb, "sms") == 0) {
        send_now(arena, *verb == 'm');
    } else if (strcmp(verb, "check") == 0 && argc == 4) {
        check_code(arena, argv[2], argv[3]);
    } else if (strcmp(verb, "put") == 0 && argc == 3) {
        put_some(arena, (int)strtol(argv[2], NULL, 10));
    } else if (strcmp(verb, "work") == 0 && argc == 3) {
        work(arena, (int)strtol(argv[2], NULL, 10));
    } else {
        leave("driver: no such command");
    }
    arena_free(&arena);
    return 0;
}
