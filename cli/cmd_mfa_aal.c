/* cmd_mfa_aal.c: `countersign mfa aal`: the session's assurance level, and the one it can reach. */
#include "help.h"
#include "job.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

static void show_json(struct job *job, const cs_mfa_assurance_level *level)
{
    struct strbuf methods = json_begin(job->arena, '[');
    for (size_t i = 0; i < level->current_authentication_methods_count; i++) {
        const cs_amr_entry *entry = &level->current_authentication_methods[i];
        struct strbuf one = json_begin(job->arena, '{');
        json_add_text(&one, "method", entry->method);
        json_add_int(&one, "timestamp", entry->timestamp);
        strbuf_char(&one, '}');
        json_add_raw(&methods, NULL, one.data);
    }
    strbuf_char(&methods, ']');
    struct strbuf out = json_begin(job->arena, '{');
    json_add_raw(&out, "current_authentication_methods", methods.data);
    json_add_text(&out, "current_level", level->current_level);
    json_add_text(&out, "next_level", level->next_level);
    json_end(&out, '}');
}

static void show_text(struct job *job, const cs_mfa_assurance_level *level)
{
    const char *now = safe(job->arena, level->current_level);
    const char *next = safe(job->arena, level->next_level);
    printf("current level  %s\nnext level     %s\nsigned in by   ", now, next);
    for (size_t i = 0; i < level->current_authentication_methods_count; i++) {
        const cs_amr_entry *entry = &level->current_authentication_methods[i];
        printf("%s%s (%s)", i ? ", " : "", safe(job->arena, entry->method),
               time_text(job->arena, entry->timestamp));
    }
    printf("\n");
    if (strcmp(now, next) != 0) {
        printf("Next: countersign mfa challenge-and-verify raises the session to %s.\n", next);
    }
}

static int act(struct job *job)
{
    cs_mfa_assurance_level *level = NULL;
    cs_status status =
        job->options.local
            ? cs_auth_mfa_get_authenticator_assurance_level(job->client, &level)
            : cs_auth_mfa_get_authenticator_assurance_level_from_server(job->client, NULL, &level);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    (job->options.json ? show_json : show_text)(job, level);
    cs_mfa_assurance_level_free(&level);
    return EXIT_OK;
}

const struct command command_mfa_aal = {
    .name = "mfa aal",
    .summary = "show the session's assurance level",
    .help = "usage: countersign mfa aal [OPTION]...\n\n"
            "Shows the level of the session, aal1 or aal2, the one that it can be raised to with\n"
            "your factors, and how it was signed in.\n\n"
            "  --local             from what is stored here, without asking the server\n" HELP_URL
                HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
};
