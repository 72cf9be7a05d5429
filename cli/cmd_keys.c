/* cmd_keys.c: `countersign keys`: the API keys that clients need. */
#include "command.h"

#include "base/json.h"

#include <stdio.h>

static void print_json(const char *url, const char *anon, const char *service, const char *secret,
                       struct arena *arena)
{
    struct strbuf b = strbuf_in(arena, 65536);
    const char *pairs[] = { "url",   url,          "anon_key", anon, "service_role_key",
                            service, "jwt_secret", secret };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i += 2) {
        strbuf_str(&b, i ? "," : "{");
        json_quote(&b, pairs[i]);
        strbuf_char(&b, ':');
        json_quote(&b, pairs[i + 1]);
    }
    strbuf_str(&b, "}\n");
    fputs(b.data, stdout);
}

static int run(int argc, char **argv)
{
    struct common common;
    int code = common_options(&command_keys, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    struct arena *arena = arena_new();
    const char *error = NULL;
    const struct config *config = load_config(arena, &common);
    struct app *app = config ? app_start(arena, config, APP_KEYS, &error) : NULL;
    code = app ? 0 : error ? complain(error) : 1;
    if (app) {
        struct services *s = app_services(app);
        struct ctx ctx = { .arena = arena,
                           .entropy = &s->entropy,
                           .now_us = app_keys_from_us(app) };
        const char *anon = claims_api_key(&s->realm, &ctx, "anon");
        const char *service = claims_api_key(&s->realm, &ctx, "service_role");
        if (common.json) {
            print_json(config->site.external_url, anon, service, app_secret(app), arena);
        } else {
            printf("URL:               %s\nanon key:          %s\nservice_role key:  %s\n",
                   config->site.external_url, anon, service);
        }
        app_stop(&app);
    }
    arena_free(&arena);
    return code;
}

const struct command command_keys = {
    .name = "keys",
    .summary = "print the anon key and the service_role key",
    .help = "usage: countersign keys [OPTION]...\n\n"
            "Prints the URL and two API keys: the anon key, which applications use, and the\n"
            "service_role key, which may do everything and belongs on servers only. They\n"
            "are valid for ten years; with GOTRUE_JWT_SECRET set each call makes new ones, and\n"
            "older ones stay valid.\n\n"
            "  --config FILE    settings, as for serve\n"
            "  --data-dir DIR   the data folder\n"
            "  --host ADDRESS   the address that serve was told, for the URL\n"
            "  --port N         the port that serve was told, for the URL\n"
            "  --json           as JSON, the signing secret included\n",
    .run = run,
};
