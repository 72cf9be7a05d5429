/* cmd_serve.c: `countersign serve`: runs the server until a signal ends it. */
#include "command.h"

#include "base/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void print_python(const char *url, const char *key)
{
    printf("  Python:      from supabase import create_client\n"
           "               supabase = create_client(\"%s\",\n"
           "                   \"%s\")\n",
           url, key);
}

static void print_javascript(const char *url, const char *key)
{
    printf("  JavaScript:  import { createClient } from '@supabase/supabase-js'\n"
           "               const supabase = createClient('%s',\n"
           "                   '%s')\n",
           url, key);
}

/* Keys are shown only where this server made them itself: it then runs for its developer, whose
 * terminal this is. */
static void print_banner(struct app *app, struct arena *arena)
{
    struct services *s = app_services(app);
    const char *host = *s->config->http.host ? s->config->http.host : "127.0.0.1";
    const char *url = arena_printf(arena, strchr(host, ':') ? "http://[%s]:%d" : "http://%s:%d",
                                   host, app_port(app));
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy, .now_us = app_keys_from_us(app) };
    if (app_secret_is_own(app)) {
        const char *anon = claims_api_key(&s->realm, &ctx, "anon");
        printf("\n  URL:               %s\n", url);
        printf("  anon key:          %s\n", anon);
        printf("  service_role key:  %s\n\n", claims_api_key(&s->realm, &ctx, "service_role"));
        print_python(url, anon);
        print_javascript(url, anon);
        printf("\n");
    }
    printf("  Data:              %s\n",
           s->config->postgres ? "PostgreSQL" : s->config->database_path);
    printf("  To stop:           press Ctrl-C, or: kill %ld\n\n", (long)getpid());
    printf("Countersign is ready: %s\n", url);
    fflush(stdout);
}

static bool is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static int run(int argc, char **argv)
{
    struct common common;
    int code = common_options(&command_serve, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    /* Signals are taken by sigwait below; the threads inherit the mask. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    if (!is_ignored(SIGHUP)) { /* by nohup: it stays so */
        sigaddset(&signals, SIGHUP);
    }
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    umask(077);

    struct arena *arena = arena_new();
    const char *error = NULL;
    const struct config *config = load_config(arena, &common);
    struct app *app =
        config ? app_start(arena, config, APP_KEYS | APP_STORE | APP_LISTEN, &error) : NULL;
    if (!app) {
        code = error ? complain(error) : 1;
        arena_free(&arena);
        return code;
    }
    print_banner(app, arena);
    if (!common.once) {
        int number;
        sigwait(&signals, &number);
        log_write(LOG_INFO, "stopping", LOG_INT("signal", number));
    }
    app_stop(&app);
    arena_free(&arena);
    return 0;
}

const struct command command_serve = {
    .name = "serve",
    .summary = "run the server",
    .help = "usage: countersign serve [OPTION]...\n\n"
            "Runs the server. Without configuration it serves on http://127.0.0.1:9999 with an\n"
            "SQLite file in the folder countersign-data, which it makes at its first start.\n\n"
            "  --config FILE    settings, as NAME=value lines (or .json); they override the\n"
            "                   environment\n"
            "  --data-dir DIR   the data folder\n"
            "  --host ADDRESS   address to listen on\n"
            "  --port N         port to listen on\n"
            "  --once           end after the ready line, for checks\n",
    .run = run,
};
