/* cmd_whoami.c: `countersign whoami`: who is signed in, where, at what level. */
#include "help.h"
#include "job.h"
#include "required.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

struct facts {
    cs_user_response *user;
    cs_session *session;
    cs_mfa_assurance_level *level;
};

static cs_status ask(struct job *job, struct facts *out)
{
    cs_status status = cs_auth_get_user(job->client, NULL, &out->user);
    if (status == CS_OK) {
        status = cs_auth_get_session(job->client, &out->session);
    }
    if (status == CS_OK) {
        status = cs_auth_mfa_get_authenticator_assurance_level(job->client, &out->level);
    }
    return status;
}

static void show_json(struct job *job, const struct facts *facts)
{
    struct strbuf out = json_begin(job->arena, '{');
    json_add_text(&out, "current_level", facts->level->current_level);
    json_add_int(&out, "expires_at", facts->session->expires_at);
    json_add_text(&out, "next_level", facts->level->next_level);
    json_add_text(&out, "url", job->url);
    json_add_raw(&out, "user", facts->user->user->json);
    json_end(&out, '}');
}

static void show_text(struct job *job, const struct facts *facts)
{
    struct arena *arena = job->arena;
    const cs_user *user = facts->user->user;
    size_t verified = 0;
    for (size_t i = 0; i < user->factors_count; i++) {
        verified += strcmp(user->factors[i].status, "verified") == 0;
    }
    bool more = strcmp(facts->level->current_level, facts->level->next_level) != 0;
    const char *name = *user->email ? user->email : *user->phone ? user->phone : "(anonymous)";
    printf("%s\n", safe(arena, name));
    printf("  id        %s\n", safe(arena, user->id));
    printf("  server    %s\n", safe(arena, job->url));
    printf("  level     %s\n", safe(arena, facts->level->current_level));
    printf("  factors   %zu verified, %zu not yet\n", verified, user->factors_count - verified);
    printf("  session   the token is good until %s and renewed when needed\n",
           time_text(arena, facts->session->expires_at));
    const char *required = required_text(arena, user);
    if (required && (more || !verified)) {
        printf("%s\n", required);
    }
    if (more) {
        printf("Next: countersign mfa challenge-and-verify raises the level to %s.\n",
               safe(arena, facts->level->next_level));
    } else if (!verified) {
        printf("Next: countersign mfa enroll adds a second factor.\n");
    }
}

static int act(struct job *job)
{
    struct facts facts = { 0 };
    cs_status status = ask(job, &facts);
    int code = status == CS_OK ? EXIT_OK : job_failed(job, status);
    if (status == CS_OK) {
        (job->options.json ? show_json : show_text)(job, &facts);
    }
    cs_mfa_assurance_level_free(&facts.level);
    cs_session_free(&facts.session);
    cs_user_response_free(&facts.user);
    return code;
}

const struct command command_whoami = {
    .name = "whoami",
    .summary = "show who is signed in",
    .help =
        "usage: countersign whoami [OPTION]...\n\n"
        "Asks the server who is signed in, and shows the session's level.\n\n" HELP_URL HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
};
